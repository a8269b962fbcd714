"""Read a file into a `Config`, or report everything that is wrong with it."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from monitor.clock import utc_now
from monitor.config.errors import ConfigError, ConfigErrors
from monitor.config.model import CompanySettings, Config
from monitor.config.rules import Draft, broken
from monitor.config.schema import keys_of
from monitor.config.sources import ConfigProblem, DraftFile, Source, Sources, gather, load
from monitor.config.words import explained, unknown_key
from probes.settings import Key

WHOLE: TypeAdapter[Config] = TypeAdapter(Config)
COMPANY: TypeAdapter[dict[str, CompanySettings]] = TypeAdapter(dict[Key, CompanySettings])
"""A table of one company. Without the rest of the configuration, whose defaults would be made again for each."""


def read_config(
    path: Path,
    *,
    secrets_later: bool = False,
    now: Callable[[], datetime] = utc_now,
    draft: DraftFile | None = None,
) -> Config:
    """Read, check and resolve the configuration and the files it includes. Raises ConfigErrors with all errors.

    Blocks while it reads files. Secrets are read now, from the places they refer to. With `secrets_later` a missing one
    is no error until it is used, which raises MissingSecretError. Of dated profiles that of `now` is applied. `draft`:
    a file that is checked with them before it is written.
    """
    with _without_collection():
        return _read(path, secrets_later, now(), draft)


def company_errors(draft: DraftFile, folder: Path) -> tuple[ConfigError, ...]:
    """Return what is wrong with the companies of a draft by themselves, in this folder; the secrets may come later. It
    costs no reading of other files."""
    source = draft.load(folder)
    if isinstance(source, ConfigError):
        return (source,)
    return tuple(problem.error() for problem in _companies(Draft(source, secrets_later=True), source))


@contextmanager
def _without_collection() -> Iterator[None]:
    """While the block lasts nothing is collected: what is read lives on, and to go through it again and again took half
    of the time for 10,000 paths."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(path: Path, secrets_later: bool, now: datetime, extra: DraftFile | None) -> Config:
    main = load(path, path.name)
    if isinstance(main, ConfigError):
        raise ConfigErrors((main,))
    draft = Draft(main, secrets_later)
    problems = [*_tables(draft)]
    if sender := draft.tables.get("sender"):
        draft.tables["sender"] = sender.as_of(now)
    sources = gather(main, path, draft.tables.get("include", ()), extra)
    problems += [problem for source in sources.read for problem in _companies(draft, source)]
    problems += [*_unknown_keys(sources), *sources.problems, *broken(draft)]
    if problems or sources.errors:
        raise ConfigErrors(_in_order(main, [*sources.errors, *(problem.error() for problem in problems)]))
    return Config(**draft.tables, companies=draft.companies)


def _tables(draft: Draft) -> Iterator[ConfigProblem]:
    """Check each table of the main file except the companies separately, so that one error hides no other."""
    for key, field in Config.model_fields.items():
        wanted = key in draft.main.data or field.default_factory  # a default may be a path relative to the file
        if wanted and key != "companies":
            right, wrong = _checked(draft, draft.main, WHOLE, {key: draft.main.data.get(key, {})})
            yield from wrong
            if right:
                draft.tables[key] = getattr(right, key)


def _companies(draft: Draft, source: Source) -> Iterator[ConfigProblem]:
    """Check each company of one file separately."""
    companies = source.data.get("companies", {})
    if not isinstance(companies, dict):
        yield from _checked(draft, source, WHOLE, {"companies": companies})[1]
        return
    for key, table in companies.items():
        if home := draft.homes.get(key):
            there = home.place(("companies", key))
            yield ConfigProblem(source, ("companies", key), f"is already defined at {there}; define it only once")
            continue
        draft.homes[key] = source
        right, wrong = _checked(draft, source, COMPANY, {key: table}, "companies")
        yield from wrong
        if right:
            draft.companies[key] = right[key]


def _checked(
    draft: Draft, source: Source, model: TypeAdapter[Any], data: dict[str, Any], *inside: str
) -> tuple[Any, list[ConfigProblem]]:
    """Validate a part of a file, which lies `inside` these keys; return it, or its problems."""
    try:
        context = {"folder": source.folder, "secrets_later": draft.secrets_later}
        return model.validate_python(data, context=context), []
    except ValidationError as failure:
        errors = [error for error in failure.errors(include_url=False) if not _follows(error)]
        for error in errors:
            error["loc"] = (*inside, *error["loc"])
        return None, [ConfigProblem(source, *explained(Config, error)) for error in errors]


def _follows(error: ErrorDetails) -> bool:
    """Test if the error only follows from another: a default made of an invalid key, a list short of its invalid
    items."""
    if error["type"] == "too_short":
        return len(error["input"]) >= int(error["ctx"]["min_length"])
    return error["type"] == "default_factory_not_called"


def _unknown_keys(sources: Sources) -> Iterator[ConfigProblem]:
    """Yield unknown top-level keys; an included file may hold only companies."""
    main, *included = sources.read
    for key in main.data.keys() - Config.model_fields.keys():
        yield ConfigProblem(main, (key,), unknown_key(key, keys_of(Config)))
    for source in included:
        for key in source.data.keys() - {"companies"}:
            yield ConfigProblem(
                source, (key,), "not allowed here; an included file may hold only [companies.KEY] tables"
            )


def _in_order(main: Source, errors: Iterable[ConfigError]) -> tuple[ConfigError, ...]:
    return tuple(sorted(errors, key=lambda error: (error.file != main.name, error.file, error.line or 0)))
