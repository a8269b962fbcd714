"""What keeps the service from starting or going on, in words for people."""


class UserError(Exception):
    """Something outside is not as it must be. Its text is one line: where, what is wrong, what to do."""
