"""Compose the bytes of a probe, and find its markers in what arrived."""

import binascii
import hmac
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from probes import mail_text
from probes.diagnosis.factors import Factor
from probes.dkim import Signer
from probes.evidence import BodyState, Marker
from probes.kinds import Kind
from probes.probe import Probe
from probes.reading.body_digest import body_words, digest_of_words
from probes.reading.header_fields import Field
from probes.sender import Identity, Role
from probes.token import TOKEN_LENGTH, Purpose, base32, keyed_digest, mint, shaped

PROBE_HEADER = "X-Mailpath-Probe"
SIGNATURE_HEADER = "X-Mailpath-Signature"


@dataclass(frozen=True, slots=True)
class Message:
    """A probe mail ready to send. `content` has CRLF line ends and no dot-stuffing."""

    identity: Identity
    mail_from: str
    rcpt_to: str
    content: bytes


def compose(probe: Probe, identity: Identity, key: bytes, signer: Signer | None = None, size: int = 0) -> Message:
    """Compose the mail of this probe. Deterministic: a retry sends exactly the same mail.

    The message's token is in X-Mailpath-Probe, the Message-ID and both bodies, the envelope's token in the envelope
    sender; X-Mailpath-Signature covers the From address and the text of the body. `signer` has the sender's DKIM key,
    so control and neighbour go without DKIM. `size`: that of the sender's real mail in octets, to which its probes are
    padded; 0 if unknown. ValueError for an address that is not allowed in a header.
    """
    look = _look(probe, identity)
    form = _form(probe.kind, identity, look.text, look.links, size if look.padded else 0)
    recipient = _plain_address(probe.recipient)
    facts = {
        b"id": probe.id.encode(),
        b"token": mint(probe.id, key).encode(),
        b"code": b"%06d" % _code(probe.id, key),
        b"recipient": recipient.encode(),
        b"recipient_html": html.escape(recipient).encode(),
        b"date": format_datetime(probe.created_at).encode(),
        b"signature": b"",
    }
    facts[b"signature"] = _signature(probe.id, identity.address, digest_of_words(form.words % facts), key).encode()
    content = form.content % facts
    if signer is not None and look.signed:
        content = signer.sign(content, probe.created_at)
    return Message(identity, form.mail_from % mint(probe.id, key, Purpose.ENVELOPE), recipient, content)


def message_id(probe: Probe, identity: Identity, key: bytes) -> str:
    """Return the Message-ID of this probe's mail, without angle brackets."""
    return f"{mint(probe.id, key)}@{identity.domain}"


def body_state(
    headers: Iterable[Field], digest: bytes | None, probe_id: str, addresses: Iterable[str], key: bytes
) -> BodyState:
    """Check the body with this digest against the signature in these headers. `addresses`: possible From addresses, the
    likeliest first. `digest` is None for a body that was not read to its end."""
    found = [field.value for field in headers if field.name == SIGNATURE_HEADER.lower()][:SIGNATURES_READ]
    if not found or digest is None:
        return BodyState.UNVERIFIED
    good = (_signature(probe_id, address, digest, key) for address in addresses)
    same = any(hmac.compare_digest(one.encode(), other.encode()) for other in good for one in found)
    return BodyState.INTACT if same else BodyState.ALTERED


def _signature(probe_id: str, address: str, digest: bytes, key: bytes) -> str:
    sealed = b"\0".join(
        (b"mailpath signature 1", probe_id.encode(), address.lower().encode("utf-8", "replace"), digest)
    )
    return f"v1 {base32(keyed_digest(key, sealed)[:20])}"


@dataclass(frozen=True, slots=True)
class _Form:
    """All of a mail that is the same for every probe of a kind; the rest is open as `%(name)s`. `words`: what its
    digest is made of (see `body_words`), so that no mail of ours has to be read again. No value has a space in it."""

    mail_from: str
    content: bytes
    words: bytes


_FORM = """\
From: {brand} <{address}>
To: <%(recipient)s>
Subject: {subject}
Date: %(date)s
Message-ID: <%(token)s@{domain}>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_%(id)s"
Auto-Submitted: auto-generated
X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply
{probe_header}: %(token)s
{signature_header}: %(signature)s

--=_%(id)s
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

{plain}
--=_%(id)s
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 7bit

{rich}
--=_%(id)s--
"""  # of X-Auto-Response-Suppress all but NDR: refusals are what we want to hear of


class _Look(NamedTuple):
    """The parts of a mail that do not follow from kind and identity where a diagnosis varies them: the role in whose
    words it is, the domain that its links lead to, if it is signed, and if it is padded to the size of real mail."""

    text: Role
    links: str
    signed: bool
    padded: bool


def _look(probe: Probe, identity: Identity) -> _Look:
    arm = probe.arm
    if arm is None:
        own = identity.role is Role.SENDER
        return _Look(identity.role, identity.domain, signed=own, padded=own)
    text = Role.SENDER if Factor.CONTENT in arm.own else arm.other
    return _Look(text, arm.links or identity.domain, arm.signed, Factor.SIZE in arm.own)


@lru_cache(maxsize=256)
def _form(kind: Kind, identity: Identity, text: Role, links: str, size: int) -> _Form:
    octets = _octets(kind, identity, text, links, 0)
    if (padding := size - len(octets)) > 0:
        octets = _octets(kind, identity, text, links, padding)
    local, _, domain = _plain_address(identity.bounces).rpartition("@")
    if len(local) > MAX_LOCAL_PART - len("+") - TOKEN_LENGTH:
        raise ValueError(f"{identity.bounces!r} has no room for the +tag: at most 29 characters may stand before the @")
    return _Form(f"{mail_text.literal(local)}+%s@{domain}", octets, body_words(octets))


