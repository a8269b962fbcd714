"""Every page, for everybody who may see it: it opens without a complaint, and everybody can use it."""

import re
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.support.browser_service import NEWCOMER, THEIRS, BrowserService
from tests.support.chromium import HIGH, NARROW, WIDE, BrowserTab
from tests.support.hostile_gateway import MARK

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADDRESSES = {
    "overview": "/",
    "overview found": "/?q=steel",
    "overview filtered": "/?outcome=blocked&sort=name",
    "overview nothing": "/?q=nobody",
    "heat map": "/heat-map",
    "search": "/search?q=mail",
    "display": "/display",
    "company": f"/companies/{THEIRS}",
    "company well": "/companies/birchline",
    "company blocked": "/companies/granite",
    "company hostile": "/companies/trap",
    "probes": "/probes",
    "probes filtered": f"/probes?company={THEIRS}&kind=invitation",
    "probes nothing": "/probes?outcome=quarantined",
    "incidents": "/incidents",
    "incidents over": "/incidents?state=closed",
    "sender": "/sender",
    "help desk": "/triage",
    "analyse": "/analyse",
    "docs": "/docs/",
    "docs drawings": "/docs/design/architecture",
    "docs tables": "/docs/guide/verdicts",
    "docs reference": "/docs/reference/configuration",
    "docs commands": "/docs/reference/commands",
    "runbooks": "/runbooks/",
    "api": "/api/",
    "mutes": "/mutes",
    "probe now": "/probe-now",
    "diagnose": "/diagnose?where=granite%2Fhq",
    "settings": "/settings",
    "settings company": "/settings?company=granite",
    "people": "/settings/people",
    "tokens": "/settings/tokens",
    "account": "/account",
    "add company": "/settings/companies/new",
    "channels": "/settings/channels",
    "doctor": "/settings/doctor",
    "audit": "/settings/audit",
}
FOUND = {  # where a link to it stands, and how it looks
    "probe inbox": ("/probes?company=birchline&outcome=inbox", "tbody th a"),
    "probe blocked": ("/probes?company=granite&outcome=blocked", "tbody th a"),
    "probe spam": (f"/probes?company={THEIRS}&outcome=spam", "tbody th a"),
    "probe hostile": ("/probes?company=trap&path=shut&outcome=blocked", "tbody th a"),
    "probe hostile arrived": ("/probes?company=trap&path=open&outcome=inbox", "tbody th a"),
    "incident": (f"/incidents?company={THEIRS}", "tbody th a"),
    "incident blocked": ("/incidents?company=granite", "tbody th a"),
    "incident hostile": ("/incidents?company=trap", "tbody th a"),
    "runbook": ("/runbooks/", "main li a, main td a"),
}
OPERATORS = {"probe now", "diagnose", "mutes"}
ADMINS = {"settings", "add company", "settings company", "people", "tokens", "channels", "doctor", "audit"}
"""What is not for everybody."""

OTHERS = re.compile(
    r"birchline|granite|dunmoor|larkhill|foxglove|halyard|greyfield|umberland|lowmarsh|snailbeck|ironvault|seesaw|\btrap\b",
    re.I,
)
"""All that there is, but THEIRS."""

ROW_LIMITS = {360: 460, 600: 300, 768: 260, 820: 260, 1024: 220, 1280: 200, 1440: 200}
"""Pixels: the highest row that a table may have in a window of this width."""

LEAST_FOR_TEXT = 192
"""Pixels for a column of sentences."""

TABLES = """() => ({
  rows: [...document.querySelectorAll("table.data tbody tr, .affected > li, .timeline > li")]
    .map((each) => each.offsetHeight),
  texts: [...document.querySelectorAll("table.data td.because")].map((each) => each.offsetWidth).filter(Boolean),
})"""

