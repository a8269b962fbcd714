"""[[maintenance]]: what may be written, what is told of errors, and which mutes it makes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.config import ConfigErrors, read_config
from monitor.incidents.mute import active
from probes.verdict import Cause

COMPANIES = """\
[companies.acme]
mail_system = "m365"
paths.hq = { to = "a@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "a" } }
paths.branch = { to = "b@acme.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "b" } }
[companies.bolt]
paths.hq = { to = "c@bolt.example", route = { via = "direct" }, mailbox = { via = "maildir", path = "c" } }
"""
LINES = COMPANIES.count("\n")


def plan(said: str, name: str = "move", weekly: str = "sun 02:00-04:00 Europe/Berlin") -> str:
    """One table; what is said stands in its fifth line."""
    return f'[[maintenance]]\nname = "{name}"\nweekly = "{weekly}"\nwhy = "their gateway is patched"\n{said}\n'


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(text: str) -> Any:
        (tmp_path / "config.toml").write_text(COMPANIES + text)
        return read_config(tmp_path / "config.toml")

    return read


@pytest.fixture
def told(read: Any) -> Any:
    """What is told of errors: (line after the companies, key, problem) each."""

    def told(text: str) -> list[tuple[int, str, str]]:
        with pytest.raises(ConfigErrors) as errors:
            read(text)
        return [((error.line or 0) - LINES, error.key, error.problem) for error in errors.value.errors]

    return told


def test_without_it_there_is_none(read: Any) -> None:
    assert read("").maintenance == ()


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ('companies = ["acme"]', ["acme"]),
        ('companies = ["acme", "bolt"]', ["acme", "bolt"]),
        ('paths = ["acme/hq"]', ["acme/hq"]),
        ('companies = ["bolt"]\npaths = ["acme/hq"]', ["bolt", "acme/hq"]),
        ('mail_systems = ["m365", "unknown"]', ["m365", "unknown"]),
        ('causes = ["greylisted", "firewall"]', ["greylisted", "firewall"]),
        ('mail_systems = ["m365"]\ncauses = ["greylisted"]', ["m365 greylisted"]),
        (
            'companies = ["acme", "bolt"]\ncauses = ["tls", "firewall"]',
            ["acme tls", "acme firewall", "bolt tls", "bolt firewall"],
        ),
        ("everything = true", [""]),
    ],
)
def test_what_it_is_about(read: Any, said: str, about: list[str]) -> None:
    [settings] = read(plan(said)).maintenance
    mutes = settings.mutes()

    places = ["/".join(filter(None, (mute.company, mute.path))) for mute in mutes]
    chosen = zip(places, mutes, strict=True)
    assert [" ".join(filter(None, (place, mute.mail_system, mute.cause))) for place, mute in chosen] == about
    assert {mute.id for mute in mutes} == {"maintenance:move"}


def test_when_it_holds_and_whose_word_it_is(read: Any) -> None:
    [settings] = read(plan('companies = ["acme"]\ncauses = ["tls"]')).maintenance
    [mute] = settings.mutes()

    assert (mute.by, mute.why, mute.cause) == ("the configuration", "their gateway is patched", Cause.TLS)
    assert active(mute, datetime(2026, 11, 29, 1, 30, tzinfo=UTC))
    assert not active(mute, datetime(2026, 11, 29, 3, 30, tzinfo=UTC))
    assert active(mute, datetime(2036, 11, 30, 1, 30, tzinfo=UTC))


def test_the_same_mutes_after_a_reload(read: Any) -> None:
    text = plan('companies = ["acme"]')

    assert read(text).maintenance[0].mutes() == read(text).maintenance[0].mutes()


EMPTY = "would silence everything; name companies, paths, mail_systems or causes, or say everything = true"


@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ("", [(1, "maintenance", EMPTY)]),
        ("companies = []\ncauses = []", [(1, "maintenance", EMPTY)]),
        ("everything = false", [(1, "maintenance", EMPTY)]),
        (
            'everything = true\ncauses = ["tls"]',
            [(1, "maintenance", "everything = true and a list exclude each other; leave one of them out")],
        ),
        (
            'companies = ["acme", "acmee"]',
            [(5, "maintenance.companies", "unknown company acmee; did you mean acme?")],
        ),
        ('companies = ["zeta"]', [(5, "maintenance.companies", "unknown company zeta")]),
        ('paths = ["acme/brnch"]', [(5, "maintenance.paths", "acme has no path brnch; did you mean branch?")]),
        (
            'paths = [\n"acme/hq",\n"bold/hq"]',
            [(7, "maintenance.paths", "unknown company bold; did you mean bolt?")],
        ),
        ('paths = ["acme"]', [(5, "maintenance.paths", 'must be a company and its path like "acme/hq", not "acme"')]),
        (
            'mail_systems = ["m356"]',
            [
                (
                    5,
                    "maintenance.mail_systems",
                    'must be a mail system of docs/reference/mail-systems.md, not "m356"; did you mean m365? If not, '
                    'write "other:m356", or "unknown"',
                )
            ],
        ),
        (
            'companies = ["Acme"]',
            [(5, "maintenance.companies", 'must consist of a-z, 0-9, _ and -, at most 64 characters, not "Acme"')],
        ),
        (
            'company = "acme"\neverything = true',
            [
                (
                    5,
                    "maintenance.company",
                    "unknown key; expected one of name, weekly, companies, paths, mail_systems, causes, everything, "
                    "why; did you mean companies?",
                )
            ],
        ),
    ],
)
def test_what_is_wrong(told: Any, said: str, errors: list[tuple[int, str, str]]) -> None:
    assert told(plan(said)) == errors


def test_a_table_in_single_brackets(told: Any) -> None:
    text = plan('companies = ["acme"]').replace("[[maintenance]]", "[maintenance]")

    assert told(text) == [(1, "maintenance", "must be a list of tables; write [[maintenance]] in double brackets")]


def test_a_cause_that_there_is_not(told: Any) -> None:
    [(line, key, problem)] = told(plan('causes = ["greylistd"]'))

    assert (line, key) == (5, "maintenance.causes")
    assert problem.endswith('not "greylistd"; did you mean greylisted?')


@pytest.mark.parametrize(
    ("weekly", "problem"),
    [
        (
            "sunday night",
            'must be times of the week like "sat 22:00 - sun 04:00 Europe/Berlin", or "mon-fri 01:00-03:00" in UTC, '
            'not "sunday night"',
        ),
        (
            "sun 02:00-04:00 Europe/Berln",
            'must name a time zone like Europe/Berlin, not "Europe/Berln"; did you mean Europe/Berlin?',
        ),
    ],
)
def test_what_is_no_time_of_the_week(told: Any, weekly: str, problem: str) -> None:
    assert told(plan('companies = ["acme"]', weekly=weekly)) == [(3, "maintenance.weekly", problem)]


def test_each_is_named_and_gives_its_reason(told: Any) -> None:
    keys = [(line, key) for line, key, _ in told('[[maintenance]]\neverything = true\nwhy = ""\n')]

    assert sorted(keys) == [(1, "maintenance.name"), (1, "maintenance.weekly"), (3, "maintenance.why")]


def test_each_has_a_name_of_its_own(told: Any) -> None:
    text = plan('companies = ["acme"]') + plan('companies = ["bolt"]', name="other") + plan('paths = ["acme/hq"]')
    there = f"config.toml:{LINES + 2}"

    assert told(text) == [(12, "maintenance.name", f"is already used at {there}; names must be unique")]


def test_the_errors_of_a_company_are_not_told_as_its_absence(told: Any) -> None:
    broken = '[companies.cord]\nmail_system = "exim"\npaths.hq = { to = "nobody" }\n'
    text = plan('companies = ["cord"]\nmail_systems = ["exim"]') + plan('paths = ["cord/hq"]', name="other")

    assert {key.rpartition(".")[0] for _, key, _ in told(broken + text)} == {"companies.cord.paths.hq"}
