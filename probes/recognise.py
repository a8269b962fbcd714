"""Turn sightings into evidence: whose probe a message is, when it came, and what a bounce says. Pure.

A message counts as the arrival of a probe only if it *is* the probe. Whoever saw the probe on its way knows its token,
and messages about a probe quote it: quarantine digests, bounces, answers, forwarded mail. So a token alone proves
nothing: the From address, the places of the token and the state of the body are weighed together by the rows of PROOFS.
"""

from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from probes.evidence import Arrival, BodyState, Bounce, Marker
from probes.mailboxes import Sighting
from probes.message import body_state
from probes.outcome import Cause
from probes.reading.about_a_mail import is_about_a_mail
from probes.reading.bounce_origin import BounceOrigin
from probes.reading.facts import BounceFacts, RecipientFacts
from probes.reading.header_addresses import addresses_of
from probes.reading.header_fields import Field, fields
from probes.reading.received import hops, latest
from probes.token import Purpose, verify


class Author(StrEnum):
    """Owners of the From address."""

    COMPOSED = "composed"  # that of the sender or the control, alone
    REWRITTEN = "rewritten"  # a group's or list's, which kept ours in a field of its own
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Proof:
    """A way to prove that a message is the probe: this author, a token in all these places, and a body in one of these
    states."""

    author: Author
    markers: frozenset[Marker]
    body: frozenset[BodyState]


_ANY_BODY = frozenset(BodyState)
_INTACT = frozenset({BodyState.INTACT})
_HEADER, _MESSAGE_ID = frozenset({Marker.HEADER}), frozenset({Marker.MESSAGE_ID})

PROOFS = (
    Proof(Author.COMPOSED, _HEADER, _ANY_BODY),
    Proof(Author.COMPOSED, _MESSAGE_ID, _ANY_BODY),  # a gateway took the X- fields away
    Proof(Author.COMPOSED, frozenset({Marker.ENVELOPE, Marker.BODY}), _ANY_BODY),  # and gave it a new Message-ID
    Proof(Author.REWRITTEN, _HEADER, _ANY_BODY),  # Google Groups, and lists that do as it does
    Proof(Author.REWRITTEN, _MESSAGE_ID, _ANY_BODY),
    Proof(Author.OTHER, _HEADER, _INTACT),  # a forwarder that puts itself into From and keeps every word
    Proof(Author.OTHER, _MESSAGE_ID, _INTACT),
)
"""Never the envelope alone, which every server on the way knows, nor the body alone, which everybody quotes."""

_OWN_FIELDS = ("x-original-from", "x-original-sender")  # where lists keep whom From named

_PURPOSES = {Marker.ENVELOPE: frozenset(Purpose)}  # before there were two tokens it bore that of the message


@dataclass(frozen=True, slots=True)
class Recognised:
    """A message that is a probe, and the state of its body."""

    probe_id: str
    body: BodyState


def recognise(sighting: Sighting, key: bytes, senders: Collection[str]) -> Recognised | None:
    """Return the probe that this message is, or None: forged, or somebody's message about a probe.

    `senders` are the From addresses that we compose with, in lower case.
    """
    tokens = {token: verify(token, key) for token in set(sighting.tokens.values())}  # the same in most places
    markers = {
        marker: verified.probe_id
        for marker, token in sighting.tokens.items()
        if (verified := tokens[token]) and verified.purpose in _PURPOSES.get(marker, frozenset({Purpose.MESSAGE}))
    }
    if len(set(markers.values())) != 1:
        return None
    probe_id = next(iter(markers.values()))
    header = fields(sighting.headers)
    if is_about_a_mail(header):
        return None
    authors = _authors(header)
    body = body_state(header, sighting.digest, probe_id, dict.fromkeys((*authors, *senders)), key)
    author = _author(header, authors, senders)
    proven = any(author is proof.author and proof.markers <= markers.keys() and body in proof.body for proof in PROOFS)
    return Recognised(probe_id, body) if proven else None


def _authors(header: Sequence[Field]) -> tuple[str, ...]:
    """Return the addresses of the From field; none if there are several such fields."""
    found = _values(header, "from")
    return tuple(address.lower() for address in addresses_of(found[0])) if len(found) == 1 else ()


def _author(header: Sequence[Field], authors: Sequence[str], senders: Collection[str]) -> Author:
    """Classify the author. OTHER also covers addresses from before a change of configuration; the signature covers
    those."""
    if len(authors) == 1 and authors[0] in senders:
        return Author.COMPOSED
    kept = [
        address.lower() for name in _OWN_FIELDS for value in _values(header, name) for address in addresses_of(value)
    ]
    return Author.REWRITTEN if any(address in senders for address in kept) else Author.OTHER


def _values(header: Iterable[Field], name: str) -> list[str]:
    return [field.value for field in header if field.name == name]


def arrival(sighting: Sighting, body: BodyState, sent_at: datetime, seen_at: datetime) -> Arrival:
    """Return the arrival that this sighting is, at the mailbox's own time if possible.

    The mailbox's time (else the last Received) counts if between sending and seeing; otherwise that clock is wrong. A
    time in whole seconds, as in IMAP and Received, stands for the end of its second.
    """
    told = sighting.mailbox_time or latest(hops(sighting.headers)) or seen_at
    if told.microsecond == 0:
        told += timedelta(seconds=1)
    return Arrival(
        at=min(max(told, sent_at), seen_at),
        seen_at=seen_at,
        folder=sighting.folder,
        folder_name=sighting.folder_name,
        headers=sighting.headers,
        markers=tuple(sorted(sighting.tokens)),
        body=body,
        client_ip=sighting.client_ip,
    )


MAX_REPLY_CHARS = 2000  # characters kept of a reply
MAX_NAME_CHARS = 320


def came_back(
    facts: BounceFacts, recipient: str, ours: Container[str], at: datetime, origin: BounceOrigin
) -> Bounce | None:
    """Return the evidence in a message about a probe to `recipient`, brought by `origin`.

    Of several recipients the probe's own counts, else one that it may have been forwarded to. None if it is only about
    addresses in our own domains (`ours`): a copy that did not reach us is nobody's block.
    """
    theirs = [each for each in facts.recipients if each.address.rpartition("@")[2].lower() not in ours]
    if facts.recipients and not theirs:
        return None
    nobody = RecipientFacts("", "", None, "", Cause.UNCLEAR, None)
    about = min(theirs, key=lambda each: (each.address.lower() != recipient, each.action != "failed"), default=nobody)
    return Bounce(
        at=at,
        kind=facts.kind,
        recipient=about.address[:MAX_NAME_CHARS],
        action=about.action[:MAX_NAME_CHARS],
        status=about.status[:MAX_NAME_CHARS] if about.status else None,
        reply=about.reply[:MAX_REPLY_CHARS],
        cause=about.cause,
        permanent=about.permanent,
        reporting_mta=facts.reporting_mta[:MAX_NAME_CHARS],
        remote_mta=about.remote_mta[:MAX_NAME_CHARS],
        client_ip=origin.ip,
        client_name=origin.name,
        to_envelope=origin.to_envelope,
        null_sender=origin.null_sender,
    )
