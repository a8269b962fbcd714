"""The config.toml that everybody meets first: it is right, it explains itself, and it shows what it says it shows."""

import asyncio
import contextlib
import re
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.app import service
from monitor.config import Config, read_config
from monitor.sandbox.settings import Behaviour
from monitor.store import Store
from probes.kinds import Kind
from probes.sender import Role

DEFAULT = Path(__file__).parents[3] / "config.toml"
TEXT = DEFAULT.read_text()
MINUTE = timedelta(minutes=1)

EXPECTED = {  # what the comments of config.toml promise
    "birchline": ("inbox", None, "impersonated"),
    "corkwood": ("spam", "content", "impersonated"),
    "granite": ("blocked", "ip_blocked", "impersonated"),
    "dunmoor": ("blocked", "domain_blocked", "impersonated"),
    "larkhill": ("blocked", "ip_listed", "impersonated"),
    "foxglove": ("blocked", "content", "impersonated"),
    "halyard": ("blocked", "firewall", "impersonated"),
    "greyfield": ("deferred", "greylisted", "impersonated"),
    "umberland": ("blocked", "no_such_user", "impersonated"),
    "lowmarsh": ("missing", "unclear", "impersonated"),
    "snailbeck": ("late", "unclear", "impersonated"),
    "ironvault": ("unknown", None, "unproven"),
}


def test_it_is_right() -> None:
    config = read_config(DEFAULT)
    assert {path.company for path in config.paths()} == set(config.sandbox.companies) == set(EXPECTED)
    named = {Behaviour(name) for name in ("filter_down", "resolver_down") if f'"{name}"' in TEXT}
    assert set(config.sandbox.companies.values()) | named == set(Behaviour), "each behaviour is shown, or named"
    assert all(path.company_name.endswith("(simulated)") for path in config.paths())
    assert {path.route.via for path in config.paths()} == {"xclient", "proxy"}
    assert any(set(path.kinds) == set(Kind) for path in config.paths())


def test_every_verdict_is_there_within_a_minute() -> None:
    config = read_config(DEFAULT)
    for path in config.paths():
        assert path.every is not None
        first_launch = path.every * (1 + path.jitter)
        assert first_launch + path.give_up < 0.9 * MINUTE
        assert path.code_life < config.sandbox.slow_by < path.give_up
        assert path.give_up < config.sandbox.greylist_for
        assert MINUTE / path.every * len(path.kinds) * 60 * 24 <= path.per_path_per_day
    per_minute = sum(MINUTE / path.every * len(path.kinds) for path in config.paths() if path.every)
    assert per_minute <= config.probes.cap.per_host_per_minute


def test_the_examples_of_real_companies_are_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACME_IMAP", "RELAY_PASSWORD", "BOLT_IMAP"):
        monkeypatch.setenv(name, "secret")
    (tmp_path / "companies").mkdir()
    (tmp_path / "companies" / "more.toml").touch()
    uncommented = tmp_path / "config.toml"
    uncommented.write_text(re.sub(r"^#(?=[a-z\[])", "", TEXT, flags=re.MULTILINE))
    config = read_config(uncommented)
    assert {p.company: p.route.via for p in config.paths() if p.company not in EXPECTED} == {
        "acme": "xclient",
        "bolt": "relay",
    }


def test_the_comments_say_what_is_expected() -> None:
    said = dict(re.findall(r'^(\w+) += "\w+" +# .*? {2,}(\w+(?:, \w+)?)(?::.*)?$', TEXT, flags=re.MULTILINE))
    promised = {
        company: ", ".join(filter(None, (outcome, cause if cause != "unclear" else None)))
        for company, (outcome, cause, _) in EXPECTED.items()
    }
    assert {company: said.get(company) for company in EXPECTED} == promised


def hurried(text: str, times: int) -> str:
    """The same configuration, everything that many times as fast, on ports that are free."""
    fast = re.sub(r'"(\d+)s"', lambda found: f'"{int(found[1]) * 1000 // times}ms"', text)
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(13)]
        ports = iter([each.getsockname()[1] for each in taken])
        return re.sub(r"\b(261\d\d|8025)\b(?=[\" ,])", lambda _: str(next(ports)), fast)


async def test_the_service_shows_the_promised_verdicts(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(hurried(TEXT, times=10))
    config: Config = read_config(file)
    async with service(file, config), Store.open(config.store.url) as store, asyncio.timeout(20):
        shown: dict[str, tuple[str, str | None, str]] = {}
        while shown != EXPECTED:
            await asyncio.sleep(0.05)
            shown = {
                each.company: (
                    each.verdict.outcome.value,
                    each.verdict.cause and each.verdict.cause.value,
                    each.verdict.grade.value,
                )
                for each in await store.probes.current()
                if each.role is Role.SENDER
            }
