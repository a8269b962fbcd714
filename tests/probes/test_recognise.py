"""Which messages are the probe, and which only speak of it. One row, one message as it lies in a mailbox."""

import re
from collections.abc import Callable

import pytest

from probes.evidence import BodyState, Folder
from probes.kinds import Kind
from probes.mailboxes.excerpt import sighting, split
from probes.message import compose
from probes.recognise import Recognised, recognise
from probes.token import Purpose, mint, new_probe_id
from tests.probes.test_message import (
    CONTROL,
    ID,
    KEY,
    SENDER,
    TAG,
    TOKEN,
    added,
    all_of,
    as_base64,
    delivered,
    encoded,
    no_header,
    no_id,
    no_path,
    probe,
    replaced,
    without,
)

Gateway = Callable[[bytes], bytes]
US = "no-reply@account.trimble.com"
SENDERS = {US, CONTROL.address}
PROBE = delivered(compose(probe(Kind.INVITATION), SENDER, KEY))
INTACT, ALTERED, UNVERIFIED = BodyState


def recognised(mail: bytes, senders: set[str] = SENDERS) -> Recognised | None:
    headers, body = split(mail)
    seen = sighting("1", Folder.INBOX, "INBOX", headers, body, None)
    return recognise(seen, KEY, senders) if seen else None


def reencoded(mail: bytes) -> bytes:
    """Both parts sent on in base64, word for word."""
    import base64

    return re.sub(
        rb"Content-Transfer-Encoding: 7bit\r\n\r\n(.*?)\r\n(?=--=_)",
        lambda part: b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(part[1]) + b"\r\n",
        mail,
        flags=re.DOTALL,
    )


def from_(value: str) -> Gateway:
    return lambda mail: re.sub(rb"(?m)^From: .*$", f"From: {value}\r".encode(), mail, count=1)


new_id = replaced(f"<{TOKEN}@account.trimble.com>", "<20261103@gateway.example>")
new_text = replaced("Trimble", "Tremble")
footer = replaced("\r\n--=_", "\r\n-- \r\nThis mail came from outside.\r\n--=_")
no_signature = without(b"x-mailpath-signature")

ARE_THE_PROBE: list[tuple[str, Gateway, BodyState]] = [
    ("as it was sent", all_of(), INTACT),
    ("with LF alone", replaced("\r\n", "\n"), INTACT),
    ("in another transfer encoding", reencoded, INTACT),
    ("with a tag in the subject", replaced("Subject: ", "Subject: [EXTERNAL] "), INTACT),
    ("with a footer", footer, ALTERED),
    ("with a banner, in another encoding", encoded(as_base64), ALTERED),
    ("with rewritten links", replaced("https://account", "https://safelinks.example/?url=https://account"), ALTERED),
    ("without X- fields", all_of(no_header, no_signature), UNVERIFIED),
    ("with a Message-ID of the gateway's", new_id, INTACT),
    ("as Exchange Online keeps it", replaced("Message-ID:", "X-Microsoft-Original-Message-ID:"), INTACT),
    ("without X- fields and Message-ID, by envelope and body", all_of(no_header, no_signature, new_id), UNVERIFIED),
    ("by SRS", replaced(f"<bounce+{TAG}", f"<SRS0=9xZk=TT=account.trimble.com=bounce+{TAG}"), INTACT),
    ("From without a display name", from_(f"<{US}>"), INTACT),
    ("From bare", from_(US), INTACT),
    ("From in other case", from_("Trimble <No-Reply@ACCOUNT.trimble.com>"), INTACT),
    ("From with an encoded word", from_(f"=?utf-8?Q?Trimble_=5BEXT=5D?= <{US}>"), INTACT),
    ("From with comments", from_(f'"Trimble, Identity" (a <b@c>) <{US}> (via (our) gateway)'), INTACT),
    ("From of a group, kept by Google Groups", all_of(from_("'Trimble' via IT <it@acme.example>"), footer,
        added(f"X-Original-From: Trimble Identity <{US}>")), ALTERED),
    ("From of a list, kept as the original sender", all_of(from_("it@acme.example"), footer,
        added(f"X-Original-Sender: {US}")), ALTERED),
    ("From of a forwarder that keeps every word", from_("Trimble <no-reply=account.trimble.com@fwd.example>"), INTACT),
]  # fmt: skip


@pytest.mark.parametrize(("gateway", "body"), [row[1:] for row in ARE_THE_PROBE], ids=[row[0] for row in ARE_THE_PROBE])
def test_what_gateways_make_of_a_probe_is_still_the_probe(gateway: Gateway, body: BodyState) -> None:
    assert recognised(gateway(PROBE)) == Recognised(ID, body)


def mail(*fields: str, text: str = "", kind: str = "text/plain") -> bytes:
    head = [*fields, "Subject: about your mail", f"Content-Type: {kind}"]
    return "\r\n".join([*head, "", text, ""]).encode()


QUOTED = PROBE.decode()
DIGEST = f'"{US} via Quarantine" <digest@corp.example>'

