"""Suggestions for fields in which a company or a path is typed: a few that match, since a list of ten thousand
companies is of no use to a reader and too heavy for a phone.

All are offered where they are few. Otherwise the server offers those that match what is typed: the script of the field
asks for them; without it the page that answers the form has them, and any name or key may be typed as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from heapq import nsmallest
from itertools import islice

from aiohttp import web

from monitor.web.caller_view import CallerView, caller_view_of
from monitor.web.company_summaries import CompanySummary, SeenCompanies
from probes.display import one_line
from probes.mailsystems.words import chain_label

MAX_ALL = 100  # companies and paths up to which all are offered
MAX_MATCHES = 20
MAX_TYPED_CHARS = 100
MAX_LABEL_CHARS = 100


class SuggestedName(StrEnum):
    """Kinds of names that a field takes."""

    COMPANY = "company"
    PLACE = "place"  # a company or a path


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that may be typed, and what it stands for."""

    value: str
    label: str


async def suggestions(view: CallerView, wanted: SuggestedName, typed: str = "") -> tuple[Suggestion, ...]:
    """Return what is offered to this caller when this is typed."""
    return matching(await view.company_summaries(), wanted, typed)


def matching(seen: SeenCompanies, wanted: SuggestedName, typed: str) -> tuple[Suggestion, ...]:
    """Return all if they are few, else the likeliest that have all words in their names, mail systems or addresses."""
    size = (
        len(seen.ranked)
        if wanted is SuggestedName.COMPANY
        else sum(len(each.paths) for each in islice(seen.ranked, 101))
    )
    if len(seen.ranked) <= MAX_ALL and size <= MAX_ALL:
        ranked = sorted(seen.ranked, key=lambda each: each.name.casefold())
        return tuple(each for summary in ranked for each in _of(summary, wanted, []))
    words = typed[:MAX_TYPED_CHARS].casefold().replace("/", " ").split()
    if not words:
        return ()
    start = " ".join(words)

    def likely(summary: CompanySummary) -> tuple[bool, int]:
        """Return its place: what begins as typed, then the shorter name; "Acme 5" before "Acme 50" and "Acme 105"."""
        return not (summary.name.casefold().startswith(start) or summary.key.startswith(start)), len(summary.name)

    matches = (each for each in seen.ranked if all(word in each.text for word in words))
    found = nsmallest(MAX_MATCHES, matches, key=likely)
    return tuple(islice((each for summary in found for each in _of(summary, wanted, words)), MAX_MATCHES))


def _of(summary: CompanySummary, wanted: SuggestedName, words: list[str]) -> Iterator[Suggestion]:
    name = one_line(summary.name, MAX_LABEL_CHARS)
    if wanted is SuggestedName.COMPANY:
        yield Suggestion(summary.key, name)
        return
    if len(summary.paths) > 1:
        label = f"{name}, all {len(summary.paths)} paths"
        if _has(words, summary.key, label):
            yield Suggestion(summary.key, label)
    for path in summary.paths:
        label = f"{name}, {chain_label(path.mail_systems)}, {path.to}"
        if _has(words, path.key, label, path.route.via, *path.mail_systems):
            yield Suggestion(path.key, one_line(label, 2 * MAX_LABEL_CHARS))


def _has(words: Iterable[str], *texts: str) -> bool:
    text = " ".join(texts).casefold()
    return all(word in text for word in words)


def routes() -> list[web.RouteDef]:
    """The route that the script of such fields asks."""
    return [web.get("/suggestions", show)]


async def show(request: web.Request) -> web.Response:
    """Answer with the matches, as JSON."""
    try:
        wanted = SuggestedName(request.query.get("for", SuggestedName.COMPANY))
    except ValueError:
        raise web.HTTPBadRequest(text=f"for: choose one of {', '.join(SuggestedName)}\n") from None
    found = await suggestions(caller_view_of(request), wanted, request.query.get("q", ""))
    return web.json_response([{"value": each.value, "label": each.label} for each in found])
