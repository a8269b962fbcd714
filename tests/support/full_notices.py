"""Notices with all facts that the channels know, and with a hostile server's words in them."""

from typing import Any

from monitor.notices.notice import Notice, NoticeKind
from tests.support.channel_samples import notice

PAGES = "https://mailpath.example"
LINKS = {
    "incident_url": f"{PAGES}/incidents/i1",
    "company_url": f"{PAGES}/companies/granite",
    "probe_url": f"{PAGES}/probes/3f2a9c00aa112233",
    "runbook_url": f"{PAGES}/runbooks/cause-address?incident=i1",
    "dashboard_url": "https://grafana.example/d/mailpath-company?var-company=granite",
    "ack_url": f"{PAGES}/link/ack.abc",
    "mute_url": f"{PAGES}/link/mute.abc",
}
HOSTILE = (
    "550 5.7.1 <!channel> <@U012AB3CD> <https://evil.example|Open> **[Open](https://evil.example)** `x` {{DATE(1)}} "
    "@everyone &amp; \u202e\x1b[2J<script>\r\nBcc: all@evil.example"
)


def full_notice(news: NoticeKind = NoticeKind.OPENED, number: int = 1, handle: str = "", **facts: Any) -> Notice:
    """A notice about Granite Gate Steel with every fact."""
    known = {
        **LINKS,
        "impact": "Nobody at Granite Gate Steel can receive a sign-in code.",
        "quote": "550 5.7.1 Service unavailable, client host [104.130.122.50] blocked",
        "comparison": "A control from a neutral sender got through at 2026-11-23 08:00 UTC.",
        "severity": "page",
        "scope": "company",
        "outcome": "blocked",
        "cause": "ip_blocked",
        "sender": {"domain": "account.trimble.com", "source_ip": "104.130.122.50"},
        "mail_system": "m365",
        "companies": [{"company": "granite", "name": "Granite Gate Steel"}],
        "failures": [{"company": "granite", "path": "hq"}],
        "began_at": "2026-11-23T08:00:00Z",
        "lasted": 1860.0,
        "who_acts": "the IT department of Granite Gate Steel",
        "steps": ["Open the connection filter policy.", "Allow 104.130.122.50.", "Save."],
        "do_not": "Do not allow the whole domain without authentication.",
        "verify": "Two probes in a row arrive; the next one is sent within 15 min.",
    }
    title = "[PAGE] Granite Gate Steel: sign-in codes are rejected (IP address)"
    return notice(number=number, news=news, handle=handle, title=title, facts={**known, **facts})


def hostile_notice(**other: Any) -> Notice:
    """A notice in which every text is a server's, and as long as it likes."""
    long = HOSTILE + " x" * 20_000
    texts = ("impact", "quote", "who_acts", "do_not", "verify", "acknowledged_by")
    facts: dict[str, Any] = {
        **dict.fromkeys(texts, long),
        "steps": [long] * 30,
        "companies": [{"company": "c", "name": long}] * 50,
        "mail_system": f"other:{long}",
        "cause": "nonsense",
        "outcome": {"a": 1},
        "sender": {"domain": long, "source_ip": 3},
        "failures": [{"company": long, "path": None}, 7],
        "incident_url": "javascript:alert(1)",
        "runbook_url": "https://" + "x" * 5000,
        "ack_url": "https://mailpath.example/link/a\r\nX: y",
        "probe_url": ["https://mailpath.example/"],
        "company_url": "file://evil.example/x",
        "lasted": "long",
        "began_at": "yesterday",
        "handle": 1,
    }
    return notice(title=long, text="\n".join([long] * 5), facts=facts, **other)


def bare_notice(**other: Any) -> Notice:
    """A notice that has only a title and a text, as of an older release."""
    return notice(facts={}, labels={}, **other)
