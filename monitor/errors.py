"""Errors that people must fix before the service can start or continue."""


class UserError(Exception):
    """Something outside the program is wrong. The text is one line: where, what is wrong, what to do."""
