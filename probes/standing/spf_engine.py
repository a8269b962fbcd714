"""SPF evaluation (RFC 7208). The home of the library `spftrace`: nothing else imports it.

Bounded: ten terms that ask the DNS, ten hosts each, and TIME_LIMIT. The library's own default resolver, a public one,
is never used.
"""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from probes.resolver import DnsAnswer, Unresolved
from probes.standing.fact import Branch

TIME_LIMIT = 20.0  # seconds, RFC 7208, section 4.6.4
MAX_NEEDED_QUERIES = 150  # for counting what a whole record needs
LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists"})  # RFC 7208, section 4.6.4, beside redirect
NOWHERE = {4: "240.0.0.1", 6: "100::1"}
"""Addresses that nobody sends from (RFC 1112, RFC 6666): no record means them, so an evaluation visits every term."""

Lookup = Callable[[str, str], Awaitable[DnsAnswer | Unresolved]]


class SpfResult(StrEnum):
    """Results of RFC 7208, section 2.6."""

    PASS = "pass"  # noqa: S105 (a word of the RFC)
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    PERMERROR = "permerror"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class SpfStep:
    """One thing that happened. `depth`: how many includes deep."""

    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class SpfEvaluation:
    """The result and the way to it.

    `chain` are the terms that led to the result, outermost first: include, include, `ip4:...`. `record` is the domain's
    own. `reason` says why there is an error. `failures` are lookups that failed: by the RFC some of them only keep a
    term from matching (5.5), so any result but a pass is uncertain. `tree`: the record with the terms that asked the
    DNS, each followed by those below it.
    """

    result: SpfResult
    record: str
    chain: tuple[str, ...]
    lookups: int
    voids: int
    reason: str
    failures: tuple[str, ...]
    steps: tuple[SpfStep, ...]
    tree: tuple[Branch, ...] = ()


async def evaluate(ip: str, sender: str, helo: str, lookup: Lookup) -> SpfEvaluation:
    """Evaluate SPF as a receiver does, for an envelope sender, a domain, or with sender "" for HELO."""
    return await _run(ip, sender, helo, lookup, audit=False)


async def needs(ip: str, domain: str, lookup: Lookup) -> SpfEvaluation:
    """Evaluate the record for an address of the same family that matches no term, counting past the limits."""
    return await _run(NOWHERE[6 if ":" in ip else 4], domain, domain, lookup, audit=True)


async def _run(ip: str, sender: str, helo: str, lookup: Lookup, *, audit: bool) -> SpfEvaluation:
    from spftrace import BaseResolver, Evaluator, Limits

    failures: list[str] = []

    class OwnResolver(BaseResolver):
        async def _lookup(self, name: str, rtype: str) -> tuple[str, list[str]]:
            answer = await lookup(name, rtype)
            if isinstance(answer, Unresolved):
                failures.append(answer.text)
            return _coded(answer, rtype)

    # Without an audit ten terms bound the queries. The library calls a query too many a permerror, which it is not.
    limits = Limits(time_limit=TIME_LIMIT, max_queries=MAX_NEEDED_QUERIES if audit else None, audit=audit)
    done = await Evaluator(OwnResolver(), limits, receiver="mailpath").evaluate(ip, sender, helo)
    return _evaluation((sender or helo).rpartition("@")[2], done, tuple(failures))


def _coded(answer: DnsAnswer | Unresolved, kind: str) -> tuple[str, list[str]]:
    """Return an answer in the library's words. Whatever failed is a time-out to it, which it calls a temperror."""
    if isinstance(answer, Unresolved):
        return "TIMEOUT", []
    if not answer.exists:
        return "NXDOMAIN", []
    records = list(answer.records)
    if kind == "MX":
        records = [record.rpartition(" ")[2].rstrip(".") for record in records]
    elif kind == "PTR":
        records = [record.rstrip(".") for record in records]
    return "NOERROR", records


def _evaluation(domain: str, done: Any, failures: tuple[str, ...]) -> SpfEvaluation:
    chain: list[str] = []  # the terms that are open, one for each depth
    record = reason = ""
    steps: list[SpfStep] = []
    for event in done.trace.events:
        data = event.data
        match event.kind:
            case "policy_parsed" | "parse_error":
                record = record or str(data["policy"])
                steps.append(SpfStep(event.depth, str(data["policy"])))
            case "mech_start":
                chain[event.depth :] = [str(data["raw"])]
            case "recurse_in" if data["via"] == "redirect":
                chain[event.depth :] = [f"redirect={data['domain']}"]
            case "eval_done" if data.get("reason") == "default":
                chain[event.depth :] = ["the end of the record"]
            case "mech_match":
                steps.append(SpfStep(event.depth, f"{data['raw']} matches"))
            case "dns_lookup" if not data["answers"]:
                steps.append(SpfStep(event.depth, f"{data['rtype']} of {data['name']}: {data['rcode']}, no records"))
            case "exit":
                reason = str(data["reason"])
    return SpfEvaluation(
        SpfResult(done.result),
        record,
        tuple(chain),
        done.dns_terms_used,
        done.void_lookups_used,
        reason,
        failures,
        tuple(steps),
        _tree(domain, done),
    )


def _tree(domain: str, done: Any) -> tuple[Branch, ...]:
    """Return the branches of an evaluation. Terms that are evaluated without the DNS are in the records."""
    found = [Branch(0, domain, "", 0)]
    for event in done.trace.events:
        data = event.data
        if event.kind in ("policy_parsed", "parse_error"):
            found[-1] = replace(found[-1], record=str(data["policy"]))
        elif event.kind == "mech_start" and data["mechanism"] in LOOKUP_TERMS:
            found.append(Branch(event.depth + 1, str(data["raw"]), "", 1))
        elif event.kind == "recurse_in" and data["via"] == "redirect":
            found.append(Branch(event.depth + 1, f"redirect={data['domain']}", "", 1))
    return tuple(replace(each, lookups=each.lookups + _below(found, place)) for place, each in enumerate(found))


def _below(branches: Sequence[Branch], place: int) -> int:
    """Return the number of branches below one."""
    depth = branches[place].depth
    return sum(1 for _ in itertools.takewhile(lambda each: each.depth > depth, branches[place + 1 :]))
