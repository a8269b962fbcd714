"""Links in notices, as people meet them: on a phone without a script, and by keyboard alone."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, expect

from monitor.config import read_config
from monitor.people.action_links import LinkSigner
from monitor.store import Store
from tests.support.browser_service import BrowserService
from tests.support.chromium import PATIENCE, SPILLS, BrowserTab

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANNEL = "pager"
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
expect.set_options(timeout=PATIENCE)


async def links_of_a_notice(browser_service: BrowserService, company: str) -> dict[str, str]:
    """The links of the first notice about this company's incident, once the channel was told of it."""
    async with Store.open(read_config(browser_service.config).store.url) as store, asyncio.timeout(PATIENCE / 1000):
        signer = LinkSigner(await store.key())
        while True:
            for incident in await store.incidents.open():
                if incident.touches == (company,) and CHANNEL in incident.told:
                    notice, now = f"{incident.id}-{CHANNEL}-1", datetime.now(UTC)
                    return dict(signer.urls(incident, CHANNEL, notice, None, browser_service.url, now))
            await asyncio.sleep(0.2)


async def test_somebody_who_is_woken_up_takes_the_incident_on_a_phone(
    browser: Browser, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    address = (await links_of_a_notice(browser_service, "corkwood"))["ack_url"]
    async with BrowserTab.at(browser, browser_service.url, **PHONE, java_script_enabled=False) as phone:
        page = phone.page
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Take this incident?")
        await expect(page.get_by_role("button")).to_have_count(1)
        await expect(page.get_by_role("navigation")).to_have_count(0)
        assert await page.evaluate(SPILLS) == 0, "nothing is wider than the phone"
        await page.get_by_label("Your name").fill("Ada")
        button = page.get_by_role("button", name="I have it")
        box = await button.bounding_box()
        assert box
        assert box["height"] >= 40, "large enough for a thumb"
        assert box["y"] + box["height"] < 740, "seen without scrolling"
        await phone.draw("link-ready-phone")
        await button.tap()
        await expect(page.get_by_role("heading", level=1)).to_have_text("You have it")
        await expect(page.locator("main")).to_contain_text("Ada (by link of channel pager)")
        await phone.draw("link-done-phone")
        assert await page.evaluate(SPILLS) == 0
        runbook = page.get_by_role("link", name="runbook")
        await runbook.tap()
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page).to_have_url(re.compile("/runbooks/cause-content$"))
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_have_text("This link was already used")
        await expect(page.get_by_role("button")).to_have_count(0)
        assert phone.complaints == []
    operator = people["operator"]
    await operator.page.goto("/incidents?company=corkwood")
    await expect(operator.page.locator("tbody .tag").filter(has_text="Ada")).to_have_count(1)
    await operator.page.locator("tbody th a").first.click()
    work = operator.page.locator("[data-part=work]")
    await expect(operator.page.locator(".case-facts")).to_contain_text("Ada (by link of channel pager)")
    await work.get_by_text("Comment…").click()
    assert await operator.flaws("incident in work") == []
    await work.get_by_label("Comment").fill("the gateway is being replaced")
    await work.get_by_role("button", name="Comment").click()
    await expect(operator.page.locator("[data-part=timeline]")).to_contain_text("the gateway is being replaced")
    assert operator.complaints == []


async def test_by_keyboard_alone_it_is_muted(browser: Browser, browser_service: BrowserService) -> None:
    address = (await links_of_a_notice(browser_service, "umberland"))["mute_url"]
    async with BrowserTab.at(browser, browser_service.url) as visitor:
        page = visitor.page
        await page.goto(address)
        assert await visitor.flaws("link to mute") == []
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await page.evaluate("() => document.activeElement.textContent") == "Mute 2 h":
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Muted for 2 hours")
        assert await visitor.flaws("link muted") == []
        visitor.expected.add(404)
        await page.goto(address + "x")
        await expect(page.get_by_role("heading", level=1)).to_have_text("This link is not valid")
        assert await visitor.flaws("link forged") == []
        assert visitor.complaints == []
