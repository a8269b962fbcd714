"""What mail servers of every make say in English. `STRONG` before the blocklists' names, `WEAK` after everything."""

from probes.reading.replies.table import Block
from probes.verdict import Cause

STRONG: tuple[Block, ...] = (
    Block(
        Cause.GREYLISTED,
        "postgrey(8), rspamd, Exim and OpenSMTPD manuals; RFC 6647",
        """
        greylist* / graylist* / grey-list* / gray-list* / grey listed / grey listing / gray listing / postgrey
        try again … first time delivery / temporarily deferred … unknown sender triplet
        you are not yet authorized to deliver mail / blocked using grey.*
        """,
    ),
    Block(
        Cause.SUPPRESSED,
        "Mailgun 605, SendGrid drop reasons, SparkPost and SES suppression lists",
        """
        suppression list / recipient suppressed / address is suppressed
        not delivering to previously bounced address / previously bounced / bounced address / previously unsubscribed
        unsubscribed address / recipient unsubscribed / spam reporting address / previously marked as spam
        hard bounced previously
        """,
    ),
    Block(
        Cause.MAILBOX_FULL,
        "RFC 3463 X.2.2 and the servers' own words",
        """
        over quota / overquota / over the quota / over its quota / over his quota / over storage quota
        over disk quota / over … mailbox quota / out of storage / out of space / mailbox full / mailbox is full
        mailbox … is full / mailbox is currently full / mailbox … is stuffed / mail box full / inbox is full
        inbox full / folder is full / mbox full / account is full / account full / user is full / box is full
        maildir is full / full mailbox / maildir over quota / mailbox for … is full / mailbox size limit
        mailbox limit exe* / mailbox limit exceeded / mailbox exceeds allowed size / mailbox exceeded
        mailbox has exceeded / mailbox … exceeded … limit / mailbox quota / mailbox space not enough / quota exceeded
        quota has been exceeded / quota exceed* / quota is exceeded / quota violation / quota usage exceeded
        quota limit / quota full / quota is full / exceeded … quota / exceeds … quota / exceeding … quota
        exceeded … storage allocation / exceeded … disk space / exceeded … storage limit / storage limit
        storage quota / account storage limit / disk quota / user quota / email quota / out of quota / disk full
        blocks limit exceeded / inode limit exceeded / exceeding receiving limits / not enough disk space
        not enough storage space / not enough space / insufficient disk space / does not have enough space
        no space left in mailbox / storage space for … exceeded / has too many messages on the server
        user has exceeded / would exceed mailbox / too much mail data / too many messages in … mailbox
        error writing message: file too large / userdisk quota / mailbox capacity / exceeded the quota / exceeded storage / allocated storage
        exceeded storage allocation / quota for / mail quota / quota has exceeded / message would put / box is too full / no storage available / full inbox
        """,
    ),
    Block(
        Cause.IP_LISTED,
        "words that name a blocklist together with the address, whatever else is said of the mailbox",
        """
        your ip address # is blacklisted / ip … listed in … rbl / ip … is blacklisted / host # is blacklisted
        """,
    ),
    Block(
        Cause.RDNS,
        "RFC 7372 X.7.25, Postfix postconf(5) reject_unknown_client_hostname and others",
        """
        cannot find your hostname / cannot find your reverse hostname / reverse dns / reverse-dns / rdns
        reverse lookup / reverse name / reverse hostname / reverse mapping / reverse resolution / reverse address
        ptr record* / ptr lookup / ptr entry / ptr-record / no ptr / missing ptr / invalid ptr / dns ptr
        pointer record / ipv6 sending guidelines / unresolvable relay host / unverifyable sending ip*
        client host … cannot be resolved / cannot resolve your / unable to resolve your / dns check failure
        corresponding forward dns / forward-confirmed / does not resolve back / does not match … hostname … pointer
        mismatches client ip / hostname does not match … ip / without a valid sender domain
        domain does not resolve to your ip / ip address does not resolve / ip … does not resolve
        ip name lookup failed / ip address possibly forged / may be forged / no host name for / could not resolve … ip
        no matches to nameserver query
        """,
    ),
    Block(
        Cause.AUTHENTICATION,
        "RFC 7208, RFC 6376, RFC 7489, RFC 7372",
        """
        spf / sender policy framework / senderid / sender id / sender-id / dkim / dkim-signature … fail* / domainkeys
        dmarc* / unauthenticated email / unauthenticated mail / unauthenticated sender* / unauthenticated message*
        sender is unauthenticated / message is unauthenticated / authentication information / authentication checks
        email authentication / message authentication / sender authentication / domain authentication / anti-spoof*
        antispoof* / spoofed / spoofing / forged sender / forged from / sender address forged
        not authorized to send from / not authorized to send mail for / not permitted to send from
        is not allowed to send mail from / not a designated mail* / not designated as permitted
        not listed as a permitted / purported responsible address
        """,
    ),
    Block(
        Cause.RELAY_DENIED,
        "Postfix, Exim, sendmail, qmail, Exchange and their kin",
        """
        relay access denied / relaying denied / relay denied / relay not permitted / relay not allowed
        relaying not allowed / relaying not permitted / relaying is not allowed / relaying prohibited
        relay prohibited / relaying disallowed / relay is denied / relay operation rejected / relay rejected
        relay msg rejected / unable to relay / no relaying / not relaying / cannot relay / can't relay / don't relay
        do not relay / does not relay / will not relay / won't relay / we do not relay / permitted to relay
        allowed to relay / authorized to relay / allowed to use … relay / configured to relay / unauthorized relay
        insecure mail relay / insecure relay / open relay / as a relay / this is not … relay / relay to … denied
        mail relay denied / credentials for relay / relayed mail / relaying to … prohibited
        relaying mail to … is not allowed / relay attempt / third-party relay / third party relay / not a gateway
        not local host / non-local e-mail address / isn't in my list of allowed rcpthosts
        not in my list of allowed rcpthosts / isn't in my allowed rcpthosts / rcpthosts / recipient domain not local
        domain not handled / we don't handle mail for / we do not accept mail for / not accept mail for this domain
        domain is not hosted here / domain not hosted / not a local domain / specified domain is not allowed
        not our domain / domain isn't local / must authenticate to relay / email address is not verified. *
        smtp authentication turned on
        """,
    ),
    Block(
        Cause.TLS,
        "RFC 3207, RFC 8461, RFC 7672, RFC 8689",
        """
        starttls / must use tls / tls required / tls is required / requires tls / require tls / tls encryption
        ssl/tls required / tls/ssl* required / tls/sslv3 connection required / encryption required / encryption needed
        requires encryption / encrypted connection / encryption too weak / encryption is required
        unencrypted connection / secure connection / to use tls / no tls / tls not available / tls negotiation
        tls handshake / tls session / tls version / tls error / tls connection / cannot start tls
        tls currently unavailable / tls-required / mta-sts / tlsa / dane / certificate verify
        certificate verification / server certificate / certificate is expired / certificate expired
        certificate has expired / untrusted certificate / certificate not trusted
        """,
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "refusals that name the sender; before anything that is said of a recipient",
        """
        domain of sender / sender address rejected / sender … domain … does not exist / sender … does not exist
        sender does not exist / sender … not found / sender … unknown / sender unknown / sender … invalid / invalid sender
        unknown sender / bad sender / sender rejected / sender was rejected / sender address verif* / sender verif*
        sender callback / unroutable sender / unrouteable sender / unresolvable sender / sender is spammer
        sender has been blocked / sender email is not / bad return path / bad return-path / returned mail not accepted
        envelope sender domain must exist / empty envelope sender* / null sender / batv / third-party dsns
        backscatter protection / sender on blacklist / sender blacklisted / access denied (sender blacklisted)
        sending to/from an address that has been blacklisted / does not exist e2110
        """,
    ),
    Block(
        Cause.POLICY,
        "rules of the recipient; before anything that is said of a mailbox",
        """
        not accepting mail with / is only accepting mail from / blocked by the recipient / blocked by recipient
        rejected by this user / recipient refuses / recipient preferences / refuses to receive / refuse to receive
        rejected by user / rejected due to user rules / user rules / rules will reject / rejected for policy reasons
        organization policy / organizational settings / closed mailing list / members-only list / post to this mailing list
        mailing list / message refused … policy / denied by policy / not accepted for policy reasons
        delivery not authorized / account is protected by / local policy violation / policy violation
        """,
    ),
    Block(
        Cause.SERVER_FAULT,
        "delivery programs that failed behind the mail server",
        """
        || exit / bin/procmail / bin/maildrop / bin/maidrop / can't create user output file / delivery to file forbidden
        operating system error / queue file write error / interrupted system call / temporary local problem
        """,
    ),
    Block(
        Cause.NETWORK,
        "loops, whatever else the report says",
        """
        too many received: headers / too many received headers / routing loop / mail loop / loops back to myself
        loop was found / forwarding loop / hop count exceeded / too many hops / message looping
        """,
    ),
    Block(
        Cause.DOMAIN_UNKNOWN,
        "the domain rather than the mailbox",
        """
        unknown domain / unknown mail domain / host unknown / unknown host / no such domain / no such host
        domain not found / recipient domain must exist / domain must exist / host or domain name not found
        domain name not found / dead domain / domain does not exist / domain doesn't exist / null mx / nullmx
        domain does not accept mail / domain … doesn't receive email
        """,
    ),
    Block(
        Cause.NO_SUCH_USER,
        "RFC 3463 X.1.1 and the servers' own words",
        """
        user unknown / userunknown / unknown user / unknown or illegal user / unknown or illegal alias / unknown alias
        unknown local*part / unknown local user / unknown account / unknown address / unknown mailbox / unknown e-mail
        unknown email / unknown recipient / unknown name / unknown userid / no such user / no such local user
        no such mailbox / no such recipient / no such address / no such account / no such person / no such id
        no such email / no such e-mail / no such name / no such customer / no such virtual user / no such alias
        no user by that name / no account by that name / no mailbox here / no mail-box here / no mailbox found
        no mailbox by that name / no mailbox for / no mailbox / no account
        no one at this address / no one by that name / no local mailbox / no matches for user / mailbox not found
        mailbox … not found / mailbox does not exist / mailbox doesn't exist / mailbox … does not exist
        mailbox … doesn't exist / mailbox unknown / mailbox invalid / mailbox name not allowed / mailbox name invalid
        mailbox not available / mailbox … no longer / mailbox nonexist* / mailbox is inactive / mailbox not known
        invalid mailbox / invalid recipient* / invalid address / invalid user / invalid email address
        invalid account / invalid destination / invalid local*part / invalid e-mail address / address invalid
        address is invalid / address not found / address is unknown / address is not valid / recipient invalid
        recipient is invalid / bad address / bad recipient / bad destination / bad user / bad mailbox
        bad e-mail address / bad email address / illegal user / illegal recipient / recipient unknown
        recipient … unknown / recipient not found / recipient … not found / recipient does not exist
        recipient doesn't exist / recipient … does not exist / recipient not exist* / recipient no longer
        recipient not ok / recipient not valid / recipient not known / recipient not recognized
        recipient unrecognized / recipient is unknown / recipient is not local / recipient not local
        recipient is not accepted / recipient address no longer / recipient address unknown
        recipient cannot be verified / recipient can't be verified / recipient verification failed
        recipient verify failed / recipient undeliverable / recipients … undeliverable / cannot verify recipient
        unable to verify recipient / verify recipient / recipnotfound / recipientnotfound / rejected recipients
        not found recipient / user not found / user … not found / user not exist* / user … does not exist
        user … doesn't exist / user does not exist / user doesn't exist / user not known / user … not known
        user is unknown / user is not known / user invalid / user … unknown / user not local / user no longer
        user … no longer / user doesn't have a / user does not have a / user missing home directory / user rejected
        user has moved / user … not ok / username … not found / username unknown / users are unknown
        unrecognized user / unrecognised user / unrecognized recipient / unrecognized address / can't accept user
        account does not exist / account doesn't exist / account … does not exist / account … doesn't exist
        account … not exist* / account not found / account unknown / account … not found / account not available
        account is not available / account that you tried to reach does not exist / account … no longer
        account is invalid / account invalid / account closed / account or domain may not exist
        address does not exist / address … does not exist / address doesn't exist / address … doesn't exist
        address not exist* / address … not exist* / address couldn't be found / address could not be found
        address … couldn't be found / address … could not be found / address no longer / address … no longer
        address unknown / address … unknown / address … not present in directory / address not present
        address is wrong / address is incorrect / address not listed / address changed / address … has been replaced
        address has changed / email address … was not found / email address is not known / undeliverable address
        undeliverable recipient / not listed in … directory / not listed in … name & address book
        not found in directory / not found by … address lookup / no … in name directory / domino directory
        not our customer / non-existent / nonexistent / non existent / non … existent user / not a known user
        not a valid user / not a valid mailbox / not a valid recipient / not a valid address / not a valid email
        not a valid rfc 5321 address / not a local address / not a local user / not local user / not a user here
        not a mailbox / not a registered user / not email address* / not known here / not known at this
        not present in directory / is not a known / is not a recognized / envelope recipient / badrcptto
        badrecipientto / validrcptto / recipient … not in my / there is no such / there is no one / there is no user
        does not exist here / does not exist at this / doesn't exist here / no longer valid / no longer on server
        no longer exist* / no longer active / no longer in use / no longer with / no longer employed / no longer works
        no longer available / has left the / has moved to / moved permanently / mailbox owner has changed
        rcpt … does not exist / [rcpt] … does not exist / can not find the user / cannot find user
        cannot find recipient / can't find user / could not find user / couldn't find user / unable to find recipient
        unable to find user / unable to validate recipient / unable to verify user / could not be verified … recipient
        isn't a valid / email address lookup in domain map failed / lookup in … map failed / local user only
        user lookup failed / destination user / requested user mailbox / mailbox access denied … no user
        no thank you rejected: account unavailable / address … misspelled / unknown e … mail address / account or domain may not exist / rcpt not found / not a recipient / unknown rcpt
        no local user / address is not recogni* / address not recogni* / not recognized as a valid / no such addressee
        invalid rcpt / who are you looking for / is not listed in / could not find … recipient / not our user
        could not find … user / mail to @ is not / 542 … rejected / address unavailable
        check … recipient … address / check if address is correct / mail to … not accepted here
        """,
    ),
    Block(
        Cause.MAILBOX_DISABLED,
        "RFC 3463 X.2.1 and the servers' own words",
        """
        mailbox disabled / mailbox is disabled / mailbox … disabled / mailbox … suspended / mailbox … deactivated
        mailbox is locked / mailbox locked / mailbox is blocked / mailbox is closed / mailbox frozen
        mailbox temporarily disabled / mailbox is inactive / mailbox inactive / mailbox … inactive / disabled mailbox
        deactivated mailbox / inactive mailbox / account disabled / account is disabled / account has been disabled
        account … disabled / account suspended / account is suspended / account … suspended / account … deactivated
        account … terminated / account is locked / account locked / account inactive / account is inactive
        account … is inactive / account is account not active / account expired / account has expired
        account … expired / account … discontinued / account is closed / account blocked / account … is blocked
        expired account / disabled account / suspended account / inactive account / inactive user / inactive recipient
        inactive email / user disabled / user is disabled / user … disabled / user suspended / user … suspended
        user inactive / user … inactive / user is inactive / user is terminated / user terminated / user … deactivated
        user … temporary locked / user or domain is disabled / user is not active / user not active
        recipient disabled / recipient … disabled / recipient … suspend* / recipient … inactive / recipient … archived
        recipient … locked / recipient is blocked / recipient account is blocked / recipient account isblocked
        archived recipient / disabled recipient / disabled address / address disabled / address … disabled
        address is inactive / address … inactive / address … suspended / address … deactivated / inactive address
        currently suspended / has been suspended / temporarily suspended / temporary locked / is deactivated
        has been deactivated / discontinued / not accepting any mail / is not accepting mail / not accepting messages
        not accepting any messages / not active / domain … expired / domain … suspended / not accepting mail / this account is not allowed / account protected / no longer accepting / no longer accept*
        locked email / user account … expired / has been closed / temporarily locked / temporarily inactive / mail receiving disabled
        mail delivery … disabled / account … temporarily unavailable
        """,
    ),
    Block(
        Cause.DOMAIN_UNKNOWN,
        "RFC 3463 X.1.2 and X.1.10, RFC 7505",
        """
        host unknown / unknown host / hostname unknown / host or domain name not found / domain name not found
        domain not found / domain … not found / no such domain / no such host / unknown domain / unknown mail domain
        domain unknown / domain does not exist / domain doesn't exist / recipient domain … does not exist
        recipient domain must exist / recipient domain not found / domain is not reachable
        domain is invalid … recipient / domain owner has changed / domain does not accept mail
        domain doesn't receive email / domain … doesn't receive email
        unrouteable address / unroutable address / unrouteable mail domain / unrouteable domain / no mx record
        no mx records / no mx or / no mx host / null mx / nullmx / nonexistentdomain
        host not found / dns lookup failure: host / nxdomain / all relevant mx records point to non-existent hosts
        mx record … points to / name or service not known / malformed or unexpected name server reply
        dns error when resolving mx
        """,
    ),
    Block(
        Cause.TOO_LARGE,
        "RFC 1870, RFC 3463 X.3.4 and X.2.3",
        """
        message too large / message too big / message is too large / message is too big / message … too large
        message … too big / message size exceed* / message size … exceed* / message size limit*
        message length exceeds / message file too big / message header size exceed* / message would exceed
        message exceeds … size / message exceeds … limit / message exceeded … size / message larger than
        exceeds … message size / exceeded … message size / maximum message size / max message size
        maximum … size exceeded / mail size limit / mail too large / mail is too large / mail too big
        email too large / e-mail too large / email size / size exceed* / size of … exceed* / size limit*
        size too large / exceeds size / exceeds maximum / exceeds … size limit* / exceeds limit … size
        recipsizelimit / sender size limit / line limit exceeded / too many attachments / limit attachments
        per individual header size / header name limit / entity too large / too much data
        """,
    ),
    Block(
        Cause.RATE_LIMITED,
        "throttles of every make",
        """
        too many connections / too many concurrent / too many simultaneous / too many sessions
        too many smtp sessions / too many recipients / too many messages / too many mails / too many emails
        too many e-mails / too many requests / too many attempts / too many transactions / too many hosts
        too many errors … connection / too much mail / too fast / too quickly / rate limit* / rate-limit* / ratelimit*
        rate control / rate that prevents / rate exceeded / rate is too high / throttl* / frequency limit*
        unusual rate / unusual volume / excessive volume / excessive rate / unexpected volume / traffic volume
        volume limit / flow control / maximum too many invalid / number of recipients / per-domain connection / receiving limit / messages in a … period
        exceeded … number / exceeded … messages / quota for sending / exceeded its quota for sending / connection limit / connection limit / connections from your
        concurrent connection* / concurrency limit / session limit / sessions from / max message per connection
        message limit / messages per connection / limit on the number of / per hour / per minute / per day
        hourly limit / daily limit / hourly quota / daily quota / daily … limit / sending limit / sending quota
        sending rate / submission quota / exceeded … threshold / exceeded their limit / exceeded its limit
        exceeded … rate / exceeded the max / exceeded the number / exceeded the limit / exceeding outbound
        thread limit / recipient limit / recipients limit / limit exceeded for / slow down / try again slower
        mail flood / connection rate / numerous attempts to deliver / trop de connexions / peak smtp
        """,
    ),
    Block(
        Cause.REPUTATION,
        "filters that name the sender's reputation",
        """
        reputation / bad ip profile / reputation problems / low sender reputation / ip/domain reputation / extreme bad ip / senderbase / sender score / senderscore / user complaints
        spam complaints / low trust / untrusted sender
        """,
    ),
)

