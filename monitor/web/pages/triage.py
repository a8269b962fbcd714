"""Triage: the page for the help desk, which has somebody on the phone.

The address comes in the body of a form, never in an address of ours: those are in histories, referrers and the logs of
proxies.
"""

from dataclasses import dataclass

from aiohttp import web

from monitor.actions.triage import triage
from monitor.people.person import Rights
from monitor.triage.address import MAX_TYPED_CHARS, NoteWeight
from monitor.triage.decide import Triage
from monitor.triage.facts import CheckState
from monitor.triage.words import TriageText, note_text, text_of
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.probe import now_of
from monitor.web.rendering import page
from monitor.web.triage_source import CallerTriage
from probes.display import lasting
from probes.mailsystems.words import chain_label


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note about the address, as the page shows it."""

    weight: NoteWeight
    text: str


@dataclass(frozen=True, slots=True)
class TriageView:
    """The answer, as the page shows it. `probe`: company/path and kind of the probe to start, "" where none can be;
    `takes_effect`: a length of time, "" where the change acts at once."""

    found: Triage
    text: TriageText
    notes: tuple[NoteLine, ...]
    system: str
    probe: tuple[str, str]
    takes_effect: str


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [web.get("/triage", show_form), web.post("/triage", show_answer)]


async def show_form(request: web.Request) -> web.Response:
    """The form, empty: an address in the query is not read."""
    return _page(request, caller_view_of(request), "", None)


async def show_answer(request: web.Request) -> web.Response:
    """The answer for the address in the form."""
    view, typed = caller_view_of(request), (await request.post()).get("address", "")
    typed = typed[: MAX_TYPED_CHARS + 1] if isinstance(typed, str) else ""
    return _page(request, view, typed, triage_view(await triage(CallerTriage(view), typed)))


def _page(request: web.Request, view: CallerView, typed: str, answer: TriageView | None) -> web.Response:
    return page(
        request,
        "triage.html",
        typed=typed,
        most=MAX_TYPED_CHARS,
        answer=answer,
        may_probe=view.caller.may(Rights.OPERATOR),
        now=now_of(view),
    )


def triage_view(found: Triage) -> TriageView:
    """Return the answer as the page shows it."""
    facts, advice = found.facts, found.advice
    return TriageView(
        found,
        text_of(found),
        tuple(NoteLine(note.weight, note_text(note)) for note in facts.address.notes),
        chain_label(facts.company.entry.chain) if facts.company else "",
        _probe(found),
        lasting(advice.takes_effect_within) if advice and advice.takes_effect_within else "",
    )


def _probe(found: Triage) -> tuple[str, str]:
    """Return the path and kind to probe: what fails, else what was tested longest ago."""
    company = found.facts.company
    if not company or not company.checks:
        return ("", "")
    chosen = min(company.checks, key=_urgency)
    return (f"{company.entry.key}/{chosen.path}", str(chosen.kind))


def _urgency(check: CheckState) -> tuple[bool, float]:
    return (not check.bad, check.launched_at.timestamp() if check.launched_at else 0.0)
