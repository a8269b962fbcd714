"""Summaries of companies: kept as verdicts come, they are what they would be if they were made anew."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.probing.current import Board
from monitor.web.company_summaries import AT_ONCE, CompanySummaries, SeenCompanies
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Grade, Outcome, Verdict
from tests.support.page_samples import NOW, path

OUTCOMES = (*Outcome, *(Outcome.INBOX,) * 8)


def watched(rng: Random, companies: int) -> Iterator[WatchedPath]:
    for company in range(companies):
        for each in range(rng.choice((1, 1, 1, 3))):
            yield path(f"c{company}", f"p{each}", kinds=tuple(Kind)[: rng.randrange(1, 4)])


def signal(rng: Random, on: WatchedPath, minute: int) -> Signal:
    at = NOW + timedelta(minutes=minute)
    role = rng.choice((Role.SENDER, Role.SENDER, Role.CONTROL))
    verdict = Verdict(rng.choice(OUTCOMES), None, Grade.REAL, "because")
    return Signal(minute, f"p{minute}", on.company, on.path, rng.choice(on.kinds), role, at, at, verdict)


async def facts(seen: SeenCompanies) -> tuple[object, ...]:
    tally = seen.tally
    return list(seen.ranked), dict(seen.by_key), +tally.companies, +tally.paths, +tally.kinds


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_kept_is_what_would_be_made_anew(seed: int) -> None:
    rng, board, at = Random(seed), Board(), [NOW]
    paths = [*watched(rng, 40)]
    board.configure(paths)
    kept = CompanySummaries(board, lambda: at[0])
    for minute in range(1, 400):
        at[0] = NOW + timedelta(minutes=minute)
        board.take([signal(rng, rng.choice(paths), minute)])
        if rng.random() < 0.3:
            kept.take([])
        if minute % 150 == 0:
            paths = [each for each in paths if rng.random() < 0.9]
            board.configure(paths)
        if minute % 170 == 0:
            at[0] -= timedelta(hours=3)
            board.clock_was_set(at[0])
        if minute % 20 == 0:
            fresh = CompanySummaries(board, lambda: at[0])
            for companies in (None, ("c1", "c7", "gone")):
                assert await facts(await kept.seen_by(companies)) == await facts(await fresh.seen_by(companies))


async def test_a_verdict_on_one_company_makes_nobody_look_at_the_others() -> None:
    board = Board()
    board.configure([path("acme"), path("birch")])
    kept = CompanySummaries(board, lambda: NOW)
    before = dict((await kept.seen_by(None)).by_key)
    board.take([replace(signal(Random(1), board.paths["acme", "hq"], 0), role=Role.SENDER)])
    after = (await kept.seen_by(None)).by_key
    assert after["birch"] is before["birch"]
    assert after["acme"].worst is not None


async def test_silence_alone_makes_a_company_overdue() -> None:
    board, at = Board(), [NOW]
    board.configure([path("acme")])
    board.take([replace(signal(Random(1), board.paths["acme", "hq"], 0), role=Role.SENDER)])
    kept = CompanySummaries(board, lambda: at[0])
    assert not (await kept.seen_by(None)).by_key["acme"].overdue
    at[0] += timedelta(days=1)
    assert (await kept.seen_by(None)).by_key["acme"].overdue


class Told(dict[str, tuple[WatchedPath, ...]]):
    """The companies of a board; which of them were looked at, and in which order."""

    def __init__(self, board: Board) -> None:
        super().__init__(board.companies)
        self.looked_at: list[str] = []

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        self.looked_at.append(key)
        return super().get(key)


async def test_as_verdicts_come_no_more_is_looked_at_than_the_loop_can_bear() -> None:
    board = Board()
    board.configure([path(f"c{number}") for number in range(2 * AT_ONCE)])
    kept = CompanySummaries(board, lambda: NOW)
    board.companies = told = Told(board)
    kept.take([])
    assert len(told.looked_at) == AT_ONCE
    kept.take([])
    assert len(set(told.looked_at)) == 2 * AT_ONCE


async def test_what_changed_first_is_looked_at_first() -> None:
    board, rng = Board(), Random(1)
    paths = [path(f"c{number}") for number in range(2 * AT_ONCE + 1)]
    board.configure(paths)
    kept = CompanySummaries(board, lambda: NOW)
    await kept.seen_by(None)
    board.companies = told = Told(board)
    rng.shuffle(paths)
    board.take([signal(rng, each, minute) for minute, each in enumerate(paths)])
    kept.take([])
    board.take([signal(rng, each, len(paths) + minute) for minute, each in enumerate(paths[-3:])])
    kept.take([])
    kept.take([])
    assert told.looked_at == [each.company for each in paths]
