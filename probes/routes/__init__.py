"""Routes into a company's mail system, one file each.

A route is its own settings: its fields are the config keys of `route = { via = ..., ... }`. It sends one message and
returns the dialogue; a refusal is evidence, never an exception, and everything ends within the deadline.

- `table`     the kinds: `direct`, `relay`, `xclient`, `proxy`, `scan`
- `dialogue`  the SMTP dialogue that all share; `envelope`: its commands, `reply`: reads the answers
- `wire`      one TCP connection; `mta_tls`: TLS between mail servers
- `gateway_setup` lines for the company's side, and which routes suit a company
"""

from collections.abc import Mapping
from typing import Protocol

from probes.evidence import Dialogue, Note
from probes.message import Message
from probes.outside import Outside
from probes.sender import Identity, Role


class Route(Protocol):
    """A route into a company's mail system."""

    @property
    def via(self) -> str:
        """Name of this kind of route in the configuration; its traits are in `probes.route_traits`."""
        ...

    @property
    def host(self) -> str | None:
        """Configured host; None if the recipient's domain decides."""
        ...

    @property
    def port(self) -> int:
        """Port of the connections."""
        ...

    def destination(self, recipient: str) -> str:
        """The host or domain that a message to `recipient` burdens; caps are counted by it."""
        ...

    def withholds(self, identity: Identity) -> str:
        """Return why nothing may be sent as `identity` by this route, in words for people with the remedy; "" if it
        may."""
        ...

    async def send(self, message: Message, number: int, outside: Outside, *, timeout: float, note: Note) -> Dialogue:
        """Hand `message` over in one attempt, the `number`-th, within `timeout` seconds whatever the server does.

        `note` is called with every completed step, and the dialogue keeps them. Raises nothing but cancellation.
        """
        ...

    async def knock(self, message: Message, outside: Outside, *, timeout: float) -> Dialogue:
        """Do all that comes before MAIL, and leave: nothing is sent. `message` says as whom, and to whom."""
        ...


def comparison(route: Route, identities: Mapping[Role, Identity]) -> Role | None:
    """Return the identity to compare the sender with on this route: the control, which proves most, else the neighbour,
    else none."""
    for role in (Role.CONTROL, Role.NEIGHBOUR):
        if role in identities and not route.withholds(identities[role]):
            return role
    return None
