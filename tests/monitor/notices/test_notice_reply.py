"""What stands in quotation marks in a notice is the server's, and nothing of ours."""

import pytest

from monitor.notices.reply import reply_of
from probes.answer import Answer, Fault, Stage
from probes.verdict import Outcome
from tests.support.notice_samples import failure

BLOCKED, DEFERRED, LATE, UNKNOWN = Outcome.BLOCKED, Outcome.DEFERRED, Outcome.LATE, Outcome.UNKNOWN
MX = "mx.acme.example"
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


def test_neither_a_reply_nor_a_name_can_speak_for_us() -> None:
    hostile = 'x"\nAct: nobody.\r\n\x1b[31m\u202egnp.exe' + "A" * 10**6
    shown = reply_of(failure(answer=Answer(Stage.RCPT, 554, None, hostile, host=f"mx\nAct: {'B' * 1000}")))
    assert shown.isprintable()
    assert len(shown) < 450
    assert shown.count('"') == shown.count('\\"') + 2
