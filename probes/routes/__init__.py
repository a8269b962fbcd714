"""Ways into a company's mail system, one file each.

A route is its own settings: its fields are the config keys of `route = { via = ..., ... }`. It sends one message and
brings back the dialogue; a refusal is evidence, never an exception, and all is over within the deadline.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from probes.evidence import Dialogue, Note
from probes.message import Message
from probes.resolver import Resolver
from probes.sender import Identity, Role


@dataclass(frozen=True, slots=True)
class RouteContext:
    """What a route needs of the world outside its settings."""

    resolver: Resolver
    now: Callable[[], datetime]


class Route(Protocol):
    """One way into a company's mail system."""

    @property
    def via(self) -> str:
        """The name of this kind of route, as in the configuration."""
        ...

    def destination(self, recipient: str) -> str:
        """The host or domain that bears the load of a message to `recipient`; caps are counted by it."""
        ...

    def withholds(self, identity: Identity) -> str:
        """Why nothing may be sent as `identity` by this route, in words for people with the remedy; "" if it may."""
        ...

    async def send(
        self, message: Message, number: int, around: RouteContext, *, timeout: float, note: Note
    ) -> Dialogue:
        """Hand `message` over in one attempt, the `number`-th; over within `timeout` seconds whatever the server does.

        Every step is told to `note` as it ends and kept in the dialogue. Raises nothing but cancellation.
        """
        ...


def comparison(route: Route, identities: Mapping[Role, Identity]) -> Role | None:
    """Whom to compare the sender with on this route: the control, which tells most, else the neighbour, else nobody."""
    for role in (Role.CONTROL, Role.NEIGHBOUR):
        if role in identities and not route.withholds(identities[role]):
            return role
    return None
