"""Attribute a failure to a party. A pure decision from the weight of the verdict, the results of other senders on the
same path at the same time, and whether anything was reached at all.

A cause is a guess from a reply's text. That a neutral sender got the same answer is a fact, and it clears the sender
whatever the text says: even if it names the sender's address, for an abandoned blocklist may list the whole world.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.incidents.comparison import NEUTRAL, Comparison, Differs, Got
from monitor.incidents.diagnosed import ProvenCause
from monitor.incidents.incident import Nature, Reason, Severity
from monitor.incidents.reach import Reach, never_connected
from monitor.incidents.weight import LISTS_THE_SENDER, OF_THE_MAILBOX, Names, Weight, names_the_sender
from probes.answer import Stage, has_words
from probes.diagnosis.factors import Factor
from probes.route_traits import traits_of
from probes.verdict import Cause, Concern, Grade, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class FailureCase:
    """The facts by which a failure is judged. `came_late`: some of this stretch's mail arrived in the end. `via`: the
    route. `diagnosed`: what a diagnosis proved."""

    mark: Weight
    verdict: Verdict
    names: Names
    comparisons: Sequence[Comparison] = ()
    reach: Reach = Reach.UNTOLD
    came_late: bool = False
    via: str = "direct"
    diagnosed: ProvenCause | None = None

    def found(self, got: Got, *differs: Differs) -> Comparison | None:
        """Return the result of another identity that differs in exactly that."""
        wanted = frozenset(differs)
        return next((each for each in self.comparisons if each.got is got and each.differs == wanted), None)


@dataclass(frozen=True, slots=True)
class Attribution:
    """The responsible party and what decided it. `cause` is the verdict's, or a better one that the comparison proves;
    `at_most` limits the severity while no more is known. `comparison` is the basis; `factor` is what a diagnosis
    proved."""

    nature: Nature
    reason: Reason
    cause: Cause | None
    at_most: Severity = Severity.PAGE
    comparison: Comparison | None = None
    factor: Factor | None = None


def attribute(case: FailureCase) -> Attribution:
    """Return the responsible party."""
    verdict = case.verdict
    if case.mark is Weight.UNKNOWN:
        return _unasked(case)
    if verdict.cause is Cause.MALFORMED:
        return Attribution(Nature.OURS, Reason.OUR_MESSAGE, verdict.cause)
    if verdict.cause in OF_THE_MAILBOX:
        return Attribution(Nature.MAILBOX, Reason.PROBE_MAILBOX, verdict.cause)
    if never_connected(verdict):
        return _unreached(case)
    if verdict.cause is Cause.RELAY_DENIED and not _at_our_relay(case):
        return _capped(case, _not_its_domain(case))
    return _capped(case, _answered(case))


def _unasked(case: FailureCase) -> Attribution:
    """Nothing was learned about this sender."""
    cause = case.verdict.cause
    if cause is Cause.MOVED:
        return Attribution(Nature.MAILBOX, Reason.PROBE_MAILBOX, cause)
    gateway = cause is Cause.SERVER_FAULT and case.verdict.answer is not None
    if gateway and case.reach is Reach.OTHERS:
        return Attribution(Nature.THEIR_SYSTEM, Reason.GATEWAY_DOWN, cause, Severity.TICKET)
    if not gateway:
        return Attribution(Nature.OURS, Reason.NOT_ASKED, cause)
    return Attribution(Nature.OURS, Reason.NO_WAY_OUT if case.reach is Reach.NOBODY else Reason.NOTHING_REACHED, cause)


def _unreached(case: FailureCase) -> Attribution:
    """There was no connection: nothing was said about the sender. From another address it may succeed."""
    if case.reach is Reach.NOBODY:
        return Attribution(Nature.OURS, Reason.NO_WAY_OUT, Cause.NETWORK)
    alone = case.reach is Reach.UNTOLD
    at_most = Severity.TICKET if alone else Severity.PAGE
    if case.verdict.answer and case.verdict.answer.stage is Stage.LOOKUP:
        return Attribution(Nature.THEIR_SYSTEM, Reason.LOOKUP, case.verdict.cause, at_most)
    for through in case.comparisons:
        if through.got is Got.THROUGH and Differs.IP in through.differs:
            return Attribution(Nature.MAIL, Reason.CONTROL_THROUGH, Cause.FIREWALL, comparison=through)
    if too := case.found(Got.FAILED, *NEUTRAL):
        reason = Reason.NOTHING_REACHED if alone else Reason.CONTROL_FAILS
        return Attribution(Nature.THEIR_SYSTEM, reason, Cause.SERVER_FAULT, at_most, too)
    reason = Reason.NOTHING_REACHED if alone else Reason.ONLY_HERE
    return Attribution(Nature.MAIL, reason, case.verdict.cause, at_most)


def _at_our_relay(case: FailureCase) -> bool:
    """Test if the service that we send through refused, not the company's server."""
    answer = case.verdict.answer
    return traits_of(case.via).relayed and answer is not None and answer.stage is not None


