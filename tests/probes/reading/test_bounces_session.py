"""A server's own words in a transcript against a diagnostic that says only that delivery failed."""

import pytest

from probes.answer import Stage
from probes.outcome import Cause
from probes.reading.bounces import read_bounce
from probes.reading.bounces.session import says_nothing
from probes.reading.facts import BounceFacts

GENERIC = (
    "smtp; 550 5.0.0 Delivery failed",
    "smtp; 554 delivery failed",
    "smtp; 554 5.0.0 Service unavailable",
    "SMTP; 550 5.0.0 <ann@company.example>... Message could not be delivered",
    "smtp; 550",
    "smtp; 5.0.0 - Other undefined status",
    "X-Unix; 67",
    "x-unix; 554",
    "",
)


def report(diagnostics: dict[str, str], prose: str, status: str = "5.0.0") -> BounceFacts:
    groups = "\n".join(
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\n"
        + (f"Diagnostic-Code: {diagnostic}\n" if diagnostic else "")
        for address, diagnostic in diagnostics.items()
    )
    head = "From: MAILER-DAEMON@mail.sender.example\nSubject: Returned mail: see transcript for details\n"
    head += "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n"
    return read_bounce(
        f"{head}{prose}\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{groups}\n--b--\n".encode()
    )


SENDMAIL = (
    "   ----- The following addresses had permanent fatal errors -----\n<ann@company.example>\n"
    "    (reason: 550 5.0.0 Delivery failed)\n\n   ----- Transcript of session follows -----\n"
    "... while talking to mx.company.example.:\n>>> RCPT To:<ann@company.example>\n"
    "<<< 552-5.2.2 The mailbox\n<<< 552 5.2.2 is full\n554 5.0.0 Service unavailable\n"
)
POSTFIX = (
    "This is the mail system at host mail.sender.example.\n\n"
    "<ann@company.example>: host mx.company.example[192.0.2.8] said: 552 5.2.2 mailbox full (in\n"
    "    reply to RCPT TO command)\n"
)
EXIM = (
    "could not be delivered:\n\n  ann@company.example\n"
    "    SMTP error from remote mail server after RCPT TO:<ann@company.example>:\n"
    "    host mx.company.example [192.0.2.8]: 552 5.2.2 mailbox full\n"
)


@pytest.mark.parametrize("prose", [SENDMAIL, POSTFIX, EXIM], ids=["sendmail", "Postfix", "Exim"])
@pytest.mark.parametrize("diagnostic", GENERIC)
def test_the_specific_answer_decides_text_and_codes(diagnostic: str, prose: str) -> None:
    [one] = report({"ann@company.example": diagnostic}, prose).recipients
    assert one.facts is not None
    assert (one.facts.code, one.status, one.cause) == (552, "5.2.2", Cause.MAILBOX_FULL)
    assert (one.facts.stage, one.remote_mta) == (Stage.RCPT, "mx.company.example")
    assert "is full" in one.reply or "mailbox full" in one.reply


@pytest.mark.parametrize(
    "diagnostic",
    [
        "smtp; 550 5.1.1 <ann@company.example>: user unknown",
        "smtp; 550 5.1.1 RESOLVER.ADR.RecipNotFound",
        "smtp; 550 5.1.1 Empfänger unbekannt",
        "smtp; 550 5.1.1 宛先不明",
    ],
)
def test_a_diagnostic_that_tells_something_stays(diagnostic: str) -> None:
    [one] = report({"ann@company.example": diagnostic}, SENDMAIL).recipients
    assert (one.reply, one.status) == (diagnostic.removeprefix("smtp; "), "5.1.1")


def test_another_class_of_answer_is_not_what_stopped_it() -> None:
    prose = SENDMAIL.replace("<<< 552", "<<< 452").replace("5.2.2", "4.2.2")
    [one] = report({"ann@company.example": "smtp; 554 delivery failed"}, prose).recipients
    assert one.reply == "554 delivery failed"


TWO = (
    "   ----- Transcript of session follows -----\n... while talking to mx.company.example.:\n"
    ">>> RCPT To:<ann@company.example>\n<<< 550 5.1.1 no such user\n"
    ">>> RCPT To:<bob@company.example>\n<<< 552 5.2.2 mailbox full\n"
    ">>> DATA\n<<< 503 5.5.1 Need RCPT\n"
)


def test_each_recipient_gets_the_answer_to_its_own_command() -> None:
    prose = f"   ----- The following addresses had permanent fatal errors -----\n<bob@company.example>\n<ann@company.example>\n\n{TWO}"
    facts = report(dict.fromkeys(("bob@company.example", "ann@company.example"), "smtp; 554 delivery failed"), prose)
    assert [(one.address, one.reply, one.cause) for one in facts.recipients] == [
        ("bob@company.example", "552 5.2.2 mailbox full", Cause.MAILBOX_FULL),
        ("ann@company.example", "550 5.1.1 no such user", Cause.NO_SUCH_USER),
    ]


def test_an_answer_to_the_message_concerns_all_recipients() -> None:
    prose = (
        "   ----- Transcript of session follows -----\n... while talking to mx.company.example.:\n"
        ">>> RCPT To:<eve@company.example>\n<<< 550 5.1.1 no such user\n>>> DATA\n"
        "<<< 554 5.7.1 Blocked using zen.spamhaus.org\n"
    )
    facts = report(dict.fromkeys(("ann@company.example", "bob@company.example"), "smtp; 554 delivery failed"), prose)
    assert [(one.cause, one.facts.stage if one.facts else None) for one in facts.recipients] == [
        (Cause.IP_LISTED, Stage.DATA),
        (Cause.IP_LISTED, Stage.DATA),
    ]


def test_the_only_command_may_name_an_alias() -> None:
    prose = SENDMAIL.replace("RCPT To:<ann@company.example>", "RCPT To:<ann.smith@store.example>")
    [one] = report({"ann@company.example": "smtp; 554 delivery failed"}, prose).recipients
    assert one.status == "5.2.2"


def test_a_notice_without_a_report() -> None:
    head = "From: MAILER-DAEMON@mail.sender.example\nSubject: Returned mail\n\n"
    [one] = read_bounce((head + SENDMAIL).encode()).recipients
    assert (one.reply, one.status, one.cause) == (
        "552-5.2.2 The mailbox 552 5.2.2 is full",
        "5.2.2",
        Cause.MAILBOX_FULL,
    )


@pytest.mark.parametrize("text", [text.partition("; ")[2] for text in GENERIC])
def test_what_says_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize(
    "text",
    [
        "550 user unknown",
        "550 unknown recipient",
        "550 Host unknown",
        "554 Message refused",
        "550 5.7.1 access denied",
        "connection timed out",
        "500 command not recognised",
        "mailbox full",
        "Empfänger",
        "宛先不明",
        "delivery failed " * 50,
    ],
)
def test_what_says_something(text: str) -> None:
    assert not says_nothing(text)


@pytest.mark.parametrize(
    "noise", ["<<< 550 no\n", ">>> RCPT To:<a@b.example>\n", "while talking to a:\n", ">>> \n<<< ", "<<<", ">>>>>>"]
)
def test_hostile_transcripts(noise: str) -> None:
    for prose in (noise * 30_000, SENDMAIL + noise * 30_000):
        [one] = report({"ann@company.example": "smtp; 554 delivery failed"}, prose).recipients
        assert len(one.reply) <= 10_000
