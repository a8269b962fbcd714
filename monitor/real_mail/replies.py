"""Replies of servers that refused real mail, without what is of one mail or of one person. Pure."""

import re
import unicodedata

from monitor.real_mail.mails import RealMailRow
from probes.answer import MASK, masked
from probes.display import one_line
from probes.outcome import Concern
from probes.traced import MAX_TEXT_CHARS, TraceFate

MAX_REPLY_CHARS = 160
MIN_NAME_CHARS = 3  # parts of an address that are shorter are no names
MAX_NAMES = 20  # parts of one address that are looked for
GAP = r"[\W\d_]{0,3}"  # between the parts of a name: "Doe, Jane" and "janedoe" are jane.doe's
_QUOTED = re.compile(r"[\"“”„«][^\"“”»]*[\"“”»]|(?<!\w)'[^']+'(?!\w)")  # it may be a subject
_LINK_TO = re.compile(r"((?:https?://|www\.)[^\s/?#<>\"']*)[^\s<>\"']*", re.IGNORECASE)
KEPT_SIGN = "\N{SECTION SIGN}"  # with which `masked` marks what it keeps


def masked_reply(row: RealMailRow) -> str:
    """Return the reply with `*` for each address, name of the recipient, quotation, id, number and time; "" where there
    is none to keep. Of a link the host is kept: the rest may be an address or a token, however it is encoded. A reply
    about the recipient's own mailbox is not kept: what it says is about a person."""
    traced = row.traced
    if traced.fate is not TraceFate.REFUSED or row.cause is None or row.cause.concerns is Concern.RECIPIENT:
        return ""
    text = _LINK_TO.sub(r"\1", _plain(traced.text))
    text = _QUOTED.sub(MASK, text)
    for name in _names(_plain(row.recipient)):
        text = re.sub(rf"(?<![^\W\d_]){name}(?![^\W\d_])", MASK, text, flags=re.IGNORECASE)
    words = masked(text).replace(KEPT_SIGN, "").removeprefix(f"{MASK} ")
    if traced.enhanced and not words.startswith(traced.enhanced):
        words = f"{traced.enhanced} {words}"
    return one_line(f"{traced.code or ''} {words}".strip(), MAX_REPLY_CHARS)


def _plain(text: str) -> str:
    """Return the text without what is invisible in its words, and with its letters as they are usually written."""
    usual = unicodedata.normalize("NFKC", text[:MAX_TEXT_CHARS])
    return "".join(each for each in usual if unicodedata.category(each) != "Cf")


def _names(recipient: str) -> list[str]:
    """Return patterns: of the part before the @, of its words in either order, and of each, the longest first."""
    local = recipient.rpartition("@")[0]
    words = [word for word in re.split(r"[\W\d_]+", local) if word][:MAX_NAMES]
    whole = [GAP.join(each) for each in (words, words[::-1])] if len("".join(words)) > MIN_NAME_CHARS else []
    parts = sorted({each for each in (local, *words) if len(each) >= MIN_NAME_CHARS}, key=len, reverse=True)
    return [re.escape(local), *whole, *map(re.escape, parts)] if len(local) >= MIN_NAME_CHARS else []
