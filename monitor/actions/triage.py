"""Triage for the help desk: gather what is known about an address, for the page, the API and the command line.

The address stays in the values of one request. Nothing here stores, logs or counts it; DNS is asked about its domain
alone, and only where the configuration does not know it, or mail to it fails.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from monitor.config import Config, WatchedPath
from monitor.incidents.advice import (
    attribution_of,
    failure_advice,
    incident_advice,
    system_at_company,
    system_of_incident,
)
from monitor.incidents.incident import Incident, Nature, Scope, Severity, worst_first
from monitor.incidents.mute import Mute, muting, whole_of
from monitor.incidents.signal import Signal
from monitor.incidents.weight import Names
from monitor.incidents.work import NO_WORK, IncidentWork
from monitor.output.symbols import WORST_FIRST
from monitor.probing.current import CurrentVerdict
from monitor.remedying.applied import TO_ACT_ON, UNDER_WAY, AppliedRemedy
from monitor.remedying.lapse import state_at
from monitor.standing.record import FactRecord
from monitor.triage.address import TypedAddress, read_address
from monitor.triage.decide import Triage, TriagePlace, decide
from monitor.triage.directory import CompanyEntry, DomainBasis, companies_at, companies_of, known_domains
from monitor.triage.facts import (
    FAULTS,
    NOT_ASKED,
    CheckState,
    CompanyFacts,
    DnsState,
    DomainMail,
    LooseFailure,
    OpenIncident,
    SenderLog,
    TriageFacts,
    TriageSender,
)
from probes.check import Check
from probes.mailsystems.table import system_at
from probes.mailsystems.words import Chain
from probes.resolver import MailHosts, Unresolved
from probes.sender import Role
from probes.standing.fact import Fact, State
from probes.verdict import Outcome

LOOKUP_SECONDS = 3.0  # for the mail hosts of a domain
LOG_SECONDS = 5.0  # for the log of the sender's mail service
REACH_SECONDS = 3.0  # for what its domain demands of senders
REMEDIES_WORTH_SAYING = UNDER_WAY | TO_ACT_ON
"""States of a remedy that the help desk should know."""
MAX_MISSED = 3  # intervals without a result after which nothing is known of now
LONGEST_CRON = timedelta(hours=25)  # between two times of a crontab, as far as a result speaks for now


class TriageSource(Protocol):
    """The facts of the service, as far as the one who asks may see them."""

    @property
    def sees_all(self) -> bool:
        """True if nothing is left out."""
        ...

    def config(self) -> Config:
        """Return the configuration."""
        ...

    def now(self) -> datetime:
        """Return the time."""
        ...

    def paths(self) -> Sequence[WatchedPath]:
        """Return the monitored paths."""
        ...

    def current_verdicts(self, paths: Iterable[WatchedPath]) -> Mapping[Check, CurrentVerdict]:
        """Return the verdicts in force on these paths."""
        ...

    def open_incidents(self) -> Sequence[Incident]:
        """Return the open incidents."""
        ...

    async def mutes(self) -> Sequence[Mute]:
        """Return the mutes."""
        ...

    async def work(self) -> Mapping[str, IncidentWork]:
        """Return the work on open incidents, by id."""
        ...

    async def last_good(self, check: Check) -> datetime | None:
        """Return the launch of the newest probe that was in the inbox in time."""
        ...

    async def remedies(self, company: str) -> Sequence[AppliedRemedy]:
        """Return what the company has carried out, the newest first."""
        ...

    async def standing(self) -> Sequence[FactRecord]:
        """Return what is known of the sender's standing."""
        ...

    async def mail_hosts(self, domain: str, seconds: float) -> MailHosts | Unresolved | None:
        """Ask DNS for the mail hosts of a domain, for at most so long; None where DNS is simulated."""
        ...

    async def stopping(self, domain: str, seconds: float) -> Sequence[Fact]:
        """Ask what a domain publishes that stops mail to it: MX, MTA-STS, DANE; for at most so long."""
        ...

    async def sender_log(self, address: str, seconds: float) -> SenderLog | None:
        """Ask the sender's own mail service about an address, for at most so long; None where no account of it is
        configured."""
        ...


