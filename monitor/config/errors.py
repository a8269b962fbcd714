"""What is wrong with a configuration, in words that say what to change."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigError:
    """One thing that is wrong. `line` counts from 1, None where the file has none to show; `key` is dotted, "" for
    the file as a whole; `problem` says what is wrong and what is expected, and holds no secret."""

    file: str
    line: int | None
    key: str
    problem: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class ConfigErrors(Exception):  # noqa: N818 - it is all of them
    """All that is wrong, in the order of the files and their lines. Its text is one line for each."""

    def __init__(self, errors: tuple[ConfigError, ...]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(map(str, self.errors))
