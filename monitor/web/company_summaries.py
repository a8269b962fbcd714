"""The state of every company in few facts each: kept up to date as verdicts come. With ten thousand companies a page
cannot work it out from all verdicts each time it is asked for.

What stands in the rows of a page is not kept: it is made of the verdicts for those companies alone that a page shows.
"""

import asyncio
from bisect import bisect_left, insort
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import TypeVar

from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.output.symbols import WORST_FIRST
from monitor.people.person import Companies
from monitor.probing.current import Board, CurrentVerdict
from probes.check import Check
from probes.kinds import Kind
from probes.mailsystems.words import chain_label
from probes.verdict import Outcome

AT_ONCE = 200  # companies that are looked at before others have the event loop again: some milliseconds
NEVER = datetime.max.replace(tzinfo=UTC)

V = TypeVar("V")
Rank = tuple[int, bool, int, str, str]
_RANKS = {outcome: rank for rank, outcome in enumerate(WORST_FIRST)}
_rank = attrgetter("rank")


@dataclass(frozen=True, slots=True)
class CompanySummary:
    """One company. `worst`: that of all its paths, whose own are `path_worsts`; `outcomes`: all that are in force, None
    for no verdict yet. `last`: when the newest verdict was given; `overdue`: there should have been one since, on some
    path; if not so yet, it will be from `overdue_at` on. `text` is what a search looks through, in lower case."""

    key: str
    name: str
    paths: tuple[WatchedPath, ...]
    kinds: frozenset[Kind]
    worst: Outcome | None
    path_worsts: tuple[Outcome | None, ...]
    outcomes: frozenset[Outcome | None]
    last: datetime | None
    overdue: bool
    overdue_at: datetime
    rank: Rank
    text: str

    @property
    def systems(self) -> frozenset[str]:
        """Return the mail systems that its mail goes through."""
        return frozenset(system for path in self.paths for system in path.mail_systems)

    @property
    def healthy(self) -> bool:
        """True if all probes arrive in time, and recently did."""
        return self.worst is Outcome.INBOX and not self.overdue


@dataclass(slots=True)
class SummaryCounts:
    """Counts of companies and paths by their worst outcome, and of companies by kind of mail and by mail system."""

    companies: Counter[Outcome | None] = field(default_factory=Counter)
    paths: Counter[Outcome | None] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    systems: Counter[str] = field(default_factory=Counter)

    def count(self, summary: CompanySummary, times: int = 1) -> None:
        """Count this company, or with -1 no longer."""
        self.companies[summary.worst] += times
        for worst in summary.path_worsts:
            self.paths[worst] += times
        for kind in summary.kinds:
            self.kinds[kind] += times
        for system in summary.systems:
            self.systems[system] += times


@dataclass(frozen=True, slots=True)
class SeenCompanies:
    """The companies that one caller may see, the worst first."""

    ranked: Sequence[CompanySummary]
    by_key: Mapping[str, CompanySummary]
    tally: SummaryCounts

    def name_of(self, key: str) -> str:
        """The name of a company; its key, if it is not watched any more."""
        found = self.by_key.get(key)
        return found.name if found else key


