"""A mailbox that is not visited: copies of its mail are sent to our own SMTP listener.

The receiver redirects or journals each probe to an address of ours. This module has the setting, the parsing of such a
copy, and the meaning of its absence; the listener itself is in the service.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import Field

from probes.evidence import FailedLook, Folder, Look, Marker
from probes.mailboxes import RefusedPeriod, Sighting
from probes.mailboxes.excerpt import sighting, split
from probes.reading.about_a_mail import is_about_a_mail
from probes.reading.header_fields import fields
from probes.reading.mime import open_mail
from probes.settings import Address, Settings

AWAY = timedelta(minutes=1)  # a mail server that found nobody for as long as that tries again
DEPTH = 2  # a copy may stand inside a journal report; no more is looked into
MAIL_READ = 4 << 20  # octets: a probe has some 5,000, whatever it is wrapped in
ITSELF, ENCLOSED = "itself", "enclosed"

_JOURNAL_REPORT = "x-ms-journal-report"  # the field by which Exchange marks them


TurnedAway = Callable[[str, str, datetime, datetime], RefusedPeriod | None]
"""Returns when, in a period, the listener refused what may have been a copy for a mailbox or a bounce of a probe."""


class InboundMailbox(Settings):
    """Copies of the mail of a mailbox, sent to our listener. Requires `[inbound]`. A copy does not prove that the
    reader has the mail in the inbox."""

    via: Literal["inbound"]
    address: Address = Field(description="The address at the listener that receives the copies, and nothing else.")

    @property
    def key(self) -> str:
        """The address."""
        return f"inbound:{self.address}"

    @property
    def visited(self) -> None:
        """See `Mailbox`: copies come by themselves."""
        return None

    @property
    def received(self) -> Self:
        """See `Mailbox`."""
        return self

    @property
    def local(self) -> None:
        """See `Mailbox`."""
        return None

    @property
    def account_use(self) -> None:
        """See `Mailbox`."""
        return None

    def of_user(self, user: str) -> None:
        """See `Mailbox`."""
        return

    def look(
        self,
        sent_at: datetime,
        listening_since: datetime | None,
        now: datetime,
        turned_away: RefusedPeriod | None = None,
    ) -> Look | FailedLook:
        """Return the look for which no copy has come: only a listener that was open, and accepted everything that may
        have been a copy, can have missed nothing."""
        if listening_since is None:
            return FailedLook(now, f"{self.key}: no listener here; copies are received by `mailpath serve`")
        if listening_since > sent_at + AWAY:
            since = f"{listening_since:%H:%M:%S} UTC"
            return FailedLook(now, f"{self.key}: the listener is up since {since}; a copy may have come before that")
        if turned_away is not None:
            why = f"our listener turned clients away at {turned_away}; a copy may have been among what they brought"
            return FailedLook(now, f"{self.key}: {why}")
        return Look(now, (self.folder_name,))

    @property
    def folder_name(self) -> str:
        """Text shown in place of a folder's name."""
        return f"the copies to {self.address}"


def copy_of_probe(content: bytes, folder_name: str, client_ip: str) -> Sighting | None:
    """Return the probe that this message is a copy of: redirected unchanged, or whole inside a journal report. `ref`
    says which. None for everything else, above all for reports on a probe, answers to it, and forwarded attachments:
    people and filters do that with mail that was kept out of the inbox."""
    content = content[:MAIL_READ]
    for depth in range(DEPTH):
        headers, body = split(content)
        header = fields(headers.decode("utf-8", "replace"))
        if is_about_a_mail(header):
            return None
        seen = sighting(ENCLOSED if depth else ITSELF, Folder.COPY, folder_name, headers, body, None)
        if seen is not None:
            seen = replace(seen, client_ip=client_ip)
        if seen is not None and seen.tokens.keys() & {Marker.HEADER, Marker.MESSAGE_ID}:
            return seen
        if all(field.name != _JOURNAL_REPORT for field in header):
            return seen if seen is not None and seen.tokens.keys() >= {Marker.ENVELOPE, Marker.BODY} else None
        content = _enclosed(content)
    return None


def _enclosed(content: bytes) -> bytes:
    """Return the first message that is a part of this one (RFC 2046, section 5.2.1); b"" if none."""
    parts = open_mail(content, MAIL_READ).parts
    inside = next((part for part in parts if part.type == "message/rfc822"), None)
    return inside.octets(MAIL_READ).lstrip(b"\r\n") if inside is not None else b""
