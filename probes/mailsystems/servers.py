"""Other mail servers that a company runs by itself: Exim, OpenSMTPD, Sendmail, qmail, and Dovecot with its Sieve rules.

Sources: the Exim specification, smtpd.conf(5), RFC 5228. The lines for Exim, OpenSMTPD and Sieve are run against the
real programs by the lab's tests.
"""

from probes.mailsystems.parts import (
    ADDRESS,
    ALL_GUARDS,
    ANY_FACTOR,
    BLOCKED,
    DOMAIN_BLOCKED,
    LAB,
    NAMES,
    NO_BARE_DOMAIN,
    NO_SPAM_FILTER,
    NOTHING_TO_UNDO,
    SHARED_ADDRESS,
    SPAM,
    TEXT,
    TRIED,
    UNCLEAR,
    lines,
    shell,
)
from probes.mailsystems.remedy import Certainty, FactSource, Remedy, Rung
from probes.mailsystems.system import MailSystem, RunBy
from probes.outcome import Cause

_ROOT = "root on the server"
_EXIM_SPEC = FactSource("Exim specification", LAB, "www.exim.org")
_EXIM = FactSource("Exim specification, access control lists; Exim 4.96", LAB, "www.exim.org", Certainty.TESTED)
_SMTPD = FactSource("smtpd.conf(5), smtpctl(8); OpenSMTPD 6.8", TRIED, "man.openbsd.org", Certainty.TESTED)
_SIEVE = FactSource("RFC 5228; Pigeonhole 0.5", LAB, "www.rfc-editor.org/rfc/rfc5228", Certainty.TESTED)

