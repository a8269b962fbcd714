"""An empty store of each kind of database."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.store import Store
from tests.support.postgresql import PostgreSQL
from tests.support.store_by_hand import StoreByHand

Child = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store in which there is nothing."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mailpath.db'}"
    server: PostgreSQL = request.getfixturevalue("server")
    return server.empty_store()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with Store.open(url) as opened:
        yield opened


@pytest.fixture
def by_hand(url: str) -> StoreByHand:
    """The same store in the hands of somebody with a database client."""
    return StoreByHand(url)


@pytest.fixture
async def child() -> AsyncIterator[Child]:
    """Start another Python process on a program and its arguments; it does not outlive the test."""
    started: list[asyncio.subprocess.Process] = []

    async def start(program: str, *arguments: str) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", program, *arguments),
            cwd=Path(__file__).parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
