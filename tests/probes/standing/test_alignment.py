"""Alignment: which domains belong together, and what the two ways to pass DMARC amount to."""

import pytest

from probes.answer import Fault
from probes.resolver import Unresolved
from probes.standing.alignment import Way, Ways, align, assess, organisation_by_walk
from probes.standing.asking import Subject
from probes.standing.dkim_names import DkimName
from probes.standing.dmarc import Found, walk
from probes.standing.dmarc_reports import receivers_of
from probes.standing.fact import State, Why

SILENT = Unresolved(Fault.LOOKUP_FAILED, "silence")


def walked(domain: str, **records: str | Unresolved) -> list[Found]:
    """A whole walk; records by name, with "_" for each dot."""
    found = []
    for name in walk(domain):
        answer = records.get(name.replace(".", "_"), ())
        found.append(Found(name, (f"v=DMARC1; {answer}",) if isinstance(answer, str) else answer))
    return found


@pytest.mark.parametrize(
    ("walk", "organisation"),
    [
        (walked("a.b.example"), "a.b.example"),  # no record anywhere: the domain itself
        (walked("a.b.example", b_example="p=none"), "b.example"),
        (walked("a.b.example", a_b_example="p=none", b_example="p=none"), "b.example"),  # the shortest
        (walked("a.b.example", a_b_example="p=none; psd=n", b_example="p=none"), "a.b.example"),
        (walked("a.b.example", example="psd=y"), "b.example"),  # one label below
        (walked("a.b.c.d.e.f.g.h.i.example", example="psd=y"), "i.example"),  # also where the walk has jumped
        (walked("b.example", b_example="psd=y"), "b.example"),  # a registry's own mail
    ],
)
def test_the_organisation_by_the_tree_walk(walk: list[Found], organisation: str) -> None:
    assert organisation_by_walk(walk) == organisation


def test_an_organisation_is_unknown_if_its_name_cannot_be_read() -> None:
    assert organisation_by_walk(walked("a.b.example", a_b_example="p=none", b_example=SILENT)) == SILENT
    assert organisation_by_walk(walked("a.b.example", b_example="p=none", example=SILENT)) == "b.example"


OWN = walked("a.b.example", b_example="p=reject")


@pytest.mark.parametrize(
    ("other", "strict", "way"),
    [
        (OWN, True, Way.PASSES),
        (walked("c.b.example", b_example="p=reject"), False, Way.PASSES),
        (walked("c.b.example", b_example="p=reject"), True, Way.FAILS),
        (walked("b.example", b_example="p=reject"), False, Way.PASSES),
        (walked("d.example"), False, Way.FAILS),
        (walked("c.b.example", c_b_example="psd=n", b_example="p=reject"), False, Way.SOME),
        (walked("c.b.example", b_example=SILENT), False, Way.UNKNOWN),
    ],
)
def test_two_domains_are_aligned(other: list[Found], strict: bool, way: Way) -> None:
    assert align(OWN, other, strict=strict) is way


P, S, F, U = Way.PASSES, Way.SOME, Way.FAILS, Way.UNKNOWN


@pytest.mark.parametrize(
    ("spf", "dkim", "state", "why"),
    [
        (P, P, State.GOOD, Why.ALIGNED),
        (P, U, State.GOOD, Why.ALIGNED_AT_LEAST),
        (U, P, State.GOOD, Why.ALIGNED_AT_LEAST),
        (P, F, State.WEAK, Why.ALIGNED_BY_SPF),
        (P, S, State.WEAK, Why.ALIGNED_BY_SPF),
        (F, P, State.WEAK, Why.ALIGNED_BY_DKIM),
        (S, F, State.WEAK, Why.ALIGNED_FOR_SOME),
        (U, S, State.WEAK, Why.ALIGNED_FOR_SOME),
        (U, F, State.UNKNOWN, Why.LOOKUP_FAILED),
        (F, U, State.UNKNOWN, Why.LOOKUP_FAILED),
        (F, F, State.BAD, Why.NOT_ALIGNED),
    ],
)
def test_the_two_ways_amount_to(spf: Way, dkim: Way, state: State, why: Why) -> None:
    subject = Subject("a.example", "b.example", "192.0.2.1", "h", signatures=(DkimName("c.example", "s"),))
    found = assess(Ways(spf, dkim, "silence"), subject)
    assert (found.state, found.why, found.value) == (state, why, "b.example, d=c.example")


def test_without_a_selector_nobody_is_said_to_fail() -> None:
    subject = Subject("a.example", "b.example", "192.0.2.1", "h")
    assert assess(Ways(F, F), subject).why is Why.NO_SELECTOR
    assert assess(Ways(P, F), subject).why is Why.ALIGNED_BY_SPF_AT_LEAST


@pytest.mark.parametrize(
    ("rua", "domains"),
    [
        ("mailto:a@b.example", ("b.example",)),
        ("mailto:a@b.example!10m, MAILTO:c@D.example.", ("b.example", "d.example")),
        ("mailto:a@b.example,mailto:c@b.example", ("b.example",)),
        ("https://b.example/, a@b.example, mailto:", ()),
        ("", ()),
    ],
)
def test_receivers_of_reports(rua: str, domains: tuple[str, ...]) -> None:
    assert receivers_of(rua) == domains
