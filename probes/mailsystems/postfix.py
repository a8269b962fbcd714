"""Postfix with postscreen, and Postgrey. All scripts are run against the real programs by the lab's tests.

Sources: postconf(5), SMTPD_ACCESS_README, POSTSCREEN_README, postgrey(8).
"""

from probes.mailsystems.content_filters import RSPAMD_GREYLISTING
from probes.mailsystems.parts import (
    ADDRESS,
    ALL_GUARDS,
    ANY_FACTOR,
    BLOCKED,
    DOMAIN_BLOCKED,
    GREYLISTED,
    LAB,
    NAMES,
    NO_BARE_DOMAIN,
    NO_RELAY,
    NOTHING_TO_UNDO,
    SHARED_ADDRESS,
    TRIED,
    UNCLEAR,
    lines,
    shell,
)
from probes.mailsystems.remedy import ARRIVES, TWIN_STOPPED, Certainty, FactSource, ProofKind, Remedy, RemedyProof, Rung
from probes.mailsystems.system import ChainPlace, MailSystem, RunBy
from probes.outcome import Cause

_ROOT = "root on the server"
_POSTFIX = FactSource("postconf(5), SMTPD_ACCESS_README; Postfix 3.7", LAB, "www.postfix.org", Certainty.TESTED)
_POSTFIX_ACCESS = FactSource("access(5), postmap(1); Postfix 3.7", TRIED, "www.postfix.org", Certainty.TESTED)
_POSTFIX_PAGES = FactSource("postqueue(1), postsuper(1)", LAB, "www.postfix.org")
_POSTSCREEN = FactSource("postscreen(8), POSTSCREEN_README; Postfix 3.7", LAB, "www.postfix.org", Certainty.TESTED)
_POSTGREY_PAGE = FactSource("postgrey(8); Postgrey 1.37", LAB, "postgrey.schweikert.ch", Certainty.TESTED)

RESTRICTION_CLASS = Remedy(
    "postfix-restriction-class",
    "postfix",
    "Let the domain from its address past the checks that follow",
    frozenset({Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.RDNS, Cause.POLICY, Cause.REPUTATION}),
    NAMES,
    Rung.DOMAIN_AND_IP,
    ALL_GUARDS,
    skips="the checks of smtpd_recipient_restrictions after it; filters and milters still judge the mail",
    needs=_ROOT,
    look_first=(
        "If all senders are refused, the resolver is at fault: repair it.",
        shell(
            "Look where the check is; it must be in smtpd_recipient_restrictions, or move it there",
            "postconf -n | grep _restrictions",
        ),
    ),
    steps=(
        lines(
            "Require {ip} and {domain} together",
            "/etc/postfix/expected_sender.cidr",
            "{ip} expected_sender",
        ),
        shell(
            "Put it before the check that refuses; reject_unauth_destination stays first",
            "postconf -e 'expected_sender = check_sender_access inline:{{domain}=OK}'\n"
            'postconf -e "smtpd_restriction_classes = expected_sender, $(postconf -h smtpd_restriction_classes)"\n'
            'postconf -e "smtpd_recipient_restrictions = reject_unauth_destination, '
            "check_client_access cidr:/etc/postfix/expected_sender.cidr, "
            '$(postconf -h smtpd_recipient_restrictions)"\n'
            "postfix reload",
        ),
    ),
    undo=(
        shell(
            "Take it out again",
            'postconf -e "smtpd_recipient_restrictions = $(postconf -h smtpd_recipient_restrictions '
            "| sed 's|^reject_unauth_destination, check_client_access cidr:/etc/postfix/expected_sender.cidr, *||')\"\n"
            'postconf -e "smtpd_restriction_classes = $(postconf -h smtpd_restriction_classes '
            "| sed 's|^expected_sender, *||')\"\n"
            "postconf -X expected_sender\n"
            "postfix reload",
        ),
    ),
    never="Do not put it before reject_unauth_destination, or the server may relay. " + NO_RELAY,
    risk="Subdomains of {domain} in the envelope match too. " + SHARED_ADDRESS,
    sources=(_POSTFIX,),
)
POSTSCREEN = Remedy(
    "postfix-postscreen-permit",
    "postfix",
    "Let the address past postscreen; smtpd's own checks follow",
    frozenset({Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.GREYLISTED, Cause.POLICY}),
    ADDRESS,
    Rung.IP_ALONE,
    ALL_GUARDS,
    skips="postscreen's lists, scores and deep tests",
    needs=_ROOT,
    look_first=(
        shell("See that it is postscreen which refuses {ip}", "grep 'postscreen.*{ip}' /var/log/mail.log | tail -n 5"),
    ),
    steps=(
        lines(
            "Permit {ip} in a table that is asked first; the checks of smtpd for {domain} still follow",
            "/etc/postfix/expected_postscreen.cidr",
            "{ip} permit",
        ),
        shell(
            "Let postscreen ask it",
            'postconf -e "postscreen_access_list = cidr:/etc/postfix/expected_postscreen.cidr, '
            '$(postconf -h postscreen_access_list)"\n'
            "postfix reload",
        ),
    ),
    undo=(
        shell(
            "Take it out again",
            'postconf -e "postscreen_access_list = $(postconf -h postscreen_access_list '
            "| sed 's|cidr:/etc/postfix/expected_postscreen.cidr, *||')\"\n"
            "postfix reload",
        ),
    ),
    never=NO_RELAY,
    risk=SHARED_ADDRESS,
    verify=(ARRIVES, RemedyProof(ProofKind.MARK, "The log has ALLOWLISTED for {ip}."), TWIN_STOPPED),
    sources=(_POSTSCREEN,),
)
POSTGREY_LIST = Remedy(
    "postgrey-whitelist-client",
    "postgrey",
    "Except the address from greylisting",
    GREYLISTED,
    ANY_FACTOR,
    Rung.NOTHING_SKIPPED,
    ALL_GUARDS,
    skips="the delay, and no check",
    needs=_ROOT,
    look_first=(shell("See that it greylists {ip}", "grep 'postgrey.*{ip}' /var/log/mail.log | tail -n 5"),),
    steps=(
        lines(
            "Except {ip} from greylisting: add the line",
            "/etc/postgrey/whitelist_clients.local",
            "{ip}",
            then="systemctl reload postgrey",
        ),
    ),
    undo=(
        shell(
            "Delete the line",
            "sed -i '\\|^{ip}$|d' /etc/postgrey/whitelist_clients.local\nsystemctl reload postgrey",
        ),
    ),
    never="Do not turn greylisting off for everybody. " + NO_RELAY,
    risk="If the sender's address changes, the delay returns.",
    sources=(_POSTGREY_PAGE,),
)
_TRACE = Remedy(
    "postfix-trace",
    "postfix",
    "Follow the queue id through the log",
    UNCLEAR,
    ANY_FACTOR,
    Rung.NOTHING_SKIPPED,
    ALL_GUARDS,
    needs=_ROOT,
    look_first=(shell("Search the log for the queue id in the reply (queued as ID)", "grep ID /var/log/mail.log"),),
    steps=(shell("Look for held mail, marked by !, and release it with postsuper -H ID", "postqueue -p"),),
    undo=NOTHING_TO_UNDO,
    never="Do not add allow entries at random: find the entry in the log first.",
    sources=(_POSTFIX_PAGES,),
)

