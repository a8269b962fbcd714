"""Words of a configuration that are accepted in place of newer ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monitor.config.errors import dotted
from monitor.config.schema import Keys
from monitor.config.sources import Source, gather, load
from probes.mailsystems.words import is_alias, key_of


def old_words(path: Path) -> list[str]:
    """For each word that has a newer one: where it stands, and what to write there. `path` is that of a configuration
    that is good."""
    main = load(path, path.name)
    if not isinstance(main, Source):
        return []
    return [warning for source in gather(main, path, main.data.get("include", ())).read for warning in _of(source)]


def _of(source: Source) -> Iterator[str]:
    for keys, word in _mail_systems(source.data):
        if is_alias(word):
            place = f"{source.place(keys)}: {dotted(keys)}"
            yield f'{place}: "{word}" is accepted for now; write "{key_of(word)}"'


def _mail_systems(data: dict[str, Any]) -> Iterator[tuple[Keys, str]]:
    """Every mail system that is named, and where."""
    tables: list[tuple[Keys, Any]] = [(("companies", key), table) for key, table in data.get("companies", {}).items()]
    tables += [(("maintenance", number), table) for number, table in enumerate(data.get("maintenance", ()))]
    for keys, table in tables:
        if word := table.get("mail_system"):
            yield (*keys, "mail_system"), word
        for number, word in enumerate(table.get("mail_systems", ())):
            yield (*keys, "mail_systems", number), word
