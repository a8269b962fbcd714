"""What a reload keeps, and how a large configuration is read."""

from pathlib import Path

import pytest

from monitor.config import Config, read_config, sources
from monitor.config.unchanged import keep_unchanged

COMPANY = """
[companies.{name}.paths.hq]
to      = "probe@{name}.example"
route   = {{ via = "xclient", host = "192.0.2.10" }}
mailbox = {{ via = "maildir", path = "mail/{name}" }}
every   = "{every}"
"""


def written(folder: Path, **every: str) -> Config:
    file = folder / "config.toml"
    file.write_text("".join(COMPANY.format(name=name, every=each) for name, each in every.items()))
    return read_config(file)


def test_the_companies_that_a_reload_does_not_change_are_not_built_again(tmp_path: Path) -> None:
    before = written(tmp_path, acme="5m", bolt="5m", gone="5m")
    read = written(tmp_path, bolt="5m", acme="9m", new="5m")
    kept = keep_unchanged(read, before)
    assert kept == read
    assert kept.companies["bolt"] is before.companies["bolt"]
    assert kept.companies["acme"] is read.companies["acme"]
    assert [path.key for path in kept.paths()] == ["bolt/hq", "acme/hq", "new/hq"]


def test_a_maildir_that_a_link_now_leads_elsewhere_is_another_mailbox(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "mail").symlink_to("one")
    before = written(tmp_path, acme="5m")
    (tmp_path / "mail").unlink()
    (tmp_path / "mail").symlink_to("two")
    kept = keep_unchanged(written(tmp_path, acme="5m"), before)
    assert kept.paths()[0].mailbox_key == f"maildir:{tmp_path.resolve()}/two/acme"


def test_the_slow_parser_is_asked_only_for_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two paths share a mailbox rightly; 10,000 paths took four seconds more."""

    def slow(text: str) -> None:
        raise AssertionError(f"asked for the lines of {len(text)} characters")

    monkeypatch.setattr(sources, "Lines", slow)
    file = tmp_path / "config.toml"
    company = COMPANY.format(name="acme", every="5m")
    file.write_text(company + company.replace("paths.hq", "paths.other"))
    assert len(read_config(file).paths()) == 2


def test_paths_are_resolved_once(tmp_path: Path) -> None:
    config = written(tmp_path, acme="5m")
    assert config.paths() is config.paths()
