"""Advice for each cause at one company. Tables: the most exact row that is known holds.

The steps in one mail system's own terms are with the system; those here are general. What holds for many companies at
once is in `widespread`, what a comparison with the control showed is in `compared`.
"""

from dataclasses import replace
from datetime import timedelta

from probes.mailsystems.advice import CAN_BE_TESTED, IN_TIME, Actor, Advice
from probes.mailsystems.family import CauseFamily
from probes.outcome import Cause, Outcome

SENDER_RETRIES = "The sender retries for hours. Codes in mail that arrives later have expired: ask for a new one."
NOBODY_WAITS = "Only the probe's own mailbox is known to be affected; this path is not monitored until it is fixed."
NOT_KNOWN = "It is not known whether people get their mail until this is fixed. If it matters now, ask someone there."
NOTHING_SENT = "The sender's mail service no longer sends to this address. Other people may be affected too."
NO_WIDE_ENTRY = (
    "Do not allow the bare domain or an IP range, and do not add the address to a list of trusted networks or relays."
)
WITHIN_A_DAY = timedelta(days=1)  # delistings and new DNS records
TRACE_AT_A_SERVICE = (
    "Trace the probe in {system}, and look for a rule or connector of the company that stops it.",
    "If there is none, open a case with {system} support, with the reply and the time of the message.",
)
NO_CONNECTION_TO_A_SERVICE = (
    "Check the status page of {system}.",
    "Open a case with {system} support, with {ip} and the time of the message.",
)

FOR_USERS: dict[Outcome, str] = {  # what people who wait for a code can do
    Outcome.INBOX: "",
    Outcome.SPAM: "Look in the spam folder: a code there is as valid as one in the inbox.",
    Outcome.QUARANTINED: "Release the message from quarantine. Its code has expired: ask for a new one.",
    Outcome.MISSING: "Mail that is found in a quarantine can be released. Its code has expired: ask for a new one.",
    Outcome.BLOCKED: "Rejected mail is not sent again. Ask for a new code after the fix.",
    Outcome.DEFERRED: "Codes in deferred mail have expired. Ask for a new code after the fix.",
    Outcome.LATE: "Codes arrive after they have expired, and a new one will be late too. Wait for the fix.",
    Outcome.UNKNOWN: NOT_KNOWN,
}

BY_FAMILY: dict[CauseFamily, Advice] = {
    CauseFamily.ADDRESS: Advice(
        "According to its reply, the mail system blocks the sender's IP address.",
        Actor.COMPANY_IT,
        (
            "Remove {ip} from the block list that the reply names.",
            "If the entry must stay, add an exception for {ip} for mail of {domain} only.",
        ),
        NO_WIDE_ENTRY,
    ),
    CauseFamily.REPUTATION: Advice(
        "According to its reply, the mail system rates the reputation of the sender's IP address or domain as poor.",
        Actor.SENDER,
        (
            "Find what spoils the reputation of {ip} or {domain} and stop it.",
            "Ask the vendor of the mail system to review the rating.",
        ),
        NO_WIDE_ENTRY,
        ("Allow {domain} where DMARC passes. Do not allow the IP address alone.",),
        takes_effect_within=WITHIN_A_DAY,
    ),
    CauseFamily.DOMAIN: Advice(
        "According to its reply, the mail system blocks the sender's domain or address.",
        Actor.COMPANY_IT,
        ("Remove {domain}, and every wider entry that covers it, from the block list. Nothing else is needed.",),
        "Do not add an allow entry for the bare domain: anybody can write that name into a From header.",
    ),
    CauseFamily.AUTHENTICATION: Advice(
        "SPF, DKIM or DMARC of the sender fails at the receiver.",
        Actor.SENDER,
        ("Correct SPF, DKIM or DMARC of {domain}, whichever the reply names.",),
        "Do not turn the checks off, and do not allow mail that fails them: forged codes would get in.",
        ("If no other company is affected, let the servers behind the outermost gateway trust the gateway's checks.",),
        takes_effect_within=WITHIN_A_DAY,
    ),
    CauseFamily.CONTENT: Advice(
        "A filter classifies the mail as spam.",
        Actor.COMPANY_IT,
        ("Report the message as clean to the filter's vendor.", "Allow {domain} in the filter where DMARC passes."),
        "Do not allow the bare domain. Leave virus and link checks on.",
    ),
    CauseFamily.POLICY: Advice(
        "A rule of the receiver rejects the mail, and the reply does not say which.",
        Actor.COMPANY_IT,
        (
            "Find the rule in the server's log at the time of the message.",
            "Add an exception to it for mail of {domain} that passes DMARC.",
        ),
        "Do not switch the rule off for everybody, and do not except the bare domain.",
    ),
    CauseFamily.GREYLISTING: Advice(
        "The server greylists unknown senders; codes expire before it accepts the mail.",
        Actor.COMPANY_IT,
        ("Except {ip} from greylisting, and from nothing else: all other checks stay on.",),
        "Do not add {ip} to a list of trusted networks or relays.",
        verify=IN_TIME,
    ),
    CauseFamily.FIREWALL: Advice(
        "Could not connect to the server, or the connection was closed before the server said anything.",
        Actor.COMPANY_IT,
        (
            "Check that the mail server is up and listens on TCP port 25.",
            "If it does, look for {ip} in the firewall's log.",
        ),
        "Do not open other ports or whole IP ranges.",
        for_users=SENDER_RETRIES,
        at_a_service=NO_CONNECTION_TO_A_SERVICE,
    ),
    CauseFamily.SUPPRESSED: Advice(
        "The sender's own mail service no longer sends to this address, because mail to it bounced before.",
        Actor.SENDER,
        (
            "Fix what made the mail bounce.",
            "Delete the suppression of the address at the mail service.",
        ),
        "Do not change the company's filters: this mail does not reach them until the suppression is deleted.",
        ("Fix what bounced: see the last bounce before the suppression began.",),
        for_users=NOTHING_SENT,
    ),
    CauseFamily.RECIPIENT: Advice(
        "The probe's own mailbox does not accept mail.",
        Actor.MAILBOX_OWNER,
        ("Repair the probe's mailbox, or correct the probe's address in Mailpath's configuration.",),
        "Do not change filters: nothing points to the sender.",
        for_users=NOBODY_WAITS,
    ),
    CauseFamily.TRANSPORT: Advice(
        "The receiver's server reports a fault of its own.",
        Actor.COMPANY_IT,
        (
            "Check the server: is it up, and does it answer on port 25?",
            "Check its free disk space, and look for errors in its log.",
        ),
        "Do not change filters or allow lists: nothing points to the sender.",
        for_users=SENDER_RETRIES,
        at_a_service=TRACE_AT_A_SERVICE,
    ),
    CauseFamily.OURS: Advice(
        "Mailpath cannot send, or cannot look into the mailbox.",
        Actor.OURSELVES,
        (
            "Read the log of Mailpath and the output of `mailpath explain` for the probe.",
            "Try the login and the connection to the server by hand.",
        ),
        "Do not change anything at the company: nothing points to a problem there.",
        for_users=NOT_KNOWN,
        verify=CAN_BE_TESTED,
    ),
    CauseFamily.UNCLEAR: Advice(
        "The mail is stopped, and the reply does not say why.",
        Actor.COMPANY_IT,
        ("Find the probe in the mail system's log by its time: the entry names the rule.",),
        "Do not add allow entries at random: find the rule first.",
    ),
}

