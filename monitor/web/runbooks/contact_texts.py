"""Texts to copy and send: to the company's IT team, the sender, the vendor of a mail system, a blocklist. Pure.

Each stands alone, for readers who have no access to Mailpath: who sends what from where, what the server answered, what
is asked of them, and how they know that it worked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from probes.display import lasting
from probes.mailsystems.advice import Actor, FilledAdvice
from probes.mailsystems.family import CauseFamily
from probes.outcome import Cause

OF_A_VENDOR = frozenset(
    {CauseFamily.ADDRESS, CauseFamily.REPUTATION, CauseFamily.DOMAIN, CauseFamily.CONTENT, CauseFamily.UNCLEAR}
)
"""Families of causes with which the vendor of a mail system can help a customer."""

BLANK_REPLY = "[the server's reply, word for word]"
BLANK_TIME = "[time of the first message that was stopped, UTC]"
BLANK_RECIPIENT = "[the address it was sent to]"


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """The facts in the texts; "" for what is not known. `company` is its name, `system` the mail system's and
    `vendor` the same if it has a vendor who can be asked. `reply` says in a sentence how the mail was stopped. `more`:
    where to read on, an address."""

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


@dataclass(frozen=True, slots=True)
class ContactText:
    """One text. `to` says who gets it, within a sentence."""

    to: str
    text: str

    @property
    def rows(self) -> int:
        """The lines that a box needs to show all of it, as far as is reasonable."""
        return min(len(self.text.splitlines()) + 4, 30)


def contact_texts(facts: ContactFacts) -> list[ContactText]:
    """Return the texts for this failure, those who act first."""
    return list(_texts(facts))


def _texts(facts: ContactFacts) -> Iterator[ContactText]:
    advice = facts.advice
    if advice.actor is Actor.OURSELVES:
        return
    whose = f"the IT team of {facts.company}" if facts.company else "the company's IT team"
    own = advice.steps if advice.actor in (Actor.COMPANY_IT, Actor.MAILBOX_OWNER) else advice.workaround
    to_company = ContactText(whose, _text(facts, _subject(facts), _asked(facts, own))) if own else None
    if to_company and advice.actor is not Actor.SENDER:
        yield to_company
    if "Trimble" in advice.who:
        yield ContactText(
            "Trimble and its mail service", _text(facts, _to_the_sender(facts), _asked(facts, advice.steps))
        )
    if to_company and advice.actor is Actor.SENDER:
        yield to_company
    if facts.cause is Cause.IP_LISTED or (facts.family is CauseFamily.ADDRESS and facts.cause is None):
        yield ContactText(
            "the operator of the blocklist", _text(facts, f"Please remove {facts.ip} from your list", DELIST)
        )
    if facts.vendor and facts.family in OF_A_VENDOR:
        yield ContactText(f"{facts.vendor} support", _text(facts, _to_a_vendor(facts), _of_the_vendor(facts)))


DELIST = (
    "Please tell us why the address is listed, with the time and a sample of what you saw.",
    "Please remove it, or tell us what must be done first.",
)


def _subject(facts: ContactFacts) -> str:
    return f"Please let mail from {facts.domain} through: sign-in codes do not arrive"


def _to_the_sender(facts: ContactFacts) -> str:
    where = f" at {facts.company}" if facts.company else ""
    return f"Mail from {facts.domain} is stopped{where}"


def _to_a_vendor(facts: ContactFacts) -> str:
    who = f"your customer {facts.company}" if facts.company else "one of your customers"
    return f"{who[:1].upper()}{who[1:]} does not receive mail from {facts.domain}"


def _asked(facts: ContactFacts, steps: Sequence[str]) -> tuple[str, ...]:
    return (*steps, f"Caution: {facts.advice.do_not}") if facts.advice.do_not else tuple(steps)


def _of_the_vendor(facts: ContactFacts) -> tuple[str, ...]:
    return (
        f"Please tell us which rule or list of {facts.vendor} stops this mail, and who can change it.",
        f"If it is yours: please review the rating of {facts.ip} and {facts.domain}.",
    )


def _text(facts: ContactFacts, subject: str, asked: Sequence[str]) -> str:
    return "\n".join(_lines(facts, subject, asked)) + "\n"


def _lines(facts: ContactFacts, subject: str, asked: Sequence[str]) -> Iterator[str]:
    yield f"Subject: {subject}"
    yield ""
    yield f"Trimble Identity sends verification codes, sign-in codes and account mail from {facts.domain}."
    yield "This mail is stopped, so people cannot sign in. A code expires after some minutes: a delay stops it too."
    yield ""
    yield f"From:        {facts.address}"
    yield f"IP address:  {facts.ip}"
    yield f"To:          {facts.recipient or BLANK_RECIPIENT}"
    if facts.system:
        yield f"Mail system: {facts.system}"
    yield f"Since:       {_time(facts.since) or BLANK_TIME}"
    if facts.last:
        yield f"Last seen:   {_time(facts.last)}"
    yield f"Reply:       {facts.reply or BLANK_REPLY}"
    yield ""
    whose = f" ({facts.advice.whose_steps})" if facts.advice.whose_steps and asked[:1] == facts.advice.steps[:1] else ""
    yield f"What we ask of you{whose}:"
    yield from (f"{number}. {step}" for number, step in enumerate(asked, 1))
    yield ""
    if facts.advice.takes_effect_within:
        yield f"It takes effect within {lasting(facts.advice.takes_effect_within)}."
    yield "We keep sending test messages and will see when they arrive. Rejected mail is not sent again: people must"
    yield "request a new code."
    yield f"Menu paths and commands, without sign-in: {facts.more}"


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
