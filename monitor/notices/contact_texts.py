"""Texts to send: to the company's IT team, the sender, the vendor of a mail system, a blocklist. Pure.

Each stands alone, for readers who have no access to Mailpath: who sends what from where, what the server answered, what
is asked of them, what not to do, and how we see that it worked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from urllib.parse import quote

from probes.display import lasting, one_line
from probes.mailsystems.advice import Actor, FilledAdvice
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.remedy import Script
from probes.mailsystems.shown import RemedyPart, script_lines
from probes.outcome import Cause, Outcome

OF_A_VENDOR = frozenset(
    {CauseFamily.ADDRESS, CauseFamily.REPUTATION, CauseFamily.DOMAIN, CauseFamily.CONTENT, CauseFamily.UNCLEAR}
)
"""Families of causes with which the vendor of a mail system can help a customer."""

SHOWN_PARTS = ("Where", "Needs", "Look first", "Do", "Takes effect", "Verify", "Undo", "Expires", "Never", "Audit")
"""Parts of a remedy that its reader needs; the rest is on the page of the runbook."""


@dataclass(frozen=True, slots=True)
class ContactOpening:
    """The words for an outcome. `mail` continues "This mail", `codes` continues "sign-in codes"."""

    mail: str
    codes: str


STOPPED = ContactOpening("is stopped, so people cannot sign in", "do not arrive")
OPENINGS: dict[Outcome, ContactOpening] = {
    Outcome.BLOCKED: ContactOpening("is rejected, so people cannot sign in", "do not arrive"),
    Outcome.DEFERRED: ContactOpening("is deferred until its codes have expired", "arrive too late"),
    Outcome.LATE: ContactOpening("arrives after its codes have expired", "arrive too late"),
    Outcome.SPAM: ContactOpening("is put into the spam folder, so people do not find it", "go to the spam folder"),
    Outcome.QUARANTINED: ContactOpening("is held in quarantine, so people cannot sign in", "are held in quarantine"),
    Outcome.MISSING: ContactOpening("is accepted and does not appear in the mailbox", "do not arrive"),
}
"""Of any other outcome it is known only that the mail is stopped."""

REFUSED = frozenset({Outcome.BLOCKED, Outcome.DEFERRED})
NOT_THIS_SENDER = "Test mail from a neutral sender fails too: the problem is not limited to this sender."
WHAT_A_PROBE_IS = "A probe, below, is a test message of ours to the address under To."
BLANK_REPLY = "[the server's reply, word for word]"
BLANK_TIME = "[time of the first message that was stopped, UTC]"
BLANK_RECIPIENT = "[the address it was sent to]"
MAX_SUBJECT_CHARS = 200
MAX_MAILTO_CHARS = 1900  # of a link; mail programs on Windows take some 2,000


class TextReceiver(StrEnum):
    """Receivers of a text."""

    COMPANY = "company"
    TRIMBLE = "trimble"
    VENDOR = "vendor"
    BLOCKLIST = "blocklist"


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """The facts in the texts; "" for what is not known. `company` is its name, `system` the mail system's and
    `vendor` the same if it has a vendor who can be asked. `reply` says in a sentence how the mail was stopped;
    `queue_id` is the server's name for a message that it accepted, `tested` how the test was made. `remedy`: the parts
    of the exact remedy for the company, () where none is known. `more`: where to read on, a public address.
    `company_contact` and `trimble_contact`: mail addresses. `outcome`: of the mail, None if not known. `of_all`: a
    neutral sender's mail fails too."""

    domain: str
    address: str
    ip: str
    company: str
    system: str
    vendor: str
    recipient: str
    since: datetime | None
    last: datetime | None
    reply: str
    family: CauseFamily | None
    cause: Cause | None
    advice: FilledAdvice
    more: str
    helo: str = ""
    queue_id: str = ""
    tested: str = ""
    remedy: tuple[RemedyPart, ...] = ()
    company_contact: str = ""
    trimble_contact: str = ""
    outcome: Outcome | None = None
    of_all: bool = False

    @property
    def opening(self) -> ContactOpening:
        """The words for what happens to the mail."""
        return OPENINGS.get(self.outcome, STOPPED) if self.outcome else STOPPED


