"""Reports on their way from the port to the store: each counts once, and none is lost that was taken."""

import asyncio
import gzip
import json
import smtplib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.app import service
from monitor.cli.exits import Exit
from monitor.cli.reports import reports
from monitor.config import read_config
from monitor.sources.inbound import reports as intake
from monitor.store import Store
from monitor.store.report_reads import DayShare
from probes.reading.report_summary import MailSource
from probes.reading.reports import ReportKind
from tests.monitor.sources.inbound.conftest import NOON, open_inbound_client
from tests.monitor.sources.inbound.test_inbound_service import handed_over, written
from tests.probes.reading.test_reports import FAILURE, aggregate, mail, record, tls
from tests.support.documentation import ROOT
from tests.support.inbound_service import SECONDS, InboundService, open_inbound_service
from tests.support.report_samples import report, row
from tests.support.rules_of_backend import rules_in

pytest.importorskip("parsedmarc")
ADDRESS = "dmarc@probe.example"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)
SINCE = TODAY - timedelta(days=9)
OURS, OTHERS = MailSource


def report_mail(*records: str, reporter: str = "mail.example", day: datetime = YESTERDAY) -> bytes:
    """A report as the large reporters send it."""
    packed = gzip.compress(aggregate(*records, begins=int(day.timestamp()), reporter=reporter))
    return mail(packed, "mail.example!account.trimble.com.xml.gz", "application/gzip")


async def reported(port: int, recipient: str, content: bytes) -> str:
    """The code of the reply, which takes as long as loading the library does on a busy machine."""
    return await handed_over(port, recipient, content, SECONDS)


def failing(count: int) -> str:
    return record(count=count, spf="fail", dkim="fail")


async def test_a_report_from_the_port_to_the_store_the_metrics_and_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, port = written(tmp_path, f'reports = ["{ADDRESS}"]')
    config = read_config(file)
    first = report_mail(record(count=70), failing(30), record("192.0.2.2", 4, spf="fail", dkim="fail"))
    second = report_mail(failing(5), reporter="b.example")
    async with service(file, config) as at_work:
        stored = at_work.store.reports
        nothing = (await at_work.metrics.render()).decode()
        assert nothing.count("\nmailpath_dmarc_messages_total{") == 4
        assert "\nmailpath_dmarc_pass_ratio{" not in nothing
        for content in (first, first, second):  # as a server does that did not hear the answer
            assert await reported(port, ADDRESS, content) == "250"
        assert await stored.shares(ReportKind.AGGREGATE, SINCE) == [
            DayShare(YESTERDAY, OTHERS, 0, 4),
            DayShare(YESTERDAY, OURS, 70, 35),
        ]
        await rules_in(at_work).report_shares.read()
        shown = (await at_work.metrics.render()).decode()
        for line in (
            'mailpath_inbound_mails_total{kind="report"} 2',
            'mailpath_inbound_mails_total{kind="report_again"} 1',
            'mailpath_dmarc_messages_total{source="ours",result="passed"} 70',
            'mailpath_dmarc_messages_total{source="ours",result="failed"} 35',
            'mailpath_dmarc_messages_total{source="others",result="passed"} 0',
            'mailpath_dmarc_messages_total{source="others",result="failed"} 4',
            f'mailpath_dmarc_pass_ratio{{source="ours"}} {70 / 105}',
            'mailpath_dmarc_pass_ratio{source="others"} 0',
        ):
            assert f"\n{line}\n" in shown.replace(".0\n", "\n"), line
        capsys.readouterr()
        assert await reports(config, 7, as_json=True) is Exit.NOT_OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    told = {row["type"]: row for row in rows if "type" in row}
    assert (told["conclusion"]["state"], told["conclusion"]["why"]) == ("bad", "mail_fails")
    assert (told["other_source"]["source_ip"], told["other_source"]["failed"]) == ("192.0.2.2", 4)


async def test_old_reports_are_deleted_by_the_service(tmp_path: Path) -> None:
    file, port = written(tmp_path, f'reports = ["{ADDRESS}"]')
    file.write_text(f'[store]\nkeep_reports = "5d"\n{file.read_text()}')
    async with service(file, read_config(file)) as at_work:
        assert await reported(port, ADDRESS, report_mail(record())) == "250"
        assert await reported(port, ADDRESS, report_mail(record(), day=TODAY - timedelta(days=7))) == "554"
        await at_work.store.reports.add(report(row(), day=TODAY - timedelta(days=7)), TODAY)  # before that was set
        await rules_in(at_work).housekeeping()
        assert [each.day for each in await at_work.store.reports.shares(ReportKind.AGGREGATE, SINCE)] == [YESTERDAY]


