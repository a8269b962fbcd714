"""Advice where a comparison with a neutral sender, or with other companies, shows whose problem it is. Tables."""

from dataclasses import replace

from probes.attribution import Reason
from probes.mailsystems.advice import IN_TIME, Actor, Advice
from probes.mailsystems.causes import (
    BY_CAUSE,
    BY_FAMILY,
    NOT_KNOWN,
    TRACE_AT_A_SERVICE,
    WITHIN_A_DAY,
)
from probes.mailsystems.family import FAMILIES, CauseFamily
from probes.mailsystems.widespread import ASK_THE_VENDOR
from probes.outcome import Cause

USE_THE_PHONE = "Mail from outside does not reach the company: call its people."
SOME_MUST_PHONE = "Some mail from outside does not reach the company: call whoever is waiting for it."
OTHERS_TOO = "Do not change filters or allow lists for the sender: another sender is stopped in the same way."
_LOG = "Find the error in the mail server's log at the time of the message."
_SUSPECTS = (
    "Check the filter or milter, the resolver, the disk, the server behind it, and whether a blocklist lists everybody."
)
_FOLLOW = "Follow one probe through the mail server's log and queue to the mailbox."

THEIR_SYSTEM: dict[Reason, Advice] = {
    Reason.SAME_ANSWER: Advice(
        "The server gives a neutral sender the same answer.",
        Actor.COMPANY_IT,
        (_LOG, _SUSPECTS),
        OTHERS_TOO,
        for_users=USE_THE_PHONE,
        at_a_service=TRACE_AT_A_SERVICE,
    ),
    Reason.SAME_LIST: Advice(
        "The same blocklist rejects a neutral sender: it lists both senders, or everybody. It is not known which.",
        Actor.COMPANY_IT,
        (
            "Ask the blocklist for 127.0.0.1, which no list may contain (RFC 5782).",
            "If it lists 127.0.0.1, it lists everybody: remove the blocklist from the mail server.",
            "Otherwise both senders are listed: the sender asks for the delisting of {ip}.",
        ),
        OTHERS_TOO,
        helpers=(Actor.SENDER,),
        at_a_service=(
            "Ask the blocklist for 127.0.0.1, which no list may contain (RFC 5782).",
            "If it lists 127.0.0.1, it lists everybody: open a case with {system} support.",
            "Otherwise both senders are listed: the sender asks for the delisting of {ip}.",
        ),
    ),
    Reason.SAME_TEXT: Advice(
        "A filter rejects the content: a neutral sender's mail with similar content gets the same answer.",
        Actor.COMPANY_IT,
        (
            "Find the filter's rule in its log at the time of the message.",
            "Report both messages as clean to the filter's vendor.",
        ),
        "Do not change lists of addresses or domains: the problem is the content of the mail.",
    ),
    Reason.BOTH_LOST: Advice(
        "The server accepts mail, but it does not reach the probe's mailbox; a neutral sender's mail is lost too. It "
        "is lost behind the server, or in that mailbox.",
        Actor.COMPANY_IT,
        (
            _FOLLOW,
            "Check the filter, the quarantine, forwarding, and the rules of the mailbox.",
            "Check whether other people's mail arrives.",
        ),
        OTHERS_TOO,
        for_users=NOT_KNOWN,
    ),
    Reason.CONTROL_FAILS: Advice(
        "A neutral sender's mail does not get through either.",
        Actor.COMPANY_IT,
        (_FOLLOW, _SUSPECTS),
        OTHERS_TOO,
        for_users=USE_THE_PHONE,
        at_a_service=TRACE_AT_A_SERVICE,
    ),
    Reason.GATEWAY_DOWN: Advice(
        "The company's gateway does not answer Mailpath, while other companies do.",
        Actor.COMPANY_IT,
        (
            "Check that the gateway is up and answers on its port.",
            "Check that it still lets Mailpath in.",
        ),
        "Do not change filters or allow lists: the sender was not tested.",
        for_users=NOT_KNOWN,
    ),
    Reason.LOOKUP: BY_CAUSE[Cause.DOMAIN_UNKNOWN],
    Reason.NOT_ITS_DOMAIN: replace(
        BY_CAUSE[Cause.RELAY_DENIED],
        explanation="The server says that the recipient's domain is not one of its accepted domains.",
        steps=(
            "Add the domain to those that the server accepts mail for (in Exchange: Get-AcceptedDomain lists them).",
            "Or correct the domain's MX record, or `to` of the path in the configuration.",
        ),
    ),
}
ONE_LIST = Advice(
    "Several companies use one blocklist, which rejects the sender and a neutral sender: it lists both, or everybody.",
    Actor.SENDER,
    (
        "Ask the blocklist for 127.0.0.1, which no list may contain (RFC 5782).",
        "If it lists 127.0.0.1, it lists everybody: ask the companies, or their mail provider, to stop using it.",
        "Otherwise look up {ip} and the control's address there, stop the cause, and have both delisted.",
    ),
    "Do not start with single companies, and do not change allow lists for the sender.",
    takes_effect_within=WITHIN_A_DAY,
)
AT_THE_VENDOR = (
    "Check the status page of {system}.",
    ASK_THE_VENDOR,
)
DELAYS_ALL = replace(
    THEIR_SYSTEM[Reason.SAME_ANSWER],
    explanation="The server defers a neutral sender's mail too: the delay does not concern this sender alone.",
    steps=(
        "If it greylists on purpose, except {ip} from greylisting, and from nothing else.",
        "Otherwise find the error in the mail server's log.",
    ),
    do_not=BY_FAMILY[CauseFamily.GREYLISTING].do_not,
    for_users="",
    verify=IN_TIME,
)

