"""A remedy that is too wide or about to lapse becomes an incident of its company, with a notice, and is over again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.incidents.incident import Incident, Nature, Resolution, Scope, Severity
from monitor.oncall.engine import IncidentEngine
from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.remedying.applied import AppliedRemedy, MailFinding, PathProof, TwinFinding
from monitor.store import Store
from tests.monitor.oncall.test_standing_incidents import CONFIG

T0 = datetime(2026, 11, 30, 8, tzinfo=UTC)
GOOD = PathProof("hq", MailFinding.ARRIVES, TwinFinding.STOPPED)
WIDE = replace(GOOD, twin=TwinFinding.ARRIVED)
QUIET = CONFIG.model_copy(update={"standing": CONFIG.standing.model_copy(update={"enabled": False})})


class RemedyRules:
    """The rules on a store with remedies, by a clock that the test sets."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, T0
        self.rules = IncidentEngine(store, lambda: self.now)

    async def start(self) -> None:
        await self.rules.configure(QUIET)
        await self.rules.recall([])

    async def applied(self, remedy: str, proof: PathProof) -> AppliedRemedy:
        """A remedy at acme whose test had this result at T0."""
        made = AppliedRemedy(
            *("r1", "acme", "i1", "m365", remedy, "ann", T0, T0, T0 + timedelta(days=180), "r1", T0), setup=()
        )
        assert await self.store.remedies.begin(made)
        assert await self.store.remedies.decide(made, (proof,), T0)
        return made

    async def at(self, **after: float) -> list[Incident]:
        """The incidents that are open so long after T0."""
        self.now = T0 + timedelta(**after)
        for _ in range(3):
            self.rules.poke()
            await self.rules.step()
            self.now += timedelta(minutes=1)
        return list(self.rules.incidents)


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[RemedyRules]:
    async with Store.open(f"sqlite:///{tmp_path}/mailpath.db") as store:
        rules = RemedyRules(store)
        await rules.start()
        yield rules


async def test_a_remedy_that_lets_forged_mail_in_is_the_companys_to_undo(company: RemedyRules) -> None:
    made = await company.applied("postfix-restriction-class", WIDE)
    [opened] = await company.at(minutes=1)
    assert (opened.nature, opened.scope, opened.severity) == (Nature.STANDING, Scope.COMPANY, Severity.TICKET)
    assert (opened.company, opened.touches) == ("acme", ("acme",))
    assert Caller("it", Rights.VIEWER, ("acme",), "session").sees_incident(opened)
    assert not Caller("it", Rights.VIEWER, ("bolt",), "session").sees_incident(opened)
    [record] = await company.store.incidents.notices_of(opened.id)
    assert "lets forged mail in" in record.notice.title
    assert "Take it out again (the page of the remedy has the lines)." in record.notice.text
    assert "{" not in record.notice.text
    await company.store.remedies.undo(made.id, company.now, "ann")
    assert await company.at(minutes=10) == []
    [closed] = await company.store.incidents.find(opened.id)
    assert closed.ending is Resolution.RECOVERED
    assert any("The remedy was undone" in each.said for each in await company.store.incidents.entries(opened.id))
    last = (await company.store.incidents.notices_of(opened.id))[-1]
    assert "two readings" not in last.notice.text


async def test_an_entry_that_lapses_is_announced_seven_days_before(company: RemedyRules) -> None:
    made = await company.applied("m365-allow-domain", GOOD)
    assert await company.at(days=37) == []
    [opened] = await company.at(days=38, minutes=1)
    assert opened.severity is Severity.TICKET
    [record] = await company.store.incidents.notices_of(opened.id)
    assert "2027-01-14" in record.notice.title + record.notice.text
    assert "Set-TenantAllowBlockListItems" in record.notice.text
    await company.store.remedies.renew(made.id, company.now, "ann")
    assert await company.at(days=38, minutes=10) == []


@pytest.mark.parametrize(("remedy", "proof"), [("postfix-restriction-class", GOOD), ("m365-allow-domain", GOOD)])
async def test_what_works_needs_nobody(company: RemedyRules, remedy: str, proof: PathProof) -> None:
    await company.applied(remedy, proof)
    assert await company.at(days=30) == []