EXIM_ACCEPT = Remedy(
    "exim-accept",
    "exim",
    "Accept the domain from its address before the deny rules",
    frozenset({Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.RDNS, Cause.POLICY, Cause.GREYLISTED, Cause.REPUTATION}),
    NAMES,
    Rung.DOMAIN_AND_IP,
    ALL_GUARDS,
    skips="the deny and defer rules after it in acl_check_rcpt; the checks of the content follow",
    needs=_ROOT,
    look_first=(shell("Find the rule that refuses it", "exigrep {ip} /var/log/exim4/rejectlog"),),
    steps=(
        lines(
            "Before the deny rules of acl_check_rcpt, accept {domain} from {ip}, for your own domains only",
            "the ACL acl_check_rcpt",
            "accept hosts          = {ip}\n"
            "       sender_domains = {domain} : *.{domain}\n"
            "       domains        = +local_domains",
            then="systemctl reload exim4",
        ),
    ),
    undo=("Delete these three lines, then: systemctl reload exim4",),
    never="Do not leave out the line with domains, and do not add {ip} to the hosts that may relay.",
    risk=SHARED_ADDRESS,
    sources=(_EXIM,),
)
_EXIM_REMOVE = Remedy(
    "exim-remove-entry",
    "exim",
    "Remove the sender from the ACL or list that refuses it",
    BLOCKED | DOMAIN_BLOCKED,
    NAMES,
    Rung.NOTHING_SKIPPED,
    ALL_GUARDS,
    needs=_ROOT,
    look_first=(shell("Find the rule that refuses it", "exigrep {ip} /var/log/exim4/rejectlog"),),
    steps=(
        "Remove {ip} or {domain} from the hosts, sender_domains or senders of that rule, or from the file it reads.",
    ),
    undo=("Put it back, then: systemctl reload exim4",),
    never=NO_BARE_DOMAIN,
    sources=(_EXIM,),
)
EXIM = MailSystem(
    "exim",
    "Exim",
    RunBy.COMPANY,
    aliases=("exim4",),
    banners=("exim", "with esmtps id", "smtp (exim"),
    reply_marks=(
        "smtp error from remote mail",
        "unrouteable address",
        "relay not permitted",
        "sender verify failed",
    ),
    remedies=(
        _EXIM_REMOVE,
        EXIM_ACCEPT,
        Remedy(
            "exim-trace",
            "exim",
            "Follow the message in the main log",
            UNCLEAR,
            ANY_FACTOR,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            needs=_ROOT,
            look_first=(shell("Search by the id in the reply", "exigrep ID /var/log/exim4/mainlog"),),
            steps=("Fix what the log names; a frozen message is released with: exim -Mt ID",),
            undo=NOTHING_TO_UNDO,
            never="Do not add allow entries at random: find the entry in the log first.",
            sources=(_EXIM_SPEC,),
        ),
    ),
)
_SMTPD_CONF = "/etc/smtpd.conf"
_RESTART_SMTPD = f"smtpd -n -f {_SMTPD_CONF}\nsystemctl restart opensmtpd"
_UPDATE_TABLE = shell("Read the table again", "smtpctl update table NAME")
OPENSMTPD_BYPASS = Remedy(
    "opensmtpd-bypass-connect",
    "opensmtpd",
    "Except the address from the filters of the phase connect",
    frozenset({Cause.IP_BLOCKED, Cause.IP_LISTED, Cause.RDNS, Cause.POLICY, Cause.REPUTATION}),
    ADDRESS,
    Rung.IP_ALONE,
    ALL_GUARDS,
    skips="the filters of the phase connect; those of the later phases still judge the mail",
    needs=_ROOT,
    look_first=(
        "Find the filter of /etc/smtpd.conf whose text is in the reply: it must be of the phase connect.",
        "If a listener names that filter itself, define a chain with it, and name the chain in the listener.",
    ),
    steps=(
        shell(
            "Define a filter that lets {ip} go on to the next phase, and put it first in the chains",
            'sed -i -e \'1i filter "expected_sender" phase connect match src { "{ip}" } bypass\' '
            f"-e 's/^filter .* chain {{/& \"expected_sender\",/' {_SMTPD_CONF}\n{_RESTART_SMTPD}",
        ),
    ),
    undo=(
        shell(
            "Take it out again",
            "sed -i -e '/^filter \"expected_sender\" /d' "
            f"-e 's/ \"expected_sender\",//' {_SMTPD_CONF}\n{_RESTART_SMTPD}",
        ),
    ),
    never="Do not bypass a phase that filters of the content use, such as data or commit.",
    risk=SHARED_ADDRESS,
    sources=(_SMTPD,),
)
OPENSMTPD = MailSystem(
    "opensmtpd",
    "OpenSMTPD",
    RunBy.COMPANY,
    banners=("opensmtpd",),
    remedies=(
        Remedy(
            "opensmtpd-remove-entry",
            "opensmtpd",
            "Remove the sender from the table of the filter that refuses it",
            BLOCKED | DOMAIN_BLOCKED,
            NAMES,
            Rung.NOTHING_SKIPPED,
            ALL_GUARDS,
            needs=_ROOT,
            look_first=("Find the filter of /etc/smtpd.conf whose text is in the reply, and its table.",),
            steps=("Remove {ip} or {domain} from that table.", _UPDATE_TABLE),
            undo=("Put the line back.", _UPDATE_TABLE),
            never=NO_BARE_DOMAIN,
            sources=(_SMTPD,),
        ),
        OPENSMTPD_BYPASS,
    ),
)
SENDMAIL = MailSystem(
    "sendmail",
    "Sendmail",
    RunBy.COMPANY,
    banners=("sendmail", "(8.1"),
    reply_marks=("... user unknown", "relaying denied"),
)
QMAIL = MailSystem(
    "qmail",
    "qmail",
    RunBy.COMPANY,
    banners=("qmail", "(qpsmtpd"),
    reply_marks=("rcpthosts", "no mailbox here by that name", "remote host said:"),
)
HARAKA = MailSystem("haraka", "Haraka", RunBy.COMPANY, banners=("haraka",), headers=("x-haraka-",))
SIEVE_KEEP = Remedy(
    "dovecot-sieve-keep",
    "dovecot",
    "Keep mail of the domain in the inbox where DMARC passes, before other rules",
    SPAM | {Cause.MOVED},
    TEXT,
    Rung.DMARC,
    NO_SPAM_FILTER,
    skips="the Sieve rules after it, such as the one that files spam",
    needs="root on the server, or the user for a rule of one mailbox",
    look_first=(
        "The server must delete Authentication-Results that come in under its own name, and write its own: without "
        "that this rule can be forged.",
    ),
    steps=(
        lines(
            "Before all other rules, file mail of {domain} that has dmarc=pass into the inbox: keep would go on to the "
            "next rule",
            "/var/lib/dovecot/sieve/before.d/expected-sender.sieve",
            'require ["fileinto"];\n'
            'if allof (address :domain :is "from" "{domain}",\n'
            '          header :contains "authentication-results" "dmarc=pass") {\n'
            '    fileinto "INBOX";\n'
            "    stop;\n"
            "}",
            then="sievec /var/lib/dovecot/sieve/before.d/expected-sender.sieve",
        ),
    ),
    undo=(
        shell(
            "Delete the file",
            "rm -f /var/lib/dovecot/sieve/before.d/expected-sender.sieve "
            "/var/lib/dovecot/sieve/before.d/expected-sender.svbin",
        ),
    ),
    never=NO_BARE_DOMAIN + " So do not leave out the second condition.",
    sources=(_SIEVE,),
)
DOVECOT = MailSystem(
    "dovecot",
    "Dovecot",
    RunBy.COMPANY,
    aliases=("sieve", "pigeonhole"),
    banners=("dovecot",),
    reply_marks=(),
    remedies=(SIEVE_KEEP,),
)
