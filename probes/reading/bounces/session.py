"""The servers' answers in a session that a notice quotes, by recipient.

A sending server's diagnostic may only say that delivery failed, while its transcript has the receiver's own words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice

from probes.answer import Stage
from probes.reading.bounces.address import ADDRESS, addresses_in
from probes.reading.bounces.answer import ReportedReply, answer_in, answer_in_prose

LINES_READ = 400

_LINE = re.compile(  # sendmail and its kin
    r"^[ \t]*(?:(?:\.\.\.[ \t]*)?while talking to (?P<host>[^\s:]{1,253}?)\.?:[ \t]*$"
    r"|>>>[ \t]*(?P<command>[^\n]{1,500})|<<<[ \t]*(?P<reply>[^\n]{1,1000}))",
    re.MULTILINE | re.IGNORECASE,
)
_NEGATIVE = re.compile(r"[45]\d\d\b", re.ASCII)
_CONSEQUENCE = re.compile(
    r"503\b|[45]\d\d[- ](?:[45]\.\d\.\d )?(?:no valid recipients|need rcpt|valid rcpt)", re.IGNORECASE
)
_STAGES = (
    ("RCPT", Stage.RCPT),
    ("MAIL", Stage.MAIL),
    ("DATA", Stage.DATA),
    ("EHLO", Stage.EHLO),
    ("HELO", Stage.EHLO),
    ("STARTTLS", Stage.STARTTLS),
    (".", Stage.END_OF_DATA),
)


@dataclass(slots=True)
class Exchange:
    """One command to a server, the recipients that it names, and the lines of a negative answer."""

    host: str
    command: str
    recipients: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)

    @property
    def is_about_one(self) -> bool:
        return self.command[:4].upper() == "RCPT"


class Session:
    """The refusals in a transcript. `recipients`: how many the notice is about."""

    def __init__(self, notice: str, recipients: int) -> None:
        self.alone = recipients == 1
        self._refused = [one for one in _exchanges(notice) if one.lines and not _CONSEQUENCE.match(one.lines[0])]
        self._hosts = {one.host for one in self._refused}

    def answers(self, address: str, remote: str, expected: str) -> Iterator[ReportedReply]:
        """Yield the refusals of this recipient, then those of all recipients of the message at the `remote` server."""
        about_one = [one for one in self._refused if one.is_about_one]
        alias = self.alone and len({one.recipients for one in about_one}) == 1
        own = [one for one in about_one if alias or address.lower() in one.recipients]
        everybody = (one for one in self._refused if not one.is_about_one and self._is_at(one, remote))
        for one in (*own, *everybody):
            answer = answer_in("\n".join(one.lines), expected)
            if answer.code and expected in ("", str(answer.code)[0]):
                stage = next((stage for verb, stage in _STAGES if one.command.upper().startswith(verb)), answer.stage)
                yield replace(answer, stage=stage, host=answer.host or one.host)

    def _is_at(self, exchange: Exchange, remote: str) -> bool:
        """Test if this answer is the remote server's: a message to several companies meets several servers."""
        return self.alone or len(self._hosts) == 1 or exchange.host == remote.lower()


def specific_answer(
    answer: ReportedReply, address: str, told: str, session: Session, remote: str = "", expected: str = ""
) -> ReportedReply:
    """Return `answer`, unless it says no more than that delivery failed; then a server's answer to this recipient, from
    the session or from the text about it."""
    if not says_nothing(answer.text):
        return answer
    prose = answer_in_prose(told, expected)
    others = [*session.answers(address, remote, expected), *([prose] if prose.code else [])]
    same = (other for other in others if expected in ("", str(other.code)[0]))
    return next((other for other in same if not says_nothing(other.words)), answer)


def _exchanges(text: str) -> list[Exchange]:
    """Return the commands with their negative answers, in order."""
    found = [Exchange("", "")]
    for line in islice(_LINE.finditer(text), LINES_READ) if "<<<" in text else ():
        if line["host"]:
            found.append(Exchange(line["host"].lower(), ""))
        elif line["command"]:
            command = line["command"].strip()
            found.append(Exchange(found[-1].host, command, tuple(map(str.lower, addresses_in(command)))))
        elif _NEGATIVE.match(line["reply"]):
            found[-1].lines.append(line["reply"].strip())
    return found


_NAMES = re.compile(
    rf"{ADDRESS}|\[[0-9A-Fa-f.:]{{2,45}}\]|\b(?:[a-z0-9_-]{{1,63}}\.){{1,8}}[a-z]{{2,20}}\b"  # no host has capitals
    r"|\b(?i:smtp|x-[\w-]{1,30}|dns);"
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_EMPTY_WORDS = frozenset(
    _WORD.findall(
        "delivery delivered deliver undeliverable undelivered failed failure fail fatal error errors permanent "
        "permanently temporary temporarily transient hard bounce bounced returned rejected refused unable cannot could "
        "can not was is be been has to the your this an of by with for at in from and mail message email transaction "
        "service unavailable status other undefined unspecified unknown requested action taken see transcript session "
        "follows below above details reason remote host server smtp esmtp mta said reply response code command "
        "completed unix exit please try again later"
    )
)


def _tells(word: str) -> bool:
    """Test if this word, which no name contains, says more than that delivery failed."""
    return word.isalpha() and word.isascii() and len(word) > 1 and word.lower() not in _EMPTY_WORDS


_SPECIFIC = re.compile(
    r"\bunknown (?:host|command|recipient|user)|host unknown|command (?:not|un)|message (?:refused|rejected)",
    re.IGNORECASE,
)
_CONCLUSIONS = re.compile(  # sendmail's and Postfix's, of a program that failed, and said why in words of its own
    r"(?:temporary failure\.|command died with (?:status|signal) \d+: \"[^\"\n]{1,200}\"\.?)\s{1,8}command output:"
    r"|(?:[45]\d\d )?(?:[45]\.\d\.\d )?(?:unknown mailer error \d+|can't create output)",
    re.IGNORECASE,
)


def without_conclusions(text: str) -> str:
    """Return a text without what a sender concludes of the failure of a program."""
    return _CONCLUSIONS.sub(" ", text) if "output" in text or "mailer error" in text else text


@lru_cache(maxsize=64)  # it is asked more than once of one answer
def says_nothing(text: str) -> bool:
    """Test if a text says no more than that delivery failed: codes, names, and words that are true of every failure."""
    text = without_conclusions(text[:500])
    if '"' not in text and any(_tells(word.rstrip(".,:)")) for word in text.split()):
        return False
    bare = _NAMES.sub(" ", text)
    words = _WORD.findall(bare.lower())
    return len(words) <= 20 and _EMPTY_WORDS.issuperset(words) and not _SPECIFIC.search(bare)
