"""The parts of a notice that channels with a layout of their own show: severity, links, details. Pure.

Facts of a notice are optional: an older notice, or a test, has none, and its title and text then say everything. All
texts may quote a hostile server, so they are cleaned here; each channel then escapes them for its own markup.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from monitor.incidents.incident import Severity
from monitor.incidents.labels import SCOPES, SEVERITIES
from monitor.notices.notice import Notice
from probes.display import clock, lasting, listed, one_line, safe_text
from probes.labels import cause_label, outcome_label
from probes.mailsystems.table import system_label
from probes.verdict import Cause, Outcome

MAX_DETAIL_CHARS = 1000
MAX_URL_CHARS = 2000
SERVICE = "Mailpath"

LINKS = {
    "incident_url": "Open",
    "runbook_url": "Runbook",
    "ack_url": "I have it",
    "mute_url": "Mute 2 h",
    "company_url": "Company",
    "probe_url": "Probe",
    "dashboard_url": "Dashboard",
}
"""The facts that are links, most useful first."""

WHAT_TO_DO = "What to do"  # the steps, as the text of a notice calls them

WORK_LINKS = ("ack_url", "mute_url")
"""Links that do something; of no use when the incident is over."""


class NoticeLink(NamedTuple):
    """A link and its label."""

    label: str
    url: str


def severity_of(notice: Notice) -> Severity:
    """Return the severity of the incident. If it cannot be determined, `page`."""
    try:
        return Severity(notice.labels.get("severity", ""))
    except ValueError:
        return Severity.PAGE


def title_of(notice: Notice, most: int) -> str:
    """Return the title in at most `most` characters."""
    return one_line(notice.title, most) or SERVICE


def text_of(notice: Notice, most: int) -> str:
    """Return the text in at most `most` characters."""
    return shortened(safe_text(notice.text, len(notice.text)), most)


def shortened(text: str, most: int) -> str:
    """Cut a text that is too long, and say so at its end."""
    return text if len(text) <= most else f"{text[: max(most - 1, 0)].rstrip()}…"


def fact(notice: Notice, key: str, most: int = MAX_DETAIL_CHARS) -> str:
    """Return a fact that is a text, as one line; "" if there is none."""
    value = notice.facts.get(key)
    return one_line(value, most) if isinstance(value, str) else ""


def links(notice: Notice) -> list[NoticeLink]:
    """Return the links that may be shown."""
    found = ((key, label, notice.facts.get(key)) for key, label in LINKS.items())
    return [
        NoticeLink(label, url)
        for key, label, url in found
        if isinstance(url, str) and is_web_address(url) and not (notice.news.ends and key in WORK_LINKS)
    ]


def is_web_address(url: str) -> bool:
    """Test if a link to it leads to a web page and does nothing else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable() and len(url) <= MAX_URL_CHARS


def steps(notice: Notice) -> list[str]:
    """Return the steps of the fix."""
    found = notice.facts.get("steps")
    listed_steps = [one_line(each, MAX_DETAIL_CHARS) for each in _texts(found)]
    return listed_steps or list(filter(None, [fact(notice, "fix")]))


def company_names(notice: Notice) -> list[str]:
    """Return the display names of the companies."""
    found = notice.facts.get("companies")
    named = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    names = (each.get("name") or each.get("company") for each in named)
    return [one_line(name, 100) for name in names if isinstance(name, str)]


def source_of(notice: Notice) -> str:
    """Return the company that it is about; Mailpath, if there are several or none."""
    names = company_names(notice)
    return names[0] if len(names) == 1 else SERVICE


def mail_system_of(notice: Notice) -> str:
    """Return the display name of the mail system, "" if there is none or several."""
    key = notice.facts.get("mail_system") or notice.labels.get("mail_system", "")
    return one_line(system_label(key), 100) if isinstance(key, str) and key else ""


def cause_of(notice: Notice) -> str:
    """Return the cause in a few words, "" if there is none."""
    try:
        return cause_label(Cause(str(notice.facts["cause"]))).title
    except (KeyError, ValueError):
        return ""


def paths_of(notice: Notice) -> str:
    """Return the failing paths in a few words, "" if none is known."""
    found = notice.facts.get("failures")
    failures = [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    pairs = dict.fromkeys(f"{each.get('company')}/{each.get('path')}" for each in failures)
    return one_line(listed([*pairs], 3), 200)


def details(notice: Notice) -> dict[str, str]:
    """Return the facts as flat readable fields, the most urgent first; without what is not known."""
    numbered = steps(notice)
    fix = numbered[0] if len(numbered) == 1 else "\n".join(f"{n}. {step}" for n, step in enumerate(numbered, 1))
    companies = company_names(notice)
    found = {
        "Impact": fact(notice, "impact"),
        "Severity": SEVERITIES[severity_of(notice)].title,
        "Since": _since(notice),
        "Server reply": fact(notice, "quote"),
        "Comparison": fact(notice, "comparison"),
        "Outcome": _outcome(notice),
        "Cause": cause_of(notice),
        "Company" if len(companies) == 1 else "Companies": listed(companies),
        "Mail system": mail_system_of(notice),
        "Scope": _scope(notice),
        "Who acts": fact(notice, "who_acts"),
        "Acknowledged by": fact(notice, "acknowledged_by"),
        WHAT_TO_DO: shortened(fix, 4 * MAX_DETAIL_CHARS),
        "Caution": fact(notice, "do_not"),
        "How to verify": fact(notice, "verify"),
        "Sender": _sender(notice),
        "Incident": one_line(notice.incident, 100),
    }
    return {label: value for label, value in found.items() if value}


def _since(notice: Notice) -> str:
    try:
        began = datetime.fromisoformat(str(notice.facts.get("began_at")))
    except ValueError:
        return ""
    seconds = notice.facts.get("lasted")
    lasted = f" ({lasting(timedelta(seconds=seconds))})" if isinstance(seconds, int | float) else ""
    return f"{clock(began)}{lasted}" if began.tzinfo else ""


def _outcome(notice: Notice) -> str:
    try:
        return outcome_label(Outcome(str(notice.facts.get("outcome")))).title
    except ValueError:
        return ""


def _scope(notice: Notice) -> str:
    known = {str(scope): label.title for scope, label in SCOPES.items()}
    return known.get(str(notice.facts.get("scope") or notice.labels.get("scope", "")), "")


def _sender(notice: Notice) -> str:
    sender = notice.facts.get("sender")
    if not isinstance(sender, Mapping):
        return ""
    return one_line(", ".join(_texts([sender.get("domain"), sender.get("source_ip")])), 300)


def _texts(values: Any) -> Iterator[str]:
    """Yield the texts of a list."""
    if isinstance(values, Sequence) and not isinstance(values, str):
        yield from (value for value in values if isinstance(value, str) and value.strip())
