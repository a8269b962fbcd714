"""Triage: the page for the help desk, which has somebody on the phone.

The address comes in the body of a form, never in an address of ours: those are in histories, referrers and the logs of
proxies.
"""

from dataclasses import dataclass, replace

from aiohttp import web

from monitor.actions.triage import triage
from monitor.notices.context import SenderInfo
from monitor.people.person import Rights
from monitor.triage.address import MAX_TYPED_CHARS, NoteWeight
from monitor.triage.decide import Triage
from monitor.triage.facts import CheckState
from monitor.triage.words import TriageText, note_text, text_of
from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.pages.advice_card import AdviceCard, card_at_company
from monitor.web.pages.probe import now_of
from monitor.web.rendering import page
from monitor.web.triage_source import CallerTriage
from probes.display import lasting
from probes.mailsystems.words import chain_label
from probes.verdict import Outcome


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note about the address, as the page shows it."""

    weight: NoteWeight
    text: str


@dataclass(frozen=True, slots=True)
class TriageView:
    """The answer, as the page shows it. `probe`: company/path and kind of the probe to start, "" where none can be."""

    found: Triage
    text: TriageText
    notes: tuple[NoteLine, ...]
    system: str
    probe: tuple[str, str]
    card: AdviceCard | None


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
    facts = found.facts
    return TriageView(
        found,
        text_of(found),
        tuple(NoteLine(note.weight, note_text(note)) for note in facts.address.notes),
        chain_label(facts.company.entry.chain) if facts.company else "",
        _probe(found),
        _card(found),
    )


def _card(found: Triage) -> AdviceCard | None:
    """Return what to do, as other pages show it; the reason for it stands in the answer already."""
    facts, advice = found.facts, found.advice
    if advice is None or not found.problem:
        return None
    if found.incident and facts.company:
        sender, entry = facts.sender, facts.company.entry
        names = SenderInfo(sender.domain, sender.source_ip, sender.address)
        return replace(card_at_company(found.incident.incident, names, entry.key, entry.chain), decided_by="")
    within = advice.takes_effect_within
    return AdviceCard(found.outcome or Outcome.UNKNOWN, found.cause, advice, "", lasting(within) if within else "")


def _probe(found: Triage) -> tuple[str, str]:
    """Return the path and kind to probe: what fails, else what was tested longest ago."""
    company = found.facts.company
    if not company or not company.checks:
        return ("", "")
    chosen = min(company.checks, key=_urgency)
    return (f"{company.entry.key}/{chosen.path}", str(chosen.kind))


def _urgency(check: CheckState) -> tuple[bool, float]:
    return (not check.bad, check.launched_at.timestamp() if check.launched_at else 0.0)
