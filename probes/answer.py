"""The answer that stopped a message, and the comparison of two answers. Pure.

A cause is a guess from the reply text; that two senders got the same answer is a fact. So a verdict keeps the answer
itself, and the sender's answer is compared with the control's: stage, code and text, without what always differs
between two messages (names, addresses, ids, times).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line knows the stages before anything is decoded
    from pydantic import TypeAdapter


class Stage(StrEnum):
    """Stages of an SMTP dialogue, in the order in which they can happen."""

    LOOKUP = "lookup"  # which hosts take mail for the domain
    CONNECT = "connect"
    PROXY = "proxy"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    XCLIENT = "xclient"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    END_OF_DATA = "end_of_data"
    SCAN = "scan"  # a content filter is asked about the whole message; nothing is delivered


class Fault(StrEnum):
    """Failures of a step without a reply from the other side."""

    DOMAIN_UNKNOWN = "domain_unknown"  # the domain does not exist, or takes no mail
    LOOKUP_FAILED = "lookup_failed"  # the name servers did not tell
    REFUSED = "refused"  # the connection, by a reset or an ICMP answer
    UNREACHABLE = "unreachable"  # no way there from this machine
    TIMED_OUT = "timed_out"
    RESET = "reset"  # after the connection was made
    CLOSED = "closed"  # in mid-dialogue, without a word
    NONSENSE = "nonsense"  # what came was not SMTP, or had no end
    TLS = "tls"  # handshake or certificate
    NOT_OFFERED = "not_offered"  # STARTTLS, AUTH or XCLIENT was needed and not offered


BEFORE_CONTACT = frozenset({Stage.LOOKUP, Stage.CONNECT})
"""Stages before a connection exists: a dialogue that stops here has reached nobody."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that stopped a message. `stage` is None if a bounce reports it. Either `code` or `fault` is set,
    neither for a bounce without a code. `text` is the other side's, verbatim, without codes; `host` as in `Step`."""

    stage: Stage | None
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    fault: Fault | None = None
    host: str = ""

    @property
    def reached(self) -> bool:
        """True if there was a connection."""
        return self.stage not in BEFORE_CONTACT


@lru_cache(maxsize=1)
def _codec() -> "TypeAdapter[Answer]":
    from pydantic import TypeAdapter

    return TypeAdapter(Answer)


def encode(answer: Answer) -> str:
    """Encode the answer as one line of JSON."""
    return _codec().dump_json(answer).decode()


def decode(text: str | bytes) -> Answer | None:
    """Decode the result of `encode`. None for what this release does not know: nothing can be compared with it."""
    from pydantic import ValidationError

    try:
        return _codec().validate_json(text)
    except ValidationError:
        return None


MAX_COMPARED_CHARS = 4096  # characters of a text that are compared; a reply has at most a few hundred
MAX_WORD_CHARS = 64  # characters; what is longer is an id


def same_answer(one: Answer, other: Answer) -> bool:
    """Test if both messages were stopped at the same stage, in the same way, with the same text.

    The text of a fault does not count: it is this machine's own, with times and addresses in it.
    """
    if (one.stage, one.code, one.fault) != (other.stage, other.code, other.fault):
        return False
    if one.fault is not None:
        return True
    return (one.enhanced or "") == (other.enhanced or "") and masked(one.text) == masked(other.text)


def has_words(answer: Answer) -> bool:
    """Test if the other side gave a reason in words. A fault, a bare code, or a text that only states failure can hit
    two messages by chance."""
    return answer.fault is None and any(_is_reason(word) for word in masked(answer.text).split())


def _is_reason(word: str) -> bool:
    """Test if a word of a masked reply says more than a code does."""
    plain = word.strip(".:-=/#*_&$")
    return plain != "" and plain not in SAYS_NO_REASON and not _ENHANCED_CODE.fullmatch(plain)


_BARE_WORDS = """
    ok okay error errors fail fails failed failure failures reject rejected rejects refuse refused refuses deny denied
    abort aborted invalid bad sorry bye no not none unknown permanent permanently temporary temporarily
    transient fatal general access service server system smtp esmtp mail email e-mail message messages transaction
    delivery request requested command action taken accepted accept completed complete closing connection channel
    transmission code status reason id ref reference queued the a an this that is was been has have be to of for by in
    at on your you we our it and or please
"""
SAYS_NO_REASON = frozenset(_BARE_WORDS.split())
"""Words that a reply can consist of without giving a reason; RFC 5321, section 4.2.2, lists stock phrases of them."""

_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def list_named(answer: Answer) -> str:
    """Return the blocklist that the answer names or links to; "" if none."""
    text = answer.text[:MAX_COMPARED_CHARS]
    if listed := _LISTED.search(text):
        return listed[2].casefold()
    link = _LINK.search(text)
    return ".".join(link[1].casefold().split(".")[-2:]) if link else ""


MASK = "*"