UNREACHED: dict[Reason, Advice] = {  # where there was no connection, whatever cause that suggests
    Reason.CONTROL_THROUGH: replace(
        BY_FAMILY[CauseFamily.FIREWALL],
        explanation="Another sender's connection works, but this sender's is cut off, by a firewall or by the gateway "
        "itself.",
        steps=(
            "Look for {ip} in the logs of the firewall and of the gateway: geo-blocking, IPS, reputation feeds, SMTP "
            "inspection.",
            "Allow {ip} to reach TCP port 25 of the MX hosts, in the one that cuts it off.",
        ),
    ),
    Reason.ONLY_HERE: replace(
        BY_FAMILY[CauseFamily.FIREWALL],
        explanation="Could not connect to the server, while other companies can be reached.",
    ),
    Reason.NOTHING_REACHED: Advice(
        "Could not connect to the server, and no other server has been reached since: it is the company's server or "
        "firewall, or Mailpath's own connection.",
        Actor.OURSELVES,
        (
            "On Mailpath's machine, run `nc -vz HOST 25` for this company's MX host and for others.",
            "If others answer, the company's IT team checks whether its server is up and what its firewall's log says "
            "about {ip}.",
        ),
        "Do not change anything at the company until another host has been tried.",
        for_users=NOT_KNOWN,
        helpers=(Actor.COMPANY_IT,),
    ),
}

