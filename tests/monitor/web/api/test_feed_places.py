"""The feed jumps to the end after a long silence, and replays from the store what it does not keep itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.store import Store
from monitor.web.api.feed import Feed, FeedCursor
from tests.support.store_samples import FIRST, INBOX, T0, probe


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as opened:
        yield opened


def backend_of(store: Store) -> Any:
    """What the feed needs of it."""
    return SimpleNamespace(
        store=store, followed=store.probes.last_signal, incident_engine=SimpleNamespace(incidents=())
    )


async def judged(store: Store, *names: str) -> None:
    for name in names:
        await store.probes.launch(probe(id=name), "", FIRST)
        await store.probes.learn(name, (), INBOX, T0, closed=True, delivery=None)


async def replayed(feed: Feed, backend: Any, place: FeedCursor) -> str:
    """What comes after a place, page by page."""
    names: list[str] = []
    while batch := (await feed.after(backend, place)).signals:
        names += [each.probe_id for each in batch]
        place = FeedCursor(batch[-1].number, place.run, place.change)
    return "".join(names)


@pytest.mark.parametrize(("most", "seen"), [(99, "bcdefg"), (4, "defg")])
async def test_who_was_away_for_long_reads_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch, most: int, seen: str
) -> None:
    for name, value in (("KEPT", 3), ("PAGE_VERDICTS", 2), ("MAX_REPLAYED_VERDICTS", most)):
        monkeypatch.setattr(f"monitor.web.api.feed.{name}", value)
    feed, backend = Feed(), backend_of(store)
    await judged(store, "a")
    place = await feed.now(backend)
    await judged(store, *"bcdefg")
    end = await feed.now(backend)
    assert end.signal == await store.probes.last_signal()
    assert await replayed(feed, backend, place) == seen
    await judged(store, "h")
    await feed.read(backend)
    assert await replayed(feed, backend, end) == "h"
