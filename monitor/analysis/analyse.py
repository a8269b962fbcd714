"""Read a pasted message or reply: its meaning, whom that concerns, and what to do. Pure, and bounded for any input.

It may be about anybody's mail. So the watched sender is named only where the text names it, and nothing here is
evidence.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.analysis.advice import ContentAdvice, advice_for
from monitor.analysis.content import MAX_ANALYSED_BYTES, ContentKind, kind_of
from probes.mailsystems.signs import system_of_header
from probes.mailsystems.table import MAIL_SYSTEMS, is_service, system_at
from probes.outcome import Cause, Outcome
from probes.reading.bounces import read_bounce
from probes.reading.facts import BounceFacts, Finding, MailKind, MessageFacts, RecipientFacts, ReplyFacts, Rival
from probes.reading.filters import BAD, spam_sign
from probes.reading.header_fields import section_of
from probes.reading.headers import read_message
from probes.reading.replies import read_reply
from probes.reading.seen_systems import seen_systems

MAX_REPLY_BYTES = 64 * 1024
MAX_REFUSALS = 20  # of one bounce, in the answer
OF_AN_ADDRESS = frozenset({Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.RDNS})
_ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_WHO_SAID = re.compile(r"\bhost [^\s\[]{1,255}\[[^\s\]]{1,60}\]:?(?: \([^)]{0,80}\))? (?:said|refused)")
DELIVERED = frozenset({"delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True)
class WatchedSender:
    """The sender whose mail Mailpath watches."""

    domain: str
    source_ip: str


class SenderNaming(StrEnum):
    """The properties of the watched sender that stand in a text."""

    ADDRESS = "address"  # its IP address
    DOMAIN = "domain"  # its domain alone, which anybody can write into a message
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal. `permanent` is None if the text does not say; `by` is the server that refused, `reply` its words and
    `recipient` the address, each "" if unknown; `system` the key of the mail system, "" if unknown. `of_others`:
    nothing shows that the message is the watched sender's."""

    cause: Cause
    confidence: float
    permanent: bool | None
    by: str
    reply: str
    recipient: str
    system: str
    rivals: tuple[Rival, ...]
    advice: ContentAdvice
    of_others: bool = False


@dataclass(frozen=True, slots=True)
class Analysis:
    """The answer. `mail_kind`: of a message that is about another one, None otherwise. `naming`: what of the
    watched sender stands in it. `message`: the facts of a message that is no bounce, with the cause for which it counts
    as spam and the header line that says so. `facts`: those of `mailpath read`. `cut`: not all of it was read."""

    content: ContentKind
    mail_kind: MailKind | None
    naming: SenderNaming
    refusals: tuple[Refusal, ...] = ()
    message: MessageFacts | None = None
    spam_cause: Cause | None = None
    spam_line: str = ""
    advice: ContentAdvice | None = None
    facts: ReplyFacts | BounceFacts | MessageFacts | None = None
    cut: bool = False

    @property
    def names_sender(self) -> bool:
        """True if the text names the watched sender."""
        return self.naming is not SenderNaming.NOTHING

    @property
    def may_be_forged(self) -> bool:
        """True if a message that a filter stopped names the sender, and not the address that its mail leaves from."""
        return self.is_spam and self.naming is SenderNaming.DOMAIN

    @property
    def is_spam(self) -> bool:
        """True if a filter of the receiver says that the message is unwanted."""
        return self.message is not None and (self.message.verdict in BAD or self.message.folder == "junk")


def analyse(data: bytes, sender: WatchedSender) -> Analysis:
    """Read it. Never raises, whatever the bytes are."""
    read = data[:MAX_ANALYSED_BYTES]
    cut, naming = len(data) > len(read), naming_in(read, sender)
    match kind_of(read):
        case ContentKind.EMPTY | ContentKind.UNREADABLE as kind:
            return Analysis(kind, None, SenderNaming.NOTHING)
        case ContentKind.REPLY:
            return _reply(read, sender, naming, cut)
        case ContentKind.MAIL:
            return _mail(read, sender, naming, cut)


def naming_in(data: bytes, sender: WatchedSender) -> SenderNaming:
    """Return what of the watched sender stands in a text, not as a part of a longer name or number."""
    text = data.decode("utf-8", "replace")
    if sender.source_ip and _names(text, sender.source_ip):
        return SenderNaming.ADDRESS
    return SenderNaming.DOMAIN if sender.domain and _names(text, sender.domain) else SenderNaming.NOTHING


def _names(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text, re.IGNORECASE))


