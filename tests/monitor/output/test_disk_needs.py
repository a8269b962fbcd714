"""What the store grows to: the more often, the longer, the more that fails, the more disk."""

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.config import Config, read_config
from monitor.output.disk_needs import disk_needs, disk_sentence, disk_warning

Usage = namedtuple("Usage", "total used free")
PATH = """
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "maildir", path = "/var/mail/probe" }
"""
Configured = Callable[..., Config]


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    def read(more: str = "", probes: str = 'every = "15m"\n') -> Config:
        file = tmp_path / "config.toml"
        file.write_text(f"[probes]\n{probes}[store]\n{more}{PATH}")
        return read_config(file)

    return read


def test_a_day_of_probes_is_counted_from_kinds_and_interval(configured: Configured) -> None:
    kinds = len(configured().paths()[0].kinds)
    assert disk_needs(configured()).probes_per_day == 96 * kinds
    assert disk_needs(configured(probes='every = "30m"\n')).probes_per_day == 48 * kinds


def test_no_more_is_counted_than_may_be_sent(configured: Configured) -> None:
    capped = 'every = "15m"\ncap = { per_path_per_day = 50 }\n'
    assert disk_needs(configured(probes=capped)).probes_per_day == 50
    cron = 'cron = "0 3 * * *"\ncap = { per_path_per_day = 50 }\n'
    assert disk_needs(configured(probes=cron)).probes_per_day == 50, "at most"


def test_failures_are_kept_longer_than_what_is_no_news(configured: Configured) -> None:
    usual = disk_needs(configured())
    assert usual.least < usual.most / 5
    assert disk_needs(configured('keep_all = "20d"\n')).least > 2 * usual.least
    assert disk_needs(configured('keep_verdicts = "60d"\n')).least > usual.least
    short = disk_needs(configured('keep = "1d"\n'))
    assert short.least == short.most < usual.least


def test_it_is_said_in_one_line(configured: Configured) -> None:
    said = disk_sentence(disk_needs(configured()))
    assert said.startswith("about 480 probes a day; the store grows to about 32 MB if")


def test_what_does_not_depend_on_the_mail_is_said_once(configured: Configured) -> None:
    assert disk_sentence(disk_needs(configured('keep = "1d"\n'))).endswith("grows to about 14 MB")


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (10**12, None),
        (100 * 10**6, "if no mail reaches the inbox"),
        (10**6, "even if all mail reaches the inbox"),
    ],
)
def test_a_disk_that_is_too_small_is_warned_of(
    configured: Configured, monkeypatch: pytest.MonkeyPatch, free: int, said: str | None
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, free))
    warning = disk_warning(configured())
    assert (warning is None) if said is None else (warning is not None and said in warning)


def test_a_folder_that_is_not_there_is_the_matter_of_the_store(configured: Configured) -> None:
    assert disk_warning(configured('url = "sqlite:////nowhere/at/all/mailpath.db"\n')) is None
