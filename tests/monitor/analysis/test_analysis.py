"""What people paste: what it is, what it says, whom that concerns, and what to do; and the opposite cases."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.analyse import WatchedSender, analyse
from monitor.analysis.content import MAX_ANALYSED_BYTES, ContentKind, kind_of
from monitor.analysis.labels import CONTENT_KINDS
from monitor.analysis.words import CONCERNED, analysis_text
from probes.outcome import Cause, Concern
from tests.support.bounce_mails import BOUNCE as FORM

SENDER = WatchedSender("account.trimble.com", "104.130.122.50")
REFUSED = "550 5.7.1 Client host [104.130.122.50] is blocked by our own list"
BOUNCE = FORM.format(token="mp", recipient="probe@acme.test", action="failed", status="5.7.1", reply=REFUSED).encode()
MESSAGE = b"""Received: from mta.account.trimble.com (mta.account.trimble.com [104.130.122.50])
\tby mx.acme.example with ESMTPS id 1; Wed, 25 Nov 2026 12:05:00 +0000
Authentication-Results: mx.acme.example; spf=pass smtp.mailfrom=account.trimble.com; dkim=pass; dmarc=pass
X-Spam-Status: %s
From: no-reply@account.trimble.com
Subject: Your code

Hello
"""
SPAM = MESSAGE % b"Yes, score=7.1 required=5.0 tests=BAYES_99,HTML_MESSAGE"
CLEAN = MESSAGE % b"No, score=-1.0 required=5.0 tests=SPF_PASS"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", ContentKind.EMPTY),
        (b" \r\n\t", ContentKind.EMPTY),
        (b"550 5.7.1 Service unavailable", ContentKind.REPLY),
        (b"550-5.7.1: first line\n550 5.7.1: second line", ContentKind.REPLY),
        (b"host mx.acme.example[192.0.2.1] said: 550 no", ContentKind.REPLY),
        (b"Note: this is prose.\nSecond: line of prose.\n\nMore", ContentKind.REPLY),
        (b"From: Jane\n\n550 5.7.1 no", ContentKind.REPLY),
        (b"X-Forefront-Antispam-Report: CIP:192.0.2.1;SFV:SPM;SCL:5", ContentKind.MAIL),
        (SPAM, ContentKind.MAIL),
        (b"\xef\xbb\xbf\n" + CLEAN, ContentKind.MAIL),
        (b"From MAILER-DAEMON Wed Nov 25 12:05:00 2026\n" + CLEAN, ContentKind.MAIL),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, ContentKind.UNREADABLE),
        (b"PK\x03\x04" + b"\0" * 100, ContentKind.UNREADABLE),
    ],
)
def test_the_kind_is_seen_from_the_beginning(data: bytes, kind: ContentKind) -> None:
    assert kind_of(data) is kind


@pytest.mark.parametrize(
    ("data", "headline", "because"),
    [
        (REFUSED.encode(), "The message was rejected", "concerns the sender"),
        (BOUNCE, "its own block list contains the sender's IP address", "concerns the sender"),
        (b"550 5.1.1 <jane@acme.example>: User unknown", "does not know the recipient", "Nothing points to the sender"),
        (b"550 5.7.26 Unauthenticated email from account.trimble.com: DMARC policy", ": SPF, DKIM or DMARC", "sender"),
        (b"452 4.2.2 mailbox full", "was deferred, and may be tried again", "Nothing points to the sender"),
        (SPAM, "The message arrived, and the receiver's filter says that it is spam.", "X-Spam-Status"),
        (CLEAN, "The message arrived, and the receiver's filters call it clean.", "SPF pass"),
        (b"", "There was nothing to read.", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "It is not a text.", ""),
    ],
)
def test_the_answer_is_in_plain_words(data: bytes, headline: str, because: str) -> None:
    text = analysis_text(analyse(data, SENDER), SENDER)
    assert headline in text.headline
    assert because in " ".join(text.because)
    for sentence in (text.headline, *text.because):
        assert "_" not in sentence.replace("BAYES_99", "").replace("SPF_PASS", "").replace("HTML_MESSAGE", "")
        assert sentence[0].isupper()


@pytest.mark.parametrize(
    ("text", "caution"),
    [
        (REFUSED, False),
        ("550 5.7.1 mail from account.trimble.com is blocked", False),
        ("550 5.7.1 Client host [192.0.2.9] is blocked by our own list", True),
        ("550 5.7.1 Client host [104.130.122.501] is blocked by our own list", True),
        ("550 5.7.1 mail from notaccount.trimble.com is blocked", True),
        ("550 5.7.1 mail from account.trimble.com.evil.example is blocked", True),
    ],
)
def test_what_may_be_about_others_says_so(text: str, caution: bool) -> None:
    found = analyse(text.encode(), SENDER)
    said = analysis_text(found, SENDER).caution
    assert bool(said) is caution
    assert found.names_sender is not caution


OTHERS = SPAM.replace(b"account.trimble.com", b"news.example").replace(b"104.130.122.50", b"192.0.2.9")
FORGED = SPAM.replace(b"104.130.122.50", b"192.0.2.9").replace(b"spf=pass", b"spf=fail")


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        (SPAM, True),
        (OTHERS, False),
        (FORGED, False),  # anybody can write the domain into a From header
        (BOUNCE, True),
        (BOUNCE.replace(b"account.trimble.com", b"news.example").replace(b"104.130.122.50", b"192.0.2.9"), False),
        (REFUSED.encode(), True),
        (b"550 5.7.1 Client host [192.0.2.9] is blocked by our own list, from no-reply@account.trimble.com", False),
        (b"550 5.7.1 Sender no-reply@account.trimble.com is blocked by our own list", True),
        (b"550 5.7.1 Service unavailable, client host blocked", True),  # a text may leave out whom
        (b"550 5.7.1 Service unavailable, Client host [192.0.2.9] blocked using Spamhaus", False),
        (b"host mx.acme.example[192.0.2.1] said: 550 5.7.1 client host is blocked by our own list", True),
    ],
)
def test_nobody_is_to_change_a_thing_for_mail_of_others(data: bytes, ours: bool) -> None:
    found = analyse(data, SENDER)
    advice = found.refusals[0].advice if found.refusals else found.advice
    assert advice
    assert ("until it is known whose mail it is" not in advice.who) is ours
    said = " ".join((*advice.steps, *advice.workaround))
    assert ours or "104.130.122.50" not in said.replace(
        "is from account.trimble.com and leaves from 104.130.122.50", ""
    )
    assert bool(advice.runbook) is ours
    if found.refusals:
        assert ("Nothing in it points to Trimble" not in " ".join(analysis_text(found, SENDER).because)) is ours


def test_an_address_of_others_is_not_taken_for_the_senders() -> None:
    text = b"550 5.7.1 Client host [192.0.2.9] is blocked by our own list, from no-reply@account.trimble.com"
    assert "may be forged, or forwarded" in analysis_text(analyse(text, SENDER), SENDER).caution


def test_a_forged_message_is_called_one_that_may_be() -> None:
    assert "may be forged" in analysis_text(analyse(FORGED, SENDER), SENDER).caution
    assert "names neither" in analysis_text(analyse(OTHERS, SENDER), SENDER).caution
    assert analysis_text(analyse(SPAM, SENDER), SENDER).caution == ""


def test_advice_for_somebodys_own_mailbox_speaks_of_no_probe() -> None:
    for text in ("550 5.1.1 user unknown", "452 4.2.2 mailbox full", "550 5.4.4 host not found", "554 no"):
        [refusal] = analyse(text.encode(), SENDER).refusals
        said = " ".join((refusal.advice.who, *refusal.advice.steps, refusal.advice.do_not))
        assert "probe" not in said
        assert "`to`" not in said


def test_advice_about_somebodys_mail_looks_for_that_mail() -> None:
    for text in (
        "550 5.7.1 Message rejected due to local policy",
        "554 5.7.1 rejected by policy of account.trimble.com",
    ):
        [refusal] = analyse(text.encode(), SENDER).refusals
        assert "probe" not in " ".join((refusal.advice.who, *refusal.advice.steps))


def test_steps_are_those_of_the_mail_system_that_refused() -> None:
    text = "550 5.7.606 Access denied, banned sending IP [104.130.122.50] (AS16012609)"
    [refusal] = analyse(text.encode(), SENDER).refusals
    assert (refusal.cause, refusal.system) == (Cause.IP_LISTED, "m365")
    assert refusal.advice.whose_steps == "Microsoft 365"
    assert refusal.advice.steps


@pytest.mark.parametrize(
    ("text", "headline", "because"),
    [
        ("250 2.0.0 Ok: queued as 4Q1mXw7zT2", "This is no refusal", "behind this server"),
        ("354 End data with <CR><LF>.<CR><LF>", "Nothing in this text is a server's answer", "Paste the whole notice"),
        ("I do not get the code, please help", "Nothing in this text is a server's answer", "Paste the whole notice"),
    ],
)
def test_no_message_is_called_stopped_where_nothing_says_so(text: str, headline: str, because: str) -> None:
    found = analyse(text.encode(), SENDER)
    said = analysis_text(found, SENDER)
    assert found.refusals == ()
    assert headline in said.headline
    assert because in " ".join(said.because)
    assert said.caution == ""


@pytest.mark.parametrize("text", ["554 no", "250 ok\n550 5.7.1 no", "Access denied", "451 try later"])
def test_a_refusal_is_one_however_little_it_says(text: str) -> None:
    assert analyse(text.encode(), SENDER).refusals


@pytest.mark.parametrize(
    ("host", "system"),
    [("mx.acme.example", ""), ("mx01.mail.icloud.com", "apple"), ("x.mail.protection.outlook.com", "m365")],
)
def test_a_vendor_is_not_named_for_words_that_another_host_said(host: str, system: str) -> None:
    text = f"<jane@acme.example>: host {host}[192.0.2.7] said: 550 5.7.1 Message rejected due to local policy"
    [refusal] = analyse(text.encode(), SENDER).refusals
    assert refusal.system == system


def test_a_server_that_only_reports_is_not_named_for_the_one_that_refused() -> None:
    text = "550 5.7.606 Access denied, banned sending IP [104.130.122.50] (AS16012609)"
    bounce = FORM.format(token="mp", recipient="jane@acme.test", action="failed", status="5.7.606", reply=text)
    plain = re.sub(r"(?m)^Remote-MTA:.*\n", "", bounce)
    reported = re.sub(r"(?m)^Reporting-MTA:.*$", "Reporting-MTA: dns; mx.google.com", plain)
    assert reported != plain
    [refusal] = analyse(reported.encode(), SENDER).refusals
    assert refusal.system == "m365"


def test_a_longer_file_is_cut_and_says_so() -> None:
    found = analyse(SPAM + b"x" * MAX_ANALYSED_BYTES, SENDER)
    assert found.cut
    assert "only its beginning was read" in " ".join(analysis_text(found, SENDER).because)


@given(st.binary(max_size=3000) | st.text(max_size=3000).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    assert analysis_text(analyse(data, SENDER), SENDER).headline


def test_every_value_has_words() -> None:
    assert set(CONTENT_KINDS) == set(ContentKind)
    assert set(CONCERNED) == set(Concern)
