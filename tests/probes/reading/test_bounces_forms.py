"""Bounces in prose: the forms of mail systems that send no report. The texts are written for these tests."""

from dataclasses import dataclass

import pytest

from probes.answer import Stage
from probes.reading.bounces import read_bounce
from probes.reading.facts import BounceFacts, MailKind
from probes.verdict import Cause

DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.company.example>"


def notice(body: str, subject: str = "Undelivered mail", sender: str = DAEMON, more: str = "") -> BounceFacts:
    """A mail of one text, read."""
    head = f"From: {sender}\nTo: bounce@account.example\nSubject: {subject}\n{more}Content-Type: text/plain\n\n"
    return read_bounce((head + body).encode())


@dataclass(frozen=True)
class Form:
    """A notice, and what is to be read in it."""

    system: str
    body: str
    address: str
    code: int | None
    enhanced: str | None
    cause: Cause
    subject: str = "Undelivered mail"
    more: str = ""
    kind: MailKind = MailKind.BOUNCE


FORMS = (
    Form(
        "qmail",
        "Hi. This is the qmail-send program at mx.company.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
        "<ann@company.example>:\n192.0.2.8 does not like recipient.\n"
        "Remote host said: 550 5.1.1 no such user here\nGiving up on 192.0.2.8.\n\n"
        "--- Below this line is a copy of the message.\n\nTo: eve@other.example\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER, subject="failure notice",
    ),
    Form(
        "qmail, its own trouble",
        "<ann@company.example>:\nSorry, I couldn't find any host named company.example. (#5.1.2)\n\n"
        "--- Below this line is a copy of the message.\n",
        "ann@company.example", None, "5.1.2", Cause.DOMAIN_UNKNOWN, subject="failure notice",
    ),
    Form(
        "Exim",
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. The following address(es) failed:\n\n"
        "  ann@company.example\n"
        "    SMTP error from remote mail server after RCPT TO:<ann@company.example>:\n"
        "    host mx.company.example [192.0.2.8]: 552 5.2.2 mailbox is full\n\n"
        "------ This is a copy of the message, including all the headers. ------\n\nTo: eve@other.example\n",
        "ann@company.example", 552, "5.2.2", Cause.MAILBOX_FULL, more="X-Failed-Recipients: ann@company.example\n",
    ),
    Form(
        "Exim, given up",
        "A message that you sent could not be delivered.\n\n  ann@company.example\n    retry timeout exceeded\n",
        "ann@company.example", None, None, Cause.EXPIRED,
    ),
    Form(
        "Postfix before reports",
        "This is the Postfix program at host mail.sender.example.\n\n"
        "For further assistance, please contact <postmaster@sender.example>\n\n"
        "<ann@company.example>: host mx.company.example[192.0.2.8] said: 550 5.1.1 User unknown\n"
        "    (in reply to RCPT TO command)\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER,
    ),
    Form(
        "sendmail 5",
        "   ----- Transcript of session follows -----\n"
        "While talking to mx.company.example:\n>>> RCPT To:<ann@company.example>\n<<< 550 No such user here\n"
        "550 <ann@company.example>... User unknown\n\n"
        "   ----- Unsent message follows -----\nReceived: from x\nTo: eve@other.example\n",
        "ann@company.example", 550, None, Cause.NO_SUCH_USER, subject="Returned mail: User unknown",
    ),
    Form(
        "sendmail 8 without its report",
        "   ----- The following addresses had permanent fatal errors -----\n"
        "<ann@company.example>\n    (reason: 550 5.1.1 User unknown)\n\n"
        "   ----- Transcript of session follows -----\n... while talking to mx.company.example.:\n"
        ">>> DATA\n<<< 550 5.1.1 User unknown\n<<< 503 5.5.2 Need Rcpt command.\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER,
    ),
    Form(
        "Exchange 2003",
        "Your message\n\n  To:      ann@company.example\n  Subject: code\n\n"
        "did not reach the following recipient(s):\n\n"
        "ann@company.example on Mon, 23 Nov 2026 10:00:00 +0100\n"
        "    The recipient name is not recognized\n    MSEXCH:IMS:COMPANY:HQ:MAIL 0 (000C05A6) Unknown Recipient\n",
        "ann@company.example", None, None, Cause.NO_SUCH_USER, subject="Undeliverable: code",
    ),
    Form(
        "Exchange 2007",
        "Delivery has failed to these recipients or distribution lists:\n\nann@company.example\n\n"
        "Diagnostic information for administrators:\n\nGenerating server: mail.company.example\n\n"
        "ann@company.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nOriginal message headers:\n\n"
        "Received: from x by y\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER, subject="Undeliverable: code",
    ),
    Form(
        "Domino",
        "Your message\n\n  Subject: code\n\nwas not delivered to:\n\n  ann@company.example\n\nbecause:\n\n"
        "  User ann (ann@company.example) not listed in Domino Directory\n",
        "ann@company.example", None, None, Cause.NO_SUCH_USER, subject="DELIVERY FAILURE: User ann not listed",
    ),
    Form(
        "IMail",
        "Unknown user: ann@company.example\n\nOriginal message follows.\n\nReceived: from x\n",
        "ann@company.example", None, None, Cause.NO_SUCH_USER, subject="Undeliverable Mail",
    ),
    Form(
        "MailMarshal",
        "Your message:\n   From:    no-reply@account.example\n   Subject: code\n\nCould not be delivered because of\n\n"
        "550 5.1.1 User unknown\n\nThe following recipients were affected:\n    ann@company.example\n\n"
        "Additional Information\nOriginal sender: x\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER, subject="Undeliverable Mail: code",
    ),
    Form(
        "m-FILTER",
        "The following message could not be delivered.\nann@company.example\n\n"
        "-------server message\n550 5.1.1 unknown user <ann@company.example>\n\n"
        "-------original message info\nFrom: no-reply@account.example\nTo: eve@other.example\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER, subject="failure notice",
    ),
    Form(
        "Courier",
        "This is a delivery status notification from mx.company.example.\n\n"
        "The original message could not be delivered to the following:\n\n"
        "<ann@company.example>:\n     mx.company.example [192.0.2.8]:\n"
        "     >>> RCPT TO:<ann@company.example>\n     <<< 550 User unknown.\n",
        "ann@company.example", 550, None, Cause.NO_SUCH_USER,
    ),
    Form(
        "OpenSMTPD",
        "    Hi!\n\n    An error has occurred while attempting to deliver a message for\n"
        "    the following list of recipients:\n\nann@company.example: 550 5.7.25 no PTR record\n\n"
        "    Below is a copy of the original message:\n\nTo: eve@other.example\n",
        "ann@company.example", 550, "5.7.25", Cause.RDNS, subject="Delivery status notification: error",
    ),
    Form(
        "OpenSMTPD, delay",
        "    A message is delayed for more than 10 minutes for the following\n    list of recipients:\n\n"
        "ann@company.example: Network error on destination MXs\n\n"
        "    Please note that this is only a temporary failure report.\n",
        "ann@company.example", None, None, Cause.NETWORK,
        subject="Delivery status notification: warning", kind=MailKind.DELAY,
    ),
    Form(
        "DragonFly Mail Agent",
        "This is the DragonFly Mail Agent v0.13 at df.sender.example.\n\n"
        "There was an error delivering your mail to <ann@company.example>.\n\n"
        "mx.company.example [192.0.2.8] did not like our RCPT TO:\n550 5.7.1 blocked using zen.spamhaus.org\n\n"
        "Message headers follow.\n\nReceived: from x\n",
        "ann@company.example", 550, "5.7.1", Cause.IP_LISTED, subject="Mail delivery failed",
    ),
    Form(
        "GMX and 1&1",
        "A message that you sent could not be delivered. The following address\nfailed:\n\n"
        '"ann@company.example":\nSMTP error from remote server after RCPT command:\nhost: mx.company.example\n'
        "5.2.2 mailbox full\n\n--- The header of the original message is following. ---\n\nTo: eve@other.example\n",
        "ann@company.example", None, "5.2.2", Cause.MAILBOX_FULL,
    ),
    Form(
        "Gmail of old",
        "Delivery to the following recipient failed permanently:\n\n     ann@company.example\n\n"
        "Technical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the\n"
        "recipient domain. The error that the other server returned was: 550 550 5.1.1 user unknown (state 14).\n\n"
        "----- Original message -----\n\nReceived: by x\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER, subject="Delivery Status Notification (Failure)",
    ),
    Form(
        "Yahoo",
        "Sorry, we were unable to deliver your message to the following address.\n\n<ann@company.example>:\n"
        "Remote host said: 550 5.2.1 mailbox disabled [RCPT_TO]\n\n"
        "--- Below this line is a copy of the message.\n",
        "ann@company.example", 550, "5.2.1", Cause.MAILBOX_DISABLED,
    ),
    Form(
        "EZweb",
        "Each of the following recipients was rejected by a remote\nmail server.\n\n"
        "    Recipient: <ann@company.example>\n    >>> RCPT TO:<ann@company.example>\n"
        "    <<< 550 <ann@company.example>: User unknown\n",
        "ann@company.example", 550, None, Cause.NO_SUCH_USER, subject="Mail System Error - Returned Mail",
    ),
    Form(
        "KDDI",
        "Your mail sent on: Mon, 23 Nov 2026 10:00:00 +0900\n"
        "     Could not be delivered to: <ann@company.example>\n     As their mailbox is full.\n",
        "ann@company.example", None, None, Cause.MAILBOX_FULL, subject="Mail",
    ),
    Form(
        "MailFoundry",
        "Unable to deliver message to: <ann@company.example>\nDelivery failed for the following reason:\n"
        "mx.company.example[192.0.2.8] responded with failure: 552 5.2.2 over quota\n\n"
        "This has been a permanent failure. No further delivery attempts will be made.\n",
        "ann@company.example", 552, "5.2.2", Cause.MAILBOX_FULL, subject="Message delivery has failed",
    ),
    Form(
        "Mimecast",
        "An email that you attempted to send to the following address could not be delivered:\n-- ann@company.example\n\n"
        "The problem appears to be :\n-- Recipient email address is possibly incorrect\n\n"
        "Additional information follows :\n-- 5.1.10 not found\n",
        "ann@company.example", None, "5.1.10", Cause.NO_SUCH_USER, subject="[Postmaster] Email Delivery Failure",
    ),
    Form(
        "Zoho",
        "A message that you sent could not be delivered to one or more of its recipients.\n\n"
        "ann@company.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 User Unknown\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER,
    ),
    Form(
        "SurfControl",
        "Your message could not be sent.\nA transcript of the attempts to send the message follows.\n\n"
        "Addressed To: ann@company.example\n\nFailed to send to identified host,\n"
        "ann@company.example: [192.0.2.8], 550 ann... No such user\n\n--- Message non-deliverable.\n",
        "ann@company.example", 550, None, Cause.NO_SUCH_USER, subject="Delivery failure",
    ),
    Form(
        "Activehunter",
        "  ----- The following addresses had permanent fatal errors -----\n\n"
        ">>> ann@company.example <ann@company.example>\n\n"
        "  ----- Transcript of session follows -----\n 550 sorry, no mailbox here by that name (#5.1.1)\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER, subject="Returned mail",
    ),
    Form(
        "InterScan",
        "Message from InterScan Messaging Security Suite\n\n"
        "Sent <<< RCPT TO:<ann@company.example>\nReceived >>> 550 5.1.1 <ann@company.example>... user unknown\n\n"
        "Unable to deliver message to <ann@company.example>\n",
        "ann@company.example", 550, "5.1.1", Cause.NO_SUCH_USER, subject="Mail could not be delivered",
    ),
    Form(
        "Verizon and James",
        "Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n\n"
        "Message details:\n  MAIL FROM: no-reply@account.example\n  RCPT TO: ann@company.example\n"
        "  Size (in bytes): 512\n",
        "ann@company.example", 550, None, Cause.NO_SUCH_USER, subject="Undeliverable Message",
    ),
    Form(
        "Biglobe",
        "   ----- The following addresses had delivery problems -----\nann@company.example\n\n"
        "   ----- Non-delivered information -----\n"
        "The number of messages in recipient's mailbox exceeded the local limit.\n",
        "ann@company.example", None, None, Cause.MAILBOX_FULL, subject="Returned mail: mailbox",
    ),
    Form(
        "MXLogic",
        "A message that you have sent could not be delivered. The following address failed:\n\n"
        "  <ann@company.example>: 550 5.7.1 rejected for policy reasons\n\nIncluded is a copy of the message header:\n"
        "-----------------------------------------\nReceived: from x\n",
        "ann@company.example", 550, "5.7.1", Cause.POLICY,
    ),
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.system)
def test_the_forms_of_prose(form: Form) -> None:
    facts = notice(form.body, form.subject, more=form.more)
    assert facts.kind is form.kind
    assert [one.address for one in facts.recipients] == [form.address]
    [one] = facts.recipients
    assert one.facts is not None
    assert (one.facts.code, one.status, one.cause) == (form.code, form.enhanced, form.cause)
    if form.code:
        assert str(form.code) in one.reply


