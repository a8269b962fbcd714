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
class EngineApp:
    """An incident engine at work by a clock of its own, and the hand that stores verdicts."""

    store: Store
    incident_engine: IncidentEngine
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
        await self.store.probes.launch(probe, "maildir", Attempt(born, 1))
        await self.store.probes.learn(
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
            await self.incident_engine.step()
            self.wait(QUARTER)

    async def settle(self) -> list[Notice]:
        """Let it look after a while; the notices that are there now, those of before included."""
        self.wait(timedelta(minutes=2))
        await self.incident_engine.step()
        return await self.notices()

    async def notices(self) -> list[Notice]:
        found = []
        for incident in await self.store.incidents.newest(1000, open_only=False):
            found += [record.notice for record in await self.store.incidents.notices_of(incident.id)]
        return sorted(found, key=lambda notice: notice.at)

    async def turns(self, incident: Incident) -> list[IncidentEvent]:
        return [entry.turn for entry in await self.store.incidents.entries(incident.id)]

    def only(self) -> Incident:
        (incident,) = self.incident_engine.incidents
        return incident


@asynccontextmanager
async def open_engine_app(
    folder: Path, told: Config, clock: list[datetime] | None = None, uplink: Callable[[], Uplink] = Uplink
) -> AsyncIterator[EngineApp]:
    """One life of the service, as far as incidents go."""
    clock = clock or [T0]
    compared: list[str] = []
    async with Store.open(f"sqlite:///{folder / 'mailpath.db'}") as store:
        incident_engine = IncidentEngine(
            store, lambda: clock[0], uplink, compare=lambda path, signal: compared.append(path.key)
        )
        await incident_engine.configure(told)
        await incident_engine.recall(await store.probes.current())
        yield EngineApp(store, incident_engine, clock, compared)


def told(notices: list[Notice]) -> list[str]:
    return [str(notice.news) for notice in notices]


async def test_a_blocked_company_is_one_incident_one_notice_and_one_end(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("iddd")
        assert told(await engine_app.settle()) == ["opened"]
        await engine_app.play("ii")
        notices = await engine_app.settle()
    assert told(notices) == ["opened", "resolved"]
    assert [notice.number for notice in notices] == [1, 2]
    assert {notice.incident for notice in notices} == {notices[0].incident}
    assert "Acme Inc" in notices[0].title
    assert "is on our list" in notices[0].text


async def test_its_history_tells_all_of_it(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("d")
        await engine_app.settle()
        await engine_app.play("bb")
        incident = engine_app.only()
        await engine_app.play("ii")
        await engine_app.settle()
        turns = await engine_app.turns(incident)
    assert [turn for turn in turns if turn is not IncidentEvent.QUEUED] == [
        *(IncidentEvent.OPENED, IncidentEvent.CAUSE_CHANGED, IncidentEvent.OUTCOME_CHANGED),
        IncidentEvent.CLOSED,
    ]
    assert turns.count(IncidentEvent.QUEUED) == 3  # opened, its cause, resolved


async def test_a_restart_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    clock = [T0]
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        await engine_app.play("dd")
        await engine_app.settle()
        before = engine_app.only()
    for score in ("d", "i"):  # two more lives: still blocked; then one good one, which is not enough
        async with open_engine_app(tmp_path, config(), clock) as engine_app:
            await engine_app.incident_engine.step()
            await engine_app.play(score)
            assert engine_app.only().id == before.id
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        await engine_app.play("i")
        notices = await engine_app.settle()
        assert engine_app.incident_engine.incidents == []
    assert told(notices) == ["opened", "resolved"]


async def test_a_restart_forgets_nothing_that_an_incident_tells(tmp_path: Path) -> None:
    """Blocked, and then for longer than the past that is loaded nobody could look."""
    clock = [T0]
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        await engine_app.play("dd" + "?" * HISTORY)
        before = engine_app.incident_engine.incidents
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        await engine_app.incident_engine.step()
        assert {each.id: each.failures for each in engine_app.incident_engine.incidents} == {
            each.id: each.failures for each in before
        }
        await engine_app.play("ii")
        assert engine_app.incident_engine.incidents == []


async def test_what_was_judged_while_nobody_looked_is_looked_at_by_the_next_life(tmp_path: Path) -> None:
    clock = [T0]
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        for letter in "bb":  # stored, and then the service dies before the rules see it
            await engine_app.judge(letter)
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        await engine_app.incident_engine.step()
        assert told(await engine_app.settle()) == ["opened"]
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        assert told(await engine_app.settle()) == ["opened"], "and once only"


async def test_a_verdict_counts_once_though_the_store_would_not_take_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("i")
        await engine_app.judge("b")
        with monkeypatch.context() as full:
            full.setattr(engine_app.store.incidents, "advance", disk_full)
            with pytest.raises(StoreError):
                await engine_app.incident_engine.step()
        await engine_app.incident_engine.step()
        assert engine_app.incident_engine.incidents == []
        await engine_app.play("b")
        assert engine_app.only().failures[0].bad == 2


async def disk_full(*_: Any, **__: Any) -> None:
    raise StoreError("the disk is full")


@pytest.mark.parametrize(("score", "opened"), [("", 0), ("i", 0), ("ib", 1), ("d", 1), ("iib", 0)])
async def test_the_rules_begin_with_what_is_judged_from_now_on(tmp_path: Path, score: str, opened: int) -> None:
    """A store from before there were incidents is full of old verdicts; here, bad ones."""
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        old = EngineApp(store, None, [T0], [])  # type: ignore[arg-type]
        for _ in range(5):
            await old.judge("d")
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.incident_engine.step()
        assert engine_app.incident_engine.incidents == []
        await engine_app.play(score)
        assert len(engine_app.incident_engine.incidents) == opened


async def test_another_process_s_verdicts_count_too(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        engine_app.incident_engine.start()
        await engine_app.judge("d")  # nobody tells the engine: it looks by itself
        async with asyncio.timeout(10):
            while not engine_app.incident_engine.incidents:  # noqa: ASYNC110 - that nothing wakes it is the point
                await asyncio.sleep(0.05)
        await engine_app.incident_engine.close()


async def test_five_hundred_companies_blocked_within_a_minute_are_one_notice(tmp_path: Path) -> None:
    names = [f"c{number}@{('m365', 'google', 'postfix')[number % 3]}" for number in range(500)]
    async with open_engine_app(tmp_path, config(*names)) as engine_app:
        for number, name in enumerate(names):
            await engine_app.judge("d", name.partition("@")[0])
            engine_app.wait(timedelta(milliseconds=110))
            if number % 25 == 0:
                await engine_app.incident_engine.step()
        notices = await engine_app.settle()
        (notice,) = notices
        assert (engine_app.only().scope, len(engine_app.only().touches)) == (Scope.EVERYBODY, 500)
        assert notice.news is NoticeKind.OPENED
        assert len(notice.text) < 6000
        for name in names:
            await engine_app.judge("i", name.partition("@")[0])
            await engine_app.judge("i", name.partition("@")[0])
        await engine_app.incident_engine.step()
        while await engine_app.incident_engine.step():
            pass
        assert told(await engine_app.settle()) == ["opened", "resolved"]


async def test_forty_companies_that_are_mended_at_once_are_one_end_and_no_new_incident(tmp_path: Path) -> None:
    """Each has its second good probe in its turn, and the service is stopped again and again."""
    names = [f"c{number}@{('m365', 'google', 'postfix')[number % 3]}" for number in range(40)]
    companies, clock, told_of = [name.partition("@")[0] for name in names], [T0], config(*names)
    async with open_engine_app(tmp_path, told_of, clock) as engine_app:
        for company in companies:
            await engine_app.judge("d", company)
        await engine_app.settle()
        before = engine_app.only()
    for part in range(8):  # two rounds of good ones
        async with open_engine_app(tmp_path, told_of, clock) as engine_app:
            for company in companies[part % 4 :: 4]:
                await engine_app.judge("i", company)
                engine_app.wait(QUARTER / 40)
                await engine_app.incident_engine.step()
            if part == 6:
                assert engine_app.only().recovering
                assert len(engine_app.only().touches) == 10
    async with open_engine_app(tmp_path, told_of, clock) as engine_app:
        notices = await engine_app.settle()
        assert engine_app.incident_engine.incidents == []
        everything = await engine_app.store.incidents.newest(100, open_only=False)
        assert IncidentEvent.RECOVERING in await engine_app.turns(before)
    assert told(notices) == ["opened", "resolved"]
    assert [each.id for each in everything] == [before.id]


async def test_the_mailbox_server_of_one_company_is_down_and_nobody_hears_of_blocking(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("????")
        (notice,) = await engine_app.settle()
    assert engine_app.only().scope is Scope.OURSELVES
    assert notice.labels["scope"] == "ourselves"
    assert "blocked" not in notice.title
    assert notice.labels["severity"] == "ticket"


COMPARED = {"control": {"address": "postmaster@control.example", "source_ip": "198.51.100.7"}}


@pytest.mark.parametrize(
    ("letter", "says"),
    [
        ("m", "accepts no mail at all (a neutral sender gets the same answer)"),
        ("z", "rejects other senders too (the same blocklist rejects a neutral sender)"),
    ],
)
async def test_a_control_that_gets_the_same_answer_clears_the_sender_before_anybody_is_told(
    tmp_path: Path, letter: str, says: str
) -> None:
    """A milter is down; or a blocklist lists the world, the sender's address among it."""
    async with open_engine_app(tmp_path, config(**COMPARED)) as engine_app:
        await engine_app.judge(letter)
        await engine_app.incident_engine.step()
        assert engine_app.compared == ["acme/hq"], "at the first failing verdict, at once"
        await engine_app.judge(letter, role=Role.CONTROL)
        engine_app.wait(timedelta(seconds=5))
        await engine_app.play(letter)
        assert (engine_app.only().scope, engine_app.only().severity) == (Scope.THEIR_SYSTEM, Severity.PAGE)
        (notice,) = await engine_app.settle()
    assert (notice.labels["alertname"], notice.labels["scope"]) == ("MailpathTheirSystem", "their_system")
    assert notice.title == f"[PAGE] Acme Inc: its mail system {says}"
    assert "Who acts: the company's IT team" in notice.text
    assert notice.facts["actor"] == "company_it"


async def test_a_control_that_gets_through_proves_that_it_is_the_sender_and_the_notice_says_when(
    tmp_path: Path,
) -> None:
    async with open_engine_app(tmp_path, config(**COMPARED)) as engine_app:
        await engine_app.judge("d")
        await engine_app.incident_engine.step()
        await engine_app.judge("i", role=Role.CONTROL)
        (notice,) = await engine_app.settle()
    assert "blocked" in notice.title
    compared = "A control from a neutral sender got through at 2026-11-23 08:00 UTC, so mail in general gets through;"
    assert compared in notice.text
    assert notice.facts["comparison"].startswith(compared)


async def test_what_nobody_has_compared_yet_is_told_in_time_and_says_so(tmp_path: Path) -> None:
    """The page does not wait for a control that is put off for as long as a code lives."""
    async with open_engine_app(tmp_path, config(**COMPARED)) as engine_app:
        await engine_app.play("bb")
        (notice,) = await engine_app.settle()
    assert "The comparison with a neutral sender has been inconclusive so far." in notice.text


async def test_one_lost_control_in_ten_is_no_news(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config(**COMPARED)) as engine_app:
        await engine_app.play("dd")
        await engine_app.settle()
        before = engine_app.only()
        for letter in "iiiibiiiii":
            await engine_app.judge(letter, role=Role.CONTROL)
            await engine_app.play("d")
        assert told(await engine_app.settle()) == ["opened"]
        assert (engine_app.only().id, engine_app.only().nature) == (before.id, before.nature)


async def test_a_control_that_was_lost_is_asked_for_again_within_minutes_though_no_verdict_comes(
    tmp_path: Path,
) -> None:
    async with open_engine_app(tmp_path, config(**COMPARED)) as engine_app:
        await engine_app.judge("b")
        await engine_app.incident_engine.step()
        await engine_app.judge("b", role=Role.CONTROL)
        await engine_app.incident_engine.step()
        assert len(engine_app.compared) == 1
        engine_app.wait(CONTROL_AGAIN)
        for _ in range(5):
            await engine_app.incident_engine.step()
        assert len(engine_app.compared) == 2, "and then it is waited for"


async def test_a_restart_knows_what_the_control_got(tmp_path: Path) -> None:
    """One lost control before the restart and one after it are two of three; and nothing is forgotten later."""
    clock, told_so = [T0], config(**COMPARED)
    async with open_engine_app(tmp_path, told_so, clock) as engine_app:
        await engine_app.play("b")
        await engine_app.judge("b", role=Role.CONTROL)
        await engine_app.play("b")
        assert engine_app.only().scope is Scope.COMPANY
    async with open_engine_app(tmp_path, told_so, clock) as engine_app:
        await engine_app.judge("i", role=Role.CONTROL)
        await engine_app.judge("b", role=Role.CONTROL)
        await engine_app.play("b")
        assert engine_app.only().scope is Scope.THEIR_SYSTEM
        before = engine_app.only().failures
    async with open_engine_app(tmp_path, told_so, clock) as engine_app:
        await engine_app.incident_engine.step()
        assert engine_app.only().failures == before


async def test_what_is_known_of_our_own_way_out_is_asked_for(tmp_path: Path) -> None:
    """One gateway that refuses us; a host outside answers. So it is the company's."""
    known = [Uplink()]
    async with open_engine_app(tmp_path, config("acme"), uplink=lambda: known[0]) as engine_app:
        await engine_app.play("GG")
        assert engine_app.only().scope is Scope.OURSELVES
        known[0] = Uplink(succeeded_at=engine_app.now)
        await engine_app.incident_engine.step()
        assert engine_app.only().scope is Scope.OURSELVES  # not tried again since that host answered
        await engine_app.play("G")
        assert (engine_app.only().scope, engine_app.only().severity) == (Scope.THEIR_SYSTEM, Severity.TICKET)


async def test_connections_that_fail_everywhere_page_for_mailpath_and_for_no_company(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config("acme", "bolt", "cork")) as engine_app:
        for _ in range(2):
            for company in ("acme", "bolt", "cork"):
                await engine_app.judge("w", company)
            await engine_app.incident_engine.step()
            engine_app.wait(QUARTER)
        (notice,) = await engine_app.settle()
    assert notice.labels["scope"] == "ourselves"
    assert notice.labels["severity"] == "page"
    assert "Nothing points to a problem with account.trimble.com." in notice.text


@pytest.mark.parametrize("bad", ["dd", "??", "ff"])
async def test_what_came_back_must_be_well_for_longer_and_its_notice_says_so(tmp_path: Path, bad: str) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play(bad)
        await engine_app.settle()
        await engine_app.play("ii")
        await engine_app.settle()
        await engine_app.play(bad)
        await engine_app.settle()
        await engine_app.play("iii")
        notices = await engine_app.settle()
        await engine_app.play("i")
        assert told(await engine_app.settle()) == ["opened", "resolved", "opened", "resolved"]
    assert told(notices) == ["opened", "resolved", "opened"]
    assert len({notice.incident for notice in notices}) == 1
    assert "2 good probes in a row" in notices[0].text
    assert "4 good probes in a row" in notices[2].text


async def test_a_mailbox_that_comes_and_goes_does_not_hold_up_the_end_of_what_the_mail_had(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("??ii??")
        await engine_app.play("ddii")
        assert [incident.scope for incident in engine_app.incident_engine.incidents] == []


# ---- mutes ----------------------------------------------------------------------------------------------------------


def mute(engine_app: EngineApp, span: timedelta, **facts: Any) -> Mute:
    fields: dict[str, Any] = {
        **{"id": "m1", "company": "acme", "path": "", "mail_system": "", "cause": None},
        **{
            "begins_at": engine_app.now,
            "ends_at": engine_app.now + span,
            "weekly": "",
            "by": "ann",
            "why": "work on the gateway",
        },
        "created_at": engine_app.now,
    }
    return Mute(**(fields | facts))


async def test_a_mute_that_ends_while_the_problem_lasts_leaves_one_notice(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.store.incidents.add_mute(mute(engine_app, 3 * HOUR))
        await engine_app.play("ddbbdd")
        assert (engine_app.only().muted_by, await engine_app.settle()) == (("m1",), [])
        assert engine_app.incident_engine.muted == {engine_app.only().id}
        engine_app.wait(3 * HOUR)
        await engine_app.incident_engine.step()
        assert told(await engine_app.settle()) == ["opened"]
        entries = await engine_app.store.incidents.entries(engine_app.only().id)
        assert {IncidentEvent.MUTED, IncidentEvent.UNMUTED} <= {entry.turn for entry in entries}
        (muted,) = (entry for entry in entries if entry.turn is IncidentEvent.MUTED)
        assert muted.said == "by ann: work on the gateway"


async def test_a_mute_that_ends_after_the_problem_leaves_none(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.store.incidents.add_mute(mute(engine_app, 3 * HOUR))
        await engine_app.play("ddii")
        engine_app.wait(3 * HOUR)
        assert await engine_app.settle() == []


async def test_who_was_told_before_the_mute_hears_of_the_end_when_the_mute_is_over(tmp_path: Path) -> None:
    clock = [T0]
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        await engine_app.play("d")
        await engine_app.settle()
        await engine_app.store.incidents.add_mute(mute(engine_app, 30 * HOUR))
        await engine_app.play("ii")
        assert engine_app.incident_engine.incidents == []
        engine_app.wait(8 * HOUR)  # longer than what comes back would be the same
        assert told(await engine_app.settle()) == ["opened"]
    async with open_engine_app(tmp_path, config(), clock) as engine_app:
        assert told(await engine_app.settle()) == ["opened"]
        engine_app.wait(30 * HOUR)
        assert told(await engine_app.settle()) == ["opened", "resolved"]


async def test_a_mute_that_somebody_ends_is_over_at_once(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.store.incidents.add_mute(mute(engine_app, 30 * HOUR))
        await engine_app.play("dd")
        await engine_app.store.incidents.end_mute("m1", engine_app.now, "bob")
        assert told(await engine_app.settle()) == ["opened"]


async def test_a_mute_of_one_company_does_not_hide_what_others_have(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config("acme", "bolt", "cog", "dash")) as engine_app:
        await engine_app.store.incidents.add_mute(mute(engine_app, 30 * HOUR))
        for company in ("acme", "bolt", "cog", "dash"):
            await engine_app.play("d", company)
        (notice,) = await engine_app.settle()
        assert (engine_app.only().scope, engine_app.only().muted_by, notice.news) == (
            Scope.EVERYBODY,
            (),
            NoticeKind.OPENED,
        )


async def test_maintenance_in_the_configuration_mutes(tmp_path: Path) -> None:
    planned = {"name": "gateway", "weekly": "mon 07:00-10:00", "companies": ["acme"], "why": "every Monday"}
    async with open_engine_app(tmp_path, config(maintenance=[planned])) as engine_app:  # T0 is a Monday, eight o'clock
        await engine_app.play("dd")
        assert await engine_app.settle() == []
        engine_app.wait(2 * HOUR)
        assert told(await engine_app.settle()) == ["opened"]


# ---- clocks, reloads, routing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [timedelta(days=-400), timedelta(hours=-1), timedelta(hours=1), timedelta(days=400)])
async def test_a_clock_that_jumps_neither_loses_nor_invents_a_problem(tmp_path: Path, jump: timedelta) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("dd")
        await engine_app.settle()
        incident = engine_app.only()
        engine_app.wait(jump)
        await engine_app.play("d")
        assert engine_app.only().id == incident.id
        assert {str(each) for each in told(await engine_app.notices())} <= {"opened", "reminder"}
        assert len(await engine_app.notices()) <= 2
        await engine_app.play("ii")
        assert told(await engine_app.settle())[-1] == "resolved" or "resolved" in told(await engine_app.notices())


async def test_a_reload_that_takes_the_path_away_ends_its_incident_and_says_why(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("dd")
        await engine_app.settle()
        incident = engine_app.only()
        await engine_app.incident_engine.configure(config("bolt"))
        notices = await engine_app.settle()
        assert engine_app.incident_engine.incidents == []
        (over,) = await engine_app.store.incidents.find(incident.id)
    assert over.ending is Resolution.UNWATCHED
    assert told(notices) == ["opened", "resolved"]
    assert "configuration" in notices[-1].text


async def test_a_reload_in_the_middle_of_an_incident_keeps_it(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("dd")
        await engine_app.settle()
        incident = engine_app.only()
        stricter = IncidentSettings(good=3)
        await engine_app.incident_engine.configure(config(incidents=stricter))
        await engine_app.play("ii")
        assert engine_app.only().id == incident.id
        await engine_app.play("i")
        assert told(await engine_app.settle()) == ["opened", "resolved"]


async def test_a_reload_forgets_nothing_that_is_known(tmp_path: Path) -> None:
    """Blocked, and then for longer than the past that is loaded nobody could look."""
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("dd" + "?" * HISTORY)
        before = engine_app.incident_engine.incidents
        await engine_app.incident_engine.configure(config())
        await engine_app.incident_engine.step()
        assert engine_app.incident_engine.incidents == before


async def test_a_reload_while_the_rules_are_at_work_ends_nothing(tmp_path: Path) -> None:
    """New settings make the picture anew; nothing is to be concluded from half of it."""
    names = [f"c{number}" for number in range(20)]
    async with open_engine_app(tmp_path, config(*names)) as engine_app:
        for company in names:
            await engine_app.judge("d", company)
        await engine_app.incident_engine.step()
        before = engine_app.only()
        new = config(*names, incidents=IncidentSettings(good=3))
        await asyncio.gather(
            engine_app.incident_engine.step(),
            engine_app.incident_engine.configure(new),
            engine_app.incident_engine.step(),
        )
        assert (engine_app.only().id, engine_app.only().touches) == (before.id, before.touches)
        assert await engine_app.turns(before) == [IncidentEvent.OPENED]


async def test_a_company_s_own_channel_hears_no_other_name(tmp_path: Path) -> None:
    rules = [RoutingRule(to=("hook",), companies=("acme",))]
    async with open_engine_app(tmp_path, config("acme", "bolt", "cog", "dash", routing=rules)) as engine_app:
        for company in ("bolt", "cog", "dash", "acme"):
            await engine_app.play("d", company)
        (notice,) = await engine_app.settle()
    assert engine_app.only().scope is Scope.EVERYBODY
    assert "Acme Inc" in notice.title + notice.text
    assert not [name for name in ("bolt", "cog", "dash") if name in f"{notice}".lower()]


async def test_who_is_no_longer_to_hear_of_it_hears_its_end_and_still_no_other_name(tmp_path: Path) -> None:
    names = ("acme", "bolt", "cog", "dash")
    rule = RoutingRule(to=("hook",), companies=("acme",))
    async with open_engine_app(tmp_path, config(*names, routing=[rule])) as engine_app:
        for company in names:
            await engine_app.judge("d", company)
        await engine_app.incident_engine.step()
        assert told(await engine_app.settle()) == ["opened"]
        notes_only = rule.model_copy(update={"severities": (Severity.NOTE,)})
        await engine_app.incident_engine.configure(config(*names, routing=[notes_only]))
        for company in names:
            await engine_app.play("ii", company)
        notices = await engine_app.settle()
    assert told(notices) == ["opened", "resolved"]
    assert not [name for name in names[1:] if name in f"{notices}".lower()]


async def test_a_reminder_comes_when_it_is_time_and_not_in_heaps(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config(incidents=IncidentSettings(remind=timedelta(hours=1)))) as engine_app:
        await engine_app.play("dd")
        (opened,) = await engine_app.settle()
        await engine_app.play("d" * 20)  # five hours in which the channel is dead
        assert told(await engine_app.settle()) == ["opened"]
        await engine_app.store.incidents.delivered(opened, engine_app.now)
        assert told(await engine_app.settle()) == ["opened", "reminder"]


async def test_two_causes_in_turn_are_told_once_each(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        await engine_app.play("bb")
        await engine_app.settle()
        for letter in "cbcbcbcb":
            await engine_app.play(letter)
            await engine_app.settle()
        assert told(await engine_app.settle()) == ["opened", "cause_changed"]
        await engine_app.play("ii")
        await engine_app.settle()
        await engine_app.play("bb")
        await engine_app.settle()
        await engine_app.play("c")
        assert told(await engine_app.settle())[2:] == ["resolved", "opened", "cause_changed"]


async def test_what_the_rules_have_not_seen_is_a_lag(tmp_path: Path) -> None:
    async with open_engine_app(tmp_path, config()) as engine_app:
        assert engine_app.incident_engine.lag == timedelta(0)
        await engine_app.judge("i")
        engine_app.incident_engine.take(await engine_app.store.probes.signals(0))
        engine_app.wait(timedelta(seconds=30))
        assert engine_app.incident_engine.lag == timedelta(seconds=30)
        await engine_app.incident_engine.step()
        assert engine_app.incident_engine.lag == timedelta(0)
