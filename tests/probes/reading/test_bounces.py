"""Reports, complaints, automatic replies, receipts, and the token that survives in them."""

import base64
import json

import pytest

from probes.answer import Stage
from probes.reading.bounces import read_bounce
from probes.reading.bounces.answer import ReportedReply
from probes.reading.bounces.recipient import RecipientFailure
from probes.reading.facts import BounceFacts, MailKind, RecipientFacts
from probes.reading.replies import read_reply
from probes.token import mint
from probes.verdict import Cause

TOKEN = mint("abcdefgh2345abcd", b"key")

PROSE = "This is the mail system at host mail.sender.example.\n\nYour message could not be delivered.\n"
ORIGINAL = f"To: ann@company.example\nSubject: Your code\nMessage-ID: <{TOKEN}@account.example>\n\nhello\n"


def mail(*parts: tuple[str, str], kind: str = "multipart/report; report-type=delivery-status", more: str = "") -> bytes:
    """A mail of parts, each with its type and its text."""
    head = f"From: MAILER-DAEMON@mail.sender.example\nSubject: Undelivered Mail\n{more}"
    head += f'Content-Type: {kind}; boundary="=_b"\n\npreamble\n'
    return (head + "".join(f"--=_b\nContent-Type: {name}\n\n{text}\n" for name, text in parts) + "--=_b--\n").encode()


def report(status: str, prose: str = PROSE, original: str = ORIGINAL, more: str = "") -> BounceFacts:
    return read_bounce(
        mail(("text/plain", prose), ("message/delivery-status", status), ("message/rfc822", original), more=more)
    )


def only(facts: BounceFacts) -> RecipientFacts:
    [one] = facts.recipients
    return one


GROUP = """\
Final-Recipient: rfc822; ann@company.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.company.example
Diagnostic-Code: smtp; 550 5.1.1 <ann@company.example>: user unknown
"""


def test_a_report_is_read() -> None:
    facts = report(f"Reporting-MTA: dns; mail.sender.example\nArrival-Date: Mon, 23 Nov 2026 10:00:00 +0000\n\n{GROUP}")
    assert (facts.kind, facts.is_bounce, facts.reporting_mta) == (MailKind.BOUNCE, True, "mail.sender.example")
    one = only(facts)
    assert (one.address, one.action, one.status) == ("ann@company.example", "failed", "5.1.1")
    assert one.reply == "550 5.1.1 <ann@company.example>: user unknown"
    assert (one.cause, one.permanent, one.remote_mta) == (Cause.NO_SUCH_USER, True, "mx.company.example")
    assert one.facts is not None
    assert (one.facts.code, one.facts.cause) == (550, Cause.NO_SUCH_USER)


def test_line_ends_of_the_wire_are_the_same() -> None:
    data = mail(("text/plain", PROSE), ("message/delivery-status", GROUP), ("message/rfc822", ORIGINAL))
    assert read_bounce(data.replace(b"\n", b"\r\n")) == read_bounce(data)


@pytest.mark.parametrize(
    ("status", "addresses"),
    [
        (f"Reporting-MTA: dns; x\n\n{GROUP}\n{GROUP.replace('ann', 'bob')}", ["ann", "bob"]),
        (f"Reporting-MTA: dns; x\n{GROUP}{GROUP.replace('ann', 'bob')}", ["ann", "bob"]),  # no empty lines
        (GROUP.replace("\nStatus", "\n\nStatus"), ["ann"]),  # torn in two
        (f"{GROUP}\n{GROUP}", ["ann"]),  # said twice
        ("Action: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; ann@company.example\n", ["ann"]),  # out of order
        ("Original-Recipient: rfc822; ann@company.example\nAction: failed\n", ["ann"]),
        (GROUP.replace("rfc822; ann@company.example", "RFC822;<ann@company.example>"), ["ann"]),
        (GROUP.replace("rfc822; ann@company.example", "ann@company.example"), ["ann"]),
        (GROUP.replace("rfc822; ann@company.example", "utf-8; ann@company.example"), ["ann"]),
    ],
)
def test_groups_are_kept_apart(status: str, addresses: list[str]) -> None:
    facts = report(status)
    assert [one.address for one in facts.recipients] == [f"{name}@company.example" for name in addresses]


