"""English phrases of all kinds of servers about a mailbox."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

FULL: Rows = {
    PhraseSource("", "Mailgun 605, SendGrid drop reasons, SparkPost and SES suppression lists"): {
        Cause.SUPPRESSED: """
            suppression list / recipient suppressed / address is suppressed
            not delivering to previously bounced address / previously bounced / bounced address
            previously unsubscribed / unsubscribed address / recipient unsubscribed / spam reporting address
            previously marked as spam / hard bounced previously
            """,
    },
    PhraseSource("", "RFC 3463 X.2.2 and the servers' own words"): {
        Cause.MAILBOX_FULL: """
            over quota / overquota / over the quota / over its quota / over his quota / over storage quota
            over disk quota / over … mailbox quota / out of storage / out of space / mailbox full / mailbox is full
            mailbox … is full / mailbox is currently full / mailbox … is stuffed / mail box full / inbox is full
            inbox full / folder is full / mbox full / account is full / account full / user is full / box is full
            maildir is full / full mailbox / maildir over quota / mailbox for … is full / mailbox size limit
            mailbox limit exe* / mailbox limit exceeded / mailbox exceeds allowed size / mailbox exceeded
            mailbox has exceeded / mailbox … exceeded … limit / mailbox quota / mailbox space not enough
            exceeded storage allocation / storage quota / quota exceeded / quota has been exceeded / quota exceed*
            quota is exceeded / quota violation
            quota usage exceeded / quota limit / quota full / quota is full / exceeded … quota / exceeds … quota
            exceeding … quota / exceeded … storage allocation / exceeded … disk space / exceeded … storage limit
            storage limit / storage quota / account storage limit / disk quota / user quota / email quota
            out of quota / disk full / blocks limit exceeded / inode limit exceeded / exceeding receiving limits
            not enough disk space / not enough storage space / not enough space / insufficient disk space
            does not have enough space / no space left in mailbox / storage space for … exceeded
            has too many messages on the server / user has exceeded / would exceed mailbox / too much mail data
            too many messages in … mailbox / error writing message: file too large / userdisk quota / mailbox capacity
            exceeded the quota / exceeded storage / allocated storage / exceeded storage allocation / mail quota
            quota has exceeded / message would put / box is too full / no storage available / full inbox
            """,
    },
}

NOBODY: Rows = {
    PhraseSource("", "the domain rather than the mailbox"): {
        Cause.DOMAIN_UNKNOWN: """
            unknown domain / unknown mail domain / host unknown / unknown host / no such domain / no such host
            domain not found / recipient domain must exist / domain must exist / host or domain name not found
            domain name not found / dead domain / domain does not exist / domain doesn't exist / null mx / nullmx
            domain does not accept mail / domain … doesn't receive email
            """,
    },
    PhraseSource("", "RFC 3463 X.1.1 and the servers' own words"): {
        Cause.NO_SUCH_USER: """
            user unknown / userunknown / unknown user / unknown or illegal user / unknown or illegal alias
            unknown alias / unknown local part / unknown local-part / unknown localpart / unknown local user
            unknown account / unknown address
            unknown mailbox / unknown e-mail / unknown email / your envelope recipient
            envelope recipient has been denied / unknown recipient / unknown name / unknown userid / no such user
            no such local user / no such mailbox / no such recipient / no such address / no such account
            no such person / no such id / no such email / no such e-mail / no such name / no such customer
            no such virtual user / no such alias / no user by that name / no account by that name / no mailbox here
            no mail-box here / no mailbox found / no mailbox by that name / no mailbox for / no mailbox / no account
            no one at this address / no one by that name / no local mailbox / no matches for user / mailbox not found
            mailbox … not found / mailbox does not exist / mailbox doesn't exist / mailbox … does not exist
            mailbox … doesn't exist / mailbox unknown / mailbox invalid / mailbox name not allowed
            mailbox name invalid / mailbox not available / mailbox … no longer / mailbox nonexist*
            mailbox not known / invalid mailbox / invalid recipient* / invalid address
            invalid user / invalid email address / invalid account / invalid destination / invalid local part
            invalid local-part / invalid localpart
            invalid e-mail address / address invalid / address is invalid / address not found / address is unknown
            address is not valid / recipient invalid / recipient is invalid / bad address / bad recipient
            bad destination / bad user / bad mailbox / bad e-mail address / bad email address / illegal user
            illegal recipient / recipient unknown / recipient … unknown / recipient not found / recipient … not found
            recipient does not exist / recipient doesn't exist / recipient … does not exist / recipient not exist*
            recipient no longer / recipient not ok / recipient not valid / recipient not known
            recipient not recognized / recipient unrecognized / recipient is unknown / recipient is not local
            recipient not local / recipient is not accepted / recipient address no longer / recipient address unknown
            recipient cannot be verified / recipient can't be verified / recipient verification failed
            recipient verify failed / recipient undeliverable / recipients … undeliverable / cannot verify recipient
            unable to verify recipient / verify recipient / recipnotfound / recipientnotfound / rejected recipients
            not found recipient / user not found / user … not found / user not exist* / user … does not exist
            user … doesn't exist / user does not exist / user doesn't exist / user not known / user … not known
            user is unknown / user is not known / user invalid / user … unknown / user not local / user no longer
            user … no longer / user doesn't have a / user does not have a / user missing home directory
            user rejected / user has moved / user … not ok / username … not found / username unknown
            users are unknown / unrecognized user / unrecognised user / unrecognized recipient / unrecognized address
            can't accept user / account does not exist / account doesn't exist / account … does not exist
            account … doesn't exist / account … not exist* / account not found / account unknown / account … not found
            account not available / account is not available / account that you tried to reach does not exist
            account … no longer / account is invalid / account invalid
            account or domain may not exist / address does not exist / address … does not exist
            address doesn't exist / address … doesn't exist / address not exist* / address … not exist*
            address couldn't be found / address could not be found / address … couldn't be found
            address … could not be found / address no longer / address … no longer / address unknown
            address … unknown / address … not present in directory / address not present / address is wrong
            address is incorrect / address not listed / address … has been replaced / address has changed
            email address … was not found / email address is not known / undeliverable address
            undeliverable recipient / not listed in … directory / not listed in … name & address book
            not found in directory / not found by … address lookup / no … in name directory / domino directory
            not our customer / non-existent / nonexistent / non existent / non … existent user / not a known user
            not a valid user / not a valid mailbox / not a valid recipient / not a valid address / not a valid email
            not a valid rfc 5321 address / not a local address / not a local user / not local user / not a user here
            not a mailbox / not a registered user / not email address* / not known here / not known at this
            not present in directory / is not a known / is not a recognized / badrcptto / badrecipientto / validrcptto
            recipient … not in my / there is no such / there is no one / there is no user / does not exist here
            does not exist at this / doesn't exist here / no longer valid / no longer on server / no longer exist*
            no longer active / no longer in use / no longer with / no longer employed / no longer works
            has left the company
            has left the organization / has left the firm
            has moved to / moved permanently / mailbox owner has changed / rcpt … does not exist
            [rcpt] … does not exist / can not find the user / cannot find user / cannot find recipient
            can't find user / could not find user / couldn't find user / unable to find recipient
            unable to find user / unable to validate recipient / unable to verify user
            could not be verified … recipient / isn't a valid / email address lookup in domain map failed
            lookup in … map failed / local user only / user lookup failed / requested user mailbox
            mailbox access denied … no user / no thank you rejected: account unavailable / address … misspelled
            unknown e … mail address / account or domain may not exist / rcpt not found / not a recipient
            unknown rcpt / no local user / address is not recogni* / address not recogni* / not recognized as a valid
            no such addressee / invalid rcpt / is not listed in / could not find … recipient
            not our user / could not find … user / mail to @ is not / 542 … rejected / address unavailable
            check … recipient … address / check if address is correct / mail to … not accepted here
            """,
    },
    PhraseSource("", "RFC 3463 X.2.1 and the servers' own words"): {
        Cause.MAILBOX_DISABLED: """
            mailbox disabled / mailbox is disabled / mailbox … disabled / mailbox … suspended / mailbox … deactivated
            mailbox is locked / mailbox locked / mailbox is blocked / mailbox is closed / mailbox frozen
            mailbox temporarily disabled / mailbox is inactive / mailbox inactive / mailbox … inactive
            disabled mailbox / deactivated mailbox / inactive mailbox / account disabled / account is disabled
            account has been disabled / account … disabled / account suspended / account is suspended
            account … suspended / account … deactivated / account … terminated / account is locked / account locked
            account inactive / account is inactive / account … is inactive / account is not active / account not active
            account expired / account has expired / account … expired / account is closed / account blocked
            account … is blocked / expired account / disabled account / suspended account / inactive account
            inactive user / inactive recipient / inactive email / user disabled / user is disabled / user … disabled
            user suspended / user … suspended / user inactive / user … inactive / user is inactive
            user is terminated / user terminated / user … deactivated / user … temporary locked
            user or domain is disabled / user is not active / user not active / recipient disabled
            recipient … disabled / recipient … suspend* / recipient … inactive / recipient … archived
            recipient … locked / recipient is blocked / recipient account is blocked / recipient account isblocked
            archived recipient / disabled or discontinued / account … discontinued / mailbox … temporarily suspended
            user … temporarily suspended / is temporarily suspended / disabled recipient / disabled address
            address disabled / address … disabled / address is inactive / address … inactive / address … suspended
            address … deactivated / inactive address / currently suspended / temporary locked
            discontinued / not accepting any mail / is not accepting mail
            not accepting messages / not accepting any messages / domain … expired / domain … suspended
            not accepting mail / this account is not allowed / account protected / no longer accepting
            no longer accept* / locked email / user account … expired / account has been closed
            mailbox has been closed / temporarily locked
            temporarily inactive / mail receiving disabled / mail delivery … disabled
            account … temporarily unavailable
            """,
    },
    PhraseSource("", "RFC 3463 X.1.2 and X.1.10, RFC 7505"): {
        Cause.DOMAIN_UNKNOWN: """
            host unknown / unknown host / hostname unknown / host or domain name not found / domain name not found
            domain not found / domain … not found / no such domain / no such host / unknown domain
            unknown mail domain / domain unknown / domain does not exist / domain doesn't exist
            recipient domain … does not exist / recipient domain must exist / recipient domain not found
            domain is not reachable / domain is invalid … recipient / domain owner has changed
            domain does not accept mail / domain doesn't receive email / domain … doesn't receive email
            unrouteable address / unroutable address / unrouteable mail domain / unrouteable domain / no mx record
            indicated no smtp service / no mx records / no mx or / no mx host / null mx / nullmx / nonexistentdomain
            host not found / dns lookup failure: host / nxdomain / all relevant mx records point to non-existent hosts
            mx record … points to / name or service not known / malformed or unexpected name server reply
            dns error when resolving mx
            """,
    },
}