def test_each_recipient_has_his_own_reason() -> None:
    facts = notice(
        "<ann@company.example>:\nRemote host said: 550 5.1.1 no such user\n\n"
        "<bob@company.example>:\nRemote host said: 552 5.2.2 mailbox full\n\n--- Below this line is a copy of the message.\n",
        "failure notice",
    )
    assert [(one.address, one.cause) for one in facts.recipients] == [
        ("ann@company.example", Cause.NO_SUCH_USER),
        ("bob@company.example", Cause.MAILBOX_FULL),
    ]


def test_a_list_of_recipients_shares_the_reason_below_it() -> None:
    facts = notice(
        "was not delivered to:\n\n  ann@company.example\n  bob@company.example\n\nbecause:\n\n  disk quota\n"
    )
    assert [(one.address, one.cause) for one in facts.recipients] == [
        ("ann@company.example", Cause.MAILBOX_FULL),
        ("bob@company.example", Cause.MAILBOX_FULL),
    ]


def test_who_stands_in_the_returned_message_is_not_a_recipient() -> None:
    facts = notice(
        "could not be delivered to:\n\nann@company.example\n\n--- Original message follows.\n\n<eve@other.example>: hello\n"
    )
    assert [one.address for one in facts.recipients] == ["ann@company.example"]


def test_nobody_named_means_the_one_to_whom_it_was_sent() -> None:
    facts = notice(
        "   ----- Transcript of session follows -----\n"
        "421 company.example (smtp)... Deferred: Connection timed out\n\n"
        "   ----- Unsent message follows -----\nReceived: from x\nTo: Ann <ann@company.example>\n",
        "Returned mail: Cannot send message for 3 days",
    )
    assert [(one.address, one.cause) for one in facts.recipients] == [("ann@company.example", Cause.NETWORK)]


def test_the_stage_and_the_host_are_read_from_prose() -> None:
    facts = notice(
        "could not be delivered\n\n  ann@company.example\n"
        "    host mx.company.example [192.0.2.8]\n"
        "    SMTP error from remote mail server after MAIL FROM:<x@y.example> SIZE=1024:\n    550 5.7.1 go away\n"
    )
    [one] = facts.recipients
    assert one.facts is not None
    assert (one.facts.stage, one.remote_mta) == (Stage.MAIL, "mx.company.example")