@pytest.mark.parametrize(
    ("final", "original", "address"),
    [
        ("rfc822; ann@hq.company.example", "rfc822; ann@company.example", "ann@hq.company.example"),
        ("x400; /S=ann/O=company/", "rfc822; ann@company.example", "ann@company.example"),
        ("rfc822; @relay.example:ann@store", "rfc822; ann@company.example", "ann@company.example"),
        ("rfc822; ann@store-daemon", "rfc822; ann@company.example", "ann@company.example"),
    ],
)
def test_an_address_is_one_that_the_internet_knows(final: str, original: str, address: str) -> None:
    facts = report(f"Original-Recipient: {original}\nFinal-Recipient: {final}\nAction: failed\nStatus: 5.0.0\n")
    assert only(facts).address == address


@pytest.mark.parametrize(
    ("action", "status", "kind", "read"),
    [
        ("failed", "5.0.0", MailKind.BOUNCE, "failed"),
        ("Failure", "5.0.0", MailKind.BOUNCE, "failed"),
        ("delayed", "4.4.1", MailKind.DELAY, "delayed"),
        ("delivered", "2.0.0", MailKind.SUCCESS, "delivered"),
        ("relayed (to a system without reports)", "2.0.0", MailKind.SUCCESS, "relayed"),
        ("expanded", "2.0.0", MailKind.SUCCESS, "expanded"),
        ("deliverable", "2.1.5", MailKind.SUCCESS, "delivered"),
        ("", "4.0.0", MailKind.DELAY, "delayed"),
        ("", "", MailKind.BOUNCE, "failed"),
        ("nonsense", "5.1.1", MailKind.BOUNCE, "failed"),
    ],
)
def test_the_action_makes_the_kind(action: str, status: str, kind: MailKind, read: str) -> None:
    facts = report(f"Final-Recipient: rfc822; ann@company.example\nAction: {action}\nStatus: {status}\n")
    assert (facts.kind, only(facts).action) == (kind, read)
    assert facts.is_bounce is (kind in (MailKind.BOUNCE, MailKind.DELAY))


@pytest.mark.parametrize(
    ("status", "diagnostic", "code", "read"),
    [
        ("5.1.1", "550 5.1.1 unknown", 550, "5.1.1"),
        ("5.0.0", "550 5.7.1 refused", 550, "5.7.1"),  # the answer says more than the report
        ("4.4.7", "450 4.7.1 refused", 450, "4.7.1"),
        ("5.2.2", "552 mailbox full", 552, "5.2.2"),
        ("5.0.0", "550 unknown", 550, "5.0.0"),
        ("5", "550 unknown", 550, None),  # empty rather than invented
        ("", "550 unknown", 550, None),
        ("5.1.1 (bad destination)", "", None, "5.1.1"),
        ("5.0.0", "host mx.company.example[192.0.2.55] said: 550-5.1.1 no\n 550 5.1.1 one", 550, "5.1.1"),
        ("5.1.6", "450 busy 551 not our customer", 551, "5.1.6"),  # of several the one of the status's class
        ("4.4.1", "connect to mx.company.example[192.0.2.25]:25: timed out", None, "4.4.1"),
        ("5.0.0", "Sendmail 8.17.2 on 5.10.3 kernel", None, "5.0.0"),
    ],
)
def test_codes(status: str, diagnostic: str, code: int | None, read: str | None) -> None:
    facts = report(
        f"Final-Recipient: rfc822; ann@company.example\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {diagnostic}\n"
    )
    one = only(facts)
    assert one.facts is not None
    assert (one.facts.code, one.status) == (code, read)


