"""What becomes of a mail that was taken."""

import pytest

from probes.evidence import BodyState, Folder, MailKind
from probes.message import compose
from probes.recognise import Recognised, recognise
from probes.token import mint, new_probe_id
from tests.monitor.sources.inbound.conftest import KEY, InboundClient, open_inbound_client
from tests.probes.test_message import SENDER
from tests.probes.test_message import probe as composed_probe
from tests.support import bounce_mails as mails

OUR_COPIES = "inbound:acme@probe.test"


@pytest.mark.parametrize(
    ("mail", "kind"),
    [
        (mails.bounce, MailKind.BOUNCE),
        (mails.delay, MailKind.DELAY),
        (mails.vacation, MailKind.AUTO_REPLY),
    ],
)
async def test_the_token_in_the_address_says_whose_it_is(inbound_client: InboundClient, mail, kind) -> None:
    other = mint(new_probe_id(), KEY)
    await inbound_client.send(mail(other))  # what the mail quotes does not count against the address
    assert [(probe_id, facts.kind) for probe_id, facts in inbound_client.sink.returned] == [
        (inbound_client.probe_id, kind)
    ]
    assert inbound_client.router.counts == {str(kind): 1}


async def test_without_one_the_token_in_the_mail_does(inbound_client: InboundClient) -> None:
    await inbound_client.send(mails.bounce(inbound_client.token), "bounce@probe.test")
    assert [probe_id for probe_id, _ in inbound_client.sink.returned] == [inbound_client.probe_id]


@pytest.mark.parametrize("key", [b"another key" * 3])
async def test_a_forged_one_in_the_mail_is_ignored(inbound_client: InboundClient, key: bytes) -> None:
    assert (await inbound_client.send(mails.bounce(mint(new_probe_id(), key)), "bounce@probe.test"))[0] == 250
    assert inbound_client.sink.returned == []
    assert inbound_client.router.counts == {"other": 1}


async def test_what_is_no_bounce_is_ignored(inbound_client: InboundClient) -> None:
    await inbound_client.send(b"From: x@acme.test\r\nSubject: hello\r\n\r\nHow are you?\r\n")
    assert inbound_client.sink.returned == []
    assert inbound_client.router.counts == {"other": 1}


@pytest.mark.parametrize("mail", [mails.probe, mails.journal])
async def test_a_copy_is_told_with_the_headers_of_the_probe_itself(inbound_client: InboundClient, mail) -> None:
    await inbound_client.send(mail(inbound_client.token), "acme@probe.test", mail_from="probe@acme.test")
    ((mailbox, sighting),) = inbound_client.sink.copies
    assert mailbox == OUR_COPIES
    assert sighting.folder is Folder.COPY
    assert "by mx.acme.test" in sighting.headers
    assert "X-MS-Journal-Report" not in sighting.headers
    assert set(sighting.tokens.values()) == {inbound_client.token}
    assert inbound_client.router.counts == {"copy": 1}


@pytest.mark.parametrize("mail", [mails.bounce, mails.delay, mails.vacation])
async def test_a_report_about_a_probe_is_no_copy_of_it(inbound_client: InboundClient, mail) -> None:
    await inbound_client.send(mail(inbound_client.token), "acme@probe.test")
    assert inbound_client.sink.copies == []


async def test_a_bounce_that_encloses_the_probe_without_saying_so_is_no_copy(inbound_client: InboundClient) -> None:
    notice = (
        b"From: MAILER-DAEMON@mx.acme.test\r\nSubject: Mail delivery failed: returning message to sender\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\n"
        b"This message was created automatically by mail delivery software.\r\n"
        b"A message that you sent could not be delivered to one or more of its recipients.\r\n"
        b"This is a permanent error. The following address(es) failed:\r\n\r\n"
        b"  probe@acme.test\r\n    550 5.7.1 blocked using bl.test\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
    )
    await inbound_client.send(notice + mails.probe(inbound_client.token) + b"\r\n--b--\r\n", "acme@probe.test")
    assert inbound_client.sink.copies == []
    assert [facts.kind for _, facts in inbound_client.sink.returned] == [MailKind.BOUNCE]


def held(token: str, around: str, kind: str = "multipart/mixed", more: str = "") -> bytes:
    """The probe as an attachment, with this text before it."""
    inside = mails.PROBE.format(token=token, more="")
    return mails.wire(
        f"From: quarantine@acme.test\nTo: acme@probe.test\nSubject: Your code\n{more}MIME-Version: 1.0\n"
        f'Content-Type: {kind}; boundary="q"\n\n--q\nContent-Type: text/plain\n\n{around}\n'
        f"--q\nContent-Type: message/rfc822\n\n{inside}\n--q--\n"
    )


