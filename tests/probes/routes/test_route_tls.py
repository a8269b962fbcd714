"""STARTTLS as mail servers use it, and as a route may require it."""

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probes.answer import Fault, Stage
from probes.evidence import Handover, fell_back
from probes.resolver import DnsResolver
from probes.routes.direct import DirectRoute
from probes.routes.proxy import ProxyRoute
from probes.routes.xclient import XclientRoute
from tests.support.certificates import Authority
from tests.support.hostile_smtp import (
    byte_by_byte,
    closes,
    in_turn,
    is_silent,
    resets,
    says_and_closes,
    says_and_resets,
)
from tests.support.nameserver import TWO_HOSTS, name_server
from tests.support.outgoing_mail import GATEWAY, SOURCE, Send
from tests.support.smtp_server import GOOD, Answer, SmtpConversation, mail_server

OFFER = b"250-mx.acme.example\r\n250-STARTTLS\r\n250 SIZE 1000\r\n"
OFFERED: dict[str, Answer | list[Answer]] = {"EHLO": OFFER}


@pytest.mark.parametrize("certificate", [GATEWAY, "other.example"])
async def test_any_certificate_is_better_than_none(send: Send, authority: Authority, certificate: str) -> None:
    async with mail_server(OFFERED, tls=authority.serve(certificate, expired=True)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.encrypted
    assert server.visit.verbs == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert [step.stage for step in sent.dialogue.steps][2:6] == [Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.EHLO]
    assert sent.steps[4] == ("starttls", 220, None)
    assert sent.dialogue.tls == "TLSv1.3"
    assert sent.dialogue.certificate_ends
    assert timedelta(days=-3) < sent.dialogue.certificate_ends - datetime.now(UTC) < timedelta(days=-1), "it expired"


async def test_in_clear_text_there_is_no_certificate(send: Send) -> None:
    async with mail_server() as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert (sent.dialogue.tls, sent.dialogue.certificate_ends) == ("", None)


async def test_a_certificate_that_is_right_is_verified(send: Send, authority: Authority) -> None:
    async with mail_server(OFFERED, tls=authority.serve(GATEWAY)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port, tls="require", ca_file=authority.file))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.encrypted


async def test_a_certificate_for_an_address(send: Send, authority: Authority) -> None:
    async with mail_server(OFFERED, tls=authority.serve("127.0.0.1")) as server:
        sent = await send(DirectRoute(host="127.0.0.1", port=server.port, tls="require", ca_file=authority.file))
    assert sent.dialogue.handover is Handover.ACCEPTED


@pytest.mark.parametrize(
    ("certificate", "expired", "trusted", "says"),
    [
        ("other.example", False, True, "Hostname mismatch"),
        (GATEWAY, True, True, "certificate has expired"),
        (GATEWAY, False, False, "unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_is_wrong_is_evidence(
    send: Send, authority: Authority, certificate: str, expired: bool, trusted: bool, says: str
) -> None:
    ca_file = authority.file if trusted else None
    async with mail_server(OFFERED, tls=authority.serve(certificate, expired=expired)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port, tls="require", ca_file=ca_file))
    assert sent.end == ("deferred", "starttls", None, "tls")
    assert says in sent.dialogue.last.text
    assert server.visit.verbs == ["EHLO", "STARTTLS"]


async def test_none_means_in_clear(send: Send, authority: Authority) -> None:
    async with mail_server(OFFERED, tls=authority.serve(GATEWAY)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port, tls="none"))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert (server.visit.encrypted, sent.dialogue.tls) == (False, "")


async def test_required_and_not_offered(send: Send) -> None:
    async with mail_server() as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port, tls="require"))
    assert sent.end == ("deferred", "starttls", None, "not_offered")
    assert server.visit.verbs == ["EHLO", "QUIT"]


@pytest.mark.parametrize("taken_back", [b"454 4.7.0 TLS not available\r\n", b"502 5.5.1 not today\r\n"])
async def test_an_offer_taken_back(send: Send, taken_back: bytes) -> None:
    script: dict[str, Answer | list[Answer]] = {"EHLO": OFFER, "STARTTLS": taken_back}
    async with mail_server(script) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
        required = await send(DirectRoute(host=GATEWAY, port=server.port, tls="require"))
    assert sent.dialogue.handover is Handover.ACCEPTED  # in clear, as mail servers do
    assert sent.steps[4] == ("starttls", int(taken_back[:3]), None)
    assert required.end == ("deferred", "starttls", int(taken_back[:3]), None)


async def garbage(visit: SmtpConversation) -> None:
    visit.writer.write(GOOD["STARTTLS"])
    await visit.reader.read(4096)  # the client's hello
    visit.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9)
    await is_silent(visit)


async def hangs(visit: SmtpConversation) -> None:
    visit.writer.write(GOOD["STARTTLS"])
    await is_silent(visit)


