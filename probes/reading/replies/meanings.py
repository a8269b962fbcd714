"""Meanings of bare codes, if the words say nothing."""

import re
from typing import NamedTuple

from probes.answer import Stage
from probes.outcome import Cause

ENHANCED: dict[str, Cause] = {  # RFC 3463, RFC 7372, RFC 7505 and the IANA registry, without the class digit
    "1.0": Cause.NO_SUCH_USER,
    "1.1": Cause.NO_SUCH_USER,
    "1.2": Cause.DOMAIN_UNKNOWN,
    "1.3": Cause.NO_SUCH_USER,
    "1.4": Cause.NO_SUCH_USER,
    "1.6": Cause.NO_SUCH_USER,
    "1.7": Cause.DOMAIN_BLOCKED,
    "1.8": Cause.DOMAIN_BLOCKED,
    "1.10": Cause.DOMAIN_UNKNOWN,
    "2.1": Cause.MAILBOX_DISABLED,
    "2.2": Cause.MAILBOX_FULL,
    "2.3": Cause.TOO_LARGE,
    "2.4": Cause.NO_SUCH_USER,
    "3.0": Cause.SERVER_FAULT,
    "3.1": Cause.SERVER_FAULT,
    "3.2": Cause.SERVER_FAULT,
    "3.3": Cause.SERVER_FAULT,
    "3.4": Cause.TOO_LARGE,
    "3.5": Cause.SERVER_FAULT,
    "4.0": Cause.NETWORK,
    "4.1": Cause.NETWORK,
    "4.2": Cause.NETWORK,
    "4.3": Cause.SERVER_FAULT,
    "4.4": Cause.DOMAIN_UNKNOWN,
    "4.5": Cause.RATE_LIMITED,
    "4.6": Cause.NETWORK,
    "4.7": Cause.EXPIRED,
    "5.1": Cause.MALFORMED,
    "5.2": Cause.MALFORMED,
    "5.3": Cause.RATE_LIMITED,
    "5.4": Cause.MALFORMED,
    "6.0": Cause.MALFORMED,
    "6.1": Cause.MALFORMED,
    "6.2": Cause.MALFORMED,
    "6.3": Cause.MALFORMED,
    "6.7": Cause.MALFORMED,
    "6.9": Cause.MALFORMED,
    "7.2": Cause.POLICY,
    "7.4": Cause.TLS,
    "7.5": Cause.TLS,
    "7.7": Cause.MALFORMED,
    "7.8": Cause.POLICY,
    "7.9": Cause.POLICY,
    "7.10": Cause.TLS,
    "7.11": Cause.TLS,
    "7.13": Cause.MAILBOX_DISABLED,
    "7.17": Cause.NO_SUCH_USER,
    "7.18": Cause.DOMAIN_UNKNOWN,
    "7.20": Cause.AUTHENTICATION,
    "7.21": Cause.AUTHENTICATION,
    "7.22": Cause.AUTHENTICATION,
    "7.23": Cause.AUTHENTICATION,
    "7.24": Cause.AUTHENTICATION,
    "7.25": Cause.RDNS,
    "7.26": Cause.AUTHENTICATION,
    "7.27": Cause.AUTHENTICATION,  # Gmail: SPF; IANA: the sender's domain has a null MX
    "7.28": Cause.RATE_LIMITED,
    "7.29": Cause.AUTHENTICATION,
    "7.30": Cause.TLS,
}

GOOGLE: dict[str, Cause] = {  # Gmail's own meanings (Google, "SMTP error codes")
    "7.27": Cause.AUTHENTICATION,
    "7.29": Cause.TLS,
    "7.30": Cause.AUTHENTICATION,
    "7.32": Cause.AUTHENTICATION,
    "7.40": Cause.AUTHENTICATION,
}

MICROSOFT: tuple[tuple[str, range, Cause], ...] = (  # Microsoft, "Non-delivery reports in Exchange Online"
    ("4.1", range(1), Cause.NO_SUCH_USER),
    ("5.7", range(501, 504), Cause.DOMAIN_BLOCKED),
    ("5.7", range(504, 505), Cause.MAILBOX_DISABLED),
    ("5.7", range(505, 506), Cause.DOMAIN_BLOCKED),
    ("5.7", range(506, 507), Cause.POLICY),
    ("5.7", range(507, 509), Cause.IP_BLOCKED),
    ("5.7", range(509, 510), Cause.AUTHENTICATION),
    ("5.7", range(510, 511), Cause.IP_BLOCKED),
    ("5.7", range(511, 512), Cause.REPUTATION),
    ("5.7", range(512, 513), Cause.MALFORMED),
    ("5.7", range(513, 514), Cause.IP_BLOCKED),
    ("5.7", range(515, 516), Cause.AUTHENTICATION),
    ("5.7", range(606, 650), Cause.IP_LISTED),
    ("5.7", range(700, 750), Cause.RATE_LIMITED),
    ("5.7", range(750, 751), Cause.DOMAIN_BLOCKED),
    ("5.7", range(321, 326), Cause.TLS),
    ("5.7", range(124, 137), Cause.POLICY),
    ("5.7", range(193, 194), Cause.POLICY),
    ("4.7", range(500, 700), Cause.RATE_LIMITED),
    ("4.7", range(850, 900), Cause.REPUTATION),
    ("5.4", range(300, 318), Cause.NETWORK),
    ("4.4", range(300, 318), Cause.NETWORK),
    ("5.2", range(121, 123), Cause.RATE_LIMITED),
    ("5.6", range(11, 12), Cause.MALFORMED),
    ("5.1", range(10, 11), Cause.NO_SUCH_USER),
)

