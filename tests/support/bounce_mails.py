"""Mails as mail systems write them, about a probe that the tests made."""

PROBE = """\
Return-Path: <bounce+{token}@account.trimble.com>
Received: from account.trimble.com (account.trimble.com [104.130.122.50])
\tby mx.acme.test (Postfix) with ESMTPS id 4Q1; Mon, 23 Nov 2026 08:00:03 +0000 (UTC)
{more}From: Trimble <no-reply@account.trimble.com>
To: <probe@acme.test>
Subject: Your code
Message-ID: <{token}@account.trimble.com>
Auto-Submitted: auto-generated
X-Mailpath-Probe: {token}

123456 is your code
"""

BOUNCE = """\
From: MAILER-DAEMON@mx.acme.test (Mail Delivery System)
To: bounce+{token}@account.trimble.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain

The mail system could not deliver your message.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.acme.test
Arrival-Date: Mon, 23 Nov 2026 08:00:03 +0000 (UTC)

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; inner.acme.test
Diagnostic-Code: smtp; {reply}

--b1
Content-Type: text/rfc822-headers

From: Trimble <no-reply@account.trimble.com>
To: <probe@acme.test>
Message-ID: <{token}@account.trimble.com>
X-Mailpath-Probe: {token}

--b1--
"""

JOURNAL = """\
From: MicrosoftExchange@acme.test
To: acme@probe.test
Subject: Your code
X-MS-Journal-Report:
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="j1"

--j1
Content-Type: text/plain

Sender: no-reply@account.trimble.com
Recipient: probe@acme.test
--j1
Content-Type: message/rfc822

{inside}
--j1--
"""

VACATION = """\
From: probe@acme.test
To: bounce+{token}@account.trimble.com
Subject: Out of office: Your code
Auto-Submitted: auto-replied
In-Reply-To: <{token}@account.trimble.com>

I am away until Monday.
"""


def wire(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def probe(token: str, more: str = "") -> bytes:
    return wire(PROBE.format(token=token, more=more))


def bounce(
    token: str,
    reply: str = "550 5.7.1 Client host [104.130.122.50] blocked using bl.test",
    recipient: str = "probe@acme.test",
    action: str = "failed",
    status: str = "5.7.1",
) -> bytes:
    return wire(BOUNCE.format(token=token, reply=reply, recipient=recipient, action=action, status=status))


def delay(token: str) -> bytes:
    reply = "451 4.7.1 Greylisting in action, please come back later"
    return bounce(token, reply, action="delayed", status="4.7.1")


def journal(token: str) -> bytes:
    return wire(JOURNAL.format(inside=PROBE.format(token=token, more="")))


def vacation(token: str) -> bytes:
    return wire(VACATION.format(token=token))
