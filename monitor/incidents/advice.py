"""Select the advice for an incident, or for a failure outside incidents; the advice is in `probes.mailsystems`.
Pure.

Notices and all pages use this, so that they give the same advice for the same failure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.incidents.attribution import Attribution, FailureCase, attribute
from monitor.incidents.comparison import Failing, Rigour, compared, differs
from monitor.incidents.incident import Failure, FindingAbout, Incident, Nature, Reason, Scope, leading
from monitor.incidents.signal import Signal
from monitor.incidents.standing_words import advice_of, verify
from monitor.incidents.weight import Names, mark_of
from probes.answer import Stage
from probes.diagnosis.factors import Factor
from probes.mailsystems.advice import Advice
from probes.mailsystems.advise import Spread, advise, runbook_for
from probes.mailsystems.choose import Choice, choose
from probes.mailsystems.compared import SOME_MUST_PHONE, USE_THE_PHONE
from probes.mailsystems.table import UNKNOWN
from probes.mailsystems.words import Chain
from probes.probe import Probe
from probes.reading.who_refused import refusing_system
from probes.verdict import Outcome, Verdict


def incident_advice(incident: Incident, mail_system: str) -> Advice:
    """Return the advice for this incident with this mail system, given by key; "" if not one."""
    if incident.about is FindingAbout.REAL_MAIL and incident.standing:
        return _of_real_mail(incident, mail_system)
    if incident.nature is Nature.STANDING and incident.standing:
        return advice_of(incident.standing)
    found = advise(
        incident.cause,
        incident.outcome,
        mail_system,
        nature=incident.nature,
        reason=incident.reason,
        spread=_spread(incident.scope),
    )
    a_part = incident.part or after_reading(leading(incident, incident.failures))
    return _of_a_part(found) if a_part else found


def _of_real_mail(incident: Incident, mail_system: str) -> Advice:
    """Return the advice for the cause. That all mail is stopped, only a probe could show."""
    found = _of_a_part(advise(incident.cause, incident.outcome, mail_system))
    if other := incident.standing[0].ip:
        found = found.about(other)
    return replace(found, verify=verify(incident.standing))


def incident_runbook(incident: Incident) -> str:
    """Return the name of the runbook for an incident."""
    nature = Nature.MAIL if incident.stops_mail and incident.nature is Nature.STANDING else incident.nature
    return runbook_for(incident.cause, incident.outcome, nature)


def system_of_incident(incident: Incident, chains: Iterable[Chain]) -> str:
    """The mail system that an incident's advice is about: its own, or the one that all its companies reach first; ""
    where they have several or none is known."""
    first = {chain[0] for chain in chains}
    return _known(incident.mail_system or (first.pop() if len(first) == 1 else ""))


def system_at_company(incident: Incident, company: str, chain: Chain) -> str:
    """The same, as it concerns one company: of a wide incident, the system of its chain that stops its own mail."""
    lead = leading(incident, tuple(failure for failure in incident.failures if failure.company == company))
    own = refusing_system(chain, lead.answer if lead else None)
    return _known(incident.mail_system if incident.mail_system in chain else own)


def failure_advice(found: Attribution, verdict: Verdict, chain: Chain) -> Advice:
    """Return the advice for a failure outside incidents. `chain`: the company's mail systems."""
    system = _known(refusing_system(chain, verdict.answer))
    return _of_a_part(advise(found.cause, verdict.outcome, system, nature=found.nature, reason=found.reason))


@dataclass(frozen=True, slots=True)
class Beside:
    """Verdicts on other identities' probes on the path of a failure, oldest first, each with what tells its identity
    from the sender. Those launched up to `around` before the failure count, and all after it."""

    verdicts: Sequence[tuple[Names, Signal]] = ()
    around: timedelta = timedelta(0)


NOTHING_BESIDE = Beside()