BLOCKS: tuple[Block, ...] = (
    Block(
        Cause.IP_BLOCKED,
        "refusals of the client by the receiver's own list or rule",
        """
        client host rejected / client host [ / client … not permitted to connect / blocked by … administrator
        ip … is blocked / ip … blocked / ip … has been blocked / ip … been temporarily blocked / ip … banned
        ip … rejected / ip … denied / ip … refused / ip … not allowed / ip … not accepted / ip … is not permitted
        ip not in whitelist / ip … not in whitelist / ip … not authorized / bad ip / blocked ip / banned ip
        banned sending ip / invalid ip for sending / host … blocked / host … denied / host … is not allowed
        host … rejected / host network not allowed / host network, not allowed / host not allowed / your host
        your server … blocked / your server … rejected / your server requires confirmation / your network / your isp
        your mail server … blocked / your remotehost / server … is blocked / network … blocked / network is banned
        sender ip address rejected / sender ip … rejected / sender ip / sending ip / access from ip / from your ip
        address … blocked / addresses … blocked / connection refused by / connection refused from
        connections not accepted / connection not accepted / connections … will not be accepted / connection rejected
        connection denied / connection blocked / not allowed to connect / not accepting connections
        refusing connections / dynamic ip / dynamic address / dynamic pool / dial-up / dialup / residential
        dynamic/zombied / hosts with dynamic / no access from / ip site / blacklisted by / access to submit messages
        access to this mail system has been rejected / not passed validation / is in … rbl / rbl reject / sender is on
        no smtp service here / [banner] … no smtp service / open proxy / geoip / country … blocked / country … not allowed / may not be mail exchanger / not welcome
        too many spams / too many bad commands / unwanted messages have been sent / directory harvest / go away
        you are not allowed to connect / you have been blocked / smtp server of your isp / access denied … ip
        firewall / said: blocked / connection reset by peer
        """,
    ),
    Block(
        Cause.DOMAIN_BLOCKED,
        "refusals of the sender's address or domain",
        """
        sender address rejected / sender address blocked / sender address verif* / sender address not allowed
        sender address / sender email address rejected / sender rejected / sender was rejected / sender is rejected
        sender … rejected / sender blocked / sender is blocked / sender … blocked / sender denied / sender … denied
        sender refused / sender not allowed / sender not accepted / sender … not allowed / sender … not accepted
        sender unknown / sender invalid / sender is invalid / sender verif* / sender domain / sender's domain
        sender … domain … does not exist / sender … does not exist / sender does not exist / domain of sender
        sending domain / sender blacklisted / sender … blacklist* / sender on blacklist / banned sender
        blocked sender* / invalid sender / unknown sender / bad sender / illegal sender / unroutable sender
        unrouteable sender / unresolvable … from domain / unresolvable sender / verify sender / verification failed
        callback verification / callout / envelope blocked / envelope rejected / envelope sender
        empty envelope sender* / empty sender / empty email address / null sender / mail from … rejected
        mail from … not owned / mail from … denied / mail from … refused / mail from … not allowed
        mail from … blocked / mailfrom … rejected / mail from:<> not allowed / reply-path / return path … rejected
        from address … not allowed / from address … rejected / from: domain is invalid / from domain … not allowed
        domain … blacklisted / domain … blocked / domain … banned / domain … not allowed / domain blacklisted
        blacklisted domain / your domain / your email address … blacklisted / your email address … blocked
        your email domain / your address … blacklisted / your address … blocked / e-mail address has been blocked
        email address has been blocked / backscatter protection / batv / third-party dsns / bouncedeny
        [mail] 553 … does not exist / [mail] … does not exist / [mail] … not exist / [mail] … unroutable
        does not accept mail from / not accept mail from / do not accept mail from / don't accept mail from
        refuse mail from / mail from this domain / all messages from … deferred
        message rejected: email address is not verified / not a registered gateway user / recipient's list of senders
        senderfilterconfig / valid-address-filter / fully qualified email address / different address or alias
        recursive cname / group … may not exist / group you tried to contact
        """,
    ),
)

