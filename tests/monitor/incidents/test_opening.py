"""When a problem becomes an incident, and when it is over: what the rules do with one path's verdicts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.incidents.incident import IncidentEvent, Nature, Resolution, Scope, Severity, decode, encode
from monitor.incidents.settings import IncidentSettings
from monitor.incidents.tracker import HISTORY
from probes.check import Check
from probes.kinds import Kind
from probes.verdict import Cause, Outcome
from tests.support.verdict_score import CODE, INVITATION, NAMES, RESET, T0, Day, path_at, signal

LINE = Check("acme", "hq", CODE)
SIGNS = {IncidentEvent.OPENED: "O", IncidentEvent.REOPENED: "R", IncidentEvent.CLOSED: "C"}


def heard(score: str, *, kind=CODE, **settings) -> str:
    """What becomes of the mail's incident: O opened, R came back as the same, C closed, a dot for nothing of that."""
    day = Day((path_at("acme", kinds=(kind,)),), IncidentSettings(**settings))
    after = day.play({("acme", "hq", kind): score})
    ours = {each.id for each in day.incidents.values() if each.nature is Nature.OURS}
    turns = [[each.turn for each in turn.entries if each.incident not in ours] for turn in after]
    return "".join("".join(SIGNS.get(each, "") for each in turn) or "." for turn in turns)


@pytest.mark.parametrize(
    ("verdicts", "incidents"),
    [
        ("iiiii", "....."),
        ("ibiii", "....."),  # once is no problem
        ("bbbbb", ".O..."),  # told once, not every time
        ("bibbb", "..O.."),  # two of the last three
        ("biibi", "....."),  # two of four is not
        ("iidii", "..O.C"),  # one refusal that names the sender is enough
        ("dddii", "O...C"),
        ("bbiib", ".O.C."),  # an old failure does not open it again
        ("bbibib", ".O...."),  # one good one does not end it
        ("bb??i?i", ".O....C"),  # unknown neither calms
        ("b?b", "..O"),  # nor raises, nor stands between
        ("?b?i?i", "......"),
        ("sss", ".O."),
        ("ggg", ".O."),  # a code that is put off is dead
        ("lll", ".O."),
        ("www", ".O."),  # nobody names the sender there
        ("ccc", ".O."),
    ],
)
def test_two_of_three_open_it_and_two_good_ones_end_it(verdicts, incidents) -> None:
    assert heard(verdicts) == incidents


@pytest.mark.parametrize(
    ("settings", "verdicts", "incidents"),
    [
        ({"of_last": 5, "bad": 3}, "bbiib", "....O"),
        ({"of_last": 1, "bad": 1}, "ibi", ".O."),
        ({"good": 1}, "bbi", ".OC"),
        ({"good": 4}, "bbiiii", ".O...C"),
    ],
)
def test_how_many_is_configured(settings, verdicts, incidents) -> None:
    assert heard(verdicts, **settings) == incidents


@pytest.mark.parametrize(
    ("verdicts", "incidents"),
    [
        ("bbiibbii", ".O.C.R.."),  # it came back soon: the same incident, and now it must be well for longer
        ("bbiibbiiii", ".O.C.R...C"),
        ("bbiibbiibbiibbii", ".O.C.R.........."),  # who flaps has one incident, and it stays
        ("bibibibibi", "..O......."),
    ],
)
def test_a_flapping_path_has_one_incident(verdicts, incidents) -> None:
    assert heard(verdicts) == incidents


def test_what_comes_back_after_a_day_is_another_incident() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bbii"})
    day.now += timedelta(days=1)
    day.play({LINE: "bb"})
    assert [each.id for each in day.incidents.values() if each.open] == ["i2"]
    assert day.only().relapses == 0


def test_a_clock_that_went_back_makes_no_second_incident() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bbii"})
    day.now -= timedelta(days=2)
    day.play({LINE: "bb"})
    assert [each.id for each in day.open] == ["i1"]


def test_an_incident_knows_since_when_and_what_was_said_last() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "ibbd"})
    incident = day.only()
    (failure,) = incident.failures
    assert (incident.began_at, failure.bad) == (T0 + timedelta(minutes=15, seconds=1), 3)
    assert (failure.outcome, failure.cause) == (Outcome.BLOCKED, Cause.IP_BLOCKED)
    assert "is on our list" in failure.because


