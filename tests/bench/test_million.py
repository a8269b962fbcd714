"""The store that is made at once is one that the service itself could have made."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.store import Cursor, ProbeFilter, Store
from probes.evidence import Arrival, Dialogue
from probes.verdict import Outcome
from tests.bench.million import fill, paths_of

UNTIL = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_a_store_made_at_once_is_read_like_any_other(tmp_path: Path) -> None:
    await fill(tmp_path / "mailpath.db", 2000, paths_of(10), UNTIL, timedelta(days=1))
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        page = await store.probes.page(ProbeFilter(None), None, 2001)
        assert len(page.probes) == 2000
        assert page.probes[0].launched_at == UNTIL
        assert page.probes[-1].launched_at > UNTIL - timedelta(days=1)
        assert Counter(row.path for row in page.probes if row.company == "c3") == {"hq": 200}
        outcomes = Counter(row.verdict.outcome for row in page.probes if row.verdict)
        assert outcomes.total() == 2000
        assert outcomes[Outcome.INBOX] > 1800
        for outcome in outcomes:
            found = await store.probes.page(ProbeFilter(None, outcome=outcome), None, 2000)
            assert len(found.probes) == outcomes[outcome]
        assert await store.probes.in_flight() == []
        assert await store.probes.last_signal() == 2000


async def test_the_present_verdict_of_each_line_has_its_evidence(tmp_path: Path) -> None:
    await fill(tmp_path / "mailpath.db", 500, paths_of(4), UNTIL, timedelta(days=1))
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        present = await store.probes.current()
        assert len({(now.company, now.kind) for now in present}) == 20
        for now in present:
            after = await store.probes.page(
                ProbeFilter(None, now.company, now.path, now.kind, now.role), Cursor(UNTIL, "~"), 1
            )
            assert after.probes[0].probe_id == now.probe_id, "the newest is the present one"
            record = await store.probes.record(now.probe_id)
            assert record
            assert record.verdict == now.verdict
            assert record.closed_at
            assert any(isinstance(each, Dialogue) for each in record.evidence)
            assert any(isinstance(each, Arrival) for each in record.evidence) == (now.delivery is not None)


async def test_the_database_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    await fill(tmp_path / "mailpath.db", 1000, paths_of(3), UNTIL, timedelta(days=1))
    with closing(sqlite3.connect(tmp_path / "mailpath.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_its_counts_are_those_that_the_service_would_have_written(tmp_path: Path) -> None:
    await fill(tmp_path / "mailpath.db", 2000, paths_of(10), UNTIL, timedelta(days=3))
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        rows = await store.probes.history_of_company("c3", UNTIL - timedelta(days=4))
        expected = Counter((row.kind, row.verdict.outcome) for row in rows if row.verdict)
        assert expected.total() > 100
        for begin in (UNTIL - timedelta(days=4), UNTIL - timedelta(days=4, hours=12)):
            found = await store.probes.results(begin, ["c3"])
            assert sum((Counter({(each.kind, each.outcome): each.count}) for each in found), Counter()) == expected
        times = await store.probes.delivery_times(UNTIL - timedelta(days=4), ["c3"])
        arrived = sum(
            row.delivery is not None and row.verdict.outcome is not Outcome.SPAM for row in rows if row.verdict
        )
        assert sum(sum(each.counts.values()) for each in times) == arrived
