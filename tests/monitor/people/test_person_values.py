"""Names, secrets and settings of people."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import Config, ConfigErrors, read_config
from monitor.people.names import name_of
from monitor.people.person import Rights, Token, token_ends
from monitor.people.secrets import HINT, TOKEN_PREFIX, derived, digest_of, new_secret, same

T0 = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ann", "ann"),
        (" Ann ", "ann"),
        ("ann.b+c@acme.example", "ann.b+c@acme.example"),
        ("007", "007"),
        ("a" * 100, "a" * 100),
        ("a" * 101, None),
        ("", None),
        ("  ", None),
        ("ann b", None),
        ("ann\n", "ann"),
        ("a\nb", None),
        ("-ann", None),
        ("@ann", None),
        ("änn", None),
        ("\N{KELVIN SIGN}", None),  # it would be a k in lower case
        ("<b>", None),
        ("ann\u202e", None),
    ],
)
def test_names(text: str, name: str | None) -> None:
    assert name_of(text) == name


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", each) for each in made)
    assert new_secret(TOKEN_PREFIX).startswith("mailpath_")
    assert len(TOKEN_PREFIX) < HINT <= len(TOKEN_PREFIX) + 4


def test_a_digest_tells_nothing_and_is_always_the_same() -> None:
    assert digest_of("x") == digest_of("x") != digest_of("y")
    assert re.fullmatch(r"[0-9a-f]{64}", digest_of("x" * 10_000))
    assert digest_of("\ud800")  # what a form can hold


@pytest.mark.parametrize(
    ("one", "other", "so"),
    [("a", "a", True), ("a", "b", False), ("", "", False), ("é", "é", True), ("\ud800", "a", False)],
)
def test_what_is_the_same(one: str, other: str, so: bool) -> None:
    assert same(one, other) is so


def test_what_is_derived_is_each_names_own() -> None:
    made = {derived(key, "form", name) for key in (b"k", b"l") for name in ("ann", "bob", "an", "n")}
    assert len(made) == 8


def read(folder: Path, text: str) -> Config:
    (folder / "config.toml").write_text(text)
    return read_config(folder / "config.toml")


def test_what_may_be_configured(tmp_path: Path) -> None:
    web = read(
        tmp_path,
        """
        [web]
        trusted_proxies = ["127.0.0.1", "2001:db8::1"]
        [web.sign_in]
        lasts = "8h"
        idle = "30m"
        header = "X-Remote-User"
        header_rights = "viewer"
        header_companies = ["acme"]
        [web.manual]
        per_person_per_hour = 10
        per_path_per_hour = 5
        [companies.acme.paths.hq]
        to = "a@acme.example"
        route = { via = "direct" }
        mailbox = { via = "maildir", path = "a" }
        """,
    ).web
    assert (web.sign_in.lasts, web.sign_in.idle) == (timedelta(hours=8), timedelta(minutes=30))
    assert (web.sign_in.header, web.sign_in.header_rights) == ("X-Remote-User", Rights.VIEWER)
    assert web.sign_in.companies_of_unknown_users == ("acme",)
    assert (web.manual.per_person_per_hour, web.manual.per_path_per_hour) == (10, 5)


def test_without_a_word_nobody_comes_by_header(tmp_path: Path) -> None:
    sign_in = read(tmp_path, "").web.sign_in
    assert (sign_in.header, sign_in.header_rights, sign_in.companies_of_unknown_users) == (None, None, None)
    assert (sign_in.lasts, sign_in.idle) == (timedelta(hours=12), timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'sign_in = { header = "X-User" }',
            "config.toml:2: web.sign_in: header requires trusted_proxies; add the addresses of the proxies",
        ),
        (
            'trusted_proxies = ["::1"]\nsign_in = { header = "Cookie" }',
            'config.toml:3: web.sign_in.header: must be a header that has no other meaning, not "Cookie"',
        ),
        (
            'trusted_proxies = ["::1"]\nsign_in = { header = "X User" }',
            'config.toml:3: web.sign_in.header: must be the name of a header like "X-Remote-User", not "X User"',
        ),
        (
            'trusted_proxies = ["::1"]\nsign_in = { header = "X-Forwarded-For" }',
            'config.toml:3: web.sign_in.header: must be a header that has no other meaning, not "X-Forwarded-For"',
        ),
        (
            'sign_in = { header_rights = "owner" }',
            'config.toml:2: web.sign_in.header_rights: must be one of viewer, operator, admin, not "owner"',
        ),
        (
            'sign_in = { header_companies = ["acne"] }',
            "config.toml:2: web.sign_in.header_companies: unknown company acne; remove it or add the company",
        ),
        (
            "manual = { per_path_per_hour = 0 }",
            "config.toml:2: web.manual.per_path_per_hour: must be a whole number from 1 to 1000000000, not 0",
        ),
    ],
)
def test_what_may_not(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigErrors) as error:
        read(tmp_path, f"[web]\n{text}\n")
    assert [str(each).rpartition("/")[2] for each in error.value.errors] == [said]


def token(name: str, *, ends: float | None, revoked: bool = False) -> Token:
    """A token that ends so many days after T0."""
    expires_at = None if ends is None else T0 + timedelta(days=ends)
    made = (Rights.VIEWER, None, "ann", T0, expires_at, None)
    return Token(f"{name}{ends}", name, "digest", "hint", *made, revoked_at=T0 if revoked else None)


@pytest.mark.parametrize(
    ("tokens", "ends"),
    [
        ([token("a", ends=30), token("b", ends=None)], {"a": 30}),
        ([token("a", ends=30), token("a", ends=3)], {"a": 3}),
        ([token("a", ends=30, revoked=True)], {}),
        ([token("a", ends=-6)], {"a": -6}),  # whoever uses it is to hear of it
        ([token("a", ends=-8), token("a", ends=9)], {"a": 9}),  # long gone: a new one took its place
    ],
)
def test_when_tokens_expire(tokens: list[Token], ends: dict[str, float]) -> None:
    assert token_ends(tokens, T0) == {name: T0 + timedelta(days=days) for name, days in ends.items()}