ARE_NOT: list[tuple[str, bytes]] = [
    ("a quarantine digest that names us in its display name", mail(f"From: {DIGEST}", text=f"bounce+{TAG}@a.b")),
    ("the same, quoting the message's token", mail(f"From: {DIGEST}", text=f"Message-ID: <{TOKEN}@a.b>")),
    ("a digest with our envelope sender", mail(f"Return-Path: <bounce+{TAG}@a.b>", f"From: {DIGEST}", text=TOKEN)),
    ("a digest that names the message it is about",
        mail(f"From: {DIGEST}", f"X-Original-Message-ID: <{TOKEN}@account.trimble.com>", text=TOKEN)),
    *((f"a mail with our bounce address in {name}", mail(f"{name}: bounce+{TAG}@a.b", f"From: {US}", text=TOKEN))
        for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")),
    ("a mail received for our bounce address",
        mail(f"Received: from a by b for <bounce+{TAG}@a.b>; x", f"From: {US}", text=TOKEN)),
    ("the token of the envelope as if it were that of the message", mail(f"From: {US}", f"X-Mailpath-Probe: {TAG}")),
    ("and in the Message-ID", mail(f"From: {US}", f"Message-ID: <{TAG}@account.trimble.com>")),
    ("the envelope alone", mail(f"Return-Path: <bounce+{TAG}@a.b>", f"From: {US}")),
    ("the body alone", mail(f"From: {US}", text=TOKEN)),
    ("the header alone, by nobody", mail(f"X-Mailpath-Probe: {TOKEN}")),
    ("the header alone, by somebody", mail("From: x@acme.example", f"X-Mailpath-Probe: {TOKEN}")),
    ("a delivery status report", mail(f"From: {US}", f"X-Mailpath-Probe: {TOKEN}", kind="multipart/report")),
    ("an automatic answer", mail(f"From: {US}", f"Message-ID: <{TOKEN}@a.b>", "Auto-Submitted: auto-replied")),
    ("an answer", mail(f"From: {US}", f"X-Mailpath-Probe: {TOKEN}", f"References: <{TOKEN}@account.trimble.com>")),
    ("a list's digest", mail(f"From: {US}", f"X-Mailpath-Probe: {TOKEN}", kind="multipart/digest", text=QUOTED)),
    ("a forwarded mail, as an attachment", mail(f"From: {US}", kind="message/rfc822", text=QUOTED)),
    ("a forwarded mail, in a part", mail("From: x@acme.example", kind='multipart/mixed; boundary="b"',
        text=f"--b\r\nContent-Type: message/rfc822\r\n\r\n{QUOTED}\r\n--b--")),
    ("a forwarded mail, quoted", mail("From: x@acme.example", text="> " + QUOTED.replace("\r\n", "\r\n> "))),
    ("a Postfix report", mail(f"Return-Path: <>\r\nDelivered-To: bounce+{TAG}@account.trimble.com",
        "From: MAILER-DAEMON@mx.acme.example", "Auto-Submitted: auto-replied", kind="multipart/report",
        text=f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{QUOTED}")),
    ("two authors", from_(f"{US}, x@acme.example")(new_text(PROBE))),
    ("a group of authors", from_(f"all: {US}, x@acme.example;")(new_text(PROBE))),
    ("two From fields", added(f"From: {US}")(new_text(PROBE))),
    ("From that does not end", from_(f'"Trimble <{US}>')(new_text(PROBE))),
    ("From in a comment", from_(f"x@acme.example ({US})")(new_text(PROBE))),
    ("From of a neighbour's domain", from_("no-reply@account.trimble.com.evil.example")(new_text(PROBE))),
    ("From of another user", from_("somebody@account.trimble.com")(new_text(PROBE))),
    ("a forwarder that changed the words", from_("fwd@acme.example")(new_text(PROBE))),
    ("two probes in one", replaced(f"X-Mailpath-Probe: {TOKEN}", f"X-Mailpath-Probe: {mint('z' * 16, KEY)}")(PROBE)),
    ("another key", PROBE.replace(TOKEN.encode(), mint(ID, b"another key" * 3).encode())
        .replace(TAG.encode(), mint(ID, b"another key" * 3, Purpose.ENVELOPE).encode())),
]  # fmt: skip


@pytest.mark.parametrize("content", [row[1] for row in ARE_NOT], ids=[row[0] for row in ARE_NOT])
def test_what_only_speaks_of_a_probe_is_somebodys_mail(content: bytes) -> None:
    assert recognised(content) is None


def test_a_body_of_another_probe_is_not_intact() -> None:
    other = delivered(compose(probe(Kind.INVITATION, new_probe_id()), SENDER, KEY))
    (signature,) = re.findall(rb"(?m)^X-Mailpath-Signature: .*$", other)
    swapped = re.sub(rb"(?m)^X-Mailpath-Signature: .*$", signature, PROBE)
    assert recognised(swapped) == Recognised(ID, ALTERED)


def test_what_was_composed_before_the_sender_changed_is_known_by_its_signature() -> None:
    assert recognised(PROBE, {"new@account.trimble.com"}) == Recognised(ID, INTACT)
    assert recognised(new_text(PROBE), {"new@account.trimble.com"}) is None


def test_a_probe_sent_before_there_were_two_tokens_is_known() -> None:
    old = all_of(no_signature, replaced(TAG, TOKEN))
    assert recognised(old(PROBE)) == Recognised(ID, UNVERIFIED)
    assert recognised(all_of(old, no_header, new_id)(PROBE)) == Recognised(ID, UNVERIFIED)


def test_the_control_is_known_by_its_own_address() -> None:
    assert recognised(delivered(compose(probe(), CONTROL, KEY))) == Recognised(ID, INTACT)


def test_what_was_cut_before_its_end_cannot_be_verified() -> None:
    long = PROBE + b"x" * 70_000
    assert recognised(long) == Recognised(ID, UNVERIFIED)


def test_without_any_marker_it_is_not_even_seen() -> None:
    assert recognised(all_of(no_header, no_id, no_path)(b"From: x@y.z\r\n\r\nhello\r\n")) is None
