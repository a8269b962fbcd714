"""The lines of `/metrics` that follow from what the board has of a company, kept from scrape to scrape.

Most companies have the same lines as at the last scrape, and joining lines takes a tenth of the time of writing them.
Lines are written on the event loop, where the board stands still meanwhile, in pieces between which others have
their turn.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from time import perf_counter

from monitor.output.company_metrics import BOARD_FAMILIES
from monitor.output.exposition import Escaped, lines
from monitor.probing.current import Board, CompanyState

PIECE_SECONDS = 0.002  # of writing, until others have their turn


@dataclass(frozen=True, slots=True)
class CompanyLines:
    """The lines of one company, for each of `BOARD_FAMILIES`, and the board's revision that they show."""

    revision: int
    families: tuple[bytes, ...]


class LinesOfCompanies:
    """Keeps the lines of each company until the board has changed what it has of it."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._kept: dict[str, CompanyLines] = {}

    async def current(self, companies: Collection[str] | None) -> list[CompanyLines]:
        """The lines of these companies, None for all, as they are now or later."""
        revisions = self._board.revisions
        safe, until = Escaped(), perf_counter() + PIECE_SECONDS
        for company in [each for each in _shown(revisions, companies) if self._is_old(each)]:
            if company in self._board.revisions:  # else it was taken out of the configuration meanwhile
                self._kept[company] = self._written(company, safe)
            if perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + PIECE_SECONDS
        if gone := self._kept.keys() - self._board.revisions.keys():
            for company in gone:
                del self._kept[company]
        return [self._kept[each] for each in _shown(self._board.revisions, companies) if each in self._kept]

    def _is_old(self, company: str) -> bool:
        kept = self._kept.get(company)
        return kept is None or kept.revision != self._board.revisions[company]

    def _written(self, company: str, safe: Escaped) -> CompanyLines:
        return CompanyLines(self._board.revisions[company], lines_of(self._board.company(company), safe))


def lines_of(state: CompanyState, safe: Escaped) -> tuple[bytes, ...]:
    """The lines of a company, for each of `BOARD_FAMILIES`."""
    return tuple([lines(family, state, safe) for family in BOARD_FAMILIES])


def _shown(known: Iterable[str], companies: Collection[str] | None) -> Iterable[str]:
    return known if companies is None else (each for each in known if each in companies)
