"""Bounces that come from a provider which sends for many companies: what a real one proves, and what a customer of the
same provider can make of it. Times are seconds after the code was issued; it expires after 10 s, and after 60 s we
give up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from probes.answer import Fault, Stage
from probes.evidence import Arrival, Bounce, Dialogue, Evidence, FailedLook, Folder, Handover, Look, Marker, Step
from probes.judge import is_over, judge, next_moment, wants_look
from probes.kinds import Kind
from probes.origin import origin_of
from probes.probe import Probe
from probes.reading.bounce_origin import SmtpClient, receiver_of
from probes.reading.bounces import read_bounce
from probes.reading.received import organisation
from probes.reading.shared_providers import SHARED_PROVIDERS
from probes.recognise import came_back
from probes.resolver import Resolver, Unresolved
from probes.sender import Role

BORN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SOURCE_IP = "104.130.122.50"
PROBE = "probe@acme.example"

EXCHANGE = ("acme-example.mail.protection.outlook.com", "52.101.68.5")
GOOGLE = ("aspmx.l.google.com", "142.250.27.27")
POSTFIX = ("mx.acme.example", "192.0.2.11")
RELAY = ("smtp.mailgun.org", "34.160.63.108")

OUT_OF_EXCHANGE = "mail-am6eur05on2050.outbound.protection.outlook.com"
OUT_OF_GOOGLE = "mail-sor-f69.google.com"


class Names:
    """A DNS that confirms each host's one name."""

    known: Mapping[str, str] = {
        OUT_OF_EXCHANGE: "40.107.22.50",
        OUT_OF_GOOGLE: "209.85.220.69",
        "mx.acme.example": "192.0.2.11",
        "out.mailgun.net": "198.51.100.40",
    }

    async def addresses(self, name: str, timeout: float) -> tuple[str, ...] | Unresolved:
        return (self.known[name],) if name in self.known else ()


def at(seconds: float) -> datetime:
    return BORN + timedelta(seconds=seconds)


def probe(via: str) -> Probe:
    times = (BORN, at(10), at(60))
    return Probe("a" * 16, "acme", "hq", Kind.TWO_STEP_CODE, Role.SENDER, via, PROBE, SOURCE_IP, *times, retry=())


def accepted(host: tuple[str, str]) -> Dialogue:
    step = Step(Stage.END_OF_DATA, at(1), 0.1, f"{host[0]}[{host[1]}]:25", 250)
    return Dialogue(at(1), 1, Handover.ACCEPTED, (step,), SOURCE_IP)


def report(reporting: str, recipient: str, said: str, action: str = "failed") -> bytes:
    """A delivery status notification, RFC 3464."""
    status = said.split()[1]
    return (
        f"From: postmaster@acme.example\r\nTo: <bounce@account.trimble.com>\r\nSubject: Undeliverable: Your code\r\n"
        "MIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour message couldn't be delivered.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;{reporting}\r\n\r\n"
        f"Final-Recipient: rfc822;{recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp;{said}\r\n\r\n--b--\r\n"
    ).encode()


BLOCKED = "550 5.7.350 Remote server returned message detected as spam"


async def bounced(
    took: Dialogue,
    client: tuple[str, str],
    seconds: float = 5,
    *,
    recipient: str = PROBE,
    said: str = BLOCKED,
    null_sender: bool = True,
    action: str = "failed",
) -> Bounce:
    """What the listener makes of a report that this client, named so in the DNS, brings to the probe's own address."""
    name, ip = client
    facts = read_bounce(report(name, recipient, said, action))
    resolver: Resolver = Names()  # type: ignore[assignment] # it is asked for addresses only
    brought = SmtpClient(ip, name, to_envelope=True, null_sender=null_sender)
    origin = await origin_of(brought, facts, receiver_of([took], PROBE), resolver)
    bounce = came_back(facts, PROBE, (), at(seconds), origin)
    assert bounce is not None
    return bounce


ABSENT = Look(at(60), ("INBOX", "Junk"))
COULD_NOT_LOOK = FailedLook(at(60), "the server does not answer")


def seen(seconds: float) -> Arrival:
    received = (
        f"Received: from m50.example (m50.example [{SOURCE_IP}]) by am6.eur05.prod.protection.outlook.com with SMTP\r\n"
    )
    return Arrival(at(seconds), at(seconds), Folder.INBOX, "INBOX", received, (Marker.HEADER,))


def verdict(evidence: list[Evidence], seconds: float, via: str = "direct") -> str:
    found = judge(probe(via), evidence, at(seconds))
    return f"{found.outcome} {found.cause or '-'} {found.grade}" if found else ""


