"""How much of labelled mail is read right, and how fast, beside the standard library's bare parse in the same run.

And what judging an arrival costs the event loop whose headers are as large as those of Exchange Online.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from itertools import cycle, islice
from random import Random
from typing import Any, TypeVar

from probes.evidence import Attempt
from probes.judge import judge
from probes.reading.bounces import read_bounce
from probes.reading.headers import read_ahead, read_message
from probes.reading.replies import read_reply
from tests.bench.figures import Figure, Finding, Remark
from tests.bench.round_trip import Step
from tests.support.headers import exchange_headers
from tests.support.pages_app import START, accepted, arrival, probe_of

GROUP = "Reading"
GROUP_SIZE = 20  # replies from which a group is left out alone, and has a figure of its own
ARRIVALS = 60  # at once: as many as are kept until they are judged
JUDGED_ALONE = "an arrival from Exchange Online judged, nothing read before"
READ_AHEAD = "an arrival from Exchange Online read ahead, in its mailbox's thread"
JUDGED_THEN = "an arrival from Exchange Online judged then, on the event loop"
Mail = TypeVar("Mail", str, bytes)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each speed is measured."""

    seconds: float
    rounds: int
    held_out: bool = False  # learn the weights anew without each group: some minutes
    steps: int = 3


FULL = Plan(seconds=1.0, rounds=3, held_out=True, steps=4)
QUICK = Plan(seconds=0.3, rounds=1)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """Shares for each corpus, and speeds on one core."""
    judged = list(judging(plan.rounds))
    from tests.corpora import scores_bounces, scores_headers
    from tests.corpora.scores_replies import LABELLED, score

    if not scores_bounces.CORPORA.is_dir():
        return [*judged, Remark(GROUP, "the labelled corpora are not beside this repository")]
    found: list[Finding] = [*judged]
    step("reading: shares")
    found += [_share(f"{name} replies: cause", score(name).share) for name in LABELLED]
    for corpus, shares in (("sisimai-bounces", scores_bounces.sisimai()), ("flufl-bounces", scores_bounces.flufl())):
        found += [_share(f"{corpus}: {name}", score.share) for name, score in shares.items()]
    found += [_share(f"headers: {name}", score.share) for name, score in scores_headers.all_scores().items()]
    if plan.held_out:
        step("reading: learning and held-out replies")
        found += list(_held_out())
    step("reading: replies")
    # Each once in a round: more texts than are kept as read, so every one is read anew.
    texts = [*dict.fromkeys(row.text for rows in LABELLED.values() for row in rows())]
    mails = [path.read_bytes() for path in sorted((scores_bounces.SISIMAI / "mail").glob("*.eml"))]
    found += list(_speeds("replies", texts, plan, read_reply, None, ">= 20000"))
    step("reading: bounces")
    found += list(_speeds("bounces", mails, plan, read_bounce, message_from_bytes, ">= 1200"))
    found += list(_speeds("arrived messages", mails, plan, read_message, message_from_bytes, ""))
    return found


def judging(rounds: int) -> Iterator[Figure]:
    """Milliseconds of CPU to judge an arrival that nobody has read, to read it ahead, and to judge it then."""
    rng, probe = Random(1), probe_of("acme", START)
    spent: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for ahead in (False, True):
            headers = [exchange_headers(rng) for _ in range(ARRIVALS)]
            if ahead:
                spent[READ_AHEAD].append(_spent(read_ahead, headers))
            known = [(Attempt(START, 1), accepted(), arrival(each)) for each in headers]
            name = JUDGED_THEN if ahead else JUDGED_ALONE
            spent[name].append(_spent(lambda each: judge(probe, each, START + timedelta(seconds=5)), known))
    target = {JUDGED_THEN: "<= 0.1"}
    yield from (Figure(GROUP, name, "ms CPU", tuple(each), target.get(name, "")) for name, each in spent.items())


def _spent(work: Callable[[Any], object], samples: Sequence[Any]) -> float:
    began = time.process_time()
    for sample in samples:
        work(sample)
    return (time.process_time() - began) / len(samples) * 1000


def _held_out() -> Iterator[Figure]:
    """Shares of replies of providers and mail servers that the weights were not learnt from: as a whole, and of each
    larger group."""
    from tests.corpora import learn
    from tests.corpora.examples import corpora

    examples = corpora()
    groups = learn.groups_of(examples, GROUP_SIZE)
    answers = list(learn.held_out(examples, learn.own_lessons(), groups, groups))
    parts: dict[str, list[learn.Answer]] = defaultdict(list)
    for answer in answers:
        parts[answer.example.corpus].append(answer)
        parts[answer.example.group].append(answer)
    yield _share("held-out replies: cause", sum(answer.right for answer in answers) / len(answers))
    accused = sum(answer.accuses for answer in answers) / len(answers)
    yield _share("held-out replies: wrongly the sender's", accused)
    yield _share("held-out replies: calibration error", learn.calibration(answers))
    for name, part in sorted(parts.items()):
        if len(part) >= GROUP_SIZE:
            yield _share(f"held-out {name}: cause", sum(answer.right for answer in part) / len(part))


def _share(name: str, share: float) -> Figure:
    return Figure(GROUP, name, "% right", (100 * share,))


def _speeds(
    what: str,
    samples: Sequence[Mail],
    plan: Plan,
    ours: Callable[[Mail], object],
    bare: Callable[[Mail], object] | None,
    target: str,
) -> Iterator[Figure]:
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(plan.rounds):
        rates["ours"].append(_rate(ours, samples, plan.seconds))
        if bare:
            rates["bare"].append(_rate(bare, samples, plan.seconds))
    yield Figure(GROUP, f"{what} read", "/s", tuple(rates["ours"]), target)
    if bare:
        yield Figure(GROUP, f"{what}: the standard library's bare parse", "/s", tuple(rates["bare"]))


def _rate(work: Callable[[Mail], object], samples: Sequence[Mail], seconds: float) -> float:
    done, began, endless = 0, time.perf_counter(), cycle(samples)
    while (spent := time.perf_counter() - began) < seconds:
        for sample in islice(endless, 50):
            work(sample)
        done += 50
    return done / spent
