"""The answer as people read it, and as the help desk reads it out. Pure; nothing here decides anything.

Sentences to read out are for somebody who wants to sign in and knows nothing of mail systems: short, and no promise
that only somebody else can keep.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from monitor.incidents.incident import Nature
from monitor.incidents.labels import decided_by
from monitor.incidents.summary import problem_means
from monitor.triage.address import AddressNote
from monitor.triage.decide import PlaceCertainty, Triage, TriagePlace
from monitor.triage.directory import CompanyMatch, DomainBasis
from monitor.triage.facts import DnsState, SenderLog
from monitor.triage.labels import BASES, DNS_STATES, SLIPS
from monitor.triage.place_words import (
    ACTS,
    DEFERRED,
    HEDGED,
    LATE,
    SUPPRESSED,
    TO_ACT,
    TO_ACT_IF_SO,
    UNCONFIRMED,
    WORDS,
    PlaceWords,
)
from monitor.triage.public_domains import PUBLIC_DOMAINS
from probes.display import clock, continued, listed, one_line
from probes.kinds import Kind
from probes.labels import CAUSES, GRADES, KINDS, OUTCOMES
from probes.mailsystems.table import system_label
from probes.mailsystems.words import chain_label
from probes.standing.words import COMPANY_QUESTIONS
from probes.standing.words import sentence as standing_sentence
from probes.traced import SuppressionReason, TraceFate
from probes.verdict import Cause, Grade, Outcome

USUAL_LIFE = timedelta(minutes=10)  # of a code, where no path says it
MAX_SUBJECT_CHARS = 120
MAX_REPLY_CHARS = 300
MAX_NAMED = 5  # companies, mail hosts


@dataclass(frozen=True, slots=True)
class TriageText:
    """The answer in words. `place`: one sentence. `because`: what it rests on. `tell`: three sentences to read out.
    `next_step`: what the help desk does now. `not_known`: what was not tested or could not be found out."""

    place: str
    because: tuple[str, ...]
    tell: tuple[str, str, str]
    next_step: str
    not_known: tuple[str, ...]


SUPPRESSION = (
    "Whether Trimble's mail service has suppressed this address, and what it logged for it: Mailpath asks it about its "
    "own tests only."
)
ELSEWHERE = "Incident {incident} is about other domains of this company; it does not concern mail to {domain}."
OWN_MAILBOX = "The mailbox of this person: only the company's test mailbox was tested."
WORTH_SAYING = frozenset({Grade.IMPERSONATED, Grade.SCANNED, Grade.UNPROVEN})


LOG_NOT_ASKED = "Whether Trimble's mail service has suppressed this address, and what it logged for it: {reason}."
NO_MAIL_LOGGED = (
    "Trimble's mail service has logged no answer to mail for this address in the last 24 hours: perhaps the account "
    "has another address, or no mail was asked for."
)
LISTED: dict[SuppressionReason, str] = {
    SuppressionReason.BOUNCED: "Trimble's mail service has it on its list of addresses from which mail came back",
    SuppressionReason.COMPLAINED: "Trimble's mail service has it on its list of addresses that reported mail as spam",
    SuppressionReason.UNSUBSCRIBED: "Trimble's mail service has it on its list of addresses that unsubscribed",
}
LOGGED: dict[TraceFate, str] = {
    TraceFate.DELIVERED: "The last mail to this address was taken by {host} at {when}",
    TraceFate.REFUSED: "The last mail to this address was refused by {host} at {when}",
    TraceFate.DEFERRED: "The last mail to this address was deferred by {host} at {when}, and is tried again",
}


def text_of(triage: Triage) -> TriageText:
    """Put the answer into words."""
    words, filled = _words(triage), _Filling(triage)
    return TriageText(
        place=_place(triage, filled(words.place)),
        because=tuple(_because(triage)),
        tell=(_opening(triage, filled(words.tell[0])), filled(words.tell[1]), filled(words.tell[2])),
        next_step=_next(triage, filled(_unsure(triage, words.next))),
        not_known=tuple(_not_known(triage)),
    )


def note_text(note: AddressNote) -> str:
    """Return a note about the address as a sentence or two."""
    said = SLIPS[note.slip].sentence.format(found=note.found, meant=note.meant)
    return f"{said} Did you mean {note.meant}?" if note.meant else said


def company_line(match: CompanyMatch) -> str:
    """Name a company and its mail systems."""
    return f"{match.entry.name} ({chain_label(match.entry.chain)})"


def _words(triage: Triage) -> PlaceWords:
    log = triage.facts.sender_log
    if triage.place is TriagePlace.SUPPRESSED and log and log.suppressed:
        return SUPPRESSED[log.suppressed.reason]
    return WORDS[triage.place]


class _Filling:
    """Fills a text with the names of this answer."""

    def __init__(self, triage: Triage) -> None:
        facts, advice = triage.facts, triage.advice
        life = (
            min((check.code_life for check in facts.company.checks), default=USUAL_LIFE)
            if facts.company
            else USUAL_LIFE
        )
        system = triage.incident.incident.mail_system if triage.incident else ""
        delayed = DEFERRED if triage.outcome is Outcome.DEFERRED else LATE
        who = advice.who if advice else "somebody"
        some = f" ({listed([KINDS[kind].sentence for kind in triage.kinds])})" if triage.some_kinds else ""
        our_mail = f"some of our mail{some}" if some else "our mail"
        self._names = {
            "mail": f"some mail from {facts.sender.domain}{some}" if some else f"mail from {facts.sender.domain}",
            "our_mail": our_mail,
            "Our_mail": f"{our_mail[:1].upper()}{our_mail[1:]}",
            "use": "other mail from us arrives" if some else "asking for more codes will not help",
            "sender": facts.sender.domain,
            "address": facts.sender.address,
            "domain": facts.address.domain,
            "company": facts.company.entry.name if facts.company else "the company",
            "companies": listed([match.entry.name for match in facts.matches], MAX_NAMED),
            "with_system": f" that use {system_label(system)}" if system else "",
            "whose": "no company that Mailpath monitors" if facts.sees_all else "none of your companies",
            "life": _minutes(life),
            "acts": ACTS[advice.actor] if advice and triage.certainty is PlaceCertainty.SHOWN else UNCONFIRMED,
            "who": who,
            "Who": who[:1].upper() + who[1:],
        }

        self._names["delayed"] = delayed.format(**self._names)

    def __call__(self, text: str) -> str:
        return text.format(**self._names)


def _minutes(time: timedelta) -> str:
    """Say a length of time as one says it on the phone, never longer than it is."""
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    if not minutes:
        return f"{seconds} seconds"
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _opening(triage: Triage, said: str) -> str:
    if triage.certainty is not PlaceCertainty.LIKELY or triage.place not in HEDGED:
        return said
    return f"It looks as if {continued(said)}"


def _place(triage: Triage, said: str) -> str:
    match triage.certainty:
        case PlaceCertainty.SHOWN:
            return f"{said[:1].upper()}{said[1:]}."
        case PlaceCertainty.LIKELY:
            return f"Most likely, {said}."
        case PlaceCertainty.NOT_KNOWN:
            return f"It is not known: {said}."


def _because(triage: Triage) -> Iterator[str]:
    facts = triage.facts
    if triage.shown_by_log:  # what decided comes first
        yield from _logged(facts.sender_log)
    if triage.incident and triage.incident.incident.nature is Nature.STANDING:  # which no receiver said
        yield problem_means(triage.incident.incident)
    elif triage.cause and triage.cause is not Cause.UNCLEAR:
        yield CAUSES[triage.cause].sentence
    if triage.lead and (said := decided_by(triage.lead)):
        yield said
    yield from _since(triage)
    if triage.others_arrive:
        yield "Other test mail to this company arrives."
    if triage.incident:
        yield from _about_incident(triage)
    for opened in facts.company.elsewhere if facts.company else ():
        if opened.incident.nature in (Nature.MAIL, Nature.THEIR_SYSTEM):
            yield ELSEWHERE.format(domain=facts.address.domain, incident=opened.incident.id)
    yield from facts.company.changes(facts.sender, facts.now) if facts.company else ()
    for fact in triage.standing:
        yield f"About the sender: {standing_sentence(fact)}."
    for fact in triage.stopping:
        about = f"{COMPANY_QUESTIONS[fact.question].label} of {one_line(fact.subject, MAX_SUBJECT_CHARS)}"
        yield f"Published by the receiving domain, read once: {about}: {standing_sentence(fact)}."
    if not triage.shown_by_log:
        yield from _logged(facts.sender_log)
    if facts.mail.state is DnsState.FOUND:
        system = f", which is {system_label(facts.mail.system)}" if facts.mail.system else ""
        yield DNS_STATES[DnsState.FOUND].sentence.format(domain=facts.address.domain, host=facts.mail.hosts[0] + system)
    if provider := PUBLIC_DOMAINS.get(facts.address.domain):
        whose = f"a mail provider for the public ({provider})"
        yield f"The domain {facts.address.domain} belongs to {whose}, not to one company."


def _logged(log: SenderLog | None) -> Iterator[str]:
    """Yield what the sender's mail service knows of the address."""
    if log is None or log.failed:
        return
    if log.suppressed is not None:
        entry = f": {one_line(log.suppressed.entry, MAX_REPLY_CHARS)}" if log.suppressed.entry else ""
        yield f"{LISTED[log.suppressed.reason]}{entry}."
    if last := log.last:
        host, when = last.to_host or "the receiving server", clock(last.happened_at or last.at)
        reply = f": {one_line(last.reply, MAX_REPLY_CHARS)}" if last.reply else ""
        yield f"{LOGGED[last.fate].format(host=host, when=when)}{reply}."
    elif log.suppressed is None:
        yield NO_MAIL_LOGGED


