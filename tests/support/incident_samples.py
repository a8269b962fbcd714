"""Incidents, entries, notices and mutes to store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitor.incidents.incident import (
    Failure,
    HistoryEntry,
    Incident,
    IncidentEvent,
    LastNotice,
    Nature,
    Scope,
    Severity,
    StandingFinding,
    StandingRule,
)
from monitor.incidents.mute import Mute
from monitor.notices.notice import Notice, NoticeKind
from probes.kinds import Kind
from probes.standing.fact import Fact, Question, State, Why
from probes.verdict import Cause, Grade, Outcome
from tests.support.store_samples import T0, at


def failure(**other: Any) -> Failure:
    fields: dict[str, Any] = {
        "company": "acme",
        "path": "hq",
        "kind": Kind.VERIFICATION,
        "nature": Nature.MAIL,
        "severity": Severity.PAGE,
        "since": T0,
        "bad": 2,
        "probe_id": "p1",
        "at": at(60),
        "outcome": Outcome.BLOCKED,
        "cause": Cause.IP_BLOCKED,
        "grade": Grade.REAL,
        "because": '550 5.7.1 blocked "104.130.122.50"',
    }
    return Failure(**fields | other)


def incident(name: str = "i1", seconds: float = 0, **other: Any) -> Incident:
    """One that was opened so long after T0."""
    opened = at(seconds)
    fields: dict[str, Any] = {
        "id": name,
        "nature": Nature.MAIL,
        "subject": "acme",
        "scope": Scope.COMPANY,
        "severity": Severity.PAGE,
        "outcome": Outcome.BLOCKED,
        "cause": Cause.IP_BLOCKED,
        "company": "acme",
        "mail_system": "m365",
        "companies": ("acme",),
        "touches": ("acme",),
        "failing": 1,
        "failures": (failure(),),
        "began_at": opened - timedelta(minutes=5),
        "opened_at": opened,
        "changed_at": opened,
        "told": {"ops": LastNotice(1, opened, Scope.COMPANY, Severity.PAGE, Cause.IP_BLOCKED, {"company": "acme"})},
    }
    return Incident(**fields | other)


SPF_PASSED = Fact(Question.SPF, "s.example", State.GOOD, Why.SPF_PASSES, T0, "v=spf1 mx -all", ("mx", "1"))
SPF_FAILS = replace(SPF_PASSED, state=State.BAD, why=Why.SPF_FAILS, value="v=spf1 -all", named=("fail", "<b>-all</b>"))
SPF_PROBLEM = StandingFinding(
    *(StandingRule.SPF_FAILS, Severity.PAGE, Scope.EVERYBODY, Cause.AUTHENTICATION, T0, "s.example", SPF_FAILS),
    before=SPF_PASSED,
    ip="104.130.122.50",
)
OF_STANDING: dict[str, Any] = {  # fields of an incident that no mail failed for
    **{"nature": Nature.STANDING, "scope": Scope.EVERYBODY, "outcome": Outcome.UNKNOWN, "subject": "!authentication"},
    **{"cause": Cause.AUTHENTICATION, "company": "", "mail_system": "", "companies": (), "touches": ()},
    **{"failing": 0, "failures": (), "standing": (SPF_PROBLEM,)},
}


def entry(
    name: str = "i1", seconds: float = 0, turn: IncidentEvent = IncidentEvent.OPENED, said: str = "Acme is blocked."
) -> HistoryEntry:
    return HistoryEntry(name, at(seconds), turn, said)


def notice(
    number: int = 1,
    name: str = "i1",
    channel: str = "ops",
    news: NoticeKind = NoticeKind.OPENED,
    seconds: float = 0,
    **other: Any,
) -> Notice:
    """The `number`-th about this incident on this channel. Its id tells all three: "i1/ops/1"."""
    fields: dict[str, Any] = {
        "id": f"{name}/{channel}/{number}",
        "incident": name,
        "channel": channel,
        "number": number,
        "news": news,
        "at": at(seconds),
        "title": "Acme: sign-in mail is blocked",
        "text": "Since 08:00 UTC.\nWho must act: Acme's IT.",
        "labels": {"company": "acme", "severity": "page"},
        "facts": {"since": "2026-11-23T08:00:00Z", "failing": 1, "companies": ["acme"], "ended": None},
    }
    return Notice(**fields | other)


def mute(name: str = "m1", seconds: float = 0, **other: Any) -> Mute:
    """One that begins so long after T0 and lasts an hour."""
    begins = at(seconds)
    fields: dict[str, Any] = {
        "id": name,
        "company": "acme",
        "path": "",
        "mail_system": "",
        "cause": None,
        "begins_at": begins,
        "ends_at": begins + timedelta(hours=1),
        "weekly": "",
        "by": "o'hara",
        "why": "they move their mail",
        "created_at": begins,
    }
    return Mute(**fields | other)
