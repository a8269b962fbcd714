"""From stored verdicts to stored incidents and notices, on a real store: restarts, mutes, clocks, reloads, storms."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.channels.webhook import WebhookChannel
from monitor.config import Config
from monitor.incidents.incident import Incident, IncidentEvent, Resolution, Scope, Severity
from monitor.incidents.mute import Mute
from monitor.incidents.settings import IncidentSettings, RoutingRule
from monitor.incidents.tracker import CONTROL_AGAIN, HISTORY
from monitor.notices.notice import Notice, NoticeKind
from monitor.oncall.engine import IncidentEngine
from monitor.store import Store, StoreError
from probes.evidence import Attempt
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.uplink import Uplink
from tests.support.verdict_score import CODE, QUARTER, T0, verdict

NUMBERS = count(1)
HOUR = timedelta(hours=1)


def config(*companies: str, **tables: Any) -> Config:
    """A configuration of companies with one path each, "hq"; "acme@m365" tells a mail system."""
    settings = {}
    for name, _, system in (each.partition("@") for each in companies or ("acme", "bolt")):
        path = {
            "to": f"probe@{name}.example",
            "route": {"via": "xclient", "host": "192.0.2.10"},
            "mailbox": {"via": "maildir", "path": f"/nowhere/{name}"},
            "kinds": ["two_step_code"],
        }
        settings[name] = {"name": f"{name.title()} Inc", "mail_system": system or "postfix", "paths": {"hq": path}}
    hook = WebhookChannel(via="webhook", url="http://127.0.0.1:9/", secret=SecretStr("long enough to be a secret"))
    return Config.model_validate({"companies": settings, "channels": {"hook": hook}, **tables})


@dataclass
class Desk:
    """A casebook at work by a clock of its own, and the hand that stores verdicts."""

    store: Store
    casebook: IncidentEngine
    clock: list[datetime]
    compared: list[str]

    @property
    def now(self) -> datetime:
        return self.clock[0]

    def wait(self, span: timedelta) -> None:
        self.clock[0] += span

    async def judge(self, letter: str, company: str = "acme", *, role: Role = Role.SENDER, kind: Kind = CODE) -> str:
        """A probe was sent, and this is what became of it."""
        born = self.now
        probe = Probe(
            *(
                f"{next(NUMBERS):016x}",
                company,
                "hq",
                kind,
                role,
                "xclient",
                f"probe@{company}.example",
                "104.130.122.50",
            ),
            *(born, born + timedelta(minutes=10), born + HOUR, ()),
        )
        await self.store.launch(probe, "maildir", Attempt(born, 1))
        await self.store.learn(
            probe.id,
            (),
            verdict(letter, f"mx.{company}.example:25"),
            born + timedelta(seconds=2),
            closed=True,
            delivery=None,
        )
        return probe.id

    async def play(self, score: str, company: str = "acme", **facts: Any) -> None:
        for letter in score:
            await self.judge(letter, company, **facts)
            await self.casebook.step()
            self.wait(QUARTER)

    async def settle(self) -> list[Notice]:
        """Let it look after a while; the notices that are there now, those of before included."""
        self.wait(timedelta(minutes=2))
        await self.casebook.step()
        return await self.notices()

    async def notices(self) -> list[Notice]:
        found = []
        for incident in await self.store.incidents(1000, open_only=False):
            found += [record.notice for record in await self.store.notices_of(incident.id)]
        return sorted(found, key=lambda notice: notice.at)

    async def turns(self, incident: Incident) -> list[IncidentEvent]:
        return [entry.turn for entry in await self.store.entries(incident.id)]

    def only(self) -> Incident:
        (incident,) = self.casebook.incidents
        return incident


@asynccontextmanager
async def desk(
    folder: Path, told: Config, clock: list[datetime] | None = None, uplink: Callable[[], Uplink] = Uplink
) -> AsyncIterator[Desk]:
    """One life of the service, as far as incidents go."""
    clock = clock or [T0]
    compared: list[str] = []
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store:
        casebook = IncidentEngine(
            store, lambda: clock[0], uplink, compare=lambda path, signal: compared.append(path.key)
        )
        await casebook.configure(told)
        await casebook.recall(await store.present())
        yield Desk(store, casebook, clock, compared)


def told(notices: list[Notice]) -> list[str]:
    return [str(notice.news) for notice in notices]


async def test_a_blocked_company_is_one_incident_one_notice_and_one_end(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("iddd")
        assert told(await at.settle()) == ["opened"]
        await at.play("ii")
        notices = await at.settle()
    assert told(notices) == ["opened", "resolved"]
    assert [notice.number for notice in notices] == [1, 2]
    assert {notice.incident for notice in notices} == {notices[0].incident}
    assert "Acme Inc" in notices[0].title
    assert "is on our list" in notices[0].text


async def test_its_history_tells_all_of_it(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("d")
        await at.settle()
        await at.play("bb")
        incident = at.only()
        await at.play("ii")
        await at.settle()
        turns = await at.turns(incident)
    assert [turn for turn in turns if turn is not IncidentEvent.TOLD] == [
        *(IncidentEvent.OPENED, IncidentEvent.CAUSE_CHANGED, IncidentEvent.OUTCOME_CHANGED),
        IncidentEvent.CLOSED,
    ]
    assert turns.count(IncidentEvent.TOLD) == 3  # opened, its cause, resolved


async def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    clock = [T0]
    async with desk(tmp_path, config(), clock) as at:
        await at.play("dd")
        await at.settle()
        before = at.only()
    for score in ("d", "i"):  # two more lives: still blocked; then one good one, which is not enough
        async with desk(tmp_path, config(), clock) as at:
            await at.casebook.step()
            await at.play(score)
            assert at.only().id == before.id
    async with desk(tmp_path, config(), clock) as at:
        await at.play("i")
        notices = await at.settle()
        assert at.casebook.incidents == []
    assert told(notices) == ["opened", "resolved"]


async def test_a_restart_forgets_nothing_that_an_incident_tells(tmp_path: Path) -> None:
    """Blocked, and then for longer than the past that is loaded nobody could look."""
    clock = [T0]
    async with desk(tmp_path, config(), clock) as at:
        await at.play("dd" + "?" * HISTORY)
        before = at.casebook.incidents
    async with desk(tmp_path, config(), clock) as at:
        await at.casebook.step()
        assert {each.id: each.failures for each in at.casebook.incidents} == {each.id: each.failures for each in before}
        await at.play("ii")
        assert at.casebook.incidents == []


async def test_what_was_judged_while_nobody_looked_is_looked_at_by_the_next_life(tmp_path: Path) -> None:
    clock = [T0]
    async with desk(tmp_path, config(), clock) as at:
        for letter in "bb":  # stored, and then the service dies before the rules see it
            await at.judge(letter)
    async with desk(tmp_path, config(), clock) as at:
        await at.casebook.step()
        assert told(await at.settle()) == ["opened"]
    async with desk(tmp_path, config(), clock) as at:
        assert told(await at.settle()) == ["opened"], "and once only"


async def test_a_verdict_counts_once_though_the_store_would_not_take_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("i")
        await at.judge("b")
        with monkeypatch.context() as full:
            full.setattr(at.store, "advance", disk_full)
            with pytest.raises(StoreError):
                await at.casebook.step()
        await at.casebook.step()
        assert at.casebook.incidents == []
        await at.play("b")
        assert at.only().failures[0].bad == 2


async def disk_full(*_: Any, **__: Any) -> None:
    raise StoreError("the disk is full")


@pytest.mark.parametrize(("score", "opened"), [("", 0), ("i", 0), ("ib", 1), ("d", 1), ("iib", 0)])
async def test_the_rules_begin_with_what_is_judged_from_now_on(tmp_path: Path, score: str, opened: int) -> None:
    """A store from before there were incidents is full of old verdicts; here, bad ones."""
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        old = Desk(store, None, [T0], [])  # type: ignore[arg-type]
        for _ in range(5):
            await old.judge("d")
    async with desk(tmp_path, config()) as at:
        await at.casebook.step()
        assert at.casebook.incidents == []
        await at.play(score)
        assert len(at.casebook.incidents) == opened


async def test_another_process_s_verdicts_count_too(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        at.casebook.start()
        await at.judge("d")  # nobody tells the casebook: it looks by itself
        async with asyncio.timeout(10):
            while not at.casebook.incidents:  # noqa: ASYNC110 - that nothing wakes it is the point
                await asyncio.sleep(0.05)
        await at.casebook.close()


async def test_five_hundred_companies_blocked_within_a_minute_are_one_notice(tmp_path: Path) -> None:
    names = [f"c{number}@{('m365', 'google', 'postfix')[number % 3]}" for number in range(500)]
    async with desk(tmp_path, config(*names)) as at:
        for number, name in enumerate(names):
            await at.judge("d", name.partition("@")[0])
            at.wait(timedelta(milliseconds=110))
            if number % 25 == 0:
                await at.casebook.step()
        notices = await at.settle()
        (notice,) = notices
        assert (at.only().scope, len(at.only().touches)) == (Scope.EVERYBODY, 500)
        assert notice.news is NoticeKind.OPENED
        assert len(notice.text) < 6000
        for name in names:
            await at.judge("i", name.partition("@")[0])
            await at.judge("i", name.partition("@")[0])
        await at.casebook.step()
        while await at.casebook.step():
            pass
        assert told(await at.settle()) == ["opened", "resolved"]


async def test_forty_companies_that_are_mended_at_once_are_one_end_and_no_new_incident(tmp_path: Path) -> None:
    """Each has its second good probe in its turn, and the service is stopped again and again."""
    names = [f"c{number}@{('m365', 'google', 'postfix')[number % 3]}" for number in range(40)]
    companies, clock, told_of = [name.partition("@")[0] for name in names], [T0], config(*names)
    async with desk(tmp_path, told_of, clock) as at:
        for company in companies:
            await at.judge("d", company)
        await at.settle()
        before = at.only()
    for part in range(8):  # two rounds of good ones
        async with desk(tmp_path, told_of, clock) as at:
            for company in companies[part % 4 :: 4]:
                await at.judge("i", company)
                at.wait(QUARTER / 40)
                await at.casebook.step()
            if part == 6:
                assert at.only().recovering
                assert len(at.only().touches) == 10
    async with desk(tmp_path, told_of, clock) as at:
        notices = await at.settle()
        assert at.casebook.incidents == []
        everything = await at.store.incidents(100, open_only=False)
        assert IncidentEvent.RECOVERING in await at.turns(before)
    assert told(notices) == ["opened", "resolved"]
    assert [each.id for each in everything] == [before.id]


async def test_the_mailbox_server_of_one_company_is_down_and_nobody_hears_of_blocking(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("????")
        (notice,) = await at.settle()
    assert at.only().scope is Scope.OURSELVES
    assert notice.labels["scope"] == "ourselves"
    assert "blocked" not in notice.title
    assert notice.labels["severity"] == "ticket"


COMPARED = {"control": {"address": "postmaster@control.example", "source_ip": "198.51.100.7"}}


@pytest.mark.parametrize(
    ("letter", "says"),
    [
        ("m", "takes nobody's mail (a neutral sender gets the same answer)"),
        ("z", "refuses other senders too (the same blocklist refuses a neutral sender)"),
    ],
)
async def test_a_control_that_gets_the_same_answer_clears_the_sender_before_anybody_is_told(
    tmp_path: Path, letter: str, says: str
) -> None:
    """A milter is down; or a blocklist lists the world, the sender's address among it."""
    async with desk(tmp_path, config(**COMPARED)) as at:
        await at.judge(letter)
        await at.casebook.step()
        assert at.compared == ["acme/hq"], "at the first failing verdict, at once"
        await at.judge(letter, role=Role.CONTROL)
        at.wait(timedelta(seconds=5))
        await at.play(letter)
        assert (at.only().scope, at.only().severity) == (Scope.THEIR_SYSTEM, Severity.PAGE)
        (notice,) = await at.settle()
    assert (notice.labels["alertname"], notice.labels["scope"]) == ("MailpathTheirSystem", "their_system")
    assert notice.title == f"Acme Inc: its mail system {says}"
    assert "Act: the company's IT, alone." in notice.text
    assert notice.facts["actor"] == "company_it"


