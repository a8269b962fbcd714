"""Which advice fits an incident: that for its cause, for how wide it is, for its mail system.

Beside the placeholders of `advice` there are `{company}`, by its key, and `{system}`, the mail system that all of them
have.
"""

from dataclasses import replace
from typing import assert_never

from monitor.incidents.advice import (
    BLIND,
    BY_CAUSE,
    BY_FAMILY,
    MEANWHILE,
    NO_WIDE_HOLE,
    NOTHING_SENT,
    WITHIN_A_DAY,
    Actor,
    Advice,
    advice_of,
)
from monitor.incidents.incident import Incident, Nature, Reason, Scope
from probes.mailsystems.family import CauseFamily, family_of
from probes.mailsystems.table import is_shared, steps_for
from probes.mailsystems.table import takes_effect_within as change_takes
from probes.verdict import Cause, Outcome

THEIR_SYSTEM_RUNBOOK = "mailpath-their-system"

RELAY_REFUSES_US = replace(
    BY_FAMILY[CauseFamily.OURS],
    meaning="The mail service that we send through refuses us.",
    fix="Mend our account there: its password, its right to send as {domain}, its limits.",
)
LOST_EVERYWHERE = replace(
    BY_FAMILY[CauseFamily.OURS],
    meaning="At nearly all companies mail is accepted and then not found, a neutral sender's too.",
    fix="Look at how Mailpath reads mailboxes first: its log, `mailpath explain`, one mailbox by hand.",
)
NO_WAY_OUT = replace(
    BY_CAUSE[Cause.NETWORK],
    meaning="No company that was tried since can be connected to: our own line, or its port 25, is down.",
    fix="On Mailpath's machine try `nc -vz HOST 25` with several companies; then ask those who run the network.",
)

PHONE = "Mail from outside does not reach the company: tell its people by phone."
SAME_FOR_ALL = "Change no filter and no allow list for the sender: another sender is stopped just the same."
SERVER_FAULTS = "filter or milter, resolver, disk, the server behind it, a blocklist that lists everybody"

THEIR_SYSTEM: dict[Reason, Advice] = {
    Reason.SAME_ANSWER: Advice(
        "It gives a neutral sender the same answer.",
        Actor.COMPANY_IT,
        f"Find the fault in the mail server's log at the time of the probe: {SERVER_FAULTS}.",
        SAME_FOR_ALL,
        PHONE,
    ),
    Reason.SAME_LIST: Advice(
        "The same blocklist refuses a neutral sender: it lists both senders, or everybody. Which, is not known.",
        Actor.COMPANY_IT,
        "Ask the list for 127.0.0.1, which no list may have (RFC 5782): one that has it lists everybody; remove it. "
        "Else both senders are on the list: have {ip} delisted.",
        SAME_FOR_ALL,
        PHONE,
    ),
    Reason.SAME_TEXT: Advice(
        "A filter refuses the text: a neutral sender's mail of the same shape gets the same answer.",
        Actor.COMPANY_IT,
        "Find the filter's rule in its log at the time of the probe, and report both mails as clean to its vendor.",
        "Change no list of addresses or domains: it is about what the mail says.",
    ),
    Reason.BOTH_LOST: Advice(
        "Mail is accepted and does not reach the probe's mailbox, a neutral sender's neither: lost behind the server, "
        "or by that mailbox.",
        Actor.COMPANY_IT,
        "Follow one probe through the mail server's log and queue to the mailbox: filter, quarantine, forwarding, "
        "rules of the mailbox. Does other people's mail arrive?",
        SAME_FOR_ALL,
        BLIND,
    ),
    Reason.CONTROL_FAILS: Advice(
        "A neutral sender's mail does not get through either.",
        Actor.COMPANY_IT,
        f"Follow one probe through the mail server's log and queue to the mailbox: {SERVER_FAULTS}.",
        SAME_FOR_ALL,
        PHONE,
    ),
    Reason.GATEWAY_DOWN: Advice(
        "The company's gateway does not answer Mailpath, while other companies do.",
        Actor.COMPANY_IT,
        "Is the gateway up, does it answer on its port, and does it still let Mailpath in?",
        "Change no filter and no allow list: nobody was asked about the sender.",
        BLIND,
    ),
    Reason.LOOKUP: BY_CAUSE[Cause.DOMAIN_UNKNOWN],
    Reason.NOT_ITS_DOMAIN: replace(
        BY_CAUSE[Cause.RELAY_DENIED],
        meaning="The server says that the recipient's domain is no accepted domain of its own: it relays for nobody.",
        fix="Add the domain to those that the server takes mail for (in Exchange: Get-AcceptedDomain), or correct its "
        "MX, or `to` of the path.",
    ),
}
ONE_LIST = Advice(
    "Several companies ask one blocklist, which refuses the sender and a neutral sender: it lists both, or everybody.",
    Actor.SENDER,
    "Ask the list for 127.0.0.1, which no list may have (RFC 5782): one that has it lists everybody; tell companies to "
    "remove it. Else look up {ip} and the control's address there, end the reason, and have them delisted.",
    "Do not begin company by company, and change no allow list for the sender.",
    takes_effect_within=WITHIN_A_DAY,
)
AT_THE_VENDOR = (
    "The vendor: see the status page of {system}, and open a case there with the replies and times of the probes below."
)
DELAYS_ALL = replace(
    THEIR_SYSTEM[Reason.SAME_ANSWER],
    meaning="It puts off a neutral sender with the same answer: it delays everybody's mail.",
    fix="Does it greylist on purpose? Then except {ip} from greylisting, and from nothing else. Else see its log.",
    for_users="",
)