def _since(triage: Triage) -> Iterator[str]:
    if not triage.since or not triage.outcome:
        return
    if triage.incident and triage.incident.incident.nature is Nature.STANDING:
        yield f"That has been so since {clock(triage.since)}."
        return
    kinds = f" ({listed([KINDS[kind].sentence for kind in triage.kinds])})" if triage.others_arrive else ""
    happened = OUTCOMES[triage.outcome].sentence
    if triage.incident:
        yield f"Test mail{kinds} has been {happened} since {clock(triage.since)}."
    else:
        yield f"The test mail{kinds} of {clock(triage.since)} was {happened}. That is not confirmed yet."


def _about_incident(triage: Triage) -> Iterator[str]:
    opened = triage.incident
    assert opened
    held = f"{opened.held_by} has it" if opened.held_by else "nobody has acknowledged it yet"
    muted = ", and its notices are muted" if opened.muted else ""
    yield f"It is known as incident {opened.incident.id}: {held}{muted}."


def _unsure(triage: Triage, step: str) -> str:
    return TO_ACT_IF_SO if triage.certainty is PlaceCertainty.LIKELY and step is TO_ACT else step


def _next(triage: Triage, said: str) -> str:
    opened = triage.incident
    if opened and opened.held_by and triage.problem:
        return f"{said} {opened.held_by} has incident {opened.incident.id}: ask there before you start anything."
    return said


