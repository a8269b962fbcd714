"""The bytes of one mail's commands."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.routes.envelope import command, content, mail_from, rcpt_to, xtext
from tests.support.outgoing_mail import MESSAGE


@pytest.mark.parametrize(
    ("mail", "sent"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"", b".\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b".a\r\n..b\r\nc.\r\n", b"..a\r\n...b\r\nc.\r\n.\r\n"),
        (b"a\r\n.\r\nMAIL FROM:<x>\r\n", b"a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
    ],
)
def test_dots(mail: bytes, sent: bytes) -> None:
    assert content(mail) == sent


@given(st.lists(st.sampled_from([b".", b"a", b"\r\n", b"..", b"\r\n."]), max_size=40).map(b"".join))
def test_a_mail_cannot_end_early_and_comes_back_as_it_was(mail: bytes) -> None:
    sent = content(mail)
    assert sent.index(b"\r\n.\r\n" if sent != b".\r\n" else b".\r\n") == len(sent) - (5 if sent != b".\r\n" else 3)
    lines = sent[:-3].split(b"\r\n")
    back = b"\r\n".join(line.removeprefix(b".") for line in lines)
    assert back == (mail if mail.endswith(b"\r\n") or not mail else mail + b"\r\n")


@pytest.mark.parametrize(
    ("offered", "mail", "rcpt"),
    [
        ({}, "MAIL FROM:<bounce+token@account.trimble.com>", "RCPT TO:<probe@acme.example>"),
        ({"SIZE": ""}, "MAIL FROM:<bounce+token@account.trimble.com> SIZE=73", "RCPT TO:<probe@acme.example>"),
        (
            {"DSN": "", "8BITMIME": "", "SMTPUTF8": ""},
            "MAIL FROM:<bounce+token@account.trimble.com> RET=HDRS",
            "RCPT TO:<probe@acme.example> NOTIFY=FAILURE,DELAY",
        ),
    ],
)
def test_only_what_is_offered_is_used(offered: dict[str, str], mail: str, rcpt: str) -> None:
    assert (mail_from(MESSAGE, offered), rcpt_to(MESSAGE, offered)) == (mail, rcpt)


def test_eight_bits_are_announced_where_there_are_any() -> None:
    message = replace(MESSAGE, content="für\r\n".encode(), rcpt_to="jörg@acme.example")
    assert mail_from(message, {"8BITMIME": "", "SMTPUTF8": ""}).endswith("> BODY=8BITMIME SMTPUTF8")


@pytest.mark.parametrize("line", ["RCPT TO:<a@b>\r\nDATA", "EHLO a\nb"])
def test_a_command_is_one_line(line: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        command(line)


@pytest.mark.parametrize(
    ("value", "sent"),
    [("[UNAVAILABLE]", "[UNAVAILABLE]"), ("a+b=c d", "a+2Bb+3Dc+20d"), ("ü", "+C3+BC"), ("x\r\ny", "x+0D+0Ay")],
)
def test_xtext(value: str, sent: str) -> None:
    assert xtext(value) == sent