UNREACHED: dict[Reason, Advice] = {  # where there was no connection, whatever cause that suggests
    Reason.CONTROL_THROUGH: replace(
        BY_FAMILY[CauseFamily.FIREWALL],
        meaning="A firewall stops the sender's IP address: from another address the server can be reached.",
        fix="Let {ip} reach TCP port 25 of the MX: see geo-blocking, IPS and reputation feeds, SMTP inspection.",
    ),
    Reason.ONLY_HERE: replace(
        BY_FAMILY[CauseFamily.FIREWALL],
        meaning="No connection comes about, while other companies can be reached.",
    ),
    Reason.NOTHING_REACHED: Advice(
        "No connection comes about, and nobody else was reached since: their server, their firewall or our own line.",
        Actor.OURSELVES,
        "On Mailpath's machine try `nc -vz HOST 25` with this company's MX and with others. If others answer, the "
        "company's IT looks whether its server is up and what its firewall's log says of {ip}.",
        "Change nothing at the company before another host was tried.",
        BLIND,
    ),
}


def several(meaning: str, fix: str, actor: Actor = Actor.SENDER, for_users: str = "") -> Advice:
    """Advice for many companies at once: none of them can mend it alone."""
    never = "Do not begin company by company. " + NO_WIDE_HOLE
    return Advice(meaning, actor, fix, never, for_users, WITHIN_A_DAY)


WIDESPREAD: dict[CauseFamily, Advice] = {  # of several companies
    CauseFamily.ADDRESS: several(
        "Several at once refuse the sender's IP address: a shared list.",
        "Find the list that names {ip}, end the reason, ask to be taken off.",
    ),
    CauseFamily.REPUTATION: several(
        "Several at once judge the sender's reputation to be poor.",
        "Look for a burst of mail, complaints or a bad neighbour on {ip}; slow down.",
    ),
    CauseFamily.DOMAIN: several(
        "Several at once refuse the sender's domain: a shared list.",
        "Find the domain blocklist that names {domain}, end the reason, ask to be taken off.",
    ),
    CauseFamily.AUTHENTICATION: several(
        "SPF, DKIM, DMARC or the reverse name of the sender no longer holds.",
        "Compare the records of {domain} and the reverse name of {ip} with last week's; undo the change.",
    ),
    CauseFamily.CONTENT: several(
        "Filters of several companies take the mail for spam at once.",
        "Undo the last change of text, links or headers; report the mail to the filter's vendor as clean.",
    ),
    CauseFamily.POLICY: several(
        "Several at once refuse it by a rule that they do not name.",
        "Ask the vendor of {system} with the reply below; look for what changed.",
    ),
    CauseFamily.GREYLISTING: several(
        "Several at once put the mail off until its code is dead.",
        "Send all attempts from {ip}, and try again within the code's life.",
    ),
    CauseFamily.FIREWALL: several(
        "No connection comes about to several companies at once.",
        "Can {ip} reach port 25 elsewhere? Look at the mail service's network and port 25; Mailpath's too.",
    ),
    CauseFamily.SUPPRESSED: several(
        "The sender's own mail service no longer tries several addresses.",
        "Delete the suppressions at the mail service, once what bounced is mended.",
        for_users=NOTHING_SENT,
    ),
    CauseFamily.RECIPIENT: several(
        "The domains of several companies seem to take no mail at once: most likely a name server.",
        "Ask for the MX of these domains from two places; if only ours fails, mend our resolver.",
        Actor.OURSELVES,
        BLIND,
    ),
    CauseFamily.TRANSPORT: several(
        "Several servers are in trouble at once: a service that they share.",
        "Look at the status page of {system}; whoever runs Mailpath: look at our own way there.",
    ),
    CauseFamily.OURS: replace(
        BY_FAMILY[CauseFamily.OURS], meaning="We cannot send or cannot look at several companies at once."
    ),
    CauseFamily.UNCLEAR: several(
        "Several at once stop the mail or lose it, and do not say why.",
        "What changed in the last hours? Ask the vendor of {system} for a trace.",
    ),
}


