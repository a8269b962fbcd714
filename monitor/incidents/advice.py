"""What to do about a cause at one company: who must act, the fix in one line, what not to do. Tables.

In the texts `{domain}` and `{ip}` are the sender's. The exact fixes for one mail system are in `fixes`, what holds for
many companies at once in `advising`; the whole story of each family is in its runbook.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from probes.mailsystems.family import CauseFamily, family_of
from probes.verdict import Cause, Outcome


class Actor(StrEnum):
    """Who must act."""

    COMPANY_IT = "company_it"
    SENDER = "sender"  # Trimble, with the mail service that it uses
    MAILBOX_OWNER = "mailbox_owner"  # whoever looks after the probe's own mailbox
    VENDOR = "vendor"  # of the mail system that several companies have
    OURSELVES = "ourselves"  # whoever runs Mailpath


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about one cause.

    `meaning` is one plain sentence. `fix` is the actor's part; `bridge` what the company's IT can do until then, ""
    where there is nothing. `meanwhile` is for people who wait, "" where that follows from the outcome. `settles`: how
    long after the fix it may still look unmended.
    """

    meaning: str
    actor: Actor
    fix: str
    never: str
    for_users: str = ""
    takes_effect_within: timedelta = timedelta(0)
    workaround: str = ""

    @property
    def alone(self) -> bool:
        """Whether the company's IT can mend it without anybody else."""
        return self.actor is Actor.COMPANY_IT


LATER = "The sender tries again for hours; codes in what comes then are dead: ask for a new one."
HARMLESS = "Nobody's sign-in is affected; but this path tells nothing until then."
BLIND = "Whether people get their mail is not known until then: ask somebody there, if it matters now."
NOTHING_SENT = "Nothing is sent, so nothing is held. Other people may be suppressed too."
NO_WIDE_HOLE = "No allow entry for a bare domain, a whole range or a list of trusted relays."
WITHIN_A_DAY = timedelta(days=1)  # delistings and new DNS records

MEANWHILE: dict[Outcome, str] = {  # what people who wait for a code can do
    Outcome.INBOX: "",
    Outcome.SPAM: "Tell people to look into the spam folder: a code there is as good as in the inbox.",
    Outcome.QUARANTINED: "Release what is held. The codes in it are dead: ask for a new one.",
    Outcome.MISSING: "What is found in a quarantine can be released. The codes in it are dead: ask for a new one.",
    Outcome.BLOCKED: "What was refused does not come back: once this is over, ask for a new code.",
    Outcome.DEFERRED: "Codes in mail that was put off are dead: once this is over, ask for a new one.",
    Outcome.LATE: "A code that comes late is dead, and a new one comes as late: wait until this is over.",
    Outcome.UNKNOWN: BLIND,
}

