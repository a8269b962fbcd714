"""Whether anybody was reached: our own line, or one company's server or firewall."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.incidents.incident import Nature, Reason, Scope, Severity
from monitor.incidents.reach import connected, never_connected
from probes.check import Check
from probes.sender import Role
from probes.uplink import Uplink
from tests.support.verdict_score import CODE, NAMES, QUARTER, T0, Day, path_at, verdict

MINUTE = timedelta(minutes=1)  # probes are spread: between two of one company there are others'
MAIL, THEIRS, OURS = Nature.MAIL, Nature.THEIR_SYSTEM, Nature.OURS


def line(company: str):
    return company, "hq", CODE


def played(paths, uplink: Uplink | None = None, **scores: str) -> Day:
    day = Day(tuple(paths), uplink=uplink or Uplink(), step=MINUTE)
    day.play({line(company): score for company, score in scores.items()})
    return day


def found(day: Day) -> dict[str, tuple[Nature, Reason, Severity]]:
    return {each.company: (each.nature, each.reason, each.severity) for each in day.open}


DIRECT = [path_at(name) for name in ("acme", "bolt", "cork", "dunn")]
GATEWAYS = [path_at(name, via="xclient") for name in ("acme", "bolt", "cork", "dunn")]


def test_port_25_cut_is_our_own_trouble_and_nobody_is_blamed() -> None:
    """Three companies, and every connection times out from one moment on."""
    day = played(DIRECT[:3], acme="iww", bolt="iww", cork="iww")
    wide = day.only()
    assert (wide.nature, wide.scope, wide.severity, wide.reason) == (
        *(OURS, Scope.OURSELVES, Severity.PAGE),
        Reason.NO_WAY_OUT,
    )


def test_the_same_where_some_say_refused_and_some_say_nothing() -> None:
    day = played(DIRECT[:3], acme="irr", bolt="iww", cork="irw")
    assert (day.only().nature, day.only().scope) == (OURS, Scope.OURSELVES)


def test_two_unrelated_ones_are_enough_and_the_second_needs_not_even_fail_for_long() -> None:
    day = played(DIRECT[:2], acme="iww", bolt="i.w")
    assert found(day) == {"acme": (OURS, Reason.NO_WAY_OUT, Severity.TICKET)}


@pytest.mark.parametrize(
    "paths",
    [
        [path_at("acme"), path_at("acme", "south")],  # two paths of one company
        [path_at("acme", mail_system="m365"), path_at("bolt", mail_system="m365")],  # one service that both have
    ],
)
def test_those_that_have_something_in_common_do_not_prove_our_line_down(paths) -> None:
    day = Day(tuple(paths), step=MINUTE)
    day.play({(each.company, each.path, CODE): "iww" for each in paths})
    assert {each.nature for each in day.open} == {MAIL}
    assert {each.reason for each in day.open} == {Reason.NOTHING_REACHED}


def test_nor_do_companies_that_share_a_host() -> None:
    day = Day(tuple(DIRECT[:2]), step=MINUTE)
    for name in ("acme", "bolt"):
        for _ in range(2):
            day.judge("w", line=line(name), verdict=verdict("w", f"mx.{name}.example[192.0.2.9]:25"))
    day.settle()
    assert {each.reason for each in day.open} == {Reason.NOTHING_REACHED}


def test_one_company_alone_is_a_ticket_as_long_as_nobody_else_was_reached() -> None:
    day = played(DIRECT[:1], acme="iww")
    assert found(day) == {"acme": (MAIL, Reason.NOTHING_REACHED, Severity.TICKET)}


def test_a_company_that_alone_cannot_be_reached_is_a_page() -> None:
    day = played(DIRECT[:2], acme="iww", bolt="iii")
    assert found(day) == {"acme": (MAIL, Reason.ONLY_HERE, Severity.PAGE)}


def test_several_firewalls_against_the_sender_are_no_line_of_ours() -> None:
    """The opposite of a cut line: three companies drop the sender's connections, a fourth takes mail all the time."""
    day = played(DIRECT, acme="iww", bolt="iww", cork="iww", dunn="iii")
    assert {each.nature for each in day.open} == {MAIL}
    assert {each.reason for each in day.open} == {Reason.ONLY_HERE}


def test_what_is_refused_in_words_was_reached_too() -> None:
    day = played(DIRECT[:2], acme="iww", bolt="idd")
    assert found(day)["acme"] == (MAIL, Reason.ONLY_HERE, Severity.PAGE)


