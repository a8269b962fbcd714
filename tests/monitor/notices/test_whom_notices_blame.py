"""Notices that once blamed the wrong one, or said more than was so, each beside its opposite."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.incidents.incident import Failure, Incident, Nature, Reason, Scope, Severity
from monitor.notices.context import context_of
from monitor.notices.headline import headline
from monitor.notices.notice import NoticeKind
from probes.answer import Answer, Stage
from probes.check import Check
from probes.verdict import Cause, Outcome
from tests.support.notice_samples import failure, notice_request, storm, text, title, town
from tests.support.notice_samples import incident as one_incident
from tests.support.outage_simulation import Outage
from tests.support.verdict_score import CODE, INVITATION, NAMES, QUARTER, Day, path_at

NORTH, SOUTH = (Check("acme", path, CODE) for path in ("north", "south"))
PATHS = (path_at("acme", "north", mailbox="a"), path_at("acme", "south", mailbox="b"))


def said(incident: Incident) -> str:
    return headline(context_of(notice_request(incident, companies={})))


def alike(companies: int, **facts: Any) -> tuple[Failure, ...]:
    return tuple(failure(company=f"c{n}", **facts) for n in range(companies))


def both(day: Day, *rounds: dict[Check, str]) -> None:
    """Each quarter, for each line, what the sender gets and what the control gets there."""
    for letters in rounds:
        for line, letter in letters.items():
            day.judge(letter[0], line=line)
            if len(letter) > 1:
                day.control(letter[1], line)
        day.settle()
        day.now += QUARTER


# ---- without a connection, only what the control got since then tells -----------------------------------------------


def test_a_control_that_was_answered_before_the_server_went_down_is_no_proof_of_a_firewall() -> None:
    day = Day((path_at("acme"), path_at("bolt")))
    acme, bolt = (Check("acme", "hq", CODE), Check("bolt", "hq", CODE))
    both(day, *[{acme: "zz", bolt: "i"}] * 3, *[{acme: "w", bolt: "i"}] * 3)
    assert day.only().reason is Reason.ONLY_HERE


def test_one_that_is_answered_since_is() -> None:
    day = Day((path_at("acme"), path_at("bolt")))
    acme, bolt = (Check("acme", "hq", CODE), Check("bolt", "hq", CODE))
    both(day, *[{acme: "zz", bolt: "i"}] * 3, {acme: "w", bolt: "i"}, *[{acme: "wz", bolt: "i"}] * 2)
    both(day, {acme: "w", bolt: "i"})
    assert (day.only().nature, day.only().reason) == (Nature.MAIL, Reason.CONTROL_THROUGH)


# ---- one path that fails, and something else on the other one -------------------------------------------------------


@pytest.mark.parametrize("letter", ["d", "m"])
def test_one_bad_probe_on_the_other_path_wakes_nobody(letter: str) -> None:
    """It was well for hours beside the one that fails."""
    day = Day(PATHS)
    control = "i" if letter == "d" else letter
    both(day, *[{NORTH: letter + control, SOUTH: "i"}] * 8)
    too = "b" if letter == "d" else "mm"
    both(day, {NORTH: letter + control, SOUTH: too})
    assert day.only().severity is Severity.TICKET
    both(day, {NORTH: letter + control, SOUTH: too})
    assert day.only().severity is Severity.PAGE, "two are no chance"


def test_what_begins_on_both_at_once_needs_no_second_proof_on_each() -> None:
    day = Day(PATHS)
    both(day, {NORTH: "i", SOUTH: "i"}, {NORTH: "b", SOUTH: "i"}, {NORTH: "b"})
    assert day.only().severity is Severity.TICKET
    day = Day(PATHS)
    both(day, {NORTH: "i", SOUTH: "i"}, {NORTH: "b", SOUTH: "b"}, {NORTH: "b"})
    assert day.only().severity is Severity.PAGE


def test_a_block_beside_a_path_that_loses_some_is_said_of_its_path() -> None:
    day = Day(PATHS)
    loses = "bii" * 8
    for number, letter in enumerate(loses):
        both(day, {NORTH: letter, SOUTH: "d" if number > 20 else "i"})
    incident = day.only()
    assert (incident.scope, incident.severity) == (Scope.MAILBOX, Severity.TICKET)
    assert said(incident) == "acme, path south: sign-in codes are blocked (IP address)"


def test_a_block_of_both_is_the_companys_though_one_lost_some_before() -> None:
    day = Day(PATHS)
    for letter in "bii" * 7:
        both(day, {NORTH: letter, SOUTH: "i"})
    both(day, *[{NORTH: "d", SOUTH: "d"}] * 3)
    assert (day.only().scope, day.only().severity) == (Scope.COMPANY, Severity.PAGE)


def test_a_control_that_gets_through_on_a_dead_path_beside_a_well_one() -> None:
    """One host of its cluster takes mail: that of the only path, and that of one of two."""
    for paths in (PATHS, PATHS[:1]):
        day = Day(paths)
        for control in "mim":
            both(day, {NORTH: f"m{control}"} | ({SOUTH: "i"} if len(paths) > 1 else {}))
        assert said(day.only()).startswith("acme: its mail system stops some mail")


def test_a_mailbox_that_is_no_longer_full_took_mail() -> None:
    """Once is not enough for its own incident to end; but nobody can say that nothing gets through."""
    day = Day(PATHS)
    both(day, {NORTH: "i", SOUTH: "f"}, {NORTH: "i", SOUTH: "f"}, {NORTH: "mm", SOUTH: "f"}, {NORTH: "mm", SOUTH: "i"})
    theirs = next(each for each in day.open if each.nature is Nature.THEIR_SYSTEM)
    assert theirs.part is Scope.MAILBOX


# ---- a rule that moves it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["d", "s", "b"])
def test_mail_that_a_rule_moves_was_delivered_so_that_it_is_blocked_is_over(letter: str) -> None:
    day = Day((path_at("acme"),))
    day.play({("acme", "hq", CODE): letter * 3 + "SSSS"})
    assert day.only().nature is Nature.MAILBOX


def test_mail_of_which_we_cannot_tell_ends_nothing() -> None:
    day = Day((path_at("acme"),))
    day.play({("acme", "hq", CODE): "ddd????"})
    assert {each.nature for each in day.open} == {Nature.MAIL, Nature.OURS}


def test_a_rule_is_not_said_to_be_mended_by_a_refusal() -> None:
    day = Day((path_at("acme"),))
    day.play({("acme", "hq", CODE): "SSSdd"})
    (over,) = [each for each in day.incidents.values() if not each.open]
    assert "takes mail again" not in text(notice_request(over, NoticeKind.RESOLVED, companies={}))


# ---- the end --------------------------------------------------------------------------------------------------------


def test_what_nobody_got_through_is_not_said_to_have_been_some_of_it_when_it_is_over() -> None:
    day = Day((path_at("acme", kinds=(CODE, INVITATION)),))
    code, other = Check("acme", "hq", CODE), Check("acme", "hq", INVITATION)
    both(day, *[{code: "mm", other: "m"}] * 3, {code: "ii", other: "m"}, *[{code: "ii", other: "i"}] * 3)
    (over,) = day.incidents.values()
    assert title(notice_request(over, NoticeKind.RESOLVED, companies={})).endswith(
        "acme: its mail system stops other senders' mail too (a neutral sender gets the same answer)"
    )


def test_companies_that_are_watched_no_longer_are_not_said_to_work_again() -> None:
    outage = Outage(12, lambda n, minute: "d" if minute >= 60 else "i")
    outage.run(200)
    gone = {f"c{n}" for n in range(9)}
    outage.town = {key: facts for key, facts in outage.town.items() if key not in gone}
    outage.stopped = frozenset(range(9))
    day = outage.day
    day.paths = tuple(each for each in day.paths if each.company not in gone)
    day.tracker.configure(day.paths, day.settings, NAMES, day.others)
    day.read(day.tracker.unread_of(outage.town))
    outage.letter = lambda n, minute: "i" if n > 9 else "d"
    outage.run(400)
    said = [notice.text for _, to, notice in outage.told if to == "pager" and notice.news is NoticeKind.NARROWED]
    assert said
    assert "2 of 12 companies recovered. No longer monitored: 9." in said[0]


# ---- compared -------------------------------------------------------------------------------------------------------


def test_what_fails_now_and_then_is_not_said_to_be_not_compared_yet() -> None:
    day = Day((path_at("acme"),))
    for letter in "bii" * 7:
        both(day, {Check("acme", "hq", CODE): letter + "i"})
    assert "Not yet compared" not in text(notice_request(day.only(), companies={}))


# ---- one blocklist at many -------------------------------------------------------------------------------------------


def test_one_list_at_two_vendors_is_neither_vendors() -> None:
    names = {f"{system[0]}{n}": system for system in ("m365", "google", "postfix") for n in range(3)}
    day = Day(tuple(path_at(name, mail_system=system) for name, system in names.items()))
    for _ in range(2):
        for name in names:
            both_at_once(day, name)
        day.now += QUARTER
    assert (day.only().nature, day.only().scope) == (Nature.THEIR_SYSTEM, Scope.EVERYBODY)


def both_at_once(day: Day, name: str) -> None:
    day.judge("z", line=(name, "hq", CODE))
    day.control("z", (name, "hq", CODE))
    day.settle()


# ---- many companies at once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [Cause.SERVER_FAULT, Cause.TLS, Cause.UNCLEAR, Cause.POLICY, Cause.GREYLISTED])
def test_what_no_reply_says_of_the_sender_is_not_called_the_senders_fault(cause: Cause) -> None:
    told = notice_request(storm(12, failures=alike(12, cause=cause), cause=cause), companies=town(12))
    assert "so the cause is the sender, a service that these companies share, or Mailpath itself" in text(told)
    assert "authentication" not in text(told)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (Cause.IP_LISTED, Reason.NOT_COMPARED),
        (Cause.IP_LISTED, Reason.CONTROL_THROUGH),
        (Cause.POLICY, Reason.CONTROL_THROUGH),
    ],
)
def test_a_shared_list_that_is_wrong_about_the_sender_is_not_the_senders_fault(cause: Cause, reason: Reason) -> None:
    """A list that has everybody on it names the sender too; that a control gets through does not show who is wrong."""
    told = text(notice_request(storm(12, failures=alike(12, cause=cause, reason=reason), cause=cause)))
    assert "so the problem most likely concerns the sender (its IP address, domain, " in told
    assert "or a list or filter that these companies share" in told


def test_servers_that_fail_at_once_are_not_for_the_sender_to_repair() -> None:
    failures = alike(12, cause=Cause.SERVER_FAULT)
    told = notice_request(storm(12, failures=failures, cause=Cause.SERVER_FAULT), companies=town(12, "postfix"))
    assert "Who acts: the operator of Mailpath." in text(told).splitlines()
    assert "Postfix support" not in text(told), "each company runs its own"
    told = notice_request(storm(12, failures=failures, cause=Cause.SERVER_FAULT), companies=town(12))
    assert "Who acts: the operator of Mailpath and Microsoft 365 support." in text(told).splitlines()
    assert "  3. Open a case with Microsoft 365 support, with the replies" in text(told)


def test_a_limit_is_no_bad_reputation() -> None:
    told = notice_request(storm(12, failures=alike(12, cause=Cause.RATE_LIMITED), cause=Cause.RATE_LIMITED))
    assert "rate the sender's reputation as poor" not in text(told)


# ---- what the comparison showed goes before what the reply says -----------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "cause", "why", "never"),
    [
        (
            *(Reason.CONTROL_THROUGH, Cause.SERVER_FAULT),
            "It looks like a fault of the server, but another sender's mail got through",
            "nothing points to the sender",
        ),
        (
            *(Reason.CONTROL_THROUGH, Cause.RELAY_DENIED),
            "It looks like a fault of the server, but another sender's mail got through",
            "does not accept mail for this domain",
        ),
        (
            *(Reason.NEIGHBOUR_THROUGH, Cause.TLS),
            "It looks like a fault of the server, but another sender's mail got through",
            "nothing points to the sender",
        ),
        (
            *(Reason.NEIGHBOUR_THROUGH, Cause.IP_BLOCKED),
            "The reply concerns the sender's IP address, but our other domain got through from the same address.",
            "Remove 104.130.122.50",
        ),
        (
            *(Reason.NEIGHBOUR_STOPPED, Cause.DOMAIN_BLOCKED),
            "The reply concerns the sender's domain, but our other domain got the same answer from the same IP",
            "Remove account.trimble.com",
        ),
    ],
)
def test_a_notice_does_not_contradict_itself(reason: Reason, cause: Cause, why: str, never: str) -> None:
    told = text(notice_request(one_incident(failure(reason=reason, cause=cause))))
    assert f"Why (tested at the gateway): {why}" in told
    assert never not in told
    assert "the entry names what stopped it" in told


def test_the_same_answer_to_our_other_domain_may_be_the_content() -> None:
    told = text(notice_request(one_incident(failure(reason=Reason.NEIGHBOUR_STOPPED, cause=Cause.CONTENT))))
    assert "so the problem is the IP address, the content or the company's mail system, not the domain." in told


@pytest.mark.parametrize("part", [Scope.MAILBOX, Scope.KIND, Scope.COMPANY])
def test_where_other_mail_gets_through_it_is_not_said_that_none_does(part: Scope) -> None:
    one = failure(nature=Nature.THEIR_SYSTEM, reason=Reason.SAME_ANSWER, cause=Cause.SERVER_FAULT)
    told = one_incident(one, scope=Scope.THEIR_SYSTEM)
    assert "For users: Mail from outside does not reach the company" in text(notice_request(told))
    assert "For users: Some mail from outside does not" in text(notice_request(replace(told, part=part)))


@pytest.mark.parametrize(
    ("reason", "cause", "outcome"),
    [
        (Reason.SAME_ANSWER, Cause.SERVER_FAULT, Outcome.LATE),
        (Reason.SAME_ANSWER, Cause.GREYLISTED, Outcome.DEFERRED),  # the cause stays where some of it came late
        (Reason.CONTROL_FAILS, Cause.SERVER_FAULT, Outcome.LATE),  # the same code, without words
    ],
)
def test_mail_that_comes_late_is_not_said_to_come_not_at_all(reason: Reason, cause: Cause, outcome: Outcome) -> None:
    one = failure(nature=Nature.THEIR_SYSTEM, reason=reason, cause=cause, outcome=outcome)
    told = notice_request(one_incident(one, scope=Scope.THEIR_SYSTEM))
    assert "delays other senders' mail too" in title(told)
    assert "The server defers a neutral sender's mail too" in text(told)
    assert "does not reach the company" not in text(told)


def test_content_that_is_rejected_from_anybody_is_the_senders_content() -> None:
    one = failure(nature=Nature.THEIR_SYSTEM, reason=Reason.SAME_TEXT, cause=Cause.CONTENT)
    told = text(notice_request(one_incident(one, scope=Scope.THEIR_SYSTEM)))
    assert "The content is rejected, whoever sends it" in told
    assert "Nothing points to a problem" not in told


def test_an_answer_after_the_message_was_read_may_be_about_what_both_messages_say() -> None:
    facts: dict[str, Any] = {"nature": Nature.THEIR_SYSTEM, "reason": Reason.SAME_ANSWER, "cause": Cause.SERVER_FAULT}
    for stage, whole in ((Stage.RCPT, True), (Stage.END_OF_DATA, False)):
        one = failure(answer=Answer(stage, 554, "5.7.1", "Rejected by policy", host="mx.acme.example"), **facts)
        told = notice_request(one_incident(one, scope=Scope.THEIR_SYSTEM))
        assert ("accepts no mail at all" in title(told)) is whole
        assert ("For users: Mail from outside does not reach the company" in text(told)) is whole


def test_a_list_that_may_have_only_the_two_senders_does_not_stop_all_mail() -> None:
    one = failure(nature=Nature.THEIR_SYSTEM, reason=Reason.SAME_LIST, cause=Cause.SERVER_FAULT)
    assert "Mail from outside does not reach" not in text(notice_request(one_incident(one, scope=Scope.THEIR_SYSTEM)))
