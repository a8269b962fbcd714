"""The words for the values of triage, one row for each, as `probes.labels` has them for verdicts. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.triage.address import NoteWeight, Slip
from monitor.triage.decide import PlaceCertainty, TriagePlace
from monitor.triage.directory import DomainBasis
from monitor.triage.facts import DnsState
from probes.labels import Label

WEIGHTS: dict[NoteWeight, Label] = {  # sentence: before the notes
    NoteWeight.WRONG: Label("wrong", "The address cannot be right as it is typed.", "Mail cannot be sent to it."),
    NoteWeight.DOUBT: Label("to be checked", "Ask whether the address is right.", "It resembles another address."),
    NoteWeight.HARMLESS: Label("harmless", "This makes no difference.", "It is read as if it were not there."),
}

SLIPS: dict[Slip, Label] = {  # sentence: {found}, {meant} are domains or characters
    Slip.EMPTY: Label("empty", "There is no address.", "Nothing was typed."),
    Slip.TOO_LONG: Label(
        "too long", "It is too long for an address.", "At most 64 characters before the @, 254 in all."
    ),
    Slip.SEVERAL: Label("several addresses", "These are several addresses. Check one at a time.", "More than one @."),
    Slip.NO_AT: Label("no @", "There is no @ in it.", "What was typed is read as a domain."),
    Slip.TWO_AT: Label("two @", "There is more than one @ in it.", "An address has one."),
    Slip.NO_NAME: Label("no name", "There is nothing before the @.", "The name of the mailbox is missing."),
    Slip.NO_DOMAIN: Label("no domain", "There is no @ with a domain after it.", "The company's part is missing."),
    Slip.SPACE: Label("space inside", "There is a space in it.", "No address has one."),
    Slip.COMMA: Label("comma", "There is a comma where a dot belongs.", "No address has a comma."),
    Slip.NO_DOT: Label("no dot", "There is no dot after the @.", "A domain has at least one, as in acme.com."),
    Slip.DOTS: Label("dots", "There is a dot too many.", "Two in a row, or one at an end."),
    Slip.NOT_A_DOMAIN: Label(
        "no domain name", "The part after the @ is no domain name.", "A character is not allowed."
    ),
    Slip.NOT_A_NAME: Label(
        "not allowed", "The part before the @ has a character that is not allowed.", "See RFC 5322."
    ),
    Slip.FOREIGN_NAME: Label(
        "special letter",
        "The part before the @ has a letter that is not plain English ({found}). Few mail systems accept that.",
        "It may also be a letter of another alphabet that looks the same.",
    ),
    Slip.HIDDEN: Label(
        "invisible character",
        "An invisible character was in it ({found}), and is left out here. If the account has it too, no mail arrives.",
        "Copying from a document can add one.",
    ),
    Slip.WWW: Label("www", "It begins with www after the @.", "Web addresses do; mail addresses do not."),
    Slip.WIDE: Label(
        "wide character",
        "A wide character was in it ({found}), read as the plain one here. If the account has it too, no mail arrives.",
        "A keyboard for Japanese or Chinese types them.",
    ),
    Slip.QUOTED: Label(
        "quoted name",
        "The part before the @ is in quotes. That is allowed, and few mail systems accept it.",
        "See RFC 5321, section 4.1.2.",
    ),
    Slip.NAME_DOTS: Label(
        "dots in the name",
        "The part before the @ has a dot at one end or two in a row. Only a few providers have such addresses.",
        "Some mobile providers in Japan issued them.",
    ),
    Slip.IMITATED: Label(
        "imitated domain",
        "The domain {found} only looks like {meant}. It is another domain.",
        "Letters of another alphabet.",
    ),
    Slip.LOOK_ALIKE: Label(
        "look-alike",
        "The domain {found} only looks like {meant}. It is another domain.",
        "Digits or letters that look alike; both may be real: ask.",
    ),
    Slip.MIXED_ALPHABETS: Label(
        "mixed alphabets",
        "The domain {found} mixes letters of several alphabets.",
        "Honest names do not: somebody may imitate one.",
    ),
    Slip.SIMILAR: Label(
        "similar domain", "The domain {found} is one letter away from {meant}.", "Both may be real: ask."
    ),
    Slip.OTHER_ENDING: Label(
        "another ending",
        "The domain {meant} is known here, with another ending than {found}.",
        "Both may be real: ask.",
    ),
    Slip.UPPER_CASE: Label(
        "capitals", "Capitals make no difference: Trimble writes every address in lower case.", "Read in lower case."
    ),
    Slip.BLANKS_AROUND: Label("spaces around", "Spaces around it were left out.", "Copying adds them."),
    Slip.END_MARK: Label("end mark", "A comma or semicolon at the end was left out.", "It belongs to a list."),
    Slip.TRAILING_DOT: Label("trailing dot", "The dot at the end was left out.", "It ends a sentence."),
    Slip.FRAMED: Label("frame", "Only the address was read, not what stands around it.", "A name, brackets, quotes."),
    Slip.FOREIGN_DOMAIN: Label(
        "international domain", "In DNS the domain is written {found}.", "A domain with letters beyond plain English."
    ),
}

PLACES: dict[TriagePlace, Label] = {  # sentence: the place, as an answer to "where is it stopped?"
    TriagePlace.ADDRESS: Label("the address", "In the address.", "It is misspelled."),
    TriagePlace.DOMAIN: Label("the domain", "At the domain of the address.", "DNS says that it accepts no mail."),
    TriagePlace.COMPANY: Label("the company's filter", "At the company's mail system.", "It rejects the mail."),
    TriagePlace.SPAM_FOLDER: Label("spam folder", "In the spam folder.", "Mail is delivered there."),
    TriagePlace.QUARANTINE: Label("quarantine", "In the company's quarantine.", "A filter holds mail back."),
    TriagePlace.LOST: Label("behind the mail server", "Behind the company's mail server.", "Accepted, then missing."),
    TriagePlace.DELAY: Label("delay", "On the way, too slow.", "Codes expire before they arrive."),
    TriagePlace.CUT_OFF: Label("cut off", "Before the company's mail server.", "Only this sender is cut off there."),
    TriagePlace.NO_CONNECTION: Label(
        "no connection", "Before the company's mail server.", "It is not known whose fault it is."
    ),
    TriagePlace.SUPPRESSED: Label(
        "suppressed", "The sender's mail service no longer sends to this address.", "Its list says why."
    ),
    TriagePlace.REFUSED: Label(
        "refused", "The last mail to this very address was refused.", "By the receiving mail server."
    ),
    TriagePlace.MAIL_SERVICE: Label("our mail service", "At the sender's mail service.", "It stopped sending there."),
    TriagePlace.COMPANY_SYSTEM: Label(
        "the company's mail system", "At the company's mail system.", "Not this sender's alone."
    ),
    TriagePlace.MANY: Label("many companies", "Not at one company.", "Several companies have the same problem."),
    TriagePlace.SENDER: Label("the sender", "On the sender's side.", "What is published about it is wrong."),
    TriagePlace.PERSON: Label("this one mailbox", "At this one address or mailbox.", "Test mail arrives."),
    TriagePlace.NOTHING_FOUND: Label("nothing found", "It is not known.", "The tests there found no problem."),
    TriagePlace.TEST_MAILBOX: Label("test mailbox", "It is not known.", "The test mailbox has a problem of its own."),
    TriagePlace.MAILPATH: Label("Mailpath cannot test", "It is not known.", "Mailpath cannot test at the moment."),
    TriagePlace.NOT_TESTED: Label("no recent test", "It is not known.", "There is no recent result."),
    TriagePlace.NOT_MONITORED: Label("not monitored", "It is not known.", "No monitored company has this domain."),
    TriagePlace.SEVERAL: Label("several companies", "It is not known.", "Several companies have this domain."),
}

CERTAINTIES: dict[PlaceCertainty, Label] = {  # sentence: how sure it is
    PlaceCertainty.SHOWN: Label("shown by tests", "Tests show it.", "An open incident, or the address itself."),
    PlaceCertainty.LIKELY: Label("likely", "It is likely, and not proven.", "Say so when you speak about it."),
    PlaceCertainty.NOT_KNOWN: Label("not known", "Nothing proves it.", "Say what is known, and blame nobody."),
}

BASES: dict[DomainBasis, Label] = {  # sentence: {domain} is the address's, {by} the one that leads to the company
    DomainBasis.CONFIGURED: Label(
        "configured",
        "The domain {domain} is configured for this company.",
        "It is among its domains.",
    ),
    DomainBasis.PATH: Label(
        "test mailbox",
        "A test mailbox of this company is in {domain}.",
        "Probes go there.",
    ),
    DomainBasis.PARENT: Label(
        "parent domain",
        "Tests use {by}, not {domain} itself: mail of the two may go different ways.",
        "The domain is below one of the company.",
    ),
    DomainBasis.MAIL_HOST: Label(
        "mail host",
        "That {domain} belongs to this company is concluded from its mail host {by}: ask.",
        "Its mail goes to a host of the company.",
    ),
}

DNS_STATES: dict[DnsState, Label] = {  # sentence: what DNS says
    DnsState.NOT_ASKED: Label("not asked", "DNS was not asked.", "There was no need."),
    DnsState.SIMULATED: Label("simulated", "DNS was not asked: it is simulated here.", "All companies are simulated."),
    DnsState.FOUND: Label("found", "DNS says that {domain} accepts mail at {host}.", "The domain has mail hosts."),
    DnsState.NO_MAIL: Label("no mail", "DNS says that {domain} does not exist or accepts no mail.", "A clear answer."),
    DnsState.NO_ANSWER: Label(
        "no answer", "DNS gave no usable answer for {domain}.", "This says nothing of the domain."
    ),
}

TABLES: tuple[Mapping[StrEnum, Label], ...] = (  # type: ignore[assignment]  # each has its own enum as keys
    WEIGHTS,
    SLIPS,
    PLACES,
    CERTAINTIES,
    BASES,
    DNS_STATES,
)
"""All tables of triage."""
