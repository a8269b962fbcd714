"""SPF of the HELO name: receivers check it too, and for bounces, which have no sender, only it (RFC 7208, 2.3)."""

from collections.abc import Sequence

from probes.resolver import is_address
from probes.standing.asking import Asker, Subject
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.spf_engine import SpfEvaluation, SpfResult, evaluate


async def read_helo_spf(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Evaluate SPF for the HELO name alone."""
    if is_address(subject.helo.strip("[]").removeprefix("IPv6:")) or "." not in subject.helo:
        found = Assessment(State.NONE, Why.HELO_SPF_NO_NAME)  # RFC 7208, section 2.3: only a full name is checked
    else:
        found = assess(await evaluate(subject.source_ip, "", subject.helo, asker.lookup))
    return [asker.fact(Question.HELO_SPF, subject.helo, found)]


def assess(done: SpfEvaluation) -> Assessment:
    """Judge an evaluation. Receivers reject for `fail` only; the rest costs points at most."""
    by = " > ".join(done.chain)
    match done.result:
        case SpfResult.PASS:
            return Assessment(State.GOOD, Why.HELO_SPF_PASSES, done.record, (by,))
        case SpfResult.TEMPERROR:
            return _unknown(done)
        case _ if done.failures:
            return _unknown(done)
        case SpfResult.NONE:
            return Assessment(State.NONE, Why.NOT_PUBLISHED)
        case SpfResult.FAIL:
            return Assessment(State.BAD, Why.HELO_SPF_FAILS, done.record, (by,))
        case SpfResult.SOFTFAIL | SpfResult.NEUTRAL:
            return Assessment(State.WEAK, Why.HELO_SPF_NOT_PASSED, done.record, (done.result.value, by))
        case SpfResult.PERMERROR:
            return Assessment(State.WEAK, Why.HELO_SPF_BROKEN, done.record, (done.reason,))


def _unknown(done: SpfEvaluation) -> Assessment:
    return Assessment(State.UNKNOWN, Why.SPF_NOT_EVALUATED, done.record, ((*done.failures, done.reason)[0],))
