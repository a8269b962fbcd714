"""Runbooks are read on a phone and at a desk, by keyboard alone and without JavaScript."""

import re

import pytest
from playwright.async_api import Browser, expect

from monitor.web.runbooks.document import runbooks
from tests.support.browser_service import BrowserService
from tests.support.chromium import HIGH, BrowserTab

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDTHS = (390, 1280)
TAB_LIMIT = 80


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_runbook_is_wider_than_its_window_with_all_of_it_open(
    browser: Browser, browser_service: BrowserService, width: int
) -> None:
    async with BrowserTab.at(browser, browser_service.url, viewport={"width": width, "height": HIGH}) as visitor:
        for name in runbooks():
            await visitor.page.goto(f"/runbooks/{'' if name == 'index' else name}")
            await visitor.page.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")
            assert await visitor.spills() == 0, name
            await expect(visitor.page.locator("h1")).to_have_count(1)
        assert visitor.complaints == []


async def test_an_incident_leads_to_its_runbook_and_from_there_to_a_probe(
    people: dict[str, BrowserTab], browser_service: BrowserService
) -> None:
    operator = people["operator"]
    page = operator.page
    await page.goto("/incidents?company=granite")
    await page.goto(await operator.first("main a[href^='/incidents/']"))
    await page.locator("main").get_by_role("link", name="Runbook").click()
    await page.wait_for_url(re.compile(r"/runbooks/[\w-]+\?incident=\w+"))
    await expect(page.locator("#case")).to_contain_text("Granite")
    await expect(page.locator("details.system[open] h3")).to_contain_text("Postfix")
    assert await operator.flaws("runbook case") == []
    await page.locator(".case").get_by_role("link", name="Probe now").click()
    await expect(page.get_by_label("Company or path")).to_have_value("granite/hq")
    assert operator.complaints == []


async def test_by_keyboard_alone_one_opens_a_mail_system_and_copies_a_text(
    browser: Browser, browser_service: BrowserService
) -> None:
    async with BrowserTab.at(
        browser, browser_service.url, java_script_enabled=False, viewport={"width": 390, "height": HIGH}
    ) as visitor:
        page = visitor.page
        await page.goto("/runbooks/cause-address")
        part = page.locator("details.system", has_text="Microsoft 365").first
        await expect(part.locator("ol").first).to_be_hidden()
        for _ in range(TAB_LIMIT):
            await page.keyboard.press("Tab")
            if await page.locator("details.system > summary:focus").count():
                break
        await page.keyboard.press("Enter")
        await expect(part.locator("ol").first).to_be_visible()
        for _ in range(TAB_LIMIT):
            await page.keyboard.press("Tab")
            if await page.locator("textarea:focus").count():
                break
        text = page.locator("textarea:focus")
        await page.keyboard.press("Control+A")
        await expect(text).to_have_value(re.compile(r"^Subject: .*104\.130\.122\.50", re.DOTALL))
        await page.keyboard.type("x")  # it is only read
        await expect(text).to_have_value(re.compile("^Subject: "))
