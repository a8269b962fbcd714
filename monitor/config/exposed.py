"""Warn about secret files that other users can read. They are still used: it may be intended."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitor.config.schema import Keys
from monitor.config.sources import Source, gather, load
from monitor.file_access import open_to_others


def exposed_secrets(path: Path) -> list[str]:
    """Return a warning with the remedy for each secret file that everybody can read or others can change.

    `path` is that of a valid configuration.
    """
    main = load(path, path.name)
    if not isinstance(main, Source):
        return []
    return [warning for source in gather(main, path, main.data.get("include", ())).read for warning in _of(source)]


def _of(source: Source) -> Iterator[str]:
    for keys, name in _files(source.data, ()):
        if reason := open_to_others(source.folder / name):
            yield f"{source.place(keys)}: {reason}"


def _files(value: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    """Yield every secret reference { file = "path" }: no other table has `file` as its only key."""
    match value:
        case {"file": str(name)} if len(value) == 1:
            yield keys, name
        case dict():
            for key, each in value.items():
                yield from _files(each, (*keys, key))
        case list():
            for number, each in enumerate(value):
                yield from _files(each, (*keys, number))
