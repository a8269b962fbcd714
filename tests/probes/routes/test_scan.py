"""The route that asks a content filter: its answers read, a filter that fails, and the verdict."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.answer import Fault, Stage
from probes.evidence import Attempt, Dialogue, Handover, ScanAction
from probes.http import HttpSession
from probes.judge import is_over, judge
from probes.kinds import Kind
from probes.message import compose
from probes.probe import Probe
from probes.reading.scans import ScanError, cause_of_scan, read_rspamd, read_spamd
from probes.routes.scan import ScanRoute
from probes.sender import Identity, Role
from probes.verdict import Cause, Grade, Outcome
from tests.support.outside_world import outside_world

SENDER = Identity(
    Role.SENDER, "no-reply@account.trimble.com", "104.130.122.50", "account.trimble.com", "[UNAVAILABLE]",
    "bounce@account.trimble.com",
)  # fmt: skip
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
SYMBOLS = {
    "BAYES_SPAM": {"name": "BAYES_SPAM", "score": 5.1, "description": "Message probably spam", "options": ["99.9%"]},
    "R_SPF_ALLOW": {"name": "R_SPF_ALLOW", "score": -0.2, "description": "SPF allows"},
}
RSPAMD = {"action": "add header", "score": 7.1, "required_score": 15.0, "symbols": SYMBOLS}
SPAMD = """SPAMD/1.1 0 EX_OK\r
Content-length: 900\r
Spam: True ; 7.1 / 5.0\r
\r
Content analysis details:   (7.1 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 5.0 BAYES_99               BODY: Bayes spam probability is 99 to 100%
                            [score: 1.0000]
-0.0 SPF_PASS               SPF: sender matches SPF record
 2.1 RCVD_IN_XBL            RBL: Received via a relay in Spamhaus XBL
"""


def probe() -> Probe:
    return Probe(
        *("abcdefghijklmnop", "acme", "hq", Kind.VERIFICATION, Role.SENDER, "scan", "p@acme.example", "104.130.122.50"),
        created_at=AT,
        code_dead_at=AT + timedelta(minutes=10),
        give_up_at=AT + timedelta(hours=1),
        retry=(timedelta(minutes=10),),
    )


def test_rspamd_says_action_score_and_rules_with_its_own_explanations() -> None:
    scan = read_rspamd(json.dumps(RSPAMD).encode())
    assert (scan.action, scan.score, scan.threshold) == (ScanAction.MARK, 7.1, 15.0)
    assert [(rule.name, rule.text) for rule in scan.rules] == [
        ("BAYES_SPAM", "Message probably spam (99.9%)"),
        ("R_SPF_ALLOW", "SPF allows"),
    ]


def test_spamd_says_them_in_a_table() -> None:
    scan = read_spamd(SPAMD.encode())
    assert (scan.engine, scan.action, scan.score, scan.threshold) == ("spamassassin", ScanAction.MARK, 7.1, 5.0)
    assert [(rule.name, rule.score) for rule in scan.rules] == [
        ("BAYES_99", 5.0),
        ("RCVD_IN_XBL", 2.1),
        ("SPF_PASS", -0.0),
    ]
    assert scan.rules[0].text == "BODY: Bayes spam probability is 99 to 100% [score: 1.0000]"


@pytest.mark.parametrize(
    ("points", "cause"),
    [
        ({"BAYES_SPAM": 5.0, "R_SPF_FAIL": 1.0}, Cause.CONTENT),
        ({"R_SPF_FAIL": 1.0, "DMARC_POLICY_REJECT": 2.0, "BAYES_SPAM": 2.5}, Cause.AUTHENTICATION),
        ({"RCVD_IN_XBL": 4.0, "BAYES_50": 0.8}, Cause.IP_LISTED),
        ({"RBL_SPAMHAUS_XBL": 4.0}, Cause.IP_LISTED),
        ({"URIBL_BLACK": 7.5}, Cause.DOMAIN_BLOCKED),
        ({"SPF_FAIL": -3.0, "BAYES_SPAM": 0.1}, Cause.CONTENT),
        ({}, Cause.CONTENT),
    ],
)
def test_the_rules_with_most_points_are_the_cause(points: dict[str, float], cause: Cause) -> None:
    symbols = {name: {"name": name, "score": score} for name, score in points.items()}
    assert cause_of_scan(read_rspamd(json.dumps({"action": "reject", "symbols": symbols}).encode())) is cause


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"action": 1}', b'{"action": "add header", "is_skipped": true}', b"[" * 100_000]
)
def test_what_cannot_be_read_is_no_verdict(body: bytes) -> None:
    with pytest.raises(ScanError):
        read_rspamd(body)


def test_no_control_character_of_a_filter_gets_through() -> None:
    symbols = {"X": {"name": "X\x1b[31m", "score": 1.0, "description": "\u202eevil\x07"}}
    scan = read_rspamd(json.dumps({"action": "reject", "symbols": symbols}).encode())
    assert scan.rules[0].line.isprintable()


@given(st.binary(max_size=2000))
def test_any_answer_is_read_or_refused(answer: bytes) -> None:
    for read in (read_rspamd, read_spamd):
        with suppress(ScanError):
            assert read(answer).engine


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def filter_at(serve: Serve) -> AsyncIterator[int]:
    """A filter that does this with each connection; whatever is left of them ends with the block."""
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(talk(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def sent(engine: str, port: int, timeout: float = 5.0) -> Dialogue:
    route = ScanRoute.model_validate({"via": "scan", "engine": engine, "host": "127.0.0.1", "port": port})
    async with HttpSession() as http:
        outside = outside_world(now=lambda: AT, http=http)
        message = compose(probe(), SENDER, b"k" * 32)
        dialogue = await route.send(message, 1, outside, timeout=timeout, note=lambda _: None)
    for _ in range(5):  # a connection that was cut short ends in the turns of the loop that follow
        await asyncio.sleep(0)
    return dialogue


async def test_rspamd_is_asked_as_the_senders_client() -> None:
    asked = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.extend(await reader.readuntil(b"\r\n\r\n"))
        body = json.dumps(RSPAMD).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async with filter_at(serve) as port:
        dialogue = await sent("rspamd", port)
    for line in (
        b"POST /checkv2",
        b"Ip: 104.130.122.50",
        b"Helo: account.trimble.com",
        b"From: bounce+",
        b"Rcpt: p@acme",
    ):
        assert line in asked
    assert b"Hostname" not in asked, "it has no reverse name"
    assert dialogue.scan
    verdict = judge(probe(), (Attempt(AT, 1), dialogue), AT + timedelta(seconds=1))
    assert verdict
    assert (verdict.outcome, verdict.cause, verdict.grade) == (Outcome.SPAM, Cause.CONTENT, Grade.SCANNED)
    assert "would mark it as spam, score 7.1 of 15" in verdict.because
    assert is_over(probe(), (Attempt(AT, 1), dialogue), verdict, AT)


async def test_spamd_reads_the_client_from_the_lines_of_its_own_server() -> None:
    asked = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.extend(await reader.read(1_000_000))
        writer.write(SPAMD.encode())
        await writer.drain()
        writer.close()

    async with filter_at(serve) as port:
        dialogue = await sent("spamassassin", port)
    head, _, rest = bytes(asked).partition(b"\r\n\r\n")
    assert f"Content-length: {len(rest)}".encode() in head
    assert rest.startswith(b"Return-Path: <bounce+")
    assert b"Received: from account.trimble.com (unknown [104.130.122.50])\r\n\tby mx.acme.example" in rest
    assert dialogue.steps[-1].stage is Stage.SCAN
    assert "+5 BAYES_99: BODY: Bayes spam probability" in dialogue.steps[-1].text


@pytest.mark.parametrize("engine", ["rspamd", "spamassassin"])
@pytest.mark.parametrize(
    "answer", [None, b"", b"nonsense\r\n\r\n", b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"]
)
async def test_a_filter_that_fails_is_never_the_senders_fault(engine: str, answer: bytes | None) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer is None:
            await asyncio.sleep(30)
        writer.write(answer or b"")
        writer.close()

    async with filter_at(serve) as port:
        dialogue = await sent(engine, port, 0.5 if answer is None else 5.0)
    assert dialogue.handover is Handover.WITHHELD
    verdict = judge(probe(), (Attempt(AT, 1), dialogue), AT + timedelta(hours=2))
    assert verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, None)
    assert "the filter gave no verdict" in verdict.because


async def test_a_filter_that_is_down_is_no_answer() -> None:
    async with filter_at(lambda reader, writer: asyncio.sleep(0)) as port:
        pass
    dialogue = await sent("spamassassin", port)
    assert (dialogue.handover, dialogue.last.fault) == (Handover.WITHHELD, Fault.REFUSED)


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("no action", Outcome.INBOX),
        ("greylist", Outcome.DEFERRED),
        ("soft reject", Outcome.DEFERRED),
        ("rewrite subject", Outcome.SPAM),
        ("quarantine", Outcome.QUARANTINED),
        ("discard", Outcome.MISSING),
        ("reject", Outcome.BLOCKED),
    ],
)
def test_each_action_has_its_outcome(action: str, outcome: Outcome) -> None:
    scan = read_rspamd(json.dumps(RSPAMD | {"action": action}).encode())
    dialogue = Dialogue(AT, 1, Handover.ACCEPTED, (), scan=scan)
    verdict = judge(probe(), (Attempt(AT, 1), dialogue), AT)
    assert verdict
    assert (verdict.outcome, verdict.grade) == (outcome, Grade.SCANNED)
    assert (verdict.cause is None) is (outcome is Outcome.INBOX)


@pytest.mark.parametrize(("engine", "port"), [("rspamd", 11333), ("spamassassin", 783)])
def test_the_port_is_that_of_the_engine(engine: str, port: int) -> None:
    assert ScanRoute.model_validate({"via": "scan", "engine": engine, "host": "filter.example"}).port == port
