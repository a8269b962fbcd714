"""The page that a notice leads to, as whoever is on call uses it: on a phone, by keyboard, without JavaScript, while
companies recover."""

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.browser_service import BrowserService
from tests.support.chromium import HIGH, PATIENCE, WIDE, BrowserTab

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=PATIENCE)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
WIDTHS = (320, 390, 600, 768, 820, 1024, 1280, 1440)
IN_SIGHT = """(each) => { const box = each.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight; }"""
HIDDEN_BY_THE_BAR = """() => { const box = document.activeElement.getBoundingClientRect();
  const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return !over || !(document.activeElement.contains(over) || over.contains(document.activeElement)); }"""


@pytest.fixture(autouse=True)
def fresh(people: dict[str, BrowserTab]) -> None:
    """Each test counts only its own complaints."""
    for visitor in people.values():
        visitor.complaints.clear()
        visitor.expected.clear()


async def open_incident(page: Page, company: str) -> None:
    await page.goto(f"/incidents?company={company}")
    await page.locator("tbody th a").first.click()
    await page.wait_for_url("**/incidents/*")


async def test_on_call_takes_an_incident_on_a_phone_and_sees_what_to_do(
    browser: Browser, browser_service: BrowserService
) -> None:
    async with BrowserTab.at(browser, browser_service.url, **PHONE) as phone:
        page = phone.page
        await page.goto("/sign-in")
        await phone.sign_in("operator")
        await page.wait_for_url("**/")
        await open_incident(page, "granite")
        for first in (
            "h1",
            ".verdict .says",
            ".case-facts dt:has-text('Since')",
            ".case-facts dt:has-text('Who acts')",
        ):
            assert await page.locator(first).evaluate(IN_SIGHT), f"{first} is below the fold"
        take = page.get_by_role("button", name="I have it")
        assert await take.evaluate(IN_SIGHT)
        await phone.draw("incident-phone-first")
        await take.tap()
        await expect(page.locator(".case-facts")).to_contain_text(re.compile("Has it *operator, since"))
        await expect(page.get_by_role("button", name="I have it")).to_have_count(0)
        await page.get_by_text("Comment…").tap()
        await page.get_by_label("Comment").fill("calling Granite's IT\nback in 10 min")
        await page.get_by_role("button", name="Comment").tap()
        timeline = page.locator("[data-part=timeline]")
        await expect(timeline).to_contain_text("Comment by operator")
        await page.get_by_text("Ticket…").tap()
        await page.get_by_label("Ticket").fill("https://tickets.example/INC-4711")
        await page.get_by_role("button", name="Link ticket").tap()
        await expect(page.get_by_role("link", name="https://tickets.example/INC-4711")).to_be_visible()
        await page.get_by_role("button", name="Probe now").tap()
        sent = page.locator("[data-part=sent] p").first
        await expect(sent).to_contain_text("Probe by hand: verification code")
        await expect(sent.locator(".outcome")).to_contain_text("Blocked: IP address")
        await expect(timeline).to_contain_text("Probe by hand: verification code")
        await page.get_by_role("link", name="How to fix it").tap()
        await expect(page.locator("#todo")).to_be_in_viewport()
        await page.locator("[data-part=timeline] nav").get_by_role("link", name="People").tap()
        await expect(timeline).to_contain_text("back in 10 min")
        await expect(timeline).not_to_contain_text("Notice to pager")
        assert await phone.spills() == 0
        assert await phone.violations() == []
        await page.get_by_role("button", name="Release it").tap()
        await expect(page.locator(".case-facts")).to_contain_text(re.compile("Has it *Nobody"))
        assert phone.complaints == []


