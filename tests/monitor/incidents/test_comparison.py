"""What the control tells of the sender's failures: scores of both, and whose trouble it is then."""

from datetime import timedelta

import pytest

from monitor.incidents.attribution import FailureCase, attribute
from monitor.incidents.comparison import NEUTRAL, Comparison, Differs, Got, Rigour, compared, differs, got_beside
from monitor.incidents.comparison import Failing as Now
from monitor.incidents.incident import Nature, Reason, Scope, Severity
from monitor.incidents.reach import Reach
from monitor.incidents.tracker import CONTROL_AGAIN
from monitor.incidents.weight import Names, Weight
from probes.sender import Role
from probes.verdict import Cause
from tests.support.verdict_score import (
    CODE,
    CONTROL,
    INVITATION,
    NAMES,
    QUARTER,
    RESET,
    T0,
    Day,
    path_at,
    signal,
    verdict,
)

LINE = ("acme", "hq", CODE)
MAIL, THEIRS, OURS = Nature.MAIL, Nature.THEIR_SYSTEM, Nature.OURS


def compare(sender: str, control: str, **facts) -> Day:
    """Both are judged once a quarter, the sender first; another company can be reached all the time."""
    day = Day((path_at("acme"), path_at("bolt")), **facts)
    for one, other in zip(sender, control, strict=True):
        day.judge("i", line=("bolt", "hq", CODE))
        if one != ".":
            day.judge(one)
        if other != ".":
            day.control(other)
        day.settle()
        day.now += QUARTER
    return day


def concluded(day: Day) -> tuple[Nature, Reason]:
    (incident,) = [each for each in day.open if each.company == "acme"]
    return incident.nature, incident.reason


@pytest.mark.parametrize(
    ("sender", "control", "nature", "reason"),
    [
        # the same answer, in words: one is enough, whatever the cause
        ("mm", "m.", THEIRS, Reason.SAME_ANSWER),  # a milter is down
        ("zz", "z.", THEIRS, Reason.SAME_LIST),  # a blocklist that lists the world names the sender's address
        ("dd", "d.", THEIRS, Reason.SAME_LIST),
        ("cc", "c.", THEIRS, Reason.SAME_TEXT),
        ("kk", "k.", THEIRS, Reason.SAME_ANSWER),  # it came late, for the control too
        ("gg", "g.", THEIRS, Reason.SAME_ANSWER),
        # the opposite: the control gets through
        ("mm", "i.", MAIL, Reason.CONTROL_THROUGH),
        ("dd", "i.", MAIL, Reason.CONTROL_THROUGH),
        ("bb", "i.", MAIL, Reason.CONTROL_THROUGH),
        ("bb", "s.", MAIL, Reason.CONTROL_THROUGH),  # it was taken
        ("ss", "i.", MAIL, Reason.CONTROL_THROUGH),
        ("ss", "s.", MAIL, Reason.NOT_COMPARED),  # the filter takes both for spam
        ("ll", "l.", MAIL, Reason.NOT_COMPARED),
        ("gg", "l.", MAIL, Reason.NOT_COMPARED),
        # it is stopped for its own sake, or in other words
        ("zz", "y.", MAIL, Reason.NOT_COMPARED),  # another blocklist
        ("zz", "yy", MAIL, Reason.NOT_COMPARED),
        ("cc", "dd", MAIL, Reason.NOT_COMPARED),
        ("ss", "bb", MAIL, Reason.NOT_COMPARED),  # the sender's mail was taken: they do take mail
        ("ll", "bb", MAIL, Reason.NOT_COMPARED),
        ("dd", "bb", MAIL, Reason.NOT_COMPARED),  # the refusal names the sender, whatever else is broken
        # it fails in another way, or without a word: two of three
        ("bb", "b.", MAIL, Reason.NOT_COMPARED),
        ("bb", "bb", THEIRS, Reason.BOTH_LOST),
        ("bbb", "bib", THEIRS, Reason.BOTH_LOST),
        ("bbbb", "biib", MAIL, Reason.CONTROL_THROUGH),  # two of four is not
        ("tt", "t.", MAIL, Reason.NOT_COMPARED),  # a time-out happens
        ("tt", "tt", THEIRS, Reason.CONTROL_FAILS),
        ("cc", "bb", MAIL, Reason.NOT_COMPARED),  # "looks like spam" is not refuted by mail that is lost
        # it tells nothing
        ("bb", "??", MAIL, Reason.NOT_COMPARED),
        # one lost control in ten changes nothing
        ("d" * 12, "iiiiiibiiiii", MAIL, Reason.CONTROL_THROUGH),
        ("b" * 12, "iiiiiiiiiiib", MAIL, Reason.CONTROL_THROUGH),
        ("m" * 12, "mmmmmmbmmmmb", THEIRS, Reason.SAME_ANSWER),
        ("m" * 4, "miii", MAIL, Reason.CONTROL_THROUGH),  # two good ones in a row, and the sender still fails
        ("m" * 3, "mi.", THEIRS, Reason.SAME_ANSWER),  # one host of a cluster is well
        ("m" * 6, "mimimi", THEIRS, Reason.SAME_ANSWER),
    ],
)
def test_whose_trouble_it_is_by_what_the_control_got(sender, control, nature, reason) -> None:
    assert concluded(compare(sender, control)) == (nature, reason)