def quoted(token: str, more: str = "") -> bytes:
    inside = mails.PROBE.format(token=token, more="")
    notice = f"From: quarantine@acme.test\nSubject: Held\n{more}Content-Type: text/plain\n\nThis was held:\n\n"
    return mails.wire(f"{notice}Content-Type: message/rfc822\n\n{inside}")


def quoted_in_a_journal(token: str) -> bytes:
    """Somebody's mail about a probe, which is journaled as every mail is."""
    return mails.wire(mails.JOURNAL.format(inside=held(token, "FYI").decode().replace("\r\n", "\n")))


NO_COPIES = {
    "quoted in a text": quoted,
    "quoted in the text of a journal report": lambda token: quoted(token, "X-MS-Journal-Report:\n"),
    "a quarantine's notice": lambda token: held(token, "This mail is held in quarantine, it was not delivered."),
    "a digest": lambda token: held(token, "Today's mail", "multipart/digest"),
    "a digest that is journaled": lambda token: held(token, "", "multipart/digest", "X-MS-Journal-Report:\n"),
    "a forward as an attachment": lambda token: held(token, "What is this?"),
    "an answer": lambda token: held(token, "See below", more=f"In-Reply-To: <{token}@account.trimble.com>\n"),
    "a thread": lambda token: held(
        token, "", more=f"X-MS-Journal-Report:\nReferences:\n <{token}@account.trimble.com>\n"
    ),
    "a forward that is journaled": quoted_in_a_journal,
}


@pytest.mark.parametrize("mail", NO_COPIES.values(), ids=NO_COPIES)
async def test_a_probe_that_is_quoted_or_attached_is_no_copy(inbound_client: InboundClient, mail) -> None:
    await inbound_client.send(mail(inbound_client.token), "acme@probe.test")
    believed = [recognise(seen, KEY, {"no-reply@account.trimble.com"}) for _, seen in inbound_client.sink.copies]
    assert believed in ([], [None])


async def test_a_journal_report_may_enclose_the_probe_with_every_word(inbound_client: InboundClient) -> None:
    message = compose(composed_probe(probe_id=inbound_client.probe_id), SENDER, KEY)
    inside = message.content.decode().replace("\r\n", "\n")
    await inbound_client.send(mails.wire(mails.JOURNAL.format(inside=inside)), "acme@probe.test")
    ((_, seen),) = inbound_client.sink.copies
    assert recognise(seen, KEY, {SENDER.address}) == Recognised(inbound_client.probe_id, BodyState.INTACT)


async def test_reports_are_read_where_they_are_wanted() -> None:
    pytest.importorskip("parsedmarc")
    async with open_inbound_client(reports=["dmarc@probe.test"]) as inbound_client:
        report = b"""{"organization-name": "Acme", "contact-info": "x", "report-id": "1",
            "date-range": {"start-datetime": "2026-11-22T00:00:00Z", "end-datetime": "2026-11-22T23:59:59Z"},
            "policies": [{"policy": {"policy-type": "sts", "policy-domain": "account.trimble.com"},
            "summary": {"total-successful-session-count": 5, "total-failure-session-count": 0}}]}"""
        assert (await inbound_client.send(report, "dmarc@probe.test"))[0] == 250
        assert await inbound_client.send(b"A: b\r\n\r\nno report\r\n", "dmarc@probe.test") == (
            554,  # so that it does not come again
            "5.6.0 Not a report that we can read: no DMARC or TLS report in it",
        )
        assert inbound_client.router.counts == {"report": 1, "report_unreadable": 1}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"\0" * 5000,
        b"Content-Type: message/rfc822\r\n\r\n" * 5000,
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(5000)),
        b"Received: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"A: b\r\n" * 10_000,
        b"Content-Type: text/plain; charset=broken\r\nContent-Transfer-Encoding: base64\r\n\r\n====\r\n",
    ],
    ids=["empty", "blank", "zeros", "nested mails", "nested parts", "long header", "headers", "charset"],
)
async def test_hostile_mails_do_no_harm(inbound_client: InboundClient, content: bytes) -> None:
    code, _ = await inbound_client.send(content, inbound_client.bounces_to, "acme@probe.test", "bounce@probe.test")
    assert code == 250
    assert inbound_client.sink.copies == []
    assert inbound_client.sink.returned == []


@pytest.mark.parametrize(("mail_from", "null_sender"), [("", True), ("boss@acme.test", False)])
async def test_a_bounce_is_told_with_whether_it_had_a_sender(
    inbound_client: InboundClient, mail_from: str, null_sender: bool
) -> None:
    await inbound_client.send(mails.bounce(inbound_client.token), mail_from=mail_from)
    assert [(client.to_envelope, client.null_sender) for client in inbound_client.sink.clients] == [(True, null_sender)]
