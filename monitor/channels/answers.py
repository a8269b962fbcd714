"""Read a receiver's answers: its own words about an error, without secrets. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from monitor.channels.channel import DeliveryResult
from probes.display import one_line
from probes.http import HttpReply

MAX_WORDS_CHARS = 300


def body_of(answer: HttpReply) -> Mapping[str, Any]:
    """Return the JSON object of an answer, empty if it is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def with_words(result: DeliveryResult, words: Iterable[Any], secrets: Iterable[SecretStr]) -> DeliveryResult:
    """Add the receiver's own words to a failure. A receiver may echo a secret, which is removed."""
    whole = "; ".join(each for each in words if isinstance(each, str))
    for secret in secrets:
        whole = whole.replace(secret.get_secret_value(), "[secret]")
    said = one_line(whole, MAX_WORDS_CHARS)
    return result._replace(fault=f"{result.fault}: {said}") if result.fault and said else result
