"""The sender: who is watched, how its mail fares by mail system, for which causes, and what receivers say of it."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from monitor.config import Config, WatchedPath
from monitor.incidents.advising import runbook_for
from monitor.output.symbols import WORST_FIRST
from monitor.people.caller import NotThereError
from monitor.probing.current import CurrentVerdict
from monitor.store import ProbeRecord
from monitor.web.backend import BACKEND
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.rendering import page
from probes.check import Check
from probes.evidence import Arrival
from probes.mailsystems.table import system_label
from probes.reading.headers import read_message
from probes.sender import Identity
from probes.verdict import Cause, Concern, Grade, Outcome

MOST_READ = 30  # arrivals whose headers are read for one page
CHECKS = ("spf", "dkim", "dmarc")

CONCERNS: dict[Concern, str] = {
    Concern.SENDER: "the sender",
    Concern.RECIPIENT: "the recipient",
    Concern.PATH: "the way there",
    Concern.OURSELVES: "Mailpath itself",
    Concern.NOBODY_KNOWN: "nobody known",
}


@dataclass(frozen=True, slots=True)
class SystemRow:
    """How mails fare now where this mail system runs, seen with this grade: how many kinds on paths."""

    system: str
    grade: Grade
    companies: int
    outcomes: tuple[tuple[Outcome, int], ...]


@dataclass(frozen=True, slots=True)
class CauseRow:
    """Why mails are not in the inbox now: how many kinds on paths, at how many companies."""

    cause: Cause
    concerns: str
    number: int
    companies: int
    runbook: str


@dataclass(frozen=True, slots=True)
class HeaderResults:
    """What the headers of one arrival say. A check that its receiver did not tell of is ""."""

    company: str
    name: str
    system: str
    grade: str
    probe_id: str
    at: datetime
    connecting_ip: str
    checks: tuple[str, ...]  # as in CHECKS


@dataclass(frozen=True, slots=True)
class Sender:
    """The page. `identities` are the sender and those it is compared with."""

    domain: str
    identities: tuple[Identity, ...]
    signs: bool
    systems: tuple[SystemRow, ...]
    causes: tuple[CauseRow, ...]
    said: tuple[HeaderResults, ...]
    checks: tuple[str, ...]
    totals: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]  # of each check, how often each result
    judged: int


def sender_view(
    config: Config,
    paths: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    said: Sequence[HeaderResults],
) -> Sender:
    """The page as it is now, from what one caller may see."""
    return Sender(
        domain=config.sender.domain,
        identities=tuple(config.identities().values()),
        signs=config.sender.dkim is not None,
        systems=tuple(_systems(paths, current_verdicts)),
        causes=tuple(_causes(current_verdicts)),
        said=tuple(sorted(said, key=lambda each: each.name.casefold())),
        checks=CHECKS,
        totals=tuple((check, _results(said, place)) for place, check in enumerate(CHECKS)),
        judged=len(current_verdicts),
    )


def newest_arrivals(current_verdicts: Mapping[Check, CurrentVerdict], most: int = MOST_READ) -> list[str]:
    """Ids of the probes whose headers are worth reading: of each company the newest that arrived."""
    newest: dict[str, CurrentVerdict] = {}
    for (company, _, _), standing in current_verdicts.items():
        if standing.delivery is not None and (company not in newest or standing.at > newest[company].at):
            newest[company] = standing
    return [each.probe_id for each in sorted(newest.values(), key=lambda each: each.at, reverse=True)[:most]]


def said_of(record: ProbeRecord, path: WatchedPath) -> HeaderResults | None:
    """What the receiver's headers say of this probe; None if it did not arrive."""
    arrival = next((seen for seen in reversed(record.evidence) if isinstance(seen, Arrival)), None)
    if arrival is None:
        return None
    facts = read_message(arrival.headers, relayed=record.probe.via == "relay")
    return HeaderResults(
        company=path.company,
        name=path.company_name,
        system=system_label(path.mail_system),
        grade=record.verdict.grade if record.verdict else "",
        probe_id=record.probe.id,
        at=arrival.at,
        connecting_ip=facts.connecting_ip or "",
        checks=tuple(getattr(facts.authentication, check) or "" for check in CHECKS),
    )


def routes() -> list[web.RouteDef]:
    """The route of the page."""
    return [web.get("/sender", show)]


async def show(request: web.Request) -> web.Response:
    """The page."""
    view, backend = caller_view_of(request), request.app[BACKEND]
    paths = view.paths()
    current_verdicts = view.current_verdicts(paths)
    records = [record for probe in newest_arrivals(current_verdicts) if (record := await _record(view, probe))]
    known = {(path.company, path.path): path for path in paths}
    said = await asyncio.to_thread(_read, records, known)
    shown = sender_view(backend.config(), paths, current_verdicts, said)
    return page(request, "sender.html", view=shown, now=backend.now())


async def _record(view: CallerView, probe_id: str) -> ProbeRecord | None:
    try:
        return await view.record(probe_id)
    except NotThereError:  # forgotten in the meantime
        return None


def _read(records: Iterable[ProbeRecord], paths: Mapping[tuple[str, str], WatchedPath]) -> list[HeaderResults]:
    ways = ((record, paths.get((record.probe.company, record.probe.path))) for record in records)
    return [said for record, path in ways if path and (said := said_of(record, path))]


def _systems(paths: Iterable[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict]) -> Iterable[SystemRow]:
    counts: Counter[tuple[str, Grade, Outcome]] = Counter()
    companies: dict[tuple[str, Grade], set[str]] = {}
    systems = {(path.company, path.path): path.mail_system for path in paths}
    for (company, path, _), standing in current_verdicts.items():
        system, verdict = systems[company, path], standing.verdict
        counts[system, verdict.grade, verdict.outcome] += 1
        companies.setdefault((system, verdict.grade), set()).add(company)
    for system, grade in sorted(companies, key=lambda key: (key[0], list(Grade).index(key[1]))):
        found = tuple(
            (each, counts[system, grade, each]) for each in WORST_FIRST if each and counts[system, grade, each]
        )
        yield SystemRow(system_label(system), grade, len(companies[system, grade]), found)


def _causes(current_verdicts: Mapping[Check, CurrentVerdict]) -> Iterable[CauseRow]:
    found: dict[Cause, list[tuple[str, Outcome]]] = {}
    for (company, _, _), standing in current_verdicts.items():
        if standing.verdict.cause:
            found.setdefault(standing.verdict.cause, []).append((company, standing.verdict.outcome))
    for cause, seen in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        companies = {company for company, _ in seen}
        runbook = runbook_for(cause, seen[0][1])
        yield CauseRow(cause, CONCERNS[cause.concerns], len(seen), len(companies), runbook)


def _results(said: Iterable[HeaderResults], place: int) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(each.checks[place] for each in said).most_common())
