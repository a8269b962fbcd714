"""How text gets to a terminal."""

import sys
from datetime import timedelta

from rich.console import Console


def console() -> Console:
    """Standard output, with colour only where that is a terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False)


def span(time: timedelta) -> str:
    """A duration as it is written in the configuration."""
    seconds = time.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def legible(value: object) -> str:
    """Text of other people, fit for a terminal: no control characters, no line breaks."""
    return "".join(each if each.isprintable() else " " for each in str(value))
