"""Bounces that mean harm: nothing raises, hangs or grows, and what is said before the harm is still read."""

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.reading.bounces import RECIPIENTS_READ, read_bounce
from probes.reading.facts import BounceFacts, MailKind
from probes.reading.mime import open_mail

SECONDS = 2.0  # for the worst of them; a plain bounce takes a few thousandths

HEAD = b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n"
SAID = b"<ann@company.example>:\nRemote host said: 550 5.1.1 no such user\n"
GROUP = b"Final-Recipient: rfc822; ann@company.example\nAction: failed\nStatus: 5.1.1\n"
REPORT = HEAD + b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"


def levels(count: int, kind: bytes) -> bytes:
    """A mail whose parts stand in each other."""
    if kind == b"message/rfc822":
        return HEAD + (b"Content-Type: message/rfc822\n\n" * count) + SAID
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number) for number in range(count)
    )
    return HEAD + opened + b"\n" + SAID


HARM: dict[str, Callable[[], bytes]] = {
    "50 MB of text": lambda: HEAD + b"\n" + SAID + b"word word word\n" * 3_500_000,
    "50 MB on one line": lambda: HEAD + b"\n" + SAID + b"a" * 50_000_000,
    "50 MB of base64": lambda: HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QUFB\n" * 10_000_000,
    "10,000 headers": lambda: HEAD + b"X-Nothing: at all\n" * 10_000 + b"\n" + SAID,
    "a header of 1 MB": lambda: HEAD + b"X-Long: " + b"a" * 1_000_000 + b"\n\n" + SAID,
    "a subject of 1 MB": lambda: b"From: MAILER-DAEMON@x\nSubject: " + b"=?utf-8?q?a" * 90_000 + b"\n\n" + SAID,
    "a header of 300,000 folds": lambda: HEAD + b"X-Long: a\n" + b" a\n" * 300_000 + b"\n" + SAID,
    "5,000 levels of multipart": lambda: levels(5000, b"multipart/mixed"),
    "5,000 levels of messages": lambda: levels(5000, b"message/rfc822"),
    "one boundary on 5,000 levels": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" * 5000 + SAID,
    "200,000 parts": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\na\n" * 200_000,
    "a boundary mentioned at each place": lambda: HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b" * 1_000_000,
    "100,000 recipients in a report": lambda: REPORT + (GROUP + b"\n") * 100_000,
    "100,000 recipients in prose": lambda: HEAD + b"\n" + SAID * 50_000,
    "100,000 known recipients": lambda: HEAD + b"X-Failed-Recipients: " + b"a@b.example, " * 100_000 + b"\n\n" + SAID,
    "a diagnostic of 1 MB": lambda: REPORT + GROUP + b"Diagnostic-Code: smtp; 550 " + b"a " * 500_000,
    "a megabyte of at signs": lambda: HEAD + b"\n" + SAID + b"@" * 1_000_000,
    "a megabyte of names without domain": lambda: HEAD + b"\n" + SAID + b"aaaaaaaaaaaaaaaaaaaaaa " * 45_000,
    "a megabyte of an address": lambda: HEAD + b"\n" + SAID + b"a@" + b"b." * 500_000,
    "a megabyte of brackets": lambda: HEAD + b"\n" + SAID + b"<" * 1_000_000,
    "a megabyte of codes": lambda: HEAD + b"\n" + SAID + b"550 5.1.1 " * 100_000,
    "a megabyte of answers": lambda: HEAD + b"\n   ----- Transcript of session follows -----\n" + b"<<< 550 no\n" * 90_000,
    "a megabyte of quotes": lambda: HEAD + b"\n> Final-Recipient: rfc822; a@b.example\n" + b"> " * 500_000,
    "a megabyte of spaces": lambda: HEAD + b"\n" + SAID + b" " * 1_000_000,
    "a megabyte of empty lines": lambda: HEAD + b"\n" + SAID + b"\n" * 1_000_000,
    "a megabyte of lines of spaces": lambda: HEAD + b"\n" + SAID + b"   \n" * 250_000,
    "a megabyte of open tags": lambda: HEAD + b"Content-Type: text/html\n\n" + b"<style" * 160_000,
    "a megabyte of half tags": lambda: HEAD + b"Content-Type: text/html\n\n" + b"<a " * 330_000,
    "a megabyte of entities": lambda: HEAD + b"Content-Type: text/html\n\n" + b"&#99999999999;" * 70_000,
    "json of 100,000 levels": lambda: HEAD + b'\n{"notificationType":' + b"[" * 100_000,
    "json of a number of 100,000 digits": lambda: HEAD + b'\n{"notificationType":' + b"9" * 100_000 + b"}",
    "json of another shape": lambda: HEAD + b'\n{"notificationType":"Bounce","bounce":{"bouncedRecipients":[1,[],{"status":7}]}}',
    "envelopes of 10,000 levels": lambda: HEAD + b"\n" + b'{"Message":' * 10_000 + b"1" + b"}" * 10_000,
    "an envelope in escapes of 1 MB": lambda: HEAD + b'\n{"Message":"' + b"\\\\" * 500_000 + b'"}',
    "json of 250,000 cut lines": lambda: HEAD + b'\n{"Message":"' + b"!\n " * 250_000,
    "a megabyte of commands": lambda: REPORT.replace(b"--b\n", b"--b\n\n" + b">>> RCPT To:<a@b.example>\n<<< 550 no\n" * 25_000 + b"--b\n", 1) + GROUP + b"Diagnostic-Code: smtp; 554 delivery failed\n",
    "json with a list for its kind": lambda: HEAD + b'\n{"notificationType":["Bounce"],"bounce":7}',
    "a charset that is a codec": lambda: HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + SAID + b"a-" * 500_000,
    "a date of year 0": lambda: HEAD + b"Date: Mon, 00 Jan 0000 99:99:99 +9999\n\n" + SAID,
    "lone carriage returns": lambda: HEAD + b"\r\r\r" + SAID.replace(b"\n", b"\r") * 1000,
    "null bytes": lambda: HEAD + b"\0\n\n\0" + SAID + b"\0" * 1_000_000,
    "broken utf-8": lambda: HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + SAID + b"\xff\xfe\x80" * 300_000,
    "a megabyte of escapes": lambda: HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\n\n" + SAID + b"\x1b$B" * 300_000,
}  # fmt: skip