def test_an_old_outage_of_one_company_is_not_ours_because_our_line_is_cut_later() -> None:
    day = played(DIRECT[:3], acme="wwwww", bolt="iiiww", cork="iiiww")
    assert found(day) == {
        "acme": (MAIL, Reason.ONLY_HERE, Severity.PAGE),
        "bolt": (OURS, Reason.NO_WAY_OUT, Severity.TICKET),
        "cork": (OURS, Reason.NO_WAY_OUT, Severity.TICKET),
    }


def test_it_becomes_the_companys_when_somebody_else_was_reached_and_it_fails_again() -> None:
    day = played(DIRECT[:2], acme="ww", bolt="ww")
    assert {each.nature for each in day.open} == {OURS}
    day.play({line("acme"): "w", line("bolt"): "i"})
    assert {each.nature for each in day.open} == {OURS}  # it was tried before that one was reached
    day.play({line("acme"): "w", line("bolt"): "i"})
    assert found(day)["acme"] == (MAIL, Reason.ONLY_HERE, Severity.PAGE)


def test_when_our_line_is_mended_nobody_is_blamed_who_was_not_tried_again() -> None:
    day = played(DIRECT[:3], acme="iww", bolt="iww", cork="iww")
    for name in ("bolt", "cork"):
        day.judge("i", line=line(name))
        day.settle()
        assert {each.nature for each in day.open} == {OURS}
    day.play({line("acme"): "ww", line("bolt"): "ii", line("cork"): "ii"})
    assert {each.nature for each in day.open} == {OURS}  # it is recovering, and so it stays until all were tried again
    day.play({line("acme"): "ww", line("bolt"): "ii", line("cork"): "ii"})
    assert found(day)["acme"] == (MAIL, Reason.ONLY_HERE, Severity.PAGE)


# ---- references -----------------------------------------------------------------------------------------------------


def test_a_reference_that_answers_tells_the_company_from_our_line() -> None:
    day = played(DIRECT[:2], acme="ww", bolt="ww")
    assert {each.nature for each in day.open} == {OURS}
    day.uplink = Uplink(succeeded_at=day.now)
    day.settle()
    assert {each.nature for each in day.open} == {OURS}  # perhaps it is mended now
    day.play({line("acme"): "w", line("bolt"): "w"})
    assert set(found(day).values()) == {(MAIL, Reason.ONLY_HERE, Severity.PAGE)}


def test_a_reference_that_answered_before_tells_nothing() -> None:
    day = played(DIRECT[:2], Uplink(succeeded_at=T0 - QUARTER), acme="ww", bolt="ww")
    assert {each.nature for each in day.open} == {OURS}


def test_a_reference_out_of_reach_makes_one_company_alone_our_own_trouble() -> None:
    day = played(DIRECT[:1], acme="ww")
    day.uplink = Uplink(failed_at=day.now, reference="mx.reference.example:25")
    day.settle()
    assert found(day) == {"acme": (OURS, Reason.NO_WAY_OUT, Severity.TICKET)}


# ---- the control ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "control", "others", "nature", "reason", "severity"),
    [
        ("ww", "i", "ii", MAIL, Reason.CONTROL_THROUGH, Severity.PAGE),  # the firewall drops the sender's address
        ("rr", "i", "ii", MAIL, Reason.CONTROL_THROUGH, Severity.PAGE),
        ("rr", "z", "ii", MAIL, Reason.CONTROL_THROUGH, Severity.PAGE),  # spoken to, though refused
        ("rr", "i", "..", MAIL, Reason.CONTROL_THROUGH, Severity.PAGE),
        ("rr", "rr", "ii", THEIRS, Reason.CONTROL_FAILS, Severity.PAGE),  # nothing listens
        ("ww", "rr", "ii", THEIRS, Reason.CONTROL_FAILS, Severity.PAGE),
        ("rr", "r", "ii", MAIL, Reason.ONLY_HERE, Severity.PAGE),  # once may be chance
        ("rr", "rr", "..", THEIRS, Reason.NOTHING_REACHED, Severity.TICKET),  # or our own line
        ("rr", "rr", "rr", OURS, Reason.NO_WAY_OUT, Severity.TICKET),
    ],
)
def test_the_control_tells_a_firewall_from_a_server_that_is_down(
    sender, control, others, nature, reason, severity
) -> None:
    day = Day(tuple(DIRECT[:2]), step=MINUTE)
    for one, other in zip(sender, others, strict=True):
        day.judge(one)
        if other != ".":
            day.judge(other, line=line("bolt"))
    for each in control:
        day.control(each)
    day.judge(sender[-1])
    if others[-1] != ".":
        day.judge(others[-1], line=line("bolt"))
    day.settle()
    assert found(day)["acme"] == (nature, reason, severity)


