"""Hostile reports from anybody: bounces and copies go on, memory stays, and who sent them is told not to come again."""

import gzip
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.store import ProbeRecord
from probes.evidence import Arrival, Bounce
from probes.token import Purpose, mint
from tests.probes.reading.test_reports import aggregate, mail, record
from tests.support import bounce_mails as mails
from tests.support.inbound_service import InboundService, open_inbound_service

pytest.importorskip("parsedmarc")
REPORTS = "dmarc@probe.example"
MEMORY = 50 << 20  # octets that the service may grow by
SOON = 5.0  # seconds for a bounce on a machine where others work too; on a quiet one it is a tenth of one
COPIES = tuple(f"box{number}" for number in range(5))

HOSTILE = (
    mail(gzip.compress(b"<feedback>" + b"<a>" * 10_000_000), "r.xml.gz", "application/gzip"),
    b"From: a@b.example\r\nContent-Type: multipart/mixed; " + b";a=" * 3_000_000 + b"\r\n\r\nhello\r\n",
    b"From: a@b.example\r\nContent-Type: multipart/mixed; " + b"boundary=" * 1_000_000 + b"\r\n\r\nhello\r\n",
)
WORK = gzip.compress(b"<feedback>" + b"<a b='1'/>" * 45_000 + b"<a/>" * 500_000 + b"</feedback>")  # for seconds
GOOD = mail(aggregate(record(count=7), begins=int(time.time()) - 86_400))

Probes = dict[str, tuple[ProbeRecord, str, bytes]]


@pytest.mark.timeout(300)
def test_bounces_and_copies_go_on_while_hostile_reports_are_read(tmp_path: Path) -> None:
    with open_inbound_service(tmp_path, COPIES) as service, ThreadPoolExecutor(16) as senders:
        probes = service.probes()
        assert service.send(GOOD, REPORTS)[0] == 250  # now the child is there
        before = service.memory()
        replies, most = for_users(service, senders, HOSTILE, [*bounces(service, probes, range(5)), *copies(probes)])
        assert [code for code, *_ in replies] == [554, 554, 554]
        assert replies[0][1] == "5.6.0 Not a report that we can read: more than 600000 elements"
        ((code, *_),), more = for_users(service, senders, [WORK], bounces(service, probes, range(5, 10)))
        assert code in (554, 451)  # a machine with other things to do does not come to an end with it
        assert max(most, more) - before < MEMORY
        stored = service.probes()
        assert len(seen(stored["hq"][0], Bounce)) == 10
        assert all(len(seen(stored[name][0], Arrival)) == 1 for name in COPIES)
        count = 3 + (code == 554)
        assert f'mailpath_inbound_mails_total{{kind="report_unreadable"}} {count}' in service.metrics()
        assert service.send(GOOD, REPORTS)[0] == 250
        assert 'mailpath_inbound_mails_total{kind="report"} 1' in service.metrics()
        assert 'mailpath_inbound_mails_total{kind="report_again"} 1' in service.metrics()
        stopped(service)


Mail = tuple[bytes, str]
Reply = tuple[int, str, float]


def for_users(
    service: InboundService, senders: Executor, hostile: Sequence[bytes], wanted: Sequence[Mail]
) -> tuple[list[Reply], int]:
    """Replies to the hostile reports, while each wanted mail is taken soon; and the most memory it took."""
    reports = [senders.submit(service.send, content, REPORTS) for content in hostile]
    others = [senders.submit(service.send, *each) for each in wanted]
    most = 0
    while not all(each.done() for each in (*reports, *others)):
        most = max(most, service.memory())
        time.sleep(0.01)
    assert [each.result()[0] for each in others] == [250] * len(others)
    assert max(each.result()[2] for each in others) < SOON
    return [each.result() for each in reports], most


def bounces(service: InboundService, probes: Probes, numbers: Iterable[int]) -> list[Mail]:
    """Bounces as the receiver sends them: to the probe's own bounce address."""
    token, tag = probes["hq"][1], mint(probes["hq"][0].probe.id, service.key, Purpose.ENVELOPE)
    return [(mails.bounce(token, f"550 5.7.1 number {n}"), f"bounce+{tag}@account.trimble.com") for n in numbers]


def copies(probes: Probes) -> list[Mail]:
    return [(received(*probes[name][1:]), f"{name}@probe.example") for name in COPIES]


def received(token: str, content: bytes) -> bytes:
    """A probe as its receiver forwards it."""
    head = mails.probe(token).partition(b"From: ")[0]
    return head + content


def seen(record: ProbeRecord, kind: type) -> list[object]:
    return [each for each in record.evidence if isinstance(each, kind)]


def stopped(service: InboundService) -> None:
    """The child goes with it."""
    (child,) = service.children()
    service.process.terminate()
    assert service.process.wait(30) == 0
    assert not Path(f"/proc/{child}").exists()
