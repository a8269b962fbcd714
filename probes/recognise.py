"""From something seen in a mailbox to an arrival: whose probe it is, and when it came. Pure."""

import re
from datetime import datetime, timedelta

from probes.evidence import Arrival, Marker
from probes.mailboxes import Sighting
from probes.reading.received import hops, latest
from probes.token import verify

_FROM = re.compile(r"^from:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE)


def recognise(sighting: Sighting, key: bytes, domain: str) -> str | None:
    """The id of the probe that this message is, or None: forged, altered, or somebody's mail about a probe.

    A token in the body alone may be quoted in a notice about the probe; it counts only in a mail From `domain`.
    """
    ids = {probe_id for token in set(sighting.tokens.values()) if (probe_id := verify(token, key))}
    if len(ids) != 1:
        return None
    if set(sighting.tokens) == {Marker.BODY} and not _is_from(sighting.headers, domain):
        return None
    return ids.pop()


def arrival(sighting: Sighting, sent_at: datetime, seen_at: datetime) -> Arrival:
    """The arrival that this sighting is, at the mailbox's own time as far as that is possible.

    The mailbox's word (else the last Received) counts between sending and seeing; a clock that says otherwise is wrong.
    A time in whole seconds, as IMAP and Received have it, is taken for the end of its second.
    """
    told = sighting.mailbox_time or latest(hops(sighting.headers)) or seen_at
    if told.microsecond == 0:
        told += timedelta(seconds=1)
    return Arrival(
        at=min(max(told, sent_at), seen_at),
        seen_at=seen_at,
        folder=sighting.folder,
        folder_name=sighting.folder_name,
        headers=sighting.headers,
        markers=tuple(sorted(sighting.tokens)),
    )


def _is_from(headers: str, domain: str) -> bool:
    found = _FROM.search(headers)
    return found is not None and f"@{domain}" in found[1].lower()
