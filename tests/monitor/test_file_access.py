"""A store is for one user alone, and whoever finds another one is told what to do."""

import os
import re
from pathlib import Path

import pytest

from monitor.file_access import exposure, open_to_others
from monitor.store import Store, StoreError


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (0o600, None),
        (0o400, None),
        (0o640, "others can read it; make it private: chmod 600 "),
        (0o644, "others can read it; make it private: chmod 600 "),
        (0o622, "others can change it; "),
        (0o666, "others can read and change it; "),
    ],
)
def test_only_its_owner_may_read_or_change_it(tmp_path: Path, mode: int, told: str | None) -> None:
    file = tmp_path / "mailpath.db"
    file.touch()
    file.chmod(mode)
    assert (exposure(file) or "").startswith(told or "")
    assert (exposure(file) is None) == (told is None)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_it_must_be_ours(tmp_path: Path) -> None:
    file = tmp_path / "mailpath.db"
    file.touch(0o600)
    os.chown(file, 12345, 12345)
    assert exposure(file) == (
        f"it belongs to user 12345; run mailpath as user 12345, or make it yours: chown root {file}"
    )


def test_what_is_not_there_is_exposed_to_nobody(tmp_path: Path) -> None:
    assert exposure(tmp_path / "none") is None
    assert open_to_others(tmp_path / "none") is None


@pytest.mark.parametrize("companion", ["", "-wal", "-shm"])
async def test_a_store_that_others_can_read_is_refused_and_then_mended(tmp_path: Path, companion: str) -> None:
    file = tmp_path / "mailpath.db"
    url = f"sqlite:///{file}"
    async with Store.open(url):
        part = file.with_name(file.name + companion)
        part.chmod(0o644)
        with pytest.raises(StoreError, match=re.escape(f"others can read it; make it private: chmod 600 {part}")):
            async with Store.open(url):
                raise AssertionError("it was opened")
        part.chmod(0o600)
        async with Store.open(url) as store:
            assert await store.probes.in_flight() == []
