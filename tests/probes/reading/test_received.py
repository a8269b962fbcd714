"""What Received lines tell: one row, one belief."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar, SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.reading.received import ReceivedLines, border_of, hops, is_internal, latest

SENDER_IP = "104.130.122.50"
WHEN = "Mon, 23 Nov 2026 08:00:00 +0000"


def hop(line):
    return hops(f"Received: {line}\r\n")[0]


@pytest.mark.parametrize(
    ("line", "ip"),
    [
        ("from a.example (m50.mail.example [104.130.122.50]) by mx.acme.test (Postfix) with ESMTPS", SENDER_IP),
        ("from m50.example ([104.130.122.50] helo=[10.1.1.1]) by mx.acme.test (Exim 4.96)", SENDER_IP),
        ("from m50.example ([104.130.122.50]:2525 helo=x) by mx.acme.test (Exim 4.96)", SENDER_IP),
        ("from [104.130.122.50] (helo=account.trimble.com) by mx.acme.test with esmtp (Exim 4.96)", SENDER_IP),
        ("from [104.130.122.50] (port=40022 helo=[10.1.1.1]) by mx.acme.test with esmtp", SENDER_IP),
        ("from [104.130.122.50] by mx.acme.test with esmtp (Exim 4.96)", SENDER_IP),
        ("from [10.9.9.9] (m50.mail.example [104.130.122.50]) by mx.acme.test (Postfix)", SENDER_IP),
        ("from a([10.1.1.1]) (unknown [104.130.122.50]) by mx.acme.test (Postfix)", SENDER_IP),
        ("from a (ident@m50.example [104.130.122.50] (may be forged)) by mx.acme.test (8.18.1)", SENDER_IP),
        ("from a.example (104.130.122.50) by AM1.mail.protection.outlook.com (10.152.1.1)", SENDER_IP),
        ("from unknown (HELO account.trimble.com) (104.130.122.50) by mx.acme.test with SMTP", SENDER_IP),
        ("from unknown (HELO a) ([104.130.122.50]) by esa.acme.test with ESMTP", SENDER_IP),
        ("from 104.130.122.50 (EHLO a.example) by 10.1.1.1 with SMTPs", SENDER_IP),
        ("from [104.130.122.50] (HELO a.example) by acme.test (CommuniGate Pro SMTP 6)", SENDER_IP),
        ("from a.example(mailfrom:x@a.example fp:S1 cluster:c ip:104.130.122.50) by smtp.provider.test", SENDER_IP),
        ("from a (a.example [104.130.122.50]) (using TLSv1.3 with cipher X (256/256 bits)) by mx.test", SENDER_IP),
        ("from x ([IPv6:2001:db8::25]) by mx.acme.test (Postfix) with ESMTP", "2001:db8::25"),
        ("from x (x.example. [2001:db8::25]) by mx.google.com with ESMTPS", "2001:db8::25"),
        ("from [104.130.122.50] by mx.acme.test with SMTP", ""),  # the client's own word
        ("from x.example (HELO [104.130.122.50]) by mx.acme.test with SMTP", ""),
        ("from localhost by mx.acme.test with LMTP", ""),
        ("from a.example ([999.1.1.1]) by mx.acme.test", ""),
        ("by mx.acme.test (Dovecot) with LMTP id 1", ""),
        ("from", ""),
        ("", ""),
    ],
)
def test_the_address_that_connected(line, ip) -> None:
    assert hop(f"{line}; {WHEN}").ip == ip


@pytest.mark.parametrize(
    ("line", "helo", "rdns", "by", "tls"),
    [
        (
            "from a.example (m50.example [192.0.2.1]) (using TLSv1.2 with cipher X) by MX.acme.test with ESMTPS id 1",
            "a.example",
            "m50.example",
            "mx.acme.test",
            "TLSv1.2",
        ),
        ("from a (unknown [192.0.2.1]) by mx.acme.test (Postfix) with ESMTP id 1", "a", "", "mx.acme.test", ""),
        ("from a (b.example [192.0.2.1] (may be forged)) by mx.test (8.18) with ESMTPS", "a", "", "mx.test", "TLS"),
        ("from b.example ([192.0.2.1] helo=a) by mx.test with esmtps (TLS1.3)", "a", "b.example", "mx.test", "TLSv1.3"),
        ("from b.example (HELO a) (192.0.2.1) by mx.test with SMTP", "a", "b.example", "mx.test", ""),
        ("from a (192.0.2.1) by x.outlook.com (10.0.0.1) (version=TLS1_2, c)", "a", "", "x.outlook.com", "TLSv1.2"),
        ("from a (b.test. [192.0.2.1]) by mx.google.com (version=TLS1_3)", "a", "b.test", "mx.google.com", "TLSv1.3"),
    ],
)  # fmt: skip
def test_names_and_encryption(line, helo, rdns, by, tls) -> None:
    found = hop(f"{line}; {WHEN}")
    assert (found.helo, found.rdns, found.by, found.tls) == (helo, rdns, by, tls)


@pytest.mark.parametrize(
    ("date", "hour"),
    [
        ("Mon, 23 Nov 2026 08:00:00 +0000", 8),
        ("Mon, 23 Nov 2026 10:00:00 +0200 (CEST)", 8),
        ("23 Nov 2026 08:00:00 -0000", 8),
        ("Mon, 23 Nov 2026 03:00:00 EST", 8),
        ("Mon, 23 Nov 2026 08:00:00.1234567 GMT", 8),
        ("Mon, 23 Nov 2026 08:00 +0000", 8),
        ("Mon, 23 Nov 0000 08:00:00 +0000", None),
        ("Mon, 23 Nov 99999 08:00:00 +0000", None),
        ("Mon, 31 Feb 2026 08:00:00 +0000", None),
        ("Fri, 31 Dec 9999 23:00:00 -0900", None),
        ("Mon, 23 Nov 2026 08:00:00 +9999", None),
        ("yesterday", None),
    ],
)
def test_dates(date, hour) -> None:
    assert hop(f"from a (b [192.0.2.1]) by c; {date}").at == (hour and datetime(2026, 11, 23, hour, tzinfo=UTC))


def test_hops_come_latest_first_with_times_and_the_delay_since_the_hop_below() -> None:
    chain = hops(
        "X: y\r\nReceived: from a (a [192.0.2.1])\r\n\tby b.test; Mon, 23 Nov 2026 09:05:02 +0100\r\n"
        "Received: from n (n [192.0.2.3]) by m.test; nonsense\r\n"
        "Received: from c (c [192.0.2.2]) by d.test; Mon, 23 Nov 2026 08:00:00 +0000\r\n"
    )
    assert [(hop.by, hop.ip) for hop in chain] == [
        ("b.test", "192.0.2.1"),
        ("m.test", "192.0.2.3"),
        ("d.test", "192.0.2.2"),
    ]
    assert [hop.at and hop.at.minute for hop in chain] == [5, None, 0]
    assert [hop.delay for hop in chain] == [timedelta(seconds=302), None, None]
    assert latest(chain) == datetime(2026, 11, 23, 8, 5, 2, tzinfo=UTC)


TWO_SIDES = (
    "Received: from gw.acme.test (gw.acme.test [10.0.0.9]) by store.acme.test with LMTP\n"
    "Received: from m.relay.test (m.relay.test [192.0.2.7]) by gw.acme.test (Postfix)\n"
    "Received: from app.relay.test (app.relay.test [192.0.2.8]) by m.relay.test (Postfix)\n"
    "Received: from user ([198.51.100.4]) by app.relay.test with ESMTPSA\n"
)


@pytest.mark.parametrize(
    ("headers", "relayed", "receiver", "ip"),
    [
        (TWO_SIDES, None, None, "192.0.2.7"),  # the topmost that came from outside
        (TWO_SIDES, True, None, "192.0.2.7"),  # the lowest that the relay did not write
        (TWO_SIDES, False, None, "198.51.100.4"),  # our own message: nobody stands before its first server
        (TWO_SIDES, None, "relay.test", "198.51.100.4"),
        (TWO_SIDES, None, "nowhere.test", "192.0.2.7"),
        (  # a HELO is the client's word: it does not make him one of ours
            "Received: from mx.acme.test (unknown [203.0.113.9]) by mx.acme.test (Postfix)\n"
            "Received: from x (good.example [192.0.2.1]) by mx.acme.test\n",
            None,
            None,
            "203.0.113.9",
        ),
        (  # Exchange Online: its own addresses, then the client at its border, then what he says
            "Received: from A.namprd.prod.outlook.com (2603:10b6:1::1) by B.namprd.prod.outlook.com (2603:10b6:2::1)\n"
            "Received: from C.prod.protection.outlook.com (2a01:111:f400::1) by A.outlook.office365.com (10.1.1.4)\n"
            "Received: from o.outbound.protection.outlook.com (192.0.2.1) by C.mail.protection.outlook.com (10.1.1.1)\n"
            "Received: from evil (203.0.113.9) by D.mail.protection.outlook.com (10.1.1.2)\n",
            None,
            None,
            "192.0.2.1",
        ),
        (  # where the border's line cannot be read, nothing below it counts
            "Received: from x (nonsense) by C.mail.protection.outlook.com (10.1.1.1)\n"
            "Received: from x (a.example [203.0.113.9]) by y.example\n",
            None,
            None,
            "",
        ),
        (  # a message from inside
            "Received: from pc.acme.test (pc.acme.test [192.0.2.50]) by mx.acme.test (Postfix)\n",
            None,
            None,
            "192.0.2.50",
        ),
        ("Received: from x (x [127.0.0.1]) by localhost\n", None, None, "127.0.0.1"),
    ],
)
def test_the_border(headers, relayed, receiver, ip) -> None:
    chain = hops(headers)
    border = border_of(chain, relayed=relayed, receiver=receiver)
    assert border is not None
    assert chain[border].ip == ip


def test_without_a_line_there_is_no_border() -> None:
    assert border_of(()) is None
    assert border_of(hops("Subject: x\n"), relayed=False) is None
    assert border_of(hops("Received: by relay.test\n"), relayed=True) is None


@pytest.mark.parametrize(
    "ip", ["10.1.2.3", "127.0.0.1", "::1", "fe80::1", "2603:10b6:1::1", "", "nonsense", "192.168.1.1"]
)
def test_addresses_of_the_inside(ip) -> None:
    assert is_internal(ip)


@pytest.mark.parametrize("ip", [SENDER_IP, "192.0.2.1", "2001:db8::1", "8.8.8.8"])
def test_addresses_of_the_outside(ip) -> None:
    assert not is_internal(ip)


def test_a_chain_without_end_is_cut() -> None:
    assert len(hops("Received: from a (a [192.0.2.1]) by b\n" * 5000)) == 200


@given(st.text())
def test_lines_never_break_the_reader(text) -> None:
    hops("Received: " + text)
    border_of(hops("Received: " + text + "\nReceived: from " + text), relayed=True)


@given(
    st.lists(
        st.sampled_from(["from ", "by ", "(", ")", "[", "]", "192.0.2.1", "helo=", "HELO ", ";", " ", "a.b", WHEN])
    )
)
def test_lines_out_of_their_pieces_never_break_the_reader(pieces) -> None:
    line = "".join(pieces)
    for found in hops(f"Received: {line}\nReceived: {line}"):
        assert found.ip in ("", "192.0.2.1")


class Watched(str):
    """A line that notes when it is read."""

    __slots__ = ()
    read: ClassVar[list[str]] = []

    def __getitem__(self, place: SupportsIndex | slice) -> str:
        self.read.append(str(self))
        return super().__getitem__(place)


def test_lines_are_read_one_by_one_as_asked_for() -> None:
    lines = ReceivedLines([Watched(f"from a by {name}; {WHEN}") for name in ("top", "middle", "bottom")])
    assert [each.by for each in (lines[-1], lines[2], *lines[1:])] == ["bottom", "bottom", "middle", "bottom"]
    assert [line.split()[3] for line in Watched.read] == ["bottom;", "middle;"]
    with pytest.raises(IndexError):
        lines[3]
