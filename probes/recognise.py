"""From something seen to evidence: whose probe a mail is, when it came, and what one that came back says. Pure."""

import re
from collections.abc import Container
from datetime import datetime, timedelta

from probes.evidence import Arrival, Bounce, Marker
from probes.mailboxes import Sighting
from probes.reading.facts import BounceFacts, RecipientFacts
from probes.reading.received import hops, latest
from probes.token import verify
from probes.verdict import Cause

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


LONGEST_REPLY = 2000  # characters kept of a reply
LONGEST_NAME = 320


def came_back(facts: BounceFacts, recipient: str, ours: Container[str], at: datetime) -> Bounce | None:
    """The evidence that a mail about a probe to `recipient` is.

    Of several recipients the probe's own counts, else one that it may have been forwarded to. None when it speaks only
    of addresses in our own domains (`ours`): that a copy did not reach us is nobody's block.
    """
    theirs = [each for each in facts.recipients if each.address.rpartition("@")[2].lower() not in ours]
    if facts.recipients and not theirs:
        return None
    nobody = RecipientFacts("", "", None, "", Cause.UNCLEAR, None)
    about = min(theirs, key=lambda each: (each.address.lower() != recipient, each.action != "failed"), default=nobody)
    return Bounce(
        at=at,
        kind=facts.kind,
        recipient=about.address[:LONGEST_NAME],
        action=about.action[:LONGEST_NAME],
        status=about.status[:LONGEST_NAME] if about.status else None,
        reply=about.reply[:LONGEST_REPLY],
        cause=about.cause,
        permanent=about.permanent,
        reporting_mta=facts.reporting_mta[:LONGEST_NAME],
        remote_mta=about.remote_mta[:LONGEST_NAME],
    )


def _is_from(headers: str, domain: str) -> bool:
    found = _FROM.search(headers)
    return found is not None and f"@{domain}" in found[1].lower()