@dataclass(frozen=True, slots=True)
class ContactText:
    """One text. `to` says who gets it, within a sentence; `address` is their mail address, "" if unknown."""

    receiver: TextReceiver
    to: str
    subject: str
    body: str
    address: str = ""

    @property
    def text(self) -> str:
        """The whole text, with its subject."""
        return f"Subject: {self.subject}\n\n{self.body}"

    @property
    def to_company(self) -> bool:
        """True if the company's own people get it."""
        return self.receiver is TextReceiver.COMPANY

    @property
    def rows(self) -> int:
        """The lines that a box needs to show all of it, as far as is reasonable."""
        return min(len(self.text.splitlines()) + 4, 30)

    @property
    def mailto(self) -> str:
        """A link that opens a mail program with it; without the body if that is too long for one, see `fits_link`."""
        link = f"mailto:{quote(self.address, safe='@')}?subject={quote(self.subject)}"
        whole = f"{link}&body={quote(self.body)}"
        return whole if len(whole) <= MAX_MAILTO_CHARS else link

    @property
    def fits_link(self) -> bool:
        """True if the link has the body too."""
        return "&body=" in self.mailto

    def eml(self) -> bytes:
        """Return it as a message that mail programs open as a draft."""
        message = EmailMessage(policy=SMTP)
        if self.address:
            message["To"] = self.address
        message["Subject"] = self.subject
        message["X-Unsent"] = "1"  # Outlook opens it for editing
        message.set_content(self.body, cte="quoted-printable")
        return message.as_bytes(policy=SMTP.clone(max_line_length=998))  # a subject is not folded


def with_status_link(text: ContactText, url: str, until: datetime) -> ContactText:
    """Return the text with a link to the company's status page at its end."""
    line = f"The state of this mail now, without sign-in, until {_time(until)}:\n{url}\n"
    return replace(text, body=f"{text.body}\n{line}")


def contact_texts(facts: ContactFacts) -> list[ContactText]:
    """Return the texts for this failure, those who act first."""
    return list(_texts(facts))


def _texts(facts: ContactFacts) -> Iterator[ContactText]:
    advice = facts.advice
    if advice.actor is Actor.OURSELVES:
        return
    to_company = _to_company(facts)
    if to_company and advice.actor is not Actor.SENDER:
        yield to_company
    if "Trimble" in advice.who:
        where = f" at {facts.company}" if facts.company else ""
        subject = f"Mail from {facts.domain} does not reach inboxes in time{where}"
        body = _body(facts, _asked(facts, advice.steps))
        yield _text(TextReceiver.TRIMBLE, "Trimble and its mail service", subject, body, facts.trimble_contact)
    if to_company and advice.actor is Actor.SENDER:
        yield to_company
    if facts.cause is Cause.IP_LISTED or (facts.family is CauseFamily.ADDRESS and facts.cause is None):
        body = _body(facts, _numbered(DELIST))
        subject = f"Please remove {facts.ip} from your list"
        yield _text(TextReceiver.BLOCKLIST, "the operator of the blocklist", subject, body)
    if facts.vendor and facts.family in OF_A_VENDOR:
        body = _body(facts, _numbered(_of_the_vendor(facts)))
        yield _text(TextReceiver.VENDOR, f"{facts.vendor} support", _to_a_vendor(facts), body)


