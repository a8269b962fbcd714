"""When refusals of real mail are a problem: the rule on small histories, and what is kept of a reply."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.incidents.incident import FindingAbout, Scope, Severity
from monitor.real_mail.findings import refusal_findings
from monitor.real_mail.mails import RealMailRow
from monitor.real_mail.refusals import QUIET, WITHIN, RealRefusals, RefusalsSoFar, follow
from monitor.real_mail.replies import masked_reply
from probes.outcome import Cause
from probes.trace_verdict import cause_of_trace
from probes.traced import Side, Traced, TraceFate

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
BLOCKED = "5.7.1 Client host [104.130.122.50] blocked using bl.test"
UNKNOWN = "5.1.1 No such user"
BUSY = "4.2.0 Greylisted, try again later"


def row(
    minute: float, who: str, text: str = BLOCKED, fate: TraceFate = TraceFate.REFUSED, message_id: str = ""
) -> RealMailRow:
    at = NOON + timedelta(minutes=minute)
    code = 550 if text and fate is TraceFate.REFUSED else None
    traced = Traced(at, "mailgun", Side.SENDER, fate, happened_at=at, to_host="mx.acme.test", code=code, text=text)
    cause = None if fate is TraceFate.DELIVERED else cause_of_trace(traced)
    return RealMailRow("acme", f"{who}@acme.test", at, traced, cause, message_id)


def history(words: str) -> list[RealMailRow]:
    """One row a minute: a name is refused, `+` is a mail that is taken, `?name` has no such user, `~name` must wait."""
    rows = []
    for minute, word in enumerate(words.split()):
        match word[0]:
            case "+":
                rows.append(row(minute, "eve", "", TraceFate.DELIVERED))
            case "?":
                rows.append(row(minute, word[1:], UNKNOWN))
            case "~":
                rows.append(row(minute, word[1:], BUSY, TraceFate.DEFERRED))
            case _:
                rows.append(row(minute, word))
    return rows


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("jane", False),
        ("jane jane jane", False),  # one person may have a list of their own
        ("jane joe", True),
        ("jane + joe", False),  # others get theirs
        ("jane + joe jim", True),
        ("?jane ?joe", False),  # says nothing of the sender
        ("~jane ~joe", False),
        ("jane ?jim ~eve joe", True),
        ("+ + +", False),
        ("jane jane+news", False),  # the same person
    ],
)
def test_two_in_a_row_at_different_addresses(words: str, shown: bool) -> None:
    assert bool(follow(RefusalsSoFar(), history(words)).shown) is shown


def test_what_is_known_of_it() -> None:
    [found] = follow(RefusalsSoFar(), history("jane joe ann")).shown.values()
    since, last = NOON, NOON + timedelta(minutes=2)
    said = "550 5.7.1 client host * blocked using bl.test"
    assert found == RealRefusals("acme", Cause.IP_LISTED, since, last, said, "mx.acme.test")


@pytest.mark.parametrize("cut", range(1, 5))
def test_however_the_log_is_cut_into_readings(cut: int) -> None:
    rows = history("jane + ann joe +")
    halfway = follow(RefusalsSoFar(), rows[:cut])
    assert follow(halfway, rows[cut:]) == follow(RefusalsSoFar(), rows)


def test_one_message_to_several_people_is_one_refusal() -> None:
    """What is odd about it is odd for all of them."""
    jane, joe = row(0, "jane", message_id="m1@x"), row(1, "joe", message_id="m1@x")
    assert follow(RefusalsSoFar(), [jane, joe]).shown == {}
    assert follow(RefusalsSoFar(), [jane, joe, row(2, "ann", message_id="m2@x")]).shown


def test_rows_that_come_in_another_order() -> None:
    rows = history("jane joe + ann")
    assert follow(RefusalsSoFar(), reversed(rows)) == follow(RefusalsSoFar(), rows)
    late = follow(follow(RefusalsSoFar(), history("jane")), [row(-1, "eve", "", TraceFate.DELIVERED)])
    assert follow(late, [row(1, "joe")]).shown, "it was taken before the first was refused"


def test_a_refusal_that_comes_late_is_not_in_a_row_with_one_after_mail_was_taken() -> None:
    known = follow(RefusalsSoFar(), [row(4, "eve", "", TraceFate.DELIVERED), row(5, "ann")])
    assert follow(known, [row(3, "joe")]).shown == {}
    assert follow(known, [row(6, "joe")]).shown


def test_one_persons_own_list_does_not_keep_it() -> None:
    """Mail is taken between all refusals of theirs; by two servers of which one refuses, others are refused too."""
    own = [
        row(2 + minute, "jane") if minute % 10 == 9 else row(2 + minute, "eve", "", TraceFate.DELIVERED)
        for minute in range(40)
    ]
    opening = [row(0, "jane"), row(1, "joe")]
    assert follow(RefusalsSoFar(), opening + own).shown["acme"].over(NOON + timedelta(minutes=42))
    others = [row(30, "jane"), row(31, "joe")]
    assert follow(RefusalsSoFar(), opening + own + others).shown["acme"].since > NOON
    assert not follow(RefusalsSoFar(), opening + own[:8] + [row(10, "jane"), row(10.5, "joe")]).shown["acme"].taken


def test_a_day_between_two_refusals_is_too_long() -> None:
    late = (WITHIN + timedelta(minutes=1)) / timedelta(minutes=1)
    known = follow(RefusalsSoFar(), [row(0, "jane"), row(late, "joe")])
    assert known.shown == {}
    assert follow(known, [row(late + 1, "ann")]).shown


def opened(words: str) -> RealRefusals:
    [found] = follow(RefusalsSoFar(), history(words)).shown.values()
    return found


@pytest.mark.parametrize(
    ("words", "later", "over"),
    [
        ("jane joe", QUIET, False),
        ("jane joe +", QUIET, False),  # one of several servers may take it
        ("jane joe + +", QUIET, True),
        ("jane joe + +", QUIET - timedelta(seconds=1), False),
        ("jane joe + ann +", QUIET, False),
        ("jane joe + ann + +", QUIET, True),
        ("jane joe", WITHIN, True),  # nobody sends any more
    ],
)
def test_over_by_the_same_rule(words: str, later: timedelta, over: bool) -> None:
    found = opened(words)
    assert found.over(found.last_at + later) is over


def test_what_was_over_begins_anew_with_two() -> None:
    over = follow(RefusalsSoFar(), history("jane joe + +"))
    once = follow(over, [row(30, "jane")])
    assert once.shown == over.shown
    again = follow(once, [row(31, "joe")]).shown["acme"]
    assert (again.since, again.taken) == (NOON + timedelta(minutes=30), 0)


def test_findings_are_of_companies_that_are_counted_and_not_over() -> None:
    found = opened("jane joe")
    [finding] = refusal_findings([found], {"acme": "Acme"}, "192.0.2.1", NOON)
    assert finding.rule.about is FindingAbout.REAL_MAIL
    assert (finding.company, finding.scope, finding.severity) == ("acme", Scope.COMPANY, Severity.TICKET)
    assert (finding.cause, finding.since, finding.subject) == (Cause.IP_LISTED, found.since, "Acme")
    assert list(refusal_findings([found], {}, "", NOON)) == []
    assert list(refusal_findings([found], {"acme": "Acme"}, "", NOON + WITHIN + timedelta(hours=1))) == []


# -- replies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (BLOCKED, "550 5.7.1 client host * blocked using bl.test"),
        ("5.7.1 <jane.doe-7@acme.test>: denied by policy of JANE", "550 5.7.1 * denied by policy of *"),
        ("5.7.1 mail for user jane.doe-7 (Doe, Jane) rejected as spam", "550 5.7.1 mail for user * rejected as spam"),
        ("550-5.7.26 Unauthenticated [id 4ab2-99x] from 104.130.122.50", "550 unauthenticated id * from *"),
        (
            "5.7.1 blocked, see https://mx.test/why?c=bl&to=jane.doe-7@acme.test",
            "550 5.7.1 blocked see mx.test",
        ),
        (UNKNOWN, ""),  # about a person
        ("5.7.1 spam, see https://mx.test/r?n=Zoe&t=abcdefghijklmnop", "550 5.7.1 spam see mx.test"),
        ("5.7.1 spam: your subject 'The secret plan' and \"Code of Zoe\"", "550 5.7.1 spam your subject * and *"),
        ("5.7.1 spam for janedoe, Doe; Jane; Ja\u200bne, Ｊａｎｅ", "550 5.7.1 spam for *"),
    ],
)
def test_nothing_of_anybody_is_kept(text: str, kept: str) -> None:
    found = masked_reply(row(0, "jane.doe-7", text))
    assert "jane" not in found.lower()
    assert "doe" not in found.lower()
    assert found == kept


@pytest.mark.parametrize(
    ("who", "text", "kept"),
    [
        ("jürgen.müller", "policy: Jürgen Müller", "550 policy *"),
        ("al.wu", "policy: Wu, Al is", "550 policy * is"),
        ("o'brien", "policy: O’Brien", "550 policy *"),
    ],
)
def test_names_of_all_kinds(who: str, text: str, kept: str) -> None:
    assert masked_reply(row(0, who, text)) == kept


def test_a_long_reply_is_cut_and_a_short_name_is_no_name() -> None:
    assert len(masked_reply(row(0, "jane", "5.7.1 blocked because " + "of many words " * 500))) <= 160
    assert "is" in masked_reply(row(0, "is", "5.7.1 this host is blocked")).split()
    assert masked_reply(row(0, "jane", "", TraceFate.DELIVERED)) == ""
