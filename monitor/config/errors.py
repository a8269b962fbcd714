"""Configuration errors: what is wrong and what is expected."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from probes.settings import shown


@dataclass(frozen=True, slots=True)
class ConfigError:
    """One error. `line` counts from 1, None if unknown; `key` is dotted, "" for the file as a whole; `problem` says
    what
    is wrong and what is expected, and contains no secret."""

    file: str
    line: int | None
    key: str
    problem: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class ConfigErrors(Exception):  # noqa: N818 - a collection of errors
    """All errors, ordered by file and line. Its text has one line per error."""

    def __init__(self, errors: tuple[ConfigError, ...]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))


def dotted(keys: Sequence[str | int]) -> str:
    """Format a key as in TOML, without list indices: "probes.kinds"."""
    names = [key for key in keys if isinstance(key, str)]
    return ".".join(name if re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name) else shown(name) for name in names)
