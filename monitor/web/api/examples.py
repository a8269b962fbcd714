"""Examples of requests and responses, an operation each: real ones, from a service in a test.

`examples.json` is written by `python -m tests.support.api_examples`, and a test holds each of them to its schema.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypedDict


class Example(TypedDict):
    """One request and its response. `target`: the path with its query; `request`: the body, null without one."""

    target: str
    request: Any
    response: Any


@cache
def examples() -> Mapping[str, Example]:
    """Return all of them, by the names of the operations."""
    found: dict[str, Example] = json.loads(files(__package__).joinpath("examples.json").read_text("utf-8"))
    return found
