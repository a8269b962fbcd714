"""From a file to a `Config`, or to everything that is wrong with it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from monitor.config.errors import ConfigError, ConfigErrors
from monitor.config.model import Config
from monitor.config.rules import Draft, broken
from monitor.config.schema import keys_of
from monitor.config.sources import ConfigProblem, Source, Sources, gather, load
from monitor.config.words import explained, unknown_key


def read_config(path: Path, *, secrets_later: bool = False) -> Config:
    """Read, check and resolve the configuration and the files it includes. Raises ConfigErrors with all errors.

    It blocks while it reads files. Secrets are read from where they are referred to, now. With `secrets_later`, one
    that is not there is no error: whoever uses it gets a MissingSecretError.
    """
    main = load(path, path.name)
    if isinstance(main, ConfigError):
        raise ConfigErrors((main,))
    draft = Draft(main, secrets_later)
    problems = [*_tables(draft)]
    sources = gather(main, path, draft.tables.get("include", ()))
    problems += [problem for source in sources.read for problem in _companies(draft, source)]
    problems += [*_strangers(sources), *sources.problems, *broken(draft)]
    if problems or sources.errors:
        raise ConfigErrors(_in_order(main, [*sources.errors, *(problem.error() for problem in problems)]))
    return Config(**draft.tables, companies=draft.companies)


def _tables(draft: Draft) -> Iterator[ConfigProblem]:
    """Check every table of the main file but the companies, each for itself: one that is wrong hides no other."""
    for key, field in Config.model_fields.items():
        wanted = key in draft.main.data or field.default_factory  # a default, too, may lie beside the file
        if wanted and key != "companies":
            right, wrong = _checked(draft, draft.main, {key: draft.main.data.get(key, {})})
            yield from wrong
            if right:
                draft.tables[key] = getattr(right, key)


def _companies(draft: Draft, source: Source) -> Iterator[ConfigProblem]:
    """Check the companies of one file, each for itself."""
    companies = source.data.get("companies", {})
    if not isinstance(companies, dict):
        yield from _checked(draft, source, {"companies": companies})[1]
        return
    for key, table in companies.items():
        if home := draft.homes.get(key):
            there = home.place(("companies", key))
            yield ConfigProblem(source, ("companies", key), f"stands in {there} already; a company stands in one file")
            continue
        draft.homes[key] = source
        right, wrong = _checked(draft, source, {"companies": {key: table}})
        yield from wrong
        if right:
            draft.companies[key] = right.companies[key]


def _checked(draft: Draft, source: Source, data: dict[str, Any]) -> tuple[Config | None, list[ConfigProblem]]:
    """A part of a file, and what is wrong with it."""
    try:
        context = {"folder": source.folder, "secrets_later": draft.secrets_later}
        return Config.model_validate(data, context=context), []
    except ValidationError as failure:
        errors = [error for error in failure.errors(include_url=False) if not _follows(error)]
        return None, [ConfigProblem(source, *explained(Config, error)) for error in errors]


def _follows(error: ErrorDetails) -> bool:
    """Whether it only follows from another: a default made of a wrong key, a list that is short of its wrong items."""
    if error["type"] == "too_short":
        return len(error["input"]) >= int(error["ctx"]["min_length"])
    return error["type"] == "default_factory_not_called"


def _strangers(sources: Sources) -> Iterator[ConfigProblem]:
    """Top-level keys that nobody knows; an included file may hold companies and nothing else."""
    main, *included = sources.read
    for key in main.data.keys() - Config.model_fields.keys():
        yield ConfigProblem(main, (key,), unknown_key(key, keys_of(Config)))
    for source in included:
        for key in source.data.keys() - {"companies"}:
            yield ConfigProblem(
                source, (key,), "does not belong here; an included file holds [companies.KEY] tables only"
            )


def _in_order(main: Source, errors: Iterable[ConfigError]) -> tuple[ConfigError, ...]:
    return tuple(sorted(errors, key=lambda error: (error.file != main.name, error.file, error.line or 0)))