def test_one_lost_control_among_good_ones_is_not_even_in_the_history() -> None:
    day = compare("dd", "ii")
    before = day.only()
    for letter in "bi":
        day.control(letter)
        assert day.settle().entries == []
        assert (day.only().id, concluded(day)) == (before.id, (MAIL, Reason.CONTROL_THROUGH))


def test_the_incident_is_a_page_for_the_company_and_the_sender_is_not_named() -> None:
    day = compare("mm", "m.")
    incident = day.only()
    assert (incident.scope, incident.severity, incident.cause) == (
        *(Scope.THEIR_SYSTEM, Severity.PAGE),
        Cause.SERVER_FAULT,  # and not greylisting, as its words seemed to say
    )


def test_greylisting_of_everybody_stays_greylisting_once_some_of_it_came() -> None:
    assert compare("gg", "g.").only().cause is Cause.SERVER_FAULT
    assert compare("kg", "g.").only().cause is Cause.GREYLISTED


@pytest.mark.parametrize("sender", ["ff", "uu"])
def test_the_same_answer_about_the_probes_mailbox_stays_the_mailboxes(sender) -> None:
    assert concluded(compare(sender, sender)) == (Nature.MAILBOX, Reason.PROBE_MAILBOX)


def test_what_the_control_got_long_before_clears_nothing() -> None:
    day = Day((path_at("acme"),))
    day.control("m")
    day.now += timedelta(hours=1)
    day.play({LINE: "mm"})
    assert concluded(day) == (MAIL, Reason.NOT_COMPARED)
    day.control("m")
    day.settle()
    assert {each.nature for each in day.open} == {THEIRS}


def test_a_control_of_another_path_clears_that_path_only() -> None:
    day = Day((path_at("acme", "north"), path_at("acme", "south")))
    north, south = ("acme", "north", CODE), ("acme", "south", CODE)
    day.play({north: "mm", south: "mm"})
    day.control("m", north)
    day.settle()
    failures = [failure for each in day.open for failure in each.failures]
    assert {(each.nature, each.path) for each in failures} == {(THEIRS, "north"), (MAIL, "south")}


def test_one_kind_that_fails_in_another_way_does_not_keep_the_sender_accused() -> None:
    """A time-out is one kind's newest answer, by chance; the other kinds and the control got the same words."""
    kinds = (CODE, RESET, INVITATION)
    day = Day((path_at("acme", kinds=kinds),))
    day.play({("acme", "hq", CODE): "mm", ("acme", "hq", RESET): "mm", ("acme", "hq", INVITATION): "tt"})
    assert day.only().nature is MAIL
    day.control("m")
    day.settle()
    assert day.only().nature is THEIRS


