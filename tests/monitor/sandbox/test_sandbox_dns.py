"""The simulated DNS: the standing of the sender in the sandbox, by the configuration that everybody meets first."""

import json
from pathlib import Path

import dns.message
import pytest

from monitor.cli.exits import Exit
from monitor.cli.standing import StandingOptions, standing
from monitor.config import read_config
from monitor.config.simulated import simulated_dns, simulates_dns
from monitor.sandbox.nameserver import MAX_ANSWER_BYTES, answer_to
from monitor.sandbox.zones import LISTED_AT, REFUSING, records_of
from probes.resolver import DnsResolver
from probes.sender import Identity, Role

DEFAULT = Path(__file__).parents[3] / "config.toml"
SENDER = Identity(
    Role.SENDER,
    "no-reply@account.trimble.com",
    *("104.130.122.50", "account.trimble.com", "[UNAVAILABLE]", "bounce@account.trimble.com"),
)


async def test_the_sandbox_has_one_bad_fact_and_one_listing(capsys: pytest.CaptureFixture[str]) -> None:
    code = await standing(read_config(DEFAULT), StandingOptions((), "", False, True))
    said = capsys.readouterr()
    facts = {(fact["check"], fact["subject"]): fact for fact in map(json.loads, said.out.splitlines())}
    odd = {
        key: "suspected" if fact["suspected"] else fact["state"]
        for key, fact in facts.items()
        if fact["state"] not in ("good", "none")
    }
    assert odd == {
        ("ptr", "104.130.122.50"): "suspected",  # by the second reading it is bad
        ("blocklist", f"104.130.122.50 at {LISTED_AT}"): "weak",
        ("blocklist", f"104.130.122.50 at {REFUSING}"): "refused",
    }
    assert {check for (check, _), fact in facts.items() if fact["state"] == "none"} == {
        *("mta_sts", "dane", "dnssec", "bimi"),
        "blocklist",  # a list of good senders that does not have it
    }
    assert {key for key, fact in facts.items() if not fact["servers"] or not fact["ttl_seconds"]} == set()
    assert code is Exit.NOT_OK
    assert "simulated" in said.err


async def test_companies_of_the_sandbox_accept_mail() -> None:
    async with simulated_dns(read_config(DEFAULT)) as port:
        found = await DnsResolver([f"127.0.0.1:{port}"]).mail_hosts("birchline.example", timeout=2)
    assert [(host.name, host.addresses) for host in found] == [("mx.birchline.example", ("127.0.0.1",))]  # type: ignore[union-attr]


COMPANY = """
[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = { via = "xclient", host = "192.0.2.10", port = 25 }
mailbox = { via = "maildir", path = "acme" }
"""


@pytest.mark.parametrize("more", ['[dns]\nnameservers = ["192.0.2.53"]\n', COMPANY])
async def test_a_real_company_or_configured_name_servers_end_it(more: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(DEFAULT.read_text() + more)
    assert simulates_dns(read_config(DEFAULT))
    assert not simulates_dns(read_config(file))
    async with simulated_dns(read_config(file)) as port:
        assert port is None


def answer(name: str, kind: str, sender: Identity = SENDER) -> tuple[str, list[str]]:
    """The code and the records."""
    wire = answer_to(dns.message.make_query(name, kind).to_wire(), records_of(sender, ["acme.example"]))
    found = dns.message.from_wire(wire)
    return str(found.rcode().name), [str(record) for rrset in found.answer for record in rrset]


@pytest.mark.parametrize(
    ("name", "kind", "code", "records"),
    [
        ("MX.acme.example", "A", "NOERROR", ["127.0.0.1"]),
        ("mx.acme.example", "AAAA", "NOERROR", []),
        ("_dmarc.trimble.com", "A", "NOERROR", []),
        ("other.example", "A", "NXDOMAIN", []),
        ("example", "MX", "NOERROR", []),
        ("com", "NS", "NOERROR", ["ns.sandbox.example."]),
        ("50.122.130.104.in-addr.arpa", "PTR", "NXDOMAIN", []),
    ],
)
def test_an_answer(name: str, kind: str, code: str, records: list[str]) -> None:
    assert answer(name, kind) == (code, records)


def test_any_selector_has_a_key_that_fits_into_one_answer() -> None:
    (key,) = answer("mailo._domainkey.account.trimble.com", "TXT")[1]
    assert 400 < len(key) < MAX_ANSWER_BYTES / 2


def test_a_sender_with_an_ipv6_address() -> None:
    sender = Identity(Role.SENDER, "a@sender.example", "2001:db8::1", "mta.sender.example", "", "b@sender.example")
    assert answer("mta.sender.example", "AAAA", sender)[1] == ["2001:db8::1"]
    assert '"v=spf1 ip6:2001:db8::1 ~all"' in answer("_spf1.mailservice.example", "TXT", sender)[1]


@pytest.mark.parametrize("data", [b"", b"\0" * 12, b"\xff" * 40, dns.message.make_query("a", "A", id=1).to_wire()[:14]])
def test_what_is_no_query_is_not_answered(data: bytes) -> None:
    assert answer_to(data, records_of(SENDER, [])) == b""
