"""What is different about each kind of route, as data: whoever judges a probe asks for this and never for the kind.

Here and not in the kinds' own files, because those open connections, and the judge may not know them. A probe is
stored with the name of its route (`Probe.via`), and finds the traits by it. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

from probes.answer import Stage
from probes.verdict import Grade


class WayOut(StrEnum):
    """What lies between us and the first server: what a connection there proves of other connections."""

    INTERNET = "internet"  # from the source IP to port 25 of the world
    GATEWAY = "gateway"  # one host of the company, perhaps in a private network
    RELAY = "relay"  # one host, whoever the recipient: it tells nothing of companies, nor they of it
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RouteTraits:
    """One kind of route. `best_grade`: what an arrival proves whose headers name the source IP.

    `relayed`: a service of the sender takes the message and hands it on, so that what a dialogue says is that service's
    word, and of the company's there are only reports. `asserts_client_at`: the stage at which a gateway is told that we
    are the sender's client, and `answers_from`: the first stage whose reply is one to that client. `from_source_ip`:
    the socket is bound to the source IP. `needs_mailbox`: the message ends in a mailbox, where it is looked for.
    """

    best_grade: Grade
    way_out: WayOut
    relayed: bool = False
    asserts_client_at: Stage | None = None
    answers_from: Stage | None = None
    from_source_ip: bool = False
    needs_mailbox: bool = True

    @property
    def asserts_client(self) -> bool:
        """Whether the receiver is told that the sender's client is connected, which in truth we are."""
        return self.asserts_client_at is not None


ROUTE_TRAITS: dict[str, RouteTraits] = {
    "direct": RouteTraits(Grade.REAL, WayOut.INTERNET, from_source_ip=True),
    "relay": RouteTraits(Grade.REAL, WayOut.RELAY, relayed=True),
    "xclient": RouteTraits(
        Grade.IMPERSONATED, WayOut.GATEWAY, asserts_client_at=Stage.XCLIENT, answers_from=Stage.XCLIENT
    ),
    "proxy": RouteTraits(
        Grade.IMPERSONATED, WayOut.GATEWAY, asserts_client_at=Stage.PROXY, answers_from=Stage.BANNER
    ),  # a PROXY header itself gets no answer
}

NO_TRAITS = RouteTraits(Grade.UNPROVEN, WayOut.UNKNOWN)


def traits_of(via: str) -> RouteTraits:
    """The traits of the kind of this name. Of a kind that this version does not know, a probe proves nothing."""
    return ROUTE_TRAITS.get(via, NO_TRAITS)


def kinds_that_assert() -> str:
    """The kinds that assert the sender's client, for people: "xclient or proxy"."""
    return " or ".join(via for via, traits in ROUTE_TRAITS.items() if traits.asserts_client)