async def test_a_control_that_gets_through_proves_that_it_is_the_sender_and_the_notice_says_when(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, config(**COMPARED)) as at:
        await at.judge("d")
        await at.casebook.step()
        await at.judge("i", role=Role.CONTROL)
        (notice,) = await at.settle()
    assert "blocked" in notice.title
    assert "Compared: a neutral sender got through at 2026-11-23 08:00 UTC, so it is about this sender." in notice.text


async def test_what_nobody_has_compared_yet_is_told_in_time_and_says_so(tmp_path: Path) -> None:
    """The page does not wait for a control that is put off for as long as a code lives."""
    async with desk(tmp_path, config(**COMPARED)) as at:
        await at.play("bb")
        (notice,) = await at.settle()
    assert "Not yet compared with a neutral sender." in notice.text


async def test_one_lost_control_in_ten_is_no_news(tmp_path: Path) -> None:
    async with desk(tmp_path, config(**COMPARED)) as at:
        await at.play("dd")
        await at.settle()
        before = at.only()
        for letter in "iiiibiiiii":
            await at.judge(letter, role=Role.CONTROL)
            await at.play("d")
        assert told(await at.settle()) == ["opened"]
        assert (at.only().id, at.only().nature) == (before.id, before.nature)


async def test_a_control_that_was_lost_is_asked_for_again_within_minutes_though_no_verdict_comes(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, config(**COMPARED)) as at:
        await at.judge("b")
        await at.casebook.step()
        await at.judge("b", role=Role.CONTROL)
        await at.casebook.step()
        assert len(at.compared) == 1
        at.wait(CONTROL_AGAIN)
        for _ in range(5):
            await at.casebook.step()
        assert len(at.compared) == 2, "and then it is waited for"