def test_a_control_that_passes_after_the_sender_is_well_again_accuses_nobody() -> None:
    day = compare("mmi", "m.i")
    assert concluded(day) == (THEIRS, Reason.SAME_ANSWER)


def test_a_later_verdict_on_the_same_control_counts_in_place_of_the_first() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "mm"})
    for letter in "mi":
        day.judge(letter, role=Role.CONTROL, probe_id="control")
    day.judge("m", line=LINE)
    day.settle()
    assert concluded(day) == (MAIL, Reason.CONTROL_THROUGH)


@pytest.mark.parametrize("letter", "wt")
def test_a_control_after_the_last_failure_proves_nothing_the_line_may_be_mended(letter) -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: letter * 2})
    day.judge("i", role=Role.CONTROL, probe_id="control")
    day.settle()
    assert day.only().reason is not Reason.CONTROL_THROUGH
    day.play({LINE: letter})
    assert day.only().reason is Reason.CONTROL_THROUGH


def test_nor_does_one_from_before_the_outage() -> None:
    day = Day((path_at("acme"),))
    day.judge("i", role=Role.CONTROL, probe_id="control")
    day.now += timedelta(minutes=12)
    day.play({LINE: "tt"})
    assert day.only().reason is Reason.NOT_COMPARED


# ---- who the other identity is --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "ip", "found"),
    [
        ("control.example", "198.51.100.7", {Differs.DOMAIN, Differs.IP}),
        ("control.example", NAMES.source_ip, {Differs.DOMAIN}),
        ("mail.account.trimble.com", "198.51.100.7", {Differs.IP}),  # below the sender's: shares its fate
        ("Trimble.com", "198.51.100.7", {Differs.IP}),
        ("nottrimble.com", "198.51.100.7", {Differs.DOMAIN, Differs.IP}),
        (NAMES.domain, NAMES.source_ip, set()),
    ],
)
def test_in_what_an_identity_differs_from_the_sender(domain, ip, found) -> None:
    assert differs(NAMES, Names(domain, ip)) == found


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        (CONTROL, Reason.SAME_LIST),
        (Names("control.example", NAMES.source_ip), Reason.NEIGHBOUR_STOPPED),  # the address may be listed
        (Names(f"mail.{NAMES.domain}", "198.51.100.7"), Reason.NOT_COMPARED),
        (NAMES, Reason.NOT_COMPARED),
    ],
)
def test_a_control_that_has_something_in_common_with_the_sender_does_not_clear_it(control, reason) -> None:
    day = compare("zz", "z.", others={Role.CONTROL: control})
    assert concluded(day) == (THEIRS if control is CONTROL else MAIL, reason)


@pytest.mark.parametrize(("letter", "reason"), [("i", Reason.NEIGHBOUR_THROUGH), ("d", Reason.NEIGHBOUR_STOPPED)])
def test_another_domain_from_the_senders_address_tells_the_domain_from_the_address(letter, reason) -> None:
    """As the neighbour is sent, where no control can go."""
    day = Day((path_at("acme"),), others={Role.NEIGHBOUR: Names("neighbour.example", NAMES.source_ip)})
    day.play({LINE: "d"})
    day.judge(letter, role=Role.NEIGHBOUR, probe_id="neighbour")
    day.judge("d", line=LINE)
    day.settle()
    assert concluded(day) == (MAIL, reason)
    assert day.tracker.needing_control(day.shown, day.now, {}) == [], "it was compared just now"


def test_without_a_control_nothing_is_compared() -> None:
    assert concluded(compare("mm", "mm", others={})) == (MAIL, Reason.NOT_COMPARED)


# ---- one verdict beside another -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "control", "got"),
    [
        ("m", "m", Got.SAME),
        ("t", "t", Got.ALIKE),
        ("w", "w", Got.ALIKE),
        ("w", "z", Got.THROUGH),  # refused, but spoken to: the firewall lets it in
        ("w", "b", Got.THROUGH),
        ("r", "w", Got.FAILED),
        ("w", "?", None),
        ("m", "t", Got.FAILED),
        ("m", "z", None),
        ("b", "l", Got.THROUGH),
        ("d", "f", Got.FAILED),
    ],
)
def test_one_control_beside_one_failure(sender, control, got) -> None:
    assert got_beside(verdict(sender), verdict(control)) is got