def test_cause_and_outcome_change_inside_one_incident_and_its_history_tells() -> None:
    day = Day((path_at("acme"),))
    told = day.play({LINE: "bbdss"})
    assert [(entry.turn, entry.said.partition(":")[0]) for after in told for entry in after.entries] == [
        (IncidentEvent.OPENED, "one company (acme)"),
        (IncidentEvent.CAUSE_CHANGED, "from cause unknown to IP address"),
        (IncidentEvent.OUTCOME_CHANGED, "from missing to blocked"),
        (IncidentEvent.CAUSE_CHANGED, "from IP address to content"),
        (IncidentEvent.OUTCOME_CHANGED, "from blocked to spam folder"),
        (IncidentEvent.SEVERITY_CHANGED, "from page to ticket"),
    ]
    assert [each.id for each in day.incidents.values()] == ["i1"]


def test_a_page_that_ends_as_a_ticket_was_a_page() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bbdss"})
    now = day.only()
    assert (now.severity, now.highest_severity, now.listed_severity) == (
        Severity.TICKET,
        Severity.PAGE,
        Severity.TICKET,
    )
    day.play({LINE: "ii"})
    (closed,) = day.incidents.values()
    assert not closed.open
    assert (closed.severity, closed.listed_severity) == (Severity.TICKET, Severity.PAGE)
    assert decode(encode(closed)).listed_severity is Severity.PAGE
    assert replace(closed, highest_severity=None).listed_severity is Severity.TICKET, "an older version stored it"
    day.play({LINE: "ss"})
    assert (day.only().relapses, day.only().severity, day.only().listed_severity) == (1, *[Severity.TICKET] * 2)
    assert day.only().highest_severity is Severity.PAGE


def test_an_incident_of_an_older_version_remembers_its_severity_from_then_on() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "bbd"})
    day.incidents[day.only().id] = replace(day.only(), highest_severity=None)
    day.play({LINE: "ss"})
    assert (day.only().severity, day.only().highest_severity) == (Severity.TICKET, Severity.PAGE)


def test_its_history_quotes_what_it_names() -> None:
    """The resets failed first; most fail otherwise, and then in a third way."""
    first, second, third = (("acme", "hq", kind) for kind in (RESET, CODE, Kind.VERIFICATION))
    day = Day((path_at("acme", kinds=(RESET, CODE, Kind.VERIFICATION)),))
    (opened, *_), (changed, *_) = (
        [entry for after in day.play(scores) for entry in after.entries]
        for scores in ({first: "bbb", second: ".cc", third: ".cc"}, {first: "b", second: "d", third: "d"})
    )
    assert opened.turn is IncidentEvent.OPENED
    assert changed.turn is IncidentEvent.CAUSE_CHANGED
    assert changed.said.startswith("from content to IP address: rejected at RCPT TO")


@pytest.mark.parametrize(
    ("kind", "letter", "severity"),
    [
        (CODE, "d", Severity.PAGE),
        (CODE, "b", Severity.PAGE),
        (CODE, "l", Severity.PAGE),  # a dead code is no code
        (CODE, "g", Severity.PAGE),
        (CODE, "t", Severity.PAGE),
        (CODE, "w", Severity.TICKET),  # nobody was reached: it may be our own line
        (CODE, "s", Severity.TICKET),  # people can find it
        (INVITATION, "d", Severity.TICKET),  # nobody waits at a screen for it
        (INVITATION, "g", Severity.NOTE),  # it comes, a little later
        (INVITATION, "l", Severity.NOTE),
        (CODE, "f", Severity.TICKET),
        (CODE, "?", Severity.TICKET),
    ],
)
def test_severity_follows_from_what_people_can_no_longer_do(kind, letter, severity) -> None:
    day = Day((path_at("acme", kinds=(kind,)),))
    day.play({("acme", "hq", kind): letter * 3})
    assert day.only().severity is severity


