"""A mail to send, from an identity that loopback bears, and what came of sending it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probes.evidence import Dialogue
from probes.message import Message
from probes.sender import Identity, Role

SOURCE = "127.0.0.5"  # the sender's: all of 127/8 is this machine's
GATEWAY = "gateway.example"  # 127.0.0.1, by the hosts file
CONTENT = b"From: a@account.trimble.com\r\nSubject: Your code\r\n\r\n.hidden\r\n..two\r\nfour\r\n"

IDENTITY = Identity(
    role=Role.SENDER,
    address="no-reply@account.trimble.com",
    source_ip=SOURCE,
    helo="account.trimble.com",
    ptr="mail50.static.mailgun.info",
    bounces="bounce@account.trimble.com",
)
MESSAGE = Message(IDENTITY, "bounce+token@account.trimble.com", "probe@acme.example", CONTENT)


@dataclass
class Sent:
    """A dialogue, and what was seen around it."""

    dialogue: Dialogue
    seconds: float

    @property
    def steps(self) -> list[tuple[str, int | None, str | None]]:
        """As (stage, code, fault)."""
        return [(step.stage.value, step.code, step.fault and step.fault.value) for step in self.dialogue.steps]

    @property
    def end(self) -> tuple[str, str, int | None, str | None]:
        """How it ended: (handover, stage, code, fault)."""
        return (self.dialogue.handover.value, *self.steps[-1])


Send = Callable[..., Awaitable[Sent]]
