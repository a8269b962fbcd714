"""DKIM keys: can receivers verify what is signed with each selector? RFC 6376, RFC 8301, RFC 8463.

Selectors cannot be listed, and a guessed name that is not there proves nothing: only known selectors are asked for.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from probes.dkim import MIN_RSA_BITS
from probes.reading.received import organisation
from probes.resolver import Unresolved
from probes.standing.asking import Asker, Subject, failed
from probes.standing.dkim_names import DkimName, key_name
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.tags import BadTagsError, tags_of

GOOD_RSA_BITS = 2048  # RFC 8301, section 3.2: signers should use at least these
ED25519_BYTES = 32


class BadKeyError(ValueError):
    """The text is no public key."""


async def read_dkim_keys(subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Read the key of every known signature."""
    if not subject.keys:
        return [asker.fact(Question.DKIM, subject.domain, Assessment(State.UNKNOWN, Why.NO_SELECTOR))]
    facts = []
    for key in subject.keys:
        found = await judged_key(key, asker)
        if found.state is State.BAD and organisation(key.domain) != organisation(subject.domain):
            found = replace(found, state=State.WEAK, why=Why.KEY_OF_OTHERS, named=(key.domain,))
        facts.append(asker.fact(Question.DKIM, key_name(key), found))
    return facts


async def judged_key(key: DkimName, asker: Asker) -> Assessment:
    """Read and judge the key of one signature."""
    found = await asker.lookup(key_name(key), "TXT")
    return failed(found) if isinstance(found, Unresolved) else assess(found.records)


def assess(records: Sequence[str]) -> Assessment:
    """Judge the records of one selector."""
    keys = [record for record in records if _is_key(record)] or list(records)
    if not keys:
        return Assessment(State.BAD, Why.KEY_MISSING)
    if len(keys) > 1:
        return Assessment(State.BAD, Why.KEY_TWICE, keys[0], (str(len(keys)),))
    record = keys[0]
    try:
        tags = tags_of(record)
        if tags.get("v", "DKIM1") != "DKIM1":
            raise BadTagsError(f"version {tags['v'][:20]!r}")
        if "p" not in tags:
            raise BadTagsError("it has no p=")
        if not tags["p"]:
            return Assessment(State.BAD, Why.KEY_REVOKED, record)
        kind = tags.get("k", "rsa")
        bits = _bits(kind, tags["p"])
    except (BadTagsError, BadKeyError) as error:
        return Assessment(State.BAD, Why.KEY_BROKEN, record, (str(error),))
    for tag, needed in (("h", "sha256"), ("s", "email")):
        if tag in tags and not {needed, "*"} & {part.strip() for part in tags[tag].split(":")}:
            return Assessment(State.BAD, Why.KEY_NOT_FOR_MAIL, record, (f"{tag}={tags[tag]}",))
    state, why = _strength(kind, bits, testing="y" in {part.strip() for part in tags.get("t", "").split(":")})
    return Assessment(state, why, record, (kind, str(bits)))


def _is_key(record: str) -> bool:
    try:
        return "p" in tags_of(record)
    except BadTagsError:
        return False


def _strength(kind: str, bits: int, *, testing: bool) -> tuple[State, Why]:
    if kind == "rsa" and bits < MIN_RSA_BITS:
        return State.BAD, Why.KEY_TOO_SHORT
    if testing:
        return State.WEAK, Why.KEY_TESTING
    if kind == "rsa" and bits < GOOD_RSA_BITS:
        return State.WEAK, Why.KEY_SHORT
    return State.GOOD, Why.KEY_GOOD


def _bits(kind: str, text: str) -> int:
    """Return the size of a key. Raises BadKeyError."""
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadKeyError("p= is not base64") from error
    match kind:
        case "ed25519":
            if len(der) != ED25519_BYTES:
                raise BadKeyError(f"an ed25519 key has {ED25519_BYTES} bytes, this one {len(der)}")
            Ed25519PublicKey.from_public_bytes(der)
            return 8 * ED25519_BYTES
        case "rsa":
            return _rsa_bits(der)
        case _:
            raise BadKeyError(f"unknown key type {kind[:20]!r}")


def _rsa_bits(der: bytes) -> int:
    try:
        key = load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKeyError("p= is no public key") from error
    if not isinstance(key, RSAPublicKey):
        raise BadKeyError("p= is a key of another type than k=")
    return key.key_size
