"""What is shown of a server's words: bounded in length, and in the time that it takes."""

import time

import pytest

from probes.mailboxes.imap_line import WORDS_LIMIT, error_text
from probes.mailboxes.imap_wire import Refusal


@pytest.mark.parametrize("letters", ["a" * 1_000_000, "99/a" * 250_000, "a" * 999_990 + " failed: ", " " * 1_000_000])
def test_a_line_of_a_megabyte_takes_no_time(letters: str) -> None:
    """Its time grew with the square of its length, in an expression that let no other thread go on meanwhile."""
    began = time.process_time()
    assert len(error_text(Refusal(letters))) <= WORDS_LIMIT
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("select failed: no such folder", "no such folder"),
        ("command: FETCH => socket error: EOF", "EOF"),
        ("[AUTHENTICATIONFAILED] not you", "[AUTHENTICATIONFAILED] not you"),
    ],
)
def test_what_the_library_puts_before_the_servers_words_is_taken_away(error: str, words: str) -> None:
    assert error_text(Refusal(error)) == words
