import base64
import email
import email.policy
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.evidence import Marker
from probes.kinds import Kind
from probes.message import BODY_READ, HEADERS_READ, PROBE_HEADER, TOKENS_READ, Message, compose, find_markers
from probes.probe import Probe
from probes.sender import Identity, Role
from probes.token import Purpose, mint, new_probe_id, verify

KEY = b"the key of these tests, 32 bytes"
ID = "abcdefghij234567"
TOKEN, TAG = mint(ID, KEY), mint(ID, KEY, Purpose.ENVELOPE)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
SENDER = Identity(
    Role.SENDER,
    "no-reply@account.trimble.com",
    "104.130.122.50",
    "account.trimble.com",
    "[UNAVAILABLE]",
    "bounce@account.trimble.com",
)
CONTROL = Identity(
    Role.CONTROL,
    "postmaster@control.example",
    "198.51.100.7",
    "control.example",
    "[UNAVAILABLE]",
    "returns@control.example",
)

every_mail = pytest.mark.parametrize(
    ("kind", "identity"), [(kind, identity) for kind in Kind for identity in (SENDER, CONTROL)]
)


def probe(kind: Kind = Kind.INVITATION, probe_id: str = ID, recipient: str = "probe@acme.example") -> Probe:
    return Probe(
        id=probe_id,
        company="acme",
        path="hq",
        kind=kind,
        role=Role.SENDER,
        via="direct",
        recipient=recipient,
        source_ip=SENDER.source_ip,
        created_at=NOON,
        code_dead_at=NOON + timedelta(minutes=10),
        give_up_at=NOON + timedelta(hours=1),
        retry=(timedelta(minutes=10),),
    )


def parsed(message: Message) -> EmailMessage:
    mail = email.message_from_bytes(message.content, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def parts(mail: EmailMessage) -> list[EmailMessage]:
    return [part for part in mail.iter_parts() if isinstance(part, EmailMessage)]


def codes(text: str) -> list[str]:
    return re.findall(r"(?<!\w)\d{6}(?!\w)", text)


# --- composing ---


@every_mail
def test_it_is_a_mail_without_a_flaw(kind: Kind, identity: Identity) -> None:
    mail = parsed(compose(probe(kind), identity, KEY))
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    for part in mail.walk():
        assert part.defects == []
        assert [field.defects for field in part.values() if field.defects] == []
    assert "".join(part.get_content() for part in parts(mail)).count("Reference: ") == 2
    assert {mail.preamble, mail.epilogue} <= {None, ""}


@every_mail
def test_it_passes_every_wire_unchanged(kind: Kind, identity: Identity) -> None:
    content = compose(probe(kind), identity, KEY).content
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|[^\r\n -~]", content)
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) < 400
    assert [line for line in lines if line.startswith((b".", b"From ")) or line != line.rstrip()] == []


@every_mail
def test_its_headers_are_those_of_an_identity_mail(kind: Kind, identity: Identity) -> None:
    mail = parsed(compose(probe(kind), identity, KEY))
    assert len(set(mail.keys())) == len(mail.keys())
    assert mail["From"].addresses[0].addr_spec == identity.address
    assert mail["From"].addresses[0].display_name == ("Trimble Identity" if identity is SENDER else "Delivery Check")
    assert [address.addr_spec for address in mail["To"].addresses] == ["probe@acme.example"]
    assert mail["Date"].datetime == NOON
    assert mail["Message-ID"] == f"<{TOKEN}@{identity.domain}>"
    assert mail[PROBE_HEADER] == TOKEN
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "NDR" not in re.findall(r"\w+", mail["X-Auto-Response-Suppress"])  # a refusal we want to hear of
    assert {"Precedence", "List-Unsubscribe", "List-Id"}.isdisjoint(mail.keys())


@every_mail
def test_a_code_mail_has_one_code_and_the_others_a_link(kind: Kind, identity: Identity) -> None:
    text, page = (part.get_content() for part in parts(parsed(compose(probe(kind), identity, KEY))))
    assert len(codes(text)) == int(kind.facts.needs_code)
    assert codes(text) == codes(page)
    link = re.compile(rf"https://{re.escape(identity.domain)}/\?\w+={TOKEN}(?!\w)")
    assert len(link.findall(text)) == len(link.findall(page)) == int(not kind.facts.needs_code)


