"""Current state, metrics and live pages follow the store, whichever process stores a verdict."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from structlog.testing import capture_logs

from monitor.incidents.signal import Signal
from monitor.output.metrics import Gauges, Metrics
from monitor.probing.current import Board
from monitor.probing.following import LOOK_SECONDS, SignalReader
from monitor.store import Store, StoreError
from monitor.web.broadcast import Live
from probes.check import Check
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched
from tests.support.store_samples import BLOCKED, FIRST, INBOX, probe

CHECK = Check("acme", "hq", Kind.VERIFICATION)
GAUGES = Gauges(in_flight=int, lag=timedelta, skipped=dict, mailbox_errors=dict)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as opened:
        yield opened


async def judged(store: Store, name: str, verdict=INBOX, delivery: float | None = None, **facts) -> None:
    if await store.probes.record(name) is None:
        await store.probes.launch(probe(id=name, **facts), "", FIRST)
    took = None if delivery is None else timedelta(seconds=delivery)
    await store.probes.learn(name, (), verdict, NOW, closed=True, delivery=took)


async def until(true) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


async def test_each_signal_is_passed_on_once_in_order_to_all(store: Store) -> None:
    await judged(store, "before")
    reader, one, other = SignalReader(store), list[str](), list[str]()
    await reader.begin(*(lambda signals, to=to: to.extend(each.probe_id for each in signals) for to in (one, other)))
    for name in "abc":
        await judged(store, name)
        assert await reader.read() == reader.number
    await asyncio.gather(judged(store, "d"), reader.read(), judged(store, "e"), reader.read())
    await reader.read()
    assert one == other
    assert one[:3] == ["a", "b", "c"]
    assert sorted(one[3:]) == ["d", "e"]


async def test_a_page_that_is_open_at_the_start_makes_no_news_of_the_past(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Browsers connect again before the service has started: else counters would begin with all of history."""
    monkeypatch.setattr("monitor.probing.following.MAX_SIGNALS_PER_READ", 1)
    for name in "abcd":
        await judged(store, name)
    reader, seen = SignalReader(store), list[str]()
    page = asyncio.create_task(reader.read())
    await asyncio.sleep(0)
    await reader.begin(lambda signals: seen.extend(each.probe_id for each in signals))
    await judged(store, "e")
    assert await page <= await reader.read()
    assert seen == ["e"]


async def test_another_process_s_verdicts_show_on_pages_and_in_metrics(store: Store, tmp_path: Path) -> None:
    board, live, reader = Board(), Live(), SignalReader(store)
    board.configure([watched(ScriptedRoute(), None, kinds=(Kind.VERIFICATION,))])
    await reader.begin(board.take, live.take)
    reader.start()
    with live.subscribed(lambda news: news.company == "acme") as watcher:
        async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as other:
            began = monotonic()
            await judged(other, "theirs", BLOCKED)
            await until(lambda: CHECK in board.current_verdicts)
            assert monotonic() - began < LOOK_SECONDS + 2
        assert watcher.queue.get_nowait().probe_id == "theirs"
    text = (await Metrics(board, GAUGES).render()).decode()
    assert 'mailpath_probes_total{company="acme",outcome="blocked",cause="ip_blocked"} 1\n' in text
    await reader.close()


async def test_a_verdict_of_this_process_is_shown_at_once(pipeline_app: PipelineApp) -> None:
    board = Board()
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox)
    board.configure([path])
    took: list[float] = []
    async with pipeline_app.service(path, followers=[board.take]) as (pipeline, heard, _):
        for number in range(1, 4):
            await pipeline.launch(path, Kind.TWO_STEP_CODE)
            await heard.verdict(number)
            began = monotonic()
            await until(lambda: sum(each.total() for each in board.probes.values()) == number)  # noqa: B023
            took.append(monotonic() - began)
            await asyncio.sleep(0.1)
    assert min(took) < LOOK_SECONDS / 4, "a verdict wakes the reader, which looks by itself once a second"
    assert sum(each.frozen().total for each in board.deliveries.values()) > 0


async def test_a_follower_that_fails_keeps_nothing_from_the_others(store: Store) -> None:
    def fails(_: Sequence[Signal]) -> None:
        raise KeyError("a bug")

    board, reader = Board(), SignalReader(store)
    board.configure([watched(ScriptedRoute(), None, kinds=(Kind.VERIFICATION,))])
    await reader.begin(fails, board.take)
    await judged(store, "a")
    with capture_logs() as lines:
        await reader.read()
    assert CHECK in board.current_verdicts
    assert len(lines) == 1


async def test_what_could_not_be_read_is_read_later(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.probing.following.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("monitor.probing.following.LOOK_SECONDS", 0.01)
    seen: list[str] = []
    reader = SignalReader(store)
    await reader.begin(lambda signals: seen.extend(each.probe_id for each in signals))
    signals, tries = store.probes.signals, 0

    async def fails(*_: object) -> list[Signal]:
        nonlocal tries
        tries += 1
        raise StoreError("store: the disk does not read")

    monkeypatch.setattr(store.probes, "signals", fails)
    reader.start()
    await judged(store, "a")
    await until(lambda: tries > 1)
    monkeypatch.setattr(store.probes, "signals", signals)
    await until(lambda: seen == ["a"])
    await reader.close()


@pytest.mark.parametrize("purpose", ProbePurpose)
async def test_only_probes_that_count_make_signals_and_are_current(store: Store, purpose: ProbePurpose) -> None:
    await judged(store, "a", BLOCKED, purpose=purpose)
    record = await store.probes.record("a")
    assert record
    assert record.probe.purpose is purpose
    assert record.verdict == BLOCKED
    counts = purpose not in (ProbePurpose.DIAGNOSIS, ProbePurpose.REMEDY)
    assert [each.probe_id for each in await store.probes.signals(0)] == (["a"] if counts else [])
    assert [each.probe_id for each in await store.probes.current()] == (["a"] if counts else [])
    assert len(await store.probes.history(CHECK, Role.SENDER, 99, 9)) == counts


async def test_numbers_of_signals_do_not_depend_on_verdicts_that_are_none(store: Store) -> None:
    for number, purpose in enumerate((ProbePurpose.DIAGNOSIS, ProbePurpose.SCHEDULED, ProbePurpose.CONTROL)):
        await judged(store, f"p{number}", purpose=purpose)
    await judged(store, "p1", BLOCKED)
    assert [(each.number, each.probe_id, each.amends) for each in await store.probes.signals(0)] == [
        (1, "p1", False),
        (2, "p2", False),
        (3, "p1", True),
    ]
    assert [each.verdict for each in await store.probes.history(CHECK, Role.SENDER, 2, 9)] == [INBOX, INBOX]
    assert next(each.verdict for each in await store.probes.history(CHECK, Role.SENDER, 3, 9)) == BLOCKED
