"""Text that people paste: a notice without its header is read, a document that speaks of mail is no bounce."""

import pytest

from probes.outcome import Cause
from probes.reading.bounces import RECIPIENTS_READ, read_bounce
from probes.reading.facts import BounceFacts, MailKind
from probes.reading.replies import read_reply

ANN = "ann@company.example"
REFUSED = f"<{ANN}>: host mx.company.example[192.0.2.8] said: 550 5.1.1 no such user"
NOTICE = f"Your message could not be delivered to one or more recipients.\n\n{REFUSED}\n"


def pasted(text: str) -> BounceFacts:
    return read_bounce(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        NOTICE,
        "Hi,\n\ncan you look at this? Our customer got it today.\n\n" + NOTICE,
        NOTICE + "\nThanks\nJoe\n-- \nJoe Doe, joe@firm.example\n",
        "".join(f"> {line}\n" for line in NOTICE.splitlines()),
        NOTICE.replace("\n", "\r\n"),
        "---------- Forwarded message ----------\n" + NOTICE,
        f"```\n{NOTICE}```\n",  # as in chats
        f"{REFUSED}\n",  # an address and a refusal are enough, if they are nearly all
        f"Your message was not able to be delivered to\n{ANN}\n\nThere is no such user.\n",
        f"mx.company.example rejected your message to the following email addresses:\n\n{ANN}\nThere is no such user.\n",
        f"Your message to {ANN} was automatically rejected:\nno such user\n",
        f"This report relates to your message:\nSubject: code\n\nIt was not delivered to:\n{ANN}\nThere is no such user.\n",
        f"Final-Recipient: rfc822; {ANN}\nAction: failed\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n",
        f"Reporting-MTA: dns; mx.firm.example\n\nFinal-Recipient: rfc822; {ANN}\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\n",
    ],
)
def test_a_notice_without_its_header_is_read(text: str) -> None:
    facts = pasted(text)
    assert facts.kind is MailKind.BOUNCE
    assert [(one.address, one.cause) for one in facts.recipients] == [(ANN, Cause.NO_SUCH_USER)]


@pytest.mark.parametrize(
    "text",
    [
        f"This is the mail system at host mx.firm.example.\n\n{NOTICE.replace(ANN, 'ann')}",
        "Your message did not reach some or all of the intended recipients.\n\n  Ann Smith\n    The mailbox is full.\n",
        "   ----- Transcript of session follows -----\n451 4.0.0 error\nWarning: message still undelivered after 4 hours\n",
    ],
)
def test_one_that_a_mail_system_begins_in_its_own_words_is_a_notice_without_an_address(text: str) -> None:
    assert pasted(text).is_bounce


MANUAL = f"""\
If a message could not be delivered, the sender gets a bounce like this one:

    The following address failed: {ANN}
    550 5.1.1 <{ANN}>: Recipient address rejected: user unknown
"""


@pytest.mark.parametrize(
    "text",
    [
        f"# Testing\n\n{MANUAL}",
        f"Testing\n=======\n\n{MANUAL}",
        f"{MANUAL}\n```\nRCPT TO:<{ANN}>\n550 5.1.1 no such user\n```\n",
        f"| code | meaning |\n|---|---|\n| 550 | mailbox unavailable |\n\n{MANUAL}",
        f"<!DOCTYPE html>\n<p>{MANUAL}</p>",
        f"Klensin          Standards Track          [Page 12]\n\n{MANUAL}",
        f".TH MAILQ 1\n.SH NAME\nmailq\n{MANUAL}",
        f"#### Report\n\nFinal-Recipient: rfc822; {ANN}\nAction: failed\nStatus: 5.1.1\n\nis what could not be delivered\n",
        "Mail that was not delivered comes back as a bounce. Delivery failed is its usual subject.\n",  # nobody failed
        "The queue retries for five days; a message that could not be delivered is then returned.\n",
        f"telnet mx.company.example 25\n220 ready\nEHLO me\n250 ok\nRCPT TO:<{ANN}>\n550 5.1.1 no such user\n",
        f"S: 220 mx\nC: EHLO me\nC: RCPT TO:<{ANN}>\nS: 550 5.1.1 no such user\n",
        f"Questions about this program go to {ANN}. It says 550 if a user is unknown.\n",
        "notes " * 1000 + NOTICE,  # a notice names the recipient near its beginning
        f"Final-Recipient: rfc822; {ANN}\nDisposition: manual-action/MDN-sent-manually; displayed\n",
    ],
)
def test_what_only_speaks_of_failed_mail_is_no_bounce(text: str) -> None:
    facts = pasted(text)
    assert (facts.kind, facts.recipients) == (MailKind.OTHER, ())


@pytest.mark.parametrize("heading", ["# Testing", "Testing\n======="])
def test_with_a_header_a_notice_may_have_headings(heading: str) -> None:
    head = "From: MAILER-DAEMON@firm.example\nSubject: Undeliverable\n\n"
    assert pasted(f"{head}{heading}\n\n{NOTICE}").is_bounce


DOCUMENT = "# Errors\n\nThe server says this.\n\n550 5.1.1 no such user\n"


def test_a_document_states_no_reason_for_a_refusal_though_it_names_some() -> None:
    said, document = read_reply(DOCUMENT.partition("\n\n")[2]), read_reply(DOCUMENT)
    assert (said.cause, document.cause) == (Cause.NO_SUCH_USER, Cause.UNCLEAR)
    assert [rival.cause for rival in document.rivals][:1] == [Cause.NO_SUCH_USER]


SEVERAL = {
    "report": lambda count: (
        "From: MAILER-DAEMON@firm.example\nContent-Type: multipart/report; boundary=b\n\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.firm.example\n\n"
        + "".join(
            f"Final-Recipient: rfc822; u{n}@company.example\nAction: failed\nStatus: 5.1.1\n\n" for n in range(count)
        )
        + "--b--\n"
    ),
    "prose": lambda count: (
        "From: MAILER-DAEMON@firm.example\nSubject: failure notice\n\nYour message could not be delivered.\n\n"
        + "".join(f"<u{number}@company.example>:\n550 5.1.1 no such user\n\n" for number in range(count))
    ),
    "transcript": lambda count: (
        "From: MAILER-DAEMON@firm.example\nSubject: Returned mail\n\n   ----- Transcript of session follows -----\n"
        + "".join(f"550 5.1.1 <u{number}@company.example>... User unknown\n" for number in range(count))
    ),
    "notification": lambda count: (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":['
        + ",".join(f'{{"emailAddress":"u{number}@company.example","action":"failed"}}' for number in range(count))
        + ']},"mail":{}}'
    ),
}


@pytest.mark.parametrize("form", SEVERAL)
@pytest.mark.parametrize("beyond", [0, 1, 250])
def test_how_many_recipients_are_left_out_is_counted(form: str, beyond: int) -> None:
    facts = pasted(SEVERAL[form](RECIPIENTS_READ + beyond))
    assert (len(facts.recipients), facts.left_out) == (RECIPIENTS_READ, beyond)


def test_one_recipient_named_often_leaves_nobody_out() -> None:
    facts = pasted(SEVERAL["report"](1).replace("--b--", f"Final-Recipient: rfc822; {ANN}\nAction: failed\n\n" * 300))
    assert (len(facts.recipients), facts.left_out) == (2, 0)
