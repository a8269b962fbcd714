"""The adaptive card of a notice, as Teams takes it. Pure.

Teams reads a text block as Markdown, so every text is escaped; a server's words are in a text run, which has no markup.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from monitor.channels.content import WHAT_TO_DO, details, links, severity_of, shortened, steps, text_of, title_of
from monitor.incidents.incident import Severity
from monitor.notices.notice import Notice

MAX_BYTES = 27_000  # Teams refuses more than 28 KB
MAX_PART_CHARS = (4000, 1500, 500, 150)  # of each part: the first with which the card is small enough
MAX_ACTIONS = 6
MAX_BUTTONS = 4  # side by side
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.5"
COLORS = {Severity.PAGE: "Attention", Severity.TICKET: "Warning", Severity.NOTE: "Accent"}
FACTS = ("Severity", "Since", "Cause", "Mail system", "Company", "Companies", "Who acts", "Acknowledged by", "Incident")
PARTS = (WHAT_TO_DO, "Comparison", "Caution", "How to verify")
IN_LINE = re.compile(r"[\\`*_\[\]<>&~|]")
AT_START = re.compile(r"^(\s*)([#+=-]|\d{1,9}(?=[.)]))")
TEMPLATE = re.compile(r"\{(?=\{)")
WHOLE = "whole"

Element = dict[str, Any]


def envelope(notice: Notice) -> Element:
    """Return the message with the card, small enough for Teams."""
    for most in MAX_PART_CHARS:
        card = {
            "$schema": SCHEMA,
            "type": "AdaptiveCard",
            "version": VERSION,
            "msteams": {"width": "Full"},
            "body": [*_body(notice, most)],
            "actions": _actions(notice),
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        message = {"type": "message", "attachments": [attachment]}
        if len(encoded(message)) <= MAX_BYTES:
            break
    return message


def encoded(message: Element) -> bytes:
    """Encode as JSON in UTF-8, in which most languages need fewer bytes than as escapes."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def defused(text: str) -> str:
    """Escape a text so that Markdown shows it as it is; each line becomes a paragraph."""
    lines = (_line(line) for line in text.splitlines())
    return "\n\n".join(line for line in lines if line)


def _line(line: str) -> str:
    escaped = IN_LINE.sub(lambda found: "\\" + found[0], line.strip())
    escaped = TEMPLATE.sub("{\N{WORD JOINER}", escaped)  # {{DATE(...)}} would be replaced
    if found := AT_START.match(escaped):
        return f"{escaped[: found.end()]}\\{escaped[found.end() :]}" if found[2][0].isdigit() else f"\\{escaped}"
    return escaped


def _body(notice: Notice, most: int) -> Iterator[Element]:
    """Yield title, impact, facts, the server's words, the fix, and the whole text, hidden at first. A notice that is
    over, or has no facts, is its text."""
    color = "Good" if notice.news.ends else COLORS[severity_of(notice)]
    yield _text(title_of(notice, min(most, 200)), size="Large", weight="Bolder", color=color)
    known, text = details(notice), text_of(notice, most)
    if notice.news.ends or not ("Impact" in known or steps(notice)):
        yield from ([_text(text)] if text.strip() else [])
        return
    if impact := known.get("Impact"):
        yield _text(shortened(impact, most), weight="Bolder")
    facts = [{"title": label, "value": defused(shortened(known[label], most))} for label in FACTS if label in known]
    yield {"type": "FactSet", "facts": facts}
    if quote := known.get("Server reply"):
        run = {"type": "TextRun", "text": shortened(quote, most), "fontType": "Monospace"}
        yield {"type": "Container", "style": "emphasis", "items": [{"type": "RichTextBlock", "inlines": [run]}]}
    for label in (label for label in PARTS if label in known):
        yield _text(label, weight="Bolder", spacing="Medium")
        yield _text(shortened(known[label], most), spacing="None")
    if text.strip():
        yield {"type": "Container", "id": WHOLE, "isVisible": False, "separator": True, "items": [_text(text)]}


def _actions(notice: Notice) -> list[Element]:
    found: list[Element] = [
        {"type": "Action.OpenUrl", "title": label, "url": url, **_overflow(number)}
        for number, (label, url) in enumerate(links(notice)[: MAX_ACTIONS - 1])
    ]
    if not notice.news.ends and ("Impact" in details(notice) or steps(notice)) and notice.text.strip():
        whole = {"type": "Action.ToggleVisibility", "title": "All details", "targetElements": [WHOLE]}
        found.append({**whole, **_overflow(len(found))})
    return found


def _overflow(number: int) -> Element:
    """Put an action into the menu "..." where a phone has no room for it."""
    return {"mode": "secondary"} if number >= MAX_BUTTONS else {}


def _text(text: str, **style: str) -> Element:
    return {"type": "TextBlock", "text": defused(text), "wrap": True, **style}
