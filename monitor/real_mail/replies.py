"""Replies of servers that refused real mail, without what is of one mail or of one person. Pure."""

import re

from monitor.real_mail.mails import RealMailRow
from probes.answer import MASK, masked
from probes.display import one_line
from probes.outcome import Concern
from probes.traced import TraceFate

MAX_REPLY_CHARS = 160
MIN_NAME_CHARS = 3  # parts of an address that are shorter are no names
KEPT_SIGN = "\N{SECTION SIGN}"  # with which `masked` marks what it keeps


def masked_reply(row: RealMailRow) -> str:
    """Return the reply with `*` for each address, name of the recipient, id, number and time; "" where there is none to
    keep. A reply about the recipient's own mailbox is not kept: what it says is about a person."""
    traced = row.traced
    if traced.fate is not TraceFate.REFUSED or row.cause is None or row.cause.concerns is Concern.RECIPIENT:
        return ""
    text = traced.text
    for name in _names(row.recipient):
        text = re.sub(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", MASK, text, flags=re.IGNORECASE)
    words = masked(text).replace(KEPT_SIGN, "").removeprefix(f"{MASK} ")
    if traced.enhanced and not words.startswith(traced.enhanced):
        words = f"{traced.enhanced} {words}"
    return one_line(f"{traced.code or ''} {words}".strip(), MAX_REPLY_CHARS)


def _names(recipient: str) -> list[str]:
    """Return the part before the @ and its words, the longest first."""
    local = recipient.rpartition("@")[0]
    words = {local, *re.split(r"[^A-Za-z]+", local)}
    return sorted((word for word in words if len(word) >= MIN_NAME_CHARS), key=len, reverse=True)