CONTENTS: tuple[Block, ...] = (
    Block(
        Cause.CONTENT,
        "filters of what the message holds",
        """
        virus* / malware / trojan / infected / executable files / executable attachment / prohibited virus / recent viruses / unacceptable content / dangerous
        charset not supported / message content / invalid message content / unsafe content / phishing / phish / message content rejected / content rejected
        content filter* / content … rejected / content not allowed / content restriction / content examination
        banned content / banned file* / banned attachment* / blocked attachment* / blocked using content
        attachment type / attachment … not allowed / attachment … blocked / attachment … rejected / illegal attachment
        executable attachment / file type / file extension / forbidden attachment / prohibited attachment
        suspicious content / suspicious attachment / suspicious url / potential security issue / potential security
        blacklisted url / blocked url* / url blocked / links … suspicious / message looks like / message blocked
        message filtered / message refused by / message was identified / message has been identified / message scored
        scored too high / mail score / unsolicited / ube / uce / bulk mail / bulk e-mail / bulk email / mass mail*
        junk mail / junk e-mail / junkmail / spam* / anti-spam / antispam / nature of the content
        images or other attachments / objectionable content / profanity / bayes* / dspam / razor / dcc / pyzor
        content
        """,
    ),
    Block(
        Cause.MALFORMED,
        "RFC 5322 and RFC 2045 checks",
        """
        not rfc / rfc compliant / rfc-compliant / rfc 5322 / rfc 2822 / rfc 822 / rfc violation / rfc2822 / rfc5322
        malformed / duplicate header / duplicated message-id / multiple subject headers / multiple from
        multiple addresses in from / missing from / missing date / missing message-id / message-id header
        missing … header / missing a valid / invalid header / invalid … header* / header … invalid / headers too large
        header too large / bad header / bare lf / bare linefeed / bare newline / bare cr / stray newline / 8-bit data
        8bit data / invalid characters / invalid structure / mime error / mime complexity / invalid mime
        mime header* / broken mime / unicode character / bad syntax / syntax error / header error / improperly-formatted / header size exceeds / command sequence / no such command / parameters / improper sequence / bad sequence
        out of sequence / command not implemented / command unrecognized / command not recognized
        unrecognized command / unknown command / line too long / line length / lines longer than
        too many received headers / as a from: address / date header / need mail / mail first / rcpt first
        helo first / hello first / ehlo/helo first / send hello / cannot decode / invalid parameters
        message depth exceeded / xoauth / agent generated message depth
        """,
    ),
)

