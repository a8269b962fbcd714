"""The mail systems of a message's receiver: only what was stamped on its side counts."""

import pytest

from probes.mailsystems.signs import SignKind
from probes.reading.seen_systems import seen_systems

BEHIND = "Received: from gw.acme.example (10.0.0.5) by box.acme.example (Postfix) with ESMTP id 2; Tue, 1 Dec 2026 08:00:03 +0000\r\n"
BORDER = (
    "Received: from mail.login.example (mail.login.example [203.0.113.9]) by mx1.hc1.iphmx.com with ESMTP id 1; "
    "Tue, 1 Dec 2026 08:00:02 +0000\r\n"
)
FILTER = "X-IronPort-Anti-Spam-Filtered: true\r\n"
AT_SENDER = "From: codes@login.example\r\nX-Mimecast-Spam-Score: 0\r\nX-Proofpoint-GUID: abc\r\nSubject: code\r\n\r\n"


def test_the_chain_of_the_receiver_from_outside_in() -> None:
    found = seen_systems(BEHIND + FILTER + BORDER + AT_SENDER)
    assert [(sign.system, sign.kind) for sign in found] == [("cisco", SignKind.HOST), ("postfix", SignKind.SOFTWARE)]


def test_what_the_sender_went_through_is_not_the_receivers() -> None:
    assert not {"mimecast", "proofpoint"} & {sign.system for sign in seen_systems(BEHIND + BORDER + AT_SENDER)}


def test_a_header_above_the_border_is_enough() -> None:
    border = BORDER.replace("mx1.hc1.iphmx.com", "mx.acme.example")
    found = seen_systems("X-Sophos-Email: 1\r\n" + border + AT_SENDER)
    assert [(sign.system, sign.text) for sign in found] == [("sophos", "x-sophos-email")]


def test_a_client_cannot_name_software_in_its_helo() -> None:
    border = BORDER.replace("from mail.login.example (", "from exim.postfix.example (").replace(
        "mx1.hc1.iphmx.com", "mx.acme.example"
    )
    assert seen_systems(border + AT_SENDER) == ()


@pytest.mark.parametrize("message", ["", "\r\n", "Received: by", "Received: from by by", "x" * 100_000, b"\xff\x00:\n"])
def test_no_message_breaks_it(message: str | bytes) -> None:
    assert seen_systems(message) == ()
