"""The properties of a mail that a diagnosis varies, and how far each route can. Tables."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from probes.answer import Stage
from probes.outcome import Cause


class Factor(StrEnum):
    """Properties in which the sender's mail differs from the control's."""

    IP = "ip"
    HELO = "helo"
    ENVELOPE = "envelope"
    FROM = "from"
    AUTHENTICATION = "authentication"
    CONTENT = "content"
    LINKS = "links"
    KIND = "kind"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """Facts about a factor. `seen_at`: the first stage at which a server knows it. `label`: within a sentence, about
    the sender's mail. `causes`: those that it may be, the usual one first."""

    label: str
    help: str
    seen_at: Stage
    causes: tuple[Cause, ...]


FACTORS: dict[Factor, FactorFacts] = {
    Factor.IP: FactorFacts(
        "the IP address",
        "The address that the mail comes from, with its reverse name.",
        Stage.CONNECT,
        (Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.REPUTATION, Cause.RDNS, Cause.FIREWALL),
    ),
    Factor.HELO: FactorFacts(
        "the HELO name", "The name by which the client introduces itself.", Stage.EHLO, (Cause.POLICY, Cause.RDNS)
    ),
    Factor.ENVELOPE: FactorFacts(
        "the envelope domain", "The domain of MAIL FROM, where bounces go.", Stage.MAIL, (Cause.DOMAIN_BLOCKED,)
    ),
    Factor.FROM: FactorFacts(
        "the From domain", "The From header: its address and display name.", Stage.END_OF_DATA, (Cause.DOMAIN_BLOCKED,)
    ),
    Factor.AUTHENTICATION: FactorFacts(
        "the DKIM signature",
        "A signature with the sender's key, where a key is configured.",
        Stage.END_OF_DATA,
        (Cause.AUTHENTICATION,),
    ),
    Factor.CONTENT: FactorFacts(
        "the text", "Subject and body of the kind, or neutral words.", Stage.END_OF_DATA, (Cause.CONTENT,)
    ),
    Factor.LINKS: FactorFacts(
        "the links", "Links to the sender's domain, or to the control's.", Stage.END_OF_DATA, (Cause.CONTENT,)
    ),
    Factor.KIND: FactorFacts(
        "the kind of mail", "The kind that is stopped, or another one.", Stage.END_OF_DATA, (Cause.CONTENT,)
    ),
    Factor.SIZE: FactorFacts(
        "the size",
        "The size of the sender's real mail, where it is configured, or that of a short one.",
        Stage.MAIL,
        (Cause.TOO_LARGE,),
    ),
}

Lever = frozenset[Factor]
"""Factors that are varied together, because the route cannot vary one of them alone."""


def _each(*factors: Factor) -> tuple[Lever, ...]:
    return tuple(frozenset({factor}) for factor in factors)


_IDENTITY: Lever = frozenset({Factor.IP, Factor.HELO, Factor.ENVELOPE, Factor.FROM, Factor.AUTHENTICATION})
_OURS = _each(Factor.CONTENT, Factor.LINKS, Factor.KIND, Factor.SIZE)
"""Factors that are really ours on any route. The sender's name from another address would be spoofed elsewhere than at
a gateway that lets us assert a client, so there all of the identity changes at once."""

ROUTE_LEVERS: dict[str, tuple[Lever, ...]] = {
    "xclient": _each(*Factor),
    "proxy": _each(*Factor),
    "scan": _each(*Factor),
    "relay": (_IDENTITY - {Factor.IP, Factor.HELO}, *_OURS),  # the service's address and HELO name are fixed
    "direct": (_IDENTITY, *_OURS),
}


class Untested(StrEnum):
    """Reasons for which a factor is not varied."""

    SAME = "same"  # both mails have the same
    ROUTE = "route"  # the route cannot vary it
    STAGE = "stage"  # refused before the server could know it
    NOT_ASKED = "not_asked"  # left out by whoever started the diagnosis


def levers_of(via: str, differing: Collection[Factor], wanted: Collection[Factor] = ()) -> tuple[Lever, ...]:
    """Return what a route of this kind can vary, of the factors in which both mails differ.

    If only some factors are `wanted`, all others are varied together as one lever, so that a conclusion can say that it
    is something else.
    """
    found = [lever & frozenset(differing) for lever in ROUTE_LEVERS.get(via, ())]
    found = [lever for lever in found if lever]
    if not wanted:
        return tuple(found)
    asked = [lever for lever in found if lever & frozenset(wanted)]
    rest = frozenset(factor for lever in found if lever not in asked for factor in lever)
    return tuple(asked) + ((rest,) if rest else ())


def untested_of(
    via: str, differing: Collection[Factor], wanted: Collection[Factor] = ()
) -> tuple[tuple[Factor, Untested], ...]:
    """Return the factors that are not varied by themselves, with the reason."""
    levers = levers_of(via, differing, wanted)
    varied = {factor for lever in levers for factor in lever}
    found: dict[Factor, Untested] = {}
    for factor in Factor:
        if factor not in differing:
            found[factor] = Untested.SAME
        elif factor not in varied:
            found[factor] = Untested.ROUTE
        elif wanted and factor not in wanted:
            found[factor] = Untested.NOT_ASKED
    return tuple(found.items())


_ORDER = {stage: place for place, stage in enumerate(Stage)}


def seen_by(stage: Stage | None) -> frozenset[Factor]:
    """Return the factors that a server that refused at this stage can have known; None: after it read the message.

    Not narrower: a server may delay a refusal for an earlier property until RCPT, as Postfix does by default.
    """
    if stage is None:
        return frozenset(Factor)
    last = Stage.EHLO if stage is Stage.XCLIENT else stage  # which states address and HELO name
    return frozenset(factor for factor, facts in FACTORS.items() if _ORDER[facts.seen_at] <= _ORDER[last])


SUSPECTS: dict[Cause, tuple[Factor, ...]] = {
    Cause.IP_BLOCKED: (Factor.IP,),
    Cause.IP_LISTED: (Factor.IP,),
    Cause.REPUTATION: (Factor.IP, Factor.FROM),
    Cause.RDNS: (Factor.IP, Factor.HELO),
    Cause.FIREWALL: (Factor.IP,),
    Cause.DOMAIN_BLOCKED: (Factor.ENVELOPE, Factor.FROM),
    Cause.AUTHENTICATION: (Factor.AUTHENTICATION, Factor.FROM),
    Cause.CONTENT: (Factor.CONTENT, Factor.LINKS),
    Cause.TOO_LARGE: (Factor.SIZE,),
}
"""The factors that a reply's cause suggests; they are tried first."""


def named(factors: Iterable[Factor]) -> str:
    """Name factors in a sentence: "the IP address and the From domain"."""
    labels = [FACTORS[factor].label for factor in Factor if factor in set(factors)]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}" if labels else "nothing"
