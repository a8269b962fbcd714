"""Signs by which a mail system is recognised, and what they say of a configured chain. Pure.

The strongest first: the MX, the words of its replies, its certificate, its greeting, and what it writes into headers. A
sign names one system of a chain, never all: a gateway hides what is behind it, and software that a company runs by
itself may show no name at all. So nothing follows from a system that is not recognised.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from probes.display import one_line
from probes.mailsystems.system import ChainPlace
from probes.mailsystems.table import MAIL_SYSTEMS, OTHER, UNKNOWN, reply_marks, system_at, system_label
from probes.mailsystems.words import Chain


class SignKind(StrEnum):
    """Kinds of signs, the strongest first."""

    MX = "mx"
    REPLY = "reply"
    CERTIFICATE = "certificate"
    GREETING = "greeting"
    HOST = "host"  # a server in a Received line
    SOFTWARE = "software"  # named in a Received line
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class SystemSign:
    """One sign: the mail system, by key, and what shows it."""

    system: str
    kind: SignKind
    text: str


def _word(mark: str) -> str:
    """Return the pattern of a mark: whole words, so that "exim" is not found in "maximal"."""
    begins, ends = ("" if mark[0].isalnum() else r"\B"), ("" if mark[-1].isalnum() else r"\B")
    return (r"\b" if not begins else "") + re.escape(mark) + (r"\b" if not ends else "")


_HEADERS = {header: row.key for row in MAIL_SYSTEMS.values() for header in row.headers}
_PREFIXES = tuple(_HEADERS)
_BANNERS = {banner: row.key for row in MAIL_SYSTEMS.values() for banner in row.banners}
_BANNER = re.compile("|".join(map(_word, sorted(_BANNERS, key=len, reverse=True))))
_REPLIES = tuple(reply_marks())


@lru_cache(maxsize=4096)
def system_of_header(name: str) -> str:
    """Return the system that writes a field of this name, which is in lower case; "" if unknown. The longest beginning
    wins."""
    if not name.startswith(_PREFIXES):
        return ""
    return _HEADERS[max((prefix for prefix in _PREFIXES if name.startswith(prefix)), key=len)]


def system_of_software(text: str) -> str:
    """Return the system whose software a greeting or a Received line names; "" if none."""
    found = _BANNER.search(text.lower())
    return _BANNERS[found[0]] if found else ""


def signs_of_mx(hosts: Iterable[str]) -> tuple[SystemSign, ...]:
    """Return the signs of the hosts that an MX names, each system once."""
    found = {system_at(host): host for host in reversed(tuple(hosts))}
    return tuple(SystemSign(system, SignKind.MX, host) for system, host in reversed(found.items()) if system)


def signs_of_server(
    greeting: str = "", certificate_names: Iterable[str] = (), reply: str = ""
) -> tuple[SystemSign, ...]:
    """Return the signs of a server that was spoken to: its greeting (banner or EHLO), the names in its certificate, a
    reply. The strongest first."""
    found: list[SystemSign] = []
    lower = reply.lower()
    if system := next((key for mark, key in _REPLIES if mark in lower), ""):
        found.append(SystemSign(system, SignKind.REPLY, reply))
    for name in certificate_names:
        if system := system_at(name.removeprefix("*.")):
            found.append(SystemSign(system, SignKind.CERTIFICATE, name))
    if system := system_of_software(greeting) or system_at(_first_host(greeting)):
        found.append(SystemSign(system, SignKind.GREETING, greeting))
    return tuple(found)


def _first_host(greeting: str) -> str:
    return next((word for word in greeting.replace("-", " ", 1).split()[:3] if "." in word), "")


class ChainDoubt(StrEnum):
    """Doubts about a configured chain."""

    NOT_CONFIGURED = "not_configured"  # the MX is another mail system's
    NOT_FIRST = "not_first"  # it is in the chain, behind another one
    UNNAMED = "unnamed"  # nothing is configured, and the MX shows what it is
    PASSED = "passed"  # a probe went through another mail system


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """A difference between a configured chain and what the MX or a probe shows."""

    doubt: ChainDoubt
    configured: Chain
    seen: SystemSign


def check_chain(chain: Chain, signs: Sequence[SystemSign]) -> ChainFinding | None:
    """Compare a configured chain with the signs of the company's MX. None: nothing speaks against it, which is so too
    where nothing was recognised."""
    if not signs:
        return None
    asked_first = [key for key in chain if _place(key) not in (ChainPlace.FILTER, ChainPlace.BEHIND)]
    first = asked_first[0] if asked_first else chain[0]
    systems = {sign.system for sign in signs}
    if first in systems:
        return None
    sign = signs[0]
    if first == UNKNOWN:
        return ChainFinding(ChainDoubt.UNNAMED, chain, sign)
    if first.startswith(OTHER) and sign.system not in chain:
        return ChainFinding(ChainDoubt.NOT_CONFIGURED, chain, sign)
    return ChainFinding(ChainDoubt.NOT_FIRST if systems & set(chain) else ChainDoubt.NOT_CONFIGURED, chain, sign)


def check_passed(chain: Chain, signs: Iterable[SystemSign]) -> tuple[ChainFinding, ...]:
    """Compare a configured chain with the signs of the systems that a probe met, in the order of its way. Software
    named in a Received line is left out where something is configured: every vendor runs some, on servers of any
    name."""
    if chain[0] == UNKNOWN:
        return tuple(ChainFinding(ChainDoubt.UNNAMED, chain, sign) for sign in [*signs][:1])
    return tuple(
        ChainFinding(ChainDoubt.PASSED, chain, sign)
        for sign in signs
        if sign.system not in chain and sign.kind is not SignKind.SOFTWARE
    )


def _place(key: str) -> ChainPlace:
    row = MAIL_SYSTEMS.get(key)
    return row.place if row else ChainPlace.MAILBOXES


_SHOWN_BY = {
    SignKind.MX: "the MX {text} belongs to {system}",
    SignKind.REPLY: 'a reply has words of {system} ("{text}")',
    SignKind.CERTIFICATE: "the certificate of the server is for {text}, a name of {system}",
    SignKind.GREETING: 'the greeting of the server names {system} ("{text}")',
    SignKind.HOST: "the Received line of {text} is one of {system}",
    SignKind.SOFTWARE: 'a Received line names {system} ("{text}")',
    SignKind.HEADER: "{system} wrote the header {text}",
}
MAX_TEXT_CHARS = 80  # of a sign, in a sentence


def sign_sentence(sign: SystemSign) -> str:
    """Return a sign as a sentence without a full stop. Its text is the server's and may be hostile."""
    return _SHOWN_BY[sign.kind].format(text=one_line(sign.text, MAX_TEXT_CHARS), system=system_label(sign.system))


def chain_sentence(finding: ChainFinding) -> str:
    """Return a finding as a sentence, with what to do."""
    shown, key, first = sign_sentence(finding.seen), finding.seen.system, system_label(finding.configured[0])
    match finding.doubt:
        case ChainDoubt.UNNAMED:
            return f'{shown}; write mail_systems = ["{key}"], and what is behind it'
        case ChainDoubt.NOT_FIRST:
            return f"{shown}, but {first} is configured as the first: put {key} first"
        case ChainDoubt.NOT_CONFIGURED:
            return f"{shown}, which is not configured: if mail enters there, put {key} before {first}"
        case ChainDoubt.PASSED:
            return f"{shown}, which is not configured: if the company's mail goes through it, add {key} to mail_systems"
