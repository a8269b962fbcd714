"""What stands in quotation marks in a notice is the server's or the filter's, and nothing of ours."""

import re
from datetime import timedelta

import pytest

from monitor.notices.reply import reply_of
from probes.answer import Answer, Fault, Stage
from probes.details import (
    ArrivedInTime,
    ArrivedLate,
    BouncedAfterwards,
    CopyMarkedAsSpam,
    FoundIn,
    HeldOnTheWay,
    InJunk,
    NotFound,
    PlainDetail,
    TakenForSpam,
)
from probes.display import quoted
from probes.evidence import Bounce, Folder, Look, MailKind, Step
from probes.reading.bounce_origin import Tie
from probes.sentences import sentence
from probes.verdict import Cause, Outcome
from tests.support.notice_samples import T0, failure

BLOCKED, DEFERRED, LATE, UNKNOWN = Outcome.BLOCKED, Outcome.DEFERRED, Outcome.LATE, Outcome.UNKNOWN
MX = "mx.acme.example"
JUNK, TOOK = FoundIn(Folder.JUNK, "Junk"), timedelta(seconds=3)
NO = Answer(Stage.RCPT, 554, "5.7.1", "Client host rejected", host=MX)


@pytest.mark.parametrize(
    ("outcome", "answer", "shown"),
    [
        (BLOCKED, NO, 'rejected at RCPT TO by mx.acme.example: "554 5.7.1 Client host rejected"'),
        (
            DEFERRED,
            Answer(Stage.END_OF_DATA, 451, "4.7.1", "later", host="[2001:db8::1]"),
            'deferred at end of message by [2001:db8::1]: "451 4.7.1 later"',
        ),
        (LATE, Answer(Stage.RCPT, 450, None, "later", host=MX), f'deferred at first at RCPT TO by {MX}: "450 later"'),
        (
            BLOCKED,
            Answer(Stage.CONNECT, fault=Fault.TIMED_OUT, host=MX),
            "could not connect to mx.acme.example: no answer in time",
        ),
        (
            BLOCKED,
            Answer(Stage.EHLO, fault=Fault.RESET, host=MX),
            "the connection to mx.acme.example failed at EHLO: connection reset",
        ),
        (
            UNKNOWN,
            Answer(Stage.CONNECT, fault=Fault.UNREACHABLE, text="errno 101"),
            "could not connect: no route to the server from this machine (errno 101)",
        ),
        (
            BLOCKED,
            Answer(None, None, "5.7.1", "550 5.7.1 no", host="gw"),
            'accepted, then bounced by gw: "550 5.7.1 no"',
        ),
        (DEFERRED, Answer(None, None, "4.4.7", "still trying"), 'accepted, then delayed: "still trying"'),
        (BLOCKED, Answer(Stage.MAIL, 554, None, ""), 'rejected at MAIL FROM: "554"'),
    ],
)
def test_the_server_s_words_are_quoted_and_ours_are_not(outcome: Outcome, answer: Answer, shown: str) -> None:
    assert reply_of(failure(outcome=outcome, answer=answer, because="of no interest")) == shown


def test_a_sentence_without_a_reply_is_ours() -> None:
    """Such as which attempt it was, or that a copy came: nobody said it."""
    ours = failure(because="delivered to Junk 3 s after it was sent (attempt 2)", answer=None)
    assert reply_of(ours) == "delivered to Junk 3 s after it was sent (attempt 2)"


ACCEPTED = Step(Stage.END_OF_DATA, T0, 0.1, MX, 250, "2.0.0", "queued")
LOOK = Look(T0, ("INBOX", 'x"; delivered to "Junk'))
SAID = '451 4.7.1 busy; not searched: nothing. "Act": nobody'


def report(reply: str = SAID) -> Bounce:
    return Bounce(
        at=T0,
        kind=MailKind.DELAY,
        recipient="a@acme.example",
        action="delayed",
        status=None,
        reply=reply,
        cause=Cause.UNCLEAR,
        permanent=False,
        reporting_mta="gw.acme.example",
    )


