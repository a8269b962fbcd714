"""Mail of programs that reports no failure is no bounce, and advice or general statements accuse nobody."""

import pytest

from probes.outcome import Cause
from probes.reading.bounces import read_bounce
from probes.reading.facts import MailKind
from probes.reading.replies import deciding_text, read_reply
from probes.reading.replies.why import explain

HEAD = "Return-Path: <>\nFrom: MAILER-DAEMON@acme.example\nSubject: {}\nContent-Type: text/plain\n\n{}\n"
FULL = "Your message to anna@acme.example could not be delivered.\n\nThe mailbox of Anna is full.\n\n"


def notice(text: str, subject: str = "Your message") -> bytes:
    return HEAD.format(subject, text).encode()


@pytest.mark.parametrize(
    "text",
    [
        "Your message was successfully delivered to ann@acme.example.",
        "Ihre Nachricht an ann@acme.example wurde erfolgreich zugestellt.",
        "Your message to ann@acme.example was relayed; no further notice will come.",
        "Your message to ann@acme.example is held until the administrator releases it.",
        "We got your request. You will hear from help@acme.example soon.",
        "No address here at all.",
        "Warning: your mailbox is 95 % full.",
        "Your new address ann@acme.example is ready.",
        "",
    ],
)
def test_a_program_that_reports_no_failure_sent_no_bounce(text: str) -> None:
    facts = read_bounce(notice(text))
    assert (facts.kind, facts.recipients) == (MailKind.OTHER, ())


@pytest.mark.parametrize(
    "text",
    [
        "Your message to ann@acme.example has not been delivered: no such user.",
        "ann@acme.example\n550 5.1.1 no such user",
        "<ann@acme.example>: 5.1.1 unknown",
    ],
)
def test_one_that_reports_a_failure_did(text: str) -> None:
    assert read_bounce(notice(text)).kind is MailKind.BOUNCE


@pytest.mark.parametrize(
    "general",
    [
        "Some servers reject mail when the sender is blocked or your IP address is listed at Spamhaus.",
        "Some servers reject mail when the IP address is listed at Spamhaus.",
        "Mail is refused when your IP address is blacklisted.",
        "We reject messages whose sender fails SPF.",
        "Mail from senders with a poor reputation is rejected by our filter.",
        "Servers also reject mail from addresses that Spamhaus lists.",
    ],
)
def test_a_general_statement_does_not_outrank_the_stated_reason(general: str) -> None:
    (recipient,) = read_bounce(notice(FULL + general)).recipients
    assert recipient.cause is Cause.MAILBOX_FULL


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.0.0 Sorry. See https://help.acme.example/errors if your IP address is on a blocklist",
        "554 No. If your SPF record is broken, repair it",
        "550 If your address is blocked, call us",
        "Rejected. If your IP address is listed at Spamhaus, please contact them.",
        "Rejected. If your IP address is listed at Spamhaus, ask https://www.spamhaus.org/lookup/ to remove it.",
        "550 Mail refused. Check if your address is listed at zen.spamhaus.org.",
        "550 Refused if listed in zen.spamhaus.org",
    ],
)
def test_a_condition_is_no_statement_even_if_nothing_else_is_said(reply: str) -> None:
    facts = read_reply(reply)
    assert (facts.cause, facts.blocklist) == (Cause.UNCLEAR, None)


@pytest.mark.parametrize(
    "reply",
    [
        "550 Your IP address is listed at Spamhaus. If it is no longer listed, try again.",
        "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org; if this is wrong, ask your provider",
        "550 Refused. If you think that this is an error, see https://www.spamhaus.org/query/ip/192.0.2.1",
    ],
)
def test_a_list_beside_a_condition_is_stated(reply: str) -> None:
    facts = read_reply(reply)
    assert (facts.cause, (facts.blocklist or "")[:8]) == (Cause.IP_LISTED, "Spamhaus")


@pytest.mark.parametrize(
    "frame",
    [
        "host mx.acme.example[192.0.2.9] said: {}",
        "mx.acme.example[2001:db8::9]:25 (in the clear) said: {}",
        "server mx.acme.example[192.0.2.9] refused to talk to me: {}",
    ],
)
def test_the_host_that_gave_a_reply_is_none_of_its_words(frame: str) -> None:
    reply = "550 5.7.1 The mailbox you write to is blocked because of a billing dispute of its owner"
    assert read_reply(frame.format(reply)) == read_reply(reply)


def test_what_decided_is_what_is_explained() -> None:
    text = "550 5.7.1 Mail refused.\r\n\r\nThe mailbox of the recipient is full."
    facts, (best, *_) = read_reply(text), explain(deciding_text(text))
    assert (best.cause, best.probability) == (facts.cause, facts.confidence)
