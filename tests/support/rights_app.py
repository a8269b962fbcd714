"""What tests of rights share: the whole application over a store in which things happened, at companies that must not
hear of each other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.actions.shares import ShareLinks
from monitor.diagnosing.preparing import DiagnosisRequest, prepare
from monitor.incidents.incident import Incident
from monitor.incidents.mute import Mute
from monitor.people.person import AuditEntry, Companies, Rights
from monitor.people.secrets import new_id
from monitor.remedying.applied import AppliedRemedy
from monitor.store import Store
from monitor.web.backend import Backend
from probes.answer import Stage
from probes.evidence import Arrival, Attempt, Dialogue, Evidence, Folder, Handover, Look, Marker, Step
from probes.kinds import Kind
from probes.probe import Probe
from probes.verdict import Cause, Outcome, Verdict
from tests.support.auth_app import Browser
from tests.support.pages_app import PagesApp, open_pages_app, probe_of
from tests.support.rules_of_backend import engine_of
from tests.support.verdict_score import QUARTER, verdict

KIND = Kind.TWO_STEP_CODE
OWN, OTHER = "acme", "zenith"
HOOK_SECRET, APPRISE_SECRET, MAILBOX_SECRET = (
    "hooksecret-0123456789",
    "apprisesecret-0123456789",
    "boxsecret-0123456789",
)
SECRETS = (HOOK_SECRET, APPRISE_SECRET, MAILBOX_SECRET)
WIDE_ENOUGH = 3  # companies


def _company(key: str, name: str, system: str, host: str, *paths: str) -> dict[str, Any]:
    where = {"via": "imap", "host": host, "user": f"reader-of-{key}"}
    return {
        "name": name,
        "mail_system": system,
        "paths": {
            path: {
                "to": f"{path}@{key}.example",
                "route": {"via": "xclient", "host": host, "port": 2525},
                "mailbox": {**where, "user": f"reader-of-{key}-{path}", "password": {"env": "RIGHTS_MAILBOX"}},
                "kinds": [KIND],
            }
            for path in paths
        },
    }


COMPANIES = {
    OWN: _company(OWN, "Acme Steel", "postfix", "192.0.2.10", "hq", "branch"),
    OTHER: _company(OTHER, "Bakery Zenith", "other:gatehouse", "203.0.113.77", "bakehouse", "flourcellar"),
    "quince": _company("quince", "Quince Jelly", "other:gatehouse", "203.0.113.78", "jar"),
    "larch": _company("larch", "Larch Timber", "other:sawmill", "203.0.113.79", "log"),
}
OF_OTHERS = (
    *("zenith", "quince", "larch", "gatehouse", "sawmill", "bakehouse", "flourcellar"),
    *("203.0.113.", "bakery", "jelly", "timber", "words of another receiver", "reason of others"),
)
"""Whoever is bound to acme reads none of this anywhere; letters may be small or capital."""

CONFIG: dict[str, Any] = {
    "companies": COMPANIES,
    "control": {"address": "postmaster@control.example", "source_ip": "198.51.100.7"},
    "web": {"manual": {"per_person_per_hour": 5000, "per_path_per_hour": 5000}},
    "incidents": {"companies": WIDE_ENOUGH},
    "channels": {
        "hook": {"via": "webhook", "url": "https://hook.example/in", "secret": {"env": "RIGHTS_HOOK"}},
        "chat": {"via": "apprise", "url": {"env": "RIGHTS_APPRISE"}},
    },
    "routing": [{"to": ["hook", "chat"], "severities": ["page", "ticket", "note"]}],
    "maintenance": [
        {"name": "baking", "weekly": "sat 22:00 - sun 04:00", "companies": [OTHER], "why": "a reason of others"},
        {
            "name": "gates",
            "weekly": "sat 22:00 - sun 04:00",
            "mail_systems": ["other:gatehouse"],
            "why": "a reason of others",
        },
        {"name": "lists", "weekly": "sat 22:00 - sun 04:00", "causes": ["ip_listed"], "why": "lists are late then"},
    ],
    "sandbox": {},
}
ENVIRONMENT = {
    "RIGHTS_HOOK": HOOK_SECRET,
    "RIGHTS_APPRISE": f"json://user:{APPRISE_SECRET}@chat.example/{APPRISE_SECRET}",
    "RIGHTS_MAILBOX": MAILBOX_SECRET,
}

MAX_SPARE_SHARES = 20  # of a company, fewer than it may have


@dataclass
class CompanyIds:
    """Ids of what one company has, by what they are called in paths."""

    company: str
    path: str
    probe: str = ""
    incident: str = ""
    mute: str = ""
    token: str = ""
    person: str = ""
    diagnosis: str = ""
    remedy: str = ""
    share: str = ""

    @property
    def named(self) -> dict[str, str]:
        return asdict(self)


NOTHING = CompanyIds("nezith", "nevo", "f" * 16, "f" * 12, "e" * 12, "d" * 12, "nobody", "c" * 16, "b" * 12, "a" * 12)
"""What never was."""


@dataclass
class RightsApp:
    """Pages on which things happened. `wide` touches acme, zenith and quince; what acme had before is `merged`."""

    pages_app: PagesApp
    own: CompanyIds
    other: CompanyIds
    wide: str = ""
    merged: str = ""
    spare: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.pages_app.store

    @property
    def backend(self) -> Backend:
        return self.pages_app.backend

    async def judge(self, letter: str, company: str, path: str) -> Probe:
        """A probe was sent, and this is what became of it; everybody who listens is told."""
        now = self.pages_app.clock()
        probe = probe_of(company, now, path=path, kind=KIND, recipient=f"{path}@{company}.example")
        said = verdict(letter)
        if company != OWN:
            said = Verdict(said.outcome, said.cause, said.grade, f"{said.because}; words of another receiver")
        await self.store.probes.launch(probe, f"imap:{company}", Attempt(now, 1))
        await self.store.probes.learn(probe.id, _seen(probe, said), said, now, closed=True, delivery=None)
        signals = await self.store.probes.signals(await self.store.probes.last_signal() - 1)
        self.backend.board.take(signals)
        self.backend.live.take(signals)
        return probe

    async def play(self, score: str, *places: str) -> None:
        """The same verdicts at all of these, a quarter of an hour between two."""
        for letter in score:
            for place in places:
                await self.judge(letter, *place.split("/"))
            await engine_of(self.backend).step()
            self.pages_app.clock.pass_(seconds=QUARTER.total_seconds())

    async def settle(self) -> None:
        """Time passes in which nothing happens."""
        self.pages_app.clock.pass_(minutes=3)
        await engine_of(self.backend).step()

    def incident_at(self, *companies: str, outcome: Outcome | None = None) -> Incident:
        """The open one that touches exactly these."""
        [found] = [
            each
            for each in self.backend.incident_engine.incidents
            if set(each.touches) == set(companies) and outcome in (None, each.outcome)
        ]
        return found

    async def diagnose(self, things: CompanyIds) -> str:
        """A diagnosis of this path is under way; its id."""
        backend = self.backend
        path = backend.board.paths[things.company, things.path]
        made = prepare(backend.config(), DiagnosisRequest(path, KIND), (), "olga", self.pages_app.clock())
        assert await self.store.diagnoses.begin(made, "tests")
        return made.id

    async def mute(self, company: str, why: str = "work", **facts: Any) -> str:
        """A mute that lasts; its id."""
        now = self.pages_app.clock()
        said: dict[str, Any] = {"path": "", "mail_system": "", "cause": None, "weekly": "", "by": "olga"} | facts
        made = Mute(id=new_id(), company=company, begins_at=now, ends_at=now + timedelta(hours=3), why=why,
                    created_at=now, **said)  # fmt: skip
        await self.store.incidents.add_mute(made)
        await self.store.people.note(
            AuditEntry(now, "olga", "session", "mute created", f"{company or 'all'}: {why}", company)
        )
        return made.id

    async def token(self, name: str, rights: Rights, companies: Companies = None) -> Browser:
        """A program with a token of its own. It is not on this machine: what only those may see who are, it may not."""
        secret = await self.pages_app.token(name, rights, companies)
        return self.pages_app.browser(Authorization=f"Bearer {secret}", Via="1.1 elsewhere.example")

    async def fresh(self, things: CompanyIds) -> CompanyIds:
        """The same, with a mute, a token, a person, a share and a remedy that nobody has ended yet. What never was
        stays so."""
        if things is NOTHING:
            return things
        number = len(self.spare)
        self.spare.append(things.company)
        access, companies = self.pages_app.access(), (things.company,)
        token, _ = await access.add_token(f"spare{number}-{things.company}", Rights.VIEWER, companies, None)
        await access.add(person := f"person{number}-{things.company}", Rights.VIEWER, companies)
        why = "work" if things.company == OWN else "reason of others"
        mute = await self.mute(things.company, why, path=things.path)
        links = ShareLinks(self.store, self.pages_app.clock, "olga", "tests")
        for old in (await links.valid(things.company))[MAX_SPARE_SHARES:]:
            await links.revoke(old.id)
        share, _ = await links.create(things.company, 7)
        more = {"remedy": await self.remedy(things.company), "share": share.id}
        return replace(things, mute=mute, token=token.id, person=person, **more)

    async def remedy(self, company: str) -> str:
        """A remedy that the company has carried out, whose test had no result; its id. No other one is awaited."""
        now, remedies = self.pages_app.clock(), self.store.remedies
        for each in await remedies.of_company(company):
            if each.awaited:
                await remedies.undo(each.id, now, "olga")
        made = AppliedRemedy(
            *(new_id(), company, "", "m365", "m365-allow-domain", "olga", now, now, now + timedelta(days=180)),
            test=new_id(),
            test_at=now,
            setup=(),
            note="an entry" if company == OWN else "reason of others",
            decided_at=now,
        )
        assert await remedies.begin(made)
        return made.id


def _seen(probe: Probe, said: Verdict) -> tuple[Evidence, ...]:
    """What there is to see of it, with the receiver's own words."""
    at, host = probe.created_at, f"mx.{probe.company}.example[203.0.113.77]:25"
    if probe.company == OWN:
        host = "mx.acme.example[192.0.2.10]:25"
    bad = said.outcome is Outcome.BLOCKED
    last = Step(Stage.RCPT, at, 0.1, host, 554 if bad else 250, None, said.because)
    dialogue = Dialogue(at, 1, Handover.REFUSED if bad else Handover.ACCEPTED, (last,), "192.0.2.99")
    if said.outcome is not Outcome.INBOX:
        return (dialogue, Look(at, ("INBOX",)))
    headers = f"Received: from account.trimble.com ([104.130.122.50]) by mx.{probe.company}.example with ESMTP\r\n"
    return (dialogue, Arrival(at, at, Folder.INBOX, "INBOX", headers, (Marker.HEADER,)))


