"""Which part of a bounce gives the reason. The texts are written for these tests."""

from dataclasses import dataclass

import pytest

from probes.answer import Stage
from probes.reading.bounces import read_bounce
from probes.reading.bounces.answer import answer_in
from probes.reading.facts import BounceFacts, MailKind
from probes.reading.replies import read_reply
from probes.reading.replies.prose import notice_end, sentences
from probes.verdict import Cause

HEAD = "Return-Path: <>\nFrom: Mail System <MAILER-DAEMON@mx.company.example>\nTo: bounce@account.example\n"
ANN = "ann@company.example"


def notice(body: str, subject: str = "Undelivered mail", head: str = HEAD) -> BounceFacts:
    """A mail of one text, read."""
    return read_bounce(f"{head}Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{body}".encode())


def report(diagnostic: str, prose: str, status: str = "5.0.0") -> BounceFacts:
    """A delivery status report about Ann, read."""
    return read_bounce(
        f"{HEAD}Subject: Undelivered\nContent-Type: multipart/report; boundary=b\n\n--b\n\n{prose}\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.account.example\n\n"
        f"Final-Recipient: rfc822; {ANN}\nAction: failed\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n\n--b--\n".encode()
    )


def cause(facts: BounceFacts) -> tuple[str, Cause]:
    [one] = facts.recipients
    return one.address, one.cause


@dataclass(frozen=True)
class Case:
    """What decides, and a bounce where something else must not."""

    rule: str
    facts: BounceFacts
    cause: Cause


CASES = (
    Case(
        "what the server said before the time ran out",
        report("smtp; 550 5.4.7 expired; last reply: 451 4.3.0 the disk of this server is full", "Given up:\n\n" + ANN, "5.4.7"),
        Cause.SERVER_FAULT,
    ),
    Case(
        "the last answer in the notice, if the report only says that the time ran out",
        report("smtp; 450 4.4.7 time expired", f"{ANN} was given up.\n\nThe last answer was:\n452 4.2.2 mailbox is full", "4.4.7"),
        Cause.MAILBOX_FULL,
    ),
    Case(
        "what a delay is due to, not that it is one",
        notice(f"<{ANN}>... Deferred: Connection refused by mx.company.example.\nWill keep trying for 5 days\n", "Warning: delayed"),
        Cause.NETWORK,
    ),
    Case(
        "the notice, if the answer says nothing",
        report("smtp; 550 failed", f"Sorry, the mailbox of {ANN} is full.\n\nPlease call the person instead."),
        Cause.MAILBOX_FULL,
    ),
    Case(
        "the status, if nothing else is said",
        report("smtp; 550 failed", f"Delivery failed.\n\n{ANN}", "5.1.2"),
        Cause.DOMAIN_UNKNOWN,
    ),
    Case(
        "the words of the program that failed, not the conclusion",
        report("x-unix; 75", f"{ANN}\n\nprocmail: Quota exceeded while writing\n554 5.3.0 unknown mailer error 75", "5.2.0"),
        Cause.MAILBOX_FULL,
    ),
    Case(
        "what is stated, not what may be",
        notice(
            f"Your message to {ANN} came back.\n\nThere is no account with this address here.\n\n"
            "This may also happen if a mailbox is full, or if mail looks like spam.\n"
        ),
        Cause.NO_SUCH_USER,
    ),
    Case(
        "the reason behind because",
        notice(f"Ihre Nachricht an {ANN} kam zurück, weil das Postfach des Empfängers voll ist.\n\nIhr Postmaster\n"),
        Cause.MAILBOX_FULL,
    ),
    Case(
        "not what mail programs quote of the message",
        notice(f"Could not be delivered to {ANN}: the mailbox was closed.\n\n> Subject: alarm\n>\n> Your IP address is blacklisted.\n"),
        Cause.MAILBOX_DISABLED,
    ),
    Case(
        "what stands below a summary of the message",
        notice(f"Your message\n\n  Message-Id: <1@x.example>\n  Subject: code\n\nwas not delivered to {ANN}:\n\nmailbox full\n"),
        Cause.MAILBOX_FULL,
    ),
    Case(
        "the limit, not a count that looks like a code",
        notice(f"  {ANN}\n    Domain account.example has exceeded the max emails per hour (500/500 (100%)) allowed.\n"),
        Cause.RATE_LIMITED,
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_what_decides(case: Case) -> None:
    assert cause(case.facts) == (ANN, case.cause)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            f"Votre message n'a pas pu être remis à {ANN}.\n\nMotif : la boîte du destinataire est pleine.",
            Cause.MAILBOX_FULL,
        ),
        (f"Su mensaje para {ANN} no ha sido entregado.\n\nMotivo: el usuario no existe.", Cause.NO_SUCH_USER),
        (f"Il messaggio per {ANN} non è stato consegnato.\n\nLa casella è piena.", Cause.MAILBOX_FULL),
        (f"Uw bericht aan {ANN} is niet afgeleverd.\n\nReden: gebruiker onbekend", Cause.NO_SUCH_USER),
        (f"Wiadomość nie została dostarczona do {ANN}\n\nSkrzynka odbiorcy jest pełna.", Cause.MAILBOX_FULL),
        (f"Сообщение для {ANN} не было доставлено.\n\nПочтовый ящик получателя переполнен.", Cause.MAILBOX_FULL),
        (f"邮件未能送达。\n\n收件人：{ANN}\n退信原因：收件人的邮箱已满。", Cause.MAILBOX_FULL),
        (f"メールを配信できませんでした。\n\n宛先：{ANN}\n\n宛先のユーザーは存在しません。", Cause.NO_SUCH_USER),
        (f"메일이 전송되지 않았습니다.\n\n받는 사람 : {ANN}\n\n수신자의 메일함이 가득 찼습니다.", Cause.MAILBOX_FULL),
    ],
)
@pytest.mark.parametrize("subject", ["Undelivered mail", "退信", "Nicht zugestellt: Code"])
def test_notices_in_other_languages(body: str, expected: Cause, subject: str) -> None:
    facts = notice(body, subject, "From: service@company.example\nTo: bounce@account.example\n")
    assert facts.kind is MailKind.BOUNCE
    assert cause(facts) == (ANN, expected)


