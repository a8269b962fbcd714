"""Advice where several companies fail at once, for one reason: none of them can fix it alone. A table."""

from dataclasses import replace

from probes.mailsystems.advice import Actor, Advice
from probes.mailsystems.causes import BY_FAMILY, NO_WIDE_ENTRY, NOT_KNOWN, NOTHING_SENT, WITHIN_A_DAY
from probes.mailsystems.family import CauseFamily


def _several(
    explanation: str,
    *steps: str,
    actor: Actor = Actor.SENDER,
    for_users: str = "",
) -> Advice:
    return Advice(
        explanation,
        actor,
        steps,
        do_not="Do not start with single companies. " + NO_WIDE_ENTRY,
        for_users=for_users,
        takes_effect_within=WITHIN_A_DAY,
    )


WIDESPREAD: dict[CauseFamily, Advice] = {
    CauseFamily.ADDRESS: _several(
        "Several companies reject the sender's IP address at once.",
        "Find the list that contains {ip}, and stop the cause.",
        "Ask the list to remove {ip}.",
    ),
    CauseFamily.REPUTATION: _several(
        "Several companies rate the sender's reputation as poor at once.",
        "Look for a burst of mail, complaints, or another customer's spam from {ip}.",
        "Send more slowly until the rating recovers.",
    ),
    CauseFamily.DOMAIN: _several(
        "Several companies reject the sender's domain at once.",
        "Find the domain blocklist that contains {domain}, and stop the cause.",
        "Ask the list to remove {domain}.",
    ),
    CauseFamily.AUTHENTICATION: _several(
        "By the replies, the sender's SPF, DKIM, DMARC or PTR fails.",
        "Compare the DNS records of {domain} and the reverse name of {ip} with those of last week.",
        "Undo what changed.",
    ),
    CauseFamily.CONTENT: _several(
        "Filters of several companies classify the mail as spam at once.",
        "Undo the last change of text, links or headers.",
        "Report the message as clean to the filter's vendor.",
    ),
    CauseFamily.POLICY: _several(
        "Several companies reject the mail by a rule that they do not name.",
        "Look for what changed in the mail.",
        "Ask one of the companies which rule it is, and quote the reply.",
    ),
    CauseFamily.GREYLISTING: _several(
        "Several companies defer the mail until its code has expired.",
        "Send all attempts from {ip}.",
        "Retry before the code expires.",
    ),
    CauseFamily.FIREWALL: _several(
        "Could not connect to the servers of several companies.",
        "Check Mailpath's own network.",
        "Ask the sender's mail service whether {ip} can reach port 25 of these servers and of others.",
        actor=Actor.OURSELVES,
    ),
    CauseFamily.SUPPRESSED: _several(
        "The sender's mail service has suppressed several addresses.",
        "Fix what made the mail bounce.",
        "Delete the suppressions at the mail service.",
        for_users=NOTHING_SENT,
    ),
    CauseFamily.RECIPIENT: _several(
        "The domains of several companies seem to accept no mail: most likely a name server fails.",
        "Ask for the MX records of these domains from two places.",
        "If only Mailpath's lookups fail, repair its resolver.",
        actor=Actor.OURSELVES,
        for_users=NOT_KNOWN,
    ),
    CauseFamily.TRANSPORT: _several(
        "The servers of several companies fail at once.",
        "Check Mailpath's own connection to these servers.",
        "If they share a service, check its status page.",
        actor=Actor.OURSELVES,
    ),
    CauseFamily.OURS: replace(
        BY_FAMILY[CauseFamily.OURS],
        explanation="Mailpath cannot send, or cannot look into the mailboxes, at several companies at once.",
    ),
    CauseFamily.UNCLEAR: _several(
        "Several companies stop or lose the mail, and do not say why.",
        "Look for what changed in the last hours.",
        "Ask one of the companies to trace a probe in its mail system's log.",
    ),
}
LATE_WIDELY = _several(
    "Mail arrives late at several companies; it is not known why.",
    "Compare the times in the Received headers of the probes: they show where the mail waits.",
    "If it waits at the mail service, check its queue. Otherwise ask one of the companies why.",
)
"""Instead of the row for causes that are not clear: it is not lost."""
RATE_LIMITED_WIDELY = _several(
    "Several companies limit the sender's mail at once.",
    "Look for a burst of mail from {ip}.",
    "Send more slowly until the limits are lifted.",
)
"""Instead of the row of its family: a limit is not a rating."""
ASK_THE_VENDOR = "Open a case with {system} support, with the replies and times of the probes."
"""Added where all of them use one service."""