def test_the_prose_tells_what_the_report_does_not() -> None:
    prose = f"{PROSE}\n<ann@company.example>: host mx.company.example[192.0.2.8] said: 550 5.7.1 blocked using\n  zen.spamhaus.org\n"
    one = only(report("Final-Recipient: rfc822; ann@company.example\nAction: failed\nStatus: 5.0.0\n", prose))
    assert (one.status, one.cause) == ("5.7.1", Cause.IP_LISTED)
    assert one.reply == "550 5.7.1 blocked using zen.spamhaus.org"


def test_all_lines_of_an_answer_are_read_from_the_transcript() -> None:
    prose = (
        "   ----- Transcript of session follows -----\n... while talking to mx.company.example.:\n>>> DATA\n"
        "<<< 552-5.7.0 This message was refused\n<<< 552 5.7.0 because it holds a virus\n"
    )
    one = only(
        report(
            GROUP.replace("550 5.1.1 <ann@company.example>: user unknown", "552-5.7.0 This message was refused"), prose
        )
    )
    assert one.reply == "552-5.7.0 This message was refused 552 5.7.0 because it holds a virus"


def test_the_stage_is_read_from_what_postfix_says() -> None:
    prose = f"{PROSE}\n<ann@company.example>: host mx[192.0.2.8] said: 550 5.7.1 no (in reply to end of DATA command)\n"
    one = only(report("Final-Recipient: rfc822; ann@company.example\nAction: failed\nStatus: 5.7.1\n", prose))
    assert one.facts is not None
    assert one.facts.stage is Stage.END_OF_DATA


@pytest.mark.parametrize(
    ("action", "diagnostic", "permanent"),
    [
        ("failed", "550 5.1.1 no such user", True),
        ("failed", "452 4.2.2 mailbox full", False),  # the mail is lost, the reason was a passing one
        ("failed", "connection timed out", True),  # nobody answered: given up
        ("delayed", "connection timed out", False),
    ],
)
def test_permanence(action: str, diagnostic: str, permanent: bool) -> None:
    facts = report(
        f"Final-Recipient: rfc822; ann@company.example\nAction: {action}\nDiagnostic-Code: smtp; {diagnostic}\n"
    )
    assert only(facts).permanent is permanent


def test_a_report_may_stand_in_the_text() -> None:
    facts = read_bounce(
        f"From: MAILER-DAEMON@x.example\nSubject: failure notice\n\nTechnical report:\n\n{GROUP}".encode()
    )
    assert (facts.kind, only(facts).status) == (MailKind.BOUNCE, "5.1.1")


def test_a_report_may_be_forwarded_as_quoted_text() -> None:
    quoted = "".join(f"> {line}\n" for line in f"Your message could not be delivered\n\n{GROUP}".splitlines())
    facts = read_bounce(f"From: ann@other.example\nSubject: Fwd: Returned mail\n\nlook:\n\n{quoted}".encode())
    assert (facts.kind, only(facts).address) == (MailKind.BOUNCE, "ann@company.example")


def test_a_report_may_be_wrapped_by_a_gateway() -> None:
    inner = mail(("text/plain", PROSE), ("message/delivery-status", GROUP), ("message/rfc822", ORIGINAL)).decode()
    head = (
        "From: MAILER-DAEMON@gateway.example\nSubject: Returned mail\nContent-Type: multipart/mixed; boundary=outer\n\n"
    )
    facts = read_bounce(
        f"{head}--outer\n\nsee below\n--outer\nContent-Type: message/rfc822\n\n{inner}\n--outer--\n".encode()
    )
    assert (only(facts).address, facts.token) == ("ann@company.example", TOKEN)


def test_an_html_notice_is_read_without_its_marks() -> None:
    html = (
        "<html><head><style>p {color: red}</style></head><body><p>Your message could not be delivered:</p>"
        "<p>&lt;ann@company.example&gt;: 550 5.1.1 user&nbsp;unknown</p></body></html>"
    )
    one = only(read_bounce(mail(("text/html", html), kind="multipart/mixed")))
    assert (one.address, one.reply) == ("ann@company.example", "550 5.1.1 user unknown")


