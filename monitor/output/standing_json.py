"""The documented JSON of standing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from probes.display import timestamp
from probes.standing.fact import Branch, FactVerdict
from probes.standing.spf_engine import SpfEvaluation
from probes.standing.words import sentence


def fact_json(verdict: FactVerdict, now: datetime) -> dict[str, Any]:
    """Return one fact. `value` and `named` are what others publish, unchanged."""
    fact = verdict.reading
    return {
        "check": fact.question.value,
        "subject": fact.subject,
        "state": verdict.state.value,
        "suspected": verdict.suspected,
        "why": fact.why.value,
        "named": list(fact.named),
        "because": sentence(fact),
        "value": fact.value,
        "at": timestamp(fact.at),
        "age_seconds": (now - fact.at).total_seconds(),
        "ttl_seconds": fact.ttl,
        "servers": list(fact.servers),
        "tree": tree_json(fact.tree),
    }


def tree_json(tree: Sequence[Branch]) -> list[dict[str, Any]]:
    """Return the branches of a record that includes others, each followed by those below it."""
    return [{"depth": each.depth, "term": each.term, "record": each.record, "lookups": each.lookups} for each in tree]


def change_json(before: FactVerdict | None, after: FactVerdict, now: datetime) -> dict[str, Any]:
    """Return a fact that is different from before, with its former state; `was` is None for a new one."""
    was = None
    if before is not None:
        reading = before.reading
        was = {
            "state": before.state.value,
            "suspected": before.suspected,
            "why": reading.why.value,
            "value": reading.value,
        }
    return {**fact_json(after, now), "was": was}


def evaluation_json(done: SpfEvaluation, needed: int, tree: Sequence[Branch]) -> dict[str, Any]:
    """Return one SPF evaluation. `needed`: lookups of the whole record, whose branches are `tree`."""
    return {
        "check": "spf",
        "result": done.result.value,
        "record": done.record,
        "chain": list(done.chain),
        "lookups": done.lookups,
        "lookups_needed": needed,
        "void_lookups": done.voids,
        "reason": done.reason,
        "failures": list(done.failures),
        "tree": tree_json(tree),
        "steps": [{"depth": step.depth, "text": step.text} for step in done.steps],
    }
