"""What a notice says to machines: labels that tell one problem from another, and all that is known as JSON values."""

from datetime import datetime
from typing import Any

from monitor.incidents.incident import Failure, Nature
from monitor.notices.context import NoticeContext, NoticeRequest, scene_of
from probes.display import one_line

ALERTS: dict[Nature, str] = {
    Nature.MAIL: "MailpathMailStopped",
    Nature.MAILBOX: "MailpathProbeMailbox",
    Nature.THEIR_SYSTEM: "MailpathTheirSystem",
    Nature.OURS: "MailpathOurselves",
}

MOST_FAILURES = 20  # with their sentences
MAX_SENTENCE_CHARS = 1000
MAX_NAME_CHARS = 200


def labels(telling: NoticeRequest) -> dict[str, str]:
    """Few, and the same as long as nothing widens. A channel that hears of one company only has that one in them."""
    incident, visible = telling.incident, telling.visible
    company = incident.company or (next(iter(visible)) if visible and len(visible) == 1 else "")
    known = telling.companies.get(company)
    return {
        "alertname": ALERTS[incident.nature],
        "severity": str(incident.severity),
        "scope": str(incident.scope),
        "company": company,
        "mail_system": incident.mail_system or (known.mail_systems[0] if known else ""),
        "incident": incident.id,
    }


def facts(telling: NoticeRequest) -> dict[str, Any]:
    """All that this channel may know of the incident: JSON values only, times as RFC 3339, lengths in seconds."""
    scene, incident = scene_of(telling), telling.incident
    return {
        "incident": incident.id,
        "news": str(telling.news),
        "nature": str(incident.nature),
        "scope": str(incident.scope),
        "severity": str(incident.severity),
        "outcome": str(incident.outcome),
        "cause": str(incident.cause) if incident.cause else None,
        "grade": str(scene.lead.grade) if scene.lead else None,
        "sender": {"domain": telling.sender.domain, "source_ip": telling.sender.source_ip},
        "mail_system": scene.mail_system or None,
        "companies": [{"company": company, "name": scene.name(company, MAX_NAME_CHARS)} for company in scene.companies],
        "failures": [_failure(failure) for failure in scene.failures[:MOST_FAILURES]],
        "touched": len(scene.companies),
        "watched": scene.watched if scene.whole else None,
        "failing": incident.failing if scene.whole else len(scene.failures),
        "began_at": _time(scene.since),
        "opened_at": _time(incident.opened_at),
        "changed_at": _time(incident.changed_at),
        "recovering_since": _time(incident.recovering_since) if incident.recovering else None,
        "closed_at": _time(incident.closed_at),
        "lasted": round(scene.lasted.total_seconds(), 3),
        "ending": str(incident.ending) if incident.ending else None,
        "merged_into": incident.merged_into or None,
        "took_in": [taken.id for taken in telling.took_in],
        "relapses": incident.relapses,
        **_advice(scene),
    }


def _advice(scene: NoticeContext) -> dict[str, Any]:
    advice = scene.advice
    return {
        "meaning": scene.filled(advice.meaning),
        "actor": str(advice.actor),
        "company_it_alone": advice.alone,
        "fix": scene.filled(advice.fix),
        "until_then": scene.filled(advice.workaround) or None,
        "do_not": scene.filled(advice.never),
        "meanwhile": scene.filled(advice.for_users) or None,
        "settles": advice.takes_effect_within.total_seconds(),
        "next_probe_within": scene.every.total_seconds() if scene.every else None,
        "good_to_end": scene.telling.good,
        "runbook_url": scene.runbook,
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
    return at.isoformat() if at else None
