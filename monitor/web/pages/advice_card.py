"""The card "What to do", as the pages of a company, an incident and a probe show it: one advice, in words. Pure, but
for `verdicts_beside`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.incidents.advice import (
    NOTHING_BESIDE,
    Beside,
    advice_of_failure,
    attribution_of,
    choice_for,
    failure_advice,
    holding,
    incident_advice,
    system_at_company,
)
from monitor.incidents.incident import Failure, Incident, Nature, leading
from monitor.incidents.labels import decided_by
from monitor.incidents.signal import Signal
from monitor.incidents.summary import problem_label
from monitor.incidents.weight import Names
from monitor.notices.context import SenderInfo
from monitor.output.symbols import look_of
from monitor.store import ProbeFilter
from monitor.web.caller_view import CallerView
from monitor.web.remedy_html import remedies_html
from probes.diagnosis.factors import Factor
from probes.display import lasting
from probes.mailsystems.advice import Advice, FilledAdvice
from probes.mailsystems.remedy import RemedyNames
from probes.mailsystems.table import system_label
from probes.mailsystems.words import Chain
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Cause, Outcome, Verdict

MAX_BESIDE = 10  # other identities' probes that a failure is compared with


@dataclass(frozen=True, slots=True)
class AdviceCard:
    """One card. `incident` is the id of the open incident that holds the failure, "" while there is none; `muted`
    whether it is muted. `takes_effect` is a length of time, "" where the change acts at once. `remedies` is HTML: all
    remedies in the mail system's own terms, "" where there are none. `problem`, `look`: label, and the outcome
    whose colour it has, of an incident that is not about an outcome of mail; "" for all others."""

    outcome: Outcome
    cause: Cause | None
    advice: FilledAdvice
    decided_by: str
    takes_effect: str
    incident: str = ""
    muted: bool = False
    remedies: str = ""
    problem: str = ""
    look: Outcome | None = None


def card_of_incident(incident: Incident, sender: SenderInfo, mail_system: str) -> AdviceCard:
    """Make the card of an incident. `mail_system`: the key of the one that it concerns here; "" for several."""
    lead = leading(incident, incident.failures)
    return _card(incident, lead, incident_advice(incident, mail_system), sender, mail_system)


def card_at_company(incident: Incident, sender: SenderInfo, company: str, chain: Chain) -> AdviceCard:
    """Make the card of an incident in terms of one company's mail system."""
    return card_of_incident(incident, sender, system_at_company(incident, company, chain))


def card_of_probe(
    probe: Probe,
    verdict: Verdict,
    sender: SenderInfo,
    chain: Chain,
    incidents: Iterable[Incident] = (),
    beside: Beside = NOTHING_BESIDE,
) -> AdviceCard | None:
    """Make the card of one probe; None where all is well. An open incident that holds this failure knows
    more than the verdict: there was a comparison. Where there is none, `beside` has what others got on the path."""
    if verdict.outcome is Outcome.INBOX:
        return None
    if probe.role is Role.SENDER and (held := holding(incidents, probe, verdict)):
        incident, failure = held
        system = system_at_company(incident, probe.company, chain)
        return _card(incident, failure, advice_of_failure(incident, failure, system), sender, system)
    at = probe.created_at
    signal = Signal(0, probe.id, probe.company, probe.path, probe.kind, probe.role, at, at, verdict)
    return card_of_signal(signal, probe.via, sender, chain, beside)


def card_of_signal(
    last: Signal, via: str, sender: SenderInfo, chain: Chain, beside: Beside = NOTHING_BESIDE
) -> AdviceCard:
    """Make the card of a failure that no incident holds."""
    found = attribution_of(last, via, Names(sender.domain, sender.source_ip), beside)
    advised = failure_advice(found, last.verdict, chain)
    system = advised.mail_system or (chain[0] if len(chain) == 1 else "")
    return AdviceCard(
        outcome=last.verdict.outcome,
        cause=found.cause,
        advice=advised.filled(sender.domain, sender.source_ip, system, sender.address),
        decided_by="",
        takes_effect=_time(advised),
        remedies=_remedies(found.nature, last.verdict, system, sender),
    )


async def verdicts_beside(view: CallerView, company: str, path: str, at: datetime) -> Beside:
    """Read the verdicts on the control and the neighbour on this path around that time."""
    config = view.backend.config()
    around = config.incidents.control_every
    verdicts: list[tuple[Names, Signal]] = []
    for role, identity in config.identities().items():
        if role is Role.SENDER:
            continue
        until = at + around + timedelta(seconds=1)
        wanted = ProbeFilter(
            view.caller.companies, company, path, role=role, since=at - around, until=until, usual=True
        )
        rows = (await view.probes(wanted, None, MAX_BESIDE)).probes
        names = Names(identity.domain, identity.source_ip)
        verdicts += [
            (
                names,
                Signal(0, row.probe_id, company, path, row.kind, role, row.launched_at, row.launched_at, row.verdict),
            )
            for row in reversed(rows)
            if row.verdict
        ]
    return Beside(tuple(verdicts), around)


def _card(
    incident: Incident, failure: Failure | None, advised: Advice, sender: SenderInfo, mail_system: str
) -> AdviceCard:
    return AdviceCard(
        outcome=failure.outcome if failure else incident.outcome,
        cause=failure.cause if failure else incident.cause,
        advice=advised.filled(sender.domain, sender.source_ip, mail_system, sender.address),
        decided_by=decided_by(failure) if failure else "",
        takes_effect=_time(advised),
        incident=incident.id,
        muted=bool(incident.muted_by),
        remedies=_remedies(incident.nature, failure, mail_system, sender, failure.factor) if failure else "",
        problem=problem_label(incident) if incident.nature is Nature.STANDING else "",
        look=look_of(incident) if incident.nature is Nature.STANDING else None,
    )


def _remedies(
    nature: Nature, failed: Verdict | Failure, system: str, sender: SenderInfo, factor: Factor | None = None
) -> str:
    """The remedies in this mail system; "" where it is not the sender's mail that is stopped."""
    if nature is not Nature.MAIL:
        return ""
    own = [remedy for remedy in choice_for((system,), failed, factor).remedies if not remedy.general]
    names = RemedyNames(sender.domain, sender.source_ip, sender.address or sender.domain, system_label(system))
    return remedies_html(own, names)


def _time(advised: Advice) -> str:
    return lasting(advised.takes_effect_within) if advised.takes_effect_within else ""