async def triage(source: TriageSource, typed: str) -> Triage:
    """Return the most likely place of a problem with mail to this address. Raises StoreError."""
    config, paths = source.config(), source.paths()
    sender = TriageSender(config.sender.domain, config.sender.address, config.sender.source_ip)
    entries = entries_of(paths, config)
    address = read_address(typed, known_domains(entries, sender.domain))
    matches = companies_of(address.domain, entries) if address.domain else []
    mail = NOT_ASKED
    if address.domain and not address.wrong and all(match.basis is DomainBasis.PARENT for match in matches):
        mail = await _domain_mail(source, address.domain)
        matches = matches or companies_at(mail.hosts, entries)
    facts = TriageFacts(
        address,
        sender,
        source.now(),
        matches=tuple(matches),
        mail=mail,
        standing=await _bad_standing(source),
        sees_all=source.sees_all,
        sender_log=await _sender_log(source, address, bool(matches)),
    )
    if len(matches) == 1:
        found = decide(replace(facts, company=await _company_facts(source, matches[0].entry, sender, address.domain)))
    else:
        found = decide(replace(facts, wide=await _wide(source, sender, mail.system)))
    return replace(found, stopping=await _stopping(source, found))


async def _sender_log(source: TriageSource, address: TypedAddress, of_company: bool) -> SenderLog | None:
    """Ask about the address itself. Who is bound to companies sees the log of their addresses only."""
    if address.wrong or not (address.name and address.domain) or not (of_company or source.sees_all):
        return None
    return await source.sender_log(f"{address.name}@{address.domain}", LOG_SECONDS)


async def _stopping(source: TriageSource, found: Triage) -> tuple[Fact, ...]:
    """Return what the domain publishes that explains a failure there, if one is known or nothing is known."""
    address, mail = found.facts.address, found.facts.mail
    unasked = not address.domain or address.wrong or mail.state in (DnsState.NO_ANSWER, DnsState.NO_MAIL)
    if unasked or not (found.problem or found.place is TriagePlace.NOT_MONITORED):
        return ()
    return tuple(await source.stopping(address.domain, REACH_SECONDS))


def entries_of(paths: Iterable[WatchedPath], config: Config) -> list[CompanyEntry]:
    """Return the companies of these paths, as they are looked up."""
    by_company: dict[str, list[WatchedPath]] = {}
    for path in paths:
        by_company.setdefault(path.company, []).append(path)
    return [
        CompanyEntry(
            key=key,
            name=own[0].company_name,
            chain=own[0].mail_systems,
            domains=config.companies[key].domains if key in config.companies else (),
            tested=tuple(dict.fromkeys(path.to.rpartition("@")[2] for path in own)),
            hosts=tuple(dict.fromkeys(path.route.host for path in own if path.route.host)),
        )
        for key, own in by_company.items()
    ]


async def _domain_mail(source: TriageSource, domain: str) -> DomainMail:
    found = await source.mail_hosts(domain, LOOKUP_SECONDS)
    if found is None:
        return DomainMail(DnsState.SIMULATED)
    if isinstance(found, Unresolved):
        return DomainMail(FAULTS.get(found.fault, DnsState.NO_ANSWER))
    hosts = tuple(host.name for host in found)
    return DomainMail(DnsState.FOUND, hosts, next(filter(None, map(system_at, hosts)), ""))


async def _company_facts(source: TriageSource, entry: CompanyEntry, sender: TriageSender, domain: str) -> CompanyFacts:
    everywhere = [path for path in source.paths() if path.company == entry.key]
    paths = [path for path in everywhere if path.to.rpartition("@")[2] == domain] or everywhere
    current = source.current_verdicts(paths)
    touching = sorted((each for each in source.open_incidents() if entry.key in each.touches), key=worst_first)
    others = {path.path for path in everywhere} - {path.path for path in paths}
    opened = [each for each in touching if not _is_about(each, entry.key, others)]
    elsewhere = [each for each in touching if each not in opened]
    held = {failure.check for incident in opened for failure in incident.failures}
    checks, loose = [], []
    for path in paths:
        for check in path.checks:
            state = await _check_state(source, path, check, current.get(check))
            checks.append(state)
            if state.bad and check not in held:
                loose.append(_loose(state, entry, sender, current[check]))
    loose.sort(key=lambda each: WORST_FIRST.index(each.check.outcome))

    def system_of(incident: Incident) -> str:
        return system_at_company(incident, entry.key, entry.chain)

    return CompanyFacts(
        entry,
        tuple(checks),
        await _opened(source, opened, sender, system_of),
        tuple(loose),
        await _opened(source, elsewhere, sender, system_of),
        tuple(
            each for each in await source.remedies(entry.key) if state_at(each, source.now()) in REMEDIES_WORTH_SAYING
        ),
    )


