"""An incident holds its checks, whatever they turn out to be: which problem goes on as which incident."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from monitor.incidents.companies import WatchedCompanies, WideningThresholds
from monitor.incidents.holding import Known, grouped
from monitor.incidents.incident import (
    Failure,
    HistoryEntry,
    Incident,
    IncidentEvent,
    LastNotice,
    Nature,
    Resolution,
    Scope,
    Severity,
)
from monitor.incidents.rules import After, Moment, reconcile
from monitor.incidents.scope import Problem
from monitor.notices.next_notice import notice_due
from monitor.notices.notice import NoticeKind
from probes.kinds import Kind
from probes.verdict import Cause, Outcome
from tests.support.notice_samples import T0, failure

MAIL, THEIRS, OURS, MAILBOX = Nature.MAIL, Nature.THEIR_SYSTEM, Nature.OURS, Nature.MAILBOX
SCOPES = {MAIL: Scope.COMPANY, THEIRS: Scope.THEIR_SYSTEM, OURS: Scope.OURSELVES, MAILBOX: Scope.MAILBOX}
TOWN = WatchedCompanies({}, {}, WideningThresholds(3, 0.6))
MINUTE = timedelta(minutes=1)


def problem(nature: Nature, *failures: Failure, severity: Severity = Severity.PAGE) -> Problem:
    """What one company has of this nature."""
    company = failures[0].company
    subject = f"{company}/{failures[0].path}" if nature is MAILBOX else company
    return Problem(
        *(nature, subject, SCOPES[nature], severity, failures[0].outcome, failures[0].cause, company, "postfix"),
        *((company,), tuple(replace(each, nature=nature) for each in failures), failures[0].since),
    )


@dataclass
class IncidentRun:
    """Incidents, as problem follows problem."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    minute: float = 0
    awaited: bool = False  # whether probes are on their way that may tell more
    entries: list[HistoryEntry] = field(default_factory=list)

    def step(self, *problems: Problem) -> After:
        self.minute += 1
        open_ones = [each for each in self.incidents.values() if each.open]
        known = Known(lambda failure, since: self.awaited, lambda failure: failure.since, lambda failure: self.awaited)
        groups = grouped(problems, open_ones, TOWN, known)
        at = Moment(T0 + MINUTE * self.minute, lambda _: True, self._new_id, timedelta(hours=6))
        after = reconcile(self.incidents.values(), groups, at)
        self.incidents |= after.incidents
        self.entries += after.entries
        return after

    def _new_id(self) -> str:
        return f"i{len(self.incidents) + 1}"

    @property
    def open(self) -> set[tuple[str, Nature, frozenset[str]]]:
        return {
            (each.id, each.nature, frozenset(failure.path for failure in each.failures))
            for each in self.incidents.values()
            if each.open
        }


A, B, C = (failure(path=path) for path in "abc")
FULL = replace(B, cause=Cause.MAILBOX_FULL)
DARK = replace(A, outcome=Outcome.UNKNOWN, cause=None)


def opens(*found: tuple[str, Nature, str]) -> set[tuple[str, Nature, frozenset[str]]]:
    return {(name, nature, frozenset(paths)) for name, nature, paths in found}


@pytest.mark.parametrize(
    ("what", "steps", "expected"),
    [
        ("it is their mail system", [[problem(MAIL, A)], [problem(THEIRS, A)]], opens(("i1", THEIRS, "a"))),
        ("and back", [[problem(MAIL, A)], [problem(THEIRS, A)], [problem(MAIL, A)]], opens(("i1", MAIL, "a"))),
        ("it is our own", [[problem(MAIL, A)], [problem(OURS, A)]], opens(("i1", OURS, "a"))),
        ("the mailbox was full", [[problem(MAIL, B)], [problem(MAILBOX, FULL)]], opens(("i1", MAILBOX, "b"))),
        (
            "of two paths one turns out to be another's trouble: it stays, and so does the nature of the rest",
            [[problem(MAIL, A, B)], [problem(MAIL, A), problem(THEIRS, B)]],
            opens(("i1", MAIL, "ab")),
        ),
        (
            "to and fro, without another incident",
            [[problem(MAIL, A, B)], *[[problem(MAIL, A), problem(THEIRS, B)], [problem(MAIL, A, B)]] * 3],
            opens(("i1", MAIL, "ab")),
        ),
        (
            "the one is well, and the other is what is left",
            [[problem(MAIL, A, B)], [problem(MAIL, A), problem(THEIRS, B)], [problem(THEIRS, B)]],
            opens(("i1", THEIRS, "b")),
        ),
        (
            "what was another's trouble from the beginning is another incident",
            [[problem(MAIL, A)], [problem(MAIL, A), problem(THEIRS, B)]],
            opens(("i1", MAIL, "a"), ("i2", THEIRS, "b")),
        ),
        (
            "and becomes one with the older, once it is the same trouble",
            [[problem(MAIL, A)], [problem(MAIL, A), problem(THEIRS, B)], [problem(MAIL, A, B)]],
            opens(("i1", MAIL, "ab")),
        ),
        (
            "a path more is the same incident",
            [[problem(MAIL, A)], [problem(MAIL, A, C)], [problem(MAIL, C)]],
            opens(("i1", MAIL, "c")),
        ),
        (
            "one path for another, at the same moment",
            [[problem(MAIL, A)], [problem(MAIL, C)]],
            opens(("i1", MAIL, "c")),
        ),
        (
            "that we cannot look does not turn into what is said of the mail",
            [[problem(MAIL, A)], [problem(MAIL, A), problem(OURS, DARK)], [problem(OURS, DARK)]],
            opens(("i2", OURS, "a")),
        ),
    ],
)
def test_which_problem_goes_on_as_which_incident(
    what: str, steps: list[list[Problem]], expected: set[tuple[str, Nature, frozenset[str]]]
) -> None:
    run = IncidentRun()
    for problems in steps:
        run.step(*problems)
    assert run.open == expected, what