@lru_cache(maxsize=1024)  # every failure is compared again whenever its company is looked at
def masked(text: str) -> str:
    """Return the words of a reply with `*` for each name, address, id, number and time. Names of blocklists stay: a
    sender on one list need not be on another."""
    plain_text = text[:MAX_COMPARED_CHARS]
    for pattern, replacement in _REWRITTEN:
        plain_text = pattern.sub(replacement, plain_text)
    out: list[str] = []
    for word in _SEPARATORS.sub(" ", plain_text).split():
        plain = _plain(word, after=out[-1] if out else "")
        if plain != MASK or out[-1:] != [MASK]:
            out.append(plain)
    return " ".join(out)


def _link(match: re.Match[str]) -> str:
    """Return a link's host and the reason in it: "c=bl" is another reason than "c=rdns"."""
    parts = (part for part in re.split(r"[/?#&=:;,]", (match[2] or "").rstrip(".")) if part)
    said = (part for part in parts if part.isalpha() or re.fullmatch(r"[0-9]{3}", part))
    return " " + " ".join(f"{_KEPT}{each}" for each in (match[1], *said)) + " "


def _plain(word: str, after: str) -> str:
    """Normalise a word for comparison."""
    if word.startswith(_KEPT):
        return word.casefold()
    bare = word.strip(".:-=/#*")
    if _HOST_NAME.fullmatch(bare) and not _ONE_OF_A_CLUSTER.fullmatch(bare):
        return _KEPT + ".".join(bare.casefold().rsplit(".", 2)[-2:])  # whose host it is, not which
    if _varies(word) or (after == MASK and _UNIT.fullmatch(word)):  # "in 59 seconds" is "in 1 minute"
        return MASK
    return word.casefold().strip(".:")


_KEPT = "\N{SECTION SIGN}"  # marks a name that is compared as it is; servers do not write this sign
_HOST = r"(?:[A-Za-z0-9_-]{1,63}\.){1,20}[A-Za-z][A-Za-z0-9-]{1,62}"
_LISTED_BY = (  # the words before the name of a blocklist, as Postfix, Exim, Sendmail and others write them
    r"(?:blocked|listed|found|appears?|is|are)\s+(?:using|in|on|at|by|via)|using|(?:r|dns)bl:?"
    r"|(?:black|block|deny)-?\s?list(?:ed)?(?:\s+(?:at|in|on|by|of))?"
)
_LINK = re.compile(rf"(?:https?://|www\.)({_HOST})([:/?#][^\s<>\"']{{0,1000}})?", re.IGNORECASE)
_LISTED = re.compile(rf"\b({_LISTED_BY})\s+({_HOST})", re.IGNORECASE)
_REWRITTEN: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # Of a client the name, which differs between any two: "mail.example[192.0.2.1]", "mail.example (192.0.2.1)"
    (re.compile(rf"(?:{_HOST}|\bunknown)(?=\s?[\[(](?:\d{{1,3}}\.){{3}}\d{{1,3}}[\])])", re.IGNORECASE), MASK),
    # A link: its host tells whose page it is, the rest is this message's.
    (_LINK, _link),
    (re.compile(r"[^\s<>\"'()\[\],;:@]{1,256}@[^\s<>\"'()\[\],;@]{1,256}"), f" {MASK} "),
    (_LISTED, rf"\1 {_KEPT}\2 "),
    (
        re.compile(r"\bunknown(?=\s?\[)", re.IGNORECASE),
        MASK,
    ),  # Postfix writes "unknown[192.0.2.1]" for a client without a name
)
_SEPARATORS = re.compile(r"[\s<>\"'`()\[\]{},;!?|]+")
_VENDOR_CODE = re.compile(r"#?[245]\.\d{1,3}\.\d{1,3}|[A-Za-z]{1,4}[-_]?\d{1,4}[a-z]?")  # "#5.7.1", "S775", "OFR_506"
_ONE_OF_A_CLUSTER = re.compile(r"(?:mx|mta|smtp|in|gw|srv|node|host|web|relay|mail)-?\d{1,4}[a-z]?", re.IGNORECASE)
_UNIT = re.compile(r"(?:ms|s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?|days?)\.?", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.){1,20}[A-Za-z]{2,24}\.?")  # no top-level domain has a digit
_MIXED_CASE = re.compile(r"[a-z][A-Z].*[a-z][A-Z]|[A-Z]{2,}[a-z]+[A-Z]")  # an id in base64 without a digit: "qIPtlBmXa"


def _varies(word: str) -> bool:
    """Test if this word may differ between two messages that were treated alike."""
    bare = word.strip(".:-=/#*")
    if not bare or len(bare) > MAX_WORD_CHARS or _ONE_OF_A_CLUSTER.fullmatch(bare):
        return bare != "" or MASK in word
    if _VENDOR_CODE.fullmatch(bare) or _VENDOR_CODE.fullmatch(word):
        return False
    return (
        any(letter.isdigit() for letter in bare)
        or _HOST_NAME.fullmatch(bare) is not None
        or _MIXED_CASE.search(bare) is not None
    )