IN_SHORT: dict[CauseFamily, str] = {  # for a cell of a table; the steps are in the advice
    CauseFamily.ADDRESS: "Have the sender's IP address removed from the list",
    CauseFamily.REPUTATION: "The sender must improve its reputation",
    CauseFamily.DOMAIN: "Remove the sender's domain from the block list",
    CauseFamily.AUTHENTICATION: "The sender must correct SPF, DKIM or DMARC",
    CauseFamily.CONTENT: "Report it as clean; allow the domain with DMARC",
    CauseFamily.POLICY: "Find the rule; except the domain with DMARC",
    CauseFamily.GREYLISTING: "Except the sender's IP address from greylisting",
    CauseFamily.FIREWALL: "Check port 25, then the firewall's log",
    CauseFamily.SUPPRESSED: "The sender must delete the suppression",
    CauseFamily.RECIPIENT: "Fix the probe's own mailbox",
    CauseFamily.TRANSPORT: "Fix the mail server, or the connection to it",
    CauseFamily.OURS: "Mailpath's own problem: see its log",
    CauseFamily.UNCLEAR: "Find the probe in the mail system's log",
}

BY_CAUSE: dict[Cause, Advice] = {
    Cause.IP_LISTED: Advice(
        "The reply says that a public blocklist lists the sender's IP address.",
        Actor.SENDER,
        (
            "Look up {ip} in the blocklist that the reply names.",
            "If it is listed, find out why, stop the cause, and ask the blocklist to delist {ip}.",
        ),
        "Do not turn the blocklist off for everybody. " + NO_WIDE_ENTRY,
        (
            "If it is not listed, or all senders are refused, the server's resolver is at fault: repair it.",
            "Otherwise add an exception for {ip} for mail of {domain} only.",
        ),
        takes_effect_within=WITHIN_A_DAY,
    ),
    Cause.RATE_LIMITED: Advice(
        "The mail system limits how much mail it accepts from this sender for now.",
        Actor.SENDER,
        ("Send more slowly to this mail system. Most limits are lifted automatically.",),
        NO_WIDE_ENTRY,
        ("If the limit is the company's own, raise it for mail of {domain} that passes DMARC.",),
    ),
    Cause.RDNS: Advice(
        "The server finds no reverse DNS name for the sender's IP address that leads back to it.",
        Actor.SENDER,
        (
            "Check the PTR record of {ip}, and the address record of the name in it.",
            "Publish the one that is missing or wrong.",
        ),
        "Do not turn the check off for everybody.",
        (
            "If both are right in public DNS, repair the server's resolver.",
            "Otherwise except {ip} from this check for mail of {domain} only.",
        ),
        takes_effect_within=WITHIN_A_DAY,
    ),
    Cause.NO_SUCH_USER: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        explanation="The server says that the probe's own address does not exist.",
        steps=("Create the probe's mailbox again, or correct the probe's address in Mailpath's configuration.",),
    ),
    Cause.CASE_SENSITIVE_USER: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        explanation="The server knows the probe's address only with capitals; Trimble writes it in lower case.",
        actor=Actor.COMPANY_IT,
        steps=("Configure the server to ignore upper and lower case in addresses.",),
        for_users="People whose address has capitals there may get no mail from {domain} either.",
    ),
    Cause.MAILBOX_FULL: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        explanation="The probe's own mailbox is full.",
        steps=("Empty the probe's mailbox, or raise its quota.",),
    ),
    Cause.MAILBOX_DISABLED: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        explanation="The probe's own mailbox is disabled.",
        steps=("Enable the probe's mailbox again. Some systems disable a mailbox that nobody signs in to.",),
    ),
    Cause.MOVED: replace(
        BY_FAMILY[CauseFamily.RECIPIENT],
        explanation="A rule moved the mail out of the probe's inbox.",
        steps=(
            "Remove the rule from the probe's mailbox.",
            "If an administrator set it for everybody, except mail of {domain} that passes DMARC from it.",
        ),
        for_users="If the rule is set for everybody, people find mail from {domain} in the folder named above.",
    ),
    Cause.DOMAIN_UNKNOWN: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        explanation="The domain accepts no mail: its MX record is missing or leads nowhere.",
        at_a_service=(),
        steps=(
            "Publish an MX record that names a server which accepts mail for the domain.",
            "If the domain itself is wrong, correct the probe's address in Mailpath's configuration.",
        ),
        for_users="If people have addresses in this domain, no mail from anybody reaches them.",
        takes_effect_within=WITHIN_A_DAY,
    ),
    Cause.TLS: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        explanation="The TLS handshake or the certificate check fails.",
        steps=("Offer STARTTLS with TLS 1.2 or newer and a valid certificate on the MX hosts.",),
        do_not="Do not turn TLS off, and do not enable old protocol versions.",
    ),
    Cause.TOO_LARGE: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        explanation="The server rejects a message of a few kilobytes as too large.",
        steps=("Check the server's message size limit and its free disk space.",),
        for_users="",
    ),
    Cause.RELAY_DENIED: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        explanation="The server that was asked does not accept mail for this domain.",
        at_a_service=(),
        steps=("Correct the MX record, or add the domain to those that the server accepts mail for.",),
        do_not="Do not add a relay entry for {ip}: every customer of that mail service could then relay.",
        for_users="",
    ),
    Cause.EXPIRED: replace(
        BY_FAMILY[CauseFamily.TRANSPORT],
        explanation="A server on the way stopped retrying: the next one could not be reached, or deferred the mail.",
    ),
    Cause.NETWORK: replace(
        BY_FAMILY[CauseFamily.OURS],
        explanation="Mailpath's own network or name server does not work.",
        steps=(
            "On Mailpath's machine, run `dig MX` for the domain and `nc -vz HOST 25` for its mail server.",
            "Repair the network connection or the resolver, whichever fails.",
        ),
    ),
    Cause.MALFORMED: replace(
        BY_FAMILY[CauseFamily.OURS],
        explanation="The server rejects Mailpath's own message or command as malformed.",
        steps=(
            "See the step in the output of `mailpath explain`.",
            "Correct the route, or report the problem to the makers of Mailpath.",
        ),
    ),
}