def _to_company(facts: ContactFacts) -> ContactText | None:
    advice = facts.advice
    own = advice.steps if advice.actor in (Actor.COMPANY_IT, Actor.MAILBOX_OWNER) else advice.workaround
    if not own:
        return None
    whose = f"the IT team of {facts.company}" if facts.company else "the company's IT team"
    asked = [*_remedy_lines(facts.remedy)] if facts.remedy else _asked(facts, own)
    wish = "Please look at your mail system" if facts.of_all else f"Please let mail from {facts.domain} through"
    subject = f"{wish}: sign-in codes {facts.opening.codes}"
    return _text(TextReceiver.COMPANY, whose, subject, _body(facts, asked), facts.company_contact)


def _text(receiver: TextReceiver, to: str, subject: str, body: str, address: str = "") -> ContactText:
    return ContactText(receiver, to, one_line(subject, MAX_SUBJECT_CHARS), body, address)


DELIST = (
    "Please tell us why the address is listed, with the time and a sample of what you saw.",
    "Please remove it, or tell us what must be done first.",
)


def _to_a_vendor(facts: ContactFacts) -> str:
    who = f"your customer {facts.company}" if facts.company else "one of your customers"
    return f"Mail from {facts.domain} does not reach the inboxes of {who} in time"


def _asked(facts: ContactFacts, steps: Sequence[str]) -> list[str]:
    caution = [f"Caution: {facts.advice.do_not}"] if facts.advice.do_not else []
    return [*_numbered(steps), *caution]


def _of_the_vendor(facts: ContactFacts) -> tuple[str, ...]:
    return (
        f"Please tell us which rule or list of {facts.vendor} stops this mail, and who can change it.",
        f"If it is yours: please review the rating of {facts.ip} and {facts.domain}.",
    )


def _numbered(steps: Sequence[str]) -> list[str]:
    return [f"{number}. {step}" for number, step in enumerate(steps, 1)]


def _remedy_lines(parts: Sequence[RemedyPart]) -> Iterator[str]:
    """Yield the parts of an exact remedy, each below its label; scripts are indented."""
    for part in (part for part in parts if part.label in SHOWN_PARTS):
        yield f"{part.label}:"
        for step in part.steps:
            lines = script_lines(step) if isinstance(step, Script) else (step,)
            yield from (f"  {'- ' if number == 0 else '  '}{line}" for number, line in enumerate(lines))


def _body(facts: ContactFacts, asked: Sequence[str]) -> str:
    return "\n".join(_lines(facts, asked)) + "\n"


def _lines(facts: ContactFacts, asked: Sequence[str]) -> Iterator[str]:
    yield f"Trimble Identity sends verification codes, sign-in codes and account mail from {facts.domain}."
    yield f"This mail {facts.opening.mail}. A code expires after some minutes: a delay stops it too."
    if facts.of_all:
        yield NOT_THIS_SENDER
    yield ""
    yield from (f"{name + ':':<13}{said}" for name, said in _table(facts) if said)
    yield ""
    yield WHAT_A_PROBE_IS
    yield ""
    whose = f" ({facts.advice.whose_steps})" if facts.advice.whose_steps and not facts.remedy else ""
    yield f"What we ask of you{whose}:"
    yield from asked
    yield ""
    if facts.advice.takes_effect_within and not facts.remedy:
        yield f"It takes effect within {lasting(facts.advice.takes_effect_within)}."
    yield "We keep sending test messages and will see when they arrive."
    if facts.outcome in REFUSED or facts.outcome is None:
        yield "Rejected mail is not sent again: people must request a new code."
    if facts.more:
        yield f"Menu paths and commands, without sign-in: {facts.more}"


def _table(facts: ContactFacts) -> Iterator[tuple[str, str]]:
    yield "From", facts.address
    yield "IP address", facts.ip
    yield "HELO", facts.helo
    yield "To", facts.recipient or BLANK_RECIPIENT
    yield "Mail system", facts.system
    yield "Since", _time(facts.since) or BLANK_TIME
    yield "Last seen", _time(facts.last)
    yield "Queue id", facts.queue_id
    yield "Reply", facts.reply or BLANK_REPLY
    yield "Test", facts.tested


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
