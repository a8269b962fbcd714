"""The doctor's line about remedies: what is too wide, lapses soon or may have lapsed."""

from datetime import timedelta

import pytest

from monitor.clock import utc_now
from monitor.doctor import remedies
from monitor.remedying.applied import AppliedRemedy, MailFinding, PathProof, TwinFinding
from monitor.store import Store
from probes.standing.fact import State
from tests.monitor.doctor.conftest import House

COMPANY = """
[companies.acme]
mail_system = "m365"
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "maildir", path = "acme" }
"""
LAPSING = "m365-allow-domain"


@pytest.mark.parametrize(
    ("twin", "days", "state", "words"),
    [
        (TwinFinding.STOPPED, 1, State.GOOD, "1 remedy in force"),
        (TwinFinding.ARRIVED, 1, State.BAD, "so does its forged twin: undo the change"),
        (TwinFinding.STOPPED, 40, State.WEAK, "It may lapse at"),
        (TwinFinding.STOPPED, 50, State.WEAK, "It may have lapsed since"),
    ],
)
async def test_what_somebody_has_to_act_on_is_found(
    house: House, twin: TwinFinding, days: int, state: State, words: str
) -> None:
    async with house(COMPANY) as premises:
        at = utc_now() - timedelta(days=days)
        made = AppliedRemedy(
            *("r1", "acme", "i1", "m365", LAPSING, "ann", at, at, at + timedelta(days=180), "r1", at), setup=()
        )
        async with Store.open(premises.config.store.url) as store:
            assert await store.remedies.begin(made)
            assert await store.remedies.decide(made, (PathProof("hq", MailFinding.ARRIVES, twin),), at)
        [found] = [each async for each in remedies.remedies(premises)]
    assert found.state is state
    assert words in found.seen
    assert bool(found.advice) is (state is not State.GOOD)


async def test_an_alarm_is_found_while_it_is_tested_again(house: House) -> None:
    async with house(COMPANY) as premises:
        at = utc_now() - timedelta(days=1)
        made = AppliedRemedy(
            *("r1", "acme", "i1", "m365", LAPSING, "ann", at, at, at + timedelta(days=180), "r1", at), setup=()
        )
        alarm = (PathProof("hq", MailFinding.ARRIVES, TwinFinding.ARRIVED),)
        async with Store.open(premises.config.store.url) as store:
            assert await store.remedies.begin(made)
            assert await store.remedies.decide(made, alarm, at)
            assert await store.remedies.test_again(made, "r2", at, (), alarm)
        [found] = [each async for each in remedies.remedies(premises)]
    assert found.state is State.BAD
    assert "so does its forged twin" in found.seen


async def test_without_a_store_or_a_remedy_there_is_nothing_to_find(house: House) -> None:
    async with house(COMPANY) as premises:
        [before] = [each async for each in remedies.remedies(premises)]
        async with Store.open(premises.config.store.url):
            pass
        [after] = [each async for each in remedies.remedies(premises)]
    assert (before.state, after.state) == (State.NONE, State.NONE)
