"""`mailpath triage`: where mail to one person most likely stops. Reads only the store, and DNS for unknown domains."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from rich.markup import escape

from monitor.actions.lookups import Lookups
from monitor.actions.triage import triage as asked
from monitor.cli.exits import Exit
from monitor.cli.mute import configured
from monitor.cli.text import console
from monitor.clock import utc_now
from monitor.config import Config, WatchedPath
from monitor.incidents.incident import Incident
from monitor.incidents.mute import Mute
from monitor.incidents.work import IncidentWork, work_of
from monitor.output.triage_json import triage_json
from monitor.probing.current import CurrentVerdict
from monitor.probing.outside import outside_of
from monitor.remedying.applied import AppliedRemedy
from monitor.standing.record import FactRecord
from monitor.store import ProbeFilter, Store
from monitor.triage.decide import PlaceCertainty, Triage, TriagePlace
from monitor.triage.facts import CheckState, SenderLog
from monitor.triage.words import company_line, note_text, text_of
from probes.check import Check
from probes.display import clock, one_line
from probes.labels import KINDS, verdict_label
from probes.outside import Outside
from probes.resolver import MailHosts, Unresolved
from probes.sender import Role
from probes.standing.fact import Fact
from probes.verdict import Outcome

MAX_LINE_CHARS = 500


class StoreTriage:
    """The facts of triage from the store, without a running service. Everything is seen."""

    sees_all = True

    def __init__(self, config: Config, store: Store, outside: Outside) -> None:
        self._config, self._store, self._lookups = config, store, Lookups(lambda: config, outside)
        self._current: dict[Check, CurrentVerdict] = {}
        self._open: list[Incident] = []

    async def begin(self) -> None:
        """Read what is asked for without waiting. Raises StoreError."""
        for each in await self._store.probes.current():
            if each.role is Role.SENDER:
                current = CurrentVerdict(each.verdict, each.judged_at, each.launched_at, each.delivery, each.probe_id)
                self._current[Check(each.company, each.path, each.kind)] = current
        self._open = await self._store.incidents.open()

    def config(self) -> Config:
        """See `TriageSource`, as for all below."""
        return self._config

    def now(self) -> datetime:
        return utc_now()

    def paths(self) -> Sequence[WatchedPath]:
        return self._config.paths()

    def current_verdicts(self, paths: Iterable[WatchedPath]) -> Mapping[Check, CurrentVerdict]:
        checks = (check for path in paths for check in path.checks)
        return {check: self._current[check] for check in checks if check in self._current}

    def open_incidents(self) -> Sequence[Incident]:
        return self._open

    async def mutes(self) -> Sequence[Mute]:
        return [*configured(self._config), *await self._store.incidents.mutes(active_at=self.now())]

    async def work(self) -> Mapping[str, IncidentWork]:
        actions = await self._store.incidents.open_actions()
        return {incident.id: work_of(incident, actions.get(incident.id, ())) for incident in self._open}

    async def last_good(self, check: Check) -> datetime | None:
        wanted = ProbeFilter(None, *check, role=Role.SENDER, outcome=Outcome.INBOX, usual=True)
        found = (await self._store.probes.page(wanted, None, 1)).probes
        return found[0].launched_at if found else None

    async def remedies(self, company: str) -> Sequence[AppliedRemedy]:
        return await self._store.remedies.of_company(company)

    async def standing(self) -> Sequence[FactRecord]:
        return await self._store.standing.current()

    async def mail_hosts(self, domain: str, seconds: float) -> MailHosts | Unresolved | None:
        return await self._lookups.mail_hosts(domain, seconds)

    async def stopping(self, domain: str, seconds: float) -> Sequence[Fact]:
        return await self._lookups.stopping(domain, seconds)

    async def sender_log(self, address: str, seconds: float) -> SenderLog | None:
        return await self._lookups.sender_log(address, seconds)


async def triage(config: Config, typed: str, *, as_json: bool) -> Exit:
    """Print where mail to this address most likely stops. Raises StoreError."""
    async with Store.open(config.store.url) as store, outside_of(config) as outside:
        source = StoreTriage(config, store, outside)
        await source.begin()
        found = await asked(source, typed)
    if as_json:
        print(json.dumps(triage_json(found), ensure_ascii=True))
    else:
        out = console()
        for line in _lines(found):
            out.print(line)
    return exit_of(found)


def exit_of(found: Triage) -> Exit:
    """Return the exit code."""
    if found.problem:
        return Exit.NOT_OK
    good = found.place is TriagePlace.PERSON and found.certainty is not PlaceCertainty.NOT_KNOWN
    return Exit.OK if good else Exit.COULD_NOT_TELL


def _lines(found: Triage) -> Iterator[str]:
    text = text_of(found)
    yield f"[bold]{_said(text.place)}[/]"
    yield from (f"  {_said(line)}" for line in text.because)
    if found.facts.address.notes:
        yield "[bold]The address[/]"
        yield from (f"  {_said(note_text(note))}" for note in found.facts.address.notes)
    yield "[bold]Tell the user[/]"
    yield from (f"  {_said(line)}" for line in text.tell)
    yield "[bold]Next[/]"
    yield f"  {_said(text.next_step)}"
    if found.advice:
        yield from (f"  {number}. {_said(step)}" for number, step in enumerate(found.advice.steps, 1))
        yield f"  {_said(found.advice.do_not)}"
    for match in found.facts.matches:
        yield f"[bold]{_said(company_line(match))}[/]"
    yield from (_check_line(check) for check in (found.facts.company.checks if found.facts.company else ()))
    if text.not_known:
        yield "[bold]Not known[/]"
        yield from (f"  [dim]{_said(line)}[/]" for line in text.not_known)


def _check_line(check: CheckState) -> str:
    state = verdict_label(check.outcome, check.verdict.cause) if check.verdict else "no result yet"
    at = f", {clock(check.at)}" if check.at else ""
    old = "" if check.recent or not check.verdict else " (too old to speak for now)"
    good = "" if check.good else f"; last in the inbox {clock(check.last_good)}" if check.last_good else ""
    return f"  {_said(check.path)}, {KINDS[check.kind].label}: {_said(state)}{at}{old}{good}"


def _said(text: str) -> str:
    return escape(one_line(text, MAX_LINE_CHARS))
