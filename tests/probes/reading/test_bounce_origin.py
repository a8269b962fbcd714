"""Who may speak for those who had the message. One row, one host that brings a bounce."""

from datetime import UTC, datetime
from typing import Any

import pytest

from probes.answer import Stage
from probes.evidence import Bounce, Dialogue, Handover, MailKind, Step
from probes.reading.bounce_origin import (
    MAX_OF_A_KIND,
    MAX_OF_A_STRANGER,
    BounceOrigin,
    Tie,
    has_room,
    is_among,
    is_loopback,
    names_to_confirm,
    receiver_of,
    tie_of,
    tie_of_host,
)
from probes.verdict import Cause

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def dialogue(*hosts: str) -> Dialogue:
    steps = tuple(Step(Stage.END_OF_DATA, NOON, 0.1, host, 250) for host in hosts)
    return Dialogue(NOON, 1, Handover.ACCEPTED, steps)


POSTFIX = dialogue("mx.acme.co.uk[192.0.2.11]:25")
M365 = dialogue("acme-co-uk.mail.protection.outlook.com[52.101.68.5]:25")
GOOGLE = dialogue("aspmx.l.google.com[142.250.27.27]:25", "alt1.aspmx.l.google.com[2a00:1450:4025:c03::1b]:25")
MIMECAST = dialogue("eu-smtp-inbound-1.mimecast.com[195.130.217.201]:25")
HOSTED = dialogue("mx1.small-host.example[203.0.113.25]:25")
BEHIND = dialogue("eu-smtp-inbound-1.mimecast.com[195.130.217.201]:25", "mx.acme.co.uk[192.0.2.11]:25")


@pytest.mark.parametrize(
    ("took", "ip", "name", "tie"),
    [
        (POSTFIX, "192.0.2.11", "", Tie.OWN),  # the very host
        (POSTFIX, "192.0.2.200", "", Tie.OWN),  # beside it
        (POSTFIX, "::ffff:192.0.2.11", "", Tie.OWN),
        (POSTFIX, "192.0.3.11", "", Tie.NONE),
        (POSTFIX, "198.51.100.7", "", Tie.NONE),
        (POSTFIX, "198.51.100.7", "out.acme.co.uk", Tie.OWN),
        (POSTFIX, "198.51.100.7", "acme.co.uk", Tie.OWN),
        (POSTFIX, "198.51.100.7", "other.co.uk", Tie.NONE),  # not even by the same registry
        (POSTFIX, "198.51.100.7", "co.uk", Tie.NONE),
        (POSTFIX, "198.51.100.7", "acme.co.uk.evil.example", Tie.NONE),
        (POSTFIX, "198.51.100.7", "notacme.co.uk", Tie.NONE),
        (POSTFIX, "not an address", "", Tie.NONE),
        (POSTFIX, "", "mx.acme.co.uk", Tie.NONE),  # nobody handed it to us
        (M365, "40.107.22.50", "mail-am6eur05on2050.outbound.protection.outlook.com", Tie.SHARED),
        (M365, "40.107.22.50", "", Tie.NONE),  # maybe, but who knows
        (M365, "198.51.100.9", "mail.acme.co.uk", Tie.OWN),  # the company's own server behind it
        (GOOGLE, "209.85.220.69", "mail-sor-f69.google.com", Tie.SHARED),
        (GOOGLE, "2a00:1450:4025:c03::99", "", Tie.SHARED),
        (GOOGLE, "2a00:1450:4025:c04::99", "", Tie.NONE),
        (MIMECAST, "207.82.80.1", "us-smtp-delivery-1.mimecast.com", Tie.SHARED),
        (MIMECAST, "207.82.80.1", "mail.protection.outlook.com", Tie.NONE),
        (MIMECAST, "195.130.217.201", "", Tie.SHARED),  # what sends for its customers may be the very host
        (HOSTED, "198.51.100.7", "out7.small-host.example", Tie.SHARED),  # in no table, yet it may have other customers
        (HOSTED, "203.0.113.99", "", Tie.OWN),  # beside the host that took it: a gateway under another name of theirs
        (BEHIND, "195.130.217.201", "", Tie.SHARED),
        (BEHIND, "192.0.2.11", "", Tie.OWN),
    ],
)
def test_what_ties_a_server_to_the_receiver(took: Dialogue, ip: str, name: str, tie: Tie) -> None:
    assert tie_of_host(BounceOrigin(ip, name), receiver_of([took], "probe@acme.co.uk")) is tie


@pytest.mark.parametrize(
    ("host", "ip", "theirs"),
    [
        ("192.0.2.11[192.0.2.11]:25", "192.0.2.12", True),
        ("mx.acme.test[2001:db8:1:2::3]:25", "2001:db8:1:2::9", True),
        ("", "192.0.2.11", False),
        ("acme.co.uk", "192.0.2.11", False),  # a step that looked a name up
        ("mx[]:25", "192.0.2.11", False),
    ],
)
def test_how_a_step_names_its_host(host: str, ip: str, theirs: bool) -> None:
    assert (tie_of_host(BounceOrigin(ip), receiver_of([dialogue(host)], "probe@acme.co.uk")) is Tie.OWN) is theirs


