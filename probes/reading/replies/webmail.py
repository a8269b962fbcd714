"""Phrases of the largest mailbox services."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

ROWS: Rows = {
    PhraseSource("m365", "Microsoft, NDRs in Exchange Online, 5.7.507, 5.7.510, 5.7.513, 5.7.708"): {
        Cause.IP_BLOCKED: """
            blocked … using customer block list / access denied, rejected by recipient
            does not accept email over ipv6 / traffic not accepted from this ip
            """,
    },
    PhraseSource("m365", "Microsoft, the same list, 5.7.511 and 5.7.606-649; S3140 and S3150 of Outlook.com"): {
        Cause.IP_LISTED: """
            access denied, banned sending ip / part of their network is on our block list / is on our block list
            5.7.511 … access denied / access denied, banned sender # / access denied, banned sender … delist
            """,
    },
    PhraseSource("outlook", "Microsoft, S775 and 4.7.850; Outlook.com's codes SC, DY, OU"): {
        Cause.REPUTATION: """
            rate limited due to ip reputation / sc-001 / sc-002 / sc-003 / sc-004 / dy-001 / ou-001 / cs-001
            """,
    },
    PhraseSource("m365", "Microsoft, NDRs in Exchange Online, 4.3.2, 4.7.500-699, 5.1.90, 5.2.122, 5.7.700"): {
        Cause.RATE_LIMITED: """
            access denied, please try again later / access denied, tenant has exceeded threshold
            daily limit for message recipients / submission quota exceeded / recipient thread limit
            message receive limit / recipient has exceeded their limit
            """,
    },
    PhraseSource("m365", "Microsoft, edge blocking and resolver"): {
        Cause.NO_SUCH_USER: """
            5.4.1 … recipient address rejected: access denied / resolver.adr.*
            recipient not found by smtp address lookup / single label domains not accepted
            storedrv.deliver … mailbox … not found
            """,
    },
    PhraseSource("m365", "Microsoft 5.7.504"): {
        Cause.MAILBOX_DISABLED: "5.7.504 … access denied",
    },
    PhraseSource("m365", "Microsoft 5.7.23, 5.7.26, 5.7.509, 5.7.515"): {
        Cause.AUTHENTICATION: """
            sender policy framework violation / does not pass dmarc verification / sent over ipv6 must pass
            required authentication level
            """,
    },
    PhraseSource("m365", "Microsoft 5.1.8, 5.7.501-503, 5.7.703, 5.7.750"): {
        Cause.DOMAIN_BLOCKED: """
            bad outbound sender / access denied, spam abuse detected / access denied, banned sender
            tenant allow block list / sending from unregistered domains / unknown sender address
            sender was not authenticated / sender not authenticated for group / 5.1.7 … invalid address
            sender not in allowed-senders list / resolver.rst.notauthorized / resolver.rst.senderrestricted
            """,
    },
    PhraseSource("m365", "Microsoft 5.7.1, 5.7.57, 5.7.193, 5.0.350"): {
        Cause.POLICY: """
            client was not authenticated / client not authenticated / not authorized … 5.7.3
            resolver.rst.authrequired / policy violation detected (as345) / x-dg-ref header is too long / bad helo
            delivery failed because the sender isn't a group member / transport.rules.reject*
            """,
    },
    PhraseSource("m365", "Microsoft 4.3.2, 4.4.24, 4.7.500, ATTR"): {
        Cause.SERVER_FAULT: """
            server busy. please try again later from / pfa agent busy / attr18 / attr1
            message failed to be replicated / insufficient system resource*
            temporary server error. please try again later / proxy session setup failed
            storedrv.deliver … missing or bad / could not load drd for domain / dsnapshot
            """,
    },
    PhraseSource("m365", "Microsoft 4.7.5, 5.7.51, 5.7.321-324"): {
        Cause.TLS: """
            remote certificate failed / restrictdomainstocertificate / starttls-not-supported / certificate-expired
            tlsa-invalid / dnssec-invalid
            """,
    },
    PhraseSource("m365", "Microsoft 4.4.316, 5.4.312, 5.4.316"): {
        Cause.NETWORK: """
            cannot connect to remote server / message expired, dns query failed / message expired, connection
            message expired, last error / smtpsend.dns.*
            """,
    },
    PhraseSource("m365", "Microsoft 4.4.4, 5.4.4"): {
        Cause.DOMAIN_UNKNOWN: "no mail-enabled subscriptions / nonexistentdomain",
    },
    PhraseSource("m365", "Microsoft 5.3.2"): {
        Cause.SERVER_FAULT: "5.3.2 … storedrv.deliver",
    },
    PhraseSource("google", "Google, SMTP error codes 4.7.0, 4.7.23, 5.7.25"): {
        Cause.RDNS: """
            does not have a ptr record / guidelines regarding ptr records
            does not match the ip address of the hostname / corresponding forward dns entry
            """,
    },
    PhraseSource("google", "Google, 4.7.24 to 4.7.32, 5.7.26 to 5.7.30"): {
        Cause.AUTHENTICATION: """
            because spf … pass / because dkim … pass / isn't aligned with either
            requires all … senders to authenticate / senders to authenticate / spf record of the sending domain
            is not accepted due to domain's dmarc policy / fails to pass spf checks
            fails to pass authentication checks / suspicious entries
            """,
    },
    PhraseSource("google", "Google, 4.7.29 and 5.7.29"): {
        Cause.TLS: "senders to use tls / use a tls connection / tls required for rcpt domain",
    },
    PhraseSource("google", "Google, SMTP error codes 4.7.0, allow-listed domains"): {
        Cause.IP_BLOCKED: "ip not in whitelist for rcpt domain",
    },
    PhraseSource("google", "Google, 5.7.1"): {
        Cause.REPUTATION: """
            very low reputation of the sending / low reputation of the sending
            unsolicited mail originating from your ip
            """,
    },
    PhraseSource("google", "Google, 4.2.1, 4.7.28, 5.4.5"): {
        Cause.RATE_LIMITED: """
            an unusual rate of / receiving mail at a rate / receiving mail too quickly / daily user sending limit
            daily smtp relay / relay sending limit / peak smtp relay / mail has been rate limited
            too many recipients for this sender
            """,
    },
    PhraseSource("google", "Google, 4.7.0, 5.7.0, 5.7.1, 4.7.28"): {
        Cause.CONTENT: """
            nature of the content / likely unsolicited mail / potential security issue
            illegal attachment on your message / with the same message-id / likely suspicious
            our system has detected that this message
            """,
    },
    PhraseSource("google", "Google, Workspace administrators' rules and logins"): {
        Cause.POLICY: """
            has a policy that prohibited the mail / no identity changes permitted / application-specific password
            too many login attempts / log in with your web browser / log in through your web browser
            username and password not accepted / cannot authenticate due to
            """,
    },
    PhraseSource("google", "Google, 5.6.0, 5.7.1, 5.5.x"): {
        Cause.MALFORMED: """
            ?p=rfcmessagenoncompliant / empty helo/ehlo argument / no data after bdat / smtp protocol violation
            cannot decode response / xoauth is no longer supported
            """,
    },
    PhraseSource("google", "Google, 5.3.4, 5.2.3"): {
        Cause.TOO_LARGE: "exceeds google's / exceeded google's / google's message size / google's limit of",
    },
    PhraseSource("google", "Google, Workspace SMTP relay"): {
        Cause.RELAY_DENIED: "invalid credentials for relay / mail relay denied",
    },
    PhraseSource("google", "Google, 4.4.2 and 4.7.0"): {
        Cause.EXPIRED: """
            timeout - closing connection / connection expired / server did not accept our requests to connect
            """,
    },
    PhraseSource("google", "Google, SMTP error codes 4.7.0, throttling"): {
        Cause.RATE_LIMITED: "4.7.0 try again later, closing connection",
    },
    PhraseSource("yahoo", "Yahoo, error codes BL21, BL23, TSS07"): {
        Cause.IP_LISTED: "[bl21] / [bl23] / [tss07]",
    },
    PhraseSource("yahoo", "Yahoo, error codes TSS04 and TS"): {
        Cause.REPUTATION: """
            [tss04] / [tss05] / [tss06] / [ts01] / [ts02] / [ts03] / [ts04] / [ipts0*
            unexpected volume or user complaints / temporarily deferred due to user complaints / rtr:sc / rtr:bl
            rly:b2 / rly:bl / con:b1 / hvu:b1 / hvu:b2
            """,
    },
    PhraseSource("yahoo", "Yahoo, error codes TSS09, TSS11 and the domain of MAIL FROM"): {
        Cause.DOMAIN_BLOCKED: """
            [tss09] / [tss11] / will be permanently deferred / unresolvable rfc.5321 from / vs1-mf
            """,
    },
    PhraseSource("yahoo", "Yahoo and AOL, open relays"): {
        Cause.IP_BLOCKED: "vs1-ip",
    },
    PhraseSource("yahoo", "Yahoo, PH01 and 5.7.9"): {
        Cause.POLICY: "[ph01] / not accepted for policy reasons / message not allowed -",
    },
    PhraseSource("yahoo", "Yahoo, AU01"): {
        Cause.AUTHENTICATION: "(au01) / [au01]",
    },
    PhraseSource("yahoo", "AOL, RTR:RD"): {
        Cause.RDNS: "rtr:rd",
    },
    PhraseSource("yahoo", "AOL, RLY:BD"): {
        Cause.CONTENT: "rly:bd",
    },
    PhraseSource("apple", "Apple, [HME1]"): {
        Cause.AUTHENTICATION: "[hme1]",
    },
    PhraseSource("apple", "Apple, [CS01]"): {
        Cause.POLICY: "[cs01] / rejected due to local policy",
    },
    PhraseSource("apple", "Apple, Spamhaus DBL"): {
        Cause.REPUTATION: "domain present in the spamhaus",
    },
    PhraseSource("apple", "Apple, banner"): {
        Cause.IP_BLOCKED: "esmtp not accepting connections",
    },
}
