"""How much of labelled mail is read right, and how fast, beside the standard library's bare parse in the same run."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from itertools import cycle, islice
from typing import Any, TypeVar

from probes.reading.bounces import read_bounce
from probes.reading.headers import read_message
from probes.reading.replies import read_reply
from tests.bench.figures import Figure, Finding, Remark
from tests.bench.round_trip import Step

GROUP = "Reading"
Mail = TypeVar("Mail", str, bytes)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long each speed is measured."""

    seconds: float
    rounds: int
    steps: int = 3


FULL = Plan(seconds=1.0, rounds=3)
QUICK = Plan(seconds=0.3, rounds=1)


async def measure(plan: Plan, step: Step) -> list[Finding]:
    """Shares for each corpus, and speeds on one core."""
    from tests.corpora import scores_bounces, scores_headers, scores_replies

    if not scores_bounces.CORPORA.is_dir():
        return [Remark(GROUP, "the labelled corpora are not beside this repository")]
    found: list[Finding] = []
    step("reading: shares")
    for name, score in _replies(scores_replies):
        found.append(_share(f"{name}: cause", score.share))
    for corpus, shares in (("sisimai-bounces", scores_bounces.sisimai()), ("flufl-bounces", scores_bounces.flufl())):
        found += [_share(f"{corpus}: {name}", score.share) for name, score in shares.items()]
    found += [_share(f"headers: {name}", score.share) for name, score in scores_headers.all_scores().items()]
    step("reading: replies")
    texts = [row["text"] for row in scores_replies.rows("sisimai-replies/replies.tsv")]
    mails = [path.read_bytes() for path in sorted((scores_bounces.SISIMAI / "mail").glob("*.eml"))]
    found += list(_speeds("replies", texts, plan, read_reply, None, ">= 3000"))
    step("reading: bounces")
    found += list(_speeds("bounces", mails, plan, read_bounce, message_from_bytes, ">= 1200"))
    found += list(_speeds("arrived messages", mails, plan, read_message, message_from_bytes, ""))
    return found


def _replies(scores: Any) -> Iterator[tuple[str, Any]]:
    for name in ("sisimai", "zonemta", "mautic", "postalsys", "greylists", "kumomta"):
        yield f"{name} replies", getattr(scores, name)()


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
