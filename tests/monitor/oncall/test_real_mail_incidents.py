"""Refused real mail becomes an incident of its company without a probe, and is part of it where probes fail as well."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.config import Config
from monitor.incidents.incident import FindingAbout, Incident, IncidentEvent, Nature, Resolution, Scope, Severity
from monitor.incidents.standing_words import ended
from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.real_mail.refusals import QUIET, WITHIN, RealRefusals
from monitor.store import NoticeRecord
from probes.outcome import Cause
from probes.sender import Role
from probes.verdict import Outcome
from tests.monitor.oncall.test_engine import COMPARED, HOUR, EngineApp, config, mute, open_engine_app
from tests.support.verdict_score import T0

MAILGUN = {"provider": "mailgun", "domain": "account.trimble.com", "key": SecretStr("5ecret-of-the-sender")}
COUNTED: Mapping[str, Any] = {
    "real": {},
    "sender": {"trace": {"via": "mailgun", "account": "identity"}},
    "accounts": {"identity": MAILGUN},
}
SAID = "550 5.7.1 client host * blocked using bl.test"


def counting(*companies: str) -> Config:
    return config(*companies, **COUNTED)


def engine_app(folder: Path, told: Config | None = None) -> AbstractAsyncContextManager[EngineApp]:
    return open_engine_app(folder, told or counting(), [T0])


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[EngineApp]:
    async with engine_app(tmp_path) as app:
        yield app


async def refused(app: EngineApp, company: str = "acme", cause: Cause = Cause.IP_BLOCKED, taken: int = 0) -> None:
    """The log of the sender's service shows it, and the rules are called."""
    found = RealRefusals(company, cause, app.now - timedelta(minutes=3), app.now, SAID, "mx.test", "192.0.2.7", taken)
    await app.store.real_mail.add({}, "here", refusals=[found])
    app.incident_engine.poke_findings()
    await app.incident_engine.step()


async def last_notice(app: EngineApp, incident: Incident) -> NoticeRecord:
    return (await app.store.incidents.notices_of(incident.id))[-1]


async def test_without_any_probe(at_work: EngineApp) -> None:
    await refused(at_work)
    one = at_work.only()
    assert (one.about, one.nature, one.scope, one.severity) == (
        *(FindingAbout.REAL_MAIL, Nature.STANDING, Scope.COMPANY, Severity.TICKET),
    )
    assert (one.outcome, one.cause, one.touches) == (Outcome.BLOCKED, Cause.IP_BLOCKED, ("acme",))
    assert Caller("it", Rights.VIEWER, ("acme",), "session").sees_incident(one)
    assert not Caller("it", Rights.VIEWER, ("bolt",), "session").sees_incident(one)
    [notice] = await at_work.settle()
    assert notice.title == "[TICKET] account.trimble.com: Acme Inc refuses real mail (IP address)"
    for said in (
        "People there wait for mail that does not come; how many is not known.",
        f"were refused: {SAID}; the last left from 192.0.2.7, not from the source IP.",
        "Remove 192.0.2.7 from",
        "The incident closes when two messages in a row are taken",
        "/runbooks/cause-address",
        "Who acts: the company's IT team.",
    ):
        assert said in notice.text, said
    assert notice.labels["alertname"] == "MailpathMailStopped", "as when probes fail later: it is the same incident"
    for claim in ("sender's standing", "Nobody at", "failed probe", "readings", "{"):
        assert claim not in notice.text + notice.title, claim


async def test_it_is_over_when_mail_is_taken_again(at_work: EngineApp) -> None:
    await refused(at_work)
    await at_work.settle()
    one = at_work.only()
    await refused(at_work, taken=2)
    assert at_work.only().id == one.id
    at_work.wait(QUIET)
    await at_work.incident_engine.step()
    assert at_work.incident_engine.incidents == []
    [closed] = await at_work.store.incidents.find(one.id)
    assert closed.ending is Resolution.RECOVERED
    notice = (await last_notice(at_work, one)).notice
    assert "Two real messages in a row were taken; or no refusal was seen for a day" in notice.text
    assert "standing" not in notice.text


async def test_where_nobody_sends_any_more_it_is_over_after_a_day(at_work: EngineApp) -> None:
    await refused(at_work)
    at_work.wait(WITHIN - timedelta(minutes=1))
    await at_work.incident_engine.step()
    assert at_work.incident_engine.incidents
    at_work.wait(timedelta(minutes=1))
    await at_work.incident_engine.step()
    assert at_work.incident_engine.incidents == []


