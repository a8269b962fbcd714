"""`mailpath standing reports`: from the store, beside a service."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli.exits import Exit
from monitor.cli.main import app
from monitor.cli.reports import reports
from monitor.config import Config
from monitor.output import report_overview
from monitor.output.report_overview import missing_reports, overview_json, read_overview
from monitor.store import Store
from probes.reading.report_summary import MailSource
from tests.support.report_samples import DAY, IP, NOW, report, row, tls_report, tls_row


async def filled(folder: Path, *stored: Any) -> Config:
    config = Config.model_validate({"store": {"url": f"sqlite:///{folder / 'mailpath.db'}"}})
    async with Store.open(config.store.url) as store:
        for each in stored:
            await store.reports.add(each, NOW)
    return config


async def test_it_shows_what_receivers_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = row(95), row(5, passed=False), row(3, MailSource.OTHERS, passed=False, domain="[red]x\x1b[2J")
    failure = tls_row(2, "certificate-expired", "mx1.example")
    config = await filled(tmp_path, report(*rows), report(row(1, passed=False), number=2), tls_report(failure))
    assert await reports(config, 7, as_json=False, now=lambda: NOW) is Exit.NOT_OK
    out = capsys.readouterr().out
    assert "bad  only 95 of 101 messages passed DMARC, in 2 reports of the last 3 days; failures at mail.example" in out
    assert ["2026-11-22", "95", "6", "94.1%"] in map(str.split, out.splitlines())
    assert ["192.0.2.2", "[red]x", "[2J", "0", "3", "1", "2026-11-22"] in map(str.split, out.splitlines())
    assert ["mx1.example", "certificate-expired", "2", "1", "2026-11-22"] in map(str.split, out.splitlines())
    assert "\x1b" not in out


async def test_it_says_why_there_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = await filled(tmp_path)
    assert await reports(config, 7, as_json=False, now=lambda: NOW) is Exit.COULD_NOT_TELL
    assert capsys.readouterr().out.splitlines() == [
        "unknown  no report of the last 3 days has a message from the source IP",
        "No reports come in: inbound.reports names no address that receivers could send them to.",
    ]


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    inbound = {"domain": "probe.example", "reports": ["dmarc@probe.example"]}
    config = Config.model_validate({"inbound": inbound})
    assert missing_reports(config) == ""
    monkeypatch.setattr(report_overview, "available", lambda: False)
    assert "pip install 'mailpath[reports]'" in missing_reports(config)


async def test_its_json_has_every_row(tmp_path: Path) -> None:
    daily = [report(row(9), day=DAY - timedelta(days=ago), reporter="gone.example") for ago in range(10, 24)]
    config = await filled(tmp_path, *daily, report(row(60)), tls_report(tls_row(9), tls_row(1, "x", "mx.example")))
    async with Store.open(config.store.url) as store:
        rows = [json.loads(json.dumps(each)) for each in overview_json(await read_overview(store.reports, IP, 7, NOW))]
    assert [each["type"] for each in rows] == ["conclusion", "day", "day", "tls_failure", *["reporter"] * 3]
    assert rows[0]["state"] == "good"
    assert rows[1] == {
        "type": "day",
        "report": "dmarc",
        "day": "2026-11-22",
        "source": "ours",
        "passed": 60,
        "failed": 0,
    }
    assert [(each["reporter"], each["report"], each["silent"]) for each in rows[4:]] == [
        ("mail.example", "dmarc", False),
        ("mail.example", "tls", False),
        ("gone.example", "dmarc", True),
    ]


def test_it_is_a_command_beside_that_of_standing(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("")
    found = CliRunner().invoke(app, ["standing", "reports", "--config", str(file), "--days", "3"])
    assert (found.exit_code, "no report of the last 3 days" in found.stdout) == (Exit.COULD_NOT_TELL, True)
    assert CliRunner().invoke(app, ["standing", "reports", "--days", "0"]).exit_code == Exit.COULD_NOT_TELL
    assert "reports" in CliRunner().invoke(app, ["standing", "--help"]).stdout
