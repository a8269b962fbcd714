"""Names of people and tokens."""

import re

MAX_NAME_CHARS = 100
RULE = (
    "a name consists of a-z, 0-9 and . _ @ + -, begins with a letter or digit, and has "
    f"at most {MAX_NAME_CHARS} characters"
)
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@+-]{{0,{MAX_NAME_CHARS - 1}}}", re.ASCII)


def name_of(text: str) -> str | None:
    """Normalise a name to lower case; None if it is invalid."""
    name = text.strip()
    return name.lower() if _NAME.fullmatch(name) else None
