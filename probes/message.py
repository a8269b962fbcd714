"""The bytes of a probe: how it is composed, and how its markers are found again in what arrived."""

from dataclasses import dataclass

from probes.dkim import Signer
from probes.evidence import Marker
from probes.probe import Probe
from probes.sender import Identity

PROBE_HEADER = "X-Mailpath-Probe"


@dataclass(frozen=True, slots=True)
class Message:
    """A probe mail ready to be sent. `content` has CRLF line ends and is not dot-stuffed."""

    identity: Identity
    mail_from: str
    rcpt_to: str
    content: bytes


def compose(probe: Probe, identity: Identity, key: bytes, signer: Signer | None = None) -> Message:
    """The mail of this probe. The same arguments give the same bytes: what is sent again is the very same mail."""
    raise NotImplementedError


def find_markers(headers: bytes, body: bytes = b"") -> dict[Marker, str]:
    """What is shaped like a token, by where it stands, in lower case. Whether it is ours only the key can tell."""
    raise NotImplementedError
