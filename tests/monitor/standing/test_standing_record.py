"""What several readings of one fact amount to, written as a score: g good, w weak, b bad, x another bad, ? unknown, r
refused, one reading each ten minutes. Below it what is settled then, and what is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.standing.record import (
    FactKey,
    FactRecord,
    Settled,
    blind_readings,
    decode,
    decode_settled,
    encode,
    encode_settled,
    follow,
    known_at,
    no_longer_asked,
)
from probes.standing.fact import Branch, Fact, Question, State, Why

T0 = datetime(2026, 11, 30, 8, tzinfo=UTC)
MAX_AGE = timedelta(hours=6)
READINGS = {
    "g": (State.GOOD, Why.PTR_CONFIRMED),
    "w": (State.WEAK, Why.HELO_ELSEWHERE),
    "b": (State.BAD, Why.PTR_MISSING),
    "x": (State.BAD, Why.PTR_UNCONFIRMED),
    "?": (State.UNKNOWN, Why.LOOKUP_FAILED),
    "r": (State.REFUSED, Why.LIST_REFUSES),
}


def reading(mark: str, minutes: float, **other: object) -> Fact:
    state, why = READINGS[mark]
    fact = Fact(Question.PTR, "192.0.2.1", state, why, T0 + timedelta(minutes=minutes))
    return replace(fact, **other)  # type: ignore[arg-type]


def read(score: str, apart: float = 10) -> list[FactRecord]:
    records: list[FactRecord] = []
    for place, mark in enumerate(score):
        records.append(follow(records[-1] if records else None, reading(mark, apart * place), MAX_AGE))
    return records


def settled(record: FactRecord) -> str:
    if record.settled is None:
        return "."
    return next(mark for mark, said in READINGS.items() if said == (record.settled.state, record.settled.fact.why))


def shown(record: FactRecord) -> str:
    return (
        "!"
        if record.suspected
        else {"good": "g", "weak": "w", "bad": "b", "unknown": "?", "refused": "r"}[record.state]
    )


@pytest.mark.parametrize(
    ("score", "settles", "shows"),
    [
        ("gggg", "gggg", "gggg"),
        ("gbgg", "gggg", "g!gg"),  # a PTR that flips for one answer
        ("gbgbgb", "gggggg", "g!g!g!"),
        ("gbbg", "ggbb", "g!bg"),  # bad is seen twice, and so is its end
        ("gbbgg", "ggbbg", "g!bgg"),
        ("b?b", "..b", "!?b"),  # who cannot tell neither confirms nor clears
        ("bb?r?", ".bbbb", "!b?r?"),
        ("????", "....", "????"),
        ("gb?gb", "ggggg", "g!?g!"),
        ("bxb", ".xx", "!bb"),  # bad in two ways is bad; one answer does not turn it back
        ("gwg", "ggg", "gwg"),
        ("gww", "ggw", "gww"),
        ("www", ".ww", "www"),  # so is weak: a listing that is the first reading of all is one answer
        ("wgg", ".gg", "wgg"),
    ],
)
def test_two_readings_settle_a_fact(score: str, settles: str, shows: str) -> None:
    records = read(score)
    assert "".join(map(settled, records)) == settles
    assert "".join(map(shown, records)) == shows


def test_two_readings_within_ten_minutes_settle_nothing() -> None:
    assert "".join(map(settled, read("gbb", apart=9))) == "ggg"


def test_two_readings_with_a_gap_between_settle_nothing() -> None:
    assert "".join(map(settled, read("gbb", apart=361))) == "ggg"


def test_equal_readings_are_one_row() -> None:
    assert [record.since for record in read("ggg?g")] == [T0 + timedelta(minutes=m) for m in (0, 0, 0, 30, 40)]


def test_records_in_another_order_are_the_same() -> None:
    first = follow(None, reading("g", 0, value="a.example, b.example"), MAX_AGE)
    second = follow(first, reading("g", 60, value="b.example, a.example"), MAX_AGE)
    assert second.since == first.since
    assert follow(second, reading("g", 120, value="c.example"), MAX_AGE).since > first.since


def test_the_text_of_a_failure_makes_no_row() -> None:
    first = follow(None, reading("?", 0, named=("timed out at 192.0.2.53",)), MAX_AGE)
    assert follow(first, reading("?", 60, named=("timed out at 192.0.2.54",)), MAX_AGE).since == first.since


def test_a_gap_in_the_readings_ends_a_row() -> None:
    first, second = read("gg", apart=361)
    assert second.since > first.since


def test_a_clock_that_was_set_back_makes_a_later_row() -> None:
    first = follow(None, reading("g", 60), MAX_AGE)
    second = follow(first, reading("b", 0), MAX_AGE)
    assert second.since > first.since
    assert follow(second, reading("b", 11), MAX_AGE).settled == Settled(reading("b", 11), T0, reading("g", 60))


def test_what_was_settled_before_is_kept_beside_what_is_settled_now() -> None:
    """An incident shows both, also after the fault has changed, or was read for hours."""
    befores = [record.settled and record.settled.before for record in read("ggbbxxbg?gg")]
    good, bad = reading("g", 10), reading("x", 50)
    assert befores == [None, None, None, *[good] * 6, bad, bad]


def test_the_tree_of_what_was_before_is_not_kept() -> None:
    tree = (Branch(0, "a.example", "v=spf1 a -all", 1), Branch(1, "a", "", 1))
    record = follow(None, reading("g", 0, tree=tree), MAX_AGE)
    for minutes in (10, 20):
        record = follow(record, reading("b", minutes), MAX_AGE)
    assert record.settled
    assert record.settled.before == reading("g", 0)
    assert decode_settled(encode_settled(record.settled)) == record.settled


def test_what_is_old_is_unknown() -> None:
    record = read("bb")[-1]
    assert record.at(T0 + timedelta(hours=6), MAX_AGE) == record
    later = record.at(T0 + timedelta(hours=7), MAX_AGE)
    assert (later.state, later.why, later.settled) == (State.UNKNOWN, Why.TOO_OLD, record.settled)


def test_a_blind_resolver_leaves_no_fact_known() -> None:
    blind = Fact(Question.PTR, "acme.example", State.UNKNOWN, Why.RESOLVER_BLIND, T0)
    known = [FactKey(Question.PTR, "192.0.2.1"), FactKey(Question.PTR, "192.0.2.2"), FactKey(Question.SPF, "x.example")]
    assert [fact.subject for fact in blind_readings([blind], known)] == ["192.0.2.1", "192.0.2.2"]
    assert blind_readings([blind], []) == [blind]


def test_a_subject_that_is_not_asked_about_any_more_ends() -> None:
    known = {
        record.key: record for record in (read("g")[0], follow(None, reading("g", 0, subject="192.0.2.9"), MAX_AGE))
    }
    gone = no_longer_asked(known, [Question.PTR, Question.SPF], [reading("?", 60)])
    assert [(record.reading.subject, record.current) for record in gone] == [("192.0.2.9", False)]
    assert no_longer_asked(known, [Question.PTR], []) == []


def test_a_reading_survives_its_encoding() -> None:
    fact = reading("b", 0, value="v=spf1 ☃ \x00", named=("a", "b"), ttl=60, servers=("192.0.2.53",))
    assert decode(encode(fact)) == fact
    assert decode_settled(encode_settled(Settled(fact, T0))) == Settled(fact, T0)
    assert decode_settled(encode(fact)) == Settled(fact, fact.at)


def test_what_is_settled_tells_since_when() -> None:
    records = read("gbbb")
    assert [record.settled and record.settled.since for record in records] == [
        *(T0, T0),
        *(T0 + timedelta(minutes=10), T0 + timedelta(minutes=10)),
    ]


def test_what_was_known_at_a_moment_is_the_row_of_that_moment() -> None:
    rows = read("ggww")
    one, two = rows[1], rows[3]
    assert one.since < two.since

    def state(minutes: float) -> State | None:
        found = known_at([one, two], T0 + timedelta(minutes=minutes), MAX_AGE)
        return found[one.key].state if found else None

    assert [state(minutes) for minutes in (-1, 0, 15, 20, 30, 380, 391)] == [
        None, State.GOOD, State.GOOD, State.WEAK, State.WEAK, State.WEAK, State.UNKNOWN,
    ]  # fmt: skip


def test_a_later_reading_that_says_the_same_is_dated_to_the_moment() -> None:
    (record,) = known_at(read("gg")[1:], T0 + timedelta(minutes=5), MAX_AGE).values()
    assert record.reading.at == T0 + timedelta(minutes=5)
