"""What people do at the pages: sign in, search, send a probe and watch it, mute; by mouse, by keyboard alone, without
JavaScript, and while the stream of events is gone."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.support.browser_service import WORDS, BrowserService
from tests.support.chromium import PATIENCE, BrowserTab

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAX_TABS = 120
FOCUS = """() => {
  const here = document.activeElement, style = getComputedStyle(here), place = here.getBoundingClientRect();
  return {
    what: (here.labels?.[0]?.textContent || here.textContent || "").trim().replace(/\\s+/g, " "),
    name: here.tagName,
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    within: place.bottom > 0 && place.top < innerHeight && place.width > 0,
  };
}"""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(autouse=True)
def fresh(people: dict[str, BrowserTab]) -> None:
    """Each test counts only its own complaints."""
    for visitor in people.values():
        visitor.complaints.clear()
        visitor.expected.clear()


async def test_a_wrong_password_lets_nobody_in_and_the_right_one_leads_where_they_wanted(
    browser: Browser, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    async with BrowserTab.at(browser, browser_service.url) as visitor:
        visitor.expected.add(403)
        page = visitor.page
        await page.goto("/incidents?severity=page")
        await expect(page).to_have_title("Sign in · Mailpath")
        await visitor.sign_in("viewer", "not the password")
        await expect(page.get_by_role("alert")).to_contain_text("Wrong name or password")
        assert await visitor.flaws("sign-in refused") == []
        await visitor.sign_in("viewer")
        await expect(page).to_have_url(f"{browser_service.url}/incidents?severity=page")
        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_url(f"{browser_service.url}/sign-in")
        await page.goto("/")
        await expect(page).to_have_url(f"{browser_service.url}/sign-in")
        assert visitor.complaints == []


async def test_the_help_desk_works_by_keyboard_and_keeps_the_address_to_itself(
    browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    tab = people["operator"]
    page = tab.page
    await page.goto("/triage")
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    await page.keyboard.type("Jane.Doe@granite.example")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="rejects mail from account.trimble.com")).to_be_visible()
    await expect(page.get_by_role("heading", name="Tell the user")).to_be_visible()
    assert page.url == f"{browser_service.url}/triage"
    assert await tab.flaws("help desk answer") == []
    await page.get_by_role("button", name="Start a probe").press("Enter")
    await page.wait_for_url("**/probes/*")
    assert "granite" not in page.url
    assert tab.complaints == []


async def test_a_link_sets_a_password_only_once(browser_service: BrowserService, people: dict[str, BrowserTab]) -> None:
    stranger = people["stranger"]
    stranger.expected.add(422)
    await stranger.page.goto(browser_service.links["viewer"])
    await expect(stranger.page.get_by_role("alert")).to_be_visible()
    await expect(stranger.page.get_by_label("Password")).to_have_count(0)
    assert await stranger.flaws("invitation used again") == []
    assert stranger.complaints == []


async def test_a_probe_sent_by_hand_shows_each_step_as_it_happens_up_to_the_verdict(
    people: dict[str, BrowserTab],
) -> None:
    operator = people["operator"]
    page = operator.page
    await page.goto("/companies/greyfield")
    await page.locator("main").get_by_role("link", name="Probe now").first.click()
    await expect(page.get_by_label("Company or path")).to_have_value("greyfield")
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url(re.compile("/probes/[a-z0-9]+$"))
    await _stays(page)
    await expect(page.locator("[data-part=head]")).to_contain_text("In flight")
    await expect(page.locator("[data-part=dialogue]")).to_contain_text("Greylisted")
    await expect(page.locator("[data-part=dialogue]")).to_contain_text(re.compile("Attempts 1 to \\d, all alike"))
    await expect(page.locator("[data-part=head] .outcome")).to_contain_text("Deferred")
    await expect(page.get_by_role("region", name="Plain-text summary")).to_contain_text("Deferred")
    await _stayed(page)
    assert await operator.flaws("probe watched") == []
    assert operator.complaints == []
    probe = page.url.rpartition("/")[2]
    await page.goto("/probes?company=greyfield")
    await expect(page.locator(f"a[href='/probes/{probe}']")).to_be_visible()


async def test_mail_that_comes_late_is_seen_to_come(people: dict[str, BrowserTab]) -> None:
    page = people["operator"].page
    await page.goto("/probe-now?where=snailbeck/hq")
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url(re.compile("/probes/[a-z0-9]+$"))
    await _stays(page)
    await expect(page.locator("[data-part=dialogue]")).to_contain_text("Accepted by the server.")
    await expect(page.locator("[data-part=head] .outcome")).to_contain_text("In flight")
    await expect(page.locator("[data-part=events]")).to_contain_text("Arrived")
    await expect(page.locator("[data-part=head] .outcome")).to_contain_text("Late")
    await expect(page.locator("[data-part=way]")).to_contain_text("Hops")
    await expect(page.locator("#live")).to_have_text("Complete")
    await page.wait_for_timeout(1500)  # a stream that was lost would be said to be so by now
    await expect(page.locator("#live")).to_have_text("Complete")
    await _stayed(page)


async def test_several_kinds_are_sent_together_and_a_path_that_is_not_there_is_named(
    people: dict[str, BrowserTab],
) -> None:
    operator = people["operator"]
    operator.expected.add(422)
    page = operator.page
    await page.goto("/probe-now")
    await page.get_by_label("Company or path").fill("birchlime")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text(re.compile(r"Did you mean .*birchline"))).to_be_visible()
    assert await operator.flaws("probe now refused") == []
    await page.get_by_label("Company or path").fill("birchline")
    await page.get_by_label("Company invitation").check()
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("heading", name="2 probes sent together")).to_be_visible()
    await expect(page.get_by_text("All have a verdict.")).to_be_visible()
    await expect(page.locator("tbody .outcome")).to_contain_text(["Inbox", "Inbox"])
    assert await operator.flaws("probes sent") == []
    assert operator.complaints == []


async def test_an_incident_that_is_muted_is_marked_so_until_its_silence_is_ended(
    people: dict[str, BrowserTab],
) -> None:
    operator = people["operator"]
    page = operator.page
    await page.goto("/incidents?company=umberland")
    await page.locator("tbody th a").first.click()
    await page.get_by_text("Mute…").click()
    await page.get_by_label("1 hour").check()
    await page.get_by_label("Reason").fill("they move their mailboxes")
    await page.get_by_role("button", name="Mute").click()
    await expect(page.locator("[data-part=mutes]")).to_contain_text("they move their mailboxes")
    assert await operator.flaws("incident muted") == []
    muted = page.locator("tbody tr", has_text="Umberland").filter(has=page.get_by_text("muted", exact=True))
    await _comes(page, muted, 1)
    assert await operator.flaws("incidents muted") == []
    await page.goto("/mutes")
    await expect(page.get_by_role("row", name="umberland")).to_contain_text("they move their mailboxes")
    assert await operator.flaws("mutes some") == []
    await page.get_by_role("button", name="End now").click()
    await _comes(page, muted, 0)
    assert operator.complaints == []


async def test_an_admin_lets_somebody_in_and_a_program_and_each_secret_is_shown_once(
    browser: Browser, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    admin = people["admin"]
    admin.expected.add(422)
    page, once = admin.page, admin.page.locator("#once")
    await page.goto("/settings/people")
    await page.locator("form[action='/settings/people']").get_by_label("Name", exact=True).fill("viewer")
    await page.get_by_role("radio", name="All companies").last.check()
    await page.get_by_role("button", name="Add and show link").click()
    await expect(page.get_by_text("the name viewer is already in use")).to_be_visible()
    assert await admin.flaws("people refused") == []
    await page.locator("form[action='/settings/people']").get_by_label("Name", exact=True).fill("somebody@else.example")
    await page.get_by_role("button", name="Add and show link").click()
    link = await once.inner_text()
    assert await admin.flaws("people link") == []
    async with BrowserTab.at(browser, browser_service.url) as somebody:
        await somebody.accept(link.strip())
        await expect(somebody.page.locator(".me")).to_contain_text("somebody@else.example")
        assert somebody.complaints == []
    await page.goto("/settings/tokens")
    await expect(once).to_have_count(0)
    await page.get_by_label("Name", exact=True).fill("dashboard")
    await page.get_by_role("radio", name="All companies").check()
    await page.get_by_role("button", name="Create token").click()
    token = (await once.inner_text()).strip()
    assert await admin.flaws("token created") == []
    async with BrowserTab.at(
        browser, browser_service.url, extra_http_headers={"Authorization": f"Bearer {token}"}
    ) as program:
        answer = await program.page.request.get("/api/v1/companies")
        assert answer.status == 200, await answer.text()
    await page.goto("/settings/tokens")
    await expect(page.get_by_role("rowheader", name="dashboard")).to_be_visible()
    assert token not in await page.content()
    assert admin.complaints == []


async def test_the_overview_is_searched_while_one_types_and_filtered_by_state(people: dict[str, BrowserTab]) -> None:
    viewer = people["viewer"]
    page, rows = viewer.page, viewer.page.locator("#list tbody")
    await page.goto("/")
    await expect(rows).not_to_have_count(1)
    search = page.get_by_label("Find in the list")
    await search.press_sequentially("steel")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Granite Gate Steel")
    await expect(page).to_have_url(re.compile(r"\?q=steel$"))
    await expect(search).to_be_focused()
    await search.fill("nobody at all")
    await expect(page.get_by_role("heading", name="No matches")).to_be_visible()
    await page.get_by_role("link", name="Show everything").click()
    await page.get_by_label("Cause").select_option("content")
    await expect(rows.filter(has_text="Granite Gate Steel")).to_have_count(0)
    await expect(rows.filter(has_text="Corkwood")).to_have_count(1)
    await page.goto("/")
    await page.get_by_role("link", name=re.compile(r"^\W*\d+ failing$")).click()
    await expect(page).to_have_url(re.compile(r"state=failing"))
    await expect(rows.filter(has_text="Granite Gate Steel")).to_have_count(1)
    assert viewer.complaints == []


async def test_keys_search_move_in_lists_and_explain_themselves(people: dict[str, BrowserTab]) -> None:
    viewer = people["viewer"]
    page, keys, field = viewer.page, viewer.page.keyboard, viewer.page.get_by_label("Search Mailpath")
    await page.goto("/")
    await keys.press("/")
    await expect(field).to_be_focused()
    await keys.type("granite g")
    await expect(page.get_by_role("option").first).to_contain_text("Granite Gate Steel")
    await keys.press("ArrowDown")
    assert await viewer.violations() == []
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Granite Gate Steel")
    await page.goto("/?sort=name")
    await keys.press("Control+k")
    await expect(field).to_be_focused()
    await keys.press("Escape")
    await page.locator("h1").click()
    await keys.press("j")
    await expect(page.locator("#list tbody a").first).to_be_focused()
    await keys.press("j")
    await expect(page.locator("#list tbody th a").nth(1)).to_be_focused()
    await keys.press("k")
    await expect(page.locator("#list tbody th a").first).to_be_focused()
    await keys.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await keys.press("Escape")
    assert viewer.complaints == []


async def test_times_are_local_unless_utc_is_chosen_and_the_search_is_among_the_first_ten_tab_stops(
    browser: Browser, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    async with BrowserTab.at(browser, browser_service.url, timezone_id="Asia/Tokyo") as visitor:
        page = visitor.page
        await page.goto("/sign-in")
        await visitor.sign_in("viewer")
        stops = []
        for _ in range(10):
            await page.keyboard.press("Tab")
            stops.append(await page.evaluate("() => document.activeElement.id"))
        assert "find" in stops
        await page.goto("/probes?company=granite")
        await expect(page.locator("#zone")).to_contain_text("Asia/Tokyo")
        time = page.locator("main time").first
        await expect(time).to_have_attribute("title", re.compile("UTC$"))
        await page.goto("/display")
        await page.get_by_label("UTC", exact=True).check()
        await page.get_by_label("Dark").check()
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("#zone")).to_have_text("All times are UTC.")
        assert await page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)"
        assert await visitor.violations() == []
        assert visitor.complaints == []


async def test_the_overview_patches_what_has_changed_and_reads_nothing_twice(people: dict[str, BrowserTab]) -> None:
    viewer = people["viewer"]
    page, statuses = viewer.page, list[int]()
    await page.goto("/?q=granite&sort=name")
    link = page.locator("#list tbody a").first
    await link.focus()
    await page.evaluate("() => { document.querySelector('#list tbody').dataset.version = 'old'; }")
    page.on("response", lambda answer: statuses.append(answer.status) if "/overview/changes" in answer.url else None)
    await expect(page.locator("#list tbody").first).not_to_have_attribute("data-version", "old")
    await expect(link).to_be_focused()
    async with asyncio.timeout(PATIENCE / 1000):
        while 304 not in statuses:
            await page.wait_for_timeout(200)
    assert viewer.complaints == []


async def test_by_keyboard_alone_one_signs_in_skips_to_the_content_probes_and_mutes(
    browser: Browser, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    async with BrowserTab.at(browser, browser_service.url) as visitor:
        page, keys = visitor.page, visitor.page.keyboard
        await page.goto("/sign-in")
        await expect(page.get_by_label("Name")).to_be_focused()
        await keys.type("operator")
        await keys.press("Tab")
        await keys.type(WORDS)
        await keys.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text("delivery problems")

        await page.goto("/incidents")
        await keys.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
        await keys.press("Enter")
        await expect(page.locator("main")).to_be_focused()

        await _tab_to(page, "Umberland")
        await keys.press("Enter")
        await page.wait_for_url("**/incidents/*")
        await _tab_to(page, "Mute…")
        await keys.press("Enter")
        await _tab_to(page, "4 hours")
        await keys.press("ArrowLeft")
        await _tab_to(page, "Reason")
        await keys.type("by keyboard")
        await _tab_to(page, "Mute")
        await keys.press("Enter")
        await expect(page.locator("main")).to_contain_text("by keyboard")
        await _tab_to(page, "End now")
        await keys.press("Enter")
        await expect(page.locator("[data-part=mutes]")).not_to_contain_text("by keyboard")

        await _tab_to(page, "Probe now")
        await keys.press("Enter")
        await page.wait_for_url("**/probe-now?where=umberland")
        await _tab_to(page, "Company or path")
        await keys.type("birchline")
        await _tab_to(page, "Password reset code")
        await keys.press("Space")
        await _tab_to(page, "Send")
        await keys.press("Enter")
        await expect(page.get_by_text("All have a verdict.")).to_be_visible()
        assert visitor.complaints == []


@pytest.mark.parametrize(
    "href",
    [
        "/",
        "/companies/trap",
        "/probes",
        "/incidents",
        "/sender",
        "/mutes",
        "/probe-now",
        "/settings/people",
        "/api/",
        "/docs/",
    ],
)
async def test_everything_on_a_page_is_reached_by_keyboard_and_seen_when_it_is(
    href: str, people: dict[str, BrowserTab]
) -> None:
    page = people["admin"].page
    await page.goto(href)
    links = await page.locator("main :is(a, button, input, select, summary):visible").count()
    met = set()
    for _ in range(links + 30):
        await page.keyboard.press("Tab")
        where = await page.evaluate(FOCUS)
        if where["name"] == "BODY":
            break
        assert where["seen"], where
        assert where["within"], where
        met.add(where["name"])
    assert "A" in met


async def test_without_javascript_everything_but_what_is_live_works(
    browser: Browser, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    async with BrowserTab.at(browser, browser_service.url, java_script_enabled=False) as visitor:
        page = visitor.page
        await page.goto("/")
        await visitor.sign_in("operator")
        await page.get_by_label("Find in the list").fill("steel")
        await page.get_by_role("button", name="Apply").click()
        await expect(page.locator("#list tbody")).to_have_count(1)
        await page.goto("/?q=trap")
        await page.get_by_role("link", name="Trap").first.click()
        await expect(page.locator("svg.cells").first).to_be_visible()
        await page.goto("/probe-now?where=snailbeck")
        await page.get_by_role("button", name="Send").click()
        for _ in range(100):
            if await page.get_by_role("link", name="Reload").count() == 0:
                break
            await page.get_by_role("link", name="Reload").click()
        await expect(page.locator("[data-part=head] .outcome")).to_contain_text("Late")
        await page.goto("/incidents?company=corkwood")
        await page.locator("tbody th a").first.click()
        await page.get_by_text("Mute…").click()
        await page.get_by_label("Reason").fill("without a script")
        await page.get_by_role("button", name="Mute").click()
        await expect(page.locator("main")).to_contain_text("without a script")
        await page.get_by_role("button", name="End now").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_title("Sign in · Mailpath")
        assert visitor.complaints == []


async def test_a_page_stays_usable_while_the_stream_is_gone_says_so_and_catches_up(
    browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    now, probe = people["viewer"].page, people["operator"].page
    await now.goto("/")
    await expect(now.locator("#live")).to_have_text("Live")
    await probe.goto("/probe-now?where=lowmarsh")
    await probe.get_by_role("button", name="Send").click()
    await expect(probe.locator("[data-part=dialogue]")).to_contain_text("Accepted by the server.")
    await _stays(now)
    await _stays(probe)
    await asyncio.to_thread(browser_service.service.stop)
    await expect(now.locator("#live")).to_have_text("Not connected")
    await expect(probe.locator("#live")).to_have_text("Not connected")
    await expect(now.get_by_role("link", name="Granite Gate Steel").first).to_be_visible()
    await asyncio.to_thread(browser_service.service.start)
    await expect(now.locator("#live")).to_have_text("Live")
    await expect(probe.locator("[data-part=head] .outcome")).to_contain_text("Missing")
    await _stayed(now)
    await _stayed(probe)
    await now.get_by_role("link", name="Granite Gate Steel").first.click()
    await expect(now.get_by_role("heading", level=1)).to_contain_text("Granite Gate Steel")


async def _comes(page: Page, what: Locator, count: int) -> None:
    """Reload the incidents until it is so: the rules hear of a mute within a second."""
    async with asyncio.timeout(PATIENCE / 1000):
        while await page.goto("/incidents?company=umberland") and await what.count() != count:
            pass


async def _stays(page: Page) -> None:
    """From here on the page is not to be loaded again."""
    await page.evaluate("() => { window.stays = true; }")


async def _stayed(page: Page) -> None:
    assert await page.evaluate("() => window.stays === true")


async def _tab_to(page: Page, what: str) -> None:
    """Press Tab until the focus is on what begins so. Wherever it is meanwhile, it is seen."""
    for _ in range(MAX_TABS):
        await page.keyboard.press("Tab")
        where = await page.evaluate(FOCUS)
        assert where["seen"] or where["name"] == "BODY", where
        if where["what"].startswith(what):
            return
    raise AssertionError(f"{MAX_TABS} times Tab, and never on {what}")


async def test_an_admin_adds_a_company_by_the_wizard_and_sees_its_first_probe_arrive(
    browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    admin = people["admin"]
    page, port = admin.page, browser_service.gateway.server_address[1]
    await page.goto("/settings")
    await page.get_by_role("link", name="Add company").click()
    await page.get_by_label("Name", exact=True).fill("Wizard & <b>Sons</b>")
    await page.get_by_label("Mail domain").fill("wizard.example")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name="MX of wizard.example")).to_be_visible()
    await page.get_by_label("Receives its mail first").select_option("postfix")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Through the company's gateway, by XCLIENT").check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Gateway", exact=True).fill("127.0.0.1")
    await page.get_by_label("Port").fill(str(port))
    await page.get_by_role("button", name="Update the lines").click()
    await expect(page.get_by_role("region", name="Lines for Postfix")).to_contain_text(f"127.0.0.1:{port} inet")
    assert await admin.flaws("add company route") == []
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Maildir on this machine").check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("textbox", name="Folder").fill(str(browser_service.config.parent / "wizard"))
    assert await admin.flaws("add company mailbox") == []
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("region", name="The new file as a diff")).to_contain_text(
        "+[companies.wizard-b-sons-b]"
    )
    await page.go_back()
    await expect(page.get_by_label("Maildir on this machine")).to_be_checked()
    await page.go_forward()
    await page.get_by_role("button", name="Test way in and mailbox").click()
    await expect(page.get_by_role("row", name="by xclient")).to_contain_text("ready for mail")
    await expect(page.get_by_role("row", name="mailbox of")).to_contain_text("opened; looks in")
    assert await admin.flaws("add company tested") == []
    await page.get_by_role("button", name="Add the company").click()
    await page.wait_for_url(re.compile("/probes/[a-z0-9]+$"))
    await expect(page.locator("[data-part=head] .outcome")).to_contain_text("Inbox")
    await page.goto("/companies/wizard-b-sons-b")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Wizard & <b>Sons</b>")
    assert admin.complaints == []