def within_bounds(facts: BounceFacts) -> None:
    assert len(facts.recipients) <= RECIPIENTS_READ
    assert len(facts.reporting_mta) <= 10_000
    for one in facts.recipients:
        assert len(one.address) <= 10_000
        assert len(one.reply) <= 10_000
        assert one.action in {"failed", "delayed", "delivered", "relayed", "expanded"}


@pytest.mark.parametrize("name", HARM)
def test_harm_is_bounded_in_time(name: str) -> None:
    data = HARM[name]()
    began = time.process_time()
    within_bounds(read_bounce(data))
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize(
    "name", ["50 MB of text", "10,000 headers", "a header of 1 MB", "broken utf-8", "a date of year 0"]
)
def test_what_stands_before_the_harm_is_read(name: str) -> None:
    facts = read_bounce(HARM[name]())
    if name in ("10,000 headers", "a date of year 0", "broken utf-8", "50 MB of text"):
        assert [one.address for one in facts.recipients][:1] == ["ann@company.example"]
    assert facts.kind is MailKind.BOUNCE


def test_levels_end_early() -> None:
    assert len(open_mail(levels(5000, b"multipart/mixed")).parts) == 1


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_will_do(data: bytes) -> None:
    within_bounds(read_bounce(data))


WORDS = st.sampled_from(
    [
        b"From: MAILER-DAEMON@x.example\n", b"Subject: failure notice\n", b"Subject: =?utf-8?b?ZmFpbA==?=\n",
        b"Content-Type: multipart/report; boundary=b\n", b"Content-Type: text/html\n", b"Content-Type: message/rfc822\n",
        b"Content-Type: message/delivery-status\n", b"Content-Type: message/feedback-report\n", b"Content-Type: text/plain; charset=utf-7\n",
        b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n",
        b"X-Failed-Recipients: a@b.example,\n", b"\n", b"\n\n", b"--b\n", b"--b--\n", b"\n--b\n\n", b"\r\n", b"\t", b"  ",
        b"Final-Recipient: rfc822; a@b.example\n", b"Original-Recipient: ;\n", b"Action: failed\n", b"Status: 5.1.1\n", b"Status: .\n",
        b"Diagnostic-Code: smtp; 550 5.1.1 no\n", b"<a@b.example>:\n", b"a@b.example\n", b"@\n", b"550 5.1.1 ", b"<<< 550 no\n",
        b"550 <a@b.example>... no\n", b"   ----- Transcript of session follows -----\n", b"--- Below this line is a copy\n",
        b'{"notificationType":"Bounce","bounce":{}}', b"\xff", b"\0", b"=", b"=3D", b"\x1b$B", b"<", b"&#x110000;",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, max_size=25))
