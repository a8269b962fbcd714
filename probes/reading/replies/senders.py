"""English phrases of all kinds of servers about a client or sender that they refuse."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

WAITING: Rows = {
    PhraseSource("", "postgrey(8), rspamd, Exim and OpenSMTPD manuals; RFC 6647"): {
        Cause.GREYLISTED: """
            greylist* / graylist* / grey-list* / gray-list* / grey listed / grey listing / gray listing / postgrey
            try again … first time delivery / temporarily deferred … unknown sender triplet
            you are not yet authorized to deliver mail / blocked using grey.*
            """,
    },
}

IDENTITY: Rows = {
    PhraseSource("", "words that name a blocklist together with the address, whatever else is said of the mailbox"): {
        Cause.IP_LISTED: """
            your ip address # is blacklisted / ip … on a block list / ip … on a blocklist
            ip … on our block list / ip … in a blacklist / ip … on a blacklist / # is blacklisted / # blacklisted
            rbl: / dnsbl / in rbl / is in … rbl / rbl reject / realtime blackhole / real-time blackhole
            ip … listed in … rbl / ip … is blacklisted / host # is blacklisted
            """,
    },
    PhraseSource("", "RFC 7372 X.7.25, Postfix postconf(5) reject_unknown_client_hostname and others"): {
        Cause.RDNS: """
            cannot find your hostname / cannot find your reverse hostname / reverse dns / reverse-dns / rdns
            reverse lookup / reverse name / reverse hostname / reverse mapping / reverse resolution / reverse address
            ptr record* / ptr lookup / ptr entry / ptr-record / no ptr / missing ptr / invalid ptr / dns ptr
            pointer record / ipv6 sending guidelines / unresolvable relay host / unverifyable sending ip*
            client host … cannot be resolved / cannot resolve your / unable to resolve your / dns check failure
            corresponding forward dns / forward-confirmed / does not resolve back
            does not match … hostname … pointer / mismatches client ip / hostname does not match … ip
            without a valid sender domain / domain does not resolve to your ip / ip address does not resolve
            ip … does not resolve / ip name lookup failed / ip address possibly forged
            no host name for / could not resolve … ip / no matches to nameserver query
            """,
    },
    PhraseSource("", "RFC 7208, RFC 6376, RFC 7489, RFC 7372"): {
        Cause.AUTHENTICATION: """
            spf / sender policy framework / senderid / sender id / sender-id / dkim / dkim-signature … fail*
            domainkeys / dmarc* / unauthenticated email / unauthenticated mail / unauthenticated sender*
            unauthenticated message* / sender is unauthenticated / message is unauthenticated
            authentication information / authentication checks / email authentication / message authentication
            sender authentication / domain authentication / anti-spoof* / antispoof* / spoofed / spoofing
            forged sender / forged from / sender address forged / not authorized to send from
            not authorized to send mail for / not permitted to send from / is not allowed to send mail from
            not a designated mail* / not designated as permitted / not listed as a permitted
            purported responsible address
            """,
    },
    PhraseSource("", "Postfix, Exim, sendmail, qmail, Exchange and their kin"): {
        Cause.RELAY_DENIED: """
            relay access denied / relaying denied / relay denied / relay not permitted / relay not allowed
            relaying not allowed / relaying not permitted / relaying is not allowed / relaying prohibited
            relay prohibited / relaying disallowed / relay is denied / relay operation rejected / relay rejected
            relay msg rejected / unable to relay / no relaying / not relaying / cannot relay / can't relay
            don't relay / do not relay / does not relay / will not relay / won't relay / we do not relay
            permitted to relay / allowed to relay / authorized to relay / allowed to use … relay / configured to relay
            unauthorized relay / insecure mail relay / insecure relay / open relay / not … as a relay
            this is not … relay
            relay to … denied / mail relay denied / credentials for relay / relayed mail / relaying to … prohibited
            relaying mail to … is not allowed / relay attempt / third-party relay / third party relay / not a gateway
            not local host / non-local e-mail address / isn't in my list of allowed rcpthosts
            not in my list of allowed rcpthosts / isn't in my allowed rcpthosts / rcpthosts
            recipient domain not local / domain not handled / we don't handle mail for
            not accept mail for this domain / domain is not hosted here / domain not hosted / not a local domain
            specified domain is not allowed / not our domain / domain isn't local / must authenticate to relay
            smtp authentication turned on
            """,
    },
    PhraseSource("", "RFC 3207, RFC 8461, RFC 7672, RFC 8689"): {
        Cause.TLS: """
            starttls / must use tls / tls required / tls is required / requires tls / require tls / tls encryption
            ssl/tls required / tls/ssl* required / tls/sslv3 connection required / encryption required
            encryption needed / requires encryption / encrypted connection / encryption too weak
            encryption is required / unencrypted connection / secure connection / to use tls / no tls
            tls not available / tls negotiation / tls handshake / tls session / dane validation / dane failed
            tls version / tls error / tls connection / cannot start tls / tls currently unavailable / tls-required
            mta-sts / tlsa / certificate verify / certificate verification / server certificate
            certificate is expired / certificate expired / certificate has expired / untrusted certificate
            certificate not trusted
            """,
    },
    PhraseSource("", "refusals that name the sender; before anything that is said of a recipient"): {
        Cause.DOMAIN_BLOCKED: """
            domain of sender / sender address rejected / sender … domain … does not exist / sender … does not exist
            sender does not exist / sender … not found / sender … unknown / sender unknown / sender … invalid
            invalid sender / unknown sender / bad sender / sender rejected / sender was rejected
            sender address verif* / sender verif* / sender callback / unroutable sender / unrouteable sender
            unresolvable sender / sender is spammer / sender has been blocked / sender email is not / bad return path
            bad return-path / returned mail not accepted / envelope sender domain must exist / empty envelope sender*
            null sender / batv / third-party dsns / backscatter protection / sender on blacklist / sender blacklisted
            access denied (sender blacklisted) / sending to/from an address that has been blacklisted
            does not exist e2110
            """,
    },
}

RULES: Rows = {
    PhraseSource("", "rules of the recipient; before anything that is said of a mailbox"): {
        Cause.POLICY: """
            not accepting mail with / is only accepting mail from / blocked by the recipient / blocked by recipient
            recipient refuses / recipient preferences / refuses to receive / refuse to receive / rejected by user
            rejected due to user rules / user rules / rules will reject / rejected for policy reasons
            organization policy / organizational settings / closed mailing list / members-only list
            post to this mailing list / mailing list / message refused … policy / denied by policy
            not accepted for policy reasons / delivery not authorized / account is protected by
            local policy violation / policy violation
            """,
    },
}

LIMITS: Rows = {
    PhraseSource("", "throttles of every make"): {
        Cause.RATE_LIMITED: """
            too many connections / too many concurrent / too many simultaneous / too many sessions
            too many smtp sessions / too many recipients / too many messages / too many mails / too many emails
            too many e-mails / too many requests / too many transactions / too many hosts
            too many errors … connection / too much mail / too fast / too quickly / rate limit* / rate-limit*
            ratelimit* / rate control / rate that prevents / rate exceeded / rate is too high / throttl*
            frequency limit* / unusual rate / unusual volume / excessive volume / excessive rate / unexpected volume
            traffic volume / volume limit / flow control / maximum connection limit / too many invalid
            number of recipients
            per-domain connection / receiving limit / messages in a … period / exceeded … number / exceeded … messages
            quota for sending / exceeded its quota for sending / connection limit
            connections from your / concurrent connection* / concurrency limit / session limit
            max message per connection / message limit / messages per connection / limit on the number of / per hour
            per minute / per day / hourly limit / daily limit / hourly quota / daily quota / daily … limit
            sending limit / sending quota / sending rate / submission quota / exceeded … threshold
            exceeded their limit / exceeded its limit / exceeded … rate / exceeded the max / exceeded the number
            exceeded the limit / exceeding outbound / thread limit / recipient limit / recipients limit
            limit exceeded for / slow down / try again slower / mail flood / connection rate
            numerous attempts to deliver / trop de connexions / peak smtp
            """,
    },
    PhraseSource("", "filters that name the sender's reputation"): {
        Cause.REPUTATION: """
            reputation / bad ip profile / reputation problems / low sender reputation / ip/domain reputation
            extreme bad ip / senderbase / sender score / senderscore / user complaints / spam complaints / low trust
            untrusted sender
            """,
    },
}

BLOCKS: Rows = {
    PhraseSource("", "refusals of the client by the receiver's own list or rule"): {
        Cause.IP_BLOCKED: """
            client host rejected / client host [ / client … not permitted to connect / blocked by … administrator
            ip … is blocked / ip … blocked / ip … has been blocked / ip … been temporarily blocked / ip … banned
            ip … rejected / ip … denied / ip … refused / ip … not allowed / ip … not accepted / ip … is not permitted
            ip not in whitelist / ip … not in whitelist / ip … not authorized / bad ip / blocked ip / banned ip
            banned sending ip / invalid ip for sending / host … blocked / host … denied / host … is not allowed
            host … rejected / host network not allowed / host network, not allowed / host not allowed
            your server … blocked / your server … rejected / mailserver … rejected
            mail server … rejected / mail server … blocked / your server requires confirmation / your isp
            your mail server … blocked / your remotehost / server … is blocked / network … blocked / network is banned
            sender ip address rejected / sender ip … rejected / sender ip / sending ip / access from ip / from your ip
            ip addresses … blocked / connection refused by / connection refused from
            connections not accepted / connection not accepted / connections … will not be accepted
            connection rejected / connection denied / connection blocked / not allowed to connect
            not accepting connections / refusing connections / dynamic ip / dynamic address / dynamic pool / dial-up
            dialup / residential / dynamic/zombied / hosts with dynamic / no access from / ip site / blacklisted by
            access to submit messages / access to this mail system has been rejected / not passed validation
            sender is on / no smtp service here / [banner] … no smtp service / open proxy
            geoip / country … blocked / country … not allowed / may not be mail exchanger / not welcome
            too many spams / too many bad commands / unwanted messages have been sent / directory harvest
            your network is / your host is / go away / you are not allowed to connect
            smtp server of access denied … ip / firewall / said: blocked
            connection reset by peer
            """,
    },
    PhraseSource("", "refusals of the sender's address or domain"): {
        Cause.DOMAIN_BLOCKED: """
            sender address rejected / sender address blocked / sender address verif* / sender address not allowed
            sender address / sender email address rejected / sender rejected / sender was rejected
            sender is rejected / sender … rejected / sender blocked / sender is blocked / sender … blocked
            sender denied / sender … denied / sender refused / sender not allowed / sender not accepted
            sender … not allowed / sender … not accepted / sender unknown / sender invalid / sender is invalid
            sender verif* / sender domain / sender's domain / sender … domain … does not exist
            sender … does not exist / sender does not exist / domain of sender / sending domain / sender blacklisted
            sender … blacklist* / sender on blacklist / banned sender / blocked sender* / invalid sender
            unknown sender / bad sender / illegal sender / unroutable sender / unrouteable sender
            unresolvable … from domain / unresolvable sender / verify sender / callback verification
            envelope blocked / envelope rejected / envelope sender / empty envelope sender* / empty sender
            empty email address / null sender / mail from … rejected / mail from … not owned / mail from … denied
            mail from … refused / mail from … not allowed / mail from … blocked / mailfrom … rejected
            mail from:<> not allowed / reply-path / return path … rejected / from address … not allowed
            from address … rejected / from: domain is invalid / from domain … not allowed / domain … blacklisted
            domain … blocked / domain … banned / domain … not allowed / domain blacklisted / blacklisted domain
            your email address … blacklisted / your email address … blocked / your email domain
            your address … blacklisted / your address … blocked / e-mail address has been blocked
            email address has been blocked / backscatter protection / batv / third-party dsns / bouncedeny
            [mail] 553 … does not exist / [mail] … does not exist / [mail] … not exist / [mail] … unroutable
            does not accept mail from / not accept mail from / do not accept mail from / don't accept mail from
            refuse mail from / mail from this domain / all messages from … deferred
            message rejected: email address is not verified / not a registered gateway user
            recipient's list of senders / senderfilterconfig / valid-address-filter / fully qualified email address
            different address or alias / recursive cname / group … may not exist / group you tried to contact
            """,
    },
}
