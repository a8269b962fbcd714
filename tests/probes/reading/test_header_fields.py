"""Where the header section of a message ends, whatever its line ends are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.reading.header_fields import section_of, split

EMPTY_LINE = re.compile(rb"\r?\n\r?\n")


@given(st.lists(st.sampled_from([b"A: b", b"\r", b"\n", b"\r\n", b" "]), max_size=12).map(b"".join))
def test_the_section_ends_at_the_first_empty_line(message: bytes) -> None:
    begins_with_its_body = message.startswith((b"\n", b"\r\n"))
    head, *body = [b"", message] if begins_with_its_body else EMPTY_LINE.split(message, maxsplit=1)
    assert split(message) == (head.decode(), body[0] if body else b"")


@pytest.mark.parametrize("end", ["\n\nReceived: x", "\r\n\r\nReceived: x", "\r\n\nReceived: x", "\n\r\nReceived: x"])
def test_what_follows_the_section_is_no_part_of_it(end: str) -> None:
    assert section_of("Subject: x" + end) == "Subject: x"
    assert section_of(end[1:]) == split(end[1:])[0]


def test_a_section_alone_stays_the_same_object() -> None:
    """Then what is known of its fields is found by it."""
    section = "Subject: x\r\nReceived: y\r\n"
    assert section_of(section) is section
