"""Which advice fits an incident: that for its cause, for how wide it is, for its mail system.

Beside the placeholders of `advice` there are `{company}`, by its key, and `{system}`, the mail system that all of them
have.
"""

from dataclasses import replace
from datetime import timedelta

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
from monitor.incidents.family import Family, family_of
from monitor.incidents.fixes import CAUSE_FIXES, FIXES, SETTLES
from monitor.incidents.incident import Incident, Nature, Scope
from probes.verdict import Cause, Outcome

RELAY_REFUSES_US = replace(
    BY_FAMILY[Family.OURS],
    meaning="The mail service that we send through refuses us.",
    fix="Mend our account there: its password, its right to send as {domain}, its limits.",
)
CONTROL_FAILS_TOO = replace(
    BY_FAMILY[Family.OURS],
    meaning="The control, a neutral sender, fails in the same way.",
    fix="Run `mailpath probe {company} --as control`; look at the company's server, the route and the mailbox.",
    never="Allow nothing at the company: another sender is stopped just the same.",
)


def several(meaning: str, fix: str, actor: Actor = Actor.SENDER, meanwhile: str = "") -> Advice:
    """Advice for many companies at once: none of them can mend it alone."""
    never = "Do not begin company by company. " + NO_WIDE_HOLE
    return Advice(meaning, actor, fix, never, meanwhile, WITHIN_A_DAY)


AT_ONCE: dict[Family, Advice] = {  # of several companies
    Family.ADDRESS: several(
        "Several at once refuse the sender's IP address: a shared list.",
        "Find the list that names {ip}, end the reason, ask to be taken off.",
    ),
    Family.REPUTATION: several(
        "Several at once judge the sender's reputation to be poor.",
        "Look for a burst of mail, complaints or a bad neighbour on {ip}; slow down.",
    ),
    Family.DOMAIN: several(
        "Several at once refuse the sender's domain: a shared list.",
        "Find the domain blocklist that names {domain}, end the reason, ask to be taken off.",
    ),
    Family.AUTHENTICATION: several(
        "SPF, DKIM, DMARC or the reverse name of the sender no longer holds.",
        "Compare the records of {domain} and the reverse name of {ip} with last week's; undo the change.",
    ),
    Family.CONTENT: several(
        "Filters of several companies take the mail for spam at once.",
        "Undo the last change of text, links or headers; report the mail to the filter's vendor as clean.",
    ),
    Family.POLICY: several(
        "Several at once refuse it by a rule that they do not name.",
        "Ask the vendor of {system} with the reply below; look for what changed.",
    ),
    Family.GREYLISTING: several(
        "Several at once put the mail off until its code is dead.",
        "Send all attempts from {ip}, and try again within the code's life.",
    ),
    Family.FIREWALL: several(
        "No connection comes about to several companies at once.",
        "Can {ip} reach port 25 elsewhere? Look at the mail service's network and port 25; Mailpath's too.",
    ),
    Family.SUPPRESSED: several(
        "The sender's own mail service no longer tries several addresses.",
        "Delete the suppressions at the mail service, once what bounced is mended.",
        meanwhile=NOTHING_SENT,
    ),
    Family.RECIPIENT: several(
        "The domains of several companies seem to take no mail at once: most likely a name server.",
        "Ask for the MX of these domains from two places; if only ours fails, mend our resolver.",
        Actor.OURSELVES,
        BLIND,
    ),
    Family.TRANSPORT: several(
        "Several servers are in trouble at once: a service that they share.",
        "Look at the status page of {system}; whoever runs Mailpath: look at our own way there.",
    ),
    Family.OURS: replace(BY_FAMILY[Family.OURS], meaning="We cannot send or cannot look at several companies at once."),
    Family.UNCLEAR: several(
        "Several at once stop the mail or lose it, and do not say why.",
        "What changed in the last hours? Ask the vendor of {system} for a trace.",
    ),
}


def advice_on(incident: Incident, mail_system: str) -> Advice:
    """What to do about this incident where this mail system runs; the most exact that is known."""
    advice = _ours(incident) if incident.nature is Nature.OURS else _theirs(incident, mail_system)
    return replace(advice, meanwhile=advice.meanwhile or MEANWHILE[incident.outcome])


def _theirs(incident: Incident, mail_system: str) -> Advice:
    if incident.nature is Nature.MAIL and incident.scope.wider_than(Scope.COMPANY):
        exact = fix_for(incident.cause, incident.outcome, mail_system)
        return replace(AT_ONCE[_family(incident.cause, incident.outcome)], bridge=exact)
    return advice_for(incident.cause, incident.outcome, mail_system)


def advice_for(cause: Cause | None, outcome: Outcome, mail_system: str) -> Advice:
    """What to do about this at one company; the most exact that is known."""
    advice, exact = advice_of(cause, outcome), fix_for(cause, outcome, mail_system)
    if not advice.alone:
        return replace(advice, bridge=exact or advice.bridge)
    settles = max(advice.settles, SETTLES.get(mail_system, timedelta(0)))
    return replace(advice, fix=exact or advice.fix, settles=settles)


def fix_for(cause: Cause | None, outcome: Outcome, mail_system: str) -> str:
    """What its IT does, in this mail system's own words; "" where they are not known."""
    if (cause, outcome) == (Cause.UNCLEAR, Outcome.LATE):
        return ""
    by_cause = CAUSE_FIXES.get((cause, mail_system), "") if cause else ""
    return by_cause or FIXES.get((_family(cause, outcome), mail_system), "")


def _family(cause: Cause | None, outcome: Outcome) -> Family:
    """What lies among spam was taken for spam, also where nothing says why."""
    taken_for_spam = cause is Cause.UNCLEAR and outcome in (Outcome.SPAM, Outcome.QUARANTINED)
    return Family.CONTENT if taken_for_spam else family_of(cause)


def runbook_on(incident: Incident) -> str:
    """The runbook for this incident."""
    return f"cause-{Family.OURS}" if incident.nature is Nature.OURS else runbook_for(incident.cause, incident.outcome)


def runbook_for(cause: Cause | None, outcome: Outcome) -> str:
    """The runbook for what failed in this way."""
    return f"cause-{_family(cause, outcome)}"


def _ours(incident: Incident) -> Advice:
    """Why we cannot tell. A verdict other than unknown is ours only because the control had it too, or the message
    was wrong."""
    if incident.outcome is not Outcome.UNKNOWN and incident.cause is not Cause.MALFORMED:
        return CONTROL_FAILS_TOO
    if incident.cause is Cause.RELAY_DENIED:
        return RELAY_REFUSES_US
    if incident.cause in (Cause.NETWORK, Cause.MALFORMED):
        return BY_CAUSE[incident.cause]
    return BY_FAMILY[Family.OURS]
