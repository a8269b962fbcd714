"""DMARC: the tree walk of RFC 9989 and the policy that it finds."""

import pytest

from probes.answer import Fault
from probes.resolver import Unresolved
from probes.standing.dmarc import Found, assess, walk
from probes.standing.fact import State, Why

SILENT = Unresolved(Fault.LOOKUP_FAILED, "silence")


def found(*answers: tuple[str, ...] | str | Unresolved | None) -> list[Found]:
    """The walk from a.b.example, b.example, example; None for nothing."""
    names = ("a.b.example", "b.example", "example")
    rows = [() if answer is None else (answer,) if isinstance(answer, str) else answer for answer in answers]
    return [Found(name, row) for name, row in zip(names, rows, strict=False)]


def test_the_walk_asks_at_every_parent() -> None:
    assert walk("Account.Sender.example.") == ["account.sender.example", "sender.example", "example"]


def test_a_long_name_goes_on_at_its_last_seven_labels() -> None:
    names = walk("a.b.c.d.e.f.g.h.i.j")
    assert (len(names), names[0], names[1], names[-1]) == (8, "a.b.c.d.e.f.g.h.i.j", "d.e.f.g.h.i.j", "j")
    assert len(walk("a.b.c.d.e.f.g.h")) == 8


@pytest.mark.parametrize(
    ("rows", "state", "why", "named"),
    [
        (found("v=DMARC1; p=reject"), State.GOOD, Why.DMARC_GOOD, ("reject", "a.b.example")),
        (found("v=DMARC1; p=none; rua=mailto:x"), State.WEAK, Why.DMARC_ASKS_NOTHING, ("none", "a.b.example")),
        (found("v=DMARC1"), State.WEAK, Why.DMARC_ASKS_NOTHING, ("none", "a.b.example")),
        (found("v=DMARC1; p=quarantine; t=y"), State.WEAK, Why.DMARC_ASKS_NOTHING, ("none", "a.b.example")),
        (found("v=DMARC1; p=reject; t=y"), State.GOOD, Why.DMARC_GOOD, ("quarantine", "a.b.example")),
        (found("v=DMARC1; p=jump"), State.WEAK, Why.DMARC_BROKEN, ("policy 'jump'",)),
        (found("v=DMARC1; p=jump; rua=mailto:x"), State.WEAK, Why.DMARC_ASKS_NOTHING, ("none", "a.b.example")),
        (found("v=DMARC1; p=none; p=reject"), State.WEAK, Why.DMARC_BROKEN, ("p= stands twice",)),
        (found(("v=DMARC1; p=none", "v=DMARC1; p=reject")), State.BAD, Why.DMARC_TWICE, ("2",)),
        (found(None, "v=DMARC1; p=none; sp=reject", None), State.GOOD, Why.DMARC_INHERITED, ("reject", "b.example")),
        (found(None, "v=DMARC1; p=reject; np=none", None), State.GOOD, Why.DMARC_INHERITED, ("reject", "b.example")),
        # the shortest name counts, unless it is a public suffix
        (
            found(None, "v=DMARC1; p=reject", "v=DMARC1; p=quarantine"),
            State.GOOD,
            Why.DMARC_INHERITED,
            ("quarantine", "example"),
        ),
        (
            found(None, "v=DMARC1; p=reject", "v=DMARC1; p=none; psd=y"),
            State.GOOD,
            Why.DMARC_INHERITED,
            ("reject", "b.example"),
        ),
        (found(None, "v=DMARC1; p=reject; psd=n"), State.GOOD, Why.DMARC_INHERITED, ("reject", "b.example")),
        (found(None, None, "v=DMARC1; p=reject; psd=y"), State.GOOD, Why.DMARC_INHERITED, ("reject", "example")),
        (found(None, ("v=DMARC1; p=none", "v=DMARC1; p=reject"), None), State.WEAK, Why.DMARC_MISSING, ()),
        (found(None, None, None), State.WEAK, Why.DMARC_MISSING, ()),
        (found(SILENT, "v=DMARC1; p=reject", None), State.UNKNOWN, Why.LOOKUP_FAILED, ("silence",)),
        (found(None, SILENT, "v=DMARC1; p=reject"), State.UNKNOWN, Why.LOOKUP_FAILED, ("silence",)),
        (found(None, "v=DMARC1; p=reject", SILENT), State.GOOD, Why.DMARC_INHERITED, ("reject", "b.example")),
    ],
)
def test_a_walk_finds(rows: list[Found], state: State, why: Why, named: tuple[str, ...]) -> None:
    got = assess(rows, exists=True)
    assert (got.state, got.why, got.named) == (state, why, named)


def test_np_is_for_names_that_do_not_exist() -> None:
    rows = found(None, "v=DMARC1; p=none; sp=quarantine; np=reject", None)
    assert assess(rows, exists=False).named[0] == "reject"
    assert assess(rows, exists=True).named[0] == "quarantine"