def attribution_of(last: Signal, via: str, sender: Names, beside: Beside = NOTHING_BESIDE) -> Attribution:
    """Return the attribution of one probe's failure, as far as other identities' probes show. One of them is enough
    here: it decides the text of a page, not whether to page somebody."""
    rigour = Rigour(bad=1, of_last=1, good=1, around=timedelta(0))
    failing = Failing(last, last.launched_at - beside.around, well_after=False)
    signals: dict[Names, list[Signal]] = {}
    for names, signal in beside.verdicts:
        signals.setdefault(names, []).append(signal)
    found = (compared(failing, seen, differs(sender, names), rigour) for names, seen in signals.items())
    comparisons = tuple(each for each in found if each)
    mark = mark_of(last.kind, last.verdict, sender)
    return attribute(FailureCase(mark, last.verdict, sender, comparisons, via=via))


def holding(incidents: Iterable[Incident], probe: Probe, verdict: Verdict) -> tuple[Incident, Failure] | None:
    """The open incident that holds what this probe found, and that failure; None if there is none, or the probe was
    launched before it began."""
    for incident in incidents:
        for failure in incident.failures if incident.open else ():
            began = failure.since <= probe.created_at
            if failure.check == probe.check and began and failure.outcome is verdict.outcome:
                return incident, failure
    return None


def advice_of_failure(incident: Incident, failure: Failure, mail_system: str) -> Advice:
    """Return the advice for one of an incident's failures: the incident's, unless this one is another problem of the
    same company that has no notices of its own."""
    spread, what = _spread(incident.scope), (failure.outcome, failure.cause)
    same = failure.nature is not incident.nature or what == (incident.outcome, incident.cause)
    if same or spread is not Spread.ONE_COMPANY:
        return incident_advice(incident, mail_system)
    return _of_a_part(advise(failure.cause, failure.outcome, mail_system, nature=failure.nature, reason=failure.reason))


def after_reading(failure: Failure | None) -> bool:
    """Test if the server gave both senders its answer after it had read the message. Then the answer may be about the
    content, which their probes have in common, and other mail may get through."""
    if failure is None or failure.reason is not Reason.SAME_ANSWER or failure.answer is None:
        return False
    return failure.answer.stage is Stage.END_OF_DATA


def _of_a_part(found: Advice) -> Advice:
    """The same where not all of a company's mail is known to be stopped."""
    return replace(found, for_users=SOME_MUST_PHONE) if found.for_users == USE_THE_PHONE else found


def _spread(scope: Scope) -> Spread:
    if scope is Scope.MAIL_SYSTEM:
        return Spread.ONE_SYSTEM
    return Spread.MANY if scope is Scope.EVERYBODY else Spread.ONE_COMPANY


def _known(system: str) -> str:
    return "" if system == UNKNOWN else system


def remedies_at_company(incident: Incident, company: str, chain: Chain) -> Choice | None:
    """Return the remedies for an incident at one company, the safest first; None where none can help, because the
    incident is about ourselves, a mailbox, what is published, or a mail system that takes nobody's mail."""
    if incident.nature is not Nature.MAIL:
        return None
    own = tuple(failure for failure in incident.failures if failure.company == company)
    lead = leading(incident, own)
    return choice_for(chain, lead, lead.factor) if lead else choose(chain, None, incident.cause)


def choice_for(chain: Chain, failed: Failure | Verdict, factor: Factor | None = None) -> Choice:
    """Return the remedies for a failure of the sender's mail. What was refused in a dialogue was refused by one system
    of the chain, what was accepted may have been stopped by any. `factor`: what a diagnosis proved."""
    refused = failed.outcome in (Outcome.BLOCKED, Outcome.DEFERRED)
    answer = failed.answer if refused else None
    if answer is None or answer.stage is None:
        return choose(chain, None, failed.cause, factor, failed.grade, answer.enhanced if answer else None)
    asked = (refusing_system(chain, answer),)
    return choose(asked, answer.stage, failed.cause, factor, failed.grade, answer.enhanced)