def test_any_words_of_bounces_in_any_order_will_do(words: list[bytes]) -> None:
    within_bounds(read_bounce(b"".join(words)))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=300), st.text(max_size=40))
def test_any_text_in_a_report_will_do(diagnostic: str, status: str) -> None:
    group = f"Final-Recipient: rfc822; ann@company.example\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {diagnostic}"
    facts = read_bounce(REPORT + group.encode("utf-8", "surrogateescape") + b"\n--b--\n")
    within_bounds(facts)
    assert facts.kind is not MailKind.AUTO_REPLY


@pytest.mark.parametrize("letters", ["\u0130", "\u0130\u00c9\u212a", "\u00df\ufb03"])
def test_letters_that_grow_in_lower_case_move_nothing(letters: str) -> None:
    text = (
        f"{letters * 50}\nCOULD NOT BE DELIVERED\n\n{SAID.decode()}{letters * 20}\nReturn-Path: <eve@other.example>\n"
    )
    facts = read_bounce(HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode())
    [one] = facts.recipients
    assert (one.address, one.reply) == ("ann@company.example", f"550 5.1.1 no such user {letters * 20}")


def many(count: int, opening: bytes, about: bytes, below: bytes = b"") -> bytes:
    return opening + b"".join(about.replace(b"%d", b"%d" % number) for number in range(count)) + below


SAID_AT_LENGTH = b"words that say nothing at all of the cause and go on " * 150
MANY: dict[str, bytes] = {
    "each named in a header, above a long text": many(500, HEAD + b"X-Failed-Recipients: ", b"a%d@company.example,", b"\n\n" + SAID_AT_LENGTH),
    "each named in prose, above a long text": many(500, HEAD + b"\n", b"<a%d@company.example>:\n", SAID_AT_LENGTH),
    "each with a long text of its own": many(500, HEAD + b"\n", b"<a%d@company.example>:\n" + SAID_AT_LENGTH[:500] + b"\n\n"),
    "each with a long diagnostic": many(500, REPORT, b"Final-Recipient: rfc822; a%d@company.example\nDiagnostic-Code: smtp; " + SAID_AT_LENGTH[:500] + b"\n\n"),
    "one with 500 long diagnostics": REPORT + (GROUP + b"Diagnostic-Code: smtp; " + SAID_AT_LENGTH[:400] + b"\n\n") * 500,
    "each in JSON with a long diagnostic": many(400, HEAD + b'\n{"notificationType":"Bounce","bounce":{"bouncedRecipients":[', b'{"emailAddress":"a%d@b.example","diagnosticCode":"' + SAID_AT_LENGTH[:500] + b'"},', b'{"emailAddress":"b@b.example"}]}}'),
}  # fmt: skip


@pytest.mark.parametrize("name", MANY)
def test_many_recipients_cost_no_more_than_few(name: str) -> None:
    """A mail of 18 kB took 20 s: 500 recipients, and the text about all of them read for each."""
    began = time.process_time()
    facts = read_bounce(MANY[name])
    assert time.process_time() - began < 1.0
    within_bounds(facts)
    assert facts.kind is MailKind.BOUNCE
    assert facts.recipients
