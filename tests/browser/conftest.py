"""What the tests in Chromium start from: for each file a service and a browser of its own, and one event loop."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser_service import NEWCOMER, BrowserService, open_browser_service
from tests.support.chromium import BrowserTab, chromium, obstacle


@pytest.fixture(scope="session")
def able() -> None:
    """Chromium and axe are here. If not, the tests are skipped; in CI, as root, that fails them."""
    if reason := obstacle():
        if os.environ.get("CI") == "true" and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def browser_service(able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserService]:
    """The service, with a verdict of every company."""
    with open_browser_service(tmp_path_factory.mktemp("service")) as browser_service:
        yield browser_service


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(able: None) -> AsyncIterator[Browser]:
    """Chromium."""
    async with chromium() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(browser_service: BrowserService, browser: Browser) -> AsyncIterator[dict[str, BrowserTab]]:
    """Everybody, each in a window in which they are signed in; and `stranger`, who is not."""
    async with AsyncExitStack() as windows:
        met = {"stranger": await windows.enter_async_context(BrowserTab.at(browser, browser_service.url))}
        for name, link in browser_service.links.items():
            if name == NEWCOMER:
                continue
            met[name] = await windows.enter_async_context(BrowserTab.at(browser, browser_service.url))
            await met[name].accept(link)
        yield met