POSTFIX = MailSystem(
    "postfix",
    "Postfix",
    RunBy.COMPANY,
    aliases=("postscreen",),
    banners=("postfix",),
    reply_marks=(
        "in virtual mailbox table",
        "in local recipient table",
        "in virtual alias table",
        "in relay recipient table",
        "recipient address rejected",
        "client host rejected",
        "sender address rejected",
        "relay access denied",
        "helo command rejected",
    ),
    remedies=(
        Remedy(
            "postfix-remove-ip-entry",
            "postfix",
            "Remove the address from the access table",
            BLOCKED,
            ADDRESS,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            needs=_ROOT,
            steps=(
                "Remove {ip} from the access map or the postscreen list that the log names; a range may contain it. "
                "Then: "
                "postfix reload",
            ),
            undo=("Put the line back.", shell("Read it again", "postfix reload")),
            never=NO_RELAY,
            sources=(_POSTFIX_ACCESS,),
        ),
        Remedy(
            "postfix-remove-sender-entry",
            "postfix",
            "Remove the domain from the access table",
            DOMAIN_BLOCKED,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            needs=_ROOT,
            steps=(
                shell(
                    "Find the table that matches, for each sender access map",
                    "postmap -q {domain} hash:/etc/postfix/FILE",
                ),
                "Remove {domain} and its parent domains from it; then postmap the file, and postfix reload.",
            ),
            undo=("Put the line back, then postmap the file, and postfix reload.",),
            never=NO_BARE_DOMAIN + " A bare check_sender_access OK would do that.",
            sources=(_POSTFIX_ACCESS,),
        ),
        POSTGREY_LIST,
        RSPAMD_GREYLISTING,
        RESTRICTION_CLASS,
        POSTSCREEN,
        _TRACE,
    ),
)
POSTGREY = MailSystem(
    "postgrey",
    "Postgrey",
    RunBy.COMPANY,
    headers=("x-greylist",),
    reply_marks=("postgrey",),
    place=ChainPlace.FILTER,
    remedies=(POSTGREY_LIST,),
)
