"""Try the route and the mailbox of a draft, by the same code as the doctor: up to MAIL, and nothing is sent.

A test connects to the hosts of the draft and to no others, and only where the caller could add that company as well:
so it reaches nothing that they could not have probed on schedule. Decision 0053 has the reasons.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from monitor.actions.rate_limit import TooManyError
from monitor.company_setup.form import PATH, CompanyForm
from monitor.config import Config
from monitor.doctor.observation import Observation, Premises
from monitor.doctor.ways import knock
from monitor.doctor.ways_back import open_mailbox
from monitor.people.caller import Caller
from monitor.people.person import AuditAction, AuditEntry
from monitor.store import Store
from probes.outside import Outside
from probes.rate_limits import SlidingWindow
from probes.sender import Role

EACH_SECONDS = 10.0  # for the dialogue, and for the mailbox; both run at the same time
AT_ONCE = 2  # tests of all admins together
HOUR = timedelta(hours=1)
MAX_TESTS_PER_HOUR = 30  # of one admin
RETRY_SOON = timedelta(seconds=10)


class SetupTests:
    """Tests of drafts, few at a time."""

    def __init__(self, file: Path, outside: Outside, store: Store, now: Callable[[], datetime]) -> None:
        self._file, self._outside, self._store, self._now = file, outside, store, now
        self._recent: SlidingWindow[str] = SlidingWindow(HOUR)
        self._running = 0

    async def run(self, form: CompanyForm, config: Config, caller: Caller) -> Sequence[Observation]:
        """Return what was found. `config` has the draft in it. Raises TooManyError, StoreError."""
        self._admit(caller)
        path = next(each for each in config.paths() if (each.company, each.path) == (form.key, PATH))
        about = f"{form.key} by {path.route.via}, {path.route.destination(path.to)}"
        entry = AuditEntry(self._now(), caller.name, caller.way, AuditAction.COMPANY_TRIED, about)
        self._running += 1
        try:
            await self._store.people.note(entry)
            premises = Premises(config, self._file, (), self._outside, EACH_SECONDS)
            works = [knock(premises, path, config.identities()[Role.SENDER])]
            if path.visited:
                works.append(open_mailbox(premises, path, path.visited))
            return await asyncio.gather(*works)
        finally:
            self._running -= 1

    def _admit(self, caller: Caller) -> None:
        now = self._now()
        if self._running >= AT_ONCE:
            raise TooManyError(f"at most {AT_ONCE} set-ups are tested at the same time", RETRY_SOON)
        free_at = self._recent.free_at(caller.account, MAX_TESTS_PER_HOUR, now)
        if free_at > now:
            raise TooManyError(f"one admin can test {MAX_TESTS_PER_HOUR} set-ups in an hour", free_at - now)
        self._recent.count(caller.account, now)
