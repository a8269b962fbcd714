"""Which mail systems a company may name, and what is said of a word that is none of them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from monitor.config import ConfigErrors, old_words, read_config

PATH = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "maildir", path = "mail" }
"""
Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file in which the company has these lines, from line 2 on."""

    def written(lines: str, more: str = "") -> Path:
        file = tmp_path / "config.toml"
        file.write_text(f"[companies.acme]\n{dedent(lines)}{PATH}{dedent(more)}")
        return file

    return written


def problems(file: Path) -> list[str]:
    try:
        read_config(file)
    except ConfigErrors as errors:
        return str(errors).splitlines()
    return []


@pytest.mark.parametrize(
    ("lines", "chain"),
    [
        ("", ("unknown",)),
        ('mail_system = "m365"', ("m365",)),
        ('mail_system = "unknown"', ("unknown",)),
        ('mail_system = "other:Halon 6"', ("other:Halon 6",)),
        ('mail_systems = ["proofpoint", "m365"]', ("proofpoint", "m365")),
        ('mail_systems = ["other:Halon", "exchange"]', ("other:Halon", "exchange")),
        ('mail_system = "office365"', ("m365",)),
        ('mail_systems = ["mimecast", "gsuite"]', ("mimecast", "google")),
    ],
)
def test_a_chain_has_the_gateway_first(written: Written, lines: str, chain: tuple[str, ...]) -> None:
    config = read_config(written(lines))
    [path] = config.paths()
    assert (config.companies["acme"].chain, path.mail_systems, path.mail_system) == (chain, chain, chain[0])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('domains = ["acme.example", "acme-steel.example"]', ""),
        ('domains = ["ACME.example"]', ""),
        ('domains = ["gmail.com"]', "domains: gmail.com belongs to a mail provider for the public (Google)"),
        ('domains = ["other.example"]', "domains: other.example is already in companies.acme.domains"),
        ('domains = ["jane@acme.example"]', 'must be a domain like "acme.example"'),
    ],
)
def test_a_domain_belongs_to_one_company_and_to_no_public_provider(written: Written, lines: str, said: str) -> None:
    more = PATH.replace("acme", "bolt").replace('"mail"', '"other"') + "[companies.bolt]\n"
    domains = 'domains = ["other.example"]\n' if "other" in lines else ""
    found = "\n".join(problems(written(lines, more + domains)))
    assert said in found if said else found == ""


@pytest.mark.parametrize(
    ("word", "instead"),
    [
        ("office-365", 'did you mean m365? If not, write "other:office-365", or "unknown"'),
        ("Office 365", 'did you mean m365? If not, write "other:Office 365", or "unknown"'),
        ("Mimecst", 'did you mean mimecast? If not, write "other:Mimecst", or "unknown"'),
        ("M365", 'did you mean m365? If not, write "other:M365", or "unknown"'),
        ("homegrown", 'for a system that is not listed, write "other:homegrown", or "unknown"'),
        ("!", 'for a system that is not listed, write "other:NAME", or "unknown"'),
        ("", 'for a system that is not listed, write "other:NAME", or "unknown"'),
        ("sendgrid", 'for a system that is not listed, write "other:sendgrid", or "unknown"'),  # it only sends
    ],
)
def test_another_word_is_refused_with_what_was_meant(written: Written, word: str, instead: str) -> None:
    assert problems(written(f'mail_system = "{word}"')) == [
        f"config.toml:2: companies.acme.mail_system: must be a mail system of docs/reference/mail-systems.md, "
        f'not "{word}"; {instead}'
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            'mail_system = "m365"\nmail_systems = ["proofpoint", "m365"]',
            "config.toml:3: companies.acme.mail_systems: stands beside mail_system; write one of them, with all "
            "systems "
            "in mail_systems",
        ),
        (
            'mail_systems = ["m365", "office365"]',
            "config.toml:2: companies.acme.mail_systems: names m365 twice; write each mail system once, the gateway "
            "first",
        ),
        ("mail_systems = []", "config.toml:2: companies.acme.mail_systems: must contain at least 1, not 0"),
        (
            'mail_system = "other:m365"',
            'config.toml:2: companies.acme.mail_system: is in the list of mail systems; write "m365"',
        ),
        (
            'mail_system = "other:"',
            "config.toml:2: companies.acme.mail_system: must have a name of 1 to 40 letters, digits, blanks, '.', "
            "'_' or "
            "'-' after other:",
        ),
    ],
)
def test_what_a_chain_must_not_be(written: Written, lines: str, said: str) -> None:
    assert problems(written(lines)) == [said]


def test_an_alias_is_named_with_its_line_and_the_word_to_write(written: Written) -> None:
    plan = '[[maintenance]]\nname = "a"\nweekly = "sat 01:00-02:00"\nmail_systems = ["google-workspace"]\nwhy = "x"\n'
    file = written('mail_systems = ["ironport", "gsuite"]', plan)
    assert problems(file) == []
    assert old_words(file) == [
        'config.toml:2: companies.acme.mail_systems: "ironport" is accepted for now; write "cisco"',
        'config.toml:2: companies.acme.mail_systems: "gsuite" is accepted for now; write "google"',
        'config.toml:10: maintenance.mail_systems: "google-workspace" is accepted for now; write "google"',
    ]


def test_of_words_that_are_current_nothing_is_said(written: Written) -> None:
    assert old_words(written('mail_systems = ["other:halon", "m365"]')) == []