@pytest.mark.parametrize("size", [8_000, 24_000, 60_000])
def test_a_mail_is_padded_to_the_size_of_the_senders_real_mail(size: int) -> None:
    message = compose(probe(Kind.VERIFICATION), SENDER, KEY, size=size)
    assert size <= len(message.content) < size + 300
    assert max(map(len, message.content.split(b"\r\n"))) < 400
    text, page = (part.get_content() for part in parts(parsed(message)))
    usual, short = (part.get_content() for part in parts(parsed(compose(probe(Kind.VERIFICATION), SENDER, KEY))))
    assert text == usual
    assert re.sub(r"<style>.*</style>\s+", "", page, flags=re.DOTALL) == short
    assert codes(page) == codes(text)
    assert compose(probe(), CONTROL, KEY, size=size) == compose(probe(), CONTROL, KEY)


def test_the_envelope_sender_bears_the_token_and_the_recipient_does_not() -> None:
    message = compose(probe(), SENDER, KEY)
    assert (message.mail_from, message.rcpt_to) == (f"bounce+{TAG}@account.trimble.com", "probe@acme.example")


@every_mail
def test_neither_token_gives_the_other_away(kind: Kind, identity: Identity) -> None:
    message = compose(probe(kind), identity, KEY)
    assert TAG.encode() not in message.content
    assert TOKEN not in message.mail_from


def test_what_is_sent_again_is_the_very_same_mail() -> None:
    assert compose(probe(), SENDER, KEY) == compose(probe(), SENDER, KEY)


def test_two_probes_share_neither_id_nor_boundary_nor_code() -> None:
    mails = [parsed(compose(probe(Kind.TWO_STEP_CODE, new_probe_id()), SENDER, KEY)) for _ in range(50)]
    assert len({mail["Message-ID"] for mail in mails}) == len({mail.get_boundary() for mail in mails}) == 50
    assert len({codes(parts(mail)[0].get_content())[0] for mail in mails}) > 45


def test_the_code_cannot_be_told_without_the_key() -> None:
    one, other = (compose(probe(Kind.TWO_STEP_CODE), SENDER, key).content.decode() for key in (KEY, KEY[::-1]))
    assert codes(one)[0] != codes(other)[0]


@given(st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16), st.sampled_from(Kind))
def test_whatever_the_id_the_boundary_is_met_only_between_parts(probe_id: str, kind: Kind) -> None:
    message = compose(probe(kind, probe_id), SENDER, KEY)
    mail = parsed(message)
    assert message.content.count(f'"{mail.get_boundary()}"'.encode()) == 1
    assert message.content.count(f"\r\n--{mail.get_boundary()}".encode()) == 3
    assert [part.get_content()[-1:] for part in parts(mail)] == ["\n", "\n"]


@pytest.mark.parametrize("local", ["probe+mail", "o'brien", "50%off", "a&b", "{x}", "%s", "a" * 64])
def test_an_unusual_recipient_is_written_as_it_is(local: str) -> None:
    address = f"{local}@acme.example"
    mail = parsed(compose(probe(recipient=address), SENDER, KEY))
    assert [part.defects for part in mail.walk()] == [[], [], []]
    assert mail["To"].addresses[0].addr_spec == address
    assert address in parts(mail)[0].get_content().splitlines()


HOSTILE = [
    "probe@acme.example\r\nBcc: all@acme.example",
    "probe@acme.example\n",
    "probe@acme.example>, <all@acme.example",
    "a,b@acme.example",
    "a b@acme.example",
    "a\x00b@acme.example",
    "pröbe@acme.example",
    "acme.example",
    "",
]


@pytest.mark.parametrize("address", HOSTILE)
def test_no_address_brings_a_header_of_its_own(address: str) -> None:
    for recipient, identity in (
        (address, SENDER),
        ("probe@acme.example", Identity(Role.SENDER, address, "192.0.2.1", "h", "p", "bounce@account.trimble.com")),
        ("probe@acme.example", Identity(Role.SENDER, "no-reply@account.trimble.com", "192.0.2.1", "h", "p", address)),
    ):
        with pytest.raises(ValueError, match="cannot stand in a mail header"):
            compose(probe(recipient=recipient), identity, KEY)


@pytest.mark.parametrize(("length", "fits"), [(29, True), (30, False)])
def test_the_bounce_address_has_room_for_the_token(length: int, fits: bool) -> None:
    identity = Identity(Role.SENDER, SENDER.address, "192.0.2.1", "h", "p", f"{'b' * length}@account.trimble.com")
    if fits:
        assert len(compose(probe(), identity, KEY).mail_from.partition("@")[0]) == 64
    else:
        with pytest.raises(ValueError, match="at most 29"):
            compose(probe(), identity, KEY)


# --- finding ---


def delivered(message: Message) -> bytes:
    """As a mail server stores it: with the envelope on top."""
    return f"Return-Path: <{message.mail_from}>\r\n".encode() + message.content