WEAK: tuple[Block, ...] = (
    Block(
        Cause.NETWORK,
        "RFC 3463 X.4, operating systems' words",
        """
        network error / routing loop / mail loop / mail-loop / message looping / loop count / forwarding loop / hop count / hops
        too many hops / loop detected / destination computer could not be found / retry time not reached / unable to route / no route / failed to deliver to domain / no route to host / host is unreachable / network is unreachable
        network unreachable / connection refused / connection reset / connection lost / lost connection
        connection dropped / connection timed out / operation timed out / timed out / timeout / time-out
        dns query failed / dns lookup failed / dns failure / dns error / dns server / host name lookup failure
        name server / name service error / nameserver / lookup failure / lookup fail* / could not connect
        cannot connect / unable to connect / can't connect / couldn't connect / failed to connect
        wasn't able to establish / unable to resolve / bad connection / broken pipe / incorrect hostname
        """,
    ),
    Block(
        Cause.SERVER_FAULT,
        "RFC 3463 X.3, servers' own trouble",
        """
        insufficient system storage / insufficient system resource* / insufficient storage / insufficient resource*
        insufficient memory / system full / mail system full / system storage / no space left / disk space
        out of memory / local problem / local error / local configuration error / local system / internal error
        internal server error / internal system error / internal resource* / system error / system failure
        system problem / system config error / system busy / system(u) busy / server error / server busy
        server is busy / server too busy / server too busy* / server overload* / server is overloaded
        server configuration / server misconfig* / server temporarily not available / server temporarily unavailable
        server not available / remote server is misconfigured / remote configuration / configuration error
        configuration problem / operating system error / encountered an error / mail system configuration / error in processing / loops back / generic error
        temporary failure in / temporarily deferred / upstream / resources are / temporary system / temporary server error / temporary local
        temporary error / temporary lookup failure / temporarily unable / temporarily unavailable
        temporarily not available / temporarily rejected this message / resources temporarily unavailable
        service unavailable / service is unavailable / service currently unavailable
        service is currently unavailable / service temporarily unavailable / service not available
        service not active / unexpected error / unexpected failure / unknown error / software error / exception
        upstream error / queue file write error / write error / read error / i/o error / input/output error
        interrupted system call / disk i/o / database / ldap / mysql / daemon / command failed / command output
        command died / pipe to / | exit / procmail: / bin/procmail / bin/maildrop / bin/vacation / procmail / maildrop
        mailer error / mailer failed / no such file or directory / permission denied / permissions problem
        can't create / can't open / cannot open / cannot write / cannot lock / unable to write / couldn't create
        unable to process / could not process / ended early / deferred by / please try … different mx
        multiple destination domains / blame it on the weather / agent busy / transaction failed / transport error
        x-unix / destination mailbox address ambiguous / shutting down / going down / maintenance / overload* / busy
        load too high / high load / load average
        """,
    ),
    Block(
        Cause.EXPIRED,
        "RFC 3463 X.4.7, and the words of queues that give up",
        """
        message expired / delivery time expired / delivery expired / delivery timeout / has expired / giving up on / delivery attempts failed / not be delivered within / retries exceeded / too many retries / queue expired
        retry time* … exceeded / retry timeout exceeded / message timed out / too long in queue
        message has been in the queue / been in the queue too long / sitting in queue / maximum queue time
        allowed queue period / queue lifetime / could not be delivered for / could not deliver for the last
        unable to deliver … message after / unable to deliver message after multiple retries
        delivery failed … attempts / has not been collected / giving up after / gave up after
        not been delivered after / still undelivered after / delivery attempts will continue / envelope expired / delivery failed … attempts / message delayed
        has been delayed / warning: could not send message for / server did not accept our requests to connect
        could not find a gateway / past the expiration
        """,
    ),
    Block(
        Cause.POLICY,
        "refusals by a rule that is not told",
        """
        policy / policies / administrative prohibition / administratively / administrator / prohibited / not permitted
        no permit / not authorized / not authorised / unauthorized / delivery not authorized / permission
        access denied / access is denied / access not allowed / not allowed / refused … recipient
        recipient preferences / recipient refused / recipient refuse* / recipient is only accepting
        rejected by … recipient* / rejected by recipient / rejected by user / blocked by the recipient / user refused
        user reject / user rules / refuse to receive / restricted / restriction* / closed mailing list / mailing list
        not subscribed / isn't a group member / not a member / subscribers only / members only / moderated
        senders aren't permitted / authentication required / authentication is required / authenticated
        not authenticated / authenticate / must log in / password / login / credentials / authrequired
        allowed-senders / sender not in / low priority / protocol violation / authentication turned on / authentication credentials / authentication failure / please login / verification failure
        not authorized to use / bad helo / helo … rejected
        helo command rejected / invalid helo / invalid ehlo / helo / ehlo / private system / denied
        """,
    ),
    Block(
        Cause.DOMAIN_UNKNOWN,
        "names that do not resolve",
        """
        553 … does not exist / not exist / destination host / unreachable
        """,
    ),
    Block(
        Cause.IP_BLOCKED,
        "a blocking that says no more",
        """
        blocked / blacklist* / black list* / blocklist* / banned / bounced by / black hole
        """,
    ),
    Block(
        Cause.NO_SUCH_USER,
        "the vaguest words that are said of a recipient",
        """
        mailbox unavailable / mailbox is unavailable / mailbox temporarily unavailable / mailbox not accessible
        mailbox / address rejected / address was rejected / recipient rejected / recipients … rejected / recipient … rejected
        no valid recipient* / recipient … denied / recipient address / rejected recipient / recipient
        permanent failure for one or more recipients / address failed
        """,
    ),
    Block(
        Cause.EXPIRED,
        "waiting that says no more",
        """
        delayed / deferred
        """,
    ),
)