@pytest.mark.timeout(120)
def test_a_report_is_stored_before_it_is_taken(tmp_path: Path) -> None:
    content = report_mail(record(count=7))
    dying = f"sys.path.insert(0, {str(ROOT)!r}); import tests.support.killed_after_storing"
    with open_inbound_service(tmp_path, before=dying) as first:
        with pytest.raises(smtplib.SMTPServerDisconnected):  # no answer, so its server keeps it
            first.send(content, ADDRESS)
        assert first.process.wait(10) < 0
    assert shares(first) == [DayShare(YESTERDAY, OURS, 7, 0)]
    with open_inbound_service(tmp_path) as again:
        assert again.send(content, ADDRESS)[0] == 250
        assert shares(again) == [DayShare(YESTERDAY, OURS, 7, 0)]


def shares(at: InboundService) -> list[DayShare]:
    async def read() -> list[DayShare]:
        async with Store.open(read_config(at.file).store.url) as store:
            return await store.reports.shares(ReportKind.AGGREGATE, SINCE)

    return asyncio.run(read())


async def test_without_the_extra_senders_keep_their_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, port = written(tmp_path, f'reports = ["{ADDRESS}"]')
    content = report_mail(record(count=7))
    with monkeypatch.context() as without, capture_logs() as lines:
        without.setattr(intake, "available", lambda: False)
        async with service(file, read_config(file)):
            for _ in range(3):
                assert await reported(port, ADDRESS, content) == "451"
    told = [line for line in lines if "report" in line["event"]]
    assert [(line["log_level"], line["reason"]) for line in told] == [("error", intake.INSTALL)], "one clear line"
    async with service(file, read_config(file)) as at_work:
        assert await reported(port, ADDRESS, content) == "250"
        assert len(await at_work.store.reports.shares(ReportKind.AGGREGATE, SINCE)) == 1


async def test_what_is_kept_and_what_is_not() -> None:
    async with open_inbound_client(reports=["dmarc@probe.test"]) as client:

        async def code(content: bytes) -> int:
            return (await client.send(content, "dmarc@probe.test"))[0]

        sunday = NOON.replace(hour=0) - timedelta(days=1)
        assert await code(report_mail(record(count=3), day=sunday)) == 250
        assert await code(mail(tls())) == 250
        kept = len(client.reports.reports)
        assert kept == 2
        assert await code(FAILURE) == 250  # one message; logged
        assert await code(mail(aggregate(record(header_from="other.example"), domain="other.example"))) == 250
        for day in (datetime.fromtimestamp(0, UTC), NOON + timedelta(days=3)):
            reply = await client.send(report_mail(record(), day=day), "dmarc@probe.test")
            assert (reply[0], "not plausible" in reply[1]) == (554, True)
        client.reports.full = True
        assert await code(report_mail(record(), reporter="b.example", day=sunday)) == 451
        assert len(client.reports.reports) == kept
        assert client.router.report_messages == {
            ("ours", "passed"): 3,
            ("ours", "failed"): 0,
            ("others", "passed"): 0,
            ("others", "failed"): 0,
        }
        counts = client.router.counts
    assert counts == {"report": 4, "report_unreadable": 2, "report_deferred": 1}


@pytest.mark.parametrize(
    ("reporter", "rows", "code"),
    [
        ("evil\u202e\u200bmail" + "x" * 900, [record(f"192.0.2.{n % 250}", 10**30) for n in range(900)], 250),
        ("negative", [record(count=-5), record(count=0)], 250),
        ("control &#x1b;&#13; characters", [record()], 250),
    ],
)
async def test_a_hostile_reporter_does_no_harm(reporter: str, rows: list[str], code: int) -> None:
    async with open_inbound_client(reports=["dmarc@probe.test"]) as client:
        content = report_mail(*rows, reporter=reporter, day=NOON.replace(hour=0) - timedelta(days=1))
        reply = await client.send(content, "dmarc@probe.test")
        assert reply[0] == code, reply
        for kept in client.reports.reports.values():
            assert len(kept.rows) < 110
            assert kept.reporter.isprintable()
            assert len(kept.reporter) <= 200
            assert all(0 < each.count <= 10**9 for each in kept.rows)
