"""STARTTLS as mail servers use it, and as a route may require it."""

import os
from pathlib import Path

import pytest
from certificates import Authority
from hostile_smtp import byte_by_byte, closes, is_silent, resets, says_and_closes
from mail_in_hand import GATEWAY, Send
from nameserver import TWO_HOSTS, name_server
from smtp_server import GOOD, Answer, Visit, mail_server

from probes.answer import Stage
from probes.evidence import Handover
from probes.resolver import DnsResolver
from probes.routes.direct import DirectRoute

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


@pytest.mark.parametrize(
    ("answer", "code", "fault"),
    [
        (says_and_closes(b"220 go\r\n"), None, "closed"),
        (closes, None, "closed"),
        (resets, None, "reset"),
        (b"421 4.3.2 bye\r\n", 421, None),
        (b"334 huh\r\n", 334, "nonsense"),
    ],
)
@pytest.mark.parametrize("tls", ["opportunistic", "require"])
async def test_starttls_that_fails_is_evidence(
    send: Send, authority: Authority, answer: Answer, code: int | None, fault: str | None, tls: str
) -> None:
    async with mail_server({"EHLO": OFFER, "STARTTLS": answer}) as server:
        route = DirectRoute.model_validate(
            {"via": "direct", "host": GATEWAY, "port": server.port, "tls": tls, "ca_file": str(authority.file)}
        )
        sent = await send(route)
    assert sent.end == ("deferred", "starttls", code, fault)
    assert "MAIL" not in server.visit.verbs


async def test_garbage_in_the_handshake(send: Send) -> None:
    async def garbage(visit: Visit) -> None:
        visit.writer.write(GOOD["STARTTLS"])
        await visit.reader.read(4096)  # the client's hello
        visit.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9)
        await is_silent(visit)

    async with mail_server({"EHLO": OFFER, "STARTTLS": garbage}) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port))
    assert sent.end == ("deferred", "starttls", None, "tls")
    assert sent.dialogue.last.text == "the TLS handshake failed: wrong version number"


async def test_a_handshake_that_hangs_ends_with_the_time(send: Send) -> None:
    async def hangs(visit: Visit) -> None:
        visit.writer.write(GOOD["STARTTLS"])
        await is_silent(visit)

    async with mail_server({"EHLO": OFFER, "STARTTLS": hangs}) as server:
        sent = await send(DirectRoute(host=GATEWAY, port=server.port), timeout=0.4)
    assert sent.end == ("deferred", "starttls", None, "timed_out")


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

    async def in_many_records(visit: Visit) -> None:
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
    async def beneath(visit: Visit) -> None:
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
