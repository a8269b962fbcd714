"""Traces of one probe: when to ask, and which of their statements count. Pure.

A trace is asked only about a message that was handed over and has not arrived. The receiver's statement outweighs that
of the sender's service, which knows no more than what it was answered. An arrival outweighs both: see `judge`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from probes.attempts import too_late_at
from probes.case import Known, SortedEvidence, case_of
from probes.probe import Probe
from probes.traced import Side, Traced, TraceFate

SETTLED = frozenset(
    {
        TraceFate.DELIVERED,
        TraceFate.REFUSED,
        TraceFate.SUPPRESSED,
        TraceFate.QUARANTINED,
        TraceFate.JUNK,
        TraceFate.GONE,
    }
)
"""Fates that a trace is not asked about again. What is released afterwards arrives."""

ENDED = frozenset({TraceFate.REFUSED, TraceFate.SUPPRESSED})
"""Fates after which the message cannot arrive."""

SILENT = frozenset({TraceFate.NEVER_SEEN, TraceFate.NOT_ASKED})
"""Not what became of the message: the trace knows nothing of it."""


MIN_DENIALS = 2  # answers that there is no record, before that is said: a log may lag behind


@dataclass(frozen=True, slots=True)
class TracePlan:
    """As much of a trace as decides when to ask it: its source, its side, and the times after acceptance."""

    source: str
    side: Side
    lags: tuple[timedelta, ...]


def state_of(traces: Iterable[Traced], source: str) -> Traced | None:
    """Return the newest statement of this source about the message; of two at one moment the one that came last. None
    if it said nothing about it."""
    said = [traced for traced in traces if traced.source == source and traced.fate not in SILENT]
    return max(reversed(said), key=lambda traced: traced.happened_at or traced.at, default=None)


def states(case: SortedEvidence) -> list[Traced]:
    """Return the newest statement of each source, the receiver's before those of the sender's side. Of several systems
    of the receiver the one in which something happened to it last had it last: it comes first."""
    sources = dict.fromkeys(traced.source for traced in case.traces)
    found = [state for source in sources if (state := state_of(case.traces, source))]
    found.sort(key=lambda state: state.happened_at or state.at, reverse=True)
    return sorted(found, key=lambda state: state.side is not Side.RECEIVER)


def deferral(case: SortedEvidence) -> Traced | None:
    """Return the last temporary refusal that a trace knows of."""
    return next((traced for traced in reversed(case.traces) if traced.fate is TraceFate.DEFERRED), None)


def ended(case: SortedEvidence) -> Traced | None:
    """Return the statement that the message cannot arrive any more, as long as nothing contradicts it: the receiver's
    own, or the sender's about a message that the receiver does not know."""
    first = next(iter(states(case)), None)
    return first if first and first.fate in ENDED else None


def relevant(case: SortedEvidence) -> tuple[Traced, ...]:
    """Return what is worth saying about a message that is missing: the newest statement of each source, or that the
    source knew nothing of it each time that it was asked, and at least twice."""
    silent = [
        [traced for traced in case.traces if traced.source == source]
        for source in dict.fromkeys(traced.source for traced in case.traces)
        if not state_of(case.traces, source)
    ]
    unknown = [said[-1] for said in silent if sum(each.fate is TraceFate.NEVER_SEEN for each in said) >= MIN_DENIALS]
    return (*states(case), *(replace(traced, fate=TraceFate.NEVER_SEEN, text="") for traced in unknown))


def next_question(probe: Probe, known: Known, plan: TracePlan) -> datetime | None:
    """Return when to ask this trace about the probe next; None if never again.

    A probe that arrives in time costs no request. The last question is put when we stop waiting for it.
    """
    case = case_of(probe, known)
    if plan.side is Side.SENDER and not probe.traits.relayed:
        return None
    if case.accepted is None or case.arrival or case.proven_bounce or ended(case):
        return None
    if (state := state_of(case.traces, plan.source)) and state.fate in SETTLED:
        return None
    too_late = too_late_at(probe, case.dialogues)
    moments = sorted({*(case.accepted.at + lag for lag in plan.lags), too_late, probe.give_up_at})
    asked_at = max((traced.at for traced in case.traces if traced.source == plan.source), default=case.accepted.at)
    return next((moment for moment in moments if asked_at < moment <= probe.give_up_at), None)


def question_number(known: Sequence[Traced], source: str) -> int:
    """Return how many times this trace will have been asked about the probe, the next time included."""
    return 1 + max((traced.number for traced in known if traced.source == source), default=0)


def news(known: Sequence[Traced], answers: Sequence[Traced]) -> list[Traced]:
    """Return those answers that are new. If none is, the newest is kept again: that it was asked is evidence too."""
    said = {traced.statement for traced in known}
    fresh = {traced.statement: traced for traced in answers if traced.statement not in said}
    return [*fresh.values()] or [*answers][-1:]


def with_times(answers: Iterable[Traced], at: datetime, number: int, shift: timedelta) -> list[Traced]:
    """Return the answers as evidence of the question with this number, answered at `at`. `shift`: by how much the clock
    was set since the probe was launched."""
    return [
        replace(
            traced,
            at=at,
            number=number,
            happened_at=traced.happened_at - shift if traced.happened_at else None,
        )
        for traced in answers
    ]