FAILURES = [  # what comes of STARTTLS, and how the step ends
    (says_and_closes(b"220 go\r\n"), None, "closed"),
    (says_and_resets(b"220 go\r\n"), None, "reset"),
    (closes, None, "closed"),
    (resets, None, "reset"),
    (b"421 4.3.2 bye\r\n", 421, None),
    (b"334 huh\r\n", 334, "nonsense"),
    (garbage, None, "tls"),
    (hangs, None, "timed_out"),
    (is_silent, None, "timed_out"),
]


@pytest.mark.parametrize(("answer", "code", "fault"), FAILURES)
async def test_where_tls_is_required_nothing_goes_without_it(
    send: Send, authority: Authority, answer: Answer, code: int | None, fault: str | None
) -> None:
    async with mail_server({"EHLO": OFFER, "STARTTLS": answer}) as server:
        route = DirectRoute(host=GATEWAY, port=server.port, tls="require", ca_file=authority.file)
        sent = await send(route, timeout=0.5)
    assert sent.end == ("deferred", "starttls", code, fault)
    assert server.visit.verbs[:2] == ["EHLO", "STARTTLS"]
    assert "MAIL" not in server.visit.verbs
    assert fell_back(sent.dialogue) is None


@pytest.mark.parametrize(("answer", "code", "fault"), FAILURES)
async def test_where_tls_fails_the_same_host_is_asked_once_more_without_it(
    send: Send, answer: Answer, code: int | None, fault: str | None
) -> None:
    async with mail_server({"EHLO": OFFER, "STARTTLS": answer}) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port), timeout=2.0)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.steps[4:6] == [("starttls", code, fault), ("connect", None, None)]
    assert sent.dialogue.steps[5].text == "again, without TLS"
    assert fell_back(sent.dialogue) == sent.dialogue.steps[4]
    assert [visit.verbs[:2] for visit in server.visits] == [["EHLO", "STARTTLS"], ["EHLO", "MAIL"]]
    assert {visit.client for visit in server.visits} == {SOURCE}
    assert sent.dialogue.tls == ""


@pytest.mark.parametrize(
    ("version", "stage"),
    [
        (ssl.TLSVersion.TLSv1_2, "starttls"),
        (ssl.TLSVersion.TLSv1_3, "ehlo"),  # the client is done before the server looks at its certificate
    ],
)
async def test_a_server_that_wants_a_certificate_of_ours_gets_the_mail_without_tls(
    send: Send, authority: Authority, version: ssl.TLSVersion, stage: str
) -> None:
    context = authority.serve(GATEWAY)
    context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, version
    async with mail_server(OFFERED, tls=context) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    failed = fell_back(sent.dialogue)
    assert failed is not None
    assert (failed.stage, failed.fault) == (stage, Fault.CLOSED)
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visits[1].verbs[:2] == ["EHLO", "MAIL"]


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ({"BANNER": in_turn(b"220 hi\r\n", b"421 4.3.2 busy\r\n")}, ("deferred", "banner", 421, None)),
        ({"MAIL": b"530 5.7.0 Must issue a STARTTLS command first\r\n"}, ("refused", "mail", 530, None)),
        ({"RCPT": b"451 4.7.1 later\r\n"}, ("deferred", "rcpt", 451, None)),
        ({"RCPT": closes}, ("deferred", "rcpt", None, "closed")),
    ],
)
async def test_what_goes_wrong_without_tls_is_what_counts(
    send: Send, script: dict[str, Answer], end: tuple[str, str, int | None, str | None]
) -> None:
    async with mail_server({"EHLO": OFFER, "STARTTLS": garbage, **script}) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.end == end
    assert fell_back(sent.dialogue) is not None
    assert len(server.visits) == 2


async def test_a_host_without_working_tls_that_does_not_listen_in_clear_gives_way_to_the_next(
    send: Send, authority: Authority
) -> None:
    banner = in_turn(GOOD["BANNER"], b"554 5.7.1 no\r\n")
    async with (
        mail_server({"EHLO": OFFER, "STARTTLS": resets, "BANNER": banner}, host="127.0.0.11") as best,
        mail_server(OFFERED, host="127.0.0.12", port=best.port, tls=authority.serve(GATEWAY)) as other,
        name_server(TWO_HOSTS) as dns,
    ):
        sent = await send(DirectRoute(port=best.port), resolver=DnsResolver([dns.where]))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert len(best.visits) == 2
    assert other.visit.encrypted
    assert fell_back(sent.dialogue) is None  # the host that took it has spoken TLS


async def test_two_hosts_whose_handshakes_hang_leave_time_for_both_and_for_their_clear_dialogues(send: Send) -> None:
    script: dict[str, Answer] = {"EHLO": OFFER, "STARTTLS": hangs}
    async with (
        mail_server(script | {"MAIL": resets}, host="127.0.0.11") as best,
        mail_server(script, host="127.0.0.12", port=best.port),
        name_server(TWO_HOSTS) as dns,
    ):
        deferred = await send(DirectRoute(port=best.port), resolver=DnsResolver([dns.where]), timeout=1.6)
    assert deferred.end == ("deferred", "mail", None, "reset")
    assert deferred.seconds < 1.2  # a quarter for the first host's TLS; it has heard of the mail and decided