def test_a_comparison_tells_when() -> None:
    rigour = Rigour(2, 3, 2, QUARTER)
    failing = Now(signal("m", T0), T0, well_after=False)
    asked = signal("m", T0 + timedelta(minutes=3), role=Role.CONTROL)
    assert compared(failing, [asked], NEUTRAL, rigour) == Comparison(NEUTRAL, Got.SAME, asked.launched_at)
    assert compared(failing, [asked], frozenset(), rigour) is None


# ---- the decision ---------------------------------------------------------------------------------------------------

THROUGH, SAME, FAILED = (Comparison(NEUTRAL, got, T0) for got in (Got.THROUGH, Got.SAME, Got.FAILED))
BESIDE = Comparison(frozenset({Differs.DOMAIN}), Got.THROUGH, T0)


@pytest.mark.parametrize(
    ("letter", "comparisons", "reach", "nature", "reason", "cause", "at_most"),
    [
        # no connection
        ("w", (), Reach.NOBODY, OURS, Reason.NO_WAY_OUT, Cause.NETWORK, Severity.PAGE),
        ("w", (SAME,), Reach.NOBODY, OURS, Reason.NO_WAY_OUT, Cause.NETWORK, Severity.PAGE),
        ("w", (), Reach.UNTOLD, MAIL, Reason.NOTHING_REACHED, Cause.FIREWALL, Severity.TICKET),
        ("w", (), Reach.OTHERS, MAIL, Reason.ONLY_HERE, Cause.FIREWALL, Severity.PAGE),
        ("w", (THROUGH,), Reach.OTHERS, MAIL, Reason.CONTROL_THROUGH, Cause.FIREWALL, Severity.PAGE),
        ("r", (THROUGH,), Reach.UNTOLD, MAIL, Reason.CONTROL_THROUGH, Cause.FIREWALL, Severity.PAGE),
        ("r", (BESIDE,), Reach.OTHERS, MAIL, Reason.ONLY_HERE, Cause.UNCLEAR, Severity.PAGE),  # the same address
        ("r", (), Reach.OTHERS, MAIL, Reason.ONLY_HERE, Cause.UNCLEAR, Severity.PAGE),
        ("r", (), Reach.UNTOLD, MAIL, Reason.NOTHING_REACHED, Cause.UNCLEAR, Severity.TICKET),
        ("r", (FAILED,), Reach.OTHERS, THEIRS, Reason.CONTROL_FAILS, Cause.SERVER_FAULT, Severity.PAGE),
        ("r", (FAILED,), Reach.UNTOLD, THEIRS, Reason.NOTHING_REACHED, Cause.SERVER_FAULT, Severity.TICKET),
        # the company's own gateway
        ("G", (), Reach.OTHERS, THEIRS, Reason.GATEWAY_DOWN, Cause.SERVER_FAULT, Severity.TICKET),
        ("G", (), Reach.NOBODY, OURS, Reason.NO_WAY_OUT, Cause.SERVER_FAULT, Severity.PAGE),
        ("G", (), Reach.UNTOLD, OURS, Reason.NOTHING_REACHED, Cause.SERVER_FAULT, Severity.PAGE),
        ("?", (SAME, FAILED), Reach.OTHERS, OURS, Reason.NOT_ASKED, None, Severity.PAGE),
        # asked
        ("d", (), Reach.OTHERS, MAIL, Reason.NOT_COMPARED, Cause.IP_BLOCKED, Severity.PAGE),
        ("d", (SAME,), Reach.OTHERS, THEIRS, Reason.SAME_LIST, Cause.SERVER_FAULT, Severity.PAGE),
        ("d", (FAILED,), Reach.OTHERS, MAIL, Reason.NOT_COMPARED, Cause.IP_BLOCKED, Severity.PAGE),
        ("b", (FAILED,), Reach.OTHERS, THEIRS, Reason.CONTROL_FAILS, Cause.UNCLEAR, Severity.PAGE),
        ("d", (BESIDE,), Reach.OTHERS, MAIL, Reason.NEIGHBOUR_THROUGH, Cause.IP_BLOCKED, Severity.PAGE),
        ("d", (BESIDE, THROUGH), Reach.OTHERS, MAIL, Reason.CONTROL_THROUGH, Cause.IP_BLOCKED, Severity.PAGE),
        # a bounce that anybody may have written wakes nobody
        ("x", (), Reach.OTHERS, MAIL, Reason.NOT_COMPARED, Cause.IP_BLOCKED, Severity.TICKET),
        ("x", (THROUGH,), Reach.OTHERS, MAIL, Reason.CONTROL_THROUGH, Cause.IP_BLOCKED, Severity.TICKET),
    ],
)
def test_whose_trouble_it_is(letter, comparisons, reach, nature, reason, cause, at_most) -> None:
    mark = Weight.UNKNOWN if letter in "?G" else Weight.CONCLUSIVE if letter == "d" else Weight.BAD
    found = attribute(FailureCase(mark, verdict(letter), NAMES, comparisons, reach))
    assert (found.nature, found.reason, found.cause, found.at_most) == (nature, reason, cause, at_most)


