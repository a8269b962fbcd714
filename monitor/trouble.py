"""What keeps the service from starting or going on, in words for people."""


class Trouble(Exception):  # noqa: N818 - it is reported, not raised in error
    """Something outside is not as it must be. Its text is one line: where, what is wrong, what to do."""
