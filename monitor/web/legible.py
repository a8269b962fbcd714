"""Values as people read them in a page: other people's text made harmless, times, ages. Pure."""

from datetime import UTC, datetime
from enum import StrEnum

from monitor.output.labels import label_of
from probes.display import roughly, safe_text

MAX_TEXT_CHARS = 100_000  # characters of one text; a header section is cut at 64 KiB before it is stored


def plain(text: object, most: int = MAX_TEXT_CHARS) -> str:
    """Untrusted text as a block, see `probes.display.safe_text`."""
    return safe_text(text, most)


def cut(text: str, most: int) -> str:
    """The beginning of a text that `plain` made, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def begun(text: str) -> str:
    """A text as the beginning of a sentence: with a capital letter, nothing else changed."""
    return text[:1].upper() + text[1:]


def label(value: StrEnum) -> str:
    """A value as a badge, a heading or an option has it: "Spam folder", "IP address"."""
    return label_of(value).title


def inline(value: StrEnum) -> str:
    """A value within a sentence: "spam folder", "IP address"."""
    return label_of(value).label


def sentence(value: StrEnum) -> str:
    """Return the meaning of a value as a sentence, from its table."""
    return label_of(value).sentence


def meaning(value: StrEnum) -> str:
    """Explain a value for people who do not know the term."""
    return label_of(value).help


def utc(at: datetime) -> str:
    """A time, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def minute(at: datetime) -> str:
    """A time of the last months, to the minute."""
    return f"{at.astimezone(UTC):%d %b %H:%M} UTC"


def day(at: datetime) -> str:
    """A date."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def spelled(seconds: float) -> str:
    """Format a short time with sensible precision."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def about(seconds: float) -> str:
    """Format a time that is known roughly: from counts in ranges, of which the first ends with a second."""
    if seconds <= 1:
        return "1 s"
    return spelled(float(f"{seconds:.2g}") if seconds < 100 else seconds)


def ago(at: datetime, now: datetime) -> str:
    """Return its age."""
    return f"{roughly(now - at)} ago"