def test_what_a_relay_sends_back_is_all_that_is_ever_known_there() -> None:
    assert attribute(FailureCase(Weight.BAD, verdict("x"), NAMES, via="relay")).at_most is Severity.PAGE


# ---- asking the control ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "asked"),
    [
        *(("b", True), ("w", True), ("r", True), ("g", True), ("m", True), ("c", True), ("t", True)),
        *(("d", True), ("z", True)),  # the words name the sender, and yet they may mean everybody
        *(("i", False), ("?", False), ("f", False), ("G", False)),
    ],
)
def test_a_control_is_asked_for_where_it_could_tell_more(letter, asked) -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: letter})
    assert bool(day.tracker.needing_control(day.shown, day.now, {})) is asked


def test_a_control_is_not_asked_for_again_and_again() -> None:
    day = Day((path_at("acme"),))
    day.play({LINE: "b"})
    day.control("i")
    assert day.tracker.needing_control(day.shown, day.now, {}) == []
    assert day.tracker.needing_control(day.shown, day.now + QUARTER, {})
    assert day.tracker.needing_control(day.shown, day.now + QUARTER, {("acme", "hq"): day.now + QUARTER}) == []


def asked(day: Day, at: timedelta, shown: int) -> bool:
    """Whether, that long after the first control, one more is asked for."""
    return bool(day.tracker.needing_control(day.shown[shown:], T0 + at, {("acme", "hq"): T0 + timedelta(seconds=2)}))


@pytest.mark.parametrize(
    ("sender", "control", "again"),
    [
        ("b", "b", True),  # lost, which may be chance
        ("t", "t", True),
        ("m", "m", False),  # the same words: nothing is left to ask
        ("b", "i", False),
        ("z", "y", False),  # for its own sake
    ],
)
def test_a_control_that_failed_once_is_asked_again_soon_and_not_at_once(sender, control, again) -> None:
    day = Day((path_at("acme"),))
    day.judge(sender)
    day.control(control)
    assert not asked(day, timedelta(seconds=5), shown=1)
    assert asked(day, CONTROL_AGAIN + timedelta(seconds=5), shown=2) is again


def test_two_of_three_and_the_control_is_asked_as_seldom_as_ever() -> None:
    day = Day((path_at("acme", kinds=(CODE, RESET)),))
    day.judge("b")
    day.control("b")
    day.now += CONTROL_AGAIN
    day.control("b")
    assert not day.tracker.needing_control(day.shown, day.now + CONTROL_AGAIN, {("acme", "hq"): day.now})
