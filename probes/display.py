"""Format values for people: durations, times, lists, and untrusted text. Pure.

One policy for hostile text, in three forms: `one_line` within a sentence, where invisible characters become blanks;
`safe_text` for a block of text, where they are shown by number; `escaped` where people compare bytes. All limit the
length. (`monitor.store.columns.storable_text` decides what may be *stored*.) One home for durations: `duration` for
measured times, `lasting` for lengths, `roughly` for ages, `exactly` for comparing steps;
`probes.settings.duration_text` writes them as in the configuration.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

MAX_QUOTE_CHARS = 300  # characters
MAX_NAMED = 10
MAX_SHOWN_NAME = 120  # characters of a folder or server that others named

_MARKS = frozenset({"Mn", "Me"})
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # what is invisible, or turns what stands beside it
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that show nothing, although by category they are printable."""

MAX_MARKS = 3  # combining marks on one letter: languages need fewer, and a pile of them covers the lines above
_BEFORE_MARK = re.compile(r'(\\*)("|\Z)')
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]+")


def timestamp(at: datetime) -> str:
    """Return a time as RFC 3339, in UTC and with "Z": the one form in JSON."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def one_line(text: str, most: int) -> str:
    """Return untrusted text as one line of at most `most` characters, without invisible characters."""
    part = text[: 4 * most]
    seen = part if part.isascii() and part.isprintable() else "".join(" " if hidden else c for c, hidden in _seen(part))
    line = " ".join(seen.split())
    return line if len(line) <= most and len(text) <= 4 * most else f"{line[: most - 3].rstrip()}..."


def safe_text(text: object, most: int) -> str:
    """Return untrusted text as a block; control and bidirectional characters are shown by number, as [U+202E]. Line
    ends stay. Text longer than `most` characters is cut and says so."""
    whole = str(text).replace("\r\n", "\n")
    shown = _SUSPECT.sub(_by_number, whole[:most])
    rest = len(whole) - most
    return f"{shown} … and {rest:,} more characters" if rest > 0 else shown


def _by_number(match: re.Match[str]) -> str:
    return "".join(f"[U+{ord(c):04X}]" if hidden else c for c, hidden in _seen(match[0]))


def _seen(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each character, and whether a reader would not see it, or would see it cover others."""
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        yield character, category in _HIDDEN or character in _BLANKS or marks > MAX_MARKS


def escaped(text: str) -> str:
    """Return untrusted text escaped as in JSON and TOML: invisible and bidirectional characters become escapes. Tabs
    stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else json.dumps(c)[1:-1] for c in text)


def quoted(text: str, most: int = MAX_QUOTE_CHARS) -> str:
    """Return untrusted text in quotation marks that it cannot close. A backslash is doubled only where it would change
    the meaning of a mark after it, so that "DOMAIN\\user" stays as it was written."""
    return '"' + _BEFORE_MARK.sub(lambda found: found[1] * 2 + (found[2] and '\\"'), one_line(text, most)) + '"'


def named(name: str) -> str:
    """Return a name that others chose, such as a folder's, on one line of a sentence. It opens no quotation marks."""
    return one_line(name, MAX_SHOWN_NAME).replace('"', "'")


def duration(time: timedelta) -> str:
    """Format a measured time with sensible precision: "52 ms", "3.0 s", "90 s", "25 min", "2.5 h"."""
    seconds = max(time.total_seconds(), 0.0)
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def exactly(time: timedelta) -> str:
    """Format a time for comparison, with milliseconds if short: "1.234 s", "1 min 30 s"."""
    total = time.total_seconds()
    if abs(total) < 60:
        return f"{total:.3f} s"
    minutes, seconds = divmod(round(abs(total)), 60)
    return f"{'-' if total < 0 else ''}{minutes} min {seconds} s"


def lasting(time: timedelta) -> str:
    """Format a length of time in its two largest units: "under a minute", "2 h 50 min", "3 d 4 h"."""
    minutes = max(round(time.total_seconds() / 60), 0)
    if minutes == 0:
        return "under a minute"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def roughly(time: timedelta | float) -> str:
    """Format an age rounded down to its largest unit. A number is in seconds."""
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(int(seconds), 0)} s"


def clock(at: datetime) -> str:
    """Format a time with its date, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def listed(names: Sequence[str], most: int = MAX_NAMED) -> str:
    """List the first names and the number of further ones."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def continued(sentence: str) -> str:
    """Return a sentence as it stands behind a colon: in lower case, unless it begins with an abbreviation."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 company", "12 companies"."""
    return f"{number} {one if number == 1 else many or one + 's'}"
