"""An arm of a diagnosis: one mail in which some factors are the sender's and all others the control's."""

from dataclasses import dataclass

from probes.diagnosis.factors import Factor
from probes.sender import Identity, Role


@dataclass(frozen=True, slots=True)
class Arm:
    """One mail of a diagnosis. `own` are the factors that are the sender's; all others are those of the identity
    `other`. `links`: the domain that its links lead to. `signed`: with the sender's DKIM key, if there is one."""

    diagnosis: str
    own: frozenset[Factor]
    other: Role
    links: str = ""  # the domain that links lead to
    signed: bool = False

    def encode(self) -> str:
        """Encode it as one line for the store."""
        own = "+".join(factor for factor in Factor if factor in self.own)
        return " ".join((self.diagnosis, own or "-", self.other, self.links or "-", "signed" if self.signed else "-"))


def decode_arm(text: str) -> Arm | None:
    """Decode the result of `Arm.encode`. None for what this release does not know."""
    parts = text.split(" ")
    if len(parts) != 5:
        return None
    diagnosis, own, other, links, signed = parts
    try:
        factors = frozenset(Factor(each) for each in own.split("+")) if own != "-" else frozenset[Factor]()
        role = Role(other)
    except ValueError:
        return None
    return Arm(diagnosis, factors, role, "" if links == "-" else links, signed == "signed")


def mixed(arm: Arm, sender: Identity, other: Identity) -> Identity:
    """Return the identity of an arm: each part is the sender's or the other's. Its role follows the From address."""

    def of(factor: Factor) -> Identity:
        return sender if factor in arm.own else other

    origin, client = of(Factor.FROM), of(Factor.IP)
    helo, bounces = of(Factor.HELO).helo, of(Factor.ENVELOPE).bounces
    return Identity(origin.role, origin.address, client.source_ip, helo, client.ptr, bounces)
