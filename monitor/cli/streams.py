"""Make sure that standard input, output and error are open.

A process may be started with any of them closed. The next file it opens would then get that descriptor, so that text
written to standard error ends up in the database file; and Python's `sys.stderr` would be None.
"""

import os
import sys


def open_standard_streams() -> None:
    """Open each closed standard stream on /dev/null."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
