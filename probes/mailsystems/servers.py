"""Mail servers and suites that a company runs by itself.

Sources: postconf(5), SMTPD_ACCESS_README, postgrey(8), the Exim specification, rspamd.com (multimap, greylist),
SpamAssassin's Conf.pm, amavisd.conf, help.mdaemon.com (Approved List),
plesk.com/kb/support/how-to-configure-greylisting, api.docs.cpanel.net (create_cpgreylist_trusted_host), the Zimbra
wiki. The entries for Postfix, Exim, rspamd and SpamAssassin were tried on real servers.
"""

from probes.mailsystems.family import CauseFamily
from probes.mailsystems.system import MailSystem, RunBy, Steps
from probes.outcome import Cause

_POSTFIX_BOTH = (
    "a restriction class that requires {ip} and {domain} together, after reject_unauth_destination (the runbook has "
    "the lines)"
)
_NOT_READ = "No steps for it have been tried so far."
_WELCOMELIST: Steps = (
    "Add to local.cf: welcomelist_auth *@{domain} (whitelist_auth before version 4.0). It counts only where SPF or "
    "DKIM passes.",
    "Restart the daemon that runs SpamAssassin.",
)

POSTFIX = MailSystem(
    "postfix",
    "Postfix",
    RunBy.COMPANY,
    aliases=("postscreen",),
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
    remedies={
        CauseFamily.ADDRESS: (
            "Remove {ip} from the access map or the postscreen list that the log names.",
            f"If the entry must stay, add {_POSTFIX_BOTH}.",
        ),
        CauseFamily.DOMAIN: (
            "Find the table that matches: postmap -q {domain} TYPE:FILE for each sender access map.",
            "Remove {domain} and its parent domains from it.",
        ),
        CauseFamily.GREYLISTING: (
            "Postgrey: add the line {ip} to /etc/postgrey/whitelist_clients.local, then restart it.",
            "rspamd: add {ip} to whitelisted_ip in greylist.conf.",
        ),
    },
    exceptions={
        Cause.IP_LISTED: (
            "If all senders are refused, the resolver is at fault: repair it.",
            f"Otherwise add, before reject_rbl_client, {_POSTFIX_BOTH}.",
        ),
        Cause.RDNS: (f"Before reject_unknown_client_hostname, add {_POSTFIX_BOTH}.",),
    },
)
POSTGREY = MailSystem(
    "postgrey",
    "Postgrey",
    RunBy.COMPANY,
    reply_marks=("postgrey",),
    remedies={
        CauseFamily.GREYLISTING: (
            "Add the line {ip} to /etc/postgrey/whitelist_clients.local, then restart Postgrey.",
        ),
    },
)
EXIM = MailSystem(
    "exim",
    "Exim",
    RunBy.COMPANY,
    aliases=("exim4",),
    reply_marks=(
        "smtp error from remote mail",
        "unrouteable address",
        "relay not permitted",
        "sender verify failed",
    ),
    remedies={
        CauseFamily.ADDRESS: (
            "In acl_check_rcpt, before the deny rules, add: accept hosts = {ip}, sender_domains = {domain}, domains "
            "= +local_domains",
        ),
    },
)
SENDMAIL = MailSystem(
    "sendmail", "Sendmail", RunBy.COMPANY, reply_marks=("... user unknown", "relaying denied"), no_settings=_NOT_READ
)
QMAIL = MailSystem(
    "qmail",
    "qmail",
    RunBy.COMPANY,
    reply_marks=("rcpthosts", "no mailbox here by that name", "remote host said:"),
    no_settings=_NOT_READ,
)
OPENSMTPD = MailSystem("opensmtpd", "OpenSMTPD", RunBy.COMPANY, no_settings=_NOT_READ)
RSPAMD = MailSystem(
    "rspamd",
    "rspamd",
    RunBy.COMPANY,
    remedies={
        CauseFamily.CONTENT: (
            "Add a multimap rule for the From domain {domain} with require_symbols = DMARC_POLICY_ALLOW and score "
            "-7; no "
            "prefilter and no map without that condition.",
        ),
        CauseFamily.GREYLISTING: (
            "Add {ip} to whitelisted_ip in greylist.conf: everything else still judges the mail.",
        ),
    },
)
MAILCOW = MailSystem("mailcow", "mailcow", RunBy.COMPANY, remedies=RSPAMD.remedies)
SPAMASSASSIN = MailSystem(
    "spamassassin",
    "SpamAssassin",
    RunBy.COMPANY,
    reply_marks=("spamassassin",),
    remedies={CauseFamily.CONTENT: _WELCOMELIST},
)
AMAVIS = MailSystem(
    "amavis",
    "Amavis",
    RunBy.COMPANY,
    aliases=("amavisd", "amavisd-new"),
    reply_marks=("amavis",),
    remedies={
        CauseFamily.CONTENT: (
            "In amavisd.conf, add {domain} to @author_to_policy_bank_maps: it counts only for a valid DKIM signature "
            "of the author.",
        ),
    },
)
ZIMBRA = MailSystem(
    "zimbra",
    "Zimbra",
    RunBy.COMPANY,
    reply_marks=("zimbra",),
    remedies={
        CauseFamily.CONTENT: (
            "Add to SpamAssassin's local file below /opt/zimbra: welcomelist_auth *@{domain} (whitelist_auth before "
            "version 4.0). It counts only where SPF or DKIM passes.",
            "Restart it: zmamavisdctl restart",
        ),
    },
)
DOMINO = MailSystem(
    "domino",
    "HCL Domino",
    RunBy.COMPANY,
    aliases=("lotus-domino", "lotus"),
    reply_marks=("domino", "name & address book"),
    no_settings=_NOT_READ,
)
MDAEMON = MailSystem(
    "mdaemon",
    "MDaemon",
    RunBy.COMPANY,
    remedies={
        CauseFamily.CONTENT: (
            "In Security Settings > Sender Authentication > DKIM > Approved List, add {domain}: it counts only with "
            "a valid DKIM signature.",
        ),
    },
)
PLESK = MailSystem(
    "plesk",
    "Plesk",
    RunBy.COMPANY,
    remedies={
        CauseFamily.GREYLISTING: (
            "Except the domain from greylisting: plesk bin grey_listing --update-server -domains-whitelist "
            "add:*@{domain}",
        ),
    },
)
CPANEL = MailSystem(
    "cpanel",
    "cPanel",
    RunBy.COMPANY,
    aliases=("whm",),
    remedies={
        CauseFamily.GREYLISTING: (
            "Except the address from greylisting: whmapi1 create_cpgreylist_trusted_host ip={ip}",
        ),
    },
)
