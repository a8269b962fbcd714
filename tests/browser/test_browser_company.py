"""A company's page in a browser: all of it is live, its IT fixes something and tests it, each bar leads to probes."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser_service import SEESAW_IT, THEIRS, BrowserService
from tests.support.chromium import HIGH, PATIENCE, WIDE, BrowserTab

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=PATIENCE)
SEESAW = "/companies/seesaw"
WIDTHS = (320, 390, 600, 768, 820, 1024, 1440)
STALE = """() => { for (const part of document.querySelectorAll("[data-part]")) part.append("out of date"); }"""
NOT_LIVE = """() => [...document.getElementById("view").children]
  .filter((each) => !each.dataset.part && !each.querySelector("#export")).map((each) => each.outerHTML.slice(0, 80))"""
OPEN_ALL = """() => { for (const each of document.querySelectorAll("details")) each.open = true; }"""


@pytest.fixture(autouse=True)
def fresh(people: dict[str, BrowserTab]) -> None:
    """Each test counts only its own complaints."""
    for visitor in people.values():
        visitor.complaints.clear()
        visitor.expected.clear()


async def test_every_section_is_read_again_after_an_event(people: dict[str, BrowserTab]) -> None:
    page = people["admin"].page
    await page.goto("/companies/granite")
    assert await page.evaluate(NOT_LIVE) == [], "nothing stale beside something fresh"
    parts = await page.locator("[data-part]").count()
    assert parts >= 10
    await page.evaluate(STALE)
    for number in range(parts):
        await expect(page.locator("[data-part]").nth(number)).not_to_contain_text("out of date")
    assert people["admin"].complaints == []


async def test_a_company_s_it_changes_something_tests_it_and_sees_it_recover(
    browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    its = people[SEESAW_IT]
    page = its.page
    browser_service.gateway.refuses = True
    await page.goto(SEESAW)
    await expect(page.locator("#live")).to_have_text("Live")
    await expect(page.locator("[data-part=todo]")).to_contain_text("How to fix it")
    await expect(page.locator("[data-part=incidents] tbody")).to_contain_text("ongoing")
    await expect(page.locator(".hero")).to_contain_text("test mailbox at Seesaw Works cannot be used")

    await page.get_by_role("button", name="We have changed it: test now").click()  # it has not
    await expect(page.locator("[data-part=test] .round")).to_contain_text("It still fails")

    browser_service.gateway.refuses = False
    await page.get_by_role("button", name=re.compile("test now|Send a test message")).click()
    await page.wait_for_url(re.compile(r"\?tested=[a-z0-9.]+#test$"))
    await page.evaluate("() => { window.stays = true; }")
    await expect(page.locator("[data-part=test] .round")).to_contain_text("arrived in the inbox in time")
    await expect(page.locator(".hero")).to_contain_text(re.compile("arrives again|receive sign-in codes"))
    await expect(page.locator("[data-part=incidents] tbody")).not_to_contain_text("ongoing")
    await expect(page.locator(".hero")).to_contain_text("People at Seesaw Works receive sign-in codes")
    await expect(page.locator("[data-part=todo]")).not_to_contain_text("How to fix it")
    await expect(page.locator("[data-part=delivery] svg.chart a").first).to_be_attached()
    await expect(page.locator("[data-part=codes] .level").first).to_contain_text(re.compile(r"[1-9]\d* of \d+"))
    assert await page.evaluate("() => window.stays === true"), "without a reload"
    assert its.complaints == []


async def test_the_steps_are_copied_for_who_carries_them_out(people: dict[str, BrowserTab]) -> None:
    page = people["operator"].page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto("/companies/granite")
    await page.locator("[data-part=todo]").get_by_role("button", name="Copy").first.click()
    await expect(page.locator("[data-part=todo]").get_by_role("button", name="Copied").first).to_be_visible()
    copied = await page.evaluate("() => navigator.clipboard.readText()")
    assert re.match(r"1\. Remove 104\.130\.122\.50 from", copied), copied
    assert "Caution: " in copied
    assert people["operator"].complaints == []


async def test_who_is_bound_to_a_company_sees_none_of_our_insides(people: dict[str, BrowserTab]) -> None:
    page = people["bound"].page
    await page.goto(f"/companies/{THEIRS}")
    text = await page.locator("main").text_content()
    assert text
    for inside in ("maildir", "xclient", "127.0.0.1", "Route", "mailpath "):
        assert inside not in text, inside
    assert "Technical details" in text


@pytest.mark.parametrize("part", ["[data-part=paths] .kind", "[data-part=delivery] .panel.wide"])
async def test_a_bar_leads_to_its_probes(part: str, people: dict[str, BrowserTab]) -> None:
    viewer = people["viewer"]
    page = viewer.page
    await page.goto("/companies/birchline?span=24h")
    bar = page.locator(f"{part} svg a").last
    said = await bar.locator("title").text_content()
    assert said
    assert re.search(r"\d\d:00 to \d\d:00 UTC: \d+", said)
    await bar.locator("rect").click()
    await page.wait_for_url(re.compile("/probes\\?company=birchline&"))
    await expect(page.locator("tbody tr").first).to_contain_text("Birchline")
    assert await page.locator(".wrong").count() == 0, "every condition was understood"
    assert viewer.complaints == []


async def test_who_cannot_point_has_the_same_links_in_a_table(people: dict[str, BrowserTab]) -> None:
    page = people["viewer"].page
    await page.goto("/companies/birchline?span=24h")
    table = page.locator("[data-part=delivery] details")
    await table.locator("summary").press("Enter")
    row = table.locator("tbody tr").first
    await expect(row).to_contain_text(re.compile(r"\d+ of \d+ in time"))
    await expect(row).to_contain_text(re.compile("delivered, half within"))
    marks = page.locator("[data-part=delivery] .panel.wide svg a")
    bars = [await each.get_attribute("href") for each in await marks.all()]
    assert await row.locator("a").get_attribute("href") == bars[-1]
    assert all([await each.get_attribute("tabindex") == "-1" for each in await marks.all()])


@pytest.mark.parametrize("where", ["/companies/granite?span=7d", "/companies/birchline?span=24h", "/companies/trap"])
async def test_the_page_fits_with_everything_unfolded_and_everybody_can_use_it(
    where: str, people: dict[str, BrowserTab]
) -> None:
    admin = people["admin"]
    page = admin.page
    await page.goto(where)
    await page.evaluate(OPEN_ALL)
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HIGH})
        assert await admin.spills() == 0, width
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        assert await admin.violations() == []
    await _wide(page)
    assert admin.complaints == []


async def _wide(page: Page) -> None:
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": WIDE, "height": HIGH})