class CompanySummaries:
    """Keeps the summaries of what `board` shows."""

    def __init__(self, board: Board, now: Callable[[], datetime]) -> None:
        self._board, self._now = board, now
        self._by_key: dict[str, CompanySummary] = {}
        self._ranked: list[CompanySummary] = []
        self._tally = SummaryCounts()
        self._seen = 0  # revision of the board
        self._companies: Mapping[str, tuple[WatchedPath, ...]] = {}  # of the board, as they were then
        self._waiting = OrderedDict[str, None]()  # companies to look at, what has waited longest first

    def take(self, _: Sequence[Signal]) -> None:
        """Look at some of what has changed. Called as verdicts come, so that little is left when somebody asks."""
        self._note_changes()
        self._look_at_some(self._now())

    async def seen_by(self, companies: Companies) -> SeenCompanies:
        """Return the companies that somebody sees who is bound to these, None: all; as they are now. What is returned
        for all changes with the next verdict: use it before anything is awaited."""
        now = self._now()
        self._note_changes()
        due = [each.key for each in self._ranked if (each.overdue_at < now) is not each.overdue]
        self._waiting.update(dict.fromkeys(due))
        while self._waiting:
            self._look_at_some(now)
            if self._waiting:
                await asyncio.sleep(0)
        if companies is None:
            return SeenCompanies(self._ranked, self._by_key, self._tally)
        mine = {key: self._by_key[key] for key in companies if key in self._by_key}
        tally = SummaryCounts()
        for summary in mine.values():
            tally.count(summary)
        return SeenCompanies(sorted(mine.values(), key=_rank), mine, tally)

    def _note_changes(self) -> None:
        board = self._board
        if board.companies is not self._companies:
            self._companies = board.companies
            self._waiting.update(dict.fromkeys(self._by_key.keys() - board.companies.keys()))  # removed ones
        self._waiting.update(dict.fromkeys(reversed([*board.changed_since(self._seen)])))
        self._seen = board.revision

    def _look_at_some(self, now: datetime) -> None:
        for _ in range(min(AT_ONCE, len(self._waiting))):
            self._look_at(self._waiting.popitem(last=False)[0], now)

    def _look_at(self, key: str, now: datetime) -> None:
        before, paths = self._by_key.pop(key, None), self._board.companies.get(key)
        if before:
            del self._ranked[bisect_left(self._ranked, before.rank, key=_rank)]
            self._tally.count(before, -1)
        if paths:
            after = summary_of(paths, self._board.current_verdicts, now, before)
            self._by_key[key] = after
            insort(self._ranked, after, key=_rank)
            self._tally.count(after)


def summary_of(
    paths: tuple[WatchedPath, ...],
    current_verdicts: Mapping[Check, CurrentVerdict],
    now: datetime,
    before: CompanySummary | None = None,
) -> CompanySummary:
    """Sum up one company. `before`: what was known of it, of which that is taken which does not change."""
    first, by_kind = paths[0], dict[Kind, int]()
    worsts, outcomes, last, overdue_at = list[Outcome | None](), set[Outcome | None](), None, NEVER
    for path in paths:
        found = [(check.kind, current_verdicts.get(check)) for check in path.checks]
        known = [current.at for _, current in found if current]
        newest = max(known, default=None)
        last = max(filter(None, (last, newest)), default=None)
        overdue_at = min(overdue_at, overdue_from(path, newest))
        for kind, current in found:
            outcome = current.verdict.outcome if current else None
            outcomes.add(outcome)
            by_kind[kind] = min(badness(outcome), by_kind.get(kind, badness(outcome)))
        worsts.append(min((each.verdict.outcome if each else None for _, each in found), key=badness, default=None))
    worst = min(worsts, key=badness)
    bad = sum(rank < badness(None) for rank in by_kind.values())
    known_text = before.text if before and before.paths is paths else _text(paths)
    overdue = overdue_at < now
    return CompanySummary(
        key=first.company,
        name=first.company_name,
        paths=paths,
        kinds=_one(frozenset(by_kind)),
        worst=worst,
        path_worsts=tuple(worsts),
        outcomes=_one(frozenset(outcomes)),
        last=last,
        overdue=overdue,
        overdue_at=overdue_at,
        rank=(badness(worst), not overdue, -bad, first.company_name.casefold(), first.company),
        text=known_text,
    )


@cache
def _one(values: frozenset[V]) -> frozenset[V]:
    """Return the one set that is equal to this: few are different, and each company would keep its own."""
    return values


def badness(outcome: Outcome | None) -> int:
    """The worst is least. No verdict yet does not hide another's trouble."""
    return _RANKS[outcome]


def overdue_from(path: WatchedPath, last: datetime | None) -> datetime:
    """Return the time after which so long no verdict came that something is wrong with the watching. A crontab may
    pause for days."""
    return last + 2 * path.every + path.give_up if last and path.every else NEVER


def _text(paths: Sequence[WatchedPath]) -> str:
    first = paths[0]
    words: Iterable[str] = (
        *(first.company, first.company_name, chain_label(first.mail_systems), *first.mail_systems),
        *(f"{path.path} {path.route.via} {path.to}" for path in paths),
    )
    return " ".join(words).casefold()
