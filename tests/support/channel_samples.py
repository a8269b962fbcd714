"""Notices to tell, and the incidents they are about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.incidents.incident import Incident, Nature, Scope, Severity
from monitor.notices.notice import Notice, NoticeKind
from monitor.store import Store
from probes.verdict import Cause, Outcome

BEGAN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def incident(name: str = "i1", **other: Any) -> Incident:
    """An open one."""
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
        "failures": (),
        "began_at": BEGAN,
        "opened_at": BEGAN,
        "changed_at": BEGAN,
    }
    return Incident(**fields | other)


def labels(name: str = "i1", **other: str) -> dict[str, str]:
    known = {"alertname": "MailpathMailStopped", "severity": "page", "scope": "company", "company": "acme"}
    return {**known, "mail_system": "m365", "incident": name, **other}


def notice(
    name: str = "i1",
    number: int = 1,
    news: NoticeKind = NoticeKind.OPENED,
    channel: str = "ops",
    age: float = 0,
    **other: Any,
) -> Notice:
    """The `number`-th about this incident on this channel, made `age` seconds after it began: its id is "i1/ops/1"."""
    fields: dict[str, Any] = {
        "id": f"{name}/{channel}/{number}",
        "incident": name,
        "channel": channel,
        "number": number,
        "news": news,
        "at": BEGAN + timedelta(seconds=age),
        "title": "Acme Steel: mail is blocked",
        "text": 'Since 08:00 UTC.\nIt stops at mx.acme.example: "550 5.7.1 blocked".',
        "labels": labels(name),
        "facts": {
            "began_at": BEGAN.isoformat(),
            "fix": "Allow 104.130.122.50.",
            "runbook_url": "https://mailpath.example/runbooks/cause-address",
            "failing": 1,
            "companies": [{"company": "acme", "name": "Acme Steel"}],
            "closed_at": None,
        },
    }
    return Notice(**fields | other)


async def mark_delivered(store: Store, name: str, at: datetime, incident: str = "") -> None:
    """Mark a stored notice as delivered, as it is; one that was never stored has the id of `notice`."""
    about = incident or name.split("/")[0]
    stored = [record.notice for record in await store.incidents.notices_of(about) if record.notice.id == name]
    await store.incidents.delivered(stored[0] if stored else replace(notice(about), id=name), at)