def looked_at(mail: bytes) -> dict[Marker, str]:
    headers, body = re.split(rb"\r?\n\r?\n", mail, maxsplit=1)
    return find_markers(headers, body)


def without(name: bytes) -> Callable[[bytes], bytes]:
    return lambda mail: re.sub(rb"(?mi)^" + name + rb":.*\r\n", b"", mail)


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda mail: mail.replace(old.encode(), new.encode())


def encoded(encode: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Both parts sent on in another encoding, as gateways do when they add a banner."""

    def gateway(mail: bytes) -> bytes:
        return re.sub(
            rb"Content-Transfer-Encoding: 7bit\r\n\r\n(.*?)\r\n(?=--=_)",
            lambda part: b"Content-Transfer-Encoding: base64\r\n\r\n" + encode(part[1]) + b"\r\n",
            mail,
            flags=re.DOTALL,
        )

    return gateway


def as_base64(part: bytes) -> bytes:
    return base64.encodebytes(b"[EXTERNAL] Be careful with links.\r\n" + part).rstrip().replace(b"\n", b"\r\n")


def as_quoted_printable(part: bytes) -> bytes:
    lines = part.replace(b"=", b"=3D").split(b"\r\n")  # soft breaks every 20 characters: in the middle of every token
    return b"\r\n".join(b"=\r\n".join(line[i : i + 20] for i in range(0, len(line) or 1, 20)) for line in lines)


def all_of(*gateways: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def chain(mail: bytes) -> bytes:
        for gateway in gateways:
            mail = gateway(mail)
        return mail

    return chain


def added(field: str) -> Callable[[bytes], bytes]:
    return lambda mail: f"{field}\r\n".encode() + mail


def rewritten(link: str) -> Callable[[bytes], bytes]:
    """Only the link is left as a marker, and a protection service leads it through itself."""
    return all_of(only_body, without(b"Reference"), replaced(LINK, link))


RECIPIENT_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")  # a bounce has our token there
H, M, E, B = Marker.HEADER, Marker.MESSAGE_ID, Marker.ENVELOPE, Marker.BODY
no_header, no_id, no_path = without(b"x-mailpath-probe"), without(b"message-id"), without(b"return-path")
only_body = all_of(no_header, no_id, no_path)
LINK = f"https://account.trimble.com/?invitation={TOKEN}"
ESCAPED = f"https%3A%2F%2Faccount.trimble.com%2F%3Finvitation%3D{TOKEN}"
PROOFPOINT_2 = f"https-3A__account.trimble.com_-3Finvitation-3D{TOKEN}"


@pytest.mark.parametrize(
    ("gateway", "markers"),
    [
        (all_of(), {H, M, E, B}),
        (replaced("\r\n", "\n"), {H, M, E, B}),
        (no_header, {M, E, B}),
        (no_id, {H, E, B}),
        (no_path, {H, M, B}),
        (replaced(f"<{TOKEN}@account.trimble.com>", "<20261103@gateway.example>"), {H, E, B}),
        (replaced("Message-ID:", "X-Microsoft-Original-Message-ID:"), {H, M, E, B}),
        (replaced("Message-ID: ", "MESSAGE-ID:\r\n\t"), {H, M, E, B}),
        (replaced("Subject: ", "Subject: [EXTERNAL] "), {H, M, E, B}),
        (replaced(f"bounce+{TAG}", f"BOUNCE+{TAG.upper()}"), {H, M, E, B}),
        (replaced(f"<bounce+{TAG}", f"<SRS0=9xZk=TT=account.trimble.com=bounce+{TAG}"), {H, M, E, B}),
        (all_of(no_path, added(f"Received: from x (envelope-from\r\n\t<b+{TAG}@a.b>)")), {H, M, E, B}),
        (all_of(no_path, added(f"Authentication-Results: mx;\r\n spf=pass smtp.mailfrom=b+{TAG}@a.b")), {H, M, E, B}),
        *((all_of(no_path, added(f"{name}: bounce+{TAG}@acme.example")), {H, M, B}) for name in RECIPIENT_FIELDS),
        (all_of(no_path, added(f"Received: from x by y with ESMTP id 1\r\n\tfor <b+{TAG}@a.b>; now")), {H, M, B}),
        (all_of(no_path, added(f"Received: from x by y id 1 FOR\r\n b+{TAG}@a.b; now")), {H, M, B}),
        (encoded(as_base64), {H, M, E, B}),
        (all_of(only_body, encoded(as_base64)), {B}),
        (all_of(only_body, encoded(as_quoted_printable)), {B}),
        (all_of(only_body, encoded(bytes.upper)), {B}),
        (rewritten(LINK), {B}),
        (rewritten(f"https://nam02.safelinks.protection.outlook.com/?url={ESCAPED}&data=05%7C02"), {B}),
        (rewritten(f"https://urldefense.proofpoint.com/v2/url?u={PROOFPOINT_2}&d=DwMFAg"), {B}),
        (rewritten(f"https://urldefense.com/v3/__{LINK}__;!!Ab3d!xyz$"), {B}),
        (rewritten("https://protect.example/s/Zm9vYmFy?domain=account.trimble.com"), set()),
    ],
)
def test_what_gateways_do_to_a_mail_leaves_these_markers(
    gateway: Callable[[bytes], bytes], markers: set[Marker]
) -> None:
    found = looked_at(gateway(delivered(compose(probe(Kind.INVITATION), SENDER, KEY))))
    assert found.keys() == markers
    assert {verified.probe_id for token in found.values() if (verified := verify(token, KEY))} <= {ID}


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (f"X-Mailpath-Probe: {TOKEN}\n", {H}),
        (f"X-Mailpath-Probe: {TOKEN}", {H}),
        (f"x-mailpath-probe : {TOKEN}\n", {H}),
        (f"Return-Path: <bounce+{TOKEN}@a.b>\nMessage-Id: <{TOKEN}@a.b>\n", {E, M}),
        (f"In-Reply-To: <{TOKEN}@a.b>\nReferences: <1@a.b>\n <{TOKEN}@a.b>\n", set()),  # an answer, not the probe
        (f"Subject: {TOKEN}\nTo: b+{TOKEN}@a.b\nX-Other: {TOKEN}\n", set()),
        (f"Subject: x\n X-Mailpath-Probe: {TOKEN}\n", set()),  # a folded line is not a field
        (f" X-Mailpath-Probe: {TOKEN}\n", set()),
        (f"{TOKEN}\n", set()),
        (f"X-Mailpath-Probe:{' ' * 5000}\n {TOKEN}\n", {H}),
    ],
)
def test_a_marker_is_known_by_its_field(headers: str, found: set[Marker]) -> None:
    assert find_markers(headers.encode()).keys() == found


def test_the_first_of_several_is_taken() -> None:
    other = mint(new_probe_id(), KEY)
    assert find_markers(f"X-Mailpath-Probe: {TOKEN}\nX-Mailpath-Probe: {other}\n".encode()) == {H: TOKEN}


@given(st.binary(), st.binary())
def test_any_bytes_will_do(headers: bytes, body: bytes) -> None:
    assert find_markers(headers, body) == {}


PIECES = [
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b":",
    b"=",
    b"==",
    b"=3D",
    b"Message-ID",
    b"Received:",
    b"X-Mailpath-Probe: ",
]
PIECES += [
    TOKEN.encode(),
    TOKEN.upper().encode(),
    TOKEN[:20].encode(),
    b"mp",
    b"\xff\0",
    b"A" * 43,
    b"QUJD" * 15,
    as_base64(TOKEN.encode()),
]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join), st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_nor_do_bytes_that_are_nearly_mail_harm_it(headers: bytes, body: bytes) -> None:
    assert set(find_markers(headers, body).values()) <= {TOKEN}


@pytest.mark.parametrize(
    "hostile",
    [
        b"X-A: " + b"a" * 1_000_000,
        b"X-A: b\r\n" * 10_000,
        b"\n mp" * 300_000,
        (b"\n " + TOKEN.encode()) * 30_000,
        (b"X-A:" + b"\n " * 100_000 + TOKEN.encode()) * 4,
        b"mp" * 500_000,
        (b"mp" + b"a" * 33) * 30_000,
        b"\n" * 1_000_000,
        b"A" * 1_000_000,
        (b"A" * 43 + b"-") * 25_000,
        (b"A" * 60 + b"\n\n") * 20_000,
        b"=\r\n" * 350_000,
    ],
    ids=lambda value: repr(value[:12]),
)
def test_hostile_mail_costs_little(hostile: bytes) -> None:
    began = perf_counter()
    find_markers(hostile, hostile)
    assert perf_counter() - began < 2  # measured: below 0.13


def test_what_is_read_has_an_end() -> None:
    probe_header = f"{PROBE_HEADER}: {TOKEN}\n".encode()
    assert find_markers(b"X-A: b\n" * (HEADERS_READ // 7 + 1) + probe_header) == {}
    assert find_markers(b"X-A: " + b"\n ".join([TOKEN.encode()] * TOKENS_READ) + b"\n" + probe_header) == {}
    assert find_markers(b"", b" " * BODY_READ + TOKEN.encode()) == {}
    assert find_markers(b"", b" " * (BODY_READ - 100) + TOKEN.encode()) == {B: TOKEN}