BY_FAMILY: dict[CauseFamily, Advice] = {
    CauseFamily.ADDRESS: Advice(
        "Its mail system has the sender's IP address on a list of its own.",
        Actor.COMPANY_IT,
        "Take {ip} off the block list that the reply names; if it must stay, except {ip} for mail of {domain} only.",
        NO_WIDE_HOLE,
    ),
    CauseFamily.REPUTATION: Advice(
        "It judges the reputation of the sender's IP address or domain to be poor.",
        Actor.SENDER,
        "Find and end what spoils the reputation of {ip} or {domain}; ask its vendor to look again.",
        NO_WIDE_HOLE,
        takes_effect_within=WITHIN_A_DAY,
        workaround="Allow {domain} where DMARC passes; not the address alone.",
    ),
    CauseFamily.DOMAIN: Advice(
        "It has the sender's domain or address on a block list.",
        Actor.COMPANY_IT,
        "Take {domain}, and every wider entry that covers it, off the block list: that is enough.",
        "No allow entry for the bare domain on top of it: anybody can write that name.",
    ),
    CauseFamily.AUTHENTICATION: Advice(
        "SPF, DKIM or DMARC of the sender does not hold where it is checked.",
        Actor.SENDER,
        "Mend SPF, DKIM or DMARC of {domain}, whichever the reply names.",
        "Do not turn the checks off, and do not allow what fails them: forged codes would come in.",
        takes_effect_within=WITHIN_A_DAY,
        workaround="If no other company sees it: have the servers behind the outermost gateway trust its checks.",
    ),
    CauseFamily.CONTENT: Advice(
        "A filter takes the mail for spam.",
        Actor.COMPANY_IT,
        "Report the mail as clean, then allow {domain} in the filter where DMARC passes.",
        "No allow entry for the bare domain; virus and link checks stay on.",
    ),
    CauseFamily.POLICY: Advice(
        "A rule of the receiver refuses it, and the reply does not say which.",
        Actor.COMPANY_IT,
        "Find the rule in the server's log by the probe's time; except mail of {domain} that passes DMARC from it.",
        "Do not switch the rule off for everybody, and do not except the bare domain.",
    ),
    CauseFamily.GREYLISTING: Advice(
        "It puts strangers off for minutes; the code is dead when the mail comes.",
        Actor.COMPANY_IT,
        "Except {ip} from greylisting, and from nothing else: all other checks stay.",
        "Do not put {ip} into any list of trusted networks or relays.",
    ),
    CauseFamily.FIREWALL: Advice(
        "No connection comes about, or it is cut before a word is said.",
        Actor.COMPANY_IT,
        "Is the mail server up, and does it listen on TCP port 25? If so, look for {ip} in the firewall's log.",
        "Open no other port and no whole range.",
        LATER,
    ),
    CauseFamily.SUPPRESSED: Advice(
        "The sender's own mail service no longer tries this address: it bounced before.",
        Actor.SENDER,
        "Delete the suppression of the address at the mail service, once what bounced is mended.",
        "Do not go on changing the company's filters: no mail reaches them until the suppression is deleted.",
        NOTHING_SENT,
        workaround="Mend what bounced: it was told before the suppression began.",
    ),
    CauseFamily.RECIPIENT: Advice(
        "The probe's own mailbox does not take the mail.",
        Actor.MAILBOX_OWNER,
        "Mend the probe's mailbox, or correct `to` of the path in the configuration.",
        "Change no filter: nothing is said against the sender.",
        HARMLESS,
    ),
    CauseFamily.TRANSPORT: Advice(
        "The receiver's server has trouble of its own.",
        Actor.COMPANY_IT,
        "Look at the server: is it up, does it answer on port 25, has its disk room, does its log tell of faults?",
        "Change no filter and no allow list: nothing is said against the sender.",
        LATER,
    ),
    CauseFamily.OURS: Advice(
        "We cannot send or cannot look.",
        Actor.OURSELVES,
        "See the log of Mailpath and `mailpath explain`; try the login and the way to the server by hand.",
        "Change nothing at the company: nothing is known against the mail.",
        BLIND,
    ),
    CauseFamily.UNCLEAR: Advice(
        "It is stopped in words that do not say why.",
        Actor.COMPANY_IT,
        "Find the probe in the mail system's log by its time; the line there tells the rule.",
        "Do not allow at random: find the rule first.",
    ),
}