def _octets(kind: Kind, identity: Identity, text: Role, links: str, padding: int) -> bytes:
    mail = mail_text.wording(kind, text)
    address = _plain_address(identity.address)
    content = _FORM.format(
        brand=mail_text.wording(kind, identity.role).brand,
        address=mail_text.literal(address),
        subject=mail_text.literal(mail.subject),
        domain=mail_text.literal(identity.domain),
        probe_header=PROBE_HEADER,
        signature_header=SIGNATURE_HEADER,
        plain=mail_text.plain(mail, links),
        rich=mail_text.rich(mail, links, padding),
    )
    return content.replace("\n", "\r\n").encode("ascii")


MAX_LOCAL_PART = 64  # RFC 5321, section 4.5.3.1.1

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[\[\]A-Za-z0-9.:_-]{1,253}")


def _plain_address(address: str) -> str:
    """Test if an address needs no quoting and cannot add a line, comma or bracket to a header."""
    if _ADDRESS.fullmatch(address) is None:
        raise ValueError(f"{address!r} cannot stand in a mail header: letters, digits and !#$%&'*+/=?^_`{{|}}~.- only")
    return address


def _code(probe_id: str, key: bytes) -> int:
    digest = keyed_digest(key, b"mailpath code 1\0" + probe_id.encode())
    return int.from_bytes(digest[:8], "big") % 1_000_000


HEADERS_READ = 1 << 18  # octets; real header sections have up to some 30,000
BODY_READ = 1 << 20
TOKENS_READ = 64
FOLDS_READ = 50
SIGNATURES_READ = 4
CLAUSE_READ = 120  # octets before a token in Received: the start of an address has up to 64

_WHERE = {
    PROBE_HEADER.lower().encode(): Marker.HEADER,
    b"message-id": Marker.MESSAGE_ID,
    b"x-microsoft-original-message-id": Marker.MESSAGE_ID,  # Exchange Online, where a rule made it assign a new one
    b"x-original-message-id": Marker.MESSAGE_ID,
    b"x-gmail-original-message-id": Marker.MESSAGE_ID,
    b"x-google-original-message-id": Marker.MESSAGE_ID,
    b"return-path": Marker.ENVELOPE,
    b"x-return-path": Marker.ENVELOPE,
    b"x-envelope-from": Marker.ENVELOPE,
    b"x-envelope-sender": Marker.ENVELOPE,
    b"x-mailfrom": Marker.ENVELOPE,
    b"received": Marker.ENVELOPE,  # "(envelope-from <...>)": Exim, Postfix policy services, Sendmail
    b"received-spf": Marker.ENVELOPE,
    b"authentication-results": Marker.ENVELOPE,  # "smtp.mailfrom=..."
    b"arc-authentication-results": Marker.ENVELOPE,
    b"x-original-authentication-results": Marker.ENVELOPE,
}
"""Not In-Reply-To or References, which are in answers to a probe; nor Delivered-To, X-Original-To and the like, which
name the recipient: a bounce goes to an address with a token, and is no probe."""

_FOR_RECIPIENT = re.compile(rb"\bfor\s+<?[^\s<>;]*$", re.IGNORECASE)  # in Received: for whom, not from whom


def find_markers(headers: bytes, body: bytes = b"") -> dict[Marker, str]:
    """Return texts shaped like a token, by place, in lower case. Only the key can tell if they are ours.

    Any bytes will do. The first HEADERS_READ and BODY_READ bytes and TOKENS_READ tokens of the headers are read; of
    several tokens in one place the first is taken.
    """
    found: dict[Marker, str] = {}
    for match in islice(shaped(headers, HEADERS_READ), TOKENS_READ):
        name = _field_name(headers, match.start())
        marker = _WHERE.get(name)
        if name == b"received" and _FOR_RECIPIENT.search(headers, max(0, match.start() - CLAUSE_READ), match.start()):
            continue
        if marker is not None:
            found.setdefault(marker, match[0].decode().lower())
    if body and (token := _in_body(body[:BODY_READ])):
        found[Marker.BODY] = token
    return found


def _field_name(headers: bytes, position: int) -> bytes:
    """Return the name of the field whose value contains this position, in lower case; b"" if it is too far above."""
    for _ in range(FOLDS_READ):
        start = headers.rfind(b"\n", 0, position) + 1
        if headers[start : start + 1] not in (b" ", b"\t"):
            return headers[start : start + 64].partition(b":")[0].rstrip().lower()
        if start == 0:
            break
        position = start - 1
    return b""


def _in_body(body: bytes) -> str | None:
    for text in _readings(body):
        if match := next(shaped(text), None):
            return match[0].decode().lower()
    return None


_BASE64 = re.compile(rb"[A-Za-z0-9+/\r\n]{44,}={0,2}")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def _readings(body: bytes) -> Iterator[bytes]:
    """Yield the body as is, then decoded as quoted-printable, then each stretch of it that may be a base64 part."""
    yield body
    yield binascii.a2b_qp(body)
    for run in _BASE64.finditer(body):
        for part in _BLANK_LINE.split(run[0]):
            letters = part.translate(None, b"\r\n")
            if len(letters) >= 44:
                yield binascii.a2b_base64(letters[: len(letters) // 4 * 4])
