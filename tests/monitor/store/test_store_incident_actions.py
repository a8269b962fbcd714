"""What people do about incidents: kept beside the incident, which the rules write anew, and never changed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.incidents.incident import IncidentEvent, Scope, Severity
from monitor.incidents.work import IncidentAction
from monitor.people.action_links import LinkAction
from monitor.people.person import AuditEntry
from monitor.store import LinkUse, Store, StoreError
from tests.support.incident_samples import incident, mute
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import at

ACK = IncidentAction(
    "i1", at(5), IncidentEvent.ACKNOWLEDGED, "ada", "session", "calling them", Severity.PAGE, Scope.COMPANY, 0
)
COMMENT = replace(ACK, event=IncidentEvent.COMMENTED, text="two\nlines \udcff\0", at=at(6))
USE = LinkUse("i1-ops-1", LinkAction.ACK, "i1", "ops", "ada", at(7))


def audit(who: str = "ada") -> AuditEntry:
    return AuditEntry(at(5), who, "session", "incident acknowledged", "incident i1", "acme")


@pytest.fixture
async def filled(store: Store) -> Store:
    await store.incidents.advance(1, [incident(), incident("i2")], [], [])
    return store


async def test_an_action_is_kept_with_its_history_and_audit_entry(filled: Store, url: str) -> None:
    await filled.incidents.act(ACK, "ada: calling them", audit())
    await filled.incidents.act(COMMENT, "ada: two lines")
    async with Store.open(url) as again:
        assert await again.incidents.actions("i1") == [ACK, replace(COMMENT, text="two\nlines ?\ufffd")]
        assert [(each.turn, each.said) for each in await again.incidents.entries("i1")] == [
            (IncidentEvent.ACKNOWLEDGED, "ada: calling them"),
            (IncidentEvent.COMMENTED, "ada: two lines"),
        ]
        assert [entry for _, entry in await again.people.audit_log(None, 9)] == [audit()]
        assert await again.incidents.actions("i2") == []


async def test_the_rules_write_the_incident_anew_and_leave_it(filled: Store) -> None:
    await filled.incidents.act(ACK, "")
    await filled.incidents.advance(2, [incident(severity=Severity.TICKET, failing=7)], [], [])
    assert await filled.incidents.open_actions() == {"i1": [ACK]}


async def test_of_open_incidents_it_is_read_at_once_without_comments(filled: Store) -> None:
    for each in (ACK, COMMENT, replace(ACK, incident="i2", who="bob")):
        await filled.incidents.act(each, "")
    await filled.incidents.advance(2, [incident("i2", closed_at=at(9))], [], [])
    assert await filled.incidents.open_actions() == {"i1": [ACK]}
    assert await filled.incidents.actions("i2") == [replace(ACK, incident="i2", who="bob")]


async def test_on_an_incident_that_is_not_there_nothing_is_done(filled: Store) -> None:
    with pytest.raises(StoreError, match="the incident was never stored"):
        await filled.incidents.act(replace(ACK, incident="i3"), "", audit())
    assert await filled.people.audit_log(None, 9) == []


async def test_a_link_is_used_by_the_first(filled: Store) -> None:
    uses = [replace(USE, who=name) for name in ("ada", "bob", "eve")]
    done = await asyncio.gather(
        *(filled.incidents.act_by_link(use, replace(ACK, who=use.who), use.who, audit(use.who)) for use in uses)
    )
    assert done == [True, False, False]
    assert await filled.incidents.link_use("i1-ops-1", LinkAction.ACK) == uses[0]
    assert [each.who for each in await filled.incidents.actions("i1")] == ["ada"]
    assert [entry.who for _, entry in await filled.people.audit_log(None, 9)] == ["ada"]
    assert await filled.incidents.link_use("i1-ops-1", LinkAction.MUTE) is None


async def test_each_action_of_a_notice_has_its_own_use(filled: Store) -> None:
    assert await filled.incidents.act_by_link(USE, ACK, "")
    use = replace(USE, action=LinkAction.MUTE)
    assert await filled.incidents.mute_by_link(use, [mute("a"), mute("b", path="hq")], audit())
    assert not await filled.incidents.mute_by_link(use, [mute("c")], audit())
    assert [each.id for each in await filled.incidents.mutes()] == ["a", "b"]
    assert len(await filled.people.audit_log(None, 9)) == 1
    assert await filled.incidents.act_by_link(replace(USE, notice="i1-ops-2"), ACK, "")


async def test_it_leaves_with_its_incident_alone(filled: Store, url: str) -> None:
    await filled.incidents.act_by_link(USE, ACK, "")
    await filled.incidents.advance(2, [incident(closed_at=at(9))], [], [])
    assert await filled.prune(at(9) + timedelta(seconds=1)) == 0
    assert await filled.incidents.find("i1") == []
    assert await filled.incidents.actions("i1") == []
    assert await filled.incidents.link_use("i1-ops-1", LinkAction.ACK) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE incident_actions SET who = 'eve'",
        "DELETE FROM incident_actions",
        "UPDATE used_links SET who = 'eve'",
        "DELETE FROM used_links",
    ],
)
async def test_the_database_itself_refuses_to_change_it(filled: Store, by_hand: StoreByHand, statement: str) -> None:
    await filled.incidents.act_by_link(USE, ACK, "")
    by_hand.refuses(statement, r"never changed|deleted only with|used once")