BY_OUTCOME: dict[Outcome, Advice] = {  # where no cause is known
    Outcome.MISSING: replace(
        BY_FAMILY[CauseFamily.UNCLEAR],
        explanation="The mail was accepted and then found nowhere: it is held, dropped by a rule, or still queued.",
        steps=(
            "Trace the probe in the mail system's log.",
            "Search the quarantine for it.",
            "When you have found the rule that stopped it, allow {domain} there where DMARC passes.",
        ),
    ),
    Outcome.LATE: replace(
        BY_FAMILY[CauseFamily.UNCLEAR],
        explanation="Mail arrives after its code has expired; the cause of the delay is not known.",
        steps=(
            "Compare the times in the Received headers of the probe.",
            "Check the queue or scanner where it waits.",
        ),
        do_not="Do not bypass the scanner: make it faster, or let it scan mail of {domain} first.",
        verify=IN_TIME,
    ),
    Outcome.SPAM: replace(
        BY_FAMILY[CauseFamily.CONTENT],
        explanation="The mail is in the spam folder, and no header says why.",
        steps=(
            "Report the message as not spam.",
            "Look for rules of the mailbox that move it.",
            "Allow {domain} in the filter where DMARC passes.",
        ),
    ),
    Outcome.QUARANTINED: replace(
        BY_FAMILY[CauseFamily.CONTENT],
        explanation="The mail is held in quarantine, and no header says why.",
        steps=(
            "Find the message in the quarantine: it names the policy that holds it.",
            "Release it as clean.",
            "Allow {domain} in that policy where DMARC passes.",
        ),
    ),
}