def test_a_firewall_that_is_proved_has_its_cause() -> None:
    day = Day(tuple(DIRECT[:1]), step=MINUTE)
    day.play({line("acme"): "rr"})
    day.control("i")
    day.judge("r")
    day.settle()
    assert day.only().cause == "firewall", "but only when it fails once more: our line may have been down until now"


# ---- a company's own gateway ----------------------------------------------------------------------------------------


def test_a_gateway_that_does_not_answer_while_others_do_is_the_companys() -> None:
    day = played(GATEWAYS[:2], acme="iGG", bolt="iii")
    incident = day.only()
    assert found(day) == {"acme": (THEIRS, Reason.GATEWAY_DOWN, Severity.TICKET)}
    assert incident.scope is Scope.THEIR_SYSTEM


def test_when_no_gateway_answers_it_is_our_own_trouble() -> None:
    day = played(GATEWAYS[:3], acme="iGG", bolt="iGG", cork="iGG")
    assert (day.only().nature, day.only().severity, day.only().reason) == (OURS, Severity.PAGE, Reason.NO_WAY_OUT)


def test_one_gateway_alone_does_not_tell() -> None:
    day = played(GATEWAYS[:1], acme="iGG")
    assert found(day) == {"acme": (OURS, Reason.NOTHING_REACHED, Severity.TICKET)}


def test_gateways_in_a_private_network_tell_nothing_of_port_25() -> None:
    """Gateways answer, and direct connections do not: our firewall may let out only the former."""
    day = played([path_at("acme"), path_at("bolt"), path_at("cork", via="xclient")], acme="iww", bolt="iww", cork="iii")
    assert {each.nature for each in day.open} == {OURS}


def test_a_relay_tells_nothing_of_anybody() -> None:
    day = played([path_at("acme"), path_at("bolt", via="relay")], acme="iww", bolt="iii")
    assert found(day) == {"acme": (MAIL, Reason.NOTHING_REACHED, Severity.TICKET)}


@pytest.mark.parametrize(
    ("letter", "reached"),
    [
        *(("i", True), ("b", True), ("s", True), ("l", True), ("d", True), ("t", True), ("m", True)),
        *(("w", False), ("r", False), ("G", False), ("?", False), ("x", False)),
    ],
)
def test_which_verdict_proves_that_somebody_was_spoken_to(letter, reached) -> None:
    assert connected(verdict(letter)) is reached


def test_what_came_late_was_spoken_to_whatever_held_it_up() -> None:
    late = replace(verdict("k"), answer=verdict("w").answer)
    assert connected(late)
    assert not never_connected(late)


def test_the_control_proves_it_too() -> None:
    day = played(DIRECT[:2], acme="ww", bolt="..")
    day.judge("i", line=line("bolt"), role=Role.CONTROL, probe_id="control")
    day.judge("w", line=line("acme"))
    day.settle()
    assert found(day) == {"acme": (MAIL, Reason.ONLY_HERE, Severity.PAGE)}


def test_a_restart_knows_who_was_reached() -> None:
    day = played(DIRECT[:2], acme="iww", bolt="iii")
    again = Day(day.paths, now=day.now, step=MINUTE)
    for each in day.paths:
        again.tracker.recall(Check(each.company, "hq", CODE), [r for r in day.shown if r.company == each.company])
    again.settle()
    assert found(again) == found(day)
    assert again.tracker.problems({}) == day.tracker.problems({})


def test_a_configuration_that_is_loaded_anew_knows_it_as_well() -> None:
    day = played(DIRECT[:3], acme="iww", bolt="iww", cork="...")
    before = day.tracker.problems({})
    day.tracker.configure(day.paths, day.settings, NAMES, day.others)
    assert day.tracker.problems({}) == before


def test_time_passes_and_a_slow_start_of_the_cut_is_part_of_it() -> None:
    """The last connection came about a moment after the first probe that the cut hit was launched."""
    day = Day(tuple(DIRECT[:3]), step=MINUTE)
    day.play({line(each.company): "i" for each in DIRECT[:3]})
    hit = day.now
    day.judge("w", line=line("acme"), launched_at=hit)
    day.judge("i", line=line("bolt"), launched_at=hit + timedelta(seconds=5))
    for later in (1, 2):
        for name in ("acme", "bolt", "cork"):
            day.judge("w", line=line(name), launched_at=hit + later * QUARTER)
    day.settle()
    assert {each.nature for each in day.open} == {OURS}
