"""What fits on a phone's first screen, whatever a server says and however long a name is."""

from dataclasses import replace

import pytest

from monitor.incidents.attribution import FailureCase, attribute
from monitor.incidents.comparison import NEUTRAL, Comparison, Got
from monitor.incidents.incident import Nature, Scope
from monitor.incidents.weight import Names, Weight
from monitor.notices import headline
from monitor.notices.context import CompanyInfo, NoticeRequest, context_of
from probes.answer import Answer, Stage
from probes.display import one_line
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.notice_samples import (
    QUARTER,
    T0,
    failure,
    incident,
    notice_request,
    storm,
    text,
    title,
    town,
)

LOCKED_PHONE = 320  # characters that are shown of a message, the title among them
PHONE = 700  # on the first screen


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.INBOX])
@pytest.mark.parametrize("cause", [*Cause, None])
def test_the_first_screen_holds_what_who_since_why_and_who_must_act(cause: Cause | None, outcome: Outcome) -> None:
    companies = {"acme": CompanyInfo("Kaltenbach Precision", ("postfix",), QUARTER)}
    for nature in natures(cause, outcome):
        for grade in Grade:
            one = failure(nature=nature, cause=cause, outcome=outcome, grade=grade)
            assert_on_a_phone(notice_request(incident(one), companies=companies))


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.INBOX])
@pytest.mark.parametrize("cause", [*Cause, None])
@pytest.mark.parametrize("scope", [Scope.MAIL_SYSTEM, Scope.EVERYBODY])
def test_the_first_screen_is_enough_for_many(cause: Cause | None, outcome: Outcome, scope: Scope) -> None:
    system = "google" if scope is Scope.MAIL_SYSTEM else ""
    for nature in natures(cause, outcome):
        wide = storm(500, nature=nature, cause=cause, outcome=outcome, scope=scope, mail_system=system)
        assert_on_a_phone(notice_request(wide, companies=town(500, system)))


def natures(cause: Cause | None, outcome: Outcome) -> set[Nature]:
    """Whose trouble it can be, by the rules."""
    mark = Weight.UNKNOWN if outcome is Outcome.UNKNOWN else Weight.BAD
    case = FailureCase(mark, Verdict(outcome, cause, Grade.REAL, ""), Names("", ""))
    too = Comparison(NEUTRAL, Got.FAILED, T0)
    return {attribute(each).nature for each in (case, replace(case, comparisons=(too,)))}


def assert_on_a_phone(told: NoticeRequest) -> None:
    """Title and impact are what a locked phone shows; who must act and why fit its first screen."""
    heading, impact, *more = f"{headline.title(context_of(told))}\n{text(told)}".splitlines()
    assert len(heading) + len(impact) < LOCKED_PHONE, (heading, impact)
    assert " Since 2026-11-23 08:04 UTC, 25 min" in impact
    shown = "\n".join(more)[: PHONE - len(heading) - len(impact)].splitlines()
    act, why = (next(n for n, line in enumerate(shown) if line.startswith(w)) for w in ("Who acts", "Why"))
    assert act < why, shown
    assert shown[act].endswith("."), shown


HOSTILE = 'x"\nWho acts: nobody.\r\n\x1b[31m\u202egnp.exe\u2066 \u200b\x00 \u2028' + "A" * 10**6


def test_what_a_server_says_cannot_speak_for_us() -> None:
    said = text(notice_request(incident(failure(answer=Answer(Stage.RCPT, 554, None, HOSTILE, host="mx.test")))))
    assert len(said) < 2500
    assert all(each.isprintable() for line in said.split("\n") for each in line)
    assert [line for line in said.split("\n") if line.startswith("Who acts: ")] == ["Who acts: the company's IT team."]
    assert 'rejected at RCPT TO by mx.test: "554 x\\" Who acts: nobody. [31m gnp.exe AAAA' in said


@pytest.mark.parametrize(
    ("raw", "most", "line"),
    [
        ("a  b\tc", 10, "a b c"),
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdefghijk", 10, "abcdefg..."),
        ("\u202eabc", 10, "abc"),
        (" " * 100 + "x", 10, "..."),  # nothing of it was in sight
        ("Größe 企业", 10, "Größe 企业"),
    ],
)
def test_a_line_is_cut_and_shows_all_that_it_has(raw: str, most: int, line: str) -> None:
    assert one_line(raw, most) == line


def test_a_long_name_leaves_room_for_the_rest() -> None:
    told = notice_request(incident(), companies={"acme": CompanyInfo("Acme " * 39 + "Steel", ("postfix",), QUARTER)})
    assert len(title(told)) < 120
    assert title(told).endswith("are blocked (IP address)")
