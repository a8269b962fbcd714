"""Write the file of a new company, load it, and take it back where that fails."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog

from monitor.company_setup.checking import DraftErrors, errors_within
from monitor.company_setup.destination import Destination
from monitor.company_setup.draft import draft_text
from monitor.company_setup.form import CompanyForm
from monitor.config import Config
from monitor.people.caller import Caller
from monitor.people.person import AuditAction, AuditEntry
from monitor.store import Store

NOT_LOADED = "The file was written, but the configuration could not be loaded with it; it was removed again."

log = structlog.get_logger("mailpath")


class CompanyWriter:
    """Adds companies, one at a time. `reload` loads the configuration again, unless that has errors."""

    def __init__(
        self,
        config: Callable[[], Config],
        store: Store,
        reload: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._config, self._store, self._reload, self._now = config, store, reload, now
        self._one = asyncio.Lock()
        self._at_work: set[asyncio.Task[DraftErrors]] = set()

    async def add(self, form: CompanyForm, place: Destination, caller: Caller) -> DraftErrors:
        """Check, write and load; nothing has changed if there are errors. A request that ends early stops nothing
        halfway. Raises StoreError."""
        work = asyncio.create_task(self._add(form, place, caller))
        self._at_work.add(work)
        work.add_done_callback(self._at_work.discard)
        return await asyncio.shield(work)

    async def _add(self, form: CompanyForm, place: Destination, caller: Caller) -> DraftErrors:
        if not place.writable:
            return DraftErrors(others=(place.trouble,))
        async with self._one:  # two that are right alone may be wrong together: a mailbox that both name
            _, errors = await asyncio.to_thread(errors_within, form, place)
            if errors:
                return errors
            try:
                await asyncio.to_thread(write_new, place.path, draft_text(form), place.main)
            except FileExistsError:
                return DraftErrors({"key": f"the file {place.name} exists already; choose another key"})
            except OSError as error:
                return DraftErrors(others=(f"{place.name} cannot be written: {error.strerror}",))
            return await self._load(form, place, caller)

    async def _load(self, form: CompanyForm, place: Destination, caller: Caller) -> DraftErrors:
        entry = AuditEntry(
            self._now(), caller.name, caller.way, AuditAction.COMPANY_ADDED, f"{form.key}, {place.name}", form.key
        )
        try:
            await self._reload()
            if form.key in self._config().companies:
                await self._store.people.note(entry)
                log.info("company added", company=form.key, file=place.name, by=caller.name)
                return DraftErrors()
        except BaseException:
            await self._take_back(place)
            raise
        await self._take_back(place)
        return DraftErrors(others=(NOT_LOADED,))

    async def _take_back(self, place: Destination) -> None:
        place.path.unlink(missing_ok=True)
        await self._reload()


def write_new(path: Path, text: str, like: Path) -> None:
    """Write a file that is whole from the moment it is there, readable by those who may read `like`. Raises
    FileExistsError if there is one, or a link, of that name, and OSError. Blocks."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)  # hidden: no pattern matches it
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), like.stat().st_mode & 0o666)
            os.fsync(file.fileno())
        os.link(name, path)  # unlike a rename it never replaces a file
    finally:
        os.unlink(name)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
