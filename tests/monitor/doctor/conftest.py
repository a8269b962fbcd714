"""Premises of a test: a configuration on disk, and the outside world that it names."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from monitor.config import read_config
from monitor.doctor.observation import Premises
from monitor.probing.outside import outside_of

House = Callable[[str], AbstractAsyncContextManager[Premises]]


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Return what opens the premises of a configuration with this text."""

    @asynccontextmanager
    async def opened(text: str) -> AsyncIterator[Premises]:
        file = tmp_path / "config.toml"
        file.write_text(text)
        config = read_config(file)
        async with outside_of(config) as outside:
            yield Premises(config, file, (), outside, 5.0)

    return opened
