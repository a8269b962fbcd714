"""Phrases of other mailbox and sending services."""

from probes.outcome import Cause
from probes.reading.replies.table import PhraseSource, Rows

ROWS: Rows = {
    PhraseSource("orange", "Orange and La Poste, numbers 401 and 517"): {
        Cause.AUTHENTICATION: "ofr*_401 / ofr*_517 / lpn*_401 / lpn*_517 / spf/dns de votre nom de domaine",
    },
    PhraseSource("orange", "Orange and La Poste, numbers 101 to 103, 109, 510 and 999"): {
        Cause.IP_BLOCKED: """
            ofr*_101 / ofr*_102 / ofr*_103 / ofr*_109 / ofr*_510 / ofr_999 / lpn*_101 / lpn*_102 / lpn*_103 / lpn*_108
            lpn*_109 / lpn*_510 / pour incident de spam / abus detecte / adresse ip source bloquee
            """,
    },
    PhraseSource("orange", "Orange and La Poste, numbers 104 to 107"): {
        Cause.RATE_LIMITED: """
            ofr*_104 / ofr*_105 / ofr*_106 / ofr*_107 / lpn*_104 / lpn*_106 / lpn*_107 / trop de connexions
            """,
    },
    PhraseSource("laposte", "La Poste, numbers 402 and 630"): {
        Cause.POLICY: "lpn*_402 / ofr*_402 / lpn*_630 / ofr*_630 / authentification requise",
    },
    PhraseSource("orange", "Orange and La Poste, numbers 403, 405, 415, 421"): {
        Cause.DOMAIN_BLOCKED: """
            emetteur invalide / ofr*_403 / ofr*_405 / ofr*_415 / ofr*_421 / lpn*_403 / lpn*_405 / lpn*_415 / lpn*_421
            """,
    },
    PhraseSource("orange", "Orange and La Poste, numbers 416 and 418"): {
        Cause.NO_SUCH_USER: "destinataire invalide / ofr*_416 / ofr*_418 / lpn*_416 / lpn*_418",
    },
    PhraseSource("orange", "Orange and La Poste, number 417"): {
        Cause.MAILBOX_FULL: "boite du destinataire pleine / ofr*_417 / lpn*_417",
    },
    PhraseSource("orange", "Orange and La Poste, numbers 420 and 426"): {
        Cause.MAILBOX_DISABLED: """
            boite du destinataire archivee / compte du destinataire est bloque / ofr*_420 / ofr*_426 / lpn*_420
            lpn*_426
            """,
    },
    PhraseSource("orange", "Orange and La Poste, number 505"): {
        Cause.SERVER_FAULT: "ofr*_505 / lpn*_505",
    },
    PhraseSource("orange", "Orange and La Poste, number 506"): {
        Cause.CONTENT: "ofr*_506 / lpn*_506 / mail rejete",
    },
    PhraseSource("orange", "Orange and La Poste, number 514"): {
        Cause.TOO_LARGE: "ofr*_514 / lpn*_514",
    },
    PhraseSource("godaddy", "GoDaddy, IB508"): {
        Cause.AUTHENTICATION: "ib508",
    },
    PhraseSource("godaddy", "GoDaddy, IB103"): {
        Cause.REPUTATION: "ib103",
    },
    PhraseSource("godaddy", "GoDaddy, IB108 and IB109"): {
        Cause.RDNS: "ib108 / ib109",
    },
    PhraseSource("godaddy", "GoDaddy, IB104 to IB106, IB110"): {
        Cause.IP_LISTED: "ib104 / ib105 / ib106 / ib110",
    },
    PhraseSource("godaddy", "GoDaddy, IB111 to IB113, IB212"): {
        Cause.IP_BLOCKED: "ib111 / ib112 / ib113 / ib212",
    },
    PhraseSource("godaddy", "GoDaddy, IB501 to IB503"): {
        Cause.MALFORMED: "ib501 / ib502 / ib503",
    },
    PhraseSource("godaddy", "GoDaddy, rate codes"): {
        Cause.RATE_LIMITED: "ib007 / ib101 / ib504 / ib605 / ib607",
    },
    PhraseSource("godaddy", "GoDaddy, content codes"): {
        Cause.CONTENT: "ib702 / ib703 / ib704 / ib705",
    },
    PhraseSource("cox", "Cox, error codes"): {
        Cause.IP_BLOCKED: "cxbl / cdrbl / ipbl* / cox too many bad commands",
    },
    PhraseSource("cox", "Cox, CXTHRT"): {
        Cause.POLICY: "cxthrt",
    },
    PhraseSource("cox", "Cox and Comcast, error codes"): {
        Cause.RATE_LIMITED: """
            cxmxrt / cxcnct / requested action aborted: try again later / rl000001 / rl000002 / rl000003
            """,
    },
    PhraseSource("cox", "Cox, URLBL"): {
        Cause.CONTENT: "urlbl*",
    },
    PhraseSource("comcast", "Comcast, BL000"): {
        Cause.IP_LISTED: "~#bl0* / bl000* / found on one or more dnsbls",
    },
    PhraseSource("gmx", "GMX and WEB.DE, postmaster pages"): {
        Cause.IP_BLOCKED: """
            nemesis esmtp service not available / for explanation visit … ip= … blocked
            """,
    },
    PhraseSource("facebook", "Facebook, response codes"): {
        Cause.AUTHENTICATION: "pol-p7",
        Cause.CONTENT: "pol-p5 / pol-p6",
        Cause.IP_BLOCKED: "pol-p1 / pol-p2 / pol-p3 / pol-p4 / pol-t1 / pol-t2 / pol-t3",
        Cause.MALFORMED: "msg-p1 / msg-p2 / msg-p3 / msg-p4",
        Cause.DOMAIN_BLOCKED: "dns-p1 / dns-p2 / dns-t1",
        Cause.RDNS: "dns-t2 / dns-p3",
        Cause.SERVER_FAULT: "rcp-t1 / int-t1 / con-p1",
        Cause.RATE_LIMITED: "con-t1 / con-t2 / con-t3 / rcp-t2",
        Cause.NO_SUCH_USER: "rcp-p1 / int-p1 / int-p3 / int-p4 / int-p7",
        Cause.POLICY: "rcp-p2 / rcp-p3",
    },
    PhraseSource("tencent", "Tencent, return codes"): {
        Cause.RATE_LIMITED: "frequency limited / mailbox unavailable or access denined",
        Cause.DOMAIN_BLOCKED: "mail is rejected by recipients",
        Cause.MAILBOX_DISABLED: "mailbox unavailable or access denied",
    },
    PhraseSource("tencent", "Tencent and NetEase, return codes"): {
        Cause.CONTENT: "mail content denied / dt:spm / ct:spm / suspected spam",
    },
    PhraseSource("netease", "NetEase, return codes"): {
        Cause.RATE_LIMITED: "mi:dmc / mi:cel / mi:sfq / rp:qrc / rp:trc / rp:cel / mi:stc / mi:nhd / rp:dcl",
        Cause.IP_BLOCKED: "mi:ipb / rp:drc / mi:nmd / dt:sum / dt:rbl",
        Cause.AUTHENTICATION: "mi:spf / mi:dma / mi:spb",
    },
    PhraseSource("amazon", "Amazon SES"): {
        Cause.DOMAIN_BLOCKED: "email address is not verified",
        Cause.POLICY: "is not authorized to perform ses",
        Cause.RATE_LIMITED: "throttling failure / maximum sending rate exceeded",
    },
    PhraseSource("docomo", "docomo, notices of its filters"): {
        Cause.CONTENT: "has restricted sms e-mail",
    },
    PhraseSource("tonline", "postmaster.t-online.de, IP troubleshooting"): {
        Cause.REPUTATION: "none/bad reputation",
        Cause.IP_BLOCKED: "dialup/transient ip not allowed / ip=# - a problem occurred",
    },
    PhraseSource("gmx", "postmaster.gmx.net and postmaster.web.de, error messages"): {
        Cause.IP_LISTED: "ip address is block listed / ip address is black listed",
        Cause.RDNS: "bad dns ptr resource record",
        Cause.MALFORMED: "invalid dns a/aaaa resource record",
        Cause.AUTHENTICATION: "reject due to spf policy / reject due to dmarc policy",
        Cause.POLICY: "message refused … policy / reject due to policy restrictions",
        Cause.MAILBOX_FULL: "hat das speichervolumen / zuviele mails auf dem server",
        Cause.RATE_LIMITED: "sending limit exceeded / mail count limit",
    },
    PhraseSource("netease", "Coremail, texts of its refusals (QQ, 163, many Chinese hosts)"): {
        Cause.IP_BLOCKED: "ip is rejected / ip is hangup / : invalid ip",
        Cause.DOMAIN_BLOCKED: "fake sender / sender is rejected / null sender is not allowed / : bad sender",
        Cause.NO_SUCH_USER: "rcpt is rejected / local user only / user rejected",
        Cause.MAILBOX_DISABLED: "user suspended / user hangup / user locked",
        Cause.DOMAIN_UNKNOWN: "no smtp mx only",
        Cause.POLICY: "user in blacklist / ~ is rejected",
    },
    PhraseSource("mailru", "Mail.ru, help for senders"): {
        Cause.MAILBOX_DISABLED: "message sending for this account is disabled",
        Cause.CONTENT: "spam message rejected / spam message discarded",
        Cause.RATE_LIMITED: "ratelimit exceeded / try again on another",
        Cause.AUTHENTICATION: "not accepted due to domain owner dmarc",
    },
}