def _refuses_another(text: str, cause: Cause) -> bool:
    """Test if a refusal of an address names one; asked where it is not the watched sender's. That of the server which
    says it does not count."""
    return cause in OF_AN_ADDRESS and bool(_ADDRESS.search(_WHO_SAID.sub("", text)))


def _reply(data: bytes, sender: WatchedSender, naming: SenderNaming, cut: bool) -> Analysis:
    bounce = read_bounce(data)
    if bounce.is_bounce and bounce.recipients:  # the text of a notice without its headers
        return _bounce(bounce, ContentKind.REPLY, sender, naming, cut)
    text = data[:MAX_REPLY_BYTES].decode("utf-8", "replace")
    facts = read_reply(text)
    if facts.is_acceptance or is_no_answer(facts):
        return Analysis(ContentKind.REPLY, None, naming, facts=facts, cut=cut)
    of_others = naming is not SenderNaming.ADDRESS and _refuses_another(text, facts.cause)
    refusal = _refusal(facts, facts.cause, facts.permanent, "", text.strip(), facts.address or "", sender, of_others)
    return Analysis(ContentKind.REPLY, None, naming, (refusal,), facts=facts, cut=cut or len(data) > MAX_REPLY_BYTES)


def is_no_answer(facts: ReplyFacts) -> bool:
    """Test if nothing in the text is a server's answer: neither a code nor a known wording."""
    return facts.cause is Cause.UNCLEAR and facts.code is None and not facts.enhanced and facts.permanent is None


def _mail(data: bytes, sender: WatchedSender, naming: SenderNaming, cut: bool) -> Analysis:
    bounce = read_bounce(data)
    if bounce.kind is not MailKind.OTHER:
        return _bounce(bounce, ContentKind.MAIL, sender, naming, cut)
    facts = read_message(data)
    found = Analysis(ContentKind.MAIL, None, naming, message=facts, facts=facts, cut=cut)
    if not found.is_spam:
        return found
    cause, line = spam_sign(section_of(data.decode("utf-8", "replace")))
    system = _system_of_message(data, line)
    outcome = Outcome.QUARANTINED if facts.verdict is Finding.QUARANTINED else Outcome.SPAM
    of_others = naming is not SenderNaming.ADDRESS
    advice = advice_for(cause, outcome, system, sender.domain, sender.source_ip, of_others=of_others)
    return Analysis(ContentKind.MAIL, None, naming, (), facts, cause, line, advice, facts, cut)


def _bounce(facts: BounceFacts, kind: ContentKind, sender: WatchedSender, naming: SenderNaming, cut: bool) -> Analysis:
    failed = [each for each in facts.recipients if each.action not in DELIVERED] if facts.is_bounce else []
    elsewhere = kind is ContentKind.MAIL and naming is SenderNaming.NOTHING  # a message quotes the one it is about
    unproven = naming is not SenderNaming.ADDRESS
    refusals = tuple(
        _of_recipient(each, facts, sender, elsewhere or (unproven and _refuses_another(each.reply, each.cause)))
        for each in failed[:MAX_REFUSALS]
    )
    return Analysis(kind, facts.kind, naming, refusals, facts=facts, cut=cut)


def _of_recipient(facts: RecipientFacts, bounce: BounceFacts, sender: WatchedSender, of_others: bool) -> Refusal:
    by = facts.remote_mta or bounce.reporting_mta
    said = facts.facts
    if said and is_service(said.vendor) and facts.remote_mta and system_at(facts.remote_mta) != said.vendor:
        said = replace(said, vendor="")  # the vendor runs it at hosts of its own, and another host refused
    return _refusal(said, facts.cause, facts.permanent, by, facts.reply, facts.address, sender, of_others)


def _refusal(
    said: ReplyFacts | None,
    cause: Cause,
    permanent: bool | None,
    by: str,
    reply: str,
    recipient: str,
    sender: WatchedSender,
    of_others: bool,
) -> Refusal:
    system = (said.vendor if said and said.vendor in MAIL_SYSTEMS else "") or system_at(by)
    outcome = Outcome.DEFERRED if permanent is False else Outcome.BLOCKED
    return Refusal(
        cause=cause,
        confidence=said.confidence if said else 0.0,
        permanent=permanent,
        by=by,
        reply=reply,
        recipient=recipient,
        system=system,
        rivals=said.rivals if said else (),
        advice=advice_for(cause, outcome, system, sender.domain, sender.source_ip, of_others=of_others),
        of_others=of_others,
    )


def _system_of_message(data: bytes, line: str) -> str:
    """Return the mail system that judged the message: the one that wrote this header line, else the innermost of the
    receiving side."""
    judged = system_of_header(line.partition(":")[0].strip().lower())
    return judged or next((sign.system for sign in reversed(seen_systems(data))), "")
