"""What the tests in Chromium start from: for each file a service and a browser of its own, and one event loop."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser_service import NEWCOMER, House
from tests.support.browser_service import house as house_up
from tests.support.chromium import Visitor, chromium, obstacle


@pytest.fixture(scope="session")
def able() -> None:
    """Chromium and axe are here. If not, the tests are skipped; in CI, as root, that fails them."""
    if reason := obstacle():
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def house(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The service, with a verdict of every company."""
    with house_up(tmp_path_factory.mktemp("house")) as built:
        yield built


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(able: None) -> AsyncIterator[Browser]:
    """Chromium."""
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(house: House, browser: Browser) -> AsyncIterator[dict[str, Visitor]]:
    """Everybody, each in a window in which they are signed in; and `stranger`, who is not."""
    async with AsyncExitStack() as windows:
        met = {"stranger": await windows.enter_async_context(Visitor.at(browser, house.url))}
        for name, link in house.links.items():
            if name == NEWCOMER:
                continue
            met[name] = await windows.enter_async_context(Visitor.at(browser, house.url))
            await met[name].accept(link)
        yield met
