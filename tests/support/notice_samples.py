"""What tests of notices start from: a failure, an incident, a notice request, each with what a test says of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.incidents.incident import Failure, Incident, Nature, Resolution, Scope, Severity
from monitor.notices import headline, payload, wording
from monitor.notices.context import CompanyInfo, NoticeRequest, SenderInfo, context_of
from monitor.notices.notice import NoticeKind
from probes.answer import Answer, Stage
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome

T0 = datetime(2026, 11, 23, 8, 4, tzinfo=UTC)
REJECTED = "rejected at RCPT TO by mx.acme.example: 554 5.7.1 <m[104.130.122.50]>: Client host rejected"
SENDER = SenderInfo("account.trimble.com", "104.130.122.50")
QUARTER = timedelta(minutes=15)
ACME = CompanyInfo("Acme Steel", ("postfix",), QUARTER)


def failure(**facts: Any) -> Failure:
    fields: dict[str, Any] = {
        "company": "acme",
        "path": "hq",
        "kind": Kind.TWO_STEP_CODE,
        "nature": Nature.MAIL,
        "severity": Severity.PAGE,
        "since": T0,
        "bad": 2,
        "probe_id": "3f2a9c00aa112233",
        "at": T0 + timedelta(minutes=21),
        "outcome": Outcome.BLOCKED,
        "cause": Cause.IP_BLOCKED,
        "grade": Grade.IMPERSONATED,
        "because": REJECTED,
    }
    if "because" not in facts and "answer" not in facts:
        fields["answer"] = Answer(
            Stage.RCPT, 554, "5.7.1", "<m[104.130.122.50]>: Client host rejected", host="mx.acme.example"
        )
    return Failure(**(fields | facts))


def incident(*failures: Failure, **facts: Any) -> Incident:
    """One about these failures; of what one company has, unless it is said otherwise."""
    failures = failures or (failure(),)
    companies = facts.get("companies") or tuple(dict.fromkeys(each.company for each in failures))
    alone = companies[0] if len(companies) == 1 else ""
    first = failures[0]
    fields: dict[str, Any] = {
        "id": "5d0c1f2e3a4b",
        "nature": first.nature,
        "subject": alone or "*",
        "scope": Scope.COMPANY,
        "severity": first.severity,
        "outcome": first.outcome,
        "cause": first.cause,
        "company": alone,
        "mail_system": "postfix" if alone else "",
        "companies": companies,
        "touches": companies,
        "failing": len(failures),
        "failures": failures,
        "began_at": T0,
        "opened_at": T0,
        "changed_at": T0,
    }
    return Incident(**(fields | facts))


def blind() -> Failure:
    """We cannot look."""
    return failure(
        nature=Nature.OURS,
        severity=Severity.TICKET,
        outcome=Outcome.UNKNOWN,
        cause=None,
        grade=Grade.UNPROVEN,
        because="we could not look: imap 192.0.2.11:993: login failed",
    )


def closed(about: Incident, ending: Resolution = Resolution.RECOVERED, **facts: Any) -> Incident:
    """It, two hours and five minutes later."""
    return replace(about, closed_at=T0 + timedelta(hours=2, minutes=5), ending=ending, touches=(), failing=0, **facts)


def notice_request(about: Incident, news: NoticeKind = NoticeKind.OPENED, **facts: Any) -> NoticeRequest:
    fields: dict[str, Any] = {
        "incident": about,
        "news": news,
        "now": T0 + timedelta(minutes=25),
        "companies": {"acme": ACME},
        "sender": SENDER,
        "url": "https://mailpath.example",
        "good": 2,
    }
    return NoticeRequest(**(fields | facts))


def town(companies: int, mail_system: str = "m365") -> dict[str, CompanyInfo]:
    """So many companies: "c0", called "Company 0", and so on."""
    return {f"c{n}": CompanyInfo(f"Company {n}", (mail_system,), QUARTER) for n in range(companies)}


def storm(companies: int, **facts: Any) -> Incident:
    """All of them at once, with as many failures as an incident keeps."""
    names = tuple(f"c{n}" for n in range(companies))
    kept = facts.pop("failures", ()) or tuple(failure(company=name, cause=Cause.REPUTATION) for name in names[:60])
    fields: dict[str, Any] = {"scope": Scope.EVERYBODY, "companies": names, "touches": names, "failing": 5 * companies}
    return incident(*kept, **(fields | facts))


def title(request: NoticeRequest) -> str:
    """The title without the severity at its beginning."""
    whole = headline.title(context_of(request))
    return whole.removeprefix(f"[{request.incident.severity.upper()}] ")


def text(told: NoticeRequest) -> str:
    """Its text."""
    return wording.text(context_of(told))


def facts(told: NoticeRequest) -> dict[str, Any]:
    """What it says to machines."""
    return payload.facts(context_of(told))


def labels(told: NoticeRequest) -> dict[str, str]:
    """What tells its problem from another."""
    return payload.labels(context_of(told))