def _not_known(triage: Triage) -> Iterator[str]:
    facts = triage.facts
    if triage.place is TriagePlace.ADDRESS and triage.certainty is PlaceCertainty.SHOWN:
        return
    for match in facts.matches if len(facts.matches) == 1 else ():
        if match.basis in (DomainBasis.PARENT, DomainBasis.MAIL_HOST):
            yield BASES[match.basis].sentence.format(domain=facts.address.domain, by=match.by)
    if facts.company:
        yield OWN_MAILBOX
        grades = {check.verdict.grade for check in facts.company.checks if check.verdict and check.recent}
        yield from (GRADES[grade].sentence for grade in Grade if grade in grades & WORTH_SAYING)
        tested = {check.kind for check in facts.company.checks if check.recent}
        if untested := [KINDS[kind].sentence for kind in Kind if kind not in tested]:
            yield f"Whether these arrive, as they were not tested lately: {listed(untested)}."
    if triage.place is TriagePlace.MANY and not facts.company:
        yield f"Mail to {facts.address.domain} itself: it is not tested."
    if facts.mail.state in (DnsState.NO_ANSWER, DnsState.SIMULATED):
        yield DNS_STATES[facts.mail.state].sentence.format(domain=facts.address.domain)
    if facts.sender_log is None:
        yield SUPPRESSION
    elif facts.sender_log.failed:
        yield LOG_NOT_ASKED.format(reason=one_line(facts.sender_log.failed, MAX_REPLY_CHARS))
