"""When a mute wants silence, and about what."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from monitor.incidents.incident import Failure, Nature, Severity
from monitor.incidents.mute import Mute, active, covers, ends, following, muting, over
from monitor.incidents.weekly import DAYS, Weekly, weekly
from probes.kinds import Kind
from probes.verdict import Cause, Grade, Outcome

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)  # a Wednesday


def at(text: str) -> datetime:
    """ "25 11:30" of November 2026 in UTC; the 25th is a Wednesday."""
    return datetime.strptime(f"2026-11-{text} +0000", "%Y-%m-%d %H:%M %z")


def a_mute(**said: Any) -> Mute:
    facts: dict[str, Any] = {"id": "m", "company": "", "path": "", "mail_system": "", "cause": None}
    facts |= {"begins_at": NOON, "ends_at": NOON + timedelta(hours=2), "weekly": "", "created_at": NOON}
    facts |= {"by": "ann", "why": "a new gateway"}
    return Mute(**(facts | said))


def failing(company: str = "acme", path: str = "hq", cause: Cause | None = Cause.IP_BLOCKED) -> Failure:
    return Failure(
        company=company,
        path=path,
        kind=Kind.TWO_STEP_CODE,
        nature=Nature.MAIL,
        severity=Severity.PAGE,
        since=NOON,
        bad=2,
        probe_id="p",
        at=NOON,
        outcome=Outcome.BLOCKED,
        cause=cause,
        grade=Grade.REAL,
        because="554 5.7.1 go away",
    )


@pytest.mark.parametrize(
    ("now", "silent"),
    [
        ("25 11:59", False),
        ("25 12:00", True),
        ("25 13:59", True),
        ("25 14:00", False),
        ("26 12:00", False),
    ],
)
def test_a_mute_for_a_time(now: str, silent: bool) -> None:
    mute = a_mute()
    assert active(mute, at(now)) is silent
    assert ends(mute, at(now)) == (at("25 14:00") if silent else None)


def test_a_mute_that_was_ended_is_over_even_where_the_clock_was_put_back() -> None:
    mute = a_mute(ended_at=at("25 13:00"), ended_by="bob")
    for now in ("25 12:30", "25 13:00", "25 13:30", "01 00:00"):
        assert not active(mute, at(now))
        assert over(mute, at(now))
        assert ends(mute, at(now)) is None


def test_a_mute_without_an_end_lasts() -> None:
    mute = a_mute(ends_at=None)
    assert active(mute, NOON + timedelta(days=9999))
    assert ends(mute, NOON) is None


@pytest.mark.parametrize("now", [datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize("calendar", ["", "sat 22:00 - sun 04:00 Europe/Berlin"])
def test_a_clock_that_jumps_breaks_nothing(now: datetime, calendar: str) -> None:
    mute = a_mute(weekly=calendar)
    assert not active(mute, now)
    assert ends(mute, now) is None
    assert muting([mute], [failing()], lambda _: ("postfix",), now) == ()


@pytest.mark.parametrize(
    ("calendar", "now", "until"),
    [
        ("mon-fri 11:00-13:00", "25 10:59", None),
        ("mon-fri 11:00-13:00", "25 11:00", "25 13:00"),
        ("mon-fri 11:00-13:00", "25 13:00", None),
        ("mon-fri 11:00-13:00", "28 12:00", None),  # a Saturday
        ("wed 11:00-13:00", "24 12:00", None),
        ("sat,sun 11:00-13:00", "28 12:00", "28 13:00"),
        ("mon-tue,fri 11:00-13:00", "27 12:00", "27 13:00"),
        ("wed 23:00-01:00", "26 00:30", "26 01:00"),  # over midnight
        ("wed 23:00-01:00", "25 00:30", None),
        ("sat 22:00 - sun 04:00", "29 03:59", "29 04:00"),
        ("sun 22:00 - mon 04:00", "23 03:59", "23 04:00"),  # over the week's end
        ("sun 22:00-04:00", "23 03:59", "23 04:00"),
        ("fri-mon 22:00-23:00", "22 22:30", "22 23:00"),
        ("fri-mon 22:00-23:00", "24 22:30", None),
        ("tue 00:00 - mon 00:00", "23 12:00", None),  # all but one day
        ("tue 00:00 - mon 00:00", "22 23:59", "23 00:00"),
        ("sat,sun 00:00-24:00", "28 12:00", "30 00:00"),  # two that touch are one silence
        ("mon,sun 00:00-24:00", "29 12:00", "01 00:00"),
        ("wed 12:00-14:00 Europe/Berlin", "25 11:00", "25 13:00"),
        ("wed 12:00-14:00 Europe/Berlin", "25 13:00", None),
        ("wed 12:00 – 14:00 utc", "25 13:00", "25 14:00"),  # as word processors write it
        ("Wed 9:00-14:00", "25 09:00", "25 14:00"),
    ],
)
def test_a_weekly_calendar(calendar: str, now: str, until: str | None) -> None:
    mute = a_mute(weekly=calendar, begins_at=at("01 00:00"), ends_at=None)
    moment = at(now)
    assert active(mute, moment) is (until is not None)
    expected = at(until) if until else None
    if expected and expected < moment:
        expected += timedelta(days=30)  # in December
    assert ends(mute, moment) == expected


@pytest.mark.parametrize(
    ("calendar", "begins", "ends_"),
    [
        # 2026-03-29: at 02:00 the clocks of Berlin are put forward to 03:00, which is 01:00 in UTC
        ("sun 01:00-04:00", "03-29 00:00", "03-29 02:00"),
        ("sun 01:00-02:30", "03-29 00:00", "03-29 01:00"),  # its end is skipped: over with the skip
        ("sun 02:30-04:00", "03-29 01:00", "03-29 02:00"),  # its begin is skipped: from the skip on
        ("sun 02:00-03:00", "03-29 01:00", "03-29 02:00"),  # all of it is: as long as it is written
        ("sun 02:15-02:45", "03-29 01:00", "03-29 01:30"),
        # 2026-10-25: at 03:00 they are put back to 02:00; 02:00 is first at 00:00 in UTC, then at 01:00
        ("sun 01:00-04:00", "10-24 23:00", "10-25 03:00"),
        ("sun 01:00-02:00", "10-24 23:00", "10-25 00:00"),
        ("sun 01:00-02:30", "10-24 23:00", "10-25 01:30"),  # no notice in the middle of it
        ("sun 02:30-04:00", "10-25 00:30", "10-25 03:00"),
        ("sun 02:00-03:00", "10-25 00:00", "10-25 02:00"),
        ("sun 03:00-04:00", "10-25 02:00", "10-25 03:00"),
    ],
)
def test_the_days_on_which_clocks_are_changed(calendar: str, begins: str, ends_: str) -> None:
    read = weekly(f"{calendar} Europe/Berlin")
    first, last = (datetime.strptime(f"2026-{text} +0000", "%Y-%m-%d %H:%M %z") for text in (begins, ends_))
    assert read.until(first - MINUTE) is None
    assert read.until(first) == read.until(last - MINUTE) == last
    assert read.until(last) is None


CHANGES = (  # a day about which the clocks there are changed
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/Havana", "2025-03-09"),  # from midnight on
    ("America/Havana", "2025-11-02"),  # back to midnight
    ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
    ("Asia/Kathmandu", "2026-07-01"),  # never, and 5:45 ahead
)
minutes = st.integers(0, 24 * 60 - 1)


def walk(read: Weekly, day: datetime) -> tuple[list[datetime], set[datetime]]:
    """All minutes of two weeks about the day, and those in which the calendar holds, told by looking at the clock on
    the wall in each of them."""
    every = [day + number * MINUTE for number in range(-8 * 24 * 60, 8 * 24 * 60)]
    shown = [minute.astimezone(read.zone).replace(tzinfo=None) for minute in every]
    held: set[datetime] = set()
    monday = day.replace(tzinfo=None) - timedelta(days=day.weekday())
    for week in range(-3, 4):
        for stretch in read.stretches:
            begins = monday + timedelta(weeks=week, minutes=stretch.begins)
            ends_ = begins + stretch.lasts * MINUTE
            seen = [number for number, wall in enumerate(shown) if begins <= wall < ends_]
            if seen:
                held |= set(every[seen[0] : seen[-1] + 1])
            elif shown[0] < begins < shown[-1]:  # skipped
                first = next(number for number, wall in enumerate(shown) if wall >= begins)
                held |= set(every[first : first + stretch.lasts])
    inner = 24 * 60 * 2
    return every[inner:-inner], held


@st.composite
def calendars(draw: st.DrawFn) -> str:
    def time() -> str:
        minute = draw(minutes)
        return f"{minute // 60:02}:{minute % 60:02}"

    begin, end = time(), time()
    assume(begin != end)
    if draw(st.booleans()):
        return f"{draw(st.sampled_from(DAYS))} {begin} - {draw(st.sampled_from(DAYS))} {end}"
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=6, unique=True))
    return f"{','.join(days)} {begin}-{end}"


@settings(max_examples=60, deadline=None)
@given(calendars(), st.sampled_from(CHANGES), st.lists(st.integers(0, 12 * 24 * 60 - 1), max_size=30))
@example("sat,sun 00:00-24:00", CHANGES[4], [])
@example("sun 23:30-00:30", CHANGES[5], [])
@example("fri 10:00-12:00", CHANGES[8], [])
def test_a_calendar_holds_as_the_clock_on_the_wall_says(text: str, change: tuple[str, str], some: list[int]) -> None:
    zone, day = change
    read = weekly(f"{text} {zone}")
    every, held = walk(read, datetime.fromisoformat(f"{day}T00:00Z"))
    edges = [n for n in range(1, len(every)) if (every[n] in held) != (every[n - 1] in held)]
    for number in {*some, *edges, *(edge - 1 for edge in edges)}:
        now = every[number]
        until = read.until(now + timedelta(seconds=30))
        assert (until is not None) is (now in held), now
        end = next((minute for minute in every[number:] if minute not in held), None)
        if until and end:
            assert until == end


@settings(max_examples=200, deadline=None)
@given(calendars(), st.sampled_from(CHANGES), st.integers(-10_000, 10_000))
def test_the_next_silence_is_after_now_and_nothing_holds_just_before_it(
    text: str, change: tuple[str, str], minute: int
) -> None:
    zone, day = change
    read = weekly(f"{text} {zone}")
    now = datetime.fromisoformat(f"{day}T00:00Z") + minute * MINUTE
    begins = read.following(now)
    assert now < begins < now + timedelta(days=16)
    assert read.until(begins) is not None


@given(st.text(max_size=40) | st.text("monsatue ,-–:0123456789 Europe/Bl", max_size=40))
def test_any_text_is_a_calendar_or_a_sentence(text: str) -> None:
    said = ""
    try:
        assert weekly(text).stretches
    except ValueError as error:
        said = str(error)
    assert not said or said.startswith("must ")
    assert said.isprintable()


FORM = 'must be times of the week like "sat 22:00 - sun 04:00 Europe/Berlin", or "mon-fri 01:00-03:00" in UTC, not '


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f'{FORM}""'),
        ("every night", f'{FORM}"every night"'),
        ("22:00-23:00", f'{FORM}"22:00-23:00"'),
        ("sat 22:00 sun 04:00", f'{FORM}"sat 22:00 sun 04:00"'),
        ("sat 22:00-23:00 Europe/Berlin please", f'{FORM}"sat 22:00-23:00 Europe/Berlin please"'),
        ("sat 22-23", f'{FORM}"sat 22-23"'),
        ("sat 22:00-25:00", 'must have times from 00:00 to 24:00, not "25:00"'),
        ("sat 22:60-23:00", 'must have times from 00:00 to 24:00, not "22:60"'),
        ("sta 22:00-23:00", 'must name days as mon, tue, wed, thu, fri, sat, sun, not "sta"'),
        ("mon-wed-fri 22:00-23:00", 'must name days like "mon-fri" or "sat,sun", not "mon-wed-fri"'),
        (
            "sat 22:00-23:00 Europe/Berln",
            'must name a time zone like Europe/Berlin, not "Europe/Berln"; did you mean Europe/Berlin?',
        ),
        ("sat 22:00-23:00 ../../etc/passwd", 'must name a time zone like Europe/Berlin, not "../../etc/passwd"'),
        ("sat 22:00-23:00 Xyz", 'must name a time zone like Europe/Berlin, not "Xyz"'),
        (
            "sat 22:00-22:00",
            'must end at another time than it begins, not "sat 22:00-22:00"; a whole day is 00:00-24:00',
        ),
        ("mon-sun 00:00-24:00", 'must leave some time of the week free, not "mon-sun 00:00-24:00"'),
    ],
)
def test_what_is_no_calendar(text: str, said: str) -> None:
    with pytest.raises(ValueError) as told:
        weekly(text)
    assert str(told.value) == said


def test_what_is_no_calendar_is_not_told_at_length() -> None:
    with pytest.raises(ValueError) as told:
        weekly("mon " * 250_000)
    assert len(str(told.value)) < 250


def test_a_mute_whose_calendar_cannot_be_read_silences_nobody() -> None:
    assert not active(a_mute(weekly="every full moon", ends_at=None), NOON)
    assert following(a_mute(weekly="every full moon", ends_at=None), NOON) is None


@pytest.mark.parametrize(
    ("said", "now", "begins"),
    [
        ({}, "25 11:00", "25 12:00"),
        ({}, "25 12:00", None),  # it has begun
        ({"weekly": "mon-fri 01:00-03:00", "ends_at": None}, "25 12:00", "26 01:00"),
        ({"weekly": "mon-fri 01:00-03:00", "ends_at": None}, "26 02:00", "27 01:00"),
        ({"weekly": "mon-fri 01:00-03:00", "ends_at": None}, "20 00:00", "26 01:00"),  # not before its time
        ({"weekly": "wed 11:00-13:00", "ends_at": None}, "25 11:30", "25 12:00"),
        ({"weekly": "mon-fri 01:00-03:00"}, "25 12:00", None),  # it ends before
        ({"ended_at": NOON}, "25 11:00", None),
    ],
)
def test_when_the_next_silence_begins(said: dict[str, Any], now: str, begins: str | None) -> None:
    assert following(a_mute(**said), at(now)) == (at(begins) if begins else None)


@pytest.mark.parametrize(
    ("now", "silent"),
    [
        ("25 11:30", False),  # the calendar would want it, but the mute has not begun
        ("25 12:30", True),
        ("25 13:30", False),
        ("26 11:30", True),
        ("27 11:30", False),  # the mute is over
    ],
)
def test_a_calendar_holds_only_from_begin_to_end(now: str, silent: bool) -> None:
    mute = a_mute(weekly="mon-fri 11:00-13:00", ends_at=at("26 12:00"))
    assert active(mute, at(now)) is silent


def test_a_silence_ends_with_the_mute_where_the_calendar_would_go_on() -> None:
    assert ends(a_mute(weekly="mon-fri 11:00-15:00"), NOON) == at("25 14:00")


@pytest.mark.parametrize(
    ("said", "failure", "covered"),
    [
        ({}, failing(), True),  # everything
        ({"company": "acme"}, failing(), True),
        ({"company": "acme"}, failing("bolt"), False),
        ({"company": "acme", "path": "hq"}, failing(), True),
        ({"company": "acme", "path": "hq"}, failing(path="branch"), False),
        ({"mail_system": "postfix"}, failing(), True),
        ({"mail_system": "postscreen"}, failing(), True),  # an alias, stored when any word was accepted
        ({"mail_system": "m365"}, failing(), False),
        ({"cause": Cause.IP_BLOCKED}, failing(), True),
        ({"cause": Cause.GREYLISTED}, failing(), False),
        ({"cause": Cause.GREYLISTED}, failing(cause=None), False),
        ({"company": "acme", "cause": Cause.IP_BLOCKED}, failing(), True),
        ({"company": "acme", "cause": Cause.GREYLISTED}, failing(), False),  # all that is said must fit
        ({"company": "acme", "mail_system": "m365"}, failing(), False),
    ],
)
def test_what_a_mute_is_about(said: dict[str, Any], failure: Failure, covered: bool) -> None:
    assert covers(a_mute(**said), failure, ("postfix",)) is covered


ACME, BOLT, GREY = (
    a_mute(id="acme", company="acme"),
    a_mute(id="bolt", company="bolt"),
    a_mute(id="grey", cause=Cause.GREYLISTED),
)
LATER = a_mute(id="later", begins_at=at("26 12:00"), ends_at=None)


@pytest.mark.parametrize(
    ("mutes", "failures", "by"),
    [
        ([], [failing()], ()),
        ([ACME], [], ()),  # nothing fails: nothing is silenced
        ([ACME], [failing()], ("acme",)),
        ([ACME], [failing(), failing("bolt")], ()),  # people hear of what one company has beside
        ([ACME, BOLT], [failing(), failing("bolt")], ("acme", "bolt")),
        ([BOLT, ACME], [failing(), failing("bolt")], ("bolt", "acme")),
        ([ACME, BOLT], [failing()], ("acme",)),
        ([ACME, GREY], [failing(), failing("bolt", cause=Cause.GREYLISTED)], ("acme", "grey")),
        ([LATER], [failing()], ()),
        ([replace(ACME, ended_at=NOON), BOLT], [failing(), failing("bolt")], ()),
        ([replace(ACME, company="acme", cause=Cause.TLS), replace(ACME, company="bolt")], [failing("bolt")], ("acme",)),
    ],
)
def test_mutes_silence_together_or_not_at_all(mutes: list[Mute], failures: list[Failure], by: tuple[str, ...]) -> None:
    assert muting(mutes, failures, lambda _: ("postfix",), NOON) == by


def test_mutes_of_one_maintenance_are_named_once() -> None:
    both = [a_mute(id="maintenance:move", company=name) for name in ("acme", "bolt")]
    assert muting(both, [failing(), failing("bolt")], lambda _: ("x",), NOON) == ("maintenance:move",)


def test_the_mail_system_is_asked_for_each_company() -> None:
    systems = {"acme": ("m365",), "bolt": ("postfix",)}
    mute = a_mute(mail_system="m365")
    assert muting([mute], [failing()], systems.__getitem__, NOON) == ("m",)
    assert muting([mute], [failing(), failing("bolt")], systems.__getitem__, NOON) == ()