async def test_a_restart_knows_what_the_control_got(tmp_path: Path) -> None:
    """One lost control before the restart and one after it are two of three; and nothing is forgotten later."""
    clock, told_so = [T0], config(**COMPARED)
    async with desk(tmp_path, told_so, clock) as at:
        await at.play("b")
        await at.judge("b", role=Role.CONTROL)
        await at.play("b")
        assert at.only().scope is Scope.COMPANY
    async with desk(tmp_path, told_so, clock) as at:
        await at.judge("i", role=Role.CONTROL)
        await at.judge("b", role=Role.CONTROL)
        await at.play("b")
        assert at.only().scope is Scope.THEIR_SYSTEM
        before = at.only().failures
    async with desk(tmp_path, told_so, clock) as at:
        await at.casebook.step()
        assert at.only().failures == before


async def test_what_is_known_of_our_own_way_out_is_asked_for(tmp_path: Path) -> None:
    """One gateway that refuses us; a host outside answers. So it is the company's."""
    known = [Uplink()]
    async with desk(tmp_path, config("acme"), uplink=lambda: known[0]) as at:
        await at.play("GG")
        assert at.only().scope is Scope.OURSELVES
        known[0] = Uplink(succeeded_at=at.now)
        await at.casebook.step()
        assert at.only().scope is Scope.OURSELVES  # not tried again since that host answered
        await at.play("G")
        assert (at.only().scope, at.only().severity) == (Scope.THEIR_SYSTEM, Severity.TICKET)


