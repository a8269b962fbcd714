"""Notifications of Amazon SES through SNS: with and without envelope, in both forms, of all types. Written for these
tests after the vendor's documentation."""

import base64
import json
from typing import Any

import pytest

from probes.outcome import Cause
from probes.reading.bounces import read_bounce
from probes.reading.facts import BounceFacts, MailKind, RecipientFacts
from probes.token import mint

TOKEN = mint("abcdefgh2345abcd", b"key")
MAIL = {
    "source": "no-reply@account.example",
    "messageId": "0100-1",
    "destination": ["ann@company.example"],
    "commonHeaders": {"messageId": f"<{TOKEN}@account.example>"},
}
FOOTER = (
    "\n\n--\nTo stop receiving notifications from this topic, visit the link below:\n"
    "https://sns.eu-west-1.amazonaws.example/unsubscribe.html?SubscriptionArn=arn:aws:sns&Endpoint=bounce@account.example\n"
)


def bounce(*recipients: dict[str, str], name: str = "notificationType", **about: object) -> dict[str, Any]:
    said = {"bounceType": "Permanent", "bounceSubType": "General", "reportingMTA": "dns; a8.smtp-out.example", **about}
    return {name: "Bounce", "bounce": {**said, "bouncedRecipients": list(recipients)}, "mail": MAIL}


ANN = {
    "emailAddress": "ann@company.example",
    "action": "failed",
    "status": "5.1.1",
    "diagnosticCode": "smtp; 550 5.1.1 <ann@company.example>: user unknown",
}
BOB = {
    "emailAddress": "bob@company.example",
    "action": "failed",
    "status": "5.2.2",
    "diagnosticCode": "smtp; 552 5.2.2 mailbox full",
}


def envelope(said: dict[str, Any], **more: object) -> dict[str, Any]:
    topic = {"Type": "Notification", "MessageId": "9f1c", "TopicArn": "arn:aws:sns:eu-west-1:1:ses", "Subject": "x"}
    return {**topic, "Message": json.dumps(said), "Timestamp": "2026-11-23T08:00:00.000Z", "Signature": "a==", **more}


def mailed(text: str, more: str = "") -> bytes:
    head = "From: AWS Notifications <no-reply@sns.amazonaws.com>\nSubject: AWS Notification Message\n"
    return f"{head}Content-Type: text/plain; charset=UTF-8\n{more}\n{text}".encode()


def only(facts: BounceFacts) -> RecipientFacts:
    [one] = facts.recipients
    return one