def advice_on(incident: Incident, mail_system: str) -> Advice:
    """What to do about this incident where this mail system runs; the most exact that is known."""
    match incident.nature:
        case Nature.OURS:
            advice = _ours(incident)
        case Nature.THEIR_SYSTEM:
            advice = _their_system(incident, mail_system)
        case Nature.MAIL | Nature.MAILBOX:
            advice = _of_the_mail(incident, mail_system)
        case _:
            assert_never(incident.nature)
    return replace(advice, for_users=advice.for_users or MEANWHILE[incident.outcome])


def _their_system(incident: Incident, mail_system: str) -> Advice:
    reason = incident.reason
    if reason is Reason.SAME_ANSWER and (incident.outcome is Outcome.LATE or incident.cause is Cause.GREYLISTED):
        exact = fix_for(Cause.GREYLISTED, incident.outcome, mail_system)
        return replace(DELAYS_ALL, fix=exact or DELAYS_ALL.fix)
    if reason is Reason.SAME_LIST and incident.scope is Scope.EVERYBODY:
        return ONE_LIST
    advice = THEIR_SYSTEM.get(reason) or UNREACHED.get(reason) or THEIR_SYSTEM[Reason.CONTROL_FAILS]
    vendors = incident.scope is Scope.MAIL_SYSTEM and is_shared(mail_system)
    if not vendors or advice.actor is not Actor.COMPANY_IT:
        return advice
    return replace(advice, actor=Actor.VENDOR, fix=AT_THE_VENDOR, workaround=f"Confirm it. {advice.fix}")


def _of_the_mail(incident: Incident, mail_system: str) -> Advice:
    if incident.reason in (Reason.NOTHING_REACHED, Reason.ONLY_HERE):
        return UNREACHED[incident.reason]
    if incident.nature is Nature.MAIL and incident.scope.wider_than(Scope.COMPANY):
        exact = fix_for(incident.cause, incident.outcome, mail_system)
        return replace(WIDESPREAD[_family(incident.cause, incident.outcome)], workaround=exact)
    reason = incident.reason
    if reason in UNREACHED and (reason is not Reason.CONTROL_THROUGH or incident.cause is Cause.FIREWALL):
        return UNREACHED[reason]
    return advice_for(incident.cause, incident.outcome, mail_system)


def advice_for(cause: Cause | None, outcome: Outcome, mail_system: str) -> Advice:
    """What to do about this at one company; the most exact that is known."""
    advice, exact = advice_of(cause, outcome), fix_for(cause, outcome, mail_system)
    if not advice.alone:
        return replace(advice, workaround=exact or advice.workaround)
    takes_effect_within = max(advice.takes_effect_within, change_takes(mail_system))
    return replace(advice, fix=exact or advice.fix, takes_effect_within=takes_effect_within)


def fix_for(cause: Cause | None, outcome: Outcome, mail_system: str) -> str:
    """What its IT does, in this mail system's own words; "" where they are not known."""
    if (cause, outcome) == (Cause.UNCLEAR, Outcome.LATE):
        return ""
    return " ".join(steps_for(mail_system, cause, _family(cause, outcome)))


def _family(cause: Cause | None, outcome: Outcome) -> CauseFamily:
    """What lies among spam was taken for spam, also where nothing says why."""
    taken_for_spam = cause is Cause.UNCLEAR and outcome in (Outcome.SPAM, Outcome.QUARANTINED)
    return CauseFamily.CONTENT if taken_for_spam else family_of(cause)


def runbook_on(incident: Incident) -> str:
    """The runbook for this incident."""
    if incident.nature is Nature.THEIR_SYSTEM:
        return THEIR_SYSTEM_RUNBOOK
    return (
        f"cause-{CauseFamily.OURS}" if incident.nature is Nature.OURS else runbook_for(incident.cause, incident.outcome)
    )


def runbook_for(cause: Cause | None, outcome: Outcome) -> str:
    """The runbook for what failed in this way."""
    return f"cause-{_family(cause, outcome)}"


def _ours(incident: Incident) -> Advice:
    """Why we cannot tell."""
    reason = incident.reason
    if reason is Reason.NO_WAY_OUT:
        return NO_WAY_OUT
    if reason in (Reason.CONTROL_FAILS, Reason.BOTH_LOST):
        return LOST_EVERYWHERE
    if reason is Reason.NOTHING_REACHED:
        return UNREACHED[reason]
    if incident.cause is Cause.RELAY_DENIED:
        return RELAY_REFUSES_US
    if incident.cause in (Cause.NETWORK, Cause.MALFORMED):
        return BY_CAUSE[incident.cause]
    return BY_FAMILY[CauseFamily.OURS]
