"""Settings: the doctor, which tries every part that Mailpath needs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from monitor.doctor.observation import Observation
from monitor.doctor.rounds import DoctorRound
from monitor.doctor.table import EXAMINATIONS
from monitor.people.person import Rights
from monitor.web.auth.needs import needs
from monitor.web.backend import BACKEND
from monitor.web.caller_view import caller_view_of
from monitor.web.pages.sender_standing import mark_of_state
from monitor.web.rendering import page
from probes.standing.fact import State
from probes.standing.words import STATES

PAGE = "/settings/doctor"
WORST_FIRST = (State.BAD, State.WEAK, State.UNKNOWN, State.REFUSED, State.NONE, State.GOOD)


@dataclass(frozen=True, slots=True)
class ExaminedRow:
    """An examination and what it found so far; nothing while it has not begun."""

    name: str
    question: str
    findings: Sequence[Observation]


def routes() -> list[web.RouteDef]:
    """Its routes."""
    return [web.get(PAGE, show), web.post(PAGE, examine)]


@needs(Rights.ADMIN)
async def show(request: web.Request) -> web.Response:
    """Show what the last round found so far."""
    the_doctor = request.app[BACKEND].doctor
    last = the_doctor.last if the_doctor and caller_view_of(request).caller.companies is None else None
    return page(
        request,
        "doctor.html",
        able=the_doctor is not None,
        last=last,
        rows=_rows(last) if last else (),
        total=len(EXAMINATIONS),
        tally=_tally(last) if last else (),
        mark=mark_of_state,
    )


@needs(Rights.ADMIN)
async def examine(request: web.Request) -> web.Response:
    """Begin a round, unless one is under way, and show it."""
    the_doctor = request.app[BACKEND].doctor
    if the_doctor and caller_view_of(request).caller.companies is None:
        the_doctor.begin()
    raise web.HTTPSeeOther(PAGE)


def _rows(last: DoctorRound) -> list[ExaminedRow]:
    return [
        ExaminedRow(each.name, each.question, sorted(last.of(each), key=lambda found: WORST_FIRST.index(found.state)))
        for each in EXAMINATIONS
    ]


def _tally(last: DoctorRound) -> list[tuple[int, str]]:
    count = Counter(finding.state for _, finding in last.found)
    return [(count[state], STATES[state].label) for state in WORST_FIRST if count[state]]