async def test_a_restart_changes_nothing(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        await refused(app)
        before, clock = app.only(), app.clock
    async with open_engine_app(tmp_path, counting(), clock) as app:
        await app.incident_engine.step()
        assert app.only() == before


async def test_what_is_counted_no_longer_is_not_said_to_be_good(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        await refused(app)
        before, clock = app.only(), app.clock
    async with open_engine_app(tmp_path, config(), clock) as app:
        await app.incident_engine.step()
        [closed] = await app.store.incidents.find(before.id)
        assert closed.ending is Resolution.UNWATCHED
        assert "removed" not in ended(closed, Resolution.UNWATCHED), "the company's paths are still there"


@pytest.mark.parametrize("real_first", [True, False])
async def test_with_probes_that_fail_it_is_one_incident(at_work: EngineApp, real_first: bool) -> None:
    """Also where the probes fail for another cause: it is one company that refuses mail."""
    if real_first:
        await refused(at_work, cause=Cause.CONTENT)
        await at_work.play("ddd")
    else:
        await at_work.play("ddd")
        await refused(at_work, cause=Cause.CONTENT)
    one = at_work.only()
    assert (one.nature, one.severity) == (Nature.MAIL, Severity.PAGE)
    assert [each.rule.about for each in one.standing] == [FindingAbout.REAL_MAIL]
    turns = await at_work.turns(one)
    assert turns.count(IncidentEvent.OPENED) == 1
    assert (IncidentEvent.STANDING in turns) is not real_first
    notices = [each for each in await at_work.settle() if each.incident == one.id]
    text = notices[-1].text
    if real_first:
        assert "Real mail: two real messages in a row, to different people at Acme Inc, were refused" in text
    assert "Next step for standing" not in text
    await at_work.play("iii")
    left = at_work.only()
    assert (left.id, left.about) == (one.id, FindingAbout.REAL_MAIL)


async def test_another_company_is_another_incident(at_work: EngineApp) -> None:
    await at_work.play("ddd", "bolt")
    await refused(at_work)
    assert sorted(each.company for each in at_work.incident_engine.incidents) == ["acme", "bolt"]


async def test_findings_of_two_sources_beside_one_failure_are_both_kept(at_work: EngineApp) -> None:
    """Each is added to what is there."""
    await at_work.play("ddd", "acme")
    await at_work.play("ddd", "bolt")
    await refused(at_work, "acme")
    await refused(at_work, "bolt")
    found = [each.company for incident in at_work.incident_engine.incidents for each in incident.standing]
    assert sorted(found) == ["acme", "bolt"]


@pytest.mark.parametrize(
    ("facts", "silent"),
    [({}, True), ({"path": "hq"}, False), ({"company": "bolt"}, False), ({"cause": Cause.CONTENT}, False)],
)
async def test_a_mute_of_the_company_silences_it(at_work: EngineApp, facts: Mapping[str, Any], silent: bool) -> None:
    await at_work.store.incidents.add_mute(mute(at_work, 3 * HOUR, **facts))
    await refused(at_work)
    assert (at_work.only().muted_by == ("m1",)) is silent
    assert (await at_work.settle() == []) is silent


async def test_where_nobodys_mail_is_taken_it_is_part_of_that(tmp_path: Path) -> None:
    """A neutral sender is refused too: that the company refuses the sender's real mail says no more."""
    async with open_engine_app(tmp_path, config(**COMPARED, **COUNTED), [T0]) as app:
        await app.judge("m")
        await app.incident_engine.step()
        await app.judge("m", role=Role.CONTROL)
        app.wait(timedelta(seconds=5))
        await refused(app)
        await app.play("m")
        one = app.only()
        text = (await app.settle())[-1].text
        assert "Nothing points to a problem" not in text, "real mail was refused for a reason that concerns the sender"
        assert "It is not known whether account.trimble.com is involved: see the reply to its real mail." in text
        assert SAID in text
        assert (one.nature, one.about) == (Nature.THEIR_SYSTEM, None)
        assert [each.rule.about for each in one.standing] == [FindingAbout.REAL_MAIL]


async def test_a_company_that_is_removed_is_not_said_to_take_mail_again(tmp_path: Path) -> None:
    async with engine_app(tmp_path, counting("acme", "bolt")) as app:
        await refused(app, "acme")
        before, clock = app.only(), app.clock
    async with open_engine_app(tmp_path, counting("bolt"), clock) as app:
        await app.incident_engine.step()
        [closed] = await app.store.incidents.find(before.id)
        assert closed.ending is Resolution.UNWATCHED
