"""Lines of companies are kept while nothing changes, are never old, and are written without holding the event loop."""

import asyncio
import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from monitor.config import WatchedPath
from monitor.incidents.signal import Signal
from monitor.output.company_lines import LinesOfCompanies
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board, CompanyState
from monitor.store import Present
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from probes.sender import Role
from probes.verdict import Verdict
from tests.support.pages_app import START
from tests.support.pipeline_app import watched

KINDS = (Kind.VERIFICATION, Kind.INVITATION)
GAUGES = Gauges(lambda: 0, timedelta, dict, dict, now=lambda: START)


class ReadBoard(Board):
    """Notes which companies are written."""

    def __init__(self, paths: Iterable[WatchedPath]) -> None:
        super().__init__()
        self.read: list[str] = []
        self.configure(paths)

    def company(self, company: str) -> CompanyState:
        self.read.append(company)
        return super().company(company)


def path(company: str, **facts: Any) -> WatchedPath:
    return watched(None, None, company=company, kinds=KINDS, **facts)


def signal(company: str, number: int, outcome: Outcome = Outcome.INBOX, **facts: Any) -> Signal:
    at = START + timedelta(minutes=number)
    cause = None if outcome is Outcome.INBOX else Cause.IP_BLOCKED
    said: dict[str, Any] = {"kind": Kind.VERIFICATION, "role": Role.SENDER} | facts
    verdict = Verdict(outcome, cause, Grade.REAL, "because")
    return Signal(number, f"{number:a>16}", company, "hq", launched_at=at, at=at, verdict=verdict, **said)


async def text(lines: LinesOfCompanies, *companies: str) -> str:
    found = await lines.current(companies or None)
    return b"".join(family for each in found for family in each.families).decode()


async def test_only_companies_that_changed_are_written_anew() -> None:
    board = ReadBoard([path("acme"), path("bolt"), path("cole")])
    lines = LinesOfCompanies(board)
    first = await text(lines)
    assert await text(lines) == first
    assert board.read == ["acme", "bolt", "cole"]
    board.take([signal("bolt", 1)])
    assert 'company="bolt",path="hq",kind="verification",outcome="inbox"' in await text(lines)
    assert board.read == ["acme", "bolt", "cole", "bolt"]


async def test_a_scrape_of_one_company_writes_no_other() -> None:
    board = ReadBoard([path("acme"), path("bolt")])
    assert "bolt" not in await text(LinesOfCompanies(board), "acme", "gone")
    assert board.read == ["acme"]


async def test_kept_lines_are_those_of_now_whatever_happens() -> None:
    chance = random.Random(7)
    board = ReadBoard([path("acme")])
    kept = LinesOfCompanies(board)
    for number in range(300):
        company = chance.choice(("acme", "bolt", "cole"))
        match chance.randrange(6):
            case 0:
                names = chance.sample(("acme", "bolt", "cole"), chance.randrange(1, 4))
                board.configure([path(name, company_name=f"{name} {chance.randrange(2)}") for name in names])
            case 1:
                verdict = Verdict(Outcome.SPAM, None, Grade.REAL, "because")
                at = START + timedelta(minutes=chance.randrange(400))
                board.recall([Present(company, "hq", KINDS[0], Role.SENDER, "a" * 16, at, verdict, at, None)])
            case 2:
                board.clock_was_set(START + timedelta(minutes=chance.randrange(400)))
            case _:
                role = chance.choice((Role.SENDER, Role.CONTROL))
                outcome = chance.choice((Outcome.INBOX, Outcome.BLOCKED))
                board.take([signal(company, chance.randrange(400), outcome, kind=chance.choice(KINDS), role=role)])
        assert await text(kept) == await text(LinesOfCompanies(board)), number


async def test_a_company_that_was_gone_for_a_while_has_no_old_lines() -> None:
    board = ReadBoard([path("acme"), path("bolt")])
    lines = LinesOfCompanies(board)
    board.take([signal("bolt", 1)])
    await text(lines)
    board.configure([path("acme")])
    board.configure([path("acme"), path("bolt", company_name="Bolt the Second")])
    assert 'name="Bolt the Second"' in await text(lines)


async def test_others_have_their_turn_while_lines_are_written() -> None:
    board = ReadBoard([path(f"company{number}") for number in range(2000)])
    written = asyncio.create_task(LinesOfCompanies(board).current(None))
    turns = 0
    while not written.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(await written) == 2000
    assert turns > 5


async def test_a_reload_while_lines_are_written_harms_nothing() -> None:
    board = ReadBoard([path(f"company{number}") for number in range(2000)])
    lines = LinesOfCompanies(board)
    written = asyncio.create_task(text(lines))
    await asyncio.sleep(0)
    assert 0 < len(board.read) < 1999, "it has begun"
    board.configure([path("company1999", company_name="Changed"), path("new")])
    assert 'name="Changed"' in await written
    assert 'company="company1"' not in await written
    assert await text(lines) == await text(LinesOfCompanies(board))


async def test_metrics_show_what_changed_since_the_last_scrape() -> None:
    board = ReadBoard([path("acme")])
    metrics = Metrics(board, GAUGES)
    await metrics.render()
    board.take([signal("acme", 1, Outcome.BLOCKED)])
    assert 'outcome="blocked",cause="ip_blocked"' in (await metrics.render()).decode()
