"""What single products and services say in words of their own, and by what a reply shows whose it is."""

from probes.reading.replies.table import Block
from probes.verdict import Cause

MARKS: tuple[tuple[str, str], ...] = (  # text of the raw reply, lower case -> vendor; the first hit wins
    (".prod.outlook.com", "m365"),
    ("protection.outlook.com", "m365"),
    ("as(508)", "m365"),
    ("delist@messaging.microsoft.com", "m365"),
    ("(as160126", "m365"),  # "(AS16012609)"
    ("(as780", "m365"),
    ("sender.office.com", "m365"),
    ("postmaster.live.com", "outlook"),
    ("mail.live.com", "outlook"),
    ("sendersupport.olc", "outlook"),
    ("resolver.adr", "exchange"),
    ("resolver.rst", "exchange"),
    ("storedrv", "exchange"),
    ("smtpsend.", "exchange"),
    ("queue.expired", "exchange"),
    ("gsmtp", "google"),
    ("support.google.com", "google"),
    ("gmail", "google"),
    ("l.google.com", "google"),
    ("yahooinc.com", "yahoo"),
    ("yahoodns.net", "yahoo"),
    ("verizonmedia", "yahoo"),
    ("yahoo.com", "yahoo"),
    ("aol.com", "yahoo"),
    ("icloud.com", "apple"),
    ("support.apple.com", "apple"),
    ("appleid.com", "apple"),
    ("me.com esmtp", "apple"),
    ("proofpoint", "proofpoint"),
    ("pphosted.com", "proofpoint"),
    ("ppe-hosted.com", "proofpoint"),
    ("mimecast", "mimecast"),
    ("messagelabs", "symantec"),
    ("symantec", "symantec"),
    ("broadcom", "symantec"),
    ("barracuda", "barracuda"),
    ("iphmx.com", "cisco"),
    ("ironport", "cisco"),
    ("sophos", "sophos"),
    ("trend micro", "trendmicro"),
    ("trendmicro", "trendmicro"),
    ("mail-abuse.", "trendmicro"),
    ("fortiguard", "fortinet"),
    ("fortinet", "fortinet"),
    ("cloudmark", "cloudmark"),
    ("gmx.", "gmx"),
    ("web.de", "gmx"),
    ("1and1", "ionos"),
    ("kundenserver", "ionos"),
    ("ionos", "ionos"),
    ("t-online", "tonline"),
    ("ovh.", "ovh"),
    ("orange.fr", "orange"),
    ("mwinf5", "orange"),
    ("ofr_", "orange"),
    ("ofr00", "orange"),
    ("laposte", "laposte"),
    ("lpn0", "laposte"),
    ("lpn1", "laposte"),
    ("free.fr", "free"),
    ("proxad", "free"),
    ("qq.com", "tencent"),
    ("163.com", "netease"),
    ("126.com", "netease"),
    ("netease", "netease"),
    ("mail.ru", "mailru"),
    ("yandex", "yandex"),
    ("docomo", "docomo"),
    ("ezweb.ne.jp", "kddi"),
    ("au.com", "kddi"),
    ("facebook.com", "facebook"),
    ("secureserver.net", "godaddy"),
    ("comcast.net", "comcast"),
    ("cox.net", "cox"),
    ("att.net", "att"),
    ("zoho", "zoho"),
    ("amazonses", "amazon"),
    ("amazonaws", "amazon"),
    ("sendgrid", "sendgrid"),
    ("mailgun", "mailgun"),
    ("cloudflare", "cloudflare"),
    ("postgrey", "postgrey"),
    ("spamassassin", "spamassassin"),
    ("amavis", "amavis"),
    ("domino", "domino"),
    ("name & address book", "domino"),
    ("zimbra", "zimbra"),
    ("in virtual mailbox table", "postfix"),
    ("in local recipient table", "postfix"),
    ("in virtual alias table", "postfix"),
    ("in relay recipient table", "postfix"),
    ("recipient address rejected", "postfix"),
    ("client host rejected", "postfix"),
    ("sender address rejected", "postfix"),
    ("relay access denied", "postfix"),
    ("helo command rejected", "postfix"),
    ("smtp error from remote mail", "exim"),
    ("unrouteable address", "exim"),
    ("relay not permitted", "exim"),
    ("sender verify failed", "exim"),
    ("... user unknown", "sendmail"),
    ("relaying denied", "sendmail"),
    ("rcpthosts", "qmail"),
    ("no mailbox here by that name", "qmail"),
    ("remote host said:", "qmail"),
)

