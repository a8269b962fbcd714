"""Read the receiver's statements in the headers of an arrived message: `read_message`.

The message is hostile. Headers above the Received line of the receiver's border were written on its side; below, only
what that side is known to write or remove there is trusted: see `_Side`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from ipaddress import ip_address

from probes.reading.arrival_notes import MAX_NOTES, body_notes, greylisted, subject_marks
from probes.reading.authentication import Checks, checks
from probes.reading.facts import HopFacts, MessageFacts
from probes.reading.filters import BAD, FilterVerdict, overall, verdicts
from probes.reading.filters.microsoft import folder_letter
from probes.reading.filters.says import keyed
from probes.reading.header_fields import Field, fields, section_of, split
from probes.reading.received import ReceivedLines, border_of, chain, is_internal, organisation, written_by

FOLDERS = {"i": "inbox", "j": "junk", "c": "custom-rule"}  # Microsoft's letters
PROTON_FOLDERS = {"inbox": "inbox", "spam": "junk", "phishing": "junk"}

OWN_HEADERS: tuple[tuple[str, re.Pattern[str]], ...] = (  # vendors who take away what comes in under their names
    ("microsoft", re.compile(r"(?:^|\.)(?:outlook|office365|hotmail)\.com$")),
    ("proton", re.compile(r"(?:^|\.)(?:protonmail\.(?:ch|com)|proton\.(?:ch|me))$")),
    ("google-workspace", re.compile(r"(?:^|\.)google\.com$")),
    ("gmx", re.compile(r"(?:^|\.)(?:gmx\.(?:net|com|de)|web\.de|mail\.com|kundenserver\.de|server\.lan)$")),
    ("wp.pl", re.compile(r"(?:^|\.)(?:wp|o2)\.pl$")),
    ("yahoo", re.compile(r"(?:^|\.)(?:yahoo\.com|yahoodns\.net)$")),
)
NAMING = {
    "x-rspamd-server": ("rspamd",),
    "x-spam-checker-version": ("spamassassin",),
}  # headers that say which host judged

MESSAGE_BEGINS = frozenset({"from", "to", "subject", "date", "message-id", "mime-version", "dkim-signature"})

STATED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(  # where a receiver states who connected, in order of trust
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("x-sender-ip", r"^\[?([0-9a-f.:]{3,45})\]?$"),
        ("x-forefront-antispam-report", r"(?:^|;)CIP:\[?([0-9a-f.:]{3,45})\]?(?=;|$)"),
        ("authentication-results", r"\bsender ip is ([0-9a-f.:]{3,45})\)"),
        ("authentication-results", r"\bsmtp\.(?:client-ip|remote-ip)=\"?\[?([0-9a-f.:]{3,45})"),
        ("received-spf", r"\bclient-ip=\"?\[?([0-9a-f.:]{3,45})"),
        ("authentication-results", r"\bdesignates ([0-9a-f.:]{3,45}) as permitted sender"),
        ("x-feas-client-ip", r"^\[?([0-9a-f.:]{3,45})"),
        ("x-barracuda-connect", r"\[([0-9a-f.:]{3,45})\]"),
        ("x-ironport-remoteip", r"^\[?([0-9a-f.:]{3,45})"),
        ("x-spam-source", r"\bIP='([0-9a-f.:]{3,45})'"),
    )
)
HOSTS_NAMED = 5
READ_AHEAD = 256  # twice the messages that are between mailbox and judgement at once: some MB
NO_ADDRESS = "255.255.255.255"  # Microsoft: internal, or on its way out


def read_message(data: bytes | str, *, receiver: str | None = None, relayed: bool | None = None) -> MessageFacts:
    """Return the facts of a message or of its header section alone. Never raises, whatever the bytes are.

    `relayed`: the message is our own, and went through the sender's relay or not; None: unknown origin. `receiver` is
    the host or domain whose border is wanted; None: that of the last organisation on the way. A receiver that wrote no
    Received line is said in the first of `notes`, and the border is the same as without it.
    """
    head, body = split(data)
    side = _Side(fields(head), receiver, relayed)
    judged = verdicts(side.section)
    believed = side.believed(judged)
    notes = list(dict.fromkeys((*_missing(side.hops, receiver), *_notes(side, body))))[:MAX_NOTES]
    return MessageFacts(
        connecting_ip=side.connecting_ip,
        hops=tuple(side.hops),
        authentication=side.checks.facts,
        filters=tuple(verdict.facts if verdict in believed else verdict.doubted for verdict in judged),
        verdict=overall([verdict.said for verdict in believed]),
        folder=side.folder,
        notes=tuple(notes),
    )


def connecting_ip(headers: str, *, relayed: bool) -> str | None:
    """Return the address that connected at the receiver's border: as `read_message` does, but nothing else is read.

    `headers` is the header section of our own message.
    """
    return _connecting_ip(headers)[relayed]


def sent_fields(headers: str, *, relayed: bool) -> tuple[Field, ...]:
    """Return the headers that our own message had when the receiver took it, or all if no line says where that was."""
    section = fields(section_of(headers))
    side = _Side(section, None, relayed)
    return section if side.border is None else section[side.line + 1 :]


def read_ahead(headers: str) -> None:
    """Read now what judging the message will ask for. For the thread that fetched it: with the headers of Exchange
    Online this takes longer than all the rest of the judgement, which then finds it done."""
    _connecting_ip(headers)


def receiver_side(data: bytes | str, *, relayed: bool | None = None) -> tuple[Field, ...]:
    """Return the fields that were written on the receiver's side, topmost first, its Received lines included. Without
    a border nothing is known to be. `relayed`: as in `read_message`."""
    side = _Side(fields(split(data)[0]), None, relayed)
    return side.section[side.top : side.end] if side.border is not None else ()


@lru_cache(maxsize=READ_AHEAD)
def _connecting_ip(headers: str) -> tuple[str | None, str | None]:
    """Return it for a message that was sent directly, and for one that went through a relay: which of them it was, is
    only known when it is known whose probe it is."""
    section = fields(section_of(headers))
    met = ReceivedLines([field.value for field in section if field.name == "received"])
    direct, relayed = (_Side(section, None, relayed, met).connecting_ip for relayed in (False, True))
    return direct, relayed


class _Side:
    """The headers of one message, divided into those of the receiver's side and those that came in."""

    def __init__(
        self,
        section: tuple[Field, ...],
        receiver: str | None,
        relayed: bool | None,
        known: Sequence[HopFacts] | None = None,
    ) -> None:
        """`known`: the hops of this section, if they are read elsewhere."""
        self.section = section
        self.own = relayed is not None
        places = [place for place, field in enumerate(section) if field.name == "received"]
        self.hops = chain([section[place].value for place in places]) if known is None else known
        self.border = border_of(self.hops, relayed=relayed, receiver=receiver)
        self.line = places[self.border] if self.border is not None else len(section)
        self.named = receiver is not None and self.border is not None and written_by(self.hops, receiver)
        self.last = self._last() if self.named else 0
        self.top = places[self.last - 1] + 1 if self.last else 0
        direct = relayed is False or self.border is None
        self.end = len(section) if direct else self._end()

    def _last(self) -> int:
        """Return the hop at which the message left the receiver's side again: a receiver that was named is not the
        last one, and what a later one stated is about another client."""
        if self.border is None:
            return 0
        home = organisation(self.hops[self.border].by)
        later = (
            place
            for place in reversed(range(self.border))
            if not is_internal(self.hops[place].ip) and organisation(self.hops[place].by) != home
        )
        return next((place + 1 for place in later), 0)

    def _end(self) -> int:
        """Return the end of the headers right under the border's line: at the next hop, or where the sent message
        begins."""
        for place in range(self.line + 1, len(self.section)):
            name = self.section[place].name
            if name == "received" or name in MESSAGE_BEGINS:
                return place
        return len(self.section)

    @cached_property
    def servers(self) -> tuple[str, ...]:
        """Return the hosts of the receiver's side, its border first. Addresses do not count: nobody signs with one."""
        if self.border is None:
            return ()
        return tuple(
            hop.by for hop in reversed(self.hops[self.last : self.border + 1]) if hop.by and not hop.by[-1].isdigit()
        )

    @cached_property
    def checks(self) -> Checks:
        """Return the checks. Our own message leaves without such headers: all of them are the receiver's."""
        if self.own or not self.servers:
            return checks(self.section[self.top : self.end])
        return checks(self.section[self.top : self.line], self.section[self.line + 1 : self.end], self.servers)

    @property
    def connecting_ip(self) -> str | None:
        """Return the connecting address from the border's line, else from the receiver's other statements."""
        seen = self.hops[self.border].ip if self.border is not None else ""
        if seen and not is_internal(seen):
            return seen
        return next(self._stated(), None) or seen or None

    def _stated(self) -> Iterator[str]:
        everywhere = not self.hops or self._is_home_of("microsoft")
        written = self.section[self.top : None if everywhere else self.end]
        there = {field.name for field in written}
        for name, form in STATED:
            for field in written if name in there else ():
                if field.name == name and (found := form.search(field.value)) and found[1] != NO_ADDRESS:
                    try:
                        yield str(ip_address(found[1]))
                    except ValueError:
                        continue

    def believed(self, judged: Sequence[FilterVerdict]) -> list[FilterVerdict]:
        """Return the verdicts of the receiver's side; if it has none and was not named, bad ones of unknown origin."""
        if self.own or not self.hops:
            return list(judged)
        judged = [verdict for verdict in judged if verdict.place >= self.top]
        certain = [verdict for verdict in judged if self._is_receivers(verdict)]
        if self.named:  # then it is known whose they are not
            return certain
        doubtful = [verdict for verdict in judged if verdict.said.verdict in BAD and not verdict.said.outbound]
        return certain or doubtful  # nobody forges what harms himself

    def _is_receivers(self, verdict: FilterVerdict) -> bool:
        vendor = verdict.said.vendor
        if verdict.said.outbound:
            return False
        return verdict.place < self.end or self._is_home_of(vendor) or vendor in self._named

    def _is_home_of(self, vendor: str) -> bool:
        return _is_of(vendor, (*self.servers, *(hop.by for hop in self.hops[self.last : self.last + 1])))

    @cached_property
    def _named(self) -> frozenset[str]:
        """Return filters that state that they ran on a host of the receiver's side."""
        hosts = {label for server in self.servers for label in (server, server.partition(".")[0])}
        return frozenset(
            vendor
            for field in self.section
            if field.name in NAMING and field.value.split()[-1:] and field.value.split()[-1].lower() in hosts
            for vendor in NAMING[field.name]
        )

    @property
    def folder(self) -> str | None:
        """Return the folder named by a mailbox on the way; of several mailboxes the last one's."""
        for field in self.section:
            if field.name == "x-microsoft-antispam-mailbox-delivery" and self._went_through("microsoft"):
                return FOLDERS.get(folder_letter(keyed(field.value)))
            if field.name == "x-pm-spam-action" and self._went_through("proton"):
                return PROTON_FOLDERS.get(field.value.strip().lower())
        return None

    def _went_through(self, vendor: str) -> bool:
        return self.own or not self.hops or _is_of(vendor, [hop.by for hop in self.hops])


def _is_of(vendor: str, hosts: Sequence[str]) -> bool:
    return any(vendor.startswith(name) and any(home.search(host) for host in hosts) for name, home in OWN_HEADERS)


def _missing(met: Sequence[HopFacts], receiver: str | None) -> Iterator[str]:
    """Say that the receiver wrote no Received line, and which hosts did."""
    if receiver and not written_by(met, receiver):
        hosts = list(dict.fromkeys(hop.by for hop in met if hop.by))
        more = f" and {len(hosts) - HOSTS_NAMED} more" if len(hosts) > HOSTS_NAMED else ""
        wrote = f"; they are by {', '.join(hosts[:HOSTS_NAMED])}{more}" if hosts else ""
        yield f"no Received line is by {receiver.strip()[:253]}{wrote}"


def _notes(side: _Side, body: bytes) -> Iterator[str]:
    for field in side.section:
        if field.name == "x-greylist" and (waited := greylisted(field)):
            yield waited
        elif field.name == "subject":
            yield from subject_marks(field.value)
    if composite := side.checks.composite:
        yield f"composite authentication: {composite}"
    if body:
        yield from body_notes(body)