_BY_ITS_TIME = "Find the probe in the mail system's log by its time: the entry names what stopped it."
_FIRST_FIND_IT = "Do not add allow entries at random: find the entry in the log first."
_NOT_ALL_MAIL = Advice(
    "It looks like a fault of the server, but another sender's mail got through: it affects this sender's mail, or "
    "only some of the servers.",
    Actor.COMPANY_IT,
    (_BY_ITS_TIME, "Compare it with the entry of a message that got through at about that time."),
    _FIRST_FIND_IT,
)
_NOT_THE_ADDRESS = Advice(
    "The reply concerns the sender's IP address, but our other domain got through from the same address.",
    Actor.COMPANY_IT,
    (_BY_ITS_TIME, "Look for a rule about {domain} or the content of its mail, not about {ip} alone."),
    _FIRST_FIND_IT,
)
_NOT_THE_DOMAIN = Advice(
    "The reply concerns the sender's domain, but our other domain got the same answer from the same IP address.",
    Actor.COMPANY_IT,
    (_BY_ITS_TIME, "Look for a rule about {ip} or the content of the mail, not about {domain} alone."),
    _FIRST_FIND_IT,
)
_NOT_THIS_DOMAINS_RECORDS = Advice(
    "The reply concerns SPF, DKIM or DMARC, but our other domain got the same answer from the same IP address.",
    Actor.COMPANY_IT,
    (
        "Check whether a gateway or forwarding in front of the server changes the message or hides {ip}.",
        "If so, let the server trust the gateway's checks instead of repeating them.",
    ),
    BY_FAMILY[CauseFamily.AUTHENTICATION].do_not,
)
CONTRADICTED: dict[tuple[Reason, Cause | None], Advice] = {  # the comparison refutes what the reply suggests
    **{
        (reason, cause): _NOT_ALL_MAIL
        for reason in (Reason.CONTROL_THROUGH, Reason.NEIGHBOUR_THROUGH)
        for cause, family in FAMILIES.items()
        if family is CauseFamily.TRANSPORT or cause is Cause.DOMAIN_UNKNOWN
    },
    **{
        (Reason.NEIGHBOUR_THROUGH, cause): _NOT_THE_ADDRESS for cause in (Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.RDNS)
    },
    (Reason.NEIGHBOUR_STOPPED, Cause.DOMAIN_BLOCKED): _NOT_THE_DOMAIN,
    (Reason.NEIGHBOUR_STOPPED, Cause.AUTHENTICATION): _NOT_THIS_DOMAINS_RECORDS,
}

NARROWED: dict[tuple[Reason, Cause | None], Advice] = {  # of what the reply suggests, the comparison leaves one part
    (Reason.NEIGHBOUR_THROUGH, Cause.REPUTATION): Advice(
        "According to the reply, the sender's reputation is poor, but our other domain got through from the same IP "
        "address.",
        Actor.SENDER,
        (
            "Find what spoils the reputation of {domain}, and stop it.",
            "Ask the vendor of the mail system to review the rating of the domain.",
        ),
        BY_FAMILY[CauseFamily.REPUTATION].do_not,
        takes_effect_within=WITHIN_A_DAY,
    ),
}

CONTRADICTED_WIDELY = Advice(
    "Several companies stop the mail, and a comparison does not confirm the reason that they give.",
    Actor.SENDER,
    (
        "Look for what changed in the mail, in the DNS records of {domain} and at the mail service.",
        "Ask one of the companies to trace a probe in its mail system's log.",
    ),
    "Do not start with single companies, and do not add allow entries at random.",
    takes_effect_within=WITHIN_A_DAY,
)

RELAY_REFUSES_US = replace(
    BY_FAMILY[CauseFamily.OURS],
    explanation="The mail service that Mailpath sends through rejects Mailpath.",
    steps=("Check Mailpath's account there: its password, its right to send as {domain}, its limits.",),
)
LOST_EVERYWHERE = replace(
    BY_FAMILY[CauseFamily.OURS],
    explanation="At nearly all companies, mail is accepted and then not found, including a neutral sender's.",
    steps=(
        "Check first how Mailpath reads mailboxes: its log, and the output of `mailpath explain`.",
        "Look into one mailbox by hand.",
    ),
)
NO_WAY_OUT = replace(
    BY_CAUSE[Cause.NETWORK],
    explanation="Could not connect to any company that has been tried since: Mailpath's own connection, or its port "
    "25, is down.",
    steps=(
        "On Mailpath's machine, run `nc -vz HOST 25` for the MX hosts of several companies.",
        "If none answers, ask the operators of the network.",
    ),
)