@pytest.mark.parametrize(
    ("helo", "reporting", "asked"),
    [
        ("MX.Acme.test.", "mx.acme.test", ["mx.acme.test"]),
        ("mx.acme.test", "inner.acme.test", ["mx.acme.test", "inner.acme.test"]),
        ("[192.0.2.1]", "192.0.2.1", []),
        ("localhost", "", []),
        ("a b.test", "x" * 64 + ".test", []),
        ("-.test", "a..test", []),
        ("mx.acme.test\n", "mx.acme.test" + ".a" * 200, ["mx.acme.test"]),
    ],
)
def test_only_names_of_hosts_are_looked_up(helo: str, reporting: str, asked: list[str]) -> None:
    assert list(names_to_confirm(helo, reporting)) == asked


@pytest.mark.parametrize(
    ("ip", "loopback"),
    [("127.0.0.1", True), ("::ffff:127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("unknown", False)],
)
def test_a_loopback_address_has_any_name(ip: str, loopback: bool) -> None:
    assert is_loopback(ip) is loopback


@pytest.mark.parametrize(
    ("ip", "addresses", "among"),
    [
        ("192.0.2.1", ["198.51.100.1", "192.0.2.1"], True),
        ("::ffff:192.0.2.1", ["192.0.2.1"], True),  # as a socket for both families has it
        ("2001:db8::1", ["2001:DB8:0::1"], True),
        ("192.0.2.1", ["192.0.2.10"], False),
        ("unknown", ["unknown"], False),
        ("192.0.2.1", [], False),
    ],
)
def test_an_address_however_it_is_written(ip: str, addresses: list[str], among: bool) -> None:
    assert is_among(ip, addresses) is among


RECEIVER = receiver_of([POSTFIX], "probe@acme.co.uk")


def bounce(number: int, ip: str, kind: MailKind = MailKind.BOUNCE, **more: Any) -> Bounce:
    action = "failed" if kind is MailKind.BOUNCE else "delayed"
    said = (kind, more.pop("recipient", "probe@acme.co.uk"), action, None, f"number {number}", Cause.UNCLEAR, None)
    return Bounce(NOON, *said, client_ip=ip, **{"to_envelope": True, "null_sender": True} | more)


@pytest.mark.parametrize(
    ("ip", "more", "tie"),
    [
        ("192.0.2.11", {}, Tie.OWN),
        ("192.0.2.11", {"recipient": "boss@elsewhere.test"}, Tie.OWN),  # forwarded there by the company
        ("192.0.2.11", {"to_envelope": False}, Tie.NONE),
        ("192.0.2.11", {"null_sender": False}, Tie.NONE),  # somebody's mail, and no server's report
        ("198.51.100.7", {}, Tie.NONE),
        ("", {}, Tie.NONE),
    ],
)
def test_a_bounce_is_tied_by_its_host_and_its_envelope(ip: str, more: dict[str, Any], tie: Tie) -> None:
    assert tie_of(bounce(1, ip, **more), RECEIVER) is tie


@pytest.mark.parametrize(
    ("more", "tie"),
    [
        ({}, Tie.SHARED),
        ({"recipient": "Probe@Mail.ACME.co.uk"}, Tie.SHARED),
        ({"recipient": "nobody@evil.example"}, Tie.NONE),  # a true report, about a mailbox of whoever made it come
        ({"recipient": ""}, Tie.NONE),  # an automatic reply that reads like a report
        ({"null_sender": False}, Tie.NONE),  # sent from a mailbox there
        ({"to_envelope": False}, Tie.NONE),
    ],
)
def test_a_shared_provider_speaks_for_a_company_only_about_its_people(more: dict[str, Any], tie: Tie) -> None:
    known = {"client_name": "mail-am6eur05on2050.outbound.protection.outlook.com"} | more
    assert tie_of(bounce(1, "40.107.22.50", **known), receiver_of([M365], "probe@acme.co.uk")) is tie


def test_a_customer_of_the_same_provider_does_not_take_the_room_of_the_company() -> None:
    receiver = receiver_of([M365, POSTFIX], "probe@acme.co.uk")
    name = "x.outbound.protection.outlook.com"
    known = [bounce(number, f"40.107.{number}.50", client_name=name) for number in range(MAX_OF_A_KIND)]
    assert not has_room(bounce(99, "40.107.99.50", client_name=name), known, receiver)
    assert has_room(bounce(99, "192.0.2.11"), known, receiver)


def kept(coming: list[Bounce]) -> list[Bounce]:
    known: list[Bounce] = []
    for each in coming:
        if has_room(each, known, RECEIVER):
            known.append(each)
    return known


def test_no_flood_of_forged_reports_takes_the_room_of_the_true_one() -> None:
    clients = [f"198.51.{network}.7" for network in range(100)]
    flood = [bounce(1, ip, kind) for ip in clients for kind in (MailKind.DELAY, MailKind.BOUNCE)]
    flood += [bounce(number, "203.0.113.1", MailKind.DELAY) for number in range(100)]
    true = [bounce(1, "192.0.2.11", MailKind.DELAY), bounce(2, "192.0.2.11")]
    found = kept(flood + true)
    assert found[-2:] == true
    assert len(found) == 2 * MAX_OF_A_KIND + 2


def test_one_stranger_does_not_take_the_room_of_another() -> None:
    found = kept([bounce(number, "203.0.113.1") for number in range(100)] + [bounce(1, "198.51.100.7")])
    assert [each.client_ip for each in found] == ["203.0.113.1"] * MAX_OF_A_STRANGER + ["198.51.100.7"]


def test_the_receiver_may_report_a_delay_every_hour_and_still_give_up() -> None:
    hourly = [bounce(number, "192.0.2.11", MailKind.DELAY) for number in range(100)]
    found = kept([*hourly, bounce(1, "192.0.2.11")])
    assert len(found) == MAX_OF_A_KIND + 1
    assert found[-1].final
