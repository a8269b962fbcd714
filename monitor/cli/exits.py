"""Exit codes, the same for every command."""

from enum import IntEnum


class Exit(IntEnum):
    """0: done; for `probe`: in the inbox, in time. 130: Ctrl-C."""

    OK = 0
    NOT_OK = 1  # `probe`: not in the inbox; `check-config`: errors
    COULD_NOT_TELL = 2  # `probe`: the outcome is unknown; elsewhere: the command could not start
    NOT_ALLOWED = 3  # `diagnose`: the configuration does not allow it here, or one runs already
    INTERRUPTED = 130