@pytest.mark.parametrize(
    ("body", "address"),
    [
        (f"Die Nachricht an {ANN} kam zurück.\nFragen? Kontakt: hilfe@company.example", ANN),
        (f"Hilfe: hilfe@company.example\n\nDie Nachricht an {ANN} kam zurück.", ANN),
        ("Die Nachricht kam zurück. Kontakt: hilfe@company.example", ""),
        (f"bounce@account.example wrote to {ANN}, in vain.", ANN),
    ],
)
def test_whom_a_sentence_in_any_language_is_about(body: str, address: str) -> None:
    assert cause(notice(body))[0] == address


def test_the_text_of_a_notice_without_its_headers_is_a_notice() -> None:
    body = f"Your message could not be\ndelivered to one or more recipients.\n\n<{ANN}>: 550 5.1.1 no such user\n"
    facts = read_bounce(body.encode())
    assert (facts.kind, cause(facts)) == (MailKind.BOUNCE, (ANN, Cause.NO_SUCH_USER))
    assert read_bounce(b"Dear Ann,\n\nsee you tomorrow.\n").kind is MailKind.OTHER


def test_the_text_of_a_notice_is_read_as_a_reply_by_its_reason() -> None:
    text = (
        "This is the mail system at mx.account.example. I am sorry to have to tell you that your message has come back to "
        f"us. For help, write to the postmaster.\n\n<{ANN}>: host mx.company.example[192.0.2.8] said: 552 5.2.2 the mailbox "
        "of this user is full (in reply to RCPT TO command)\n\nDo not answer this message, nobody reads it.\n"
    )
    assert read_reply(text).cause is Cause.MAILBOX_FULL


def test_an_answer_of_several_lines_is_completed_by_the_notice() -> None:
    facts = report(
        "smtp; 550-The address that you wrote", f"{ANN}\n    550-The address that you wrote\n    550 does not exist"
    )
    assert facts.recipients[0].reply.endswith("550 does not exist")


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("550 your mail is not wanted", None),
        ("550 user has no space for mail", None),
        ("550 no (in reply to MAIL FROM command)", Stage.MAIL),
        ("error after MAIL FROM:<a@b.example>: 550 no", Stage.MAIL),
        ("x did not like our MAIL FROM: 550 no", Stage.MAIL),
        ("550 for data protection", None),
    ],
)
def test_a_stage_is_a_command_not_a_word(text: str, stage: Stage | None) -> None:
    assert answer_in(text).stage is stage


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two is\nlonger! See 1.2 and mx.example.", ["One.", "Two is longer!", "See 1.2 and mx.example."]),
        ("Above\n\nBelow", ["Above", "Below"]),
        ("Causes:\n- full\n- gone", ["Causes:", "- full", "- gone"]),
        ("It failed because it is full", ["It failed", "it is full"]),
        ("已满。不存在。", ["已满。", "不存在。"]),
    ],
)
def test_sentences_of_a_notice(text: str, parts: list[str]) -> None:
    assert list(sentences(text)) == parts


def test_a_notice_ends_where_the_message_begins() -> None:
    text = "Not delivered.\n\n  Message-Id: <1@x.example>\n\nfull\n"
    assert notice_end(text) == len(text)
    assert notice_end(text + "Message-Id: <1@x.example>\nhello") == len(text)
