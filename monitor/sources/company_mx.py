"""Reads the MX of the companies' domains once a day, and remembers it: a company that changes its gateway is noticed.

An unanswered question changes nothing. All domains are one fact in the store: there are few, and they rarely change.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from monitor.errors import UserError
from monitor.standing.company_mx import MxRecord, decode, due, encode, next_record
from monitor.supervised import SupervisedTask
from probes.mailsystems.words import chain_label
from probes.outside import Outside
from probes.resolver import Unresolved

FACT = "company_mx"
LOOKUP_SECONDS = 20.0
AT_ONCE = 4  # domains
LOOK_SECONDS = 60.0  # between looks at the clock
RETRY_SECONDS = 30.0  # after the store has failed

Key = tuple[str, str]
"""A company and one of its domains."""

log = structlog.get_logger("company_mx")


class FactBook(Protocol):
    """The store's port for single facts. Everything raises a UserError if it fails."""

    async def fact(self, name: str) -> str | None: ...
    async def keep_fact(self, name: str, value: str) -> None: ...


class CompanyMx:
    """Reads and remembers. `records` is what is known."""

    def __init__(self, book: FactBook, outside: Outside) -> None:
        self._book, self._outside = book, outside
        self.records: Mapping[Key, MxRecord] = {}
        self._wanted: Mapping[Key, None] = {}  # in order
        self._recalled = False
        self._woken = asyncio.Event()
        self._task = SupervisedTask("company_mx", self._run)

    def configure(self, wanted: Iterable[Key]) -> None:
        """Read the MX of these from now on."""
        self._wanted = dict.fromkeys(wanted)
        self._woken.set()

    def start(self) -> None:
        """Begin with what the store knows."""
        self._task.start()

    async def close(self) -> None:
        """Ask no more."""
        await self._task.close()

    def of(self, company: str) -> Sequence[MxRecord]:
        """Return what is known of a company's domains, by name."""
        mine = sorted(key for key in self.records if key[0] == company and key in self._wanted)
        return [self.records[key] for key in mine]

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            wait = LOOK_SECONDS
            try:
                await self.step()
            except UserError:  # the store fails, of which the service tells
                wait = RETRY_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def step(self) -> None:
        """Read what is due, and store it."""
        if not self._recalled:
            self.records = {(each.company, each.domain): each for each in decode(await self._book.fact(FACT))}
            self._recalled = True
        now = self._outside.now()
        wanted = [key for key in self._wanted if due(self.records.get(key), now)]
        if not wanted:
            return
        fresh: dict[Key, MxRecord] = {}
        waiting = iter(wanted)

        async def read() -> None:
            for key in waiting:
                hosts = await self._outside.resolver.mail_hosts(key[1], timeout=LOOKUP_SECONDS)
                names = None if isinstance(hosts, Unresolved) else [host.name for host in hosts]
                fresh[key] = next_record(self.records.get(key), *key, names, now)

        await asyncio.gather(*(read() for _ in range(min(AT_ONCE, len(wanted)))))
        records = {key: record for key, record in ({**self.records, **fresh}).items() if key in self._wanted}
        await self._book.keep_fact(FACT, encode(records.values()))
        self._log(fresh)
        self.records = records

    def _log(self, fresh: Mapping[Key, MxRecord]) -> None:
        """Log each change, which is confirmed by now."""
        for key, record in fresh.items():
            known = self.records.get(key)
            if known and known.hosts and known.hosts != record.hosts:
                log.warning(
                    "the MX of a company has changed",
                    company=record.company,
                    domain=record.domain,
                    before=list(record.before),
                    now=list(record.hosts),
                    mail_systems=chain_label(dict.fromkeys(sign.system for sign in record.signs)),
                )
