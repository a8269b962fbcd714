"""Whatever stands in the file: a configuration or ConfigErrors, never anything else, and never a secret."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config import Config, ConfigErrors, read_config

HIDDEN = "correct-horse-battery"
HUGE = "a number that Python would not write"
LINES = """
include = ["more.toml"]
[sender]
domain = "account.trimble.com"
address = "no-reply@account.trimble.com"
source_ip = "104.130.122.50"
dkim = { selector = "s1", key = { env = "SECRET" } }
[control]
address = "postmaster@control.example"
source_ip = "198.51.100.7"
[probes]
every = "15m"
kinds = ["verification", "two_step_code"]
retry = ["10m", "15m"]
cap = { per_path_per_day = 1500, per_host_per_minute = 60 }
[store]
url = "sqlite:///mailpath.db"
[web]
listen = "127.0.0.1:8025"
[sandbox.companies]
acme = "inbox"
[companies.acme]
name = "Acme Steel"
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "xclient", host = "127.0.0.1", port = 25 }
mailbox = { via = "imap", host = "192.0.2.11", user = "probe", password = { env = "SECRET" } }
cron = "*/5 * * * mon"
[companies.beta.paths.hq]
to = "probe@acme.example"
route = { via = "relay", host = "h", user = "u", password = { env = "SECRET" } }
mailbox = { via = "maildir", path = "mail" }
""".splitlines()
KEYS = (
    *Config.model_fields,
    *("domain", "address", "listen", "url", "every", "cron", "kinds", "retry", "cap", "give_up", "jitter"),
    *("acme", "paths", "hq", "to", "route", "mailbox", "via", "host", "port", "password", "env", "file", "dkim", "key"),
)

words = st.sampled_from([*KEYS, "imap", "xclient", "inbox", "15m", "*/5 * * * mon", "a@b.example", "SECRET", HIDDEN])
scalars = words | st.text() | st.integers() | st.floats() | st.booleans() | st.just(HUGE)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=4),
    max_leaves=12,
)


def toml(value: Any) -> str:
    """The value as it stands after `key = `."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case str() if value == HUGE:
            return hex(1 << 20_000)
        case bool() | str():
            return json.dumps(value)
        case int():
            return hex(value) if value >= 0 else str(value)
        case _:
            return str(value)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A good file with some lines lost, doubled, or with another value."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        key = lines[at].partition(" = ")[0]
        lines[at : at + 1] = draw(
            st.just([])
            | st.just([lines[at]] * 2)
            | st.just([HIDDEN])
            | st.builds(lambda key, value: [f"{key} = {toml(value)}"], st.just(key), values)
        )
    return "\n".join(lines)


@pytest.fixture(autouse=True, scope="module")
def _secret() -> Any:
    os.environ["SECRET"] = HIDDEN
    yield
    del os.environ["SECRET"]


def read(content: bytes) -> Config | ConfigErrors:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_bytes(content)
        try:
            return read_config(file)
        except ConfigErrors as errors:
            return errors


def check(text: str) -> None:
    told = read(text.encode(errors="replace"))
    if isinstance(told, ConfigErrors):
        assert told.errors
        for error in told.errors:
            assert str(error).isprintable()
            assert error.line is None or 1 <= error.line <= text.count("\n") + 1
    else:
        assert HIDDEN not in repr(told)


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(mutated())
def test_a_good_file_gone_bad(text: str) -> None:
    check(text)


@quick
@given(st.dictionaries(st.sampled_from(KEYS) | st.text(), values, max_size=5))
def test_any_tables(document: dict[str, Any]) -> None:
    check("\n".join(f"{json.dumps(key)} = {toml(value)}" for key, value in document.items()))


@quick
@given(st.text() | st.lists(st.sampled_from([*LINES, "[", "]", "{", "'''", '"', "=", "."])).map("\n".join))
def test_any_text(text: str) -> None:
    check(text)


@quick
@given(st.binary())
def test_any_bytes(content: bytes) -> None:
    read(content)


@pytest.mark.parametrize("line", [line for line in LINES if "SECRET" in line])
def test_a_secret_written_in_any_place_is_never_told(line: str) -> None:
    """The whole reference replaced by the secret itself, as people do."""
    bad = line.replace('{ env = "SECRET" }', f'"{HIDDEN}"')

    told = read("\n".join(LINES).replace(line, bad).encode())

    assert isinstance(told, ConfigErrors)
    assert "a secret is never in this file" in str(told)
    assert HIDDEN not in str(told)
