"""Decide which client is refused, at which stage and with which reply.

Pure functions; the texts are those of the mail servers named beside them.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from ipaddress import ip_address
from typing import assert_never

from monitor.sandbox.settings import Behaviour
from probes.answer import Stage
from probes.sender import Identity

MAX_REPLY_CHARS = 500  # RFC 5321, section 4.5.3.1.5: 512 with code and line end


@dataclass(frozen=True, slots=True)
class SandboxClient:
    """The client, as asserted or from the connection. `helo` is "" unless it was asserted."""

    ip: str
    name: str = "unknown"
    helo: str = ""


class About(Enum):
    """The property of a message that a behaviour applies to."""

    ADDRESS = auto()  # the client's address is the sender's
    DOMAIN = auto()  # the envelope sender is of the sender's domain
    EITHER = auto()
    EVERYBODY = auto()


ABOUT: dict[Behaviour, About] = {
    Behaviour.INBOX: About.EVERYBODY,
    Behaviour.JUNK: About.EITHER,
    Behaviour.BLOCKS_IP: About.ADDRESS,
    Behaviour.BLOCKS_DOMAIN: About.DOMAIN,
    Behaviour.LISTED: About.ADDRESS,
    Behaviour.REFUSES_CONTENT: About.EITHER,
    Behaviour.GREYLISTS: About.ADDRESS,
    Behaviour.HANGS_UP: About.ADDRESS,
    Behaviour.UNKNOWN_USER: About.EVERYBODY,
    Behaviour.FILTER_DOWN: About.EVERYBODY,
    Behaviour.RESOLVER_DOWN: About.EVERYBODY,
    Behaviour.LOSES: About.EVERYBODY,
    Behaviour.SLOW: About.EVERYBODY,
    Behaviour.UNREADABLE: About.EVERYBODY,
}

REFUSALS: dict[Behaviour, tuple[Stage, str]] = {
    Behaviour.BLOCKS_IP: (  # Postfix, check_client_access; it answers at RCPT (smtpd_delay_reject)
        Stage.RCPT,
        "554 5.7.1 <{name}[{ip}]>: Client host rejected: Access denied",
    ),
    Behaviour.BLOCKS_DOMAIN: (  # Postfix, check_sender_access without delay
        Stage.MAIL,
        "554 5.7.1 <{sender}>: Sender address rejected: Access denied",
    ),
    Behaviour.LISTED: (  # Postfix, reject_rbl_client
        Stage.RCPT,
        "554 5.7.1 Service unavailable; Client host [{ip}] blocked using dnsbl.sandbox.example; a simulated listing",
    ),
    Behaviour.REFUSES_CONTENT: (Stage.END_OF_DATA, "554 5.7.1 Spam message rejected"),  # rspamd, action reject
    Behaviour.GREYLISTS: (  # Postgrey behind Postfix
        Stage.RCPT,
        "450 4.2.0 <{recipient}>: Recipient address rejected: Greylisted, please try again later",
    ),
    Behaviour.FILTER_DOWN: (  # Postfix, milter_default_action = tempfail
        Stage.MAIL,
        "451 4.7.1 Service unavailable - try again later",
    ),
    Behaviour.RESOLVER_DOWN: (  # Postfix, reject_unknown_sender_domain
        Stage.RCPT,
        "450 4.1.8 <{sender}>: Sender address rejected: Domain not found",
    ),
    Behaviour.UNKNOWN_USER: (  # Postfix, reject_unlisted_recipient
        Stage.RCPT,
        "550 5.1.1 <{recipient}>: Recipient address rejected: User unknown in virtual mailbox table",
    ),
}


def held_against(behaviour: Behaviour, watched: Identity, client: SandboxClient, mail_from: str) -> bool:
    """Test if this mail system's behaviour applies to this client and envelope sender."""
    of_address = client.ip == str(ip_address(watched.source_ip))
    of_domain = _within(mail_from.rpartition("@")[2].lower(), watched.domain.lower())
    match ABOUT[behaviour]:
        case About.ADDRESS:
            return of_address
        case About.DOMAIN:
            return of_domain
        case About.EITHER:
            return of_address or of_domain
        case About.EVERYBODY:
            return True
        case other:
            assert_never(other)


def refusal(
    behaviour: Behaviour, stage: Stage, client: SandboxClient, mail_from: str, recipient: str = ""
) -> str | None:
    """Return the refusal of an unwanted message at `stage`; None if it is not refused there."""
    at, template = REFUSALS.get(behaviour, (None, ""))
    if at is not stage:
        return None
    reply = template.format(name=client.name, ip=client.ip, sender=printable(mail_from), recipient=printable(recipient))
    return reply[:MAX_REPLY_CHARS]


def printable(text: str) -> str:
    """Make a client's text safe for a reply or a header: anything but printable ASCII becomes "?", as in Postfix."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def _within(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


class Greylist:
    """Remembers clients: each combination of client, sender and recipient has to wait once.

    A different +tag makes a different sender, as in some real greylists, so every probe waits. Kept in memory only,
    at most `size` combinations; the oldest is dropped first.
    """

    def __init__(self, wait: timedelta, size: int = 1000) -> None:
        self._wait = wait
        self._size = size
        self._first_seen: OrderedDict[tuple[str, str, str], datetime] = OrderedDict()

    def knows(self, client: SandboxClient, mail_from: str, recipient: str, now: datetime) -> bool:
        """Test if the first attempt of this combination is long enough ago."""
        first = self._first_seen.setdefault((client.ip, mail_from.lower(), recipient.lower()), now)
        if len(self._first_seen) > self._size:
            self._first_seen.popitem(last=False)
        return now - first >= self._wait