def _is_about(incident: Incident, company: str, paths: Collection[str]) -> bool:
    """Test if all that is known of an incident at this company is about these paths. Of a storm not every failure is
    kept: it may be about any."""
    failures = [each for each in incident.failures if each.company == company]
    return bool(failures) and all(each.path in paths for each in failures)


async def _check_state(
    source: TriageSource, path: WatchedPath, check: Check, current: CurrentVerdict | None
) -> CheckState:
    state = CheckState(path.path, check.kind, path.route.via, path.code_life)
    if current is None:
        return state
    good = current.verdict.outcome is Outcome.INBOX
    oldest = MAX_MISSED * (path.every or LONGEST_CRON / MAX_MISSED) + path.give_up
    return replace(
        state,
        verdict=current.verdict,
        at=current.at,
        launched_at=current.launched_at,
        probe_id=current.probe_id,
        last_good=current.launched_at if good else await source.last_good(check),
        recent=source.now() - current.launched_at <= oldest,
    )


def _loose(state: CheckState, entry: CompanyEntry, sender: TriageSender, current: CurrentVerdict) -> LooseFailure:
    """Attribute a failure outside incidents, and choose the advice: the one place of triage that asks for it."""
    signal = Signal(
        0, current.probe_id, entry.key, state.path, state.kind, Role.SENDER, current.launched_at, current.at,
        current.verdict,
    )  # fmt: skip
    found = attribution_of(signal, state.via, Names(sender.domain, sender.source_ip))
    advised = failure_advice(found, current.verdict, entry.chain)
    system = advised.mail_system or (entry.chain[0] if len(entry.chain) == 1 else "")
    return LooseFailure(state, found, advised.filled(sender.domain, sender.source_ip, system, sender.address))


async def _wide(source: TriageSource, sender: TriageSender, system: str) -> tuple[OpenIncident, ...]:
    """Return open incidents of many companies that may explain what happens at one that nobody knows."""
    found = sorted((each for each in source.open_incidents() if _may_explain(each, system)), key=worst_first)
    chains = [path.mail_systems for path in source.paths()]
    return await _opened(source, found, sender, lambda incident: system_of_incident(incident, chains))


def _may_explain(incident: Incident, system: str) -> bool:
    if incident.nature is Nature.STANDING:
        return incident.severity is Severity.PAGE
    if incident.nature not in (Nature.MAIL, Nature.THEIR_SYSTEM):
        return False
    same = incident.scope is Scope.MAIL_SYSTEM and incident.mail_system == system
    return incident.scope is Scope.EVERYBODY or (bool(system) and same)


async def _opened(
    source: TriageSource, incidents: Sequence[Incident], sender: TriageSender, system_of: Callable[[Incident], str]
) -> tuple[OpenIncident, ...]:
    """Return incidents with their remedies, and what people do about them."""
    if not incidents:
        return ()
    mutes, works = await source.mutes(), await source.work()
    chains = {path.company: path.mail_systems for path in source.paths()}

    def opened(incident: Incident) -> OpenIncident:
        system = system_of(incident)
        return OpenIncident(
            incident,
            incident_advice(incident, system).filled(sender.domain, sender.source_ip, system, sender.address),
            muted=_is_muted(incident, mutes, chains, source.now()),
            held_by=works.get(incident.id, NO_WORK).held_by,
        )

    return tuple(map(opened, incidents))


def _is_muted(incident: Incident, mutes: Sequence[Mute], chains: Mapping[str, Chain], now: datetime) -> bool:
    """Test it now: the incident's own mark may be old. Of a storm not every failure is kept: there the mark must
    agree."""
    found = muting(mutes, incident.failures, lambda key: chains.get(key, ()), now, whole_of(incident))
    return bool(found) and (incident.failing <= len(incident.failures) or bool(incident.muted_by))


async def _bad_standing(source: TriageSource) -> tuple[Fact, ...]:
    """Return the facts about the sender that two readings agree are bad, and that are not too old."""
    max_age = source.config().standing.max_age
    records = [record.at(source.now(), max_age) for record in await source.standing()]
    settled = (each for each in records if each.settled and each.settled.state is State.BAD)
    return tuple(each.reading for each in settled if each.state is State.BAD)
