"""Who handed a bounce over, and whether that host may speak for those who had the message. Pure.

Anybody who knows the bounce address can write to it, so what a bounce says is proven only as far as it comes from the
side that took the message: the very host that we handed it to, a neighbour in its network, or a host whose name the DNS
confirms and that belongs to the same organisation as that host or as the recipient. Large providers send bounces from
other networks than those of their MX; their names tell (outlook.com, google.com). What is not proven may still be true.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from probes.evidence import Bounce, Dialogue, network_of
from probes.reading.received import organisation

MOST_OF_A_KIND = 10  # bounces kept of one probe: proven or not, final or not
MOST_OF_A_STRANGER = 3  # of a kind, from one network that proves nothing

_HOST = re.compile(r"(.*)\[([0-9A-Fa-f.:]+)\]:\d+")  # as `Step.host` is written


@dataclass(frozen=True, slots=True)
class Client:
    """A server that brought us a mail, and what it called itself. `to_envelope`: see `Origin`."""

    ip: str
    helo: str = ""
    to_envelope: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Who handed a bounce to our listener. `name`: one of its names that the DNS confirmed, or "".

    `to_envelope`: it came to the probe's own bounce address.
    """

    ip: str = ""
    name: str = ""
    to_envelope: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who can have the message: the networks and organisations of the hosts that it was handed to, and the recipient's
    organisation."""

    networks: frozenset[str]
    organisations: frozenset[str]


def receiver_of(dialogues: Iterable[Dialogue], recipient: str) -> Receiver:
    """The receiver of a probe to `recipient`, as far as these dialogues tell."""
    hosts = {found.groups() for each in dialogues for step in each.steps if (found := _HOST.fullmatch(step.host))}
    names = {name.lower() for name, _ in hosts if name} | {recipient.rpartition("@")[2].lower()}
    return Receiver(
        frozenset(network_of(ip) for _, ip in hosts), frozenset(organisation(name) for name in names if name)
    )


def speaks_for(origin: Origin, receiver: Receiver) -> bool:
    """Whether a host is of the receiver's side."""
    if not origin.ip:
        return False
    return network_of(origin.ip) in receiver.networks or organisation(origin.name) in receiver.organisations


def is_proven(bounce: Bounce, receiver: Receiver) -> bool:
    """Whether a bounce is the receiver's word."""
    return bounce.to_envelope and speaks_for(Origin(bounce.client_ip, bounce.client_name), receiver)


def has_room(bounce: Bounce, known: Collection[Bounce], receiver: Receiver) -> bool:
    """Whether one more is kept. Each kind has its own room, so that forged ones cannot take that of the true one."""
    proven = is_proven(bounce, receiver)
    alike = [each for each in known if each.final is bounce.final and is_proven(each, receiver) is proven]
    same = [each for each in alike if network_of(each.client_ip) == network_of(bounce.client_ip)]
    return len(alike) < MOST_OF_A_KIND and (proven or len(same) < MOST_OF_A_STRANGER)


def is_loopback(ip: str) -> bool:
    """Whether this is an address of this machine, to which any organisation may give a name."""
    address = _address(ip)
    return address is not None and address.is_loopback


def is_among(ip: str, addresses: Iterable[str]) -> bool:
    """Whether this is one of these addresses, however each is written."""
    address = _address(ip)
    return address is not None and any(_address(each) == address for each in addresses)


def _address(ip: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def names_to_confirm(helo: str, reporting_mta: str) -> Sequence[str]:
    """The names that a client may have, by what it said: those of hosts in the DNS, at most two."""
    found = (name.strip().rstrip(".").lower() for name in (helo, reporting_mta))
    return tuple(dict.fromkeys(name for name in found if _NAME.fullmatch(name)))


_NAME = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,62}")
