"""A short torture with every run of the tests; the long one is `make torture`."""

from pathlib import Path

import pytest

from tests.torture.__main__ import torture

pytestmark = pytest.mark.lab  # it wants the machine for itself


@pytest.mark.timeout(300)
async def test_killed_again_and_again_nothing_is_lost_doubled_or_invented(tmp_path: Path) -> None:
    figures, wrong = await torture(tmp_path, kills=5, seed=11)
    assert wrong == [], figures
    assert figures["probes"]