@pytest.mark.parametrize(
    ("letter", "nature", "scope"),
    [
        ("d", Nature.MAIL, Scope.COMPANY),
        ("f", Nature.MAILBOX, Scope.MAILBOX),
        ("?", Nature.OURS, Scope.OURSELVES),  # the mailbox's server is down: not a word about blocking
    ],
)
def test_whose_trouble_it_is(letter, nature, scope) -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: letter * 3})
    incident = day.only()
    assert (incident.nature, incident.scope) == (nature, scope)


def test_a_mailbox_that_cannot_be_read_does_not_end_what_was_known_before() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "dd????"})
    assert {each.nature: each.began_at for each in day.open} == {
        Nature.MAIL: T0 + timedelta(seconds=1),
        Nature.OURS: T0 + timedelta(minutes=30, seconds=1),
    }


@pytest.mark.parametrize("score", ["bbiibbi", "iibd", "b?bi", "dii", "gg"])
def test_a_track_made_again_from_the_past_is_the_same_track(score) -> None:
    day, again = Day((path_at("acme"),)), Day((path_at("acme"),))
    signals = [signal(letter, T0 + timedelta(minutes=15 * i)) for i, letter in enumerate(score)]
    day.tracker.take(signals)
    again.tracker.recall(LINE, signals[-HISTORY:])
    assert again.tracker.problems({}) == day.tracker.problems({})


@pytest.mark.parametrize("score", ["d" * 60, "?" * 60, "dd" + "?" * 60, "dd" + "?" * 60 + "i", "bb" + "iibb" * 15])
def test_what_fails_for_longer_than_the_past_that_is_loaded_fails_since_then(score) -> None:
    day, again = Day((path_at("acme"),), IncidentSettings(good=3)), Day((path_at("acme"),), IncidentSettings(good=3))
    day.play({LINE: score})
    problems = day.tracker.problems({})
    before = [failure for problem in problems for failure in problem.failures]
    again.tracker.recall(LINE, day.shown[-HISTORY:], before)
    assert again.tracker.problems({}) == problems


@pytest.mark.parametrize(("before", "fails"), [((), False), (None, True)])
def test_what_was_over_before_more_patience_was_needed_is_over(before, fails) -> None:
    """Two good ones were enough then. It is another path's incident that came back and needs four."""
    day = Day((path_at("acme"),))
    day.tracker.set_relapses({("acme", Nature.MAIL): 1})
    day.tracker.recall(
        LINE, [signal(letter, T0 + timedelta(minutes=15 * i)) for i, letter in enumerate("bbii")], before
    )
    assert bool(day.tracker.problems({})) is fails


def test_what_came_back_fails_since_it_came_back() -> None:
    day, again = Day((path_at("acme"),)), Day((path_at("acme"),))
    day.play({LINE: "bbiibb"})
    again.tracker.set_relapses({("acme", Nature.MAIL): 1})
    again.tracker.recall(LINE, day.shown, day.only().failures)
    assert again.tracker.problems({}) == day.tracker.problems({})


def test_what_does_not_fail_so_far_began_with_its_first_bad_one() -> None:
    day, again = Day((path_at("acme"),)), Day((path_at("acme"),))
    day.play({LINE: "bib"})
    again.tracker.recall(LINE, day.shown[:2], ())
    again.tracker.take(day.shown[2:])
    assert again.tracker.problems({}) == day.tracker.problems({}) != []


def test_an_amended_verdict_counts_in_place_of_the_first() -> None:
    """A probe was missing; then it came after all. Its past is loaded again, with the later verdict in it."""
    day = Day((path_at("acme"),))
    day.play({LINE: "ib"})
    amended = signal("i", T0 + timedelta(minutes=15, seconds=1), before=(Outcome.MISSING, None))
    assert day.tracker.unread([amended]) == [LINE]
    day.tracker.recall(LINE, [signal("i", T0), amended])
    day.tracker.take([amended], frozenset({LINE}))
    day.play({LINE: "b"})
    assert day.open == []


def test_a_path_that_is_taken_out_of_the_configuration_ends_its_incident_without_saying_that_it_works() -> None:
    day = Day((path_at("acme"), path_at("bolt")))
    day.play({LINE: "dd"})
    day.tracker.configure([path_at("bolt")], day.settings, NAMES)
    day.settle()
    assert [(each.ending, each.company) for each in day.incidents.values()] == [(Resolution.UNWATCHED, "acme")]
