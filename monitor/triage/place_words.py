"""The sentences for each place of a problem: the place itself, what to read out, and what the help desk does. Pure."""

from dataclasses import dataclass

from monitor.triage.decide import TriagePlace
from probes.mailsystems.advice import Actor
from probes.traced import SuppressionReason


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """The sentences for one place. `place` has no full stop, so that it can follow "Most likely,". `tell`: three
    sentences to read out; {acts} says who fixes it. `next`: what the help desk does."""

    place: str
    tell: tuple[str, str, str]
    next: str


NO_USE = "You did nothing wrong, as far as we can see, and {use}."
CANNOT_SEE = (
    "I cannot see from here whether our mail reaches your mailbox.",
    "Please look in your spam folder, and check the spelling of your address in your Trimble account.",
    "Then ask for one new code, wait {life}, and use only the newest one.",
)
TO_ACT = "{Who} must act. The steps are below."
TO_ACT_IF_SO = (
    "It is likely, and not proven: say so when you pass it on. If it is so, {who} must act. The steps are below."
)
CHECK_ADDRESS = (
    "Compare the address with the one in the account. If it is right, ask Trimble's mail service whether it has "
    "suppressed the address, and what it logged for it."
)
SPELL = "Please spell your address for me, letter by letter, as it is in your Trimble account."
ACTS: dict[Actor, str] = {
    Actor.COMPANY_IT: "Your IT team can fix this, and I will pass on the steps for them.",
    Actor.SENDER: "This has to be fixed on our side, and I will pass it on.",
    Actor.VENDOR: "The provider of your mail system has to fix this, and I will pass it on.",
    Actor.MAILBOX_OWNER: "I will pass it on to the people who can fix it.",
    Actor.OURSELVES: "I will pass it on to the people who can fix it.",
}

LATE = "{mail} reaches {company} too late: codes have expired by then"
DEFERRED = "the mail system of {company} defers {mail} until its codes have expired"
UNCONFIRMED = "I will pass on what our tests show, so that the right people can look at it."
HEDGED = frozenset(
    {
        TriagePlace.COMPANY,
        TriagePlace.QUARANTINE,
        TriagePlace.LOST,
        TriagePlace.DELAY,
        TriagePlace.CUT_OFF,
        TriagePlace.COMPANY_SYSTEM,
        TriagePlace.MANY,
        TriagePlace.SENDER,
    }
)
"""Places whose first sentence for the user is a statement, which must not sound surer than it is."""

NOT_SENT = "the mail service of {sender} no longer sends to this address"
NO_CODES = "Please do not ask for more codes for now: they would not be sent."
RELEASED = "If you want our mail, I will ask for your address to be released."
SUPPRESSED: dict[SuppressionReason, PlaceWords] = {
    SuppressionReason.BOUNCED: PlaceWords(
        NOT_SENT,
        (
            "Our mail service has stopped sending to your address, because an earlier mail came back.",
            NO_CODES,
            "I will have it found out why the mail came back, and then your address is released.",
        ),
        "First have repaired what made the mail come back: the entry says what that was. Then ask Trimble's mail "
        "service to delete the entry. In the other order, the next mail that comes back puts the address there again.",
    ),
    SuppressionReason.COMPLAINED: PlaceWords(
        NOT_SENT,
        (
            "Our mail service has stopped sending to your address, because mail from us was reported as spam there.",
            NO_CODES,
            RELEASED,
        ),
        "If the user wants the mail, ask Trimble's mail service to delete the entry. A filter of the company may have "
        "reported the mail without the user's knowledge: then the company's IT must change that first.",
    ),
    SuppressionReason.UNSUBSCRIBED: PlaceWords(
        NOT_SENT,
        (
            "Our mail service has stopped sending to your address, because it was unsubscribed from our mail.",
            NO_CODES,
            RELEASED,
        ),
        "If the user wants the mail, ask Trimble's mail service to delete the entry. A filter that opens links may "
        "have unsubscribed it without the user's knowledge.",
    ),
}
"""The sentences for an address to which the sender's mail service no longer sends, by the reason."""