SEEN = """() => ({
  title: document.title,
  scripts: [...document.scripts]
    .filter((each) => each.text || !each.src.startsWith(`${location.origin}/static/`)).length,
  foreign: document.querySelectorAll("img, iframe, object, embed, b, [style], [onload], [onerror]").length,
  text: document.body.textContent,
})"""


@dataclass(frozen=True)
class Places:
    """The address of every page."""

    of: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.of[name]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def places(people: dict[str, BrowserTab]) -> Places:
    """Every page, as the admin finds it."""
    admin, found = people["admin"], dict(ADDRESSES)
    for name, (start, link) in FOUND.items():
        await admin.page.goto(start)
        found[name] = await admin.first(link)
    return Places(found)


@pytest.fixture(autouse=True)
def fresh(people: dict[str, BrowserTab]) -> None:
    """Each test counts only its own complaints."""
    for visitor in people.values():
        visitor.complaints.clear()
        visitor.expected.clear()


@pytest.mark.parametrize("name", [*ADDRESSES, *FOUND])
async def test_a_page_opens_without_a_complaint_and_everybody_can_use_it(
    name: str, people: dict[str, BrowserTab], places: Places
) -> None:
    admin = people["admin"]
    answer = await admin.page.goto(places[name])
    assert answer
    assert answer.status == 200
    assert await admin.flaws(name) == []
    assert admin.complaints == []


@pytest.mark.parametrize("name", ["sign-in", "invitation", "invitation used", "not found"])
async def test_so_does_a_page_for_strangers(
    name: str, browser_service: BrowserService, people: dict[str, BrowserTab]
) -> None:
    visitor = people["admin" if name == "not found" else "stranger"]
    visitor.expected |= {404, 422}
    addresses = {
        "sign-in": "/sign-in",
        "invitation": browser_service.links[NEWCOMER],
        "invitation used": browser_service.links["viewer"],
    }
    await visitor.page.goto(addresses.get(name, "/nowhere"))
    assert await visitor.flaws(name) == []
    assert visitor.complaints == []


@pytest.mark.parametrize("name", sorted({*ADDRESSES, *FOUND} - {"docs reference", "docs commands"}))
async def test_a_page_fits_windows_of_every_width(name: str, people: dict[str, BrowserTab], places: Places) -> None:
    admin = people["admin"]
    await admin.page.goto(places[name])
    wrong = []
    for width, limit in ROW_LIMITS.items():
        await admin.page.set_viewport_size({"width": width, "height": HIGH})
        seen = await admin.page.evaluate(TABLES)
        wrong += [f"{width}: a row of {height} px" for height in seen["rows"] if height > limit]
        wrong += [f"{width}: {narrow} px for a sentence" for narrow in seen["texts"] if narrow < LEAST_FOR_TEXT]
        if spills := await admin.spills():
            wrong.append(f"{width}: {spills} px wider than its window")
    await admin.page.set_viewport_size({"width": WIDE, "height": HIGH})
    assert wrong == []
    assert admin.complaints == []


@pytest.mark.parametrize("who", ["viewer", "operator", "bound"])
async def test_everybody_may_open_what_is_theirs_and_nothing_else(
    who: str, people: dict[str, BrowserTab], places: Places
) -> None:
    visitor = people[who]
    visitor.expected |= {403, 404}
    opened = {}
    for name, href in places.of.items():
        answer = await visitor.page.goto(href)
        assert answer
        opened[name] = answer.status
    forbidden = ADMINS | (OPERATORS if who != "operator" else set())
    theirs = {name for name, href in places.of.items() if name not in forbidden}
    if who == "bound":
        theirs -= {"company well", "company blocked", "company hostile", "probe inbox", "probe blocked"}
        theirs -= {"probe hostile", "probe hostile arrived", "incident blocked", "incident hostile"}
    assert opened == {name: 200 if name in theirs else 403 if name in forbidden else 404 for name in opened}
    assert visitor.complaints == []