BY_CAUSE: dict[Cause, Advice] = {
    Cause.IP_LISTED: Advice(
        "It asks a public blocklist that names the sender's IP address.",
        Actor.SENDER,
        "Have {ip} taken off the blocklist that the reply names, once the reason is ended.",
        "Do not turn the blocklist off for everybody. " + NO_WIDE_HOLE,
        takes_effect_within=WITHIN_A_DAY,
        workaround="Except {ip} for mail of {domain} only. Are all senders refused? Then mend the resolver.",
    ),
    Cause.RATE_LIMITED: Advice(
        "It takes no more mail from this sender for now: too much at once.",
        Actor.SENDER,
        "Send more slowly to this mail system; most limits lift by themselves.",
        NO_WIDE_HOLE,
        workaround="If the limit is your own: raise it for mail of {domain} that passes DMARC.",
    ),
    Cause.RDNS: Advice(
        "The sender's IP address has no reverse name that leads back to it.",
        Actor.SENDER,
        "Give {ip} a reverse name, and that name the address {ip}.",
        "Do not turn the check off for everybody.",
        takes_effect_within=WITHIN_A_DAY,
        workaround="Except {ip} from this check for mail of {domain} only.",
    ),
    Cause.NO_SUCH_USER: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        meaning="The server does not know the probe's own address.",
        fix="Make the probe's mailbox again, or correct `to` of the path in the configuration.",
    ),
    Cause.CASE_SENSITIVE_USER: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        meaning="The server knows the probe's address only with capitals; Trimble writes it without.",
        actor=Actor.COMPANY_IT,
        fix="Make the server compare addresses without regard to capitals.",
        for_users="People whose address has capitals there may get no mail from {domain} either.",
    ),
    Cause.MAILBOX_FULL: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        meaning="The probe's own mailbox is full.",
        fix="Empty the probe's mailbox, or give it more room.",
    ),
    Cause.MAILBOX_DISABLED: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        meaning="The probe's own mailbox is closed.",
        fix="Open the probe's mailbox again; some systems close one that nobody signs in to.",
    ),
    Cause.MOVED: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        meaning="A rule moved the mail out of the probe's inbox.",
        fix="Remove the rule from the probe's mailbox. If an administrator set it for everybody, take mail of {domain} "
        "that passes DMARC out of it.",
        for_users="If the rule is set for everybody, people find mail from {domain} in the folder named above.",
    ),
    Cause.DOMAIN_UNKNOWN: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        meaning="The domain takes no mail: its MX is missing or leads nowhere.",
        fix="Publish an MX that names a server which takes mail for the domain; or correct `to` of the path.",
        for_users="If people have addresses in this domain, no mail from anybody reaches them.",
        takes_effect_within=WITHIN_A_DAY,
    ),
    Cause.TLS: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        meaning="The servers cannot agree on TLS.",
        fix="Offer STARTTLS with TLS 1.2 or newer and a valid certificate on the MX.",
        never="Do not turn TLS off, and do not bring old protocols back.",
    ),
    Cause.TOO_LARGE: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        meaning="The server finds a mail of a few kilobytes too large.",
        fix="Look at the server's size limit and at the free room of its disk.",
        for_users="",
    ),
    Cause.RELAY_DENIED: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        meaning="The server that was asked does not take mail for this domain.",
        fix="Correct the MX, or add the domain to those that the server takes mail for.",
        never="Do not answer it with a relay entry for {ip}: every customer of that mail service could then relay.",
        for_users="",
    ),
    Cause.EXPIRED: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        meaning="It was given up after many attempts: the server could not be reached for long.",
    ),
    Cause.NETWORK: replace(
        BY_FAMILY[CauseFamily.OURS],
        meaning="We cannot get there: our own network or name server.",
        fix="On Mailpath's machine try `dig MX` of the domain and `nc -vz HOST 25`; mend our line or resolver.",
    ),
    Cause.MALFORMED: replace(
        BY_FAMILY[CauseFamily.OURS],
        meaning="The server finds our own message or command wrong.",
        fix="See the step with `mailpath explain`; correct the route, or report the fault to Mailpath's makers.",
    ),
}

BY_OUTCOME: dict[Outcome, Advice] = {  # where no cause is known
    Outcome.MISSING: replace(
        BY_FAMILY[CauseFamily.UNCLEAR],
        meaning="It was accepted and then seen nowhere: held, dropped by a rule, or still queued.",
        fix="Trace it in the mail system's log and look into the quarantine; then allow {domain} where DMARC passes.",
    ),
    Outcome.LATE: replace(
        BY_FAMILY[CauseFamily.UNCLEAR],
        meaning="It comes when its code is dead, and nothing says what held it up.",
        fix="Compare the times in its Received lines; look at the queue or scanner where it waits.",
        never="Do not go round the scanner: make it faster, or scan mail of {domain} first.",
    ),
    Outcome.SPAM: replace(
        BY_FAMILY[CauseFamily.CONTENT],
        meaning="It lies in the spam folder, and no header says why.",
        fix="Report it as not spam, look for rules of the mailbox; then allow {domain} where DMARC passes.",
    ),
    Outcome.QUARANTINED: replace(
        BY_FAMILY[CauseFamily.CONTENT],
        meaning="It is held in quarantine, and nothing says why.",
        fix="The quarantine names the policy: release the mail as clean, then allow {domain} there where DMARC passes.",
    ),
}


def advice_of(cause: Cause | None, outcome: Outcome) -> Advice:
    """What to do at one company."""
    if cause is Cause.UNCLEAR and outcome in BY_OUTCOME:
        return BY_OUTCOME[outcome]
    by_cause = BY_CAUSE.get(cause) if cause else None
    return by_cause or BY_FAMILY[family_of(cause)]
