"""The documentation is read by a stranger on a phone and at a desk, by keyboard alone and without JavaScript."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser_service import BrowserService
from tests.support.chromium import HIGH, BrowserTab
from tests.support.documentation import DOCS, PAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = [file.relative_to(DOCS).with_suffix("").as_posix() for file in PAGES]
WIDTHS = (390, 720, 1280)
TAB_LIMIT = 60


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_page_is_wider_than_its_window(browser: Browser, browser_service: BrowserService, width: int) -> None:
    async with BrowserTab.at(browser, browser_service.url, viewport={"width": width, "height": HIGH}) as visitor:
        for name in NAMES:
            await visitor.page.goto(f"/docs/{name}")
            assert await visitor.spills() == 0, name
            await expect(visitor.page.locator("h1")).to_have_count(1)
        assert visitor.complaints == []


async def test_a_drawing_keeps_its_lines_and_scrolls_by_keyboard_on_a_phone(
    browser: Browser, browser_service: BrowserService
) -> None:
    async with BrowserTab.at(browser, browser_service.url, viewport={"width": 390, "height": HIGH}) as visitor:
        page = visitor.page
        await page.goto("/docs/design/architecture")
        drawing = page.locator("pre.drawing").first
        assert await drawing.evaluate("(each) => each.scrollWidth > each.clientWidth")
        await drawing.focus()
        await page.keyboard.press("ArrowRight")
        await page.wait_for_function("() => document.activeElement.scrollLeft > 0")
        assert await visitor.flaws("docs drawing") == []


async def test_by_keyboard_alone_one_opens_the_contents_and_follows_a_link(
    browser: Browser, browser_service: BrowserService
) -> None:
    async with BrowserTab.at(browser, browser_service.url, java_script_enabled=False) as visitor:
        page = visitor.page
        await page.goto("/docs/guide/incidents")
        for _ in range(TAB_LIMIT):
            await page.keyboard.press("Tab")
            if await page.locator("summary:focus").count():
                break
        await page.keyboard.press("Enter")
        await expect(page.locator("nav.contents li a").first).to_be_visible()
        for _ in range(TAB_LIMIT):
            await page.keyboard.press("Tab")
            if await page.locator("nav.contents a[href='#notices']:focus").count():
                break
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{browser_service.url}/docs/guide/incidents#notices")
        await expect(page.locator("#notices")).to_be_in_viewport()
        await page.get_by_role("link", name="All documentation").first.click()
        await expect(page).to_have_url(f"{browser_service.url}/docs/")
        await page.get_by_role("link", name="Runbooks").first.click()
        await expect(page).to_have_url(f"{browser_service.url}/runbooks/")
        assert visitor.complaints == []
