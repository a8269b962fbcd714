"""Analyse: paste a bounce, a reply or headers, or upload a message, and read what it says. Nothing is kept."""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from monitor.analysis.advice import ContentAdvice
from monitor.analysis.analyse import Analysis, Refusal, WatchedSender, analyse
from monitor.analysis.words import AnalysisText, analysis_text, filter_sentence, refusal_sentence
from monitor.web.backend import BACKEND
from monitor.web.caller_view import caller_view_of
from monitor.web.pages.probe import now_of
from monitor.web.rendering import page
from monitor.web.uploads import MULTIPART, parts_of
from probes.display import lasting

FILE, TEXT = "file", "text"


@dataclass(frozen=True, slots=True)
class AnalysisView:
    """The answer, as the page shows it. `more`: further refusals, in a sentence each; `takes_effect`: a length of time,
    "" where the change acts at once."""

    found: Analysis
    text: AnalysisText
    first: Refusal | None
    more: tuple[tuple[str, str], ...]
    filters: tuple[str, ...]
    advice: ContentAdvice | None
    takes_effect: str


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [web.get("/analyse", show_analyse), web.post("/analyse", show_analysis)]


async def show_analyse(request: web.Request) -> web.Response:
    """The form."""
    return _page(request, None)


async def show_analysis(request: web.Request) -> web.Response:
    """The answer for what is in the form: the file if there is one, else the text."""
    data, backend = await _content(request), request.app[BACKEND]
    identity = backend.config().sender
    sender = WatchedSender(identity.domain, identity.source_ip)
    async with backend.readings:
        found = await asyncio.to_thread(analyse, data, sender)
    return _page(request, analysis_view(found, sender))


async def _content(request: web.Request) -> bytes:
    if request.content_type == MULTIPART:
        parts = await parts_of(request)
        return parts.get(FILE) or parts.get(TEXT, b"")
    value = (await request.post()).get(TEXT, "")
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""


def _page(request: web.Request, answer: AnalysisView | None) -> web.Response:
    return page(request, "analyse.html", answer=answer, now=now_of(caller_view_of(request)))


def analysis_view(found: Analysis, sender: WatchedSender) -> AnalysisView:
    """Return the answer as the page shows it."""
    first = found.refusals[0] if found.refusals else None
    advice = first.advice if first else found.advice
    return AnalysisView(
        found,
        analysis_text(found, sender),
        first,
        tuple((each.recipient, refusal_sentence(each)) for each in found.refusals[1:]),
        tuple(map(filter_sentence, found.message.filters)) if found.message else (),
        advice,
        lasting(advice.takes_effect_within) if advice and advice.takes_effect_within else "",
    )
