"""Read the relevant part of a message: the start of its headers, and of its body if it may be a probe."""

from datetime import UTC, datetime, timedelta

from probes.evidence import Folder
from probes.mailboxes import Sighting
from probes.message import find_markers
from probes.reading.body_digest import body_digest
from probes.reading.headers import read_ahead

HEADER_LIMIT = 64 * 1024  # octets
BODY_LIMIT = 64 * 1024
PROBE_LIMIT = 256 * 1024  # a probe has some 5,000 octets, and no gateway makes fifty times that of it
DAY = timedelta(days=1)  # by so much may a mailbox's idea of the date differ from ours
HOUR = timedelta(hours=1)  # by so much may its clock; what is older had no part in what we sent


def split(start: bytes) -> tuple[bytes, bytes]:
    """Split into the header section with its last line end, and the body as far as given; each cut at its limit."""
    unix, internet = start.find(b"\n\n"), start.find(b"\r\n\r\n")  # ten times as fast as one expression for both
    if internet >= 0 and (unix < 0 or internet < unix):
        end, body = internet + 2, internet + 4
    elif unix >= 0:
        end, body = unix + 1, unix + 2
    else:
        end = body = len(start)
    return start[: min(end, HEADER_LIMIT)], start[body : body + BODY_LIMIT]


def worth_opening(size: int, came: datetime | None, since: datetime) -> bool:
    """Test if a message of this size can be a probe sent after `since`, so that its body is worth reading."""
    return size <= PROBE_LIMIT and (came is None or came >= since - HOUR)


def sighting(
    ref: str, folder: Folder, folder_name: str, headers: bytes, body: bytes, came: datetime | None
) -> Sighting | None:
    """Return the message as a sighting; None if it contains nothing like a token. To be called off the event loop: its
    headers are read here, so that judging it there takes less time."""
    tokens = find_markers(headers, body)
    if not tokens:
        return None
    whole = body and len(headers) < HEADER_LIMIT and len(body) < BODY_LIMIT
    digest = body_digest(headers + b"\r\n" + body) if whole else None
    text = headers[:HEADER_LIMIT].decode("utf-8", "replace").replace("\0", "\ufffd")  # some stores take no NUL
    read_ahead(text)
    return Sighting(ref, folder, folder_name, text, tokens, came, digest)


def utc(seconds: float) -> datetime | None:
    """Convert seconds since the epoch; None if out of range."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