WORDS: dict[TriagePlace, PlaceWords] = {
    TriagePlace.ADDRESS: PlaceWords(
        "the address itself is wrong",
        (
            "The e-mail address that I have does not look right.",
            SPELL,
            "If the account has it wrong, our mail cannot reach you until it is corrected there.",
        ),
        "Compare the address with the one in the account. Then check the right one here.",
    ),
    TriagePlace.DOMAIN: PlaceWords(
        "no mail from anybody can reach this address: DNS says that {domain} does not exist or accepts no mail",
        (
            "The part of your address after the @ does not seem to accept mail.",
            SPELL,
            "If it is right, please tell your IT team that your domain accepts no mail from outside.",
        ),
        "Check the spelling first. If it is right, whoever runs {domain} must fix its MX record in DNS.",
    ),
    TriagePlace.COMPANY: PlaceWords(
        "the mail system of {company} rejects {mail}",
        ("Your company's mail system does not accept {our_mail} at the moment.", NO_USE, "{acts}"),
        TO_ACT,
    ),
    TriagePlace.SPAM_FOLDER: PlaceWords(
        "the mail system of {company} puts {mail} into the spam folder",
        (
            "Please look in your spam or junk folder for mail from {address}.",
            "A code that you find there works, if it is not older than {life}.",
            "If it is older, ask for one new code and look in the same folder again.",
        ),
        "Help the user to find the mail. So that it does not happen again: {who} must act, with the steps below.",
    ),
    TriagePlace.QUARANTINE: PlaceWords(
        "the filter of {company} holds {mail} in quarantine",
        (
            "Your company's mail filter holds {our_mail} back at the moment.",
            "You or your IT team may be able to release it, but its code expires after {life}.",
            "{acts}",
        ),
        TO_ACT,
    ),
    TriagePlace.LOST: PlaceWords(
        "the mail system of {company} accepts {mail}, and it does not reach the test mailbox",
        (
            "Your company's mail system accepts our mail, and then our test mail does not appear in the mailbox.",
            "Please look in your spam folder, and in the quarantine if your company has one.",
            "{acts}",
        ),
        TO_ACT,
    ),
    TriagePlace.DELAY: PlaceWords(
        "{delayed}",
        (
            "{Our_mail} to your company is slow at the moment, and a code is only valid for {life}.",
            "Ask for one code, wait for it, and use only the newest one.",
            "{acts}",
        ),
        TO_ACT,
    ),
    TriagePlace.CUT_OFF: PlaceWords(
        "connections for {sender} to the mail server of {company} are cut off, and those of a neutral sender are not",
        (
            "Connections with our mail to your company's mail server are cut off, and those of another sender are not.",
            NO_USE,
            "{acts}",
        ),
        TO_ACT,
    ),
    TriagePlace.NO_CONNECTION: PlaceWords(
        "no connection can be made to the mail server of {company}, and it is not known whose fault that is",
        (
            "Our tests cannot connect to your company's mail server at the moment.",
            "We do not know yet on which side the fault is.",
            "Please ask your IT team whether other mail from outside arrives.",
        ),
        "Pass it on: {who} must look at it. The steps are below.",
    ),
    TriagePlace.MAIL_SERVICE: PlaceWords(
        "the mail service of {sender} has stopped sending to an address at {company}, after an earlier bounce",
        (
            "Our mail service may have stopped sending to your address, because an earlier mail came back.",
            "I will ask for your address to be checked there.",
            "Until then, please do not ask for more codes: they would not be sent.",
        ),
        "Ask Trimble's mail service whether this address is suppressed. What the tests show is about the test address.",
    ),
    TriagePlace.SUPPRESSED: SUPPRESSED[SuppressionReason.BOUNCED],
    TriagePlace.REFUSED: PlaceWords(
        "the last mail to this very address was refused by the receiving mail server",
        (
            "The mail server for your address refused our last mail to you.",
            "Please check that your address is spelled correctly in your Trimble account.",
            "If it is right, I will pass on what the server answered to the people who can fix it.",
        ),
        "Compare the address with the one in the account. If it is right, whoever runs the mail system must look at "
        "its reply.",
    ),
    TriagePlace.COMPANY_SYSTEM: PlaceWords(
        "the mail system of {company} has a problem that is not limited to mail from {sender}",
        (
            "Your company's mail system has a problem at the moment, and not only with our mail.",
            NO_USE,
            "Please tell your IT team, and ask them whether other mail from outside arrives.",
        ),
        TO_ACT,
    ),
    TriagePlace.MANY: PlaceWords(
        "mail from {sender} has the same problem at several companies{with_system}",
        ("Our mail has a problem at several companies at the moment.", NO_USE, "{acts}"),
        TO_ACT,
    ),
    TriagePlace.SENDER: PlaceWords(
        "something that is published about {sender} is wrong, so that mail systems may reject its mail",
        (
            "There is a problem on our side, because of which some mail systems may not accept our mail.",
            NO_USE,
            "This has to be fixed on our side, and I will pass it on.",
        ),
        TO_ACT,
    ),
    TriagePlace.PERSON: PlaceWords(
        "it is about this one address or mailbox: mail from {sender} reaches the test mailbox of {company}",
        (
            "Our test mail to your company arrives, so please search your spam folder, and then all other folders, for "
            "mail from {address}.",
            "Please check that your address is spelled correctly in your Trimble account.",
            "If you find nothing, ask for one new code, wait {life}, and use only the newest one.",
        ),
        CHECK_ADDRESS,
    ),
    TriagePlace.NOTHING_FOUND: PlaceWords(
        "the tests at {company} found no problem, and do not show that mail to this address arrives",
        CANNOT_SEE,
        CHECK_ADDRESS,
    ),
    TriagePlace.TEST_MAILBOX: PlaceWords(
        "the test mailbox of {company} has a problem of its own, which says nothing about other mailboxes there",
        CANNOT_SEE,
        "Tell the operator of Mailpath: the test mailbox must be repaired before anything can be said.",
    ),
    TriagePlace.MAILPATH: PlaceWords(
        "Mailpath cannot tell at the moment what happens to mail at {company}",
        CANNOT_SEE,
        "Tell the operator of Mailpath, and try again later.",
    ),
    TriagePlace.NOT_TESTED: PlaceWords(
        "there is no recent test result for {company}", CANNOT_SEE, "Start a probe, and look again when it is done."
    ),
    TriagePlace.NOT_MONITORED: PlaceWords(
        "{whose} has the domain {domain}",
        CANNOT_SEE,
        "Check the spelling of the address. If it is right, ask Trimble's mail service what it logged for it.",
    ),
    TriagePlace.SEVERAL: PlaceWords(
        "several companies have the domain {domain}: {companies}",
        CANNOT_SEE,
        "Ask which company the user works for, and open its page.",
    ),
}
