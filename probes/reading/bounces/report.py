"""Delivery status reports (RFC 3464, its RFC 6533 form, and what is sent under their names)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from probes.reading.bounces.address import is_path

FIELDS_READ = 10_000
GROUPS_READ = 100  # recipients
VALUE_READ = 8192

Group = dict[str, str]

_FIELD = re.compile(r"\n[ \t]{0,2}([A-Za-z][A-Za-z0-9_-]{1,60})[ \t]*:[ \t]*(.*(?:\n[ \t]+\S.*)*)")
_BLANK = re.compile(r"\n[ \t]*\n")

_NAMING = ("final-recipient", "original-recipient", "x-actual-recipient")
_PER_RECIPIENT = frozenset(
    (
        *_NAMING,
        "action",
        "status",
        "remote-mta",
        "diagnostic-code",
        "last-attempt-date",
        "final-log-id",
        "will-retry-until",
    )
)

ACTIONS = (  # RFC 3464, section 2.3.3, by the first letters: "Failure", "delay", "deferred" are seen
    ("fail", "failed"),
    ("error", "failed"),
    ("expired", "failed"),
    ("dela", "delayed"),
    ("defer", "delayed"),
    ("deliver", "delivered"),
    ("relay", "relayed"),
    ("expand", "expanded"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """A report's fields: those of the message, and one group per recipient; `left_out` more are only counted."""

    message: Group
    recipients: tuple[Group, ...]
    left_out: int = 0


def read_report(text: str) -> Report:
    """Read the fields. Groups without an empty line between them are split where a field is repeated."""
    message: Group = {}
    groups: list[Group] = []
    for fresh, name, value in islice(_fields(text), FIELDS_READ):
        if name not in _PER_RECIPIENT:
            message.setdefault(name, value)
            continue
        if not groups or (name in groups[-1] and (name in _NAMING or fresh)):
            groups.append({})
        _keep(groups[-1], name, value)
    named = [group for group in groups if any(name in group for name in _NAMING)]
    read, others = named[:GROUPS_READ], named[GROUPS_READ:]
    left_out = {recipient_of(group).lower() for group in others} - {recipient_of(group).lower() for group in read}
    return Report(message, tuple(read), len(left_out))


def _fields(text: str) -> Iterator[tuple[bool, str, str]]:
    for block in _BLANK.split(text):
        fresh = True
        for match in _FIELD.finditer("\n" + block):
            yield fresh, match[1].lower(), match[2][:VALUE_READ]
            fresh = False


_ANY_CODE = re.compile(r"(?<![\w.])[245]\d\d\b(?!\.\d)")


def _keep(group: Group, name: str, value: str) -> None:
    """Keep the first of a name, except that a diagnostic with a reply code wins over one without."""
    known = group.get(name)
    if known is None or (name == "diagnostic-code" and _ANY_CODE.search(value) and not _ANY_CODE.search(known)):
        group[name] = value


_STATUS = re.compile(r"(?<![\w.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)", re.ASCII)
_TYPED = re.compile(r"\s*[A-Za-z0-9_/-]{1,40}[ \t]*;\s*", re.ASCII)


def status_of(group: Group) -> str | None:
    """Return the code of the Status field; "5.1" or "5" alone do not count."""
    match = _STATUS.search(group.get("status", ""))
    return match[1] if match else None


def action_of(group: Group, status: str | None) -> str:
    """Return the Action field as RFC 3464 spells it; if missing or invalid, derive it from the class of the status."""
    said = group.get("action", "").strip().lower()
    for opening, action in ACTIONS:
        if said.startswith(opening):
            return action
    return {"2": "delivered", "4": "delayed"}.get((status or "5")[0], "failed")


def untyped(value: str) -> str:
    """Strip the leading type of a field's value: "rfc822;", "smtp;", "dns;"."""
    return _TYPED.sub("", value, count=1).strip() if _TYPED.match(value) else value.strip()


_INTERNET = re.compile(r"<?(?:\"[^\"\n]{1,200}\"|[^@\s:;/\"]+)@[^@\s]*\.[^@\s]+", re.ASCII)


def recipient_of(group: Group) -> str:
    """Return the recipient: the final one, or the first known address that is valid outside the system.

    What an alias was expanded to, or a route, is no recipient if the one that was addressed is known.
    """
    named = [value for name in _NAMING if (value := untyped(group.get(name, "")))]
    addresses = [value for value in named if not is_path(value)] or named
    return next((value for value in addresses if _INTERNET.match(value)), addresses[0] if addresses else "")


def diagnostic_of(group: Group) -> str:
    """Return the diagnostic without its type, unless it is a bare exit code: "X-Unix; 67"."""
    value = group.get("diagnostic-code", "")
    bare = untyped(value)
    return value.strip() if bare.isdecimal() and len(bare) < len("550") else bare
