"""Standard input, output and error are there, whoever started us.

A process may be started with any of them closed. The next file that it opens then gets that number, and what is meant
for standard error is written into the store; and Python itself has None where the stream would be.
"""

import os
import sys


def open_standard_streams() -> None:
    """What is closed leads nowhere from now on."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