async def test_connections_that_fail_everywhere_page_for_mailpath_and_for_no_company(tmp_path: Path) -> None:
    async with desk(tmp_path, config("acme", "bolt", "cork")) as at:
        for _ in range(2):
            for company in ("acme", "bolt", "cork"):
                await at.judge("w", company)
            await at.casebook.step()
            at.wait(QUARTER)
        (notice,) = await at.settle()
    assert notice.labels["scope"] == "ourselves"
    assert notice.labels["severity"] == "page"
    assert "Nothing is known against account.trimble.com." in notice.text


@pytest.mark.parametrize("bad", ["dd", "??", "ff"])
async def test_what_came_back_must_be_well_for_longer_and_its_notice_says_so(tmp_path: Path, bad: str) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play(bad)
        await at.settle()
        await at.play("ii")
        await at.settle()
        await at.play(bad)
        await at.settle()
        await at.play("iii")
        notices = await at.settle()
        await at.play("i")
        assert told(await at.settle()) == ["opened", "resolved", "opened", "resolved"]
    assert told(notices) == ["opened", "resolved", "opened"]
    assert len({notice.incident for notice in notices}) == 1
    assert "2 good probes in a row" in notices[0].text
    assert "4 good probes in a row" in notices[2].text


async def test_a_mailbox_that_comes_and_goes_does_not_hold_up_the_end_of_what_the_mail_had(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("??ii??")
        await at.play("ddii")
        assert [incident.scope for incident in at.casebook.incidents] == []


# ---- mutes ----------------------------------------------------------------------------------------------------------


def mute(at: Desk, span: timedelta, **facts: Any) -> Mute:
    fields: dict[str, Any] = {
        **{"id": "m1", "company": "acme", "path": "", "mail_system": "", "cause": None},
        **{"begins_at": at.now, "ends_at": at.now + span, "weekly": "", "by": "ann", "why": "work on the gateway"},
        "created_at": at.now,
    }
    return Mute(**(fields | facts))


async def test_a_mute_that_ends_while_the_problem_lasts_leaves_one_notice(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.store.add_mute(mute(at, 3 * HOUR))
        await at.play("ddbbdd")
        assert (at.only().muted_by, await at.settle()) == (("m1",), [])
        assert at.casebook.muted == {at.only().id}
        at.wait(3 * HOUR)
        await at.casebook.step()
        assert told(await at.settle()) == ["opened"]
        assert {IncidentEvent.MUTED, IncidentEvent.UNMUTED} <= set(await at.turns(at.only()))


async def test_a_mute_that_ends_after_the_problem_leaves_none(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.store.add_mute(mute(at, 3 * HOUR))
        await at.play("ddii")
        at.wait(3 * HOUR)
        assert await at.settle() == []


async def test_who_was_told_before_the_mute_hears_of_the_end_when_the_mute_is_over(tmp_path: Path) -> None:
    clock = [T0]
    async with desk(tmp_path, config(), clock) as at:
        await at.play("d")
        await at.settle()
        await at.store.add_mute(mute(at, 30 * HOUR))
        await at.play("ii")
        assert at.casebook.incidents == []
        at.wait(8 * HOUR)  # longer than what comes back would be the same
        assert told(await at.settle()) == ["opened"]
    async with desk(tmp_path, config(), clock) as at:
        assert told(await at.settle()) == ["opened"]
        at.wait(30 * HOUR)
        assert told(await at.settle()) == ["opened", "resolved"]


async def test_a_mute_that_somebody_ends_is_over_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.store.add_mute(mute(at, 30 * HOUR))
        await at.play("dd")
        await at.store.end_mute("m1", at.now, "bob")
        assert told(await at.settle()) == ["opened"]


async def test_a_mute_of_one_company_does_not_hide_what_others_have(tmp_path: Path) -> None:
    async with desk(tmp_path, config("acme", "bolt", "cog", "dash")) as at:
        await at.store.add_mute(mute(at, 30 * HOUR))
        for company in ("acme", "bolt", "cog", "dash"):
            await at.play("d", company)
        (notice,) = await at.settle()
        assert (at.only().scope, at.only().muted_by, notice.news) == (Scope.EVERYBODY, (), NoticeKind.OPENED)


async def test_maintenance_in_the_configuration_mutes(tmp_path: Path) -> None:
    planned = {"name": "gateway", "weekly": "mon 07:00-10:00", "companies": ["acme"], "why": "every Monday"}
    async with desk(tmp_path, config(maintenance=[planned])) as at:  # T0 is a Monday, eight o'clock
        await at.play("dd")
        assert await at.settle() == []
        at.wait(2 * HOUR)
        assert told(await at.settle()) == ["opened"]


# ---- clocks, reloads, routing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(hours=-1), timedelta(hours=1), timedelta(days=400)])
async def test_a_clock_that_jumps_neither_loses_nor_invents_a_problem(tmp_path: Path, jump: timedelta) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("dd")
        await at.settle()
        incident = at.only()
        at.wait(jump)
        await at.play("d")
        assert at.only().id == incident.id
        assert {str(each) for each in told(await at.notices())} <= {"opened", "reminder"}
        assert len(await at.notices()) <= 2
        await at.play("ii")
        assert told(await at.settle())[-1] == "resolved" or "resolved" in told(await at.notices())


async def test_a_reload_that_takes_the_path_away_ends_its_incident_and_says_why(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("dd")
        await at.settle()
        incident = at.only()
        await at.casebook.configure(config("bolt"))
        notices = await at.settle()
        assert at.casebook.incidents == []
        (over,) = await at.store.find_incidents(incident.id)
    assert over.ending is Resolution.UNWATCHED
    assert told(notices) == ["opened", "resolved"]
    assert "configuration" in notices[-1].text


async def test_a_reload_in_the_middle_of_an_incident_keeps_it(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("dd")
        await at.settle()
        incident = at.only()
        stricter = IncidentSettings(good=3)
        await at.casebook.configure(config(incidents=stricter))
        await at.play("ii")
        assert at.only().id == incident.id
        await at.play("i")
        assert told(await at.settle()) == ["opened", "resolved"]


async def test_a_reload_forgets_nothing_that_is_known(tmp_path: Path) -> None:
    """Blocked, and then for longer than the past that is loaded nobody could look."""
    async with desk(tmp_path, config()) as at:
        await at.play("dd" + "?" * HISTORY)
        before = at.casebook.incidents
        await at.casebook.configure(config())
        await at.casebook.step()
        assert at.casebook.incidents == before


async def test_a_reload_while_the_rules_are_at_work_ends_nothing(tmp_path: Path) -> None:
    """New settings make the picture anew; nothing is to be concluded from half of it."""
    names = [f"c{number}" for number in range(20)]
    async with desk(tmp_path, config(*names)) as at:
        for company in names:
            await at.judge("d", company)
        await at.casebook.step()
        before = at.only()
        new = config(*names, incidents=IncidentSettings(good=3))
        await asyncio.gather(at.casebook.step(), at.casebook.configure(new), at.casebook.step())
        assert (at.only().id, at.only().touches) == (before.id, before.touches)
        assert await at.turns(before) == [IncidentEvent.OPENED]


async def test_a_company_s_own_channel_hears_no_other_name(tmp_path: Path) -> None:
    rules = [RoutingRule(to=("hook",), companies=("acme",))]
    async with desk(tmp_path, config("acme", "bolt", "cog", "dash", routing=rules)) as at:
        for company in ("bolt", "cog", "dash", "acme"):
            await at.play("d", company)
        (notice,) = await at.settle()
    assert at.only().scope is Scope.EVERYBODY
    assert "Acme Inc" in notice.title + notice.text
    assert not [name for name in ("bolt", "cog", "dash") if name in f"{notice}".lower()]


async def test_who_is_no_longer_to_hear_of_it_hears_its_end_and_still_no_other_name(tmp_path: Path) -> None:
    names = ("acme", "bolt", "cog", "dash")
    rule = RoutingRule(to=("hook",), companies=("acme",))
    async with desk(tmp_path, config(*names, routing=[rule])) as at:
        for company in names:
            await at.judge("d", company)
        await at.casebook.step()
        assert told(await at.settle()) == ["opened"]
        notes_only = rule.model_copy(update={"severities": (Severity.NOTE,)})
        await at.casebook.configure(config(*names, routing=[notes_only]))
        for company in names:
            await at.play("ii", company)
        notices = await at.settle()
    assert told(notices) == ["opened", "resolved"]
    assert not [name for name in names[1:] if name in f"{notices}".lower()]


async def test_a_reminder_comes_when_it_is_time_and_not_in_heaps(tmp_path: Path) -> None:
    async with desk(tmp_path, config(incidents=IncidentSettings(remind=timedelta(hours=1)))) as at:
        await at.play("dd")
        (opened,) = await at.settle()
        await at.play("d" * 20)  # five hours in which the channel is dead
        assert told(await at.settle()) == ["opened"]
        await at.store.delivered(opened.id, at.now)
        assert told(await at.settle()) == ["opened", "reminder"]


async def test_two_causes_in_turn_are_told_once_each(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        await at.play("bb")
        await at.settle()
        for letter in "cbcbcbcb":
            await at.play(letter)
            await at.settle()
        assert told(await at.settle()) == ["opened", "cause_changed"]
        await at.play("ii")
        await at.settle()
        await at.play("bb")
        await at.settle()
        await at.play("c")
        assert told(await at.settle())[2:] == ["resolved", "opened", "cause_changed"]


async def test_what_the_rules_have_not_seen_is_a_lag(tmp_path: Path) -> None:
    async with desk(tmp_path, config()) as at:
        assert at.casebook.lag == timedelta(0)
        await at.judge("i")
        at.casebook.take(await at.store.signals(0))
        at.wait(timedelta(seconds=30))
        assert at.casebook.lag == timedelta(seconds=30)
        await at.casebook.step()
        assert at.casebook.lag == timedelta(0)
