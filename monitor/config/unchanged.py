"""Reading the configuration again: the companies that are as they were stay the objects that they were."""

import asyncio
from pathlib import Path

import structlog

from monitor.config.errors import ConfigErrors
from monitor.config.model import CompanySettings, Config
from monitor.config.reading import read_config

log = structlog.get_logger("mailpath")


async def read_again(file: Path, before: Config) -> Config | None:
    """Read the configuration again; None if it has errors, which are logged."""
    try:
        return await asyncio.to_thread(lambda: keep_unchanged(read_config(file), before))
    except ConfigErrors as errors:
        for error in errors.errors:
            log.error("configuration not loaded", error=str(error))
        return None


def keep_unchanged(new: Config, old: Config) -> Config:
    """Return `new`, with the companies of `old` in it that are the same.

    They have been read and checked again all the same: a secret is in another file, and the real path of a Maildir
    depends on links.
    """
    companies = {
        key: before if (before := old.companies.get(key)) and _same(before, company) else company
        for key, company in new.companies.items()
    }
    tables = {name: getattr(new, name) for name in Config.model_fields}
    return Config(**(tables | {"companies": companies}))


def _same(before: CompanySettings, company: CompanySettings) -> bool:
    return before == company and all(
        there is None or there.key == here.key
        for there, here in ((before.paths[key].mailbox, path.mailbox) for key, path in company.paths.items())
        if here
    )
