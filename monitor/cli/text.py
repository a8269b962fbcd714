"""Terminal output."""

import sys
from datetime import timedelta

from rich.console import Console


def console() -> Console:
    """Return a console on standard output, coloured only if that is a terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False)


def span(time: timedelta) -> str:
    """Format a duration as in the configuration: "90s", "15m", "1h"."""
    seconds = time.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:g}s"


def legible(value: object) -> str:
    """Make untrusted text safe for a terminal: control characters and line breaks become spaces."""
    return "".join(each if each.isprintable() else " " for each in str(value))
