"""Advice on a failure: who acts, in which steps, what not to do, and how to see that it worked. Values.

In the texts `{domain}` and `{ip}` are the sender's, and `{system}` is the mail system's name; `Advice.filled` puts them
in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from probes.mailsystems.remedy import IMMEDIATELY
from probes.mailsystems.system import Steps
from probes.mailsystems.table import is_shared, system_label


class Actor(StrEnum):
    """The party that must act."""

    COMPANY_IT = "company_it"
    SENDER = "sender"  # Trimble, with the mail service that it uses
    MAILBOX_OWNER = "mailbox_owner"  # of the probe's own mailbox
    VENDOR = "vendor"  # of the mail system that several companies have
    OURSELVES = "ourselves"  # the operator of Mailpath


ACTORS: dict[Actor, tuple[str, ...]] = {  # as they are called within a sentence; the only place that says so
    Actor.COMPANY_IT: ("the company's IT team",),
    Actor.SENDER: ("Trimble", "its mail service"),
    Actor.MAILBOX_OWNER: ("the owner of the probe's mailbox",),
    Actor.VENDOR: ("{system} support",),
    Actor.OURSELVES: ("the operator of Mailpath",),
}

IN_THE_INBOX = "Send a probe: it must arrive in the inbox."
IN_TIME = "Send a probe: it must arrive in the inbox before its code expires."
CAN_BE_TESTED = "Send a probe: its outcome must no longer be unknown."


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice for one failure.

    `explanation` is one plain sentence: what happened. `steps` are the actor's; `helpers` act with the actor.
    `workaround`: what the company's IT can do until the actor has acted, () where there is nothing. `for_users`: what
    people who wait for mail can do, "" where nobody waits. `takes_effect_within`: the longest time until the change
    acts. `verify`: how to see that it worked. `runbook`: the name of the page with the whole story. `mail_system`: the
    key of the system whose own terms `steps` or `workaround` use, "" where they are general. `at_a_service`: the steps
    where a vendor runs the servers, so that the company's IT has no server, disk or firewall to look at; () where the
    steps need none.
    """

    explanation: str
    actor: Actor
    steps: Steps
    do_not: str
    workaround: Steps = ()
    for_users: str = ""
    takes_effect_within: timedelta = IMMEDIATELY
    verify: str = IN_THE_INBOX
    runbook: str = ""
    helpers: tuple[Actor, ...] = ()
    mail_system: str = ""
    at_a_service: Steps = ()

    @property
    def who(self) -> str:
        """Name who acts, within a sentence: "Trimble, its mail service and Mimecast support"."""
        *most, last = (name for each in (self.actor, *self.helpers) for name in ACTORS[each])
        return f"{', '.join(most)} and {last}" if most else last

    @property
    def by_company_alone(self) -> bool:
        """True if the company's IT can do all of it."""
        return self.actor is Actor.COMPANY_IT and not self.helpers

    def about(self, ip: str) -> "Advice":
        """The same about another address than the source IP."""

        def said(text: str) -> str:
            return _replaced(text, {"{ip}": ip})

        return replace(
            self,
            explanation=said(self.explanation),
            steps=tuple(map(said, self.steps)),
            do_not=said(self.do_not),
            workaround=tuple(map(said, self.workaround)),
            for_users=said(self.for_users),
        )

    def filled(self, domain: str, ip: str, mail_system: str, address: str = "") -> "FilledAdvice":
        """With the sender's names, and that of the mail system, "" where there are several."""
        words = {
            "{domain}": domain,
            "{ip}": ip,
            "{system}": system_label(mail_system) or "the mail system",
            "{address}": address or "the exact address",
        }

        def said(text: str) -> str:
            return _replaced(text, words)

        return FilledAdvice(
            explanation=said(self.explanation),
            who=said(self.who),
            actor=self.actor,
            by_company_alone=self.by_company_alone,
            whose_steps=_whose(self.mail_system),
            steps=tuple(map(said, self.steps)),
            do_not=said(self.do_not),
            workaround=tuple(map(said, self.workaround)),
            for_users=said(self.for_users),
            takes_effect_within=self.takes_effect_within,
            verify=self.verify,
            runbook=self.runbook,
        )


@dataclass(frozen=True, slots=True)
class FilledAdvice:
    """Advice as people read it, with all names in it. `whose_steps` names the mail system whose own terms the steps
    use, "" where they are general; the rest is as in `Advice`."""

    explanation: str
    who: str
    actor: Actor
    by_company_alone: bool
    whose_steps: str
    steps: Steps
    do_not: str
    workaround: Steps
    for_users: str
    takes_effect_within: timedelta
    verify: str
    runbook: str


def _whose(mail_system: str) -> str:
    if not mail_system:
        return ""
    return system_label(mail_system) + ("" if is_shared(mail_system) else ", run by the company")


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def with_steps(advice: Advice, steps: Steps, mail_system: str) -> Advice:
    """The same with the steps of one mail system: the company's own, or else as its workaround; () changes "
    "nothing."""
    if not steps:
        return advice
    if advice.by_company_alone:
        return replace(advice, steps=steps, mail_system=mail_system, at_a_service=())
    return replace(advice, workaround=steps, mail_system=mail_system)