SAID = json.dumps(bounce(ANN))
ENVELOPED = json.dumps(envelope(bounce(ANN)))
FORMS = {
    "as the text of an e-mail": mailed(SAID + FOOTER),
    "in an envelope": mailed(ENVELOPED),
    "in an envelope, with a footer": mailed(ENVELOPED + FOOTER),
    "in an envelope, on many lines": mailed(json.dumps(envelope(bounce(ANN)), indent=2)),
    "on many lines": mailed(json.dumps(bounce(ANN), indent=2) + FOOTER),
    "base64": mailed(base64.encodebytes((SAID + FOOTER).encode()).decode(), "Content-Transfer-Encoding: base64\n"),
    "quoted-printable": mailed((SAID + FOOTER).replace("=", "=3D").replace("user ", "=\nuser "), "Content-Transfer-Encoding: quoted-printable\n"),
    "with CRLF": mailed(SAID + FOOTER).replace(b"\n", b"\r\n"),
    "with a byte order mark": mailed("\ufeff" + SAID),
    "long lines cut with a mark": mailed(SAID[:95] + "!\n " + SAID[95:] + FOOTER),
    "an envelope's long lines cut": mailed("!\n ".join(ENVELOPED[at : at + 99] for at in range(0, len(ENVELOPED), 99))),
    "cut before a quotation mark": mailed(ENVELOPED.replace('\\"', '\\\n"', 3)),
    "raw": SAID.encode(),
    "raw, on many lines": json.dumps(bounce(ANN), indent=1).encode(),
    "raw, in an envelope": b"\n" + ENVELOPED.encode(),
    "in an event of a bus": json.dumps({"version": "0", "detail-type": "Email Bounced", "detail": bounce(ANN)}).encode(),
    "in an envelope in a queue's": json.dumps({"messageId": "1", "body": ENVELOPED}).encode(),
    "attached": b"From: no-reply@sns.example\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee the file\n"
    b"--b\nContent-Type: application/json\n\n" + SAID.encode() + b"\n--b--\n",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_bounce_is_read_in_every_form_of_delivery(form: str) -> None:
    facts = read_bounce(FORMS[form])
    assert (facts.kind, facts.reporting_mta) == (MailKind.BOUNCE, "a8.smtp-out.example")
    one = only(facts)
    assert (one.address, one.action, one.status) == ("ann@company.example", "failed", "5.1.1")
    assert (one.cause, one.permanent) == (Cause.NO_SUCH_USER, True)
    assert one.reply == "550 5.1.1 <ann@company.example>: user unknown"
    assert facts.token == TOKEN or form.endswith("cut")


@pytest.mark.parametrize("name", ["notificationType", "eventType"])
def test_each_recipient_has_its_own_diagnostic(name: str) -> None:
    facts = read_bounce(mailed(json.dumps(envelope(bounce(ANN, BOB, name=name, remoteMtaIp="192.0.2.8")))))
    assert [(one.address, one.cause, one.status, one.remote_mta) for one in facts.recipients] == [
        ("ann@company.example", Cause.NO_SUCH_USER, "5.1.1", "192.0.2.8"),
        ("bob@company.example", Cause.MAILBOX_FULL, "5.2.2", "192.0.2.8"),
    ]


WHO = {"emailAddress": "ann@company.example"}


@pytest.mark.parametrize(
    ("kind", "subtype", "diagnostic", "cause", "permanent"),
    [
        ("Permanent", "Suppressed", "", Cause.SUPPRESSED, True),
        ("Permanent", "OnAccountSuppressionList", "", Cause.SUPPRESSED, True),
        ("Permanent", "OnAccountSuppressionList", "smtp; 550 5.1.1 user unknown", Cause.SUPPRESSED, True),
        ("Permanent", "General", "", Cause.UNCLEAR, True),
        ("Transient", "General", "", Cause.UNCLEAR, False),
        ("Undetermined", "Undetermined", "", Cause.UNCLEAR, True),
        ("Transient", "MailboxFull", "", Cause.MAILBOX_FULL, False),
        ("Transient", "MessageTooLarge", "", Cause.TOO_LARGE, False),
        ("Transient", "ContentRejected", "", Cause.CONTENT, False),
        ("Transient", "AttachmentRejected", "", Cause.CONTENT, False),
        ("Transient", "CustomTimeoutExceeded", "", Cause.EXPIRED, False),
        ("Transient", "ContentRejected", "smtp; 550 5.1.1 user unknown", Cause.NO_SUCH_USER, True),  # the server's words
    ],
)  # fmt: skip
def test_the_subtype_tells_the_cause_where_no_diagnostic_does(
    kind: str, subtype: str, diagnostic: str, cause: Cause, permanent: bool
) -> None:
    who = {**WHO, "diagnosticCode": diagnostic} if diagnostic else WHO
    one = only(read_bounce(json.dumps(bounce(who, bounceType=kind, bounceSubType=subtype)).encode()))
    assert (one.action, one.cause, one.permanent) == ("failed", cause, permanent)
    assert one.facts is not None
    assert one.facts.cause is cause


@pytest.mark.parametrize(
    ("delay", "more", "cause"),
    [
        ("MailboxFull", {}, Cause.MAILBOX_FULL),
        ("IPFailure", {}, Cause.IP_BLOCKED),
        ("SpamDetected", {}, Cause.REPUTATION),
        ("RecipientServerError", {}, Cause.SERVER_FAULT),
        ("InternalFailure", {}, Cause.SERVER_FAULT),
        ("TransientCommunicationFailure", {}, Cause.NETWORK),
        ("BYOIPHostNameLookupUnavailable", {}, Cause.RDNS),
        ("General", {}, Cause.UNCLEAR),
        ("SendingDeferral", {}, Cause.UNCLEAR),
        ("Undetermined", {}, Cause.UNCLEAR),
        ("General", {"status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}, Cause.MAILBOX_FULL),
    ],
)
def test_delays(delay: str, more: dict[str, str], cause: Cause) -> None:
    said = {
        "eventType": "DeliveryDelay",
        "mail": MAIL,
        "deliveryDelay": {"delayType": delay, "delayedRecipients": [{**WHO, **more}], "expirationTime": "2026-11-24"},
    }
    facts = read_bounce(json.dumps(envelope(said)).encode())
    one = only(facts)
    assert (facts.kind, one.address, one.action) == (MailKind.DELAY, "ann@company.example", "delayed")
    assert (one.cause, one.permanent) == (cause, False)


@pytest.mark.parametrize(
    ("event", "cause", "reply"),
    [
        ({"eventType": "Reject", "reject": {"reason": "Bad content"}}, Cause.CONTENT, "Bad content"),
        (
            {"eventType": "Rendering Failure", "failure": {"errorMessage": "Attribute 'x' is missing", "templateName": "t"}},
            Cause.MALFORMED,
            "Attribute 'x' is missing",
        ),
        ({"eventType": "RenderingFailure"}, Cause.MALFORMED, ""),
    ],
)  # fmt: skip
def test_what_was_never_sent_failed_for_all_its_recipients(event: dict[str, Any], cause: Cause, reply: str) -> None:
    destination = ["ann@company.example", "Bob <bob@company.example>"]
    facts = read_bounce(mailed(json.dumps(envelope({**event, "mail": {**MAIL, "destination": destination}}))))
    assert facts.kind is MailKind.BOUNCE
    assert [one.address for one in facts.recipients] == ["ann@company.example", "bob@company.example"]
    for one in facts.recipients:
        assert (one.action, one.cause, one.permanent, one.reply) == ("failed", cause, True, reply)


@pytest.mark.parametrize("name", ["Send", "Open", "Click", "Subscription", "AmazonSnsSubscriptionSucceeded", ""])
def test_events_that_are_no_failure(name: str) -> None:
    facts = read_bounce(mailed(json.dumps(envelope({"eventType": name, "mail": MAIL, name.lower(): {}}))))
    assert (facts.kind, facts.recipients) == (MailKind.OTHER, ())


def test_a_complaint_and_a_delivery_in_the_envelope() -> None:
    complained = {"notificationType": "Complaint", "complaint": {"complainedRecipients": [WHO]}, "mail": MAIL}
    facts = read_bounce(mailed(json.dumps(envelope(complained))))
    assert (facts.kind, only(facts).address, facts.is_bounce) == (MailKind.COMPLAINT, "ann@company.example", False)
    delivery = {"recipients": ["ann@company.example"], "smtpResponse": "250 2.6.0 queued", "reportingMTA": "a.example"}
    facts = read_bounce(mailed(json.dumps(envelope({"eventType": "Delivery", "delivery": delivery, "mail": MAIL}))))
    one = only(facts)
    assert (facts.kind, one.action, one.status, one.reply) == (
        MailKind.SUCCESS,
        "delivered",
        "2.6.0",
        "250 2.6.0 queued",
    )


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ('"a b"@company.example', '"a b"@company.example'),
        ("Ann <ann@company.example>", "ann@company.example"),
        ("ann@com\npany.example", "ann@company.example"),
        ("ann", "ann"),
    ],
)
def test_addresses_in_a_notification(written: str, address: str) -> None:
    assert only(read_bounce(json.dumps(bounce({**ANN, "emailAddress": written})).encode())).address == address


@pytest.mark.parametrize(
    "said",
    [
        {"Type": "Notification", "Message": "hello"},
        {"Type": "SubscriptionConfirmation", "Message": "You chose to subscribe", "SubscribeURL": "https://x.example"},
        {"Message": {"Message": {"Message": {"Message": {"Message": {"Message": SAID}}}}}},
        {"Message": 7},
        {"notificationType": ["Bounce"]},
        {"notificationType": "Bounce" * 9999},
        [SAID],
    ],
)
def test_other_objects_are_nothing(said: object) -> None:
    facts = read_bounce(mailed(json.dumps(said)))
    assert (facts.kind, facts.recipients) == (MailKind.OTHER, ())


@pytest.mark.parametrize(
    "said",
    [
        bounce({"emailAddress": "ann@company.example", "action": "nonsense", "status": "x" * 9999}),
        bounce({"emailAddress": "a" * 99_999 + "@company.example"}),
        bounce(bounceSubType=["Suppressed"], bouncedRecipients={}),
        {"eventType": "Reject", "reject": 7, "mail": 7},
        {"eventType": "Reject", "mail": {"destination": [7, None, {}, "", "ann@company.example"] * 300}},
        {"eventType": "DeliveryDelay", "deliveryDelay": {"delayedRecipients": [[], 7, {"emailAddress": 7}]}},
    ],
)
def test_hostile_notifications(said: dict[str, Any]) -> None:
    facts = read_bounce(mailed(json.dumps(envelope(said))))
    assert facts.is_bounce
    assert len(facts.recipients) <= 100
    for one in facts.recipients:
        assert one.action in {"failed", "delayed"}
        assert len(one.address) <= 1000
