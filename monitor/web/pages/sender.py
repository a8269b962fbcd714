"""The sender: who is watched, its standing, its mail by mail system and cause, and what receivers say of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from monitor.config import Config, WatchedPath
from monitor.output.report_overview import missing_reports, read_overview
from monitor.probing.current import CurrentVerdict
from monitor.web.backend import BACKEND
from monitor.web.caller_view import caller_view_of
from monitor.web.pages import sender_standing
from monitor.web.pages.sender_reports import graphs_of
from monitor.web.rendering import page
from monitor.web.sender_facts import HeaderResults, counts_by_system, header_results
from probes.check import Check
from probes.labels import CONCERNS
from probes.mailsystems.advise import runbook_for
from probes.mailsystems.table import system_label
from probes.sender import Identity
from probes.standing.words import sentence
from probes.verdict import Cause, Grade, Outcome

REPORT_DAYS = 14
CHECKS = ("spf", "dkim", "dmarc")


@dataclass(frozen=True, slots=True)
class SystemRow:
    """Current results at this mail system with this grade: number of checks by outcome."""

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
        totals=tuple((check, _results(said, check)) for check in CHECKS),
        judged=len(current_verdicts),
    )


def routes() -> list[web.RouteDef]:
    """The route of the page."""
    return [web.get("/sender", show)]


async def show(request: web.Request) -> web.Response:
    """The page."""
    view, backend = caller_view_of(request), request.app[BACKEND]
    paths = view.paths()
    said = await header_results(view)
    config = backend.config()
    shown = sender_view(config, paths, view.current_verdicts(paths), said)
    reports = None
    if view.caller.sees_all:  # whoever has some companies is not told of all the mail
        reports = await read_overview(backend.store.reports, config.sender.source_ip, REPORT_DAYS, backend.now())
    reported = sentence(reports.fact) if reports else ""
    missing = missing_reports(config)
    return page(
        request,
        "sender.html",
        view=shown,
        standing=await sender_standing.read(view),
        reports=reports,
        reported=reported,
        graphs=graphs_of(reports) if reports else (),
        missing=missing,
        now=backend.now(),
    )


def _systems(paths: Iterable[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict]) -> Iterable[SystemRow]:
    for each in counts_by_system(paths, current_verdicts):
        yield SystemRow(system_label(each.mail_system), each.grade, each.companies, each.outcomes)


def _causes(current_verdicts: Mapping[Check, CurrentVerdict]) -> Iterable[CauseRow]:
    found: dict[Cause, list[tuple[str, Outcome]]] = {}
    for (company, _, _), current in current_verdicts.items():
        if current.verdict.cause:
            found.setdefault(current.verdict.cause, []).append((company, current.verdict.outcome))
    for cause, seen in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        companies = {company for company, _ in seen}
        runbook = runbook_for(cause, seen[0][1])
        yield CauseRow(cause, CONCERNS[cause.concerns].title, len(seen), len(companies), runbook)


def _results(said: Iterable[HeaderResults], check: str) -> tuple[tuple[str, int], ...]:
    return tuple(Counter(getattr(each, check) for each in said).most_common())
