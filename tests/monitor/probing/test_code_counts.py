"""The counters of a service level objective: what counts, what does not, and what is never added up."""

from typing import Any

import pytest

from monitor.incidents.signal import Signal
from monitor.probing.code_counts import CodeCounts, counted, in_time
from probes.kinds import Kind
from probes.outcome import Cause, Concern, Grade, Outcome
from probes.sender import Role
from probes.verdict import Verdict
from tests.monitor.probing.test_current import T0, board, labels, samples
from tests.support.pipeline_app import ScriptedRoute, watched

IN_TIME, NOT_IN_TIME = True, False
ANY = (*Cause, None)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("cause", ANY)
def test_every_verdict_tells_or_does_not(outcome: Outcome, cause: Cause | None) -> None:
    """Only what concerns the probe's own mailbox or Mailpath is left out, and what could not be seen."""
    nothing_of_the_sender = cause is not None and cause.concerns in (Concern.RECIPIENT, Concern.OURSELVES)
    if outcome is Outcome.INBOX:
        assert in_time(outcome, cause) is True
    elif outcome is Outcome.UNKNOWN or nothing_of_the_sender:
        assert in_time(outcome, cause) is None
    else:
        assert in_time(outcome, cause) is False


@pytest.mark.parametrize(
    ("outcome", "cause", "counts"),
    [
        (Outcome.INBOX, None, IN_TIME),
        (Outcome.LATE, Cause.GREYLISTED, NOT_IN_TIME),
        (Outcome.MISSING, None, NOT_IN_TIME),
        (Outcome.BLOCKED, Cause.IP_BLOCKED, NOT_IN_TIME),
        (Outcome.BLOCKED, Cause.UNCLEAR, NOT_IN_TIME),
        (Outcome.BLOCKED, Cause.SERVER_FAULT, NOT_IN_TIME),  # the company's server: its people get no code
        (Outcome.BLOCKED, Cause.MAILBOX_FULL, None),  # the probe's own
        (Outcome.SPAM, Cause.MOVED, None),
        (Outcome.BLOCKED, Cause.MALFORMED, None),  # our own message
        (Outcome.DEFERRED, Cause.NETWORK, None),
        (Outcome.UNKNOWN, None, None),
    ],
)
def test_what_counts_in_examples(outcome: Outcome, cause: Cause | None, counts: bool | None) -> None:
    assert in_time(outcome, cause) is counts


def signal(outcome: Outcome, cause: Cause | None = None, grade: Grade = Grade.REAL, **facts: Any) -> Signal:
    said: dict[str, Any] = {"kind": Kind.VERIFICATION, "role": Role.SENDER, "company": "acme"} | facts
    return Signal(1, "p", path="hq", launched_at=T0, at=T0, verdict=Verdict(outcome, cause, grade, "because"), **said)


MISSING, UNKNOWN, INBOX = (Outcome.MISSING, None), (Outcome.UNKNOWN, None), (Outcome.INBOX, None)


@pytest.mark.parametrize(
    ("before", "now", "counts"),
    [
        (None, INBOX, True),
        (None, MISSING, False),
        (None, UNKNOWN, None),
        (UNKNOWN, INBOX, True),  # seen at last
        (UNKNOWN, MISSING, False),
        ((Outcome.BLOCKED, Cause.MAILBOX_FULL), INBOX, True),
        (MISSING, (Outcome.LATE, None), None),  # counted already, and still not in time
        (MISSING, INBOX, None),  # a counter does not go back
        (INBOX, (Outcome.SPAM, None), None),
        (INBOX, UNKNOWN, None),
    ],
)
def test_a_probe_counts_once(before: Any, now: Any, counts: bool | None) -> None:
    assert counted(signal(*now, before=before)) is counts


async def test_all_counters_are_there_from_the_start() -> None:
    shown = board()
    shown.configure(
        [
            watched(None, None, kinds=(Kind.VERIFICATION, Kind.INVITATION, Kind.TWO_STEP_CODE)),
            watched(ScriptedRoute(via="xclient"), None, company="bolt", mail_systems=("proofpoint", "m365")),
        ]
    )
    seen = await samples(shown)
    assert seen["mailpath_codes_total"] == seen["mailpath_codes_in_time_total"]
    assert seen["mailpath_codes_total"] == {
        **{labels(company="acme", mail_system="postfix", code=code, grade="real"): 0 for code in "01"},
        labels(company="bolt", mail_system="proofpoint", code="1", grade="impersonated"): 0,
    }


def test_counters_begin_in_the_order_of_the_paths() -> None:
    """The order is not that of a hash, so that the lines of one company do not tell whether others are there."""
    names = [f"company{number}" for number in range(50)]
    codes = CodeCounts()
    codes.configure([watched(None, None, kinds=(Kind.INVITATION, Kind.VERIFICATION), company=name) for name in names])
    assert list(codes.judged) == names
    assert {tuple(key.needs_code for key in counts) for counts in codes.judged.values()} == {(False, True)}


async def test_companies_and_codes_are_counted_apart() -> None:
    shown = board()
    kinds = (Kind.VERIFICATION, Kind.INVITATION)
    shown.configure([watched(None, None, kinds=kinds), watched(None, None, kinds=kinds, company="bolt")])
    shown.take(
        [
            signal(Outcome.INBOX),
            signal(Outcome.BLOCKED, Cause.CONTENT),
            signal(Outcome.MISSING, grade=Grade.UNPROVEN),  # missed, whatever it proves
            signal(Outcome.SPAM, kind=Kind.INVITATION),
            signal(Outcome.INBOX, company="bolt"),
            signal(Outcome.BLOCKED, Cause.MAILBOX_FULL, company="bolt"),
            signal(Outcome.MISSING, role=Role.CONTROL),
        ]
    )
    seen = await samples(shown)
    counts = {
        (key["company"], key["code"], key["grade"]): (seen["mailpath_codes_in_time_total"][labels(**key)], total)
        for key, total in ((dict(each), count) for each, count in seen["mailpath_codes_total"].items())
        if total
    }
    assert counts == {
        ("acme", "1", "real"): (1, 3),
        ("acme", "0", "real"): (0, 1),
        ("bolt", "1", "real"): (1, 1),
    }


def test_a_reload_keeps_the_counts_of_what_stays_and_drops_the_rest() -> None:
    codes = CodeCounts()
    acme, bolt = watched(None, None), watched(None, None, company="bolt")
    codes.configure([acme, bolt])
    codes.take(acme, signal(Outcome.INBOX))
    codes.configure([acme])
    assert [sum(codes.in_time["acme"].values()), sum(codes.judged["acme"].values())] == [1, 1]
    assert set(codes.judged) == set(codes.in_time) == {"acme"}
    codes.configure([watched(None, None, mail_systems=("m365",))])
    assert set(codes.judged["acme"].values()) == {0}
    assert {key.mail_system for key in codes.judged["acme"]} == {"m365"}