BASIC: dict[int, Cause] = {  # RFC 5321, section 4.2.3, RFC 7504 and RFC 7505
    421: Cause.SERVER_FAULT,
    452: Cause.SERVER_FAULT,
    552: Cause.MAILBOX_FULL,
    551: Cause.NO_SUCH_USER,
    521: Cause.DOMAIN_UNKNOWN,
    556: Cause.DOMAIN_UNKNOWN,
    500: Cause.MALFORMED,
    501: Cause.MALFORMED,
    502: Cause.MALFORMED,
    503: Cause.MALFORMED,
    504: Cause.MALFORMED,
    555: Cause.MALFORMED,
    523: Cause.TLS,
    530: Cause.POLICY,
    535: Cause.POLICY,
    538: Cause.TLS,
}

STAGES: dict[Stage, Cause] = {  # what a bare 5.7.1 means by where it was said (RFC 5321, section 4.3.2)
    Stage.BANNER: Cause.IP_BLOCKED,
    Stage.XCLIENT: Cause.IP_BLOCKED,
    Stage.EHLO: Cause.IP_BLOCKED,
    Stage.STARTTLS: Cause.TLS,
    Stage.MAIL: Cause.DOMAIN_BLOCKED,
    Stage.RCPT: Cause.POLICY,
    Stage.END_OF_DATA: Cause.CONTENT,
}


SUBJECTS: dict[str, Cause] = {  # RFC 3463, section 3, for codes that are not listed; X.5 and X.7 tell too little
    "1": Cause.NO_SUCH_USER,
    "2": Cause.MAILBOX_DISABLED,
    "3": Cause.SERVER_FAULT,
    "4": Cause.NETWORK,
    "6": Cause.MALFORMED,
}

EXITS: dict[int, Cause] = {  # sysexits.h: how delivery programs say why they failed
    64: Cause.SERVER_FAULT,
    67: Cause.NO_SUCH_USER,
    68: Cause.DOMAIN_UNKNOWN,
    69: Cause.SERVER_FAULT,
    70: Cause.SERVER_FAULT,
    71: Cause.SERVER_FAULT,
    72: Cause.SERVER_FAULT,
    73: Cause.SERVER_FAULT,
    74: Cause.SERVER_FAULT,
    75: Cause.SERVER_FAULT,
    78: Cause.SERVER_FAULT,
}

_PROTOCOL = frozenset((500, 501, 502, 503, 504, 555))  # at every stage they are about the command, not the message
BEFORE_SENDER = (Stage.CONNECT, Stage.XCLIENT, Stage.BANNER, Stage.EHLO)  # nobody is known there but the client
_EXITED = r"exit(?:ed)?(?: (?:code|status|with|value))*[ :=]{1,3}|status[ :=]{1,3}|returned "
_EXIT = re.compile(rf"(?:\Ax-unix ?; ?|\b(?:{_EXITED}))(6[4-9]|7[0-8])\b", re.ASCII)
_EXIT_CODE = re.compile(r"[67]\d\b", re.ASCII)  # a search for the words costs ten times as much
EXIT_WORDS = ("exit", "status", "x-unix", "returned")  # whatever `exit_cause` finds has one of them


class Meaning(NamedTuple):
    """The meaning of a reply's codes: its cause, and the kind of code that has it.

    "enhanced": a listed enhanced code; "subject": one that is not, by its subject; "exit": a program's exit code;
    "basic": the three digits, by stage.
    """

    source: str
    cause: Cause


def exit_cause(said: str) -> Cause | None:
    """Return the meaning of a program's exit code (sysexits.h) in a reply in lower case; None if there is none."""
    exited = _EXIT.search(said) if _EXIT_CODE.search(said) else None
    return EXITS.get(int(exited[1])) if exited else None


def meaning_of(code: int | None, enhanced: str | None, stage: Stage | None, vendor: str, said: str) -> Meaning | None:
    """Return the meaning of the most telling code; None if none has one. `said` is the reply in lower case."""
    if enhanced:
        if cause := by_enhanced(enhanced, code or 0, vendor, said):
            return Meaning("enhanced", cause)
        _, subject, detail = enhanced.split(".")
        if detail != "0" and subject in SUBJECTS:
            return Meaning("subject", SUBJECTS[subject])
    if code and (cause := by_code(code, stage)):
        return Meaning("basic", cause)
    return None


def by_enhanced(enhanced: str, code: int, vendor: str, said: str) -> Cause | None:
    """Return the meaning of the enhanced code, by its vendor's list if there is one; None if unknown."""
    digit, _, detail = enhanced.partition(".")
    subject, _, number = detail.partition(".")
    if vendor == "google" and detail in GOOGLE:
        return GOOGLE[detail]
    if vendor in ("m365", "outlook", "exchange") or len(number) == 3:
        found = [c for key, numbers, c in MICROSOFT if key == f"{digit}.{subject}" and int(number) in numbers]
        if found:
            return found[0]
    if detail == "3.2" and code == 450 and "service currently unavailable" in said:
        return Cause.GREYLISTED  # postscreen's first-contact test
    return ENHANCED.get(detail)


def by_code(code: int, stage: Stage | None) -> Cause | None:
    """Return the meaning of the three digits at this stage."""
    if code in _PROTOCOL or code < 500 or stage is None:
        return BASIC.get(code)
    if stage in BEFORE_SENDER:
        return STAGES.get(stage, BASIC.get(code))
    return BASIC.get(code, STAGES.get(stage))