@pytest.mark.parametrize(
    ("host", "client"),
    [
        (EXCHANGE, (OUT_OF_EXCHANGE, "40.107.22.50")),
        (GOOGLE, (OUT_OF_GOOGLE, "209.85.220.69")),
        (GOOGLE, ("unnamed.example", "142.250.27.99")),  # beside the host that took it
    ],
)
async def test_a_shared_provider_s_report_is_proven_once_the_message_is_absent(host, client) -> None:
    took = accepted(host)
    bounce = await bounced(took, client)
    assert verdict([took, bounce], 5) == "blocked content unproven"
    assert not is_over(probe("direct"), [took, bounce], judge(probe("direct"), [took, bounce], at(5)), at(5))
    assert wants_look(probe("direct"), [took, bounce], at(60))
    assert verdict([took, bounce, ABSENT], 60) == "blocked content real"


async def test_a_report_is_settled_when_the_code_has_expired() -> None:
    """Who is on call learns it then, not an hour later when the probe is given up."""
    took = accepted(EXCHANGE)
    known: list[Evidence] = [took, await bounced(took, (OUT_OF_EXCHANGE, "40.107.22.50"))]
    assert not wants_look(probe("direct"), known, at(9))
    assert next_moment(probe("direct"), known, at(9)) == at(10)
    assert wants_look(probe("direct"), known, at(10))
    found = [*known, Look(at(10), ("INBOX", "Junk"))]
    assert verdict(found, 10) == "blocked content real"
    assert is_over(probe("direct"), found, judge(probe("direct"), found, at(10)), at(10))
    assert verdict([*known, seen(9)], 10) == "inbox - real", "what arrived was not kept away"


async def test_a_report_that_comes_after_the_code_has_expired_is_settled_by_a_look_of_its_own() -> None:
    took, before = accepted(EXCHANGE), Look(at(12), ("INBOX", "Junk"))
    known: list[Evidence] = [took, before, await bounced(took, (OUT_OF_EXCHANGE, "40.107.22.50"), 20)]
    assert verdict(known, 20) == "blocked content unproven"
    assert next_moment(probe("direct"), known, at(20)) == at(20), "and the look is made at once"
    assert verdict([*known, Look(at(21), ("INBOX", "Junk"))], 21) == "blocked content real"


async def test_a_look_that_failed_is_made_again_when_the_probe_is_given_up() -> None:
    took = accepted(EXCHANGE)
    known: list[Evidence] = [
        took,
        await bounced(took, (OUT_OF_EXCHANGE, "40.107.22.50")),
        FailedLook(at(10), "no answer"),
    ]
    assert verdict(known, 11) == "blocked content unproven"
    assert [wants_look(probe("direct"), known, at(seconds)) for seconds in (11, 59, 60)] == [False, False, True]


async def test_through_a_relay_a_report_that_nobody_proves_is_settled_then_too() -> None:
    """There is no other word of what a relay sent on. It stays unproven, and mail that comes after all refutes it."""
    took = accepted(RELAY)
    known: list[Evidence] = [took, await bounced(took, ("x.example", "203.0.113.9"))]
    assert verdict(known, 9, "relay") == ""
    assert [wants_look(probe("relay"), known, at(seconds)) for seconds in (9, 10)] == [False, True]
    found = [*known, Look(at(10), ("INBOX", "Junk"))]
    assert verdict(found, 10, "relay") == "blocked content unproven"
    assert not is_over(probe("relay"), found, judge(probe("relay"), found, at(10)), at(10))
    assert verdict([*found, seen(20)], 20, "relay") == "late unclear unproven"


async def test_a_stranger_s_report_asks_for_no_look_of_its_own() -> None:
    took = accepted(EXCHANGE)
    known: list[Evidence] = [took, await bounced(took, ("x.example", "203.0.113.9"))]
    assert [wants_look(probe("direct"), known, at(seconds)) for seconds in (10, 59, 60)] == [False, False, True]
    assert verdict([*known, Look(at(10), ("INBOX", "Junk"))], 11) == "blocked content unproven"


async def test_no_report_ends_a_probe_before_the_last_look() -> None:
    """Else whoever writes one while we look would make `missing` something that wakes nobody."""
    took = accepted(EXCHANGE)
    seen_so_far: list[Evidence] = [took, await bounced(took, ("x.example", "203.0.113.9"), 60)]
    found = judge(probe("direct"), seen_so_far, at(60))
    assert found is not None
    assert not is_over(probe("direct"), seen_so_far, found, at(60))
    assert is_over(probe("direct"), [*seen_so_far, COULD_NOT_LOOK], found, at(60))


