"""Traits of each kind of route, as data: the judge asks for a trait and never for the kind.

Not in the kinds' own files, because those open connections, and the judge may not import them. A probe is stored with
the name of its route (`Probe.via`), which leads to its traits. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

from probes.answer import Stage
from probes.outcome import Grade


class WayOut(StrEnum):
    """The network between us and the first server, which decides what a connection there proves about others."""

    INTERNET = "internet"  # from the source IP to port 25 of the world
    GATEWAY = "gateway"  # one host of the company, perhaps in a private network
    RELAY = "relay"  # one host, whoever the recipient: it tells nothing of companies, nor they of it
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RouteTraits:
    """One kind of route. `label`: its name for people, "" if this version does not know it. `best_grade`: grade of an
    arrival whose headers name the source IP.

    `relayed`: a service of the sender accepts the message and forwards it, so that replies in a dialogue are that
    service's, and the company's answers are known only from reports. `asserts_client_at`: the stage at which we assert
    the sender's client to a gateway; `answers_from`: the first stage whose reply is to that client. `asserts_name`: the
    client's reverse name too. `from_source_ip`: the socket is bound to the source IP. `needs_mailbox`: the message ends
    in a mailbox, where we look for it.
    """

    label: str
    best_grade: Grade
    way_out: WayOut
    relayed: bool = False
    asserts_client_at: Stage | None = None
    answers_from: Stage | None = None
    asserts_name: bool = False
    from_source_ip: bool = False
    needs_mailbox: bool = True

    @property
    def asserts_client(self) -> bool:
        """True if we assert to the receiver that we are the sender's client."""
        return self.asserts_client_at is not None


ROUTE_TRAITS: dict[str, RouteTraits] = {
    "direct": RouteTraits("direct", Grade.REAL, WayOut.INTERNET, from_source_ip=True),
    "relay": RouteTraits("through the sender's mail service", Grade.REAL, WayOut.RELAY, relayed=True),
    "xclient": RouteTraits(
        "at the gateway (XCLIENT)",
        Grade.IMPERSONATED,
        WayOut.GATEWAY,
        asserts_client_at=Stage.XCLIENT,
        answers_from=Stage.XCLIENT,
        asserts_name=True,
    ),
    "proxy": RouteTraits(
        "at the gateway (PROXY header)",
        Grade.IMPERSONATED,
        WayOut.GATEWAY,
        asserts_client_at=Stage.PROXY,
        answers_from=Stage.BANNER,
    ),  # a PROXY header itself gets no answer
    "scan": RouteTraits("content filter only", Grade.SCANNED, WayOut.GATEWAY, needs_mailbox=False),
}

NO_TRAITS = RouteTraits("", Grade.UNPROVEN, WayOut.UNKNOWN)


def traits_of(via: str) -> RouteTraits:
    """The traits of the kind of this name. Of a kind that this version does not know, a probe proves nothing."""
    return ROUTE_TRAITS.get(via, NO_TRAITS)


def kinds_that_assert() -> str:
    """The kinds that assert the sender's client, for people: "xclient or proxy"."""
    return " or ".join(via for via, traits in ROUTE_TRAITS.items() if traits.asserts_client)


def route_label(via: str) -> str:
    """Return a route's name for people."""
    return traits_of(via).label or via
