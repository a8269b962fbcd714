"""How a command ends: its exit codes, the same everywhere."""

from enum import IntEnum


class Exit(IntEnum):
    """0: done; for `probe`: in the inbox, in time. 130: Ctrl-C."""

    OK = 0
    NOT_OK = 1  # `probe`: not in the inbox; `check-config`: errors
    COULD_NOT_TELL = 2  # `probe`: we could not look or ask; elsewhere: could not start
    INTERRUPTED = 130