async def test_what_came_back_is_looked_for_though_we_never_heard_that_it_was_taken() -> None:
    took = accepted(EXCHANGE)
    step = replace(took.last, code=None, fault=Fault.TIMED_OUT)
    cut_off = replace(took, handover=Handover.DEFERRED, steps=(step,))
    bounce = await bounced(cut_off, (OUT_OF_EXCHANGE, "40.107.22.50"))
    assert not wants_look(probe("direct"), [cut_off], at(60))
    assert wants_look(probe("direct"), [cut_off, bounce], at(60))
    assert verdict([cut_off, bounce, ABSENT], 60) == "blocked content real"


async def test_a_company_s_own_server_is_believed_at_once() -> None:
    took = accepted(POSTFIX)
    assert verdict([took, await bounced(took, POSTFIX)], 5) == "blocked content real"


async def test_a_report_of_the_own_server_behind_a_shared_provider_is_believed_at_once() -> None:
    took = accepted(EXCHANGE)
    assert verdict([took, await bounced(took, POSTFIX)], 5) == "blocked content real"


async def test_the_sentence_says_what_is_awaited() -> None:
    took = accepted(EXCHANGE)
    bounce = await bounced(took, (OUT_OF_EXCHANGE, "40.107.22.50"))
    found = judge(probe("direct"), [took, bounce], at(5))
    assert found is not None
    assert f"not proven yet: {OUT_OF_EXCHANGE} also sends for other companies" in found.because
    final = judge(probe("direct"), [took, bounce, ABSENT], at(60))
    assert final is not None
    assert "not proven" not in final.because


async def test_a_forged_report_does_not_outlive_the_message_in_the_inbox() -> None:
    took = accepted(EXCHANGE)
    forged = await bounced(took, (OUT_OF_EXCHANGE, "40.107.22.50"))
    assert verdict([took, forged, seen(8)], 8) == "inbox - real"


@pytest.mark.parametrize(
    "more",
    [
        {"null_sender": False},  # sent from a mailbox there
        {"recipient": "nobody@attacker.example"},  # a report of the provider's, of a message to the attacker's tenant
    ],
)
async def test_another_customer_s_report_never_proves_anything(more) -> None:
    took = accepted(EXCHANGE)
    forged = await bounced(took, (OUT_OF_EXCHANGE, "40.107.22.50"), **more)
    assert verdict([took, forged], 5) == "blocked content unproven"
    assert verdict([took, forged, ABSENT], 60) == "missing unclear real"


async def test_without_a_look_it_stays_unproven() -> None:
    took = accepted(EXCHANGE)
    bounce = await bounced(took, (OUT_OF_EXCHANGE, "40.107.22.50"))
    assert verdict([took, bounce, COULD_NOT_LOOK], 60) == "blocked content unproven"


async def test_a_delay_is_borne_out_by_the_message_that_came_late() -> None:
    took = accepted(EXCHANGE)
    delay = await bounced(
        took, (OUT_OF_EXCHANGE, "40.107.22.50"), said="451 4.7.500 Server busy, throttled", action="delayed"
    )
    found = judge(probe("direct"), [took, delay, seen(30)], at(30))
    assert found is not None
    assert "reported a delay" in found.because


RELAYED_BY = [(OUT_OF_EXCHANGE, "40.107.22.50"), ("out.mailgun.net", "198.51.100.40"), ("x.example", "203.0.113.9")]


@pytest.mark.parametrize("client", RELAYED_BY)
async def test_what_a_relay_sent_is_called_blocked_only_when_we_looked(client) -> None:
    """Such a verdict wakes people though it is unproven, and anybody who knows the bounce address can write this."""
    took = accepted(RELAY)
    bounce = await bounced(took, client)
    assert verdict([took, bounce], 5, "relay") == ""
    assert verdict([took, bounce, seen(8)], 8, "relay").startswith("inbox")
    assert verdict([took, bounce, ABSENT], 60, "relay") == "blocked content unproven"
    assert verdict([took, bounce, COULD_NOT_LOOK], 60, "relay") == "unknown - unproven"


async def test_a_relay_of_our_own_is_believed_at_once() -> None:
    took = accepted(("relay.trimble.example", "192.0.2.11"))
    assert verdict([took, await bounced(took, POSTFIX)], 5, "relay") == "blocked content unproven"


def test_the_table_has_registrable_domains() -> None:
    assert [name for name in SHARED_PROVIDERS if organisation(name) != name] == []