@pytest.mark.parametrize("charset", ["iso-2022-jp", "utf-8", "no-such-charset", "zlib_codec", "rot13", "idna"])
@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable", "x-unknown"])
def test_encodings(charset: str, encoding: str) -> None:
    prose = "<ann@company.example>:\n550 5.1.1 no such user\n"
    coded = {"base64": base64.encodebytes(prose.encode()).decode(), "quoted-printable": prose.replace("no", "n=6F")}
    text = coded.get(encoding, prose)
    head = f"From: MAILER-DAEMON@x.example\nSubject: failure notice\nContent-Type: text/plain; charset={charset}\n"
    one = only(read_bounce(f"{head}Content-Transfer-Encoding: {encoding}\n\n{text}".encode()))
    assert (one.address, one.status) == ("ann@company.example", "5.1.1")


# Complaints, automatic replies, receipts, and what is none of them


FEEDBACK = "Feedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Rcpt-To: <ann@company.example>\n"


def complaint(feedback: str) -> bytes:
    parts = (
        ("text/plain", "This is an abuse report."),
        ("message/feedback-report", feedback),
        ("message/rfc822", ORIGINAL),
    )
    return mail(*parts, kind="multipart/report; report-type=feedback-report")


@pytest.mark.parametrize(
    ("feedback", "addresses"),
    [
        (FEEDBACK, ["ann@company.example"]),
        (FEEDBACK + "Original-Rcpt-To: bob@company.example\n", ["ann@company.example", "bob@company.example"]),
        ("Feedback-Type: abuse\n", ["ann@company.example"]),  # from the returned message
        ("", ["ann@company.example"]),
    ],
)
def test_a_complaint_is_no_bounce(feedback: str, addresses: list[str]) -> None:
    facts = read_bounce(complaint(feedback))
    assert (facts.kind, facts.is_bounce, facts.token) == (MailKind.COMPLAINT, False, TOKEN)
    assert [one.address for one in facts.recipients] == addresses


def test_microsofts_complaints_have_no_report() -> None:
    head = "From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n"
    head += "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
    facts = read_bounce(f"{head}X-HmXmrOriginalRecipient: ann@company.example\n{ORIGINAL}\n--b--\n".encode())
    assert (facts.kind, only(facts).address) == (MailKind.COMPLAINT, "ann@company.example")


@pytest.mark.parametrize(
    ("name", "about", "kind"),
    [
        (
            "Bounce",
            {"bouncedRecipients": [{"emailAddress": "ann@company.example", "status": "5.1.1"}]},
            MailKind.BOUNCE,
        ),
        ("Complaint", {"complainedRecipients": [{"emailAddress": "ann@company.example"}]}, MailKind.COMPLAINT),
        ("Delivery", {"recipients": ["ann@company.example"], "smtpResponse": "250 2.6.0 ok"}, MailKind.SUCCESS),
    ],
)
def test_notifications_as_json(name: str, about: dict[str, object], kind: MailKind) -> None:
    said = json.dumps({"notificationType": name, name.lower(): about})
    facts = read_bounce(
        f"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{said}\n--\nbye".encode()
    )
    assert (facts.kind, only(facts).address) == (kind, "ann@company.example")


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied\nSubject: Re: Your code",
        "Auto-Submitted: auto-replied (vacation)\nSubject: Your code\nReturn-Path: <>",
        "Subject: Out of Office: Your code\nReturn-Path: <>",
        "Subject: Automatische Antwort: Your code",
        "Subject: =?utf-8?q?R=C3=A9ponse_automatique?= : code",
        "X-Autoreply: yes\nSubject: hello",
        "Precedence: auto_reply\nSubject: hello",
    ],
)
def test_an_automatic_reply_is_never_a_bounce(head: str) -> None:
    facts = read_bounce(f"From: ann@company.example\n{head}\n\nI am away and your mail could not be read.\n".encode())
    assert (facts.kind, facts.is_bounce, facts.recipients) == (MailKind.AUTO_REPLY, False, ())


