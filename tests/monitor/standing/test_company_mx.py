"""The MX of companies over time: a change counts once a second reading agrees, and an unanswered question is none."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.standing.company_mx import (
    CONFIRM_AFTER,
    EVERY,
    MxRecord,
    decode,
    due,
    encode,
    next_record,
)
from probes.mailsystems.signs import ChainDoubt

T0 = datetime(2026, 12, 1, 8, tzinfo=UTC)
OLD, NEW = ["mx.acme.example"], ["eu-smtp-inbound-1.mimecast.com"]


def after(*readings: list[str] | None) -> MxRecord:
    """The record after these readings, ten minutes apart; None is one without an answer."""
    record = None
    for number, found in enumerate(readings):
        record = next_record(record, "acme", "acme.example", found, T0 + number * CONFIRM_AFTER)
    assert record
    return record


@pytest.mark.parametrize(
    ("readings", "hosts", "before"),
    [
        ((OLD,), OLD, []),
        ((OLD, OLD), OLD, []),
        ((OLD, NEW), OLD, []),  # one odd answer
        ((OLD, NEW, OLD), OLD, []),
        ((OLD, NEW, NEW), NEW, OLD),
        ((OLD, NEW, None, NEW), NEW, OLD),  # no answer in between says nothing
        ((OLD, None), OLD, []),
        ((None,), [], []),
        ((None, OLD), OLD, []),  # the first answer is no change
        ((OLD, [*OLD, *OLD]), OLD, []),
        ((OLD + NEW, NEW + OLD), sorted(OLD + NEW), []),  # their order is chance
    ],
)
def test_a_change_is_what_two_readings_agree_on(
    readings: tuple[list[str] | None, ...], hosts: list[str], before: list[str]
) -> None:
    record = after(*readings)
    assert (list(record.hosts), list(record.before)) == (hosts, before)


def test_a_suspicion_is_looked_at_soon_and_all_else_once_a_day() -> None:
    steady, suspected, unread = after(OLD), after(OLD, NEW), after(None)
    assert not due(steady, steady.seen_at + EVERY - timedelta(seconds=1))
    assert due(steady, steady.seen_at + EVERY)
    assert due(suspected, suspected.seen_at + CONFIRM_AFTER)
    assert due(unread, unread.seen_at + CONFIRM_AFTER)
    assert due(None, T0)
    assert due(steady, steady.seen_at - timedelta(days=1)), "the clock was set back"


def test_a_change_is_shown_for_some_weeks() -> None:
    changed = after(OLD, NEW, NEW)
    assert changed.changed(changed.since + timedelta(days=29))
    assert not changed.changed(changed.since + timedelta(days=31))
    assert not after(OLD).changed(T0)


def test_what_the_mx_shows_is_compared_with_the_configured_chain() -> None:
    found = after(NEW).doubt(("m365",))
    assert found
    assert found.doubt is ChainDoubt.NOT_CONFIGURED
    assert after(NEW).doubt(("mimecast", "m365")) is None
    assert after(None).doubt(("m365",)) is None


def test_it_survives_a_restart_and_another_release() -> None:
    record = after(OLD, NEW, NEW)
    assert decode(encode([record])) == (record,)
    for text in (None, "", "{}", "nonsense", '[{"company": 1}]'):
        assert decode(text) == ()
