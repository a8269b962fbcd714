"""English phrases of all kinds of servers about a message."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

SIZE: Rows = {
    PhraseSource("", "RFC 1870, RFC 3463 X.3.4 and X.2.3"): {
        Cause.TOO_LARGE: """
            message too large / message too big / message is too large / message is too big / message … too large
            message … too big / message size exceed* / message size … exceed* / message size limit*
            message length exceeds / message file too big / message header size exceed* / message would exceed
            message exceeds … size / message exceeds … limit / message exceeded … size / message larger than
            exceeds … message size / exceeded … message size / maximum message size / max message size
            maximum … size exceeded / mail size limit / mail too large / mail is too large / mail too big
            email too large / e-mail too large / email size / size exceed* / size of … exceed* / size limit*
            size too large / exceeds size / exceeds maximum / exceeds … size limit* / exceeds limit … size
            recipsizelimit / sender size limit / message size violation / line limit exceeded
            too many attachments / limit attachments
            per individual header size / header name limit / entity too large / too much data
            """,
    },
}

CONTENTS: Rows = {
    PhraseSource("", "filters of what the message holds"): {
        Cause.CONTENT: """
            virus* / malware / trojan / infected / executable files / executable attachment / prohibited virus
            recent viruses / unacceptable content / dangerous / charset not supported / message content
            invalid message content / unsafe content / phishing / phish / message content rejected / content rejected
            content filter* / content … rejected / content not allowed / content restriction / content examination
            banned content / banned file* / banned attachment* / blocked attachment* / blocked using content
            attachment type / attachment … not allowed / attachment … blocked / attachment … rejected
            illegal attachment / executable attachment / file type / file extension / forbidden attachment
            prohibited attachment / suspicious content / suspicious attachment / suspicious url
            potential security issue / potential security / blacklisted url / blocked url* / url blocked
            links … suspicious / message looks like / message blocked / message filtered / message refused by
            message was identified / message has been identified / message scored / scored too high / mail score
            unsolicited / ube / uce / bulk mail / bulk e-mail / bulk email / mass mail* / junk mail / junk e-mail
            junkmail / spam* / anti-spam / antispam / nature of the content / images or other attachments
            objectionable content / profanity / bayes* / dspam
            """,
    },
    PhraseSource("", "RFC 5322 and RFC 2045 checks"): {
        Cause.MALFORMED: """
            not rfc / rfc compliant / rfc-compliant / rfc 5322 / rfc 2822 / rfc 822 / rfc violation / rfc2822
            rfc5322 / malformed / duplicate header / duplicated message-id / multiple subject headers / multiple from
            multiple addresses in from / missing from / missing date / missing message-id / message-id header
            missing … header / missing a valid / invalid header / invalid … header* / header … invalid
            headers too large / header too large / bad header / bare lf / bare linefeed / bare newline / bare cr
            stray newline / 8-bit data / 8bit data / invalid characters / invalid structure / mime error
            mime complexity / invalid mime / mime header* / broken mime / unicode character / bad syntax
            syntax error / header error / improperly-formatted / header size exceeds / command sequence
            no such command / improper sequence / bad sequence / out of sequence / command not implemented
            command unrecognized / command not recognized / unrecognized command / unknown command / line too long
            line length / lines longer than / as a from: address / date header / need mail
            mail first / rcpt first / helo first / hello first / ehlo/helo first / send hello / cannot decode
            invalid parameters / message depth exceeded / xoauth / agent generated message depth
            """,
    },
}
