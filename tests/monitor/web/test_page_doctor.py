"""The doctor among the settings: a round is begun by a button, and its findings are shown as they come."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from monitor.doctor import rounds, table
from monitor.doctor.observation import Examination, Examine, Observation, Premises
from monitor.doctor.rounds import Doctor, DoctorRound
from monitor.people.person import Rights
from monitor.web.pages import doctor
from probes.standing.fact import State
from tests.support.outside_world import outside_world
from tests.support.pages_app import START, PagesApp, open_pages_app, post

PAGE = "/settings/doctor"
PARTS = ("clock", "routes")


class Bedside:
    """Examinations that find what they are given, and go on when they may."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.seen: dict[str, list[Observation]] = {name: [] for name in PARTS}

    def examinations(self) -> tuple[Examination, ...]:
        return tuple(Examination(name, f"How is the {name}?", self._of(name)) for name in PARTS)

    def _of(self, name: str) -> Examine:
        async def examine(_: Premises) -> AsyncIterator[Observation]:
            if name == "routes":
                await self.may_go_on.wait()
            for each in self.seen[name]:
                yield each

        return examine


@pytest.fixture
def bedside(monkeypatch: pytest.MonkeyPatch) -> Bedside:
    bedside = Bedside()
    examinations = bedside.examinations()
    for module in (table, rounds, doctor):
        monkeypatch.setattr(module, "EXAMINATIONS", examinations)
    return bedside


def shown(page: str) -> str:
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", main)).split())


def doctor_for(pages_app: PagesApp) -> Doctor:
    """Put a doctor into the service."""
    config = pages_app.backend.config()
    premises = Premises(config, Path("config.toml"), (), outside_world(), 1.0)
    it = Doctor(lambda: premises, lambda: START)
    object.__setattr__(pages_app.backend, "doctor", it)
    return it


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def until(it: Doctor, true: Callable[[DoctorRound], object]) -> None:
    async with asyncio.timeout(30):
        while not (it.last and true(it.last)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def ended(it: Doctor) -> None:
    await until(it, lambda last: last.ended)


async def test_findings_are_shown_as_they_come_the_worst_first(pages_app: PagesApp, bedside: Bedside) -> None:
    bedside.seen["clock"] = [Observation("clock", State.GOOD, "right by 0.1 s")]
    bedside.seen["routes"] = [
        Observation("acme/hq", State.GOOD, "answers EHLO"),
        Observation("bolt/hq <script>", State.BAD, "refuses the connection", "open port 25 there"),
    ]
    it, admin = doctor_for(pages_app), await pages_app.admin()
    before = await admin.get(PAGE)
    assert "Examine this installation" in shown(before.text)
    assert "How is the clock?" not in shown(before.text)
    answer = await post(admin, PAGE, PAGE)
    assert (answer.status, answer.headers["Location"]) == (303, PAGE)
    await until(it, lambda last: last.found)
    during = (await admin.get(PAGE)).text
    assert "Examining: 1 of 2." in shown(during)
    assert "How is the routes? Not tried yet." in shown(during)
    assert 'data-every="2"' in during
    assert "<button>Examine" not in during
    bedside.may_go_on.set()
    await ended(it)
    after = (await admin.get(PAGE)).text
    assert "1 bad, 2 good" in shown(after)
    assert shown(after).index("bolt/hq <script>") < shown(after).index("acme/hq")
    assert "refuses the connection To do: open port 25 there" in shown(after)
    assert "<script>" not in after.partition("<main")[2]
    assert "data-every" not in after
    await it.close()


async def test_a_round_under_way_is_not_begun_again(pages_app: PagesApp, bedside: Bedside) -> None:
    it, admin = doctor_for(pages_app), await pages_app.admin()
    await post(admin, PAGE, PAGE)
    first = it.last
    await post(admin, PAGE, PAGE)
    assert it.last is first
    bedside.may_go_on.set()
    await ended(it)
    await post(admin, PAGE, PAGE)
    assert it.last is not first
    await it.close()


async def test_a_round_ends_with_its_time_and_says_what_was_not_tried(
    pages_app: PagesApp, bedside: Bedside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "ROUND_SECONDS", 0.2)
    bedside.seen["clock"] = [Observation("clock", State.GOOD, "right")]
    it, admin = doctor_for(pages_app), await pages_app.admin()
    await post(admin, PAGE, PAGE)
    await ended(it)
    page = shown((await admin.get(PAGE)).text)
    assert "Not everything was tried: 0 seconds were over." in page
    assert "How is the routes? Not tried yet." in page
    await it.close()


async def test_a_round_that_fails_ends_and_is_not_begun_again_by_itself(pages_app: PagesApp, bedside: Bedside) -> None:
    rounds_begun = []

    def premises() -> Premises:
        rounds_begun.append(1)
        raise OSError("config.toml is gone")

    it, admin = Doctor(premises, lambda: START), await pages_app.admin()
    object.__setattr__(pages_app.backend, "doctor", it)
    await post(admin, PAGE, PAGE)
    await ended(it)
    await asyncio.sleep(0.5)
    assert len(rounds_begun) == 1
    assert "Not everything was tried: it failed, and the log of the service says why." in shown(
        (await admin.get(PAGE)).text
    )
    await it.close()


async def test_whoever_has_some_companies_learns_nothing_of_the_others(pages_app: PagesApp, bedside: Bedside) -> None:
    bedside.may_go_on.set()
    bedside.seen["routes"] = [Observation("bolt/hq", State.BAD, "refuses the connection")]
    it, admin = doctor_for(pages_app), await pages_app.admin()
    bound = await pages_app.person("anna", Rights.ADMIN, ("acme",))
    await post(admin, PAGE, PAGE)
    await ended(it)
    first = it.last
    page = await bound.get(PAGE)
    assert "The doctor is not shown to you." in shown(page.text)
    assert "bolt" not in shown(page.text)
    await post(bound, PAGE, "/settings/tokens")
    assert it.last is first
    await it.close()
