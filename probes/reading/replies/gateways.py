"""Phrases of gateways, filters and mail server products."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

ROWS: Rows = {
    PhraseSource("", "AOL, RLY:CH and RP codes of Outlook.com"): {
        Cause.RATE_LIMITED: "rtr:ch / rly:ch / rp-001 / rp-002 / rp-003",
    },
    PhraseSource("mimecast", "Mimecast, error codes 451; DOC-1369"): {
        Cause.GREYLISTED: "internal resources are temporarily unavailable / internal resource temporarily unavailable",
    },
    PhraseSource("mimecast", "Mimecast, SMTP error codes 550, reputation"): {
        Cause.REPUTATION: "local ct ip reputation",
    },
    PhraseSource("mimecast", "Mimecast, error codes 421, 554"): {
        Cause.IP_BLOCKED: """
            421 sender address blocked / host network, not allowed / host network not allowed
            ip temporarily blacklisted
            """,
    },
    PhraseSource("mimecast", "Mimecast, SMTP error codes 550, sender checks"): {
        Cause.AUTHENTICATION: """
            spf sender invalid / dkim sender invalid / dmarc sender invalid / header-based anti-spoofing
            """,
        Cause.DOMAIN_BLOCKED: """
            header-based blocked senders / header-based manually blocked / administrative prohibition envelope blocked
            envelope blocked - user / envelope rejected - block policy
            """,
    },
    PhraseSource("mimecast", "Mimecast, error codes 550, 554"): {
        Cause.CONTENT: """
            email rejected due to security policies / mcspamsignature* / content examination policy
            attachment … blocked by policy
            """,
    },
    PhraseSource("mimecast", "Mimecast, error codes 451, 550"): {
        Cause.RATE_LIMITED: """
            account service is temporarily unavailable / exceeding outbound thread limit / outbound thread limit
            """,
    },
    PhraseSource("mimecast", "Mimecast, error codes 553"): {
        Cause.TLS: "this route requires encryption",
    },
    PhraseSource("mimecast", "Mimecast, SMTP error codes 550, logins"): {
        Cause.POLICY: "submitter failed to authenticate",
    },
    PhraseSource("mimecast", "Mimecast, error codes"): {
        Cause.NETWORK: "incorrect hostname used for inbounds",
    },
    PhraseSource("mimecast", "Mimecast, error codes 451"): {
        Cause.RELAY_DENIED: "open relay is not allowed / open relay not allowed",
    },
    PhraseSource("cisco", "Cisco, host access table"): {
        Cause.REPUTATION: """
            sending mta's poor reputation / due to a poor email reputation / sender base reputation
            """,
    },
    PhraseSource("cisco", "Cisco, AsyncOS default text"): {
        Cause.AUTHENTICATION: "spf unauthorized mail is prohibited",
    },
    PhraseSource("trendmicro", "Trend Micro, Email Reputation Services"): {
        Cause.IP_LISTED: "blocked using trend micro / deferred using trend micro / email reputation services",
    },
    PhraseSource("symantec", "Symantec, Broadcom article 164955"): {
        Cause.IP_LISTED: "because your ip is in the pbl",
        Cause.REPUTATION: "connection rejected by policy [7.7]",
        Cause.IP_BLOCKED: """
            sorry, your ip address has been blocked / sorry, your ip address has been blacklisted
            sorry, your remotehost looks suspiciously
            """,
        Cause.DOMAIN_BLOCKED: """
            sorry, your domain … blocked / sorry, your domain … blacklisted / sorry, your email address … blocked
            your email address has been blacklisted
            """,
        Cause.RELAY_DENIED: "you don't authenticate or the domain isn't in",
        Cause.POLICY: "please turn on smtp authentication in your mail client",
    },
    PhraseSource("fortinet", "Fortinet, default texts"): {
        Cause.CONTENT: "fortiguard … blocking url / fortiguard … spam content",
        Cause.IP_LISTED: "fortiguard … black ip / blocklisted by fortiguard / fortiguard … ip",
    },
    PhraseSource("sophos", "Sophos, default texts"): {
        Cause.IP_LISTED: "blocked by sophos / sophos … ip reputation / sxl",
    },
    PhraseSource("", "Trustwave and Amavis, default texts"): {
        Cause.CONTENT: """
            trustwave seg / reject, id= / content rejected, ube / message content rejected, ube / banned content, id=
            """,
    },
    PhraseSource("", "AT&T; T-Online, postmaster page"): {
        Cause.IP_BLOCKED: """
            521 … is blocked / ip:# - a problem occurred
            """,
    },
    PhraseSource("", "GMX and WEB.DE, postmaster pages"): {
        Cause.RATE_LIMITED: "nemesis … too many / requested action aborted: too many",
    },
    PhraseSource("", "smtpf, its list of replies"): {
        Cause.IP_BLOCKED: "host … black listed #*",
        Cause.DOMAIN_BLOCKED: "sender … black listed #* / from rfc2606 reserved domain / from unknown tld",
    },
    PhraseSource("qmail", "qmail-queue and qmail-local, their own errors"): {
        Cause.SERVER_FAULT: "trouble in home directory / qq trouble / qq write error / qq read error / unable to chdir",
        Cause.POLICY: "mail server permanently rejected message / mail server temporarily rejected message",
    },
    PhraseSource("exim", "Exim, sender callouts"): {
        Cause.DOMAIN_BLOCKED: "sender verify failed / sender callout / callback setup failed while verifying",
    },
    PhraseSource("exim", "cPanel Exim"): {
        Cause.SERVER_FAULT: "could not complete sender verify callout",
    },
    PhraseSource("spamassassin", "SpamAssassin front ends, cPanel"): {
        Cause.CONTENT: """
            rejected: spamassassin score / blocked by spamassassin
            """,
    },
    PhraseSource("postfix", "postscreen, pregreet and pipelining tests"): {
        Cause.MALFORMED: "5.5.1 protocol error / 5.5.1 error: protocol error",
    },
    PhraseSource("barracuda", "Barracuda, refusal at RCPT"): {
        Cause.IP_BLOCKED: "permanent failure for one or more recipients … blocked",
    },
    PhraseSource("", "OpenSMTPD, errors of its transfers"): {
        Cause.NETWORK: "network error on destination mxs / could not retrieve source address",
    },
    PhraseSource("", "procmail's own errors"): {
        Cause.SERVER_FAULT: "procmail: couldn't create / procmail: unable",
    },
    PhraseSource("", "Amazon SES and others, RFC 5322 section 3.6"): {
        Cause.MALFORMED: "duplicate header / duplicated header",
    },
    PhraseSource("postfix", "postscreen, test of a first contact"): {
        Cause.GREYLISTED: "450 4.3.2 service currently unavailable / 421 4.3.2 service currently unavailable",
    },
    PhraseSource("postfix", "postscreen, its denylist"): {
        Cause.IP_BLOCKED: "550 5.3.2 service currently unavailable / 521 5.3.2 service currently unavailable",
    },
}
