"""Fields with suggestions instead of long lists, by keyboard alone and by touch, on a phone and at a desk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from monitor.people.person import Rights
from monitor.web.pages.suggestions import MAX_ALL
from tests.support.chromium import HIGH, NARROW, PATIENCE, BrowserTab
from tests.support.page_samples import SamplePages, open_sample_pages, path

pytestmark = pytest.mark.asyncio(loop_scope="module")

DESK = 1440
MAX_TABS = 40
MANY = [path(f"company{number:03}", company_name=f"Company {number}") for number in range(MAX_ALL + 50)]
expect.set_options(timeout=PATIENCE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sample_pages(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SamplePages]:
    """More companies than a list is good for."""
    async with open_sample_pages(tmp_path_factory.mktemp("pages")) as opened:
        opened.bind(None, Rights.ADMIN)
        opened.watch(*MANY)
        yield opened


@asynccontextmanager
async def tab(browser: Browser, sample_pages: SamplePages, width: int, **options: Any) -> AsyncIterator[BrowserTab]:
    """A window so wide, in which nothing goes wrong."""
    async with BrowserTab.at(
        browser, sample_pages.url, viewport={"width": width, "height": HIGH}, **options
    ) as visitor:
        yield visitor
        assert visitor.complaints == []
        assert await visitor.spills() == 0


def offered(page: Page, field: str) -> Locator:
    """What the list of this field offers. The browser draws it outside of the page, where no test can see it."""
    return page.locator(f"datalist#{field} option")


async def focus(page: Page, field: Locator) -> None:
    """Get there by Tab."""
    for _ in range(MAX_TABS):
        await page.keyboard.press("Tab")
        if await field.evaluate("field => field === document.activeElement"):
            return
    raise AssertionError("the field is not reached by keyboard")


@pytest.mark.parametrize("width", [NARROW, DESK])
async def test_by_keyboard_alone_one_types_is_offered_what_matches_and_sends_it(
    browser: Browser, sample_pages: SamplePages, width: int
) -> None:
    async with tab(browser, sample_pages, width) as visitor:
        page, keys = visitor.page, visitor.page.keyboard
        await page.goto("/probes")
        field, options = page.get_by_label("Company", exact=True), offered(page, "companies")
        await expect(options).to_have_count(0)
        await focus(page, field)
        await keys.type("Company 14")
        await expect(options).to_have_count(12)
        await expect(options.first).to_have_attribute("value", "company014")
        await keys.type("9")
        await expect(options).to_have_count(1)
        value = await options.first.get_attribute("value")
        assert value == "company149"
        await keys.press("Control+A")
        await keys.type(value)
        await keys.press("Enter")
        await page.wait_for_url("**/probes?company=company149*")
        await expect(field).to_have_value("company149")
        assert await visitor.violations() == []


@pytest.mark.parametrize("width", [NARROW, DESK])
async def test_by_touch_one_types_part_of_a_name_and_the_answer_offers_what_it_may_be(
    browser: Browser, sample_pages: SamplePages, width: int
) -> None:
    async with tab(browser, sample_pages, width, has_touch=True) as visitor:
        page = visitor.page
        await page.goto("/probes")
        field, options = page.get_by_label("Company", exact=True), offered(page, "companies")
        send = page.locator("form:has(#company) button").first
        await field.tap()
        await expect(field).to_be_focused()
        await page.keyboard.insert_text("pany 14")  # as a keyboard on the screen does, without keys
        await expect(options).to_have_count(12)
        await send.tap()
        await page.wait_for_url("**/probes?company=pany*")
        await expect(page.locator("#company-wrong")).to_be_visible()
        await expect(options).to_have_count(12)
        await field.tap()
        await field.fill("Company 149")
        await send.tap()
        await page.wait_for_url("**/probes?company=Company+149*")
        await expect(page.locator("#company-wrong")).to_have_count(0)
        for target in (field, send):
            place = await target.bounding_box()
            assert place
            assert min(place["width"], place["height"]) >= 24, "WCAG 2.2, 2.5.8"
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= width


async def test_whoever_types_on_is_offered_what_matches_last(browser: Browser, sample_pages: SamplePages) -> None:
    """An answer that comes late does not replace a newer one."""
    async with tab(browser, sample_pages, DESK) as visitor:
        page = visitor.page
        held: list[Route] = []

        async def hold(route: Route) -> None:
            if "company1&" in f"{route.request.url}&" and not held:
                held.append(route)
            else:
                await route.continue_()

        await page.route("**/suggestions?*", hold)
        await page.goto("/probe-now")
        field, options = page.get_by_label("Company or path"), offered(page, "places")
        async with page.expect_request("**/suggestions?*"):
            await field.press_sequentially("company1")
        async with page.expect_response("**/suggestions?*"):
            await field.press_sequentially("49")
        await expect(options).to_have_count(1)
        async with page.expect_response("**/suggestions?*"):
            await held[0].continue_()
        assert await options.evaluate_all("all => all.map((each) => each.value)") == ["company149/hq"]
