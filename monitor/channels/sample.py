"""Notices that test a channel: they say in title, text and facts that nothing is wrong. Pure."""

from datetime import datetime

from monitor.incidents.incident import Severity
from monitor.notices.notice import Notice, NoticeKind
from probes.display import timestamp

ALERT = "MailpathTest"
TITLE = "This is a test of Mailpath: nothing is wrong"


def sample_notice(channel: str, token: str, by: str, at: datetime, base_url: str) -> Notice:
    """Return the notice to send. `token` makes its incident unlike all others; `by` is the person who tests."""
    incident = f"test-{token}"
    text = (
        f"{by} sent this to test the channel {channel}. Nobody is affected, and nobody needs to act.\n"
        f"Real notices name the company, the cause, and the steps of the fix."
    )
    return Notice(
        id=f"{incident}-{channel}-1",
        incident=incident,
        channel=channel,
        number=1,
        news=NoticeKind.OPENED,
        at=at,
        title=TITLE,
        text=text,
        labels={"alertname": ALERT, "severity": str(Severity.NOTE), "scope": "ourselves", "incident": incident},
        facts={
            "incident": incident,
            "test": True,
            "impact": "This is a test. Nobody is affected.",
            "who_acts": "nobody",
            "steps": ["Nothing needs to be done."],
            "began_at": timestamp(at),
            "lasted": 0.0,
            "incident_url": f"{base_url}/incidents",
            "runbook_url": f"{base_url}/runbooks/",
        },
    )


def sample_end(tested: Notice, handle: str, at: datetime) -> Notice:
    """Return the notice that closes what the test opened at the receiver, which is named `handle` there."""
    return Notice(
        id=f"{tested.incident}-{tested.channel}-2",
        incident=tested.incident,
        channel=tested.channel,
        number=2,
        news=NoticeKind.RESOLVED,
        at=at,
        title=f"Test over. {tested.title}",
        text=tested.text,
        labels=tested.labels,
        facts={**tested.facts, "closed_at": timestamp(at)},
        handle=handle,
    )
