"""(contract sketch, being written)"""

from dataclasses import dataclass

from probes.sender import Identity


@dataclass(frozen=True, slots=True)
class Message:
    """A probe mail ready to be sent. `content` has CRLF line ends and is not dot-stuffed."""

    identity: Identity
    mail_from: str
    rcpt_to: str
    content: bytes
