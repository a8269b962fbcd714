"""The secrets that the configuration has, so that the log can leave them out."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

PARTS = re.compile(r"[:/@?&=]+")
LONGEST_WORD = 11  # characters; a shorter part of a URL may be a word that stands elsewhere too


def secret_values(value: Any) -> Iterator[str]:
    """Each secret under this value. Of one that is a URL also its long parts: keys and passwords stand in them."""
    match value:
        case SecretStr():
            secret = value.get_secret_value()
            yield secret
            if "://" in secret:
                yield from (part for part in PARTS.split(secret) if len(part) > LONGEST_WORD)
        case BaseModel():
            for name in type(value).model_fields:
                yield from secret_values(getattr(value, name))
        case dict():
            for each in value.values():
                yield from secret_values(each)
        case list() | tuple():
            for each in value:
                yield from secret_values(each)