async def test_companies_turn_good_as_they_recover_while_one_watches_and_then_it_is_past(
    browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    admin = people["admin"]
    page = admin.page
    browser_service.gateway.refuses = True
    await page.goto("/incidents?company=seesaw&state=open")
    await expect(page.locator("tbody th a").first).to_be_visible()
    await open_incident(page, "seesaw")
    await page.evaluate("() => { window.stays = true; }")
    row = page.locator(".affected > li")
    await expect(row).to_have_class("fails")
    await expect(page.locator(".verdict")).to_have_class(re.compile("o-blocked"))
    browser_service.gateway.refuses = False
    await expect(row).to_have_class("well")
    await expect(row.locator(".now")).to_have_class(re.compile("o-inbox"))
    await expect(page.locator("h1")).to_contain_text("Resolved")
    await expect(page.locator(".verdict")).to_have_class(re.compile("o-inbox"))
    await expect(page.locator(".verdict .says")).to_contain_text(
        re.compile("^It lasted .* and ended because mail is del")
    )
    await expect(page.locator("[data-part=timeline]")).to_contain_text("Closed")
    await expect(page.get_by_role("button", name="I have it")).to_have_count(0)
    assert await page.evaluate("() => window.stays === true")
    assert await admin.flaws("incident resolved") == []
    browser_service.gateway.refuses = True
    assert admin.complaints == []


@pytest.mark.parametrize("who", ["admin", "viewer", "bound"])
async def test_the_page_fits_every_width_with_every_form_unfolded(who: str, people: dict[str, BrowserTab]) -> None:
    visitor = people[who]
    page = visitor.page
    await open_incident(page, "corkwood")
    wrong = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": HIGH})
        if spills := await visitor.spills():
            wrong.append(f"{width}: {spills} px wider than its window")
        for summary in await page.locator(".ask > summary").all():
            await summary.click()
            if spills := await visitor.spills():
                wrong.append(f"{width}, {await summary.inner_text()}: {spills} px wider than its window")
            await summary.click()
        await visitor.draw(f"incident-{who}-{width}")
    await page.set_viewport_size({"width": WIDE, "height": HIGH})
    assert wrong == []
    assert visitor.complaints == []


async def test_by_keyboard_the_bar_hides_nothing_that_has_the_focus(people: dict[str, BrowserTab]) -> None:
    page = people["operator"].page
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_incident(page, "dunmoor")
    hidden = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("() => document.activeElement === document.body"):
            break
        if await page.evaluate(HIDDEN_BY_THE_BAR):
            hidden.append(await page.evaluate("() => document.activeElement.outerHTML.slice(0, 120)"))
    await page.set_viewport_size({"width": WIDE, "height": HIGH})
    assert hidden == []


async def test_by_keyboard_one_comments_and_without_javascript_everything_works(
    browser: Browser, browser_service: BrowserService
) -> None:
    async with BrowserTab.at(browser, browser_service.url, java_script_enabled=False) as visitor:
        page = visitor.page
        await page.goto("/sign-in")
        await visitor.sign_in("operator")
        await open_incident(page, "foxglove")
        await page.get_by_role("button", name="I have it").press("Enter")
        await expect(page.locator(".case-facts")).to_contain_text("operator, since")
        await page.get_by_text("Comment…").press("Enter")
        await page.get_by_label("Comment").fill("without a script")
        await page.get_by_role("button", name="Comment").press("Enter")
        await expect(page.locator("[data-part=timeline]")).to_contain_text("without a script")
        await page.get_by_text("Hand over…").press("Enter")
        await page.get_by_label("New owner").fill("Foxglove's IT")
        await page.get_by_role("button", name="Hand over").press("Enter")
        await expect(page.locator("[data-part=timeline]")).to_contain_text("Foxglove's IT, set by operator")
        await page.get_by_role("button", name="Probe now").press("Enter")
        await expect(page.locator("[data-part=sent] a")).to_contain_text(["Probe by hand"])
        await page.locator("[data-part=timeline]").get_by_role("link", name="Notices").press("Enter")
        await expect(page.locator("[data-part=timeline]")).to_contain_text("Notice to pager: opened")
        assert visitor.complaints == []


async def test_it_is_handed_over_on_paper_without_buttons(people: dict[str, BrowserTab]) -> None:
    admin = people["admin"]
    page = admin.page
    await open_incident(page, "granite")
    await page.emulate_media(media="print")
    for gone in ("header nav", "footer form", ".case-bar", ".jump", "[data-part=timeline] nav"):
        for each in await page.locator(gone).all():
            assert not await each.is_visible(), gone
    for there in ("h1", ".case-facts", ".quote", "#todo", ".affected svg.strip", ".timeline"):
        assert await page.locator(there).first.is_visible(), there
    assert (await page.pdf()).startswith(b"%PDF")
    await admin.draw("incident-printed")
    await page.emulate_media(media="screen")
