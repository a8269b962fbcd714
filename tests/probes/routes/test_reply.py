"""Replies, read from bytes: what is one, what is not, and that nothing a server sends can hurt."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.answer import Fault
from probes.routes.reply import MAX_LINE, MAX_LINES, MAX_REPLY, MAX_WAITING, Reply, ReplyReader, WireFault, extensions


def read(*chunks: bytes) -> list[Reply | WireFault]:
    """All that a reader makes of these packets; trouble is the last."""
    reader = ReplyReader()
    for chunk in chunks:
        reader.feed(chunk)
    found: list[Reply | WireFault] = []
    while (heard := reader.take()) is not None:
        found.append(heard)
        if isinstance(heard, WireFault):
            break
    return found


@pytest.mark.parametrize(
    ("data", "code", "enhanced", "text"),
    [
        (b"250 ok\r\n", 250, None, "ok"),
        (b"250\r\n", 250, None, ""),
        (b"250 \r\n", 250, None, ""),
        (b"250 ok\n", 250, None, "ok"),
        (b"250 ok\r\r\n", 250, None, "ok"),
        (b"550 5.7.1 Access denied\r\n", 550, "5.7.1", "Access denied"),
        (b"550 5.7.606\r\n", 550, "5.7.606", ""),
        (b"421 4.7.0 [TSS04] later\r\n", 421, "4.7.0", "[TSS04] later"),
        (b"550 5.7.1.2 is no code\r\n", 550, None, "5.7.1.2 is no code"),
        (b"554 104.130.122.50 is blocked\r\n", 554, None, "104.130.122.50 is blocked"),
        (b"550-5.7.26 one\r\n550-5.7.26 two\r\n550 5.7.26 three\r\n", 550, "5.7.26", "one\ntwo\nthree"),
        (b"550-5.7.1 one\r\n550 5.7.2 two\r\n", 550, "5.7.1", "one\n5.7.2 two"),
        (b"550-see\r\n550 5.7.1 below\r\n", 550, "5.7.1", "see\nbelow"),
        (b"220-mx here\r\n521 5.3.2 go away\r\n", 521, "5.3.2", "mx here\ngo away"),  # postscreen's teaser
        ("550 gesperrt für Müller\r\n".encode(), 550, None, "gesperrt für Müller"),
        ("550 gesperrt für Müller\r\n".encode("latin-1"), 550, None, "gesperrt für Müller"),
        (b"550 a\x1b[2Jb\x00c\td\r\n", 550, None, "a\\u001b[2Jb\\u0000c\td"),
        ("550 a\u202eb\u2028c\r\n".encode(), 550, None, "a\\u202eb\\u2028c"),
        (b"550 a\rb\r\n", 550, None, "a\\rb"),
    ],
)
def test_a_reply(data: bytes, code: int, enhanced: str | None, text: str) -> None:
    (reply,) = read(data)
    assert isinstance(reply, Reply)
    assert (reply.code, reply.enhanced, reply.text) == (code, enhanced, text)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", 'not an SMTP reply: "HTTP/1.1 400 Bad Request"'),
        (b"\r\n", "not an SMTP reply"),
        (b"25 ok\r\n", "not an SMTP reply"),
        (b"2500 ok\r\n", "not an SMTP reply"),
        (b"199 ok\r\n", "not an SMTP reply"),
        (b"600 ok\r\n", "not an SMTP reply"),
        (b"250ok\r\n", "not an SMTP reply"),
        (b"\x16\x03\x01\x02\x00\x01\n", 'not an SMTP reply: "\\u0016\\u0003\\u0001\\u0002\\u0000\\u0001"'),
        (b"250-ok\r\n220 ok\r\n", "began with 250 and went on with 220"),
        (b"2" * (MAX_LINE + 1), f"a line of more than {MAX_LINE} bytes"),
        (b"250 " + b"x" * MAX_LINE + b"\r\n", f"a line of more than {MAX_LINE} bytes"),
        (b"250-a\r\n" * (MAX_LINES + 1), "a reply without end"),
        ((b"250-" + b"a" * 4000 + b"\r\n") * 9, "a reply without end"),
    ],
)
def test_nonsense(data: bytes, says: str) -> None:
    (trouble,) = read(data)
    assert isinstance(trouble, WireFault)
    assert trouble.fault is Fault.NONSENSE
    assert says in trouble.text
    assert len(trouble.text) < 700


@pytest.mark.parametrize("data", [b"", b"250", b"250 ok", b"250 ok\r", b"250-ok\r\n", b"250-ok\r\n250"])
def test_half_a_reply_is_waited_for(data: bytes) -> None:
    assert read(data) == []


def test_several_replies_in_one_packet_stay_apart() -> None:
    assert read(b"220 hi\r\n421 4.7.0 bye\r\n") == [Reply(220, None, ("hi",)), Reply(421, "4.7.0", ("bye",))]


def test_what_came_before_nonsense_is_kept() -> None:
    first, then = read(b"220 hi\r\nnonsense\r\n250 later\r\n")
    assert first == Reply(220, None, ("hi",))
    assert isinstance(then, WireFault)


def test_replies_that_nobody_reads_are_bounded() -> None:
    *replies, trouble = read(b"250 ok\r\n" * 100_000)
    assert len(replies) == MAX_WAITING
    assert isinstance(trouble, WireFault)


def test_what_is_forgotten_is_told() -> None:
    reader = ReplyReader()
    assert reader.discard() == ""
    reader.feed(b"250 one\r\n250-two\r\n25")
    assert reader.discard() == '250 one\n250-two\n"25"'
    assert reader.take() is None
    reader.feed(b"250 fresh\r\n")
    assert reader.take() == Reply(250, None, ("fresh",))


@pytest.mark.parametrize(
    ("lines", "offered"),
    [
        (("mx",), {}),
        (("mx", "SIZE 1000", "starttls"), {"SIZE": "1000", "STARTTLS": ""}),
        (("mx", "AUTH PLAIN LOGIN", "AUTH=LOGIN"), {"AUTH": "PLAIN LOGIN LOGIN"}),
        (("mx", "AUTH=plain"), {"AUTH": "PLAIN"}),
        (("STARTTLS",), {}),  # the first line is its name
    ],
)
def test_what_ehlo_offers(lines: tuple[str, ...], offered: dict[str, str]) -> None:
    assert extensions(Reply(250, None, lines)) == offered


PIECES = st.sampled_from(
    [b"250", b"-", b" ", b"ok", b"\r", b"\n", b"\r\n", b"5.7.1 ", b"421 ", b"x" * 3000, b"\xff\x00"]
)
STREAMS = st.lists(st.one_of(PIECES, st.binary(max_size=30)), max_size=60).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 2000), max_size=8))
def test_how_the_bytes_are_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
    assert read(*(data[start:end] for start, end in pairwise(places))) == read(data)


@given(STREAMS)
def test_whatever_comes_is_bounded_and_safe_to_show(data: bytes) -> None:
    reader = ReplyReader()
    reader.feed(data * 20)
    for _ in range(MAX_WAITING + 1):
        heard = reader.take()
        if heard is None:
            break
        assert len(heard.text) <= 4 * MAX_REPLY
        assert all(c.isprintable() or c in "\t\n" for c in heard.text)
    assert len(reader.half()) <= 4 * MAX_REPLY
