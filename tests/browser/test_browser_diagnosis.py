"""A diagnosis from an incident's page in Chromium: what it takes, its start, its progress, its conclusion."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser_service import BrowserService
from tests.support.chromium import PATIENCE, BrowserTab

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=PATIENCE)


async def test_an_operator_starts_one_from_an_incident_and_watches_it_to_its_conclusion(
    people: dict[str, BrowserTab],
) -> None:
    operator = people["operator"]
    page = operator.page
    await page.goto("/incidents?company=granite")
    await page.locator("tbody th a").first.click()
    await page.get_by_role("link", name=re.compile("^Diagnose granite")).first.click()
    await expect(page.get_by_role("heading", level=2, name="What it takes")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("Nothing has been sent yet")
    assert await operator.flaws("diagnosis dry run") == []
    await page.get_by_role("button", name="Start the diagnosis").click()
    await page.wait_for_url("**/diagnoses/*")
    address = page.url
    await page.evaluate("() => { window.stays = true }")
    await expect(page.locator("[data-part=work]")).to_contain_text(re.compile(r"\d+ of about \d+ mails are sent"))
    await expect(page.locator("table.arms tbody tr")).not_to_have_count(0)
    assert await operator.flaws("diagnosis running") == []
    await expect(page.locator("main")).to_contain_text("It is the IP address alone.", timeout=3 * PATIENCE)
    await expect(page.get_by_role("link", name="Diagnose again")).to_be_visible()
    assert await page.evaluate("() => window.stays"), "the page followed by itself"
    assert await operator.flaws("diagnosis concluded") == []
    await page.get_by_role("link", name=re.compile("^Incident ")).first.click()
    await expect(page.locator("[data-part=diagnoses]")).to_contain_text("It is the IP address alone.")
    assert await operator.flaws("incident diagnosed") == []
    await page.goto(address)
    await page.locator("table.arms tbody th a").first.click()
    await expect(page.locator("[data-part=diagnoses]")).to_contain_text("It is the IP address alone.")
    assert operator.complaints == []


async def test_without_javascript_it_starts_is_watched_and_is_stopped(
    browser: Browser, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    async with BrowserTab.at(browser, browser_service.url, java_script_enabled=False) as visitor:
        page = visitor.page
        await page.goto("/probes?company=foxglove&outcome=blocked")
        await visitor.sign_in("operator")
        await page.locator("tbody th a").first.click()
        await page.get_by_role("link", name="Diagnose", exact=True).click()
        await page.get_by_role("button", name="Start the diagnosis").click()
        await page.wait_for_url("**/diagnoses/*")
        await page.get_by_role("link", name="Show what is known now").click()
        await expect(page.locator("[data-part=work]")).to_contain_text("of about")
        await page.get_by_role("button", name="Stop it").click()
        await expect(page.locator("main")).to_contain_text("stopped by a person")
        await page.get_by_role("link", name="Diagnose again").click()
        await expect(page.get_by_role("button", name="Start the diagnosis")).to_be_visible()
        assert visitor.complaints == []


async def test_viewers_are_offered_none(people: dict[str, BrowserTab]) -> None:
    viewer = people["viewer"]
    await viewer.page.goto("/incidents?company=granite")
    await viewer.page.locator("tbody th a").first.click()
    await expect(viewer.page.get_by_role("heading", level=1)).to_be_visible()
    await expect(viewer.page.get_by_role("link", name=re.compile("^Diagnose"))).to_have_count(0)
