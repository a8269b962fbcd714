import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.dkim import SIGNED, Dkim, Signer
from probes.kinds import Kind
from probes.message import compose
from probes.probe import Probe
from probes.sender import Identity, Role
from probes.token import new_probe_id

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
DOMAIN = "account.trimble.com"
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

RSA_KEY = rsa.generate_private_key(65537, 2048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
both_keys = pytest.mark.parametrize("key", [RSA_KEY, ED_KEY], ids=["rsa", "ed25519"])


class VerifyKey:
    """What dkimpy wants of PyNaCl, done by cryptography: the curve. The form is dkimpy's affair."""

    def __init__(self, key: bytes, encoder: object) -> None:
        self.key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

    def verify(self, data: bytes, signature: bytes) -> None:
        self.key.verify(signature, data)


@pytest.fixture(autouse=True, scope="module")
def _curve() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        library = SimpleNamespace(
            signing=SimpleNamespace(VerifyKey=VerifyKey),
            encoding=SimpleNamespace(Base64Encoder=None),
            exceptions=SimpleNamespace(BadSignatureError=InvalidSignature, ValueError=ValueError),
        )
        patch.setattr(dkim, "nacl", library, raising=False)
        yield


def pem(key: Key | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def record(key: Key) -> bytes:
    """The key's DNS record."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        )
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public.public_bytes_raw())


def valid(content: bytes, key: Key, *, selector: str = "s1", domain: str = DOMAIN) -> bool:
    zone = {f"{selector}._domainkey.{domain}.".encode(): record(key)}
    try:
        return bool(dkim.DKIM(content).verify(dnsfunc=lambda name, timeout=5: zone.get(name)))
    except dkim.ValidationError:  # the body's hash, or a field missing
        return False


def mail(key: Key | None = None, role: Role = Role.SENDER) -> bytes:
    identity = Identity(role, f"no-reply@{DOMAIN}", "104.130.122.50", DOMAIN, "[UNAVAILABLE]", f"bounce@{DOMAIN}")
    probe = Probe(
        new_probe_id(),
        "acme",
        "hq",
        Kind.VERIFICATION,
        role,
        "direct",
        "probe@acme.example",
        "104.130.122.50",
        NOON,
        NOON + timedelta(minutes=10),
        NOON + timedelta(hours=1),
        (),
    )
    signer = Signer(DOMAIN, "s1", pem(key)) if key else None
    return compose(probe, identity, b"k" * 32, signer).content


def swapped(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def gateway(content: bytes) -> bytes:
        assert content.count(old) >= 1
        return content.replace(old, new, 1)

    return gateway


@both_keys
def test_a_signed_mail_verifies_and_is_the_mail_itself_below(key: Key) -> None:
    signed = mail(key)
    assert valid(signed, key)
    head, _, rest = signed.partition(b"\r\nFrom: ")
    assert head.startswith(b"DKIM-Signature: v=1; ")
    assert f"t={int(NOON.timestamp())};".encode() in head
    assert re.sub(rb"\s", b"", head).count(b"h=" + b":".join(SIGNED) + b";") == 1
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert all(re.search(rb"(?mi)^" + name + rb":", b"From: " + rest) for name in SIGNED)


@both_keys
def test_the_same_mail_gets_the_same_signature(key: Key) -> None:
    content = mail()
    signer = Signer(DOMAIN, "s1", pem(key))
    assert (
        signer.sign(content, NOON) == signer.sign(content, NOON) == Signer(DOMAIN, "s1", pem(key)).sign(content, NOON)
    )


def test_the_control_does_not_borrow_the_senders_key() -> None:
    assert b"DKIM-Signature" not in mail(RSA_KEY, Role.CONTROL)


@both_keys
@pytest.mark.parametrize(
    ("gateway", "survives"),
    [
        (swapped(b"Subject: ", b"Subject: [EXTERNAL] "), False),
        (swapped(b"From: Trimble Identity", b"From: Trimble"), False),
        (swapped(b"To: <probe@", b"To: <other@"), False),
        (swapped(b" 12:00:00 +0000\r\n", b" 12:00:01 +0000\r\n"), False),
        (swapped(b"Message-ID: <mp", b"Message-ID: <xx"), False),
        (swapped(b"Auto-Submitted: auto-generated\r\n", b""), False),
        (swapped(b"X-Mailpath-Probe: mp", b"X-Mailpath-Probe: xx"), False),
        (swapped(b"multipart/alternative;", b"multipart/mixed;"), False),
        (swapped(b"MIME-Version: 1.0", b"MIME-Version: 1.1"), False),
        (swapped(b"Hello,", b"Hallo,"), False),
        (swapped(b"\r\n\r\nHello,", b"\r\n\r\nBe careful!\r\nHello,"), False),
        (lambda content: content + b"-- \r\nScanned\r\n", False),
        (swapped(b"t=1", b"t=2"), False),
        (swapped(b"DKIM-Signature:", b"Received: from a.b\r\nDKIM-Signature:"), True),
        (swapped(b"X-Auto-Response-Suppress: DR", b"X-Auto-Response-Suppress: All"), True),  # not signed
        (swapped(b"Subject: Verify your email", b"SUBJECT:  Verify \r\n\tyour   email"), True),  # folded anew
        (swapped(b"Hello,\r\n", b"Hello, \t\r\n"), True),
        (lambda content: content + b"\r\n\r\n", True),
    ],
)
def test_what_a_gateway_may_do_and_what_breaks_it(key: Key, gateway: Callable[[bytes], bytes], survives: bool) -> None:
    assert valid(gateway(mail(key)), key) is survives


@both_keys
def test_another_key_does_not_verify(key: Key) -> None:
    other = rsa.generate_private_key(65537, 2048) if key is RSA_KEY else ed25519.Ed25519PrivateKey.generate()
    assert not valid(mail(key), other)


bodies = st.text("a.= \t\n", max_size=60).map(lambda text: (text + "\n" if text else "").replace("\n", "\r\n").encode())


@settings(deadline=None)
@given(bodies, st.text("aB:; \t", max_size=30))
def test_the_form_is_the_one_verifiers_take(body: bytes, subject: str) -> None:
    """Blank lines, trailing blanks, tabs, an empty body: our relaxed form is dkimpy's."""
    content = f"From:  a@b.c \r\nSuBject:{subject}\r\n\tx\r\nTo: d@e.f\r\n\r\n".encode() + body
    assert valid(Signer(DOMAIN, "s1", pem(ED_KEY)).sign(content, NOON), ED_KEY)


# --- configuration ---


def settings_from(folder: Path, key: bytes, **more: str) -> Dkim:
    (folder / "dkim.pem").write_bytes(key)
    return Dkim.model_validate({"selector": "s1", "key": {"file": "dkim.pem"}} | more, context={"folder": folder})


@pytest.mark.parametrize(("more", "domain"), [({}, DOMAIN), ({"domain": "Trimble.com"}, "trimble.com")])
def test_the_signer_comes_from_the_configuration(tmp_path: Path, more: dict[str, str], domain: str) -> None:
    signer = settings_from(tmp_path, pem(ED_KEY), selector="k1.mail", **more).signer(DOMAIN)
    assert valid(signer.sign(mail(), NOON), ED_KEY, selector="k1.mail", domain=domain)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_both_usual_forms_of_an_rsa_key_will_do(tmp_path: Path, form: PrivateFormat) -> None:
    key = RSA_KEY.private_bytes(Encoding.PEM, form, NoEncryption())
    assert valid(settings_from(tmp_path, key).signer(DOMAIN).sign(mail(), NOON), RSA_KEY)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (b"hunter2", "must be a private key in PEM"),
        (pem(RSA_KEY)[:400], "must be a private key in PEM"),
        (RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "private key in PEM"),
        (pem(RSA_KEY, b"secret"), "passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "must be an RSA or an Ed25519 key"),
    ],
)
def test_a_key_of_no_use_is_said_to_be_so_without_showing_it(tmp_path: Path, key: bytes, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as told:
        settings_from(tmp_path, key)
    assert told.value.errors()[0]["loc"] == ("key",)
    assert key.decode() not in str(told.value)


def test_a_short_rsa_key_is_refused(tmp_path: Path) -> None:
    p, q, e = 2**256 - 189, 2**255 - 19, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q))
    with pytest.raises(ValidationError, match="of 511 bits is too short; use 2048"):
        settings_from(tmp_path, pem(numbers.private_key()))


@pytest.mark.parametrize(
    "wrong", [{"selector": "s1 x"}, {"selector": ""}, {"selector": "s1;"}, {"domain": "trimble com"}]
)
def test_names_that_the_dns_cannot_have_are_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="must be a"):
        settings_from(tmp_path, pem(ED_KEY), **wrong)
