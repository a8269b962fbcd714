"""The documented JSON of triage. The address is not in it: whoever asked knows it."""

from typing_extensions import TypedDict

from monitor.output.json import Time, VerdictJson, iso, verdict_json
from monitor.triage.address import AddressNote, NoteWeight, Slip
from monitor.triage.decide import PlaceCertainty, Triage, TriagePlace
from monitor.triage.directory import CompanyMatch, DomainBasis
from monitor.triage.facts import CheckState, DnsState, OpenIncident
from monitor.triage.words import note_text, text_of
from probes.kinds import Kind
from probes.mailsystems.advice import Actor, FilledAdvice
from probes.standing.fact import Fact, Question
from probes.standing.words import sentence
from probes.verdict import Cause, Outcome


class AddressNoteJson(TypedDict):
    """A note about the address. `weight`: `wrong` (mail cannot be sent to it), `doubt` (ask), or `harmless`. `meant`:
    the domain that was probably meant."""

    note: Slip
    weight: NoteWeight
    sentence: str
    meant: str | None


class MatchJson(TypedDict):
    """A company that has the domain; `basis` says why it counts as its own."""

    company: str
    name: str
    mail_systems: list[str]
    basis: DomainBasis


class CheckStateJson(TypedDict):
    """One kind on one path. `recent`: new enough to speak for now. `last_good_at`: launch of the newest probe that was
    in the inbox in time."""

    path: str
    kind: Kind
    verdict: VerdictJson | None
    probe: str | None
    at: Time | None
    recent: bool
    last_good_at: Time | None


class OpenIncidentJson(TypedDict):
    """An open incident that touches the company, or may explain the problem."""

    incident: str
    muted: bool
    held_by: str | None


class AdviceTextJson(TypedDict):
    """Advice, filled with the sender's names."""

    explanation: str
    who: str
    actor: Actor
    steps: list[str]
    do_not: str
    workaround: list[str]
    for_users: str
    takes_effect_seconds: float
    verify: str
    runbook: str


class BadFactJson(TypedDict):
    """A bad fact that is published about the sender, or about the receiving domain."""

    question: Question
    subject: str
    sentence: str


class DnsJson(TypedDict):
    """The mail hosts of the domain. DNS is asked only where the configuration does not know the domain."""

    state: DnsState
    hosts: list[str]
    mail_system: str | None


class TriageJson(TypedDict):
    """The most likely place of a problem with mail to an address.

    `problem`: something is known to be wrong, or likely. `tell_user`: three sentences to read out. `not_known`: what
    was not tested or could not be found out."""

    place: TriagePlace
    certainty: PlaceCertainty
    problem: bool
    sentence: str
    because: list[str]
    tell_user: list[str]
    next_step: str
    not_known: list[str]
    domain: str
    notes: list[AddressNoteJson]
    companies: list[MatchJson]
    dns: DnsJson
    outcome: Outcome | None
    cause: Cause | None
    since: Time | None
    kinds: list[Kind]
    checks: list[CheckStateJson]
    incidents: list[OpenIncidentJson]
    standing: list[BadFactJson]
    stopping: list[BadFactJson]
    advice: AdviceTextJson | None


def triage_json(found: Triage) -> TriageJson:
    """Return the answer."""
    facts, text = found.facts, text_of(found)
    return {
        "place": found.place,
        "certainty": found.certainty,
        "problem": found.problem,
        "sentence": text.place,
        "because": list(text.because),
        "tell_user": list(text.tell),
        "next_step": text.next_step,
        "not_known": list(text.not_known),
        "domain": facts.address.domain,
        "notes": [_note(note) for note in facts.address.notes],
        "companies": [_match(match) for match in facts.matches],
        "dns": {
            "state": facts.mail.state,
            "hosts": list(facts.mail.hosts),
            "mail_system": facts.mail.system or None,
        },
        "outcome": found.outcome,
        "cause": found.cause,
        "since": iso(found.since),
        "kinds": list(found.kinds),
        "checks": [_check(check) for check in facts.company.checks] if facts.company else [],
        "incidents": [_incident(each) for each in (facts.company.incidents if facts.company else facts.wide)],
        "standing": [_fact(fact) for fact in found.standing],
        "stopping": [_fact(fact) for fact in found.stopping],
        "advice": advice_text_json(found.advice) if found.advice else None,
    }


def advice_text_json(advice: FilledAdvice) -> AdviceTextJson:
    """Return advice as people read it."""
    return {
        "explanation": advice.explanation,
        "who": advice.who,
        "actor": advice.actor,
        "steps": list(advice.steps),
        "do_not": advice.do_not,
        "workaround": list(advice.workaround),
        "for_users": advice.for_users,
        "takes_effect_seconds": advice.takes_effect_within.total_seconds(),
        "verify": advice.verify,
        "runbook": advice.runbook,
    }


def _note(note: AddressNote) -> AddressNoteJson:
    return {"note": note.slip, "weight": note.weight, "sentence": note_text(note), "meant": note.meant or None}


def _match(match: CompanyMatch) -> MatchJson:
    entry = match.entry
    return {"company": entry.key, "name": entry.name, "mail_systems": list(entry.chain), "basis": match.basis}


def _check(check: CheckState) -> CheckStateJson:
    return {
        "path": check.path,
        "kind": check.kind,
        "verdict": verdict_json(check.verdict) if check.verdict else None,
        "probe": check.probe_id or None,
        "at": iso(check.at),
        "recent": check.recent,
        "last_good_at": iso(check.last_good),
    }


def _incident(opened: OpenIncident) -> OpenIncidentJson:
    return {"incident": opened.incident.id, "muted": opened.muted, "held_by": opened.held_by or None}


def _fact(fact: Fact) -> BadFactJson:
    return {"question": fact.question, "subject": fact.subject, "sentence": sentence(fact)}
