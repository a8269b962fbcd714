"""Terminal output."""

import sys

from rich.console import Console


def console() -> Console:
    """Return a console on standard output, coloured only if that is a terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, emoji=False)
