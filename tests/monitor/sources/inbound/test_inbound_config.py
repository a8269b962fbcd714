"""What may be said of the listener, and what is wrong with it."""

from pathlib import Path

import pytest

from monitor.config import Config, ConfigErrors, read_config
from monitor.config.received import addresses_of
from monitor.sources.inbound.router import AnyReturned, Copies, Reports, Returned
from probes.mailboxes.inbound import InboundMailbox
from probes.token import Purpose, mint, new_probe_id
from tests.support.certificates import new_authority

COMPANY = """
[companies.acme.paths.hq]
to      = "probe@acme.example"
route   = { via = "direct" }
mailbox = { via = "inbound", address = "Acme@probe.example" }
"""
INBOUND = """
[inbound]
domain = "probe.example"
"""
KEY = b"k" * 32


def configured(folder: Path, text: str) -> Config:
    (folder / "c.toml").write_text(text)
    return read_config(folder / "c.toml")


def errors(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as raised:
        configured(folder, text)
    return [str(error) for error in raised.value.errors]


def test_it_is_off_unless_it_is_set(tmp_path: Path) -> None:
    assert configured(tmp_path, "").inbound is None


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    config = configured(tmp_path, INBOUND + COMPANY)
    assert config.inbound is not None
    assert str(config.inbound.listen) == "127.0.0.1:2525"
    assert config.inbound.hostname == "probe.example"
    (path,) = config.paths()
    assert isinstance(path.mailbox, InboundMailbox)
    assert path.mailbox.key == "inbound:acme@probe.example"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[inbound]\n", "c.toml:1: inbound.domain: missing"),
        ('[inbound]\ndomain = "x"\n', "c.toml:2: inbound.domain: must be a domain"),
        (INBOUND + 'listn = "x"\n', "c.toml:4: inbound.listn: unknown key; expected one of listen,"),
        (INBOUND + "size_limit = 1000\n", "c.toml:4: inbound.size_limit: must be from 65536 to 50000000 octets"),
        (INBOUND + "messages_per_minute = 0\n", "c.toml:4: inbound.messages_per_minute: must be a whole number from 1"),
        (INBOUND + 'reports = ["nobody"]\n', "c.toml:4: inbound.reports: must be a mail address"),
        (INBOUND + 'tls = { certificate = "gone.pem" }\n', "c.toml:4: inbound.tls: cannot be used"),
        (COMPANY, "c.toml:5: companies.acme.paths.hq.mailbox.via: requires the listener for copies; add an [inbound]"),
        (
            INBOUND + 'bounces = ["a@probe.example"]\nreports = ["a@probe.example"]\n',
            "c.toml:5: inbound.reports: a@probe.example is also in inbound.bounces",
        ),
        (
            INBOUND + 'reports = ["acme@probe.example"]\n' + COMPANY,
            "companies.acme.paths.hq.mailbox.address: is also in inbound.reports",
        ),
        (
            INBOUND + COMPANY + COMPANY.replace("acme.paths", "birch.paths"),
            "companies.birch.paths.hq.mailbox: is already used by companies.acme.paths.hq",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_is(tmp_path: Path, text: str, error: str) -> None:
    told = errors(tmp_path, text)
    assert len(told) == 1
    assert error in told[0]


def test_a_certificate_is_read_when_the_configuration_is(tmp_path: Path) -> None:
    new_authority(tmp_path).serve("probe.example")
    config = configured(tmp_path, INBOUND + 'tls = { certificate = "probe.example-False.pem" }\n')
    assert config.inbound is not None
    assert config.inbound.tls is not None
    config.inbound.tls.context()
    assert "no certificate with its private key" in errors(tmp_path, INBOUND + 'tls = { certificate = "ca.pem" }\n')[0]


def test_every_address_has_one_purpose(tmp_path: Path) -> None:
    more = 'bounces = ["Bounces@probe.example"]\nreports = ["dmarc@other.example"]\n'
    control = '[control]\naddress = "postmaster@control.example"\nsource_ip = "198.51.100.7"\n'
    addresses = addresses_of(configured(tmp_path, INBOUND + more + control + COMPANY))
    probe_id = new_probe_id()
    token, older = mint(probe_id, KEY, Purpose.ENVELOPE), mint(probe_id, KEY)
    assert [
        addresses.purpose(address, KEY)
        for address in (
            f"bounce+{token}@probe.example",
            f"bounce+{token}@account.trimble.com",
            f"postmaster+{token}@control.example",
            f"bounce+{older}@probe.example",  # as it was before the envelope had a token of its own
            f"bounce+{token}@other.example",
            "bounces@probe.example",
            "dmarc@other.example",
            "acme@probe.example",
            "acme@other.example",
        )
    ] == [
        Returned(probe_id, to_envelope=True),
        Returned(probe_id, to_envelope=True),
        Returned(probe_id, to_envelope=True),
        Returned(probe_id, to_envelope=False),
        None,
        AnyReturned(),
        Reports(),
        Copies("inbound:acme@probe.example"),
        None,
    ]


def test_without_a_listener_nothing_is_taken(tmp_path: Path) -> None:
    addresses = addresses_of(configured(tmp_path, ""))
    assert addresses.purpose(f"bounce+{mint(new_probe_id(), KEY)}@account.trimble.com", KEY) is None
