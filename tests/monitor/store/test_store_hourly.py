"""Results by hour: written with the verdict, moved when it is amended, kept when its probe is gone."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.store import ResultCount, Store
from monitor.store.hourly import KEPT_FOR, hour_of
from probes.kinds import Kind
from probes.outcome import Cause, Grade, Outcome
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.verdict import Verdict
from tests.monitor.store.test_store_schema import older
from tests.support.store_samples import FIRST, T0, probe

HOUR = 3600.0
INBOX = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived")
BLOCKED = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, "blocked")
UNKNOWN = Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "could not look")
LONG_AGO = T0 - timedelta(days=400)


async def judged(store: Store, name: str, *verdicts: Verdict, after: float = 0, **facts: Any) -> None:
    """A probe of that name, launched so many seconds after T0, with these verdicts one after the other."""
    await store.probes.launch(probe(after, id=name, **facts), "", FIRST)
    for verdict in verdicts:
        await store.probes.learn(name, (), verdict, T0, closed=True, delivery=None)


async def counts(store: Store, since: Any = LONG_AGO, companies: list[str] | None = None) -> dict[str, int]:
    found = await store.probes.results(since, companies)
    return {f"{each.company} {each.grade} {each.outcome} {each.cause or '-'}": each.count for each in found}


async def test_a_probe_counts_by_its_latest_verdict(store: Store) -> None:
    await judged(store, "a", INBOX)
    await judged(store, "b", UNKNOWN, BLOCKED)
    await judged(store, "c", BLOCKED, UNKNOWN, INBOX)
    await judged(store, "d")
    assert await counts(store) == {"acme real inbox -": 2, "acme real blocked ip_blocked": 1}
    assert await store.probes.results(LONG_AGO, ["acme"]) == [
        ResultCount("acme", Kind.VERIFICATION, Grade.REAL, Outcome.BLOCKED, Cause.IP_BLOCKED, 1),
        ResultCount("acme", Kind.VERIFICATION, Grade.REAL, Outcome.INBOX, None, 2),
    ]


async def test_only_the_sender_s_usual_mail_counts(store: Store) -> None:
    await judged(store, "control", INBOX, role=Role.CONTROL, purpose=ProbePurpose.CONTROL)
    await judged(store, "varied", BLOCKED, purpose=ProbePurpose.DIAGNOSIS)
    await judged(store, "by hand", INBOX, purpose=ProbePurpose.MANUAL)
    assert await counts(store) == {"acme real inbox -": 1}


async def test_a_window_begins_with_an_hour_and_knows_companies(store: Store) -> None:
    start = hour_of(T0)
    for number in range(3):
        await judged(store, f"acme{number}", INBOX, after=number * HOUR)
        await judged(store, f"bolt{number}", BLOCKED, after=number * HOUR, company="bolt")
    later = start + timedelta(minutes=119)
    assert await counts(store, later) == {"acme real inbox -": 2, "bolt real blocked ip_blocked": 2}
    assert await counts(store, later, ["bolt"]) == {"bolt real blocked ip_blocked": 2}
    assert await counts(store, start + timedelta(hours=3)) == {}
    assert await counts(store, LONG_AGO, []) == {}


async def test_many_at_once_are_all_counted(store: Store) -> None:
    await asyncio.gather(*(judged(store, f"p{number}", UNKNOWN, INBOX) for number in range(100)))
    assert await counts(store) == {"acme real inbox -": 100}


async def test_counts_outlive_their_probes_and_end_after_years(store: Store) -> None:
    await judged(store, "a", INBOX)
    assert await store.prune(T0 + timedelta(days=90), T0 + timedelta(days=90)) == 1
    assert await store.probes.record("a") is None
    assert await counts(store) == {"acme real inbox -": 1}
    await store.prune(T0, hour_of(T0) + KEPT_FOR)
    assert await counts(store) == {"acme real inbox -": 1}
    await store.prune(T0, hour_of(T0) + KEPT_FOR + timedelta(hours=1))
    assert await counts(store) == {}


async def test_a_verdict_that_is_refused_is_not_counted(store: Store, tmp_path: Path) -> None:
    """Both are one write: what refuses the count refuses the verdict."""
    await store.probes.launch(probe(id="a"), "", FIRST)
    with closing(sqlite3.connect(tmp_path / "mailpath.db")) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON hourly_results BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    with pytest.raises(Exception, match="no room"):
        await store.probes.learn("a", (), INBOX, T0, closed=True, delivery=None)
    record = await store.probes.record("a")
    assert record
    assert record.verdict is None


async def test_an_older_store_is_filled_from_its_verdicts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        await judged(store, "a", UNKNOWN, BLOCKED)
        await judged(store, "b", INBOX, after=2 * HOUR)
        await judged(store, "c", INBOX, after=2 * HOUR + 60)
        await judged(store, "control", INBOX, role=Role.CONTROL)
        await judged(store, "varied", INBOX, purpose=ProbePurpose.DIAGNOSIS)
        whole = await counts(store)
        recent = await counts(store, hour_of(T0) + timedelta(hours=2))
    async with Store.open(f"sqlite:///{await older(tmp_path / 'mailpath.db', '0012', monkeypatch)}") as store:
        assert await counts(store) == whole == {"acme real inbox -": 2, "acme real blocked ip_blocked": 1}
        assert await counts(store, hour_of(T0) + timedelta(hours=2)) == recent == {"acme real inbox -": 2}
        await store.probes.learn("a", (), INBOX, T0, closed=True, delivery=None)
        assert await counts(store) == {"acme real inbox -": 3}
