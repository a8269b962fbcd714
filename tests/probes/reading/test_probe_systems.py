"""The mail systems that a probe met: what each piece of evidence shows, and what shows nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from probes.answer import Stage
from probes.evidence import Arrival, Dialogue, Evidence, Folder, Handover, Step
from probes.mailsystems.signs import (
    ChainDoubt,
    SignKind,
    SystemSign,
    chain_sentence,
    check_passed,
    sign_sentence,
)
from probes.mailsystems.table import UNKNOWN
from probes.reading.probe_systems import systems_of_probe
from tests.support.store_samples import probe

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)
HEADERS = (
    "X-Forefront-Antispam-Report: CIP:203.0.113.9\r\n"
    "Received: from login.example (login.example [203.0.113.9]) by gw.acme.example with ESMTP id 1; "
    "Tue, 1 Dec 2026 08:00:02 +0000\r\n"
    "Subject: code\r\n\r\n"
)


def dialogue(*steps: tuple[Stage, int, str], names: tuple[str, ...] = ()) -> Dialogue:
    said = tuple(Step(stage, AT, 0.1, "mx[192.0.2.1]:25", code, None, text) for stage, code, text in steps)
    return Dialogue(AT, 1, Handover.ACCEPTED, said, certificate_names=names)


def arrival(folder: Folder = Folder.INBOX) -> Arrival:
    return Arrival(AT, AT, folder, "INBOX", HEADERS, ())


GREETING = dialogue((Stage.BANNER, 220, "mx.acme.example ESMTP Postfix"))


@pytest.mark.parametrize(
    ("evidence", "seen"),
    [
        ([GREETING], [("postfix", SignKind.GREETING)]),
        ([dialogue((Stage.EHLO, 250, "us-smtp-1.mimecast.com Hello"))], [("mimecast", SignKind.GREETING)]),
        ([dialogue(names=("*.pphosted.com",))], [("proofpoint", SignKind.CERTIFICATE)]),
        ([dialogue((Stage.RCPT, 550, "see https://www.mimecast.com/codes"))], [("mimecast", SignKind.REPLY)]),
        ([arrival()], [("m365", SignKind.HEADER)]),
        ([GREETING, arrival()], [("postfix", SignKind.GREETING), ("m365", SignKind.HEADER)]),
        ([GREETING, dialogue((Stage.EHLO, 250, "box ESMTP Postfix"))], [("postfix", SignKind.GREETING)]),
        ([dialogue((Stage.BANNER, 220, "mx.acme.example ESMTP ready"))], []),
        ([dialogue((Stage.DATA, 250, "queued by Postfix"))], []),
        ([arrival(Folder.COPY)], []),
    ],
)
def test_each_piece_of_evidence_shows_its_system(
    evidence: Sequence[Evidence], seen: Sequence[tuple[str, SignKind]]
) -> None:
    assert [(sign.system, sign.kind) for sign in systems_of_probe(probe(), evidence)] == seen


def test_the_relays_own_greeting_and_filter_say_nothing_of_the_company() -> None:
    through = (
        "X-Forefront-Antispam-Report: CIP:198.51.100.7\r\n"
        "Received: from m7.relay.example (m7.relay.example [198.51.100.7]) by gw.acme.example with ESMTP id 2; "
        "Tue, 1 Dec 2026 08:00:03 +0000\r\n"
        "Received: from login.example (login.example [203.0.113.9]) by m7.relay.example with ESMTP id 1; "
        "Tue, 1 Dec 2026 08:00:02 +0000\r\nX-Proofpoint-GUID: 1\r\nSubject: code\r\n\r\n"
    )
    found = systems_of_probe(probe(via="relay"), [GREETING, Arrival(AT, AT, Folder.INBOX, "INBOX", through, ())])
    assert [sign.system for sign in found] == ["m365"]


def test_a_system_beside_the_chain_is_doubted_and_one_of_it_is_not() -> None:
    greeting = SystemSign("mimecast", SignKind.GREETING, "eu-smtp-1.mimecast.com ESMTP")
    header = SystemSign("m365", SignKind.HEADER, "x-ms-exchange-organization-scl")
    software = SystemSign("postfix", SignKind.SOFTWARE, "(Postfix)")
    assert check_passed(("mimecast", "m365"), [greeting, header, software]) == ()
    (doubt,) = check_passed(("m365",), [greeting, header, software])
    assert (doubt.doubt, doubt.seen) == (ChainDoubt.PASSED, greeting)
    assert chain_sentence(doubt) == (
        'the greeting of the server names Mimecast ("eu-smtp-1.mimecast.com ESMTP"), which is not configured: if the '
        "company's mail goes through it, add mimecast to mail_systems"
    )


def test_where_nothing_is_configured_the_first_sign_is_proposed() -> None:
    software = SystemSign("postfix", SignKind.SOFTWARE, "(Postfix)")
    (doubt,) = check_passed((UNKNOWN,), [software, SystemSign("m365", SignKind.HEADER, "x-ms-exchange-scl")])
    assert chain_sentence(doubt) == (
        'a Received line names Postfix ("(Postfix)"); write mail_systems = ["postfix"], and what is behind it'
    )


@pytest.mark.parametrize("kind", SignKind)
def test_every_kind_of_sign_has_a_sentence_that_no_server_can_break(kind: SignKind) -> None:
    said = sign_sentence(SystemSign("m365", kind, "{system}\r\n<b>" + "x" * 5000))
    assert "{system}" in said
    assert "\n" not in said
    assert len(said) < 200