async def test_xclient_and_proxy_begin_anew_without_tls(send: Send) -> None:
    offer = OFFER.replace(b"250 SIZE", b"250-XCLIENT NAME ADDR HELO PROTO\r\n250 SIZE")
    async with mail_server({"EHLO": offer, "STARTTLS": garbage}) as server:
        sent = await send(XclientRoute(host=GATEWAY, port=server.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visits[1].verbs[:4] == ["EHLO", "XCLIENT", "EHLO", "MAIL"]
    async with mail_server({"EHLO": OFFER, "STARTTLS": garbage}, takes_proxy=True) as server:
        sent = await send(ProxyRoute(host=GATEWAY, port=server.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert [visit.lines[0][:12] for visit in server.visits] == [f"2 {SOURCE}:"] * 2


async def test_what_is_said_in_clear_behind_starttls_is_forgotten_and_told(send: Send, authority: Authority) -> None:
    script: dict[str, Answer | list[Answer]] = {"EHLO": OFFER, "STARTTLS": b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n"}
    async with mail_server(script, tls=authority.serve(GATEWAY)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    starttls = sent.dialogue.steps[4]
    assert (starttls.stage, starttls.code) == (Stage.STARTTLS, 220)
    assert starttls.text == "go\n[discarded, sent in clear after this: 250 evil\nAUTH PLAIN]"
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert server.visit.encrypted


async def test_what_was_offered_in_clear_counts_no_more(send: Send, authority: Authority) -> None:
    script: dict[str, Answer | list[Answer]] = {"EHLO": [OFFER, b"250 mx.acme.example\r\n"]}
    async with mail_server(script, tls=authority.serve(GATEWAY)) as server:
        await send(DirectRoute(host=GATEWAY, port=server.port))
    assert server.visit.lines[3] == "MAIL FROM:<bounce+token@account.trimble.com>"


async def test_tls_is_of_the_host_that_decided(send: Send, authority: Authority) -> None:
    """The first host fails behind its handshake, the second is spoken to in clear."""
    first: dict[str, Answer | list[Answer]] = {"EHLO": [OFFER, b"421 4.3.2 later\r\n"]}
    async with (
        mail_server(first, host="127.0.0.11", tls=authority.serve(GATEWAY)) as best,
        mail_server(host="127.0.0.12", port=best.port),
        name_server(TWO_HOSTS) as dns,
    ):
        sent = await send(DirectRoute(port=best.port), resolver=DnsResolver([dns.where]))
    assert sent.steps[4:6] == [("starttls", 220, None), ("ehlo", 421, None)]
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.dialogue.tls == ""


async def test_replies_inside_tls_come_in_many_records_and_in_large_ones(send: Send, authority: Authority) -> None:

    async def in_many_records(visit: SmtpConversation) -> None:
        for n in range(90):
            visit.writer.write(f"250-X-EXTENSION-{n}\r\n".encode())
        visit.writer.write(b"250 SIZE 1000\r\n")

    long = b"".join(b"250-" + b"x" * 400 + b"\r\n" for _ in range(60)) + b"250 ok\r\n"
    script: dict[str, Answer | list[Answer]] = {
        "EHLO": [OFFER, in_many_records],
        "RCPT": long,
        "MAIL": byte_by_byte(b"250 ok\r\n"),
    }
    async with mail_server(script, tls=authority.serve(GATEWAY)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.dialogue.handover is Handover.ACCEPTED
    assert sent.dialogue.steps[5].text.split("\n") == [*(f"X-EXTENSION-{n}" for n in range(90)), "SIZE 1000"]
    assert len(sent.dialogue.steps[7].text) == 60 * 401 + 2


async def test_garbage_inside_tls(send: Send, authority: Authority) -> None:
    async def beneath(visit: SmtpConversation) -> None:
        os.write(visit.writer.get_extra_info("socket").fileno(), b"250 2.1.5 Ok\r\n" * 9)
        await is_silent(visit)

    async with mail_server({"EHLO": OFFER, "RCPT": beneath}, tls=authority.serve(GATEWAY)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.end == ("deferred", "rcpt", None, "tls")
    assert sent.dialogue.last.text == "wrong version number"


async def test_a_reset_inside_tls(send: Send, authority: Authority) -> None:
    async with mail_server({"EHLO": OFFER, "RCPT": resets}, tls=authority.serve(GATEWAY)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.end == ("deferred", "rcpt", None, "reset")


async def test_a_close_inside_tls(send: Send, authority: Authority) -> None:
    async with mail_server({"EHLO": OFFER, "RCPT": closes}, tls=authority.serve(GATEWAY)) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.end == ("deferred", "rcpt", None, "closed")


async def test_trusted_certificates_that_vanish_are_evidence(send: Send, authority: Authority, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.file.read_bytes())
    async with mail_server(OFFERED, tls=authority.serve(GATEWAY)) as server:
        route = DirectRoute(host=GATEWAY, port=server.port, tls="require", ca_file=ca_file)
        ca_file.unlink()
        sent = await send(route)
    assert sent.end == ("deferred", "starttls", None, "tls")
    assert "No such file" in sent.dialogue.last.text