ROWS: tuple[Block, ...] = (
    Block(
        Cause.IP_BLOCKED,
        "Microsoft, non-delivery reports in Exchange Online",
        """
        blocked … using customer block list / access denied, rejected by recipient
        does not accept email over ipv6 / traffic not accepted from this ip
        """,
        "m365",
    ),
    Block(
        Cause.IP_LISTED,
        "Microsoft, the same list, 5.7.511 and 5.7.606-649; S3140 and S3150 of Outlook.com",
        """
        access denied, banned sending ip / part of their network is on our block list / is on our block list
        5.7.511 … access denied / access denied, banned sender[ / access denied, banned sender … delist
        """,
        "m365",
    ),
    Block(
        Cause.REPUTATION,
        "Microsoft, S775 and 4.7.850; Outlook.com's codes SC, DY, OU",
        """
        rate limited due to ip reputation / sc-001 / sc-002 / sc-003 / sc-004 / dy-001 / ou-001 / cs-001
        """,
        "outlook",
    ),
    Block(
        Cause.RATE_LIMITED,
        "Microsoft, non-delivery reports in Exchange Online",
        """
        access denied, please try again later
        access denied, tenant has exceeded threshold / daily limit for message recipients / submission quota exceeded
        recipient thread limit / message receive limit / recipient has exceeded their limit
        """,
        "m365",
    ),
    Block(
        Cause.NO_SUCH_USER,
        "Microsoft, edge blocking and resolver",
        """
        5.4.1 … recipient address rejected: access denied / resolver.adr.* / recipient not found by smtp address lookup
        single label domains not accepted / storedrv.deliver … mailbox … not found
        """,
        "m365",
    ),
    Block(Cause.MAILBOX_DISABLED, "Microsoft 5.7.504", "5.7.504 … access denied", "m365"),
    Block(
        Cause.AUTHENTICATION,
        "Microsoft 5.7.23, 5.7.26, 5.7.509, 5.7.515",
        """
        sender policy framework violation / does not pass dmarc verification
        sent over ipv6 must pass / required authentication level
        """,
        "m365",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "Microsoft 5.1.8, 5.7.501-503, 5.7.703, 5.7.750",
        """
        bad outbound sender / access denied, spam abuse detected / access denied, banned sender
        tenant allow block list / sending from unregistered domains / unknown sender address
        sender was not authenticated / sender not authenticated for group / 5.1.7 … invalid address
        sender not in allowed-senders list / resolver.rst.notauthorized / resolver.rst.senderrestricted
        """,
        "m365",
    ),
    Block(
        Cause.POLICY,
        "Microsoft 5.7.1, 5.7.57, 5.7.193, 5.0.350",
        """
        client was not authenticated / client not authenticated / not authorized … 5.7.3 / resolver.rst.authrequired
        policy violation detected (as345) / x-dg-ref header is too long / bad helo
        delivery failed because the sender isn't a group member / transport.rules.reject*
        """,
        "m365",
    ),
    Block(
        Cause.SERVER_FAULT,
        "Microsoft 4.3.2, 4.4.24, 4.7.500, ATTR",
        """
        server busy. please try again later from / pfa agent busy / attr18 / attr1 / message failed to be replicated
        insufficient system resource* / temporary server error. please try again later / proxy session setup failed
        storedrv.deliver … missing or bad / could not load drd for domain / dsnapshot
        """,
        "m365",
    ),
    Block(
        Cause.TLS,
        "Microsoft 4.7.5, 5.7.51, 5.7.321-324",
        """
        remote certificate failed / restrictdomainstocertificate / starttls-not-supported / certificate-expired
        tlsa-invalid / dnssec-invalid
        """,
        "m365",
    ),
    Block(
        Cause.NETWORK,
        "Microsoft 4.4.316, 5.4.312, 5.4.316",
        """
        cannot connect to remote server / message expired, dns query failed / message expired, connection
        message expired, last error / smtpsend.dns.*
        """,
        "m365",
    ),
    Block(Cause.DOMAIN_UNKNOWN, "Microsoft 4.4.4, 5.4.4", "no mail-enabled subscriptions / nonexistentdomain", "m365"),
    Block(Cause.SERVER_FAULT, "Microsoft 5.3.2", "5.3.2 … storedrv.deliver", "m365"),
    # Google
    Block(
        Cause.RDNS,
        "Google, SMTP error codes 4.7.0, 4.7.23, 5.7.25",
        """
        does not have a ptr record / guidelines regarding ptr records / does not match the ip address of the hostname
        corresponding forward dns entry
        """,
        "google",
    ),
    Block(
        Cause.AUTHENTICATION,
        "Google, 4.7.24 to 4.7.32, 5.7.26 to 5.7.30",
        """
        because spf … pass / because dkim … pass / isn't aligned with either / requires all … senders to authenticate
        senders to authenticate / spf record of the sending domain / is not accepted due to domain's dmarc policy
        fails to pass spf checks / fails to pass authentication checks / suspicious entries
        """,
        "google",
    ),
    Block(
        Cause.TLS,
        "Google, 4.7.29 and 5.7.29",
        "senders to use tls / use a tls connection / tls required for rcpt domain",
        "google",
    ),
    Block(Cause.IP_BLOCKED, "Google, 4.7.0", "ip not in whitelist for rcpt domain", "google"),
    Block(
        Cause.REPUTATION,
        "Google, 5.7.1",
        """
        very low reputation of the sending / low reputation of the sending / unsolicited mail originating from your ip
        """,
        "google",
    ),
    Block(
        Cause.RATE_LIMITED,
        "Google, 4.2.1, 4.7.28, 5.4.5",
        """
        an unusual rate of / receiving mail at a rate / receiving mail too quickly / daily user sending limit
        daily smtp relay / relay sending limit / peak smtp relay / mail has been rate limited
        too many recipients for this sender
        """,
        "google",
    ),
    Block(
        Cause.CONTENT,
        "Google, 4.7.0, 5.7.0, 5.7.1, 4.7.28",
        """
        nature of the content / likely unsolicited mail / potential security issue / illegal attachment on your message
        with the same message-id / likely suspicious / our system has detected that this message
        """,
        "google",
    ),
    Block(
        Cause.POLICY,
        "Google, Workspace administrators' rules and logins",
        """
        has a policy that prohibited the mail / no identity changes permitted / application-specific password
        too many login attempts / log in with your web browser / log in through your web browser
        username and password not accepted / authentication required / cannot authenticate due to
        """,
        "google",
    ),
    Block(
        Cause.MALFORMED,
        "Google, 5.6.0, 5.7.1, 5.5.x",
        """
        ?p=rfcmessagenoncompliant / empty helo/ehlo argument / no data after bdat / smtp protocol violation
        cannot decode response / xoauth is no longer supported
        """,
        "google",
    ),
    Block(
        Cause.TOO_LARGE,
        "Google, 5.3.4, 5.2.3",
        """
        exceeds google's / exceeded google's / google's message size / google's limit of
        """,
        "google",
    ),
    Block(
        Cause.RELAY_DENIED,
        "Google, Workspace SMTP relay",
        "invalid credentials for relay / mail relay denied",
        "google",
    ),
    Block(
        Cause.EXPIRED,
        "Google, 4.4.2 and 4.7.0",
        """
        timeout - closing connection / connection expired / server did not accept our requests to connect
        """,
        "google",
    ),
    Block(Cause.RATE_LIMITED, "Google, 4.7.0", "4.7.0 try again later, closing connection", "google"),
    # Yahoo, AOL
    Block(Cause.IP_LISTED, "Yahoo, error codes BL21, BL23, TSS07", "[bl21] / [bl23] / [tss07] / [bl*", "yahoo"),
    Block(
        Cause.REPUTATION,
        "Yahoo, error codes TSS04 and TS",
        """
        [tss04] / [tss05] / [tss06] / [ts01] / [ts02] / [ts03] / [ts04] / [ipts0* / unexpected volume or user complaints
        temporarily deferred due to user complaints / rtr:sc / rtr:bl / rly:b2 / rly:bl / con:b1 / hvu:b1 / hvu:b2
        """,
        "yahoo",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "Yahoo, error codes TSS09, TSS11 and the domain of MAIL FROM",
        """
        [tss09] / [tss11] / will be permanently deferred / unresolvable rfc.5321 from / vs1-mf
        """,
        "yahoo",
    ),
    Block(Cause.IP_BLOCKED, "Yahoo and AOL, open relays", "vs1-ip", "yahoo"),
    Block(
        Cause.POLICY,
        "Yahoo, PH01 and 5.7.9",
        "[ph01] / not accepted for policy reasons / message not allowed -",
        "yahoo",
    ),
    Block(Cause.AUTHENTICATION, "Yahoo, AU01", "(au01) / [au01]", "yahoo"),
    Block(Cause.RDNS, "AOL, RTR:RD", "rtr:rd", "yahoo"),
    Block(Cause.CONTENT, "AOL, RLY:BD", "rly:bd", "yahoo"),
    Block(Cause.RATE_LIMITED, "AOL, RLY:CH and RP codes of Outlook.com", "rtr:ch / rly:ch / rp-001 / rp-002 / rp-003"),
    # Apple
    Block(Cause.AUTHENTICATION, "Apple, [HME1]", "[hme1]", "apple"),
    Block(Cause.POLICY, "Apple, [CS01]", "[cs01] / rejected due to local policy", "apple"),
    Block(Cause.REPUTATION, "Apple, Spamhaus DBL", "domain present in the spamhaus", "apple"),
    Block(Cause.IP_BLOCKED, "Apple, banner", "esmtp not accepting connections", "apple"),
    # Mimecast
    Block(
        Cause.GREYLISTED,
        "Mimecast, error codes 451; DOC-1369",
        """
        internal resources are temporarily unavailable / ~#451
        """,
        "mimecast",
    ),
    Block(Cause.REPUTATION, "Mimecast, error codes 550", "local ct ip reputation", "mimecast"),
    Block(
        Cause.IP_BLOCKED,
        "Mimecast, error codes 421, 554",
        """
        421 sender address blocked / host network, not allowed / host network not allowed / ip temporarily blacklisted
        """,
        "mimecast",
    ),
    Block(
        Cause.AUTHENTICATION,
        "Mimecast, error codes 550",
        """
        spf sender invalid / dkim sender invalid / dmarc sender invalid / header-based anti-spoofing
        """,
        "mimecast",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "Mimecast, error codes 550",
        """
        header-based blocked senders / header-based manually blocked / administrative prohibition envelope blocked
        envelope blocked - user / envelope rejected - block policy / administrative prohibition
        """,
        "mimecast",
    ),
    Block(
        Cause.CONTENT,
        "Mimecast, error codes 550, 554",
        """
        email rejected due to security policies / mcspamsignature* / content examination policy
        attachment … blocked by policy
        """,
        "mimecast",
    ),
    Block(
        Cause.RATE_LIMITED,
        "Mimecast, error codes 451, 550",
        """
        account service is temporarily unavailable / exceeding outbound thread limit / outbound thread limit
        """,
        "mimecast",
    ),
    Block(Cause.TLS, "Mimecast, error codes 553", "this route requires encryption", "mimecast"),
    Block(Cause.POLICY, "Mimecast, error codes 550", "submitter failed to authenticate", "mimecast"),
    Block(Cause.NETWORK, "Mimecast, error codes", "incorrect hostname used for inbounds", "mimecast"),
    Block(
        Cause.RELAY_DENIED,
        "Mimecast, error codes 451",
        "open relay is not allowed / open relay not allowed",
        "mimecast",
    ),
    # Proofpoint, Barracuda, Cisco, Trend Micro, Symantec, Fortinet, Sophos
    Block(
        Cause.REPUTATION,
        "Cisco, host access table",
        """
        sending mta's poor reputation / due to a poor email reputation / sender base reputation
        """,
        "cisco",
    ),
    Block(Cause.AUTHENTICATION, "Cisco, AsyncOS default text", "spf unauthorized mail is prohibited", "cisco"),
    Block(
        Cause.IP_LISTED,
        "Trend Micro, Email Reputation Services",
        """
        blocked using trend micro / deferred using trend micro / email reputation services
        """,
        "trendmicro",
    ),
    Block(Cause.IP_LISTED, "Symantec, Broadcom article 164955", "because your ip is in the pbl", "symantec"),
    Block(Cause.REPUTATION, "Symantec, Broadcom article 164955", "connection rejected by policy [7.7]", "symantec"),
    Block(
        Cause.IP_BLOCKED,
        "Symantec, Broadcom article 164955",
        """
        sorry, your ip address has been blocked / sorry, your ip address has been blacklisted
        sorry, your remotehost looks suspiciously
        """,
        "symantec",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "Symantec, Broadcom article 164955",
        """
        sorry, your domain has been / sorry, your email address has been / your email address has been blacklisted
        """,
        "symantec",
    ),
    Block(
        Cause.RELAY_DENIED,
        "Symantec, Broadcom article 164955",
        "you don't authenticate or the domain isn't in",
        "symantec",
    ),
    Block(
        Cause.POLICY,
        "Symantec, Broadcom article 164955",
        "please turn on smtp authentication in your mail client",
        "symantec",
    ),
    Block(
        Cause.CONTENT, "Fortinet, default texts", "fortiguard … blocking url / fortiguard … spam content", "fortinet"
    ),
    Block(
        Cause.IP_LISTED,
        "Fortinet, default texts",
        "fortiguard … black ip / blocklisted by fortiguard / fortiguard … ip",
        "fortinet",
    ),
    Block(Cause.IP_LISTED, "Sophos, default texts", "blocked by sophos / sophos … ip reputation / sxl", "sophos"),
    Block(
        Cause.CONTENT,
        "Trustwave and Amavis, default texts",
        """
        trustwave seg / reject, id= / content rejected, ube / message content rejected, ube / banned content, id=
        """,
    ),
    # Orange, La Poste (their numbers are shared), SFR, Free
    Block(
        Cause.AUTHENTICATION,
        "Orange and La Poste, numbers 401 and 517",
        """
        ofr*_401 / ofr*_517 / lpn*_401 / lpn*_517 / spf/dns de votre nom de domaine
        """,
        "orange",
    ),
    Block(
        Cause.IP_BLOCKED,
        "Orange and La Poste, numbers 101 to 103, 109, 510 and 999",
        """
        ofr … 101 / ofr … 102 / ofr … 103 / ofr … 109 / ofr … 510 / ofr_999 / lpn … _101 / lpn … _102 / lpn … _103
        lpn … _108 / lpn … _109 / lpn … _510 / pour incident de spam / abus detecte
        adresse ip source bloquee
        """,
        "orange",
    ),
    Block(
        Cause.RATE_LIMITED,
        "Orange and La Poste, numbers 104 to 107",
        """
        ofr … _104 / ofr … _105 / ofr … _106 / ofr … _107 / lpn … _104 / lpn … _106 / lpn … _107 / trop de connexions
        """,
        "orange",
    ),
    Block(
        Cause.POLICY,
        "La Poste, numbers 402 and 630",
        "lpn … _402 / ofr … _402 / lpn … _630 / ofr … _630 / authentification requise",
        "laposte",
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "Orange and La Poste, numbers 403, 405, 415, 421",
        """
        emetteur invalide / ofr … _403 / ofr … _405 / ofr … _415 / ofr … _421 / lpn … _403 / lpn … _405 / lpn … _415 / lpn … _421
        """,
        "orange",
    ),
    Block(
        Cause.NO_SUCH_USER,
        "Orange and La Poste, numbers 416 and 418",
        """
        destinataire invalide / ofr … _416 / ofr … _418 / lpn … _416 / lpn … _418
        """,
        "orange",
    ),
    Block(
        Cause.MAILBOX_FULL,
        "Orange and La Poste, number 417",
        "boite du destinataire pleine / ofr … _417 / lpn … _417",
        "orange",
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "Orange and La Poste, numbers 420 and 426",
        """
        boite du destinataire archivee / compte du destinataire est bloque / ofr … _420 / ofr … _426 / lpn … _420 / lpn … _426
        """,
        "orange",
    ),
    Block(Cause.SERVER_FAULT, "Orange and La Poste, number 505", "ofr … _505 / lpn … _505", "orange"),
    Block(Cause.CONTENT, "Orange and La Poste, number 506", "ofr … _506 / lpn … _506 / mail rejete", "orange"),
    Block(Cause.TOO_LARGE, "Orange and La Poste, number 514", "ofr … _514 / lpn … _514", "orange"),
    # GoDaddy
    Block(Cause.AUTHENTICATION, "GoDaddy, IB508", "ib508", "godaddy"),
    Block(Cause.REPUTATION, "GoDaddy, IB103", "ib103", "godaddy"),
    Block(Cause.RDNS, "GoDaddy, IB108 and IB109", "ib108 / ib109", "godaddy"),
    Block(Cause.IP_LISTED, "GoDaddy, IB104 to IB106, IB110", "ib104 / ib105 / ib106 / ib110", "godaddy"),
    Block(Cause.IP_BLOCKED, "GoDaddy, IB111 to IB113, IB212", "ib111 / ib112 / ib113 / ib212", "godaddy"),
    Block(Cause.MALFORMED, "GoDaddy, IB501 to IB503", "ib501 / ib502 / ib503", "godaddy"),
    Block(Cause.RATE_LIMITED, "GoDaddy, rate codes", "ib007 / ib101 / ib504 / ib605 / ib607", "godaddy"),
    Block(Cause.CONTENT, "GoDaddy, content codes", "ib702 / ib703 / ib704 / ib705", "godaddy"),
    # Cox, Comcast, AT&T, T-Online, GMX
    Block(Cause.IP_BLOCKED, "Cox, error codes", "cxbl / cdrbl / ipbl* / cox too many bad commands", "cox"),
    Block(Cause.POLICY, "Cox, CXTHRT", "cxthrt", "cox"),
    Block(
        Cause.RATE_LIMITED,
        "Cox and Comcast, error codes",
        """
        cxmxrt / cxcnct / requested action aborted: try again later / rl000001 / rl000002 / rl000003
        """,
        "cox",
    ),
    Block(Cause.CONTENT, "Cox, URLBL", "urlbl*", "cox"),
    Block(Cause.IP_LISTED, "Comcast, BL000", "~#bl0* / bl000* / found on one or more dnsbls", "comcast"),
    Block(
        Cause.IP_BLOCKED,
        "AT&T; T-Online, postmaster page",
        """
        521< … _is_blocked / _is_blocked* / ip:# - a problem occurred / a problem occurred. (ask your postmaster
        """,
    ),
    Block(
        Cause.RATE_LIMITED,
        "GMX and WEB.DE, postmaster pages",
        "nemesis … too many / requested action aborted: too many",
    ),
    Block(
        Cause.IP_BLOCKED,
        "GMX and WEB.DE, postmaster pages",
        """
        nemesis esmtp service not available / bad dns ptr / for explanation visit … ip= … blocked
        """,
        "gmx",
    ),
    # Facebook
    Block(Cause.AUTHENTICATION, "Facebook, response codes", "pol-p7", "facebook"),
    Block(Cause.CONTENT, "Facebook, response codes", "pol-p5 / pol-p6", "facebook"),
    Block(
        Cause.IP_BLOCKED,
        "Facebook, response codes",
        "pol-p1 / pol-p2 / pol-p3 / pol-p4 / pol-t1 / pol-t2 / pol-t3",
        "facebook",
    ),
    Block(Cause.MALFORMED, "Facebook, response codes", "msg-p1 / msg-p2 / msg-p3 / msg-p4", "facebook"),
    Block(Cause.DOMAIN_BLOCKED, "Facebook, response codes", "dns-p1 / dns-p2 / dns-t1", "facebook"),
    Block(Cause.RDNS, "Facebook, response codes", "dns-t2 / dns-p3", "facebook"),
    Block(Cause.SERVER_FAULT, "Facebook, response codes", "rcp-t1 / int-t1 / con-p1", "facebook"),
    Block(Cause.RATE_LIMITED, "Facebook, response codes", "con-t1 / con-t2 / con-t3 / rcp-t2", "facebook"),
    Block(Cause.NO_SUCH_USER, "Facebook, response codes", "rcp-p1 / int-p1 / int-p3 / int-p4 / int-p7", "facebook"),
    Block(Cause.POLICY, "Facebook, response codes", "rcp-p2 / rcp-p3", "facebook"),
    # Tencent, NetEase
    Block(
        Cause.RATE_LIMITED,
        "Tencent, return codes",
        "frequency limited / mailbox unavailable or access denined",
        "tencent",
    ),
    Block(Cause.DOMAIN_BLOCKED, "Tencent, return codes", "mail is rejected by recipients", "tencent"),
    Block(Cause.MAILBOX_DISABLED, "Tencent, return codes", "mailbox unavailable or access denied", "tencent"),
    Block(
        Cause.CONTENT,
        "Tencent and NetEase, return codes",
        "mail content denied / dt:spm / ct:spm / suspected spam",
        "tencent",
    ),
    Block(
        Cause.RATE_LIMITED,
        "NetEase, return codes",
        "mi:dmc / mi:cel / mi:sfq / rp:qrc / rp:trc / rp:cel / mi:stc / mi:nhd / rp:dcl",
        "netease",
    ),
    Block(Cause.IP_BLOCKED, "NetEase, return codes", "mi:ipb / rp:drc / mi:nmd / dt:sum / dt:rbl", "netease"),
    Block(Cause.AUTHENTICATION, "NetEase, return codes", "mi:spf / mi:dmc dmarc / mi:dma / mi:spb", "netease"),
    # providers that send for us
    Block(Cause.DOMAIN_BLOCKED, "Amazon SES", "email address is not verified", "amazon"),
    Block(Cause.POLICY, "Amazon SES", "is not authorized to perform ses", "amazon"),
    Block(Cause.RATE_LIMITED, "Amazon SES", "throttling failure / maximum sending rate exceeded", "amazon"),
    # KDDI, docomo
    Block(Cause.CONTENT, "docomo, notices of its filters", "has restricted sms e-mail", "docomo"),
    # Exim, Postfix, postscreen, qmail and their kin
    Block(Cause.DOMAIN_BLOCKED, "Exim, sender callouts", "sender verify failed / sender callout", "exim"),
    Block(
        Cause.RATE_LIMITED,
        "RFC 5321, 4.2.3; a full server says so",
        "service not available, closing transmission channel",
    ),
    Block(Cause.SERVER_FAULT, "cPanel Exim", "could not complete sender verify callout", "exim"),
    Block(
        Cause.CONTENT,
        "SpamAssassin front ends, cPanel",
        """
        rejected: spamassassin score / detected your message as spam / detected as spam / blocked by spamassassin
        """,
        "spamassassin",
    ),
    Block(Cause.MALFORMED, "postscreen, pregreet and pipelining tests", "5.5.1 protocol error / 5.5.1 error: protocol error", "postfix"),
    Block(
        Cause.IP_BLOCKED,
        "Barracuda, refusal at RCPT",
        "permanent failure for one or more recipients … blocked",
        "barracuda",
    ),
    Block(Cause.SERVER_FAULT, "procmail's own errors", "procmail: couldn't create / procmail: unable"),
    Block(Cause.MALFORMED, "Amazon SES and others, RFC 5322 section 3.6", "duplicate header / duplicated header"),
    Block(Cause.GREYLISTED, "postscreen, test of a first contact", "450 4.3.2 service currently unavailable / 421 4.3.2 service currently unavailable", "postfix"),
    Block(Cause.IP_BLOCKED, "postscreen, its denylist", "550 5.3.2 service currently unavailable / 521 5.3.2 service currently unavailable", "postfix"),
    Block(Cause.IP_BLOCKED, "RFC 5321, section 3.1", "no smtp service here / [banner] … no smtp service"),
)

