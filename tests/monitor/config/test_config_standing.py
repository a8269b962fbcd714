"""[standing] and the dated profiles of the sender: what is allowed, what people are told, and which profile holds."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.config import ConfigErrors, read_config
from monitor.config.standing_plan import plan_of, subject_of
from probes.sender import Role

PATH = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "maildir", path = "mail" }
"""
PROFILES = """
[sender]
source_ip = "192.0.2.1"
helo = "old.acme.example"
[[sender.profile]]
since = 2026-06-01
source_ip = "192.0.2.3"
[[sender.profile]]
since = 2025-01-01
source_ip = "192.0.2.2"
helo = "mx.acme.example"
"""


def file(tmp_path: Path, text: str) -> Path:
    found = tmp_path / "config.toml"
    found.write_text(text.lstrip("\n"))
    return found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[standing]\nevery = "1m"', "2: standing.every: must be at least 5m, not 1m"),
        ('[standing]\nlists = "hourly"', '2: standing.lists: must be a time like "90s", "15m" or "1h", not "hourly"'),
        (
            '[standing]\nevery = "6h"',
            "1: standing.max_age: must be more than 6h, or facts would be unknown between two readings, not 6h",
        ),
        (
            '[standing]\nenvelope_domains = ["x"]',
            '2: standing.envelope_domains: must be a domain like "acme.example", not "x"',
        ),
        (
            "[standing]\nevry = 1",
            "2: standing.evry: unknown key; expected one of enabled, every, lists, max_age, selectors, "
            "envelope_domains, spamhaus_key, lists_off, validating; did you mean every?",
        ),
        (
            '[[sender.profile]]\nsince = "2025-01-01"',
            '2: sender.profile.since: must be a date like 2025-01-01, without quotes, not "2025-01-01"',
        ),
        (
            "[[sender.profile]]\nsince = 2025-01-01T00:00:00Z",
            "2: sender.profile.since: must be a date like 2025-01-01, without quotes, not 2025-01-01 00:00:00+00:00",
        ),
        (
            '[[sender.profile]]\nsource_ip = "192.0.2.1"',
            "1: sender.profile.since: missing; expected: its first day, in UTC",
        ),
        (
            "[[sender.profile]]\nsince = 2025-01-01\n[[sender.profile]]\nsince = 2025-01-01",
            "1: sender.profile: has two profiles since 2025-01-01; write one for each day",
        ),
        (
            "[sender.profile]\nsince = 2025-01-01",
            "1: sender.profile: must be a list of tables; write [[profile]] in double brackets",
        ),
    ],
)
def test_what_people_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigErrors) as errors:
        read_config(file(tmp_path, text + PATH))
    assert str(errors.value) == f"config.toml:{told}"


@pytest.mark.parametrize(
    ("day", "address", "helo", "following"),
    [
        ("2024-12-31", "192.0.2.1", "old.acme.example", "2025-01-01"),
        ("2025-01-01", "192.0.2.2", "mx.acme.example", "2026-06-01"),
        ("2026-05-31", "192.0.2.2", "mx.acme.example", "2026-06-01"),
        ("2026-06-01", "192.0.2.3", "old.acme.example", None),
    ],
)
def test_the_newest_profile_that_has_begun_holds(
    tmp_path: Path, day: str, address: str, helo: str, following: str | None
) -> None:
    now = datetime.fromisoformat(f"{day}T12:00:00Z")
    config = read_config(file(tmp_path, PROFILES + PATH), now=lambda: now)
    identity = config.identities()[Role.SENDER]
    assert (identity.source_ip, identity.helo) == (address, helo)
    assert (subject_of(config).source_ip, subject_of(config).helo) == (address, helo)
    begins = following and datetime.fromisoformat(f"{following}T00:00:00Z")
    assert config.sender.next_profile_at(now) == begins


def test_a_control_at_the_address_of_the_present_profile_is_an_error(tmp_path: Path) -> None:
    control = '[control]\naddress = "x@other.example"\nsource_ip = "192.0.2.3"\n'
    with pytest.raises(ConfigErrors, match=r"must differ from the sender's, 192\.0\.2\.3"):
        read_config(file(tmp_path, control + PROFILES + PATH), now=lambda: datetime(2026, 7, 1, tzinfo=UTC))


def test_standing_is_off_if_configured_so_or_nobody_is_watched(tmp_path: Path) -> None:
    assert plan_of(read_config(file(tmp_path, PATH)))
    assert plan_of(read_config(file(tmp_path, "[standing]\nenabled = false" + PATH))) is None
    assert plan_of(read_config(file(tmp_path, "[log]"))) is None
    assert plan_of(read_config(Path("config.toml")))  # the one that comes with Mailpath, whose DNS is simulated
