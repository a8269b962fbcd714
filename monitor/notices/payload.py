"""Structured payload and labels of a notice."""

from datetime import datetime
from typing import Any

from monitor.incidents.incident import Failure, FindingAbout, Nature, StandingFinding
from monitor.incidents.standing_words import before, described, headline, now
from monitor.notices.confirmation import comparison
from monitor.notices.context import NoticeContext
from monitor.notices.impact import impact
from monitor.notices.links import links
from monitor.notices.reply import words_of
from probes.display import one_line, timestamp

ALERTS: dict[Nature, str] = {
    Nature.MAIL: "MailpathMailStopped",
    Nature.MAILBOX: "MailpathProbeMailbox",
    Nature.THEIR_SYSTEM: "MailpathTheirSystem",
    Nature.OURS: "MailpathOurselves",
    Nature.STANDING: "MailpathStanding",
}

MAX_FAILURES = 20  # with their sentences
MAX_SENTENCE_CHARS = 1000
MAX_NAME_CHARS = 200


def labels(context: NoticeContext) -> dict[str, str]:
    """Return few labels, stable as long as nothing widens. A channel restricted to one company gets only that one."""
    request, incident = context.request, context.asked_about
    visible = request.visible
    company = incident.company or (next(iter(visible)) if visible and len(visible) == 1 else "")
    known = request.companies.get(company)
    return {
        "alertname": ALERTS[Nature.MAIL if incident.about is FindingAbout.REAL_MAIL else incident.nature],
        "severity": str(incident.severity),
        "scope": str(incident.scope),
        "company": company,
        "mail_system": incident.mail_system or (known.mail_systems[0] if known else ""),
        "incident": incident.id,
    }


def facts(context: NoticeContext) -> dict[str, Any]:
    """Return everything that this channel may see of the incident: JSON values only, times as RFC 3339, durations in
    seconds."""
    request, incident = context.request, context.asked_about
    return {
        "incident": incident.id,
        "news": str(request.news),
        "nature": str(incident.nature),
        "scope": str(incident.scope),
        "severity": str(incident.severity),
        "outcome": str(incident.outcome),
        "cause": str(incident.cause) if incident.cause else None,
        "grade": str(context.lead.grade) if context.lead else None,
        "sender": {"domain": request.sender.domain, "source_ip": request.sender.source_ip},
        "mail_system": context.mail_system or None,
        "companies": [
            {"company": company, "name": context.name(company, MAX_NAME_CHARS)} for company in context.companies
        ],
        "failures": [_failure(failure) for failure in context.failures[:MAX_FAILURES]],
        "touched": len(context.companies),
        "watched": context.watched if context.whole else None,
        "failing": incident.failing if context.whole else len(context.failures),
        "began_at": _time(context.since),
        "opened_at": _time(incident.opened_at),
        "changed_at": _time(incident.changed_at),
        "recovering_since": _time(incident.recovering_since) if incident.recovering else None,
        "closed_at": _time(incident.closed_at),
        "lasted": round(context.lasted.total_seconds(), 3),
        "ending": str(incident.ending) if incident.ending else None,
        "merged_into": incident.merged_into or None,
        "took_in": [taken.id for taken in request.took_in],
        "relapses": incident.relapses,
        "acknowledged_by": context.held_by or None,
        "impact": impact(context) if incident.open else None,
        "comparison": comparison(context) or None,
        "standing": [_finding(each) for each in incident.standing],
        "quote": words_of(context.lead) if context.lead else None,
        **_remedy(context),
        **links(context),
    }


def _finding(found: StandingFinding) -> dict[str, Any]:
    return {
        "rule": str(found.rule),
        "severity": str(found.severity),
        "subject": one_line(found.subject, MAX_SENTENCE_CHARS),
        "since": _time(found.since),
        "headline": one_line(headline(found), MAX_SENTENCE_CHARS),
        "because": one_line(described(found), MAX_SENTENCE_CHARS),
        "before": one_line(before(found), MAX_SENTENCE_CHARS) or None,
        "now": one_line(now(found), MAX_SENTENCE_CHARS),
    }


def _remedy(context: NoticeContext) -> dict[str, Any]:
    advice = context.advice
    return {
        "meaning": advice.explanation,
        "actor": str(advice.actor),
        "who_acts": advice.who,
        "company_it_alone": advice.by_company_alone,
        "fix": " ".join(advice.steps),
        "steps": list(advice.steps),
        "until_then": " ".join(advice.workaround) or None,
        "do_not": advice.do_not,
        "meanwhile": advice.for_users or None,
        "settles": advice.takes_effect_within.total_seconds(),
        "verify": advice.verify,
        "next_probe_within": context.every.total_seconds() if context.every else None,
        "good_to_end": context.request.good,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "company": failure.company,
        "path": failure.path,
        "kind": str(failure.kind),
        "since": _time(failure.since),
        "bad": failure.bad,
        "probe": failure.probe_id,
        "at": _time(failure.at),
        "outcome": str(failure.outcome),
        "cause": str(failure.cause) if failure.cause else None,
        "grade": str(failure.grade),
        "because": one_line(failure.because, MAX_SENTENCE_CHARS),
        "reason": str(failure.reason),
        "compared_at": _time(failure.compared_at),
        "of_last": failure.of_last or None,
        "over_since": _time(failure.over_since),
    }


def _time(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
