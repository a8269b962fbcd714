"""From DNS to a notice: standing is read, settled by two readings, becomes an incident, and is over again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.channels.webhook import WebhookChannel
from monitor.config import Config
from monitor.config.standing_plan import plan_of
from monitor.incidents.incident import Incident, Nature, Scope, Severity
from monitor.oncall.engine import IncidentEngine
from monitor.sources.standing import StandingSource
from monitor.standing.arrivals import NameKind
from monitor.store import Store
from probes.standing.lists import LISTS
from tests.support.incident_samples import mute
from tests.support.outside_world import outside_world
from tests.support.table_resolver import Table, TableResolver

T0 = datetime(2026, 11, 30, 8, tzinfo=UTC)
PTR = "1.2.0.192.in-addr.arpa"
ZONE: Table = {
    ("example", "NS"): ["ns.example."],
    ("sender.example", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"],
    ("sender.example", "A"): ["192.0.2.1"],
    ("sender.example", "MX"): ["10 mx.sender.example."],
    ("mx.sender.example", "A"): ["192.0.2.2"],
    ("_dmarc.sender.example", "TXT"): ["v=DMARC1; p=reject"],
    (PTR, "PTR"): ["sender.example."],
}
HOOK = WebhookChannel(via="webhook", url="http://127.0.0.1:9/", secret=SecretStr("long enough to be a secret"))
CONFIG = Config.model_validate(
    {
        "sender": {"domain": "sender.example", "source_ip": "192.0.2.1"},
        "standing": {"lists_off": [row.public_zone for row in LISTS if row.public_zone]},
        "channels": {"ops": HOOK},
        "companies": {
            "acme": {
                "paths": {
                    "hq": {
                        "to": "probe@acme.example",
                        "route": {"via": "direct"},
                        "mailbox": {"via": "maildir", "path": "mail"},
                    }
                }
            }
        },
    }
)


@dataclass
class StandingService:
    """A watch and the rules on one store, by a clock that the test sets."""

    store: Store
    resolver: TableResolver = field(default_factory=lambda: TableResolver(ZONE))
    now: datetime = T0

    async def start(self) -> None:
        self.rules = IncidentEngine(self.store, lambda: self.now)
        await self.rules.configure(CONFIG)
        await self.rules.recall([])
        outside = outside_world(now=lambda: self.now, resolver=self.resolver)
        self.watch = StandingSource(self.store.standing, self.store.reports, outside, self.rules.poke_findings)
        self.watch.configure(plan_of(CONFIG))

    async def until(self, minutes: float, every: float = 2) -> list[Incident]:
        """Go on until so many minutes after the beginning; the incidents that are open then."""
        end = T0 + timedelta(minutes=minutes)
        while self.now <= end:
            while not await self.watch.step():
                pass
            await self.rules.step()
            self.now += timedelta(minutes=every)
        return [*self.rules.incidents]

    async def notices(self) -> list[tuple[str, str]]:
        found = []
        for incident in await self.store.incidents.newest(100, open_only=False):
            records = await self.store.incidents.notices_of(incident.id)
            found += [(str(record.notice.news), record.notice.title) for record in records]
        return found


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[StandingService]:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        running = StandingService(store)
        await running.start()
        yield running


async def test_a_reverse_name_that_is_gone_for_one_answer_alerts_nobody(service: StandingService) -> None:
    await service.until(5)
    gone = service.resolver.table.pop((PTR, "PTR"))
    await service.until(61)
    service.resolver.table[PTR, "PTR"] = gone
    assert await service.until(200) == []
    assert await service.store.incidents.newest(10, open_only=False) == []


async def test_a_reverse_name_that_stays_away_is_a_ticket_after_an_hour(service: StandingService) -> None:
    await service.until(5)
    gone = service.resolver.table.pop((PTR, "PTR"))
    assert [each for each in await service.until(119) if each.cause] == []
    (one,) = [each for each in await service.until(125) if each.cause]
    assert (one.nature, one.scope, one.severity, one.cause) == (
        *(Nature.STANDING, Scope.EVERYBODY, Severity.TICKET, "rdns"),
    )
    service.resolver.table[PTR, "PTR"] = gone
    await service.until(240)
    assert [each for each in service.rules.incidents if each.cause] == []
    (opened, resolved) = await service.notices()
    assert opened == ("opened", "[TICKET] sender.example: 192.0.2.1 no longer has a confirmed reverse name")
    assert resolved[0] == "resolved"


async def test_spf_that_breaks_pages_within_a_quarter_of_an_hour_and_a_restart_forgets_it_not(
    service: StandingService,
) -> None:
    await service.until(5)
    service.resolver.table["sender.example", "TXT"] = ["v=spf1 ip4:198.51.100.1 -all"]
    await service.until(61)
    await service.start()
    (one,) = [each for each in await service.until(75) if each.cause]
    assert (one.severity, one.scope, one.cause, one.companies) == (Severity.PAGE, Scope.EVERYBODY, "authentication", ())
    await service.start()
    assert [each.id for each in await service.until(130) if each.cause] == [one.id]
    service.resolver.fails.add("sender.example")
    assert [each.id for each in await service.until(700, every=10) if each.cause] == [one.id]  # unknown closes nothing
    assert [news for news, _ in await service.notices()].count("opened") == 1


async def test_a_resolver_that_answers_nothing_opens_nothing_about_the_sender(service: StandingService) -> None:
    await service.until(5)
    service.resolver.table.clear()
    (ours,) = await service.until(200)
    assert (ours.scope, ours.severity, ours.cause) == (Scope.OURSELVES, Severity.TICKET, None)


async def test_real_mail_from_another_address_names_those_who_may_allow_the_old_one(service: StandingService) -> None:
    await service.until(5)
    name = (NameKind.ADDRESS, "203.0.113.9")
    await service.store.standing.keep_names([name], service.now)
    assert await service.until(10) == []
    await service.store.standing.keep_names([name], service.now)
    (one,) = await service.until(15)
    assert (one.severity, one.standing[0].companies) == (Severity.PAGE, ("acme",))
    (record,) = await service.store.incidents.notices_of(one.id)
    assert (
        "Companies that may have an allow entry for 192.0.2.1, and none for 203.0.113.9: acme. Mailpath does not know "
        "which of them have one."
    ) in record.notice.text


async def test_the_notice_says_what_is_wrong_for_whom_what_to_change_and_how_to_verify(
    service: StandingService,
) -> None:
    """In plain words, without a verdict of mail, and without a word against a receiver."""
    await service.until(5)
    service.resolver.table["sender.example", "TXT"] = ["v=spf1 ip4:198.51.100.1 -all"]
    (one,) = [each for each in await service.until(80) if each.cause]
    (record,) = await service.store.incidents.notices_of(one.id)
    assert record.notice.title == "[PAGE] sender.example: SPF no longer passes for 192.0.2.1, and 1 other problem"
    for line in (
        "It concerns everybody who receives the sender's mail: any receiver may reject it or move it to junk. Since ",
        "Who acts: Trimble and its mail service.",
        "Why: SPF no longer passes for 192.0.2.1, and 1 other problem.",
        "Standing: SPF of sender.example: the source IP does not pass: fail, by -all.",
        "  Before: the source IP passes by ip4:192.0.2.1; the record needs 0 of 10 lookups; published: v=spf1 "
        "ip4:192.0.2.1 -all",
        "  Now: the source IP does not pass: fail, by -all; published: v=spf1 ip4:198.51.100.1 -all",
        "  1. Add 192.0.2.1, or the include of the mail service that owns it, to the SPF record, a TXT record "
        "of sender.example.",
        "  2. Allow 192.0.2.1 in the SPF record of sender.example, or remove that record.",
        "How to verify: `mailpath standing --check spf --check helo_spf --confirm` reads it now and ten minutes later; "
        "see the page Sender. The incident closes when two readings ten minutes apart are good.",
    ):
        assert f"\n{line}" in f"\n{record.notice.text}"
    assert not {"unknown", "probe", "at the receiver", "no cause"} & {
        word for word in ("unknown", "probe", "at the receiver", "no cause") if word in record.notice.text.lower()
    }


async def test_a_change_is_a_note_and_notifies_nobody(service: StandingService) -> None:
    await service.until(5)
    service.resolver.table["sender.example", "MX"] = ["10 mx.sender.example.", "20 mx2.sender.example."]
    (one,) = await service.until(80)
    assert (one.severity, one.cause) == (Severity.NOTE, None)
    assert await service.notices() == []
    assert await service.until(80 + 24 * 60 + 70, every=15) == []


async def test_with_standing_off_nothing_is_said(service: StandingService) -> None:
    service.resolver.table["sender.example", "TXT"] = []
    await service.until(15)
    assert service.rules.incidents
    off = CONFIG.model_copy(update={"standing": CONFIG.standing.model_copy(update={"enabled": False})})
    await service.rules.configure(off)
    await service.rules.step()
    assert service.rules.incidents == []


async def test_a_muted_cause_notifies_nobody(service: StandingService) -> None:
    await service.store.incidents.add_mute(
        replace(mute(), company="", path="", mail_system="", cause=None, begins_at=T0 - timedelta(days=1), ends_at=None)
    )
    service.resolver.table["sender.example", "TXT"] = []
    incidents = await service.until(15)
    assert incidents
    assert all(each.muted_by for each in incidents)
    assert await service.notices() == []
