"""Pages that say "Live" tell the present truth: what recovers, opens, closes or is muted shows without a reload, and
whatever their reader is doing meanwhile is left alone."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.support.browser_service import BrowserService
from tests.support.chromium import PATIENCE, BrowserTab

pytestmark = pytest.mark.asyncio(loop_scope="module")

expect.set_options(timeout=PATIENCE)
SEESAW = "/companies/seesaw"
REFUSAL = "Recipient address rejected: Mailbox full"


@pytest.fixture(autouse=True)
def fresh(people: dict[str, BrowserTab]) -> None:
    """Each test counts only its own complaints."""
    for visitor in people.values():
        visitor.complaints.clear()
        visitor.expected.clear()


async def test_a_company_page_and_the_pages_of_its_incident_follow_a_recovery_and_a_relapse(
    browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    company, incidents, incident = (people[name].page for name in ("viewer", "operator", "admin"))
    await company.goto(SEESAW)
    await expect(company.locator("[data-part=incidents] tbody")).to_contain_text("ongoing")
    link = await company.locator("[data-part=incidents] tbody a").first.get_attribute("href")
    assert link
    await incidents.goto("/incidents")
    await incident.goto(link)
    for page in (company, incidents, incident):
        await expect(page.locator("#live")).to_have_text("Live")
        await page.evaluate("() => { window.stays = true; }")
    await expect(company.locator("[data-part=todo]")).to_contain_text("How to fix it")
    await expect(company.locator("[data-part=technical]")).to_contain_text(REFUSAL)
    await expect(incident.locator("h1")).to_contain_text("Open")
    opened = incidents.locator(f"[data-part=open] a[href='{link}']")
    await expect(opened).to_be_visible()

    browser_service.gateway.refuses = False
    await expect(company.locator("[data-part=head] .outcome")).to_contain_text("Inbox")
    await expect(company.locator("[data-part=technical]")).not_to_contain_text(REFUSAL)
    await expect(company.locator("[data-part=incidents] tbody")).not_to_contain_text("ongoing")
    await expect(company.locator("[data-part=todo]")).not_to_contain_text("How to fix it")
    await expect(company.locator("[data-part=delivery] svg.chart")).to_be_visible()
    await expect(incident.locator("h1")).to_contain_text("Resolved")
    await expect(incident).to_have_title(re.compile("Seesaw"))
    await expect(incident.get_by_text("Mute…")).to_have_count(0)
    await expect(opened).to_have_count(0)
    await expect(incidents.locator(f"[data-part=over] a[href='{link}']")).to_be_visible()

    browser_service.gateway.refuses = True
    await expect(company.locator("[data-part=head] .outcome")).to_contain_text("Blocked")
    await expect(company.locator("[data-part=todo]")).to_contain_text("How to fix it")
    await expect(company.locator("[data-part=incidents] tbody")).to_contain_text("ongoing")
    for page in (company, incidents, incident):
        assert await page.evaluate("() => window.stays === true")
    assert [each for name in ("viewer", "operator", "admin") for each in people[name].complaints] == []


async def test_what_a_reader_does_is_left_alone_when_a_page_is_renewed(people: dict[str, BrowserTab]) -> None:
    operator = people["operator"]
    page = operator.page
    await page.goto("/incidents?company=trap")
    await page.locator("tbody th a").first.click()
    await page.get_by_text("Mute…").click()
    await page.get_by_label("Reason").fill("half of a sen")
    await page.locator("[data-part=timeline] details").first.evaluate("(each) => { each.open = !each.open; }")
    before = await page.locator("[data-part=timeline] details").first.evaluate("(each) => each.open")
    shown = page.locator("[data-part=fails] details.long").first
    await shown.locator("summary").click()
    await page.get_by_label("Reason").focus()
    place = await page.evaluate("() => { scrollTo(0, 500); return scrollY; }")
    await _renewed(page)
    assert await page.get_by_label("Reason").input_value() == "half of a sen"
    await expect(page.get_by_label("Reason")).to_be_focused()
    assert await page.locator("[data-part=timeline] details").first.evaluate("(each) => each.open") == before
    await expect(shown).to_have_attribute("open", "")
    assert abs(await page.evaluate("() => scrollY") - place) < 200
    assert operator.complaints == []


async def test_a_link_that_has_the_focus_keeps_it_while_its_section_changes(people: dict[str, BrowserTab]) -> None:
    viewer = people["viewer"]
    page = viewer.page
    await page.goto("/companies/trap")
    link = page.locator("[data-part=paths] .kind a").first
    await link.focus()
    old = await link.get_attribute("href")
    await expect(link).not_to_have_attribute("href", str(old))  # its newest probe is another one now
    await expect(link).to_be_focused()
    assert viewer.complaints == []


async def test_a_mute_that_somebody_else_makes_shows_in_the_open_list_of_mutes(people: dict[str, BrowserTab]) -> None:
    watched, other = people["admin"].page, people["operator"].page
    await watched.goto("/mutes")
    await watched.get_by_label("Reason").fill("being typed")
    await other.goto("/mutes")
    await other.get_by_label("Company or path").fill("birchline")
    await other.get_by_label("Reason").fill("made by somebody else")
    await other.get_by_role("button", name="Mute", exact=True).click()
    await expect(watched.get_by_role("row", name="birchline")).to_contain_text("made by somebody else")
    assert await watched.get_by_label("Reason").input_value() == "being typed"
    await watched.get_by_role("button", name="End now").click()
    await expect(watched.get_by_role("row", name="birchline")).to_contain_text("ended")
    assert people["admin"].complaints + people["operator"].complaints == []


async def test_a_page_that_cannot_be_read_again_does_not_say_that_it_is_live(people: dict[str, BrowserTab]) -> None:
    viewer = people["viewer"]
    viewer.expected.add(503)
    page = viewer.page
    await page.goto("/companies/trap")
    await expect(page.locator("#live")).to_have_text("Live")
    await page.route("**/companies/trap", lambda route: route.fulfill(status=503, body="not now"))
    await expect(page.locator("#live")).to_have_text("Not connected")
    await page.unroute("**/companies/trap")
    await expect(page.locator("#live")).to_have_text("Live")


async def _renewed(page: Page) -> None:
    """Read the page again and patch it, as an event lets it do."""
    await page.locator("[data-part=head] h1").evaluate("(each) => { each.textContent = 'out of date'; }")
    await page.evaluate(
        """async () => {
        const view = document.getElementById("view");
        parts.renew(view, await parts.read(view.dataset.url));
    }"""
    )
    await expect(page.locator("[data-part=head] h1")).to_contain_text("Trap")
