"""The answer as people read it. Pure; nothing here decides anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitor.analysis.analyse import Analysis, Refusal, WatchedSender
from monitor.analysis.content import ContentKind
from monitor.analysis.labels import CONTENT_KINDS
from probes.display import continued, lasting, listed, one_line
from probes.labels import CAUSES, FINDINGS, MAIL_KINDS
from probes.mailsystems.table import system_label
from probes.outcome import Cause, Concern
from probes.reading.facts import FilterFacts, Finding, HopFacts, MessageFacts, ReplyFacts
from probes.reading.filters.names import filter_label

MAX_LINE_CHARS = 400
MAX_RULES = 12
SLOW_HOP = timedelta(minutes=1)
SURE = 0.8  # a confidence from which the cause is stated without "probably"

OF_OTHERS: dict[Cause, str] = {  # where the usual sentence is about Mailpath itself
    Cause.NETWORK: "The server that sent the message could not reach the next one.",
    Cause.MALFORMED: "The receiver rejected the message as malformed.",
    Cause.UNCLEAR: "The text does not say why.",
}
OF_ANOTHER_SENDER = "That concerns whoever sent this message. Nothing in it points to Trimble."
ACCEPTED = "This is no refusal: the server accepted what it was sent."
NO_ANSWER = "Nothing in this text is a server's answer, so it does not show that a message was stopped."
ASK_FOR_MORE = "Paste the whole notice, or the line that begins with a number, such as 550."
IN_ITS_LOG = "If the message is not in the mailbox, it is behind this server: its log shows it, by time and queue id."
CONCERNED: dict[Concern, str] = {
    Concern.SENDER: "That concerns the sender: the receiver stops its mail, or its mail is at fault.",
    Concern.RECIPIENT: "That concerns the recipient's mailbox, address or domain. Nothing points to the sender.",
    Concern.PATH: "That concerns a server or a connection on the way. Nothing points to the sender.",
    Concern.OURSELVES: "That concerns the server that sent the message.",
    Concern.NOBODY_KNOWN: "So nobody in particular is known to be at fault.",
}


@dataclass(frozen=True, slots=True)
class AnalysisText:
    """The answer in words. `headline`: one sentence. `because`: further sentences. `caution`: what to check first, ""
    if nothing."""

    headline: str
    because: tuple[str, ...]
    caution: str


def analysis_text(found: Analysis, sender: WatchedSender) -> AnalysisText:
    """Put an answer into words."""
    return AnalysisText(_headline(found), tuple(_because(found)), _caution(found, sender))


def _headline(found: Analysis) -> str:
    if found.content in (ContentKind.EMPTY, ContentKind.UNREADABLE):
        return CONTENT_KINDS[found.content].sentence
    if found.refusals:
        return refusal_sentence(found.refusals[0], len(found.refusals))
    if found.message is not None:
        return _of_message(found, found.message)
    if found.content is ContentKind.REPLY and isinstance(found.facts, ReplyFacts):
        return ACCEPTED if found.facts.is_acceptance else NO_ANSWER
    kind = MAIL_KINDS[found.mail_kind].label if found.mail_kind else "something else"
    return f"This is not a bounce, but another kind of message: {kind}."


def refusal_sentence(refusal: Refusal, number: int = 1) -> str:
    """Return what happened to the message, in one sentence."""
    what = "was rejected" if refusal.permanent is not False else "was deferred, and may be tried again"
    if refusal.permanent is None:
        what = "was not delivered"
    by = f" by {system_label(refusal.system)}" if refusal.system else ""
    more = f" for {number} recipients; the first" if number > 1 else ""
    return f"The message {what}{by}{more}: {_reason(refusal)}"


def _reason(refusal: Refusal) -> str:
    said = OF_OTHERS.get(refusal.cause, CAUSES[refusal.cause].sentence)
    sure = refusal.cause is Cause.UNCLEAR or refusal.confidence >= SURE or refusal.confidence == 0
    return continued(said) if sure else f"probably, {continued(said)}"


def _of_message(found: Analysis, facts: MessageFacts) -> str:
    if found.is_spam:
        said = FINDINGS[facts.verdict].sentence if facts.verdict else "unwanted"
        folder = (
            "it is in the spam folder" if facts.folder == "junk" else f"the receiver's filter says that it is {said}"
        )
        why = CAUSES[found.spam_cause].sentence if found.spam_cause and found.spam_cause is not Cause.UNCLEAR else ""
        return f"The message arrived, and {folder}. {why}".strip()
    if facts.verdict is Finding.CLEAN:
        return "The message arrived, and the receiver's filters call it clean."
    if facts.hops:
        return "The message arrived, and its headers state no verdict of a filter."
    return "These headers do not show the way of a message."


def _because(found: Analysis) -> Iterator[str]:
    if found.refusals:
        yield from _about_refusals(found)
    if found.message is not None:
        yield from _about_message(found, found.message)
    if not found.refusals and isinstance(found.facts, ReplyFacts):
        yield IN_ITS_LOG if found.facts.is_acceptance else ASK_FOR_MORE
    if found.cut:
        yield "It was too long: only its beginning was read."


def _about_refusals(found: Analysis) -> Iterator[str]:
    first = found.refusals[0]
    others = first.of_others and first.cause.concerns is Concern.SENDER
    yield OF_ANOTHER_SENDER if others else CONCERNED[first.cause.concerns]
    if first.rivals:
        rivals = listed([f"{CAUSES[rival.cause].label} ({_percent(rival.probability)})" for rival in first.rivals], 3)
        yield f"It could {'' if first.cause is Cause.UNCLEAR else 'also '}be: {rivals}."
    if first.by:
        yield f"The server that refused: {one_line(first.by, 120)}."


def _about_message(found: Analysis, facts: MessageFacts) -> Iterator[str]:
    if found.spam_line:
        yield f"This header says so: {one_line(found.spam_line, MAX_LINE_CHARS)}"
    checks = facts.authentication
    stated = [
        (name, said) for name, said in (("SPF", checks.spf), ("DKIM", checks.dkim), ("DMARC", checks.dmarc)) if said
    ]
    if stated:
        results = listed([f"{name} {one_line(said, 20)}" for name, said in stated])
        yield f"The receiver's own checks: {results}."
    if facts.connecting_ip:
        yield f"The receiver took the message from {facts.connecting_ip}."
    for hop in slow_hops(facts):
        yield f"It waited {lasting(hop.delay or timedelta(0))} before {one_line(hop.by or 'a server', 80)}."
    for note in facts.notes:
        said = one_line(note, MAX_LINE_CHARS)
        yield f"{said[:1].upper()}{said[1:]}."


def slow_hops(facts: MessageFacts) -> list[HopFacts]:
    """Return the servers in front of which the message waited for long."""
    return [hop for hop in facts.hops if hop.delay and hop.delay >= SLOW_HOP]


def filter_sentence(facts: FilterFacts) -> str:
    """Return what one filter said, in one sentence."""
    score = f", score {facts.score:g}" if facts.score is not None else ""
    limit = f" (spam from {facts.threshold:g})" if facts.threshold is not None and score else ""
    rules = f". Rules: {' '.join(facts.rules[:MAX_RULES])}" if facts.rules else ""
    return f"{one_line(filter_label(facts.vendor), 80)}: {FINDINGS[facts.verdict].label}{score}{limit}{rules}"


def _caution(found: Analysis, sender: WatchedSender) -> str:
    if found.may_be_forged:
        return (
            f"The text names {sender.domain}, and not {sender.source_ip}, which its mail leaves from. The message may "
            "be forged: change nothing for it before its headers show that address."
        )
    if found.names_sender and found.refusals and found.refusals[0].of_others:
        return (
            f"The server refused another IP address than {sender.source_ip}, which Trimble's mail leaves from: the "
            "message may be forged, or forwarded."
        )
    if found.names_sender or not (found.refusals or found.is_spam):
        return ""
    return (
        f"The text names neither {sender.domain} nor {sender.source_ip}. Check that it is about Trimble's mail before "
        "anything is changed for it."
    )


def _percent(probability: float) -> str:
    return "over 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"