@asynccontextmanager
async def open_rights_app(folder: Path) -> AsyncIterator[RightsApp]:
    """All companies are well; zenith is refused, then acme, and people are told of both; then quince is too, and it is
    one wide incident, that of zenith, which takes in that of acme. The mailboxes of acme/branch and zenith/flourcellar
    are full, which is an incident of each alone."""
    async with open_pages_app(folder, **CONFIG) as pages_app:
        pages_app.clock.pass_(hours=-6)
        rights_app = RightsApp(pages_app, CompanyIds(OWN, "hq"), CompanyIds(OTHER, "bakehouse"))
        await engine_of(rights_app.backend).configure(rights_app.backend.config())
        await engine_of(rights_app.backend).recall(())
        everywhere = [f"{company}/{path}" for company, facts in COMPANIES.items() for path in facts["paths"]]
        await rights_app.play("i", *everywhere)
        for place in ("zenith/bakehouse", "acme/hq"):
            await rights_app.play("dd", place)
            await rights_app.settle()
        rights_app.merged = rights_app.incident_at(OWN).id
        await rights_app.play("ff", "acme/branch", "zenith/flourcellar")
        await rights_app.play("dd", "acme/hq", "zenith/bakehouse", "quince/jar")
        await rights_app.settle()
        rights_app.wide = rights_app.incident_at(OWN, OTHER, "quince").id
        rights_app.own.incident = rights_app.incident_at(OWN).id
        rights_app.other.incident = rights_app.incident_at(OTHER).id
        for things in (rights_app.own, rights_app.other):
            things.probe = (await rights_app.judge("d", things.company, things.path)).id
            things.diagnosis = await rights_app.diagnose(things)
        await engine_of(rights_app.backend).step()
        await rights_app.mute("", "reason of others", mail_system="other:gatehouse")
        await rights_app.mute("", "reason of others", cause=Cause.IP_LISTED)
        now = pages_app.clock()
        await rights_app.store.people.note(
            AuditEntry(now, "otto", "session", "probe sent", "zenith/bakehouse as sender", OTHER)
        )
        await rights_app.store.people.note(AuditEntry(now, "olga", "session", "probe sent", "acme/hq as sender", OWN))
        await rights_app.store.people.note(
            AuditEntry(now, "otto", "session", "person changed", "somebody, viewer of zenith", "")
        )
        rights_app.own, rights_app.other = (
            await rights_app.fresh(rights_app.own),
            await rights_app.fresh(rights_app.other),
        )
        yield rights_app