def test_another_nature_is_one_line_of_history() -> None:
    run = IncidentRun()
    run.step(problem(MAIL, A))
    after = run.step(problem(THEIRS, replace(A, cause=Cause.SERVER_FAULT), severity=Severity.TICKET))
    (entry,) = after.entries
    assert entry.turn is IncidentEvent.RECLASSIFIED
    assert entry.said == "from the sender's mail to the company's mail system: The problem is not this sender's alone."


def test_a_nature_that_lasts_less_than_it_takes_to_settle_is_told_to_nobody() -> None:
    run = IncidentRun()
    run.step(problem(MAIL, A))
    first = run.incidents["i1"]
    told = LastNotice(1, T0 + MINUTE, first.scope, first.severity, first.cause, {}, nature=MAIL, base=1, companies=1)
    heard: list[NoticeKind | None] = []
    for nature in (THEIRS, MAIL, THEIRS, THEIRS, THEIRS):
        run.step(problem(nature, A))
        now = T0 + MINUTE * run.minute
        settle, remind = 1.5 * MINUTE, timedelta(hours=8)
        heard.append(notice_due(run.incidents["i1"], told, now, settle=settle, remind=remind, waiting=False))
    assert heard == [None, None, None, None, NoticeKind.CHANGED]
    assert [each.open for each in run.incidents.values()] == [True]


def wide(*companies: str, **facts: object) -> list[Problem]:
    return [problem(MAIL, failure(company=company, **facts)) for company in companies]


def test_what_most_companies_turn_out_to_have_is_what_the_wide_one_is_about() -> None:
    """Four companies at once: so it seemed to be the sender. One control after the other gets the same answer."""
    run, names = IncidentRun(), ("elm", "fir", "ash", "oak")
    run.step(*wide(*names))
    assert {each.scope for each in run.incidents.values() if each.open} == {Scope.EVERYBODY}
    seen = []
    for known in range(1, 5):
        theirs = [problem(THEIRS, failure(company=company)) for company in names[:known]]
        run.step(*theirs, *wide(*names[known:]))
        (incident,) = (each for each in run.incidents.values() if each.open)
        seen.append(incident.nature)
    assert seen == [MAIL, MAIL, THEIRS, THEIRS]
    assert len(run.incidents) == 1


def test_what_is_known_of_longest_goes_on_when_several_become_one() -> None:
    run = IncidentRun()
    for company in ("elm", "fir"):
        run.step(*wide("elm", *([company] if company != "elm" else [])))
    elm = run.incidents["i1"]
    run.incidents["i2"] = replace(
        run.incidents["i2"], told={"chat": LastNotice(1, T0, elm.scope, elm.severity, elm.cause, {})}
    )
    run.step(*wide("elm", "fir", "ash"))
    assert {each.id: each.ending for each in run.incidents.values()} == {"i1": Resolution.MERGED, "i2": None}
    assert run.incidents["i2"].scope is Scope.EVERYBODY


def test_a_wide_one_of_which_not_every_failure_is_kept_holds_all_of_it() -> None:
    """Sixty are kept of it in the store. The rest belongs to it all the same, after a restart too."""
    names = [f"c{number}" for number in range(100)]
    kinds = [*Kind]
    all_of_them = [problem(MAIL, *(failure(company=name, kind=kind) for kind in kinds)) for name in names]
    run = IncidentRun()
    run.step(*all_of_them)
    (incident,) = run.incidents.values()
    assert (len(incident.failures), incident.failing) == (60, 500)
    after = run.step(
        *all_of_them[:70], *(replace(each, nature=THEIRS, scope=Scope.THEIR_SYSTEM) for each in all_of_them[70:])
    )
    assert {each.id for each in run.incidents.values()} == {incident.id}
    assert not any(entry.turn is IncidentEvent.OPENED for entry in after.entries)