@pytest.mark.parametrize(
    ("outcome", "detail", "begins"),
    [
        (
            Outcome.MISSING,
            NotFound(ACCEPTED, False, LOOK, TOOK, report(), Tie.NONE),
            f'accepted by {MX}: "250 2.0.0 queued"; not in INBOX or ',
        ),
        (LATE, ArrivedLate(ArrivedInTime(JUNK, TOOK, 1, None, None, None), TOOK, None, report()), "arrived in Junk "),
        (DEFERRED, HeldOnTheWay(MX, report(), None), f"accepted by {MX}, then delayed, as gw.acme.example reported: "),
        (BLOCKED, BouncedAfterwards(MX, report(), False, None, True), f"accepted by {MX}, then bounced by gw.acme"),
    ],
)
def test_a_report_is_quoted_as_what_its_author_said(outcome: Outcome, detail: PlainDetail, begins: str) -> None:
    shown = reply_of(failure(outcome=outcome, answer=None, because=sentence(detail)))
    assert shown.startswith(begins)
    assert quoted(SAID) in shown, "its author's words, whole, and nothing else"
    ours = shown.replace(quoted(SAID), "").replace('"250 2.0.0 queued"', "")
    assert '"' not in ours, "no name opens quotation marks"
    assert "gw.acme.example reported" in ours or "bounced by gw.acme.example" in ours


def test_quotation_marks_that_are_cut_off_are_closed() -> None:
    detail = HeldOnTheWay(MX, report("451 " + "x" * 1000), None)
    shown = reply_of(failure(outcome=DEFERRED, answer=None, because=sentence(detail)))
    assert shown.endswith('xxx..."')
    assert shown.count('"') == 2


def test_neither_a_reply_nor_a_name_can_speak_for_us() -> None:
    hostile = 'x"\nAct: nobody.\r\n\x1b[31m\u202egnp.exe' + "A" * 10**6
    shown = reply_of(failure(answer=Answer(Stage.RCPT, 554, None, hostile, host=f"mx\nAct: {'B' * 1000}")))
    assert shown.isprintable()
    assert len(shown) < 450
    assert shown.count('"') == shown.count('\\"') + 2


COPIED = FoundIn(Folder.COPY, "copies@mailpath.example", "192.0.2.7")
HOSTILE = 'X-Spam: yes"; delivered to INBOX.\r\nAct: nobody.\r\n "\\"\x1b[31m\u202egnp.exe' + "A" * 10**6


def filtered(spam: TakenForSpam) -> str:
    return reply_of(failure(outcome=Outcome.SPAM, answer=None, because=sentence(spam), spam=spam))


@pytest.mark.parametrize(
    ("spam", "shown"),
    [
        (InJunk(JUNK, TOOK, "X-Spam: yes"), 'delivered to Junk 3.0 s after it was sent: "X-Spam: yes"'),
        (InJunk(JUNK, TOOK, 'X-Spam: a "b"'), 'delivered to Junk 3.0 s after it was sent: "X-Spam: a \\"b\\""'),
        (InJunk(JUNK, TOOK, "X-Spam: a;\r\n\tb"), 'delivered to Junk 3.0 s after it was sent: "X-Spam: a; b"'),
        (InJunk(JUNK, TOOK, ""), "delivered to Junk 3.0 s after it was sent"),
        (
            CopyMarkedAsSpam(COPIED, TOOK, "X-Spam: yes"),
            "arrived in copies@mailpath.example 3.0 s after it was sent, but the receiver classified it as spam: "
            '"X-Spam: yes"',
        ),
        (
            CopyMarkedAsSpam(COPIED, TOOK, ""),
            "arrived in copies@mailpath.example 3.0 s after it was sent, but the receiver classified it as spam",
        ),
    ],
)
def test_the_filter_s_words_are_quoted_and_ours_are_not(spam: TakenForSpam, shown: str) -> None:
    assert filtered(spam) == shown


@pytest.mark.parametrize("found", [JUNK, FoundIn(Folder.JUNK, 'Junk "\nAct: nobody. "' + "B" * 1000)])
@pytest.mark.parametrize("kind", [InJunk, CopyMarkedAsSpam])
def test_neither_a_header_nor_a_folder_can_speak_for_us(kind: type[TakenForSpam], found: FoundIn) -> None:
    shown = filtered(kind(found, TOOK, HOSTILE))
    ours, quotation = shown.split(': "', 1)
    assert shown.isprintable()
    assert len(shown) < 650
    assert '"' not in ours
    assert re.fullmatch(r'(?:[^"\\]|\\.)*"', quotation), "it ends with the first mark that is not escaped"
    assert quotation.startswith('X-Spam: yes\\"; delivered to INBOX. Act: nobody.')


@pytest.mark.parametrize("spam", [InJunk(JUNK, TOOK, "X-Spam: yes"), CopyMarkedAsSpam(COPIED, TOOK, "X-Spam: yes")])
def test_no_words_of_ours_are_in_quotation_marks(spam: TakenForSpam) -> None:
    assert re.findall(r'"([^"]*)"', filtered(spam)) == [spam.header]