async def test_whoever_is_bound_to_a_company_meets_no_other_company_anywhere(
    people: dict[str, BrowserTab], places: Places
) -> None:
    bound = people["bound"]
    bound.expected |= {403, 404}
    told = {}
    for href in places.of.values():
        answer = await bound.page.goto(href)
        assert answer
        asked = set(OTHERS.findall(href))
        told[href] = {name for name in OTHERS.findall(await answer.text()) if name not in asked}
    assert {href: names for href, names in told.items() if names} == {}


@pytest.mark.parametrize(
    "name",
    [
        "overview",
        "company hostile",
        "probe hostile",
        "probe hostile arrived",
        "incident hostile",
        "probes",
        "incidents",
        "sender",
    ],
)
async def test_what_a_hostile_mail_system_says_is_shown_and_does_nothing(
    name: str, people: dict[str, BrowserTab], places: Places
) -> None:
    admin = people["admin"]
    answer = await admin.page.goto(places[name])
    assert answer
    seen = await admin.page.evaluate(SEEN)
    assert "taken" not in seen["title"]
    assert (seen["scripts"], seen["foreign"]) == (0, 0)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", seen["text"])
    if name not in ("overview", "incidents", "sender", "probes"):  # these say it in our own words
        assert MARK[:40] in seen["text"]
    assert len(await answer.body()) < 600_000  # not the whole header, and no more than it has to be
    assert admin.complaints == []


async def test_a_company_page_is_a_report_when_it_is_printed(people: dict[str, BrowserTab], places: Places) -> None:
    page = people["admin"].page
    await page.goto(places["company"])
    await page.emulate_media(media="print")
    for gone in ("nav", "a.skip", ".me", "footer", "form", "#export", ".actions"):
        for each in await page.locator(gone).all():
            assert not await each.is_visible(), gone
    for there in ("h1", "#todo", "svg.cells", ".hero", "#incidents, [aria-labelledby=incidents]", ".print-only"):
        assert await page.locator(there).first.is_visible(), there
    assert (await page.pdf()).startswith(b"%PDF")
    await people["admin"].draw("company-printed")
    await page.emulate_media(media="screen")


async def test_a_page_that_is_live_does_not_jump(people: dict[str, BrowserTab]) -> None:
    page = people["viewer"].page
    await page.goto("/")
    await page.evaluate(
        """() => { window.jumped = 0; window.moved = 0;
        new PerformanceObserver((list) => { for (const each of list.getEntries()) window.jumped += each.value; })
          .observe({ type: "layout-shift" });
        new MutationObserver((list) => { window.moved += list.length; })
          .observe(document.getElementById("view"), { subtree: true, childList: true, characterData: true }); }"""
    )
    await page.wait_for_function("() => window.moved > 20")
    assert await page.evaluate("() => window.jumped") < 0.01


SHAPES = """() => Object.fromEntries([...document.querySelectorAll("svg.strip rect:not(.ground)")]
  .map((each) => [each.getAttribute("class"), `${each.getAttribute("y")}/${each.getAttribute("height")}`]))"""


@pytest.mark.parametrize("width", [NARROW, 1440])
async def test_the_evidence_of_the_sender_s_standing_opens_by_keyboard_and_fits(
    width: int, people: dict[str, BrowserTab], places: Places
) -> None:
    admin = people["admin"]
    page = admin.page
    await page.goto(places["sender"])
    await page.set_viewport_size({"width": width, "height": HIGH})
    for summary in await page.locator("[data-part=standing] details > summary").all():
        await summary.press("Enter")
    assert await page.locator("[data-part=standing] details:not([open])").count() == 0
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        await admin.draw(f"sender-evidence-{width}-{theme}")
        assert await admin.violations() == []
    assert await admin.spills() == 0
    shapes = await page.evaluate(SHAPES)
    assert len({shapes[name] for name in ("f-good", "f-weak", "f-bad", "f-none", "f-unknown")}) == 5
    await page.set_viewport_size({"width": WIDE, "height": HIGH})
    assert admin.complaints == []
