"""What headers and replies say: one row, one belief."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.evidence import Stage
from probes.reading.filters import spam_sign
from probes.reading.received import border, hops
from probes.reading.replies import cause_of
from probes.verdict import Cause

SENDER_IP = "104.130.122.50"


@pytest.mark.parametrize(
    ("line", "ip"),
    [
        (
            "from a.example (m50.mail.example [104.130.122.50]) by mx.acme.test (Postfix) with ESMTPS",
            "104.130.122.50",
        ),
        (
            "from m50.example ([104.130.122.50] helo=[10.1.1.1]) by mx.acme.test (Exim 4.96)",
            "104.130.122.50",
        ),
        ("from [104.130.122.50] (helo=account.trimble.com) by mx.acme.test with esmtp (Exim 4.96)", SENDER_IP),
        ("from [10.9.9.9] (m50.mail.example [104.130.122.50]) by mx.acme.test (Postfix)", SENDER_IP),
        (
            "from a.example (104.130.122.50) by AM1.mail.protection.outlook.com (10.152.1.1)",
            "104.130.122.50",
        ),
        ("from unknown (HELO account.trimble.com) (104.130.122.50) by mx.acme.test with SMTP", SENDER_IP),
        ("from x ([IPv6:2001:db8::25]) by mx.acme.test (Postfix) with ESMTP", "2001:db8::25"),
        ("from localhost by mx.acme.test with LMTP", ""),
        ("by mx.acme.test (Dovecot) with LMTP id 1", ""),
    ],
)
def test_the_address_that_connected(line, ip):
    assert hops(f"Received: {line}; Mon, 23 Nov 2026 08:00:00 +0000\r\n")[0].ip == ip


def test_hops_come_latest_first_with_their_times():
    chain = hops(
        "X: y\r\nReceived: from a (a [192.0.2.1])\r\n\tby b.test; Mon, 23 Nov 2026 09:00:02 +0100\r\n"
        "Received: from c (c [192.0.2.2]) by d.test; nonsense\r\n"
    )
    assert [(hop.by, hop.ip) for hop in chain] == [("b.test", "192.0.2.1"), ("d.test", "192.0.2.2")]
    assert [hop.at for hop in chain] == [datetime(2026, 11, 23, 8, 0, 2, tzinfo=UTC), None]


@given(st.text())
def test_headers_never_break_the_reader(text):
    hops("Received: " + text)
    border("Received: " + text + "\nReceived: from " + text, relayed=True)
    spam_sign(text)


@pytest.mark.parametrize(
    ("stage", "code", "enhanced", "text", "cause"),
    [
        (Stage.RCPT, 554, "5.7.1", "<m50[104.130.122.50]>: Client host rejected: Access denied", Cause.IP_BLOCKED),
        (
            Stage.MAIL,
            554,
            "5.7.1",
            "<b@a.example>: Sender address rejected: Access denied",
            Cause.DOMAIN_BLOCKED,
        ),
        (
            Stage.MAIL,
            554,
            "5.7.1",
            "<b+mprblspf@a.example>: Sender address rejected",
            Cause.DOMAIN_BLOCKED,
        ),
        (Stage.RCPT, 554, "5.7.1", "mx.marble.example: Client host rejected", Cause.IP_BLOCKED),
        (
            Stage.RCPT,
            554,
            "5.7.1",
            "Client host [104.130.122.50] blocked using zen.example",
            Cause.IP_LISTED,
        ),
        (
            Stage.RCPT,
            450,
            "4.2.0",
            "<p@a.test>: Recipient address rejected: Greylisted",
            Cause.GREYLISTED,
        ),
        (Stage.END_OF_DATA, 451, "4.7.1", "Try again later", Cause.GREYLISTED),
        (Stage.RCPT, 450, "4.3.2", "Service currently unavailable", Cause.GREYLISTED),
        (Stage.RCPT, 550, "5.1.1", "<p@a.test>: Recipient address rejected: User unknown", Cause.NO_SUCH_USER),
        (Stage.RCPT, 554, "5.7.1", "<p@b.test>: Relay access denied", Cause.RELAY_DENIED),
        (Stage.RCPT, 452, "4.2.2", "The email account that you tried to reach is out of storage", Cause.MAILBOX_FULL),
        (Stage.RCPT, 450, "4.7.25", "Client host rejected: cannot find your hostname, [104.130.122.50]", Cause.RDNS),
        (Stage.END_OF_DATA, 550, "5.7.26", "Unauthenticated email from account.trimble.com", Cause.AUTHENTICATION),
        (Stage.END_OF_DATA, 550, "5.7.1", "Spam message rejected", Cause.CONTENT),
        (Stage.END_OF_DATA, 550, "5.7.1", "no", Cause.CONTENT),
        (Stage.BANNER, 554, None, "No SMTP service here", Cause.IP_BLOCKED),
        (Stage.MAIL, 530, "5.7.0", "Must issue a STARTTLS command first", Cause.TLS),
        (Stage.BANNER, 421, "4.3.0", "server busy", Cause.SERVER_FAULT),
        (Stage.RCPT, 450, None, "later", Cause.UNCLEAR),
    ],
)
def test_the_cause_of_a_refusal(stage, code, enhanced, text, cause):
    assert cause_of(stage, code, enhanced, text) is cause
