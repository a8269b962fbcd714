"""What is read of a message."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from probes.evidence import Folder, Marker
from probes.mailboxes.excerpt import BODY_LIMIT, HEADER_LIMIT, PROBE_LIMIT, sighting, split, utc, worth_opening
from probes.reading.header_fields import fields
from probes.reading.headers import connecting_ip
from tests.support.headers import exchange_headers
from tests.support.probe_mails import probe, token

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "headers", "body"),
    [
        (b"A: 1\r\nB: 2\r\n\r\ntext\r\n", b"A: 1\r\nB: 2\r\n", b"text\r\n"),
        (b"A: 1\nB: 2\n\ntext\n", b"A: 1\nB: 2\n", b"text\n"),
        (b"A: 1\r\n\r\none\n\ntwo", b"A: 1\r\n", b"one\n\ntwo"),
        (b"A: 1\n\none\r\n\r\ntwo", b"A: 1\n", b"one\r\n\r\ntwo"),
        (b"A: 1\r\n", b"A: 1\r\n", b""),
        (b"A: 1\r\n\r\n", b"A: 1\r\n", b""),
        (b"", b"", b""),
        (b"A" * HEADER_LIMIT * 2, b"A" * HEADER_LIMIT, b""),
        (b"A" * HEADER_LIMIT + b"\n\ntext", b"A" * HEADER_LIMIT, b"text"),
        (b"A: 1\n\n" + b"B" * BODY_LIMIT * 2, b"A: 1\n", b"B" * BODY_LIMIT),
    ],
)
def test_headers_and_body(start: bytes, headers: bytes, body: bytes) -> None:
    assert split(start) == (headers, body)


@pytest.mark.parametrize(
    ("size", "came", "worth"),
    [
        (5_000, NOW + timedelta(seconds=3), True),
        (5_000, NOW - timedelta(minutes=30), True),  # the mailbox's clock may be slow
        (5_000, NOW - timedelta(hours=2), False),
        (5_000, None, True),
        (PROBE_LIMIT + 1, NOW, False),
    ],
)
def test_whose_body_is_worth_reading(size: int, came: datetime | None, worth: bool) -> None:
    assert worth_opening(size, came, NOW) is worth


def test_a_sighting_keeps_where_and_what() -> None:
    mark = token()
    headers, body = split(probe(mark, body=True))
    seen = sighting("1", Folder.JUNK, "Spam", headers, b"", NOW)
    assert seen is not None
    assert (seen.ref, seen.folder, seen.folder_name, seen.mailbox_time) == ("1", Folder.JUNK, "Spam", NOW)
    assert seen.headers.encode() == headers
    assert seen.tokens == {Marker.HEADER: mark}
    both = sighting("1", Folder.JUNK, "Spam", headers, body, NOW)
    assert both is not None
    assert both.tokens == {Marker.HEADER: mark, Marker.BODY: mark}
    assert sighting("1", Folder.JUNK, "Spam", b"Subject: hello\r\n", b"hello", NOW) is None


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e30, -1e30])
def test_what_is_no_time(seconds: float) -> None:
    assert utc(seconds) is None


def test_what_judging_asks_of_the_headers_is_read_where_the_message_was_fetched() -> None:
    text = exchange_headers(Random(7)).encode() + f"X-Mailpath-Probe: {token()}\r\n".encode()
    seen = sighting("1", Folder.INBOX, "INBOX", text, b"", NOW)
    assert seen
    parsed = fields.cache_info().misses
    for relayed in (False, True):
        assert connecting_ip(seen.headers, relayed=relayed) == "104.130.122.50"
    assert fields.cache_info().misses == parsed
