"""Results of the sender's mail, shared by the page of the sender and the API."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.config import WatchedPath
from monitor.output.symbols import WORST_FIRST
from monitor.people.caller import NotThereError
from monitor.probing.current import CurrentVerdict
from monitor.store import ProbeRecord
from monitor.web.caller_view import CallerView
from probes.check import Check
from probes.evidence import Arrival
from probes.reading.headers import read_message
from probes.verdict import Grade, Outcome

MAX_HEADERS_READ = 30  # arrivals whose headers are read for one answer


@dataclass(frozen=True, slots=True)
class SystemCounts:
    """The present verdicts of one grade at one mail system: how many checks have which outcome, the worst first.
    Grades differ in what they prove, so outcomes of different grades are never added up."""

    mail_system: str  # its key
    grade: Grade
    companies: int
    outcomes: tuple[tuple[Outcome, int], ...]


@dataclass(frozen=True, slots=True)
class HeaderResults:
    """Results in the headers of one arrival: "pass", "fail", "none", …; "" if the receiver stated none."""

    company: str
    name: str
    path: str
    mail_system: str
    grade: Grade | None
    probe_id: str
    at: datetime
    connecting_ip: str
    spf: str
    dkim: str
    dmarc: str
    arc: str


def counts_by_system(
    paths: Iterable[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict]
) -> list[SystemCounts]:
    """Count the present verdicts by mail system and grade."""
    counts: Counter[tuple[str, Grade, Outcome]] = Counter()
    companies: dict[tuple[str, Grade], set[str]] = {}
    systems = {(path.company, path.path): path.mail_system for path in paths}
    for (company, path, _), current in current_verdicts.items():
        system, verdict = systems[company, path], current.verdict
        counts[system, verdict.grade, verdict.outcome] += 1
        companies.setdefault((system, verdict.grade), set()).add(company)
    return [
        SystemCounts(
            system,
            grade,
            len(companies[system, grade]),
            tuple((each, counts[system, grade, each]) for each in WORST_FIRST if each and counts[system, grade, each]),
        )
        for system, grade in sorted(companies, key=lambda key: (key[0], list(Grade).index(key[1])))
    ]


def newest_arrivals(current_verdicts: Mapping[Check, CurrentVerdict], most: int = MAX_HEADERS_READ) -> list[str]:
    """Ids of the probes whose headers are worth reading: the newest arrival on each path, of the newest paths."""
    newest: dict[tuple[str, str], CurrentVerdict] = {}
    for (company, path, _), current in current_verdicts.items():
        place = company, path
        if current.delivery is not None and (place not in newest or current.at > newest[place].at):
            newest[place] = current
    return [each.probe_id for each in sorted(newest.values(), key=lambda each: each.at, reverse=True)[:most]]


def header_results_of(record: ProbeRecord, path: WatchedPath) -> HeaderResults | None:
    """Read what the receiver's headers say of this probe; None if it did not arrive."""
    arrival = next((seen for seen in reversed(record.evidence) if isinstance(seen, Arrival)), None)
    if arrival is None:
        return None
    read = read_message(arrival.headers, relayed=record.probe.traits.relayed)
    return HeaderResults(
        company=path.company,
        name=path.company_name,
        path=path.path,
        mail_system=path.mail_system,
        grade=record.verdict.grade if record.verdict else None,
        probe_id=record.probe.id,
        at=arrival.at,
        connecting_ip=read.connecting_ip or "",
        spf=read.authentication.spf or "",
        dkim=read.authentication.dkim or "",
        dmarc=read.authentication.dmarc or "",
        arc=read.authentication.arc or "",
    )


async def header_results(view: CallerView) -> list[HeaderResults]:
    """Return the receivers' results for the newest arrivals that the caller may see, newest first."""
    paths = view.paths()
    wanted = newest_arrivals(view.current_verdicts(paths))
    records = [record for probe_id in wanted if (record := await _record(view, probe_id))]
    return await asyncio.to_thread(_read, records, {(path.company, path.path): path for path in paths})


def _read(records: Sequence[ProbeRecord], paths: Mapping[tuple[str, str], WatchedPath]) -> list[HeaderResults]:
    ways = ((record, paths.get((record.probe.company, record.probe.path))) for record in records)
    return [found for record, path in ways if path and (found := header_results_of(record, path))]


async def _record(view: CallerView, probe_id: str) -> ProbeRecord | None:
    try:
        return await view.record(probe_id)
    except NotThereError:  # deleted in the meantime
        return None
