"""SPF: may the source IP send for the bounce domain? RFC 7208.

A pass is not the whole answer: the term that matched may match the whole Internet, and the record may be one service
away from the limit that breaks it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from probes.standing.asking import Asker, Subject
from probes.standing.fact import Assessment, Branch, Fact, Question, State, Why
from probes.standing.spf_engine import SpfEvaluation, SpfResult, evaluate, needs

MAX_LOOKUPS = 10  # RFC 7208, section 4.6.4
NEAR_LIMIT = 8
WIDE = {"ip4": 16, "ip6": 32, "a": 16, "mx": 16}  # bits; a shorter prefix is more than one organisation has

_PREFIX = re.compile(r"\+?(ip4|ip6|a|mx)\b.*?(?<!/)/(\d{1,3})(?://\d{1,3})?", re.IGNORECASE)


async def read_spf(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Evaluate SPF for the source IP as a receiver does."""
    done = await evaluate(subject.source_ip, subject.bounce_domain, subject.helo, asker.lookup)
    whole = await needs(subject.source_ip, subject.bounce_domain, asker.lookup) if done.record else done
    found = replace(assess(done, max(done.lookups, whole.lookups)), tree=counted(done, whole))
    return [asker.fact(Question.SPF, subject.bounce_domain, found)]


def counted(done: SpfEvaluation, whole: SpfEvaluation) -> tuple[Branch, ...]:
    """Return the branches of the whole record with their lookups; none if an error ended the count before the limit."""
    needed = max(done.lookups, whole.lookups)
    if not whole.tree or (whole.reason and needed <= MAX_LOOKUPS):
        return ()
    return (replace(whole.tree[0], lookups=needed), *whole.tree[1:])


def assess(done: SpfEvaluation, needed: int) -> Assessment:
    """Judge an evaluation. `needed`: terms that ask the DNS in the whole record."""
    by = " > ".join(done.chain)
    match done.result:
        case SpfResult.PASS:
            return _passed(done, by, str(needed), needed)
        case SpfResult.TEMPERROR:
            return _unknown(done)
        case _ if done.failures:  # a term that could not be evaluated may be the one that matches
            return _unknown(done)
        case SpfResult.NONE:
            return Assessment(State.BAD, Why.SPF_MISSING)
        case SpfResult.PERMERROR:
            return Assessment(State.BAD, Why.SPF_BROKEN, done.record, (done.reason,))
        case SpfResult.FAIL | SpfResult.SOFTFAIL | SpfResult.NEUTRAL:
            return Assessment(State.BAD, Why.SPF_FAILS, done.record, (done.result.value, by))


def _unknown(done: SpfEvaluation) -> Assessment:
    return Assessment(State.UNKNOWN, Why.SPF_NOT_EVALUATED, done.record, ((*done.failures, done.reason)[0],))


def _passed(done: SpfEvaluation, by: str, shown: str, needed: int) -> Assessment:
    term = done.chain[-1].lower() if done.chain else ""
    if term.removeprefix("+") == "all":
        why = Why.SPF_PASSES_ALL
    elif is_wide(term):
        why = Why.SPF_PASSES_WIDE
    elif re.fullmatch(r"\+?ptr(:.*)?", term):
        why = Why.SPF_PASSES_PTR
    elif needed > MAX_LOOKUPS:
        why = Why.SPF_OVER_LIMIT
    elif needed >= NEAR_LIMIT:
        why = Why.SPF_NEAR_LIMIT
    else:
        return Assessment(State.GOOD, Why.SPF_PASSES, done.record, (by, shown))
    return Assessment(State.WEAK, why, done.record, (by, shown))


def is_wide(term: str) -> bool:
    """Test if a term that matched covers more addresses than one organisation has."""
    found = _PREFIX.fullmatch(term)
    return found is not None and int(found[2]) < WIDE[found[1].lower()]