def _not_its_domain(case: FailureCase) -> Attribution:
    """The company's own server says that it relays for nobody: the recipient's domain is none of its own. That is its
    configuration, or our `to`. It concerns this sender only if another one gets through."""
    cause = case.verdict.cause
    if through := case.found(Got.THROUGH, *NEUTRAL):
        return Attribution(Nature.MAIL, Reason.CONTROL_THROUGH, cause, comparison=through)
    same = case.found(Got.SAME, *NEUTRAL)
    at_most = Severity.PAGE if same else Severity.TICKET
    return Attribution(Nature.THEIR_SYSTEM, Reason.NOT_ITS_DOMAIN, cause, at_most, same)


def _answered(case: FailureCase) -> Attribution:
    """The receiver was asked and refused, or accepted the mail and lost it."""
    if case.diagnosed:
        return Attribution(Nature.MAIL, Reason.DIAGNOSED, case.diagnosed.cause, factor=case.diagnosed.factor)
    cause = case.verdict.cause
    if same := case.found(Got.SAME, *NEUTRAL):
        if cause is Cause.CONTENT:  # of two senders: it is what both mails say
            return Attribution(Nature.THEIR_SYSTEM, Reason.SAME_TEXT, cause, comparison=same)
        reason = Reason.SAME_LIST if cause in LISTS_THE_SENDER else Reason.SAME_ANSWER
        return Attribution(Nature.THEIR_SYSTEM, reason, _not_the_senders(case), comparison=same)
    named = (
        case.mark is Weight.CONCLUSIVE or names_the_sender(case.verdict, case.names) or _names_the_sender(case.verdict)
    )
    if not named and (too := case.found(Got.FAILED, *NEUTRAL)):
        lost = too.lost and case.verdict.outcome is Outcome.MISSING
        reason = Reason.BOTH_LOST if lost else Reason.CONTROL_FAILS
        return Attribution(Nature.THEIR_SYSTEM, reason, _not_the_senders(case), comparison=too)
    for got, differs, reason in ABOUT_THE_SENDER:
        if comparison := case.found(got, *differs):
            return Attribution(Nature.MAIL, reason, cause, comparison=comparison)
    return Attribution(Nature.MAIL, Reason.NOT_COMPARED, cause)


def _names_the_sender(verdict: Verdict) -> bool:
    """Test if the mail was permanently refused with a text about the sender. A different failure of another sender does
    not refute that."""
    answer, cause = verdict.answer, verdict.cause
    about = cause is not None and cause.concerns is Concern.SENDER and cause is not Cause.POLICY
    return about and answer is not None and (answer.code or 0) >= 500 and has_words(answer)


ABOUT_THE_SENDER: tuple[tuple[Got, frozenset[Differs], Reason], ...] = (  # the first that holds says most
    (Got.THROUGH, NEUTRAL, Reason.CONTROL_THROUGH),
    (Got.THROUGH, frozenset({Differs.DOMAIN}), Reason.NEIGHBOUR_THROUGH),
    (Got.SAME, frozenset({Differs.DOMAIN}), Reason.NEIGHBOUR_STOPPED),
)


def _not_the_senders(case: FailureCase) -> Cause | None:
    """Return the cause if the sender is cleared: a text that seems to be about it was not. Greylisting stays if mail
    arrives in the end: it hits everybody too."""
    cause = case.verdict.cause
    if cause is None or cause.concerns is not Concern.SENDER:
        return cause
    return cause if cause is Cause.GREYLISTED and case.came_late else Cause.SERVER_FAULT


def _capped(case: FailureCase, attribution: Attribution) -> Attribution:
    """Cap the severity of unproven bounces: anybody can write one, so one that is not proven to come from the receiver
    pages nobody. After a relay a bounce is never proven: there it is all that is ever known."""
    answer = case.verdict.answer
    bounce = answer is not None and answer.stage is None
    if not bounce or case.verdict.grade is not Grade.UNPROVEN or traits_of(case.via).relayed:
        return attribution
    return replace(attribution, at_most=Severity.TICKET)


def least(one: Severity, other: Severity) -> Severity:
    """Return the lower severity."""
    return other if one.graver_than(other) else one