LINKS: tuple[tuple[str, Cause, str], ...] = (  # pages that a reply names, in the raw reply, lower case
    ("mail/?p=nosuchuser", Cause.NO_SUCH_USER, "google"),
    ("answer=6596", Cause.NO_SUCH_USER, "google"),
    ("mail/answer/6596", Cause.NO_SUCH_USER, "google"),
    ("mail/?p=disableduser", Cause.MAILBOX_DISABLED, "google"),
    ("mail/?p=overquota", Cause.MAILBOX_FULL, "google"),
    ("mail/?p=dmarcrejection", Cause.AUTHENTICATION, "google"),
    ("mail/?p=unauthenticatederror", Cause.AUTHENTICATION, "google"),
    ("mail/?p=unsolicitedmessageerror", Cause.CONTENT, "google"),
    ("mail/?p=unsolicitedratelimiterror", Cause.RATE_LIMITED, "google"),
    ("mail/?p=unsolicitediperror", Cause.REPUTATION, "google"),
    ("mail/?p=blockedmessage", Cause.CONTENT, "google"),
    ("mail/?p=rfcmessagenoncompliant", Cause.MALFORMED, "google"),
    ("mail/?p=mailloop", Cause.NETWORK, "google"),
    ("mail/?p=receivingrate", Cause.RATE_LIMITED, "google"),
    ("mail/?p=toomanyrecipientserror", Cause.RATE_LIMITED, "google"),
    ("mail/?p=notauthorizederror", Cause.POLICY, "google"),
    ("mail/?p=relaydenied", Cause.RELAY_DENIED, "google"),
    ("mail/answer/7720", Cause.NETWORK, "google"),
    ("groups.google.com", Cause.POLICY, "google"),
    ("support/a/bin/topic.py", Cause.POLICY, "google"),
    ("doc-1369#451", Cause.GREYLISTED, "mimecast"),
    ("sender.office.com", Cause.IP_LISTED, "m365"),
    ("linkid=526655", Cause.IP_LISTED, "m365"),
    ("linkid=526653", Cause.IP_LISTED, "m365"),
    ("spf.pobox.com", Cause.AUTHENTICATION, ""),
    ("openspf.", Cause.AUTHENTICATION, ""),
    ("unresolvable-from-domain", Cause.DOMAIN_BLOCKED, "yahoo"),
    ("rfc7505", Cause.DOMAIN_UNKNOWN, ""),
)
