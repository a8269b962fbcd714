"""Decide whether the host that brought a bounce may speak for the hosts that had the message. Pure.

Anybody who knows the bounce address can write to it. So a bounce is tied to the receiver only if it comes as a server's
own report does (to the probe's own bounce address, from the null sender: RFC 3464, section 2) and from the side that
accepted the message: the very host we handed it to, a neighbour in its network, or a host whose name DNS confirms and
that belongs to the same organisation as that host or as the recipient. Large providers send bounces from other networks
than those of their MX; their names show it (outlook.com, google.com).

But such a provider sends for anybody who has a mailbox or a relay there. Its customers can make it send a report with a
text of their choice: by an automatic reply, or by a rule that refuses mail, some even from the null sender. So that tie
is weaker and needs a second piece of evidence: see `SortedEvidence.proves`. What is not proven may still be true.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from probes.evidence import Bounce, Dialogue
from probes.ip_addresses import OPERATOR, block_of, parse_ip
from probes.reading.received import organisation
from probes.reading.shared_providers import SHARED_PROVIDERS

MAX_OF_A_KIND = 10  # bounces kept of one probe: by each tie, final or not
MAX_OF_A_STRANGER = 3  # of a kind, from one network that is not the receiver's own

_HOST = re.compile(r"(.*)\[([0-9A-Fa-f.:]+)\]:\d+")  # as `Step.host` is written


class Tie(IntEnum):
    """Ties between a bounce and the hosts that had the message; a greater one proves more."""

    NONE = 0
    SHARED = 1  # only a provider that serves others too
    OWN = 2


@dataclass(frozen=True, slots=True)
class SmtpClient:
    """A server that brought us a message, and its own name for itself. `to_envelope`, `null_sender`: see
    `BounceOrigin`."""

    ip: str
    helo: str = ""
    to_envelope: bool = False
    null_sender: bool = False


@dataclass(frozen=True, slots=True)
class BounceOrigin:
    """The host that brought a bounce to our listener. `name`: one of its names that DNS confirmed, or "".

    `to_envelope`: it came to the probe's own bounce address. `null_sender`: its envelope had no sender (MAIL FROM:<>).
    """

    ip: str = ""
    name: str = ""
    to_envelope: bool = False
    null_sender: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """The possible holders of the message: networks and organisations of the hosts it was handed to, and the
    recipient's organisation. Kept apart are those that may serve others too: known providers, and by name everything
    but the recipient's own organisation, as no table lists all providers."""

    domain: str  # the recipient's organisation
    networks: frozenset[str]
    organisations: frozenset[str]
    shared_networks: frozenset[str]
    shared_organisations: frozenset[str]


def receiver_of(dialogues: Iterable[Dialogue], recipient: str) -> Receiver:
    """Return the receiver of a probe to `recipient`, as far as these dialogues show."""
    hosts = {found.groups() for each in dialogues for step in each.steps if (found := _HOST.fullmatch(step.host))}
    domain = _domain_of(recipient)
    networks = {(block_of(ip, OPERATOR), organisation(name.lower()) in SHARED_PROVIDERS) for name, ip in hosts}
    organisations = frozenset({organisation(name.lower()) for name, _ in hosts if name} | {domain}) - {""}
    own = (organisations & {domain}) - SHARED_PROVIDERS
    return Receiver(
        domain,
        frozenset(network for network, shared in networks if not shared),
        own,
        frozenset(network for network, shared in networks if shared),
        organisations - own,
    )


def tie_of_host(origin: BounceOrigin, receiver: Receiver) -> Tie:
    """Test if a host belongs to the receiver's side, and to nobody else's."""
    if not origin.ip:
        return Tie.NONE
    network, name = block_of(origin.ip, OPERATOR), organisation(origin.name)
    if network in receiver.networks or name in receiver.organisations:
        return Tie.OWN
    shared = network in receiver.shared_networks or name in receiver.shared_organisations
    return Tie.SHARED if shared else Tie.NONE


def tie_of(bounce: Bounce, receiver: Receiver) -> Tie:
    """Return how strongly a bounce is tied to the receiver. A shared provider's must be about somebody at the
    recipient's organisation: no customer can write one for another."""
    if not (bounce.to_envelope and bounce.null_sender):
        return Tie.NONE
    tie = tie_of_host(BounceOrigin(bounce.client_ip, bounce.client_name), receiver)
    return Tie.NONE if tie is Tie.SHARED and _domain_of(bounce.recipient) != receiver.domain else tie


def _domain_of(address: str) -> str:
    return organisation(address.rpartition("@")[2].lower())


def has_room(bounce: Bounce, known: Collection[Bounce], receiver: Receiver) -> bool:
    """Test if one more may be kept. Each kind has its own room, so that forged ones cannot take that of the real
    one."""
    tie = tie_of(bounce, receiver)
    alike = [each for each in known if each.final is bounce.final and tie_of(each, receiver) is tie]
    same = [each for each in alike if block_of(each.client_ip, OPERATOR) == block_of(bounce.client_ip, OPERATOR)]
    return len(alike) < MAX_OF_A_KIND and (tie is Tie.OWN or len(same) < MAX_OF_A_STRANGER)


def is_loopback(ip: str) -> bool:
    """Test if this is an address of this machine, which any organisation could publish for a name."""
    address = parse_ip(ip)
    return address is not None and address.is_loopback


def is_among(ip: str, addresses: Iterable[str]) -> bool:
    """Test if this is one of these addresses, in any notation."""
    address = parse_ip(ip)
    return address is not None and any(parse_ip(each) == address for each in addresses)


def names_to_confirm(helo: str, reporting_mta: str) -> Sequence[str]:
    """Return the names that a client may have by its own statement and that can be hosts in DNS, at most two."""
    found = (name.strip().rstrip(".").lower() for name in (helo, reporting_mta))
    return tuple(dict.fromkeys(name for name in found if _NAME.fullmatch(name)))


_NAME = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,62}")
