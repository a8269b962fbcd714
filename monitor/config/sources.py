"""Load the files of a configuration: the main file and those it includes."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from glob import glob
from os.path import realpath
from pathlib import Path
from typing import Any

from monitor.config.errors import ConfigError, dotted
from monitor.config.lines import Lines
from monitor.config.schema import Keys
from probes.settings import shown

MAX_FILE_BYTES = 32 * 1024 * 1024
"""10,000 paths take about 4 MB."""

CLEARER = {  # tomllib's words: ours
    "Cannot overwrite a value": "this key already has a value",
    "Invalid value": "not a valid value; put text in quotes",
}


@dataclass
class Source:
    """One file as read. `name` is its name in errors; relative paths in it start at `folder`."""

    name: str
    folder: Path
    text: str
    data: dict[str, Any]

    @cached_property
    def lines(self) -> Lines:
        """Return the lines of its keys."""
        return Lines(self.text)

    def place(self, keys: Keys) -> str:
        """Format the place of these keys as "file:line"."""
        line = self.lines.line(keys)
        return self.name if line is None else f"{self.name}:{line}"


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file that is not there yet, read as if the pattern of `include` matched it. `name` is relative to the main
    file's folder. Without such a pattern in the file it is read after all others."""

    pattern: str
    name: str
    text: str

    def load(self, folder: Path) -> "Source | ConfigError":
        """Parse its text as if it were in this folder under its name."""
        return _parsed(folder / self.name, self.name, self.text)


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """A problem at `keys` of a file."""

    source: Source
    keys: Keys
    words: str

    def error(self) -> ConfigError:
        """Convert to an error with its line."""
        return ConfigError(self.source.name, self.source.lines.line(self.keys), dotted(self.keys), self.words)


@dataclass
class Sources:
    """The files that could be read, and the errors of those that could not."""

    read: list[Source] = field(default_factory=list)
    errors: list[ConfigError] = field(default_factory=list)
    problems: list[ConfigProblem] = field(default_factory=list)


def load(path: Path, name: str) -> Source | ConfigError:
    """Read one file. An error concerns the whole file or the first syntax error in it."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return ConfigError(name, line, "", "is not UTF-8; save the file in that encoding")
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = error.strerror if isinstance(error, OSError) else error
        return ConfigError(name, None, "", f"cannot be read: {reason}")
    if len(content) > MAX_FILE_BYTES:
        return ConfigError(name, None, "", f"is longer than {MAX_FILE_BYTES} bytes; split it and include the parts")
    return _parsed(path, name, text)


def _parsed(path: Path, name: str, text: str) -> Source | ConfigError:
    try:
        return Source(name, path.parent, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return _not_toml(name, text, str(error))
    except ValueError:  # a number with more digits than Python converts
        return ConfigError(name, None, "", "is not TOML: a number in it is too long")
    except RecursionError:
        return ConfigError(name, None, "", "is not TOML: brackets are nested too deeply")


def _not_toml(name: str, text: str, message: str) -> ConfigError:
    reason, _, where = message.rpartition(" (at ")
    found = re.match(r"line (\d+), column (\d+)", where)
    line = int(found[1]) if found else text.count("\n") + 1
    column = f" (column {found[2]})" if found else " (at the end)"
    return ConfigError(name, line, "", f"is not TOML: {CLEARER.get(reason, reason[:1].lower() + reason[1:])}{column}")


def gather(main: Source, path: Path, patterns: Sequence[str], draft: DraftFile | None = None) -> Sources:
    """Return the file and its includes, each once, in the order of the patterns and then of names; last the draft."""
    sources = Sources(read=[main])
    seen = {realpath(path)}
    for number, pattern in enumerate(patterns):
        found = list(_matching(main.folder, pattern))
        if draft and not found and pattern == draft.pattern:
            continue
        if not found and not awaits_files(main.folder, pattern):
            sources.problems.append(ConfigProblem(main, ("include", number), f"{shown(pattern)} matches no file"))
        for name in found:
            if (real := realpath(main.folder / name)) == realpath(path):
                words = f"{shown(pattern)} includes this file itself; put the companies in a separate folder"
                sources.problems.append(ConfigProblem(main, ("include", number), words))
            elif real not in seen:
                seen.add(real)
                _add(sources, load(main.folder / name, name))
    if draft:
        _add(sources, draft.load(main.folder))
    return sources


WILD = frozenset("*?[")  # marks of a pattern


def awaits_files(folder: Path, pattern: str) -> bool:
    """Test if files that are not there yet may come to match it: its folder is there. So the first company can be added
    in the browser."""
    place, _, last = pattern.rpartition("/")
    try:
        return bool(WILD & {*last}) and not WILD & {*place} and (folder / place).is_dir()
    except ValueError:  # a zero byte
        return False


def unmatched(path: Path, patterns: Sequence[str]) -> list[str]:
    """Return the patterns of the main file at this path that match no file yet."""
    return [pattern for pattern in patterns if not any(_matching(path.parent, pattern))]


def _matching(folder: Path, pattern: str) -> Iterator[str]:
    try:
        yield from sorted(glob(pattern, root_dir=folder))
    except (OSError, ValueError, re.error):  # a zero byte, or a name that is too long
        return


def _add(sources: Sources, loaded: Source | ConfigError) -> None:
    if isinstance(loaded, Source):
        sources.read.append(loaded)
    else:
        sources.errors.append(loaded)
