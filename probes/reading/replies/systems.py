"""English phrases of all kinds of servers about their own problems; and phrases that say little."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

BROKEN: Rows = {
    PhraseSource("", "delivery programs that failed behind the mail server"): {
        Cause.SERVER_FAULT: """
            bin/procmail / bin/maildrop / bin/maidrop / unable to connect … daemon
            can't create user output file / delivery to file forbidden / operating system error
            queue file write error / interrupted system call / temporary local problem
            """,
    },
    PhraseSource("", "Postfix: a milter that cannot be reached or fails, milter_default_action = tempfail"): {
        Cause.SERVER_FAULT: "service unavailable - try again later",
    },
    PhraseSource("", "loops, whatever else the report says"): {
        Cause.NETWORK: """
            too many received: headers / too many received headers / routing loop / mail loop / loops back to myself
            loop was found / forwarding loop / hop count exceeded / too many hops / message looping
            """,
    },
}

VAGUE: Rows = {
    PhraseSource("", "queues that give up, in words that also tell of a timeout"): {
        Cause.EXPIRED: "delivery timeout / retry timeout exceeded / message timed out",
    },
    PhraseSource("", "RFC 3463 X.4, operating systems' words"): {
        Cause.NETWORK: """
            network error / routing loop / mail loop / mail-loop / message looping / loop count / forwarding loop
            hop count / hops / too many hops / loop detected / destination computer could not be found
            retry time not reached / unable to route / no route / failed to deliver to domain / no route to host
            host is unreachable / network is unreachable / network unreachable / connection refused / connection reset
            connection lost / lost connection / connection dropped / connection timed out / operation timed out
            timed out / timeout / time-out / dns query failed / dns lookup failed / dns failure / dns error
            dns server / host name lookup failure / name server / name service error / nameserver / lookup failure
            lookup fail* / could not connect / cannot connect / unable to connect / can't connect / couldn't connect
            failed to connect / wasn't able to establish / unable to resolve / bad connection / broken pipe
            incorrect hostname
            """,
    },
    PhraseSource("", "RFC 3463 X.3, servers' own trouble"): {
        Cause.SERVER_FAULT: """
            insufficient system storage / insufficient system resource* / insufficient storage
            insufficient resource* / insufficient memory / system full / mail system full / system storage
            no space left / disk space / out of memory / local problem / local error / local configuration error
            local system / internal error / internal server error / internal system error / internal resource*
            system error / system failure / system problem / system config error / system busy / system(u) busy
            server error / server busy / server is busy / server too busy / server too busy* / server overload*
            server is overloaded / server configuration / server misconfig* / server temporarily not available
            server temporarily unavailable / server not available / remote server is misconfigured
            remote configuration / configuration error / configuration problem / operating system error
            encountered an error / mail system configuration / error in processing / loops back / generic error
            temporary failure in / temporarily deferred / upstream / temporary system
            temporary server error / temporary local / temporary error / temporary lookup failure / temporarily unable
            temporarily unavailable / temporarily not available / temporarily rejected this message
            resources temporarily unavailable / service unavailable / service is unavailable
            service currently unavailable / service is currently unavailable / service temporarily unavailable
            service not available / service not active / unexpected error / unexpected failure / unknown error
            software error / upstream error / queue file write error / write error / read error / i/o error
            input/output error / interrupted system call / disk i/o / database / ldap / mysql / command failed
            command output / command died / pipe to / procmail: / bin/procmail / bin/maildrop / bin/vacation
            procmail / maildrop / mailer error / mailer failed / no such file or directory / permission denied
            permissions problem / can't create / can't open / cannot open / cannot write / cannot lock
            unable to write / couldn't create / unable to process / could not process / ended early / deferred by
            please try … different mx / multiple destination domains / blame it on the weather / agent busy
            transaction failed / transport error / x-unix / destination mailbox address ambiguous / shutting down
            going down / maintenance / overload* / busy / load too high / high load / load average
            """,
    },
    PhraseSource("", "RFC 3463 X.4.7, and the words of queues that give up"): {
        Cause.EXPIRED: """
            message expired / delivery time expired / delivery expired / giving up on
            delivery attempts failed / not be delivered within / retries exceeded / too many retries / queue expired
            retry time* … exceeded / too long in queue
            message has been in the queue / been in the queue too long / sitting in queue / maximum queue time
            allowed queue period / queue lifetime / could not be delivered for … days
            could not be delivered for … hours / could not deliver for the last
            unable to deliver … message after / unable to deliver message after multiple retries
            delivery failed … attempts / has not been collected / giving up after / gave up after
            not been delivered after / still undelivered after / delivery attempts will continue / envelope expired
            delivery failed … attempts / message delayed / warning: could not send message for
            server did not accept our requests to connect / could not find a gateway / past the expiration
            """,
    },
    PhraseSource("", "refusals by a rule that is not told"): {
        Cause.POLICY: """
            policy / policies / administrative prohibition / administratively / prohibited / not permitted / no permit
            not authorized / not authorised / unauthorized / delivery not authorized / access denied
            access is denied / access not allowed / not allowed / refused … recipient / recipient preferences
            recipient refused / recipient refuse* / recipient is only accepting / rejected by … recipient*
            rejected by recipient / rejected by user / blocked by the recipient / user refused
            user rules / refuse to receive / restricted / restriction* / closed mailing list / mailing list
            not subscribed / isn't a group member / not a member / subscribers only / members only / moderated
            senders aren't permitted / authentication required / authentication is required / authenticated
            not authenticate / must log in / authrequired / allowed-senders / sender not in / rejected by this user
            authentication credentials / password incorrect / login required / low priority / protocol violation
            authentication turned on / authentication credentials / authentication failure
            verification failure / not authorized to use / bad helo … rejected / helo command rejected
            invalid invalid private system / denied
            """,
    },
    PhraseSource("", "names that do not resolve"): {
        Cause.DOMAIN_UNKNOWN: "553 … does not exist / not exist / destination host / unreachable",
    },
    PhraseSource("", "a blocking that says no more"): {
        Cause.IP_BLOCKED: "blocked / blacklist* / black list* / blocklist* / banned / bounced by / black hole",
    },
    PhraseSource("", "the vaguest words that are said of a recipient"): {
        Cause.NO_SUCH_USER: """
            mailbox unavailable / mailbox is unavailable / mailbox temporarily unavailable / mailbox not accessible
            address rejected / address was rejected / recipient rejected / recipients … rejected
            recipient … rejected / no valid recipient* / recipient … denied / recipient address / rejected recipient
            permanent failure for one or more recipients
            """,
    },
    PhraseSource("", "waiting that says no more"): {
        Cause.EXPIRED: "delayed / deferred",
    },
}
