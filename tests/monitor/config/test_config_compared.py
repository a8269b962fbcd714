"""Whom the sender is compared with, which hosts outside are asked, and mailboxes that two paths share."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from monitor.config import Config, ConfigErrors, read_config
from probes.sender import Identity, Role
from probes.settings import Endpoint

HIDDEN = "correct-horse-battery"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(text: str) -> Config:
        (tmp_path / "config.toml").write_text(dedent(text).lstrip("\n"))
        return read_config(tmp_path / "config.toml")

    return read


@pytest.fixture
def told(read: Any) -> Any:
    def told(text: str) -> list[str]:
        try:
            read(text)
        except ConfigErrors as errors:
            return str(errors).splitlines()
        return []

    return told


def test_the_neighbour_is_the_sender_in_all_but_its_domain(read: Any) -> None:
    config = read(
        """
        [sender]
        helo = "mail.trimble.com"
        ptr = "mail50.example"
        [neighbour]
        address = "Probe@Neighbour.example"
        """
    )
    assert config.identities()[Role.NEIGHBOUR] == Identity(
        Role.NEIGHBOUR,
        address="probe@neighbour.example",
        source_ip="104.130.122.50",
        helo="mail.trimble.com",
        ptr="mail50.example",
        bounces="probe@neighbour.example",
    )
    assert list(config.identities()) == [Role.SENDER, Role.NEIGHBOUR]


def test_without_others_the_sender_speaks_alone(read: Any) -> None:
    assert list(read("").identities()) == [Role.SENDER]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[neighbour]\naddress = "p@n.example"\nbounces = "b@n.example"', []),
        (
            '[neighbour]\naddress = "x@mail.account.trimble.com"',
            ["config.toml:2: neighbour.address: must be in a domain unrelated to the sender's, account.trimble.com"],
        ),
        (
            '[neighbour]\naddress = "x@trimble.com"',  # whoever judges by the domain may judge by the one above it
            ["config.toml:2: neighbour.address: must be in a domain unrelated to the sender's, account.trimble.com"],
        ),
        (
            '[neighbour]\naddress = "p@n.example"\nsource_ip = "192.0.2.1"',
            ["config.toml:3: neighbour.source_ip: unknown key; expected one of address, bounces"],
        ),
        (
            f'[neighbour]\naddress = "{"p" * 30}@n.example"',
            [],  # bounces follow from it
        ),
        ('[control]\naddress = "p@c.example"\nsource_ip = "198.51.100.7"', []),
        (
            '[control]\naddress = "p@c.example"\nsource_ip = "104.130.122.50"',
            [
                "config.toml:3: control.source_ip: must differ from the sender's, 104.130.122.50; for another domain "
                "at the same address use [neighbour]"
            ],
        ),
        (
            '[sender]\nsource_ip = "2001:db8::1"\n[control]\naddress = "p@c.example"\nsource_ip = "2001:DB8:0::1"',
            [
                "config.toml:5: control.source_ip: must differ from the sender's, 2001:db8::1; for another domain at "
                "the same address use [neighbour]"
            ],
        ),
    ],
)
def test_what_shares_too_much_with_the_sender_clears_nothing(told: Any, text: str, lines: list[str]) -> None:
    assert told(text) == lines


def test_references_have_port_25_unless_they_say_otherwise(read: Any) -> None:
    config = read('[network]\nreferences = ["MX.example", "192.0.2.1:2525", "2001:db8::1", "[2001:db8::2]:26"]')
    assert config.network.references == (
        Endpoint("mx.example", 25),
        Endpoint("192.0.2.1", 2525),
        Endpoint("2001:db8::1", 25),
        Endpoint("2001:db8::2", 26),
    )
    assert read("").network.references == ()


@pytest.mark.parametrize("wrong", ['"mx.example:0"', '"mx.example:99999"', '"mx example"', '"smtp://mx.example"', "25"])
def test_a_reference_that_is_no_host(told: Any, wrong: str) -> None:
    assert told(f"[network]\nreferences = [{wrong}]") == [
        "config.toml:2: network.references: must be a mail host, with or without a port, like "
        f'"mx.example:25", not {wrong}'
    ]


IMAP = 'via = "imap", host = "imap.acme.example", user = "probe", password = { env = "PW" }'


def two_paths(first: str, second: str) -> str:
    """Two paths of one company, whose mailboxes stand in lines 4 and 8."""
    return "".join(
        f'[companies.acme.paths.{name}]\nto = "probe@acme.example"\nroute = {{ via = "direct" }}\n'
        f"mailbox = {{ {mailbox} }}\n"
        for name, mailbox in (("hq", first), ("cloud", second))
    )


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        (IMAP, IMAP, ""),
        (IMAP, IMAP.replace("imap.acme", "IMAP.Acme"), ""),  # the same, spelled otherwise
        (IMAP, IMAP + ', inbox = "inbox"', ""),
        (IMAP, IMAP.replace('"probe"', '"other"') + ', tls = "none"', ""),  # another mailbox
        (IMAP, IMAP + ', poll = "90s"', "poll"),
        (IMAP, IMAP + ', junk = "Spam"', "junk"),
        (IMAP, IMAP.replace("PW", "PW2"), "password"),
        (IMAP, IMAP.replace("PW", "PW2") + ', tls = "starttls"', "tls and password"),
        ('via = "maildir", path = "mail"', 'via = "maildir", path = "./mail/"', ""),
        ('via = "maildir", path = "mail"', 'via = "maildir", path = "mail", junk = ".Spam"', "junk"),
    ],
)
def test_two_paths_that_share_a_mailbox_must_say_the_same_of_it(
    told: Any, monkeypatch: pytest.MonkeyPatch, first: str, second: str, differ: str
) -> None:
    monkeypatch.setenv("PW", HIDDEN)
    monkeypatch.setenv("PW2", "another-password")
    expected = (
        "config.toml:8: companies.acme.paths.cloud.mailbox: is already used by companies.acme.paths.hq "
        f"(config.toml:4) with a different {differ}; both must have the same settings"
    )
    assert told(two_paths(first, second)) == [expected] * bool(differ)