def test_exim_calls_its_bounces_automatic_replies() -> None:
    head = "From: Mailer-Daemon@x.example\nAuto-Submitted: auto-replied\nSubject: Mail delivery failed\n"
    head += "X-Failed-Recipients: ann@company.example, bob@company.example\n\n"
    facts = read_bounce(f"{head}could not be delivered:\n\n  ann@company.example\n    Unrouteable address\n".encode())
    assert (facts.kind, len(facts.recipients)) == (MailKind.BOUNCE, 2)


def test_a_read_receipt_is_no_bounce() -> None:
    said = "Final-Recipient: rfc822; ann@company.example\nDisposition: manual-action/MDN-sent-manually; displayed\n"
    parts = ("text/plain", "Your message was displayed."), ("message/disposition-notification", said)
    facts = read_bounce(mail(*parts, kind="multipart/report; report-type=disposition-notification"))
    assert (facts.kind, facts.is_bounce, only(facts).address) == (MailKind.SUCCESS, False, "ann@company.example")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n\n",
        b"not a mail at all",
        b"From: ann@company.example\nSubject: hello\n\nhello\n",
        b"From: ann@company.example\nSubject: lunch\n\nthe parcel could not be delivered to <bob@company.example>\n",
        b"From: ann@company.example\nSubject: original as attachment\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\nSubject: hello\n\nhello\n--b--\n",
        b"From: noreply-dmarc@company.example\nSubject: Report domain: account.example\n\nzip\n",
    ],
)
def test_what_is_about_no_mail(data: bytes) -> None:
    facts = read_bounce(data)
    assert (facts.kind, facts.is_bounce, facts.recipients, facts.token) == (MailKind.OTHER, False, (), None)


# The token


WITHOUT = "To: ann@company.example\nSubject: Your code\n\nhello\n"


@pytest.mark.parametrize(
    ("prose", "original", "more"),
    [
        (PROSE, ORIGINAL, ""),
        (PROSE, WITHOUT + f"https://account.example/{TOKEN}\n", ""),
        (PROSE, WITHOUT + f"https://account.example/{TOKEN[:20]}=\n{TOKEN[20:]}\n", ""),  # a soft line break
        (PROSE, ORIGINAL.replace(TOKEN, TOKEN.upper()), ""),
        (PROSE + f"\nMessage-ID: <{TOKEN}@account.example>\n", WITHOUT, ""),
        (PROSE, WITHOUT, f"To: bounce+{TOKEN}@account.example\n"),
        (PROSE, WITHOUT, f"X-Original-To: <bounce+{TOKEN}@account.example>\n"),
        (PROSE, WITHOUT, f"In-Reply-To: <{TOKEN}@account.example>\n"),
    ],
)
def test_the_token_is_found_wherever_it_survived(prose: str, original: str, more: str) -> None:
    assert report(GROUP, prose, original, more).token == TOKEN


def test_the_returned_message_says_it_best() -> None:
    other = mint("zzzzzzzz2345abcd", b"key")
    assert report(GROUP, more=f"To: bounce+{other}@account.example\n").token == TOKEN


def test_no_token_is_none() -> None:
    assert report(GROUP, original=WITHOUT).token is None


def test_prose_that_gives_no_reason_does_not_undo_what_the_servers_answer_says() -> None:
    answer = ReportedReply("550 5.7.1 Rejected by the server", "550 5.7.1 Rejected by the server", 550, "5.7.1")
    alone = RecipientFailure("ann@company.example", "failed", "5.7.1", answer).facts()
    prose = (
        "This is the mail system at host mx.company.example. I'm sorry to have to inform you that your message could not "
        "be delivered to one or more recipients. It's attached below."
    )
    assert read_reply(prose, code=550).cause is Cause.UNCLEAR
    around = RecipientFailure("ann@company.example", "failed", "5.7.1", answer, context=prose).facts()
    assert alone.facts
    assert alone.facts.confidence < 0.5
    assert around.cause is alone.cause is not Cause.UNCLEAR
