"""How the other side stopped a message, and whether two messages were stopped in the same way. Pure.

A cause is a guess from words; that two senders got the same answer is a fact. So a verdict keeps the answer itself, and
the sender's answer is compared with the control's: stage, code and text, without what must differ between any two
messages (names, addresses, ids, times).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter


class Stage(StrEnum):
    """The steps of one SMTP dialogue, in the order in which they can happen."""

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


class Fault(StrEnum):
    """How a step can fail without the other side saying so."""

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
"""Stages at which no connection exists yet: whoever stops here has not been spoken to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What stopped a message. `stage` is None where a bounce says it. Either `code` or `fault` is set; of a bounce
    that gives no code, neither. `text` is theirs, verbatim, without codes; `host` is who said it, as in `Step`.
    """

    stage: Stage | None
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    fault: Fault | None = None
    host: str = ""

    @property
    def reached(self) -> bool:
        """Whether there was a connection at all."""
        return self.stage not in BEFORE_CONTACT


_CODEC: TypeAdapter[Answer] = TypeAdapter(Answer)


def encode(answer: Answer) -> str:
    """The answer as one line of JSON."""
    return _CODEC.dump_json(answer).decode()


def decode(text: str | bytes) -> Answer:
    """What `encode` wrote."""
    return _CODEC.validate_json(text)


LONGEST_COMPARED = 4096  # characters of a text that are compared; a reply has at most a few hundred


def same_answer(one: Answer, other: Answer) -> bool:
    """Whether both messages were stopped at the same stage in the same way and words.

    Of a fault the text does not count: it is this machine's own remark, with times and addresses in it.
    """
    if (one.stage, one.code, one.fault) != (other.stage, other.code, other.fault):
        return False
    if one.fault is not None:
        return True
    return (one.enhanced or "") == (other.enhanced or "") and masked(one.text) == masked(other.text)


def masked(text: str) -> str:
    """The words of a reply, with `*` for each name, address, id, number and time in it."""
    words = _SEPARATORS.sub(" ", _LINK_OR_ADDRESS.sub(" * ", text[:LONGEST_COMPARED])).split()
    out: list[str] = []
    for word in words:
        plain = "*" if _varies(word) else word.casefold()
        if plain != "*" or out[-1:] != ["*"]:
            out.append(plain)
    return " ".join(out)


_LINK_OR_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"']{1,1000}|[^\s<>\"'()\[\],;:@]{1,256}@[^\s<>\"'()\[\],;@]{1,256}"
)
_SEPARATORS = re.compile(r"[\s<>\"'`()\[\]{},;!?|]+")
_VENDOR_CODE = re.compile(r"#?[245]\.\d{1,3}\.\d{1,3}|[A-Za-z]{1,4}[-_]?\d{1,4}[a-z]?")  # "#5.7.1", "S775", "OFR_506"
_HOST_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.){1,20}[A-Za-z][A-Za-z0-9-]{1,62}\.?")
_MIXED_CASE = re.compile(r"[a-z][A-Z].*[a-z][A-Z]|[A-Z]{2,}[a-z]+[A-Z]")  # an id in base64 without a digit: "qIPtlBmXa"


def _varies(word: str) -> bool:
    """Whether this word may differ between two messages that were treated alike."""
    bare = word.strip(".:-=/#")
    if not bare or _VENDOR_CODE.fullmatch(bare) or _VENDOR_CODE.fullmatch(word):
        return False
    return (
        any(letter.isdigit() for letter in bare)
        or _HOST_NAME.fullmatch(bare) is not None
        or _MIXED_CASE.search(bare) is not None
    )
