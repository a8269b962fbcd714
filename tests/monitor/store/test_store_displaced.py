"""A store's file that is taken away while we work on it: nothing is written where nobody will look for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.store import Store, StoreDownError
from tests.support.store_samples import FIRST, probe


def deleted(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    copy = file.with_name("copy")
    copy.write_bytes(file.read_bytes())
    copy.rename(file)


@pytest.mark.parametrize("taken", [deleted, replaced])
async def test_what_is_not_in_its_place_takes_nothing(tmp_path: Path, taken: Callable[[Path], None]) -> None:
    file = tmp_path / "mailpath.db"
    async with Store.open(f"sqlite:///{file}") as store:
        await store.probes.launch(probe(), "", FIRST)
        taken(file)
        with pytest.raises(StoreDownError, match=r"mailpath.db: was moved, deleted or replaced .* start Mailpath anew"):
            await store.probes.launch(probe(), "", FIRST)
        assert "was moved" in (store.health.trouble or "")


async def test_what_is_put_back_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "mailpath.db"
    async with Store.open(f"sqlite:///{file}") as store:
        file.rename(tmp_path / "away")
        with pytest.raises(StoreDownError):
            await store.probes.launch(probe(), "", FIRST)
        (tmp_path / "away").rename(file)
        await store.probes.launch(probe(), "", FIRST)
        assert len(await store.probes.in_flight()) == 1
