"""Answers that say no more than that it failed: two of them are no proof of one cause."""

import pytest

from probes.answer import Answer, Fault, Stage, has_words, same_answer


@pytest.mark.parametrize(
    "text",
    [
        *("", "Error", "554 Error", "OK", "Error 554", "Failed.", "rejected", "Message rejected", "Transaction failed"),
        *("Access denied", "Mail refused", "Sorry, no", "Requested action not taken", "#5.7.1 Error", "Error: 0x8004"),
        *("Permanent failure", "mail transaction failed [id=4fK2x9Q1]", "Denied - id 9f8e7d"),
    ],
)
def test_words_that_give_no_reason(text: str) -> None:
    assert not has_words(Answer(Stage.RCPT, 554, "5.7.1", text))


@pytest.mark.parametrize(
    "text",
    [
        "Service unavailable - try again later",  # what Postfix says while a milter is down
        *("Greylisted, come back in 300 seconds", "mailbox full", "looks like spam", "Relay access denied"),
        *("Client host [192.0.2.1] blocked using zen.spamhaus.org", "Message rejected as spam", "Kein Zugriff"),
        *("Access denied, banned sender", "Insufficient system storage", "Cannot resolve your domain"),
    ],
)
def test_words_that_do(text: str) -> None:
    assert has_words(Answer(Stage.RCPT, 554, "5.7.1", text))


def test_a_fault_has_none() -> None:
    assert not has_words(Answer(Stage.CONNECT, fault=Fault.TIMED_OUT, text="no answer in time"))


def test_bare_answers_may_still_be_the_same() -> None:
    """Which counts as much as a time-out: twice, and not once."""
    one, other = (Answer(Stage.RCPT, 554, None, text) for text in ("Error 12ab34", "Error 98cd76"))
    assert same_answer(one, other)
    assert not has_words(one)
