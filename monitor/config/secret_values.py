"""Collect the configuration's secrets, so that the log can redact them."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

PARTS = re.compile(r"[:/@?&=]+")
MAX_WORD_CHARS = 11  # a part of a URL no longer than this may be an ordinary word


def secret_values(value: Any) -> Iterator[str]:
    """Yield each secret under this value; for a URL also its long parts, which may be keys and passwords."""
    match value:
        case SecretStr():
            secret = value.get_secret_value()
            yield secret
            if "://" in secret:
                yield from (part for part in PARTS.split(secret) if len(part) > MAX_WORD_CHARS)
        case BaseModel():
            for name in type(value).model_fields:
                yield from secret_values(getattr(value, name))
        case dict():
            for each in value.values():
                yield from secret_values(each)
        case list() | tuple():
            for each in value:
                yield from secret_values(each)
