"""The blocks of a Slack message. Pure.

Slack's limits: https://docs.slack.dev/reference/block-kit/blocks. In its markup only &, < and > lead to links, mentions
and commands such as <!channel>: with these three escaped, a hostile server can call nobody. `verbatim` keeps Slack from
making links of bare addresses and names.
"""

from collections.abc import Iterator
from typing import Any

from monitor.channels.content import SERVICE, WHAT_TO_DO, details, fact, links, severity_of, steps, text_of, title_of
from monitor.incidents.incident import Severity
from monitor.notices.notice import Notice
from probes.display import one_line

MAX_HEADER_CHARS = 150
MAX_SECTION_CHARS = 3000
MAX_FIELD_CHARS = 2000
MAX_FALLBACK_CHARS = 3900  # chat.update refuses more than 4,000
MAX_BUTTONS = 25
FIELDS = ("Since", "Who acts", "Cause", "Mail system", "Company", "Companies", "Acknowledged by")
"""The details that stand side by side; Slack takes at most ten."""

SIGNS = {Severity.PAGE: "🔴", Severity.TICKET: "🟠", Severity.NOTE: "🔵"}
OVER = "✅"

Block = dict[str, Any]
Payload = dict[str, Any]


def message(notice: Notice) -> Payload:
    """Return the incident's message: what it says now."""
    return {"text": escaped(_title(notice, MAX_FALLBACK_CHARS // 5), MAX_FALLBACK_CHARS), "blocks": [*blocks(notice)]}


def reply(notice: Notice) -> Payload:
    """Return the reply in the thread: the notice in full."""
    title, text = escaped(_title(notice, 500), 2500), text_of(notice, len(notice.text))
    return {
        "text": title,
        "blocks": [_section(f"*{title}*"), *([_section(escaped(text, MAX_SECTION_CHARS))] if text.strip() else [])],
    }


def blocks(notice: Notice) -> Iterator[Block]:
    """Yield the blocks. A notice that is over, or has no facts, is its text."""
    yield {"type": "header", "text": _plain(_title(notice, MAX_HEADER_CHARS), MAX_HEADER_CHARS)}
    impact, numbered = fact(notice, "impact"), steps(notice)
    if notice.news.ends or not (impact or numbered):
        if text := text_of(notice, len(notice.text)).strip():
            yield _section(escaped(text, MAX_SECTION_CHARS))
    else:
        yield from _facts(notice, impact, numbered)
    if buttons := [_button(number, label, url) for number, (label, url) in enumerate(links(notice)[:MAX_BUTTONS])]:
        yield {"type": "actions", "elements": buttons}
    yield {
        "type": "context",
        "elements": [_markup(escaped(f"{SERVICE}, incident {one_line(notice.incident, 100)}", 500))],
    }


def _facts(notice: Notice, impact: str, numbered: list[str]) -> Iterator[Block]:
    known = details(notice)
    if impact:
        yield _section(f"*{escaped(impact, MAX_SECTION_CHARS - 2)}*")
    if fields := [_field(label, known[label]) for label in FIELDS if label in known]:
        yield {"type": "section", "fields": fields}
    if quote := fact(notice, "quote"):
        yield {"type": "section", "text": _plain(f"Server reply: “{quote}”", MAX_SECTION_CHARS)}
    if numbered:
        yield _labelled(WHAT_TO_DO, "\n".join(f"{number}. {step}" for number, step in enumerate(numbered, 1)))
    for label in ("Comparison", "Caution", "How to verify"):
        if label in known:
            yield _labelled(label, known[label])


def escaped(text: str, most: int) -> str:
    """Escape a text for Slack's markup, cut to at most `most` characters afterwards: never within an escape."""
    parts: list[str] = []
    length = 0
    for character in text:
        part = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
        length += len(part)
        if length > most - 1:
            return "".join(parts).rstrip() + "…"
        parts.append(part)
    return "".join(parts)


def _title(notice: Notice, most: int) -> str:
    sign = OVER if notice.news.ends else SIGNS[severity_of(notice)]
    return f"{sign} {title_of(notice, most - len(sign) - 1)}"


def _plain(text: str, most: int) -> Block:
    """A text without any markup."""
    return {"type": "plain_text", "text": text if len(text) <= most else f"{text[: most - 1]}…", "emoji": False}


def _markup(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(text: str) -> Block:
    return {"type": "section", "text": _markup(text)}


def _labelled(label: str, text: str) -> Block:
    return _section(f"*{label}*\n{escaped(text, MAX_SECTION_CHARS - len(label) - 3)}")


def _field(label: str, text: str) -> Block:
    return _markup(f"*{label}*\n{escaped(text, MAX_FIELD_CHARS - len(label) - 3)}")


def _button(number: int, label: str, url: str) -> Block:
    style = {"style": "primary"} if number == 0 else {}
    return {"type": "button", "text": _plain(label, 75), "url": url, "action_id": f"link-{number}", **style}
