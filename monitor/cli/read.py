"""`mailpath read`: explain replies, bounces, received messages and reports from files. Needs no configuration."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, assert_never

from rich.markup import escape

from monitor.cli.exits import Exit
from monitor.cli.text import console
from probes.display import duration, one_line
from probes.labels import CAUSES, CONCERNS, FINDINGS, MAIL_KINDS, REPORT_KINDS, STAGES
from probes.reading.bounces import read_bounce
from probes.reading.facts import BounceFacts, HopFacts, MessageFacts, RecipientFacts, ReplyFacts
from probes.reading.headers import read_message
from probes.reading.replies import read_reply
from probes.reading.report_reader import ReportBusyError, ReportReader
from probes.reading.reports import ReportError, ReportFacts
from probes.settings import duration_text

MAX_FILE_BYTES = 64 * 1024 * 1024  # the rest of a longer file is ignored
MAX_REPLY_BYTES = 64 * 1024
MAX_LINE = 2_000  # characters of one line of other people's text
STANDARD_INPUT = "-"

DERIVED: dict[type, tuple[str, ...]] = {  # properties that are printed beside the fields
    ReplyFacts: ("concerns",),
    BounceFacts: ("is_bounce",),
    ReportFacts: ("ours_passed", "ours_failed"),
}


class Sort(StrEnum):
    """The type of a file's content."""

    REPLY = "reply"
    BOUNCE = "bounce"
    MESSAGE = "message"
    REPORT = "report"


async def read(sort: Sort, files: Sequence[str], *, as_json: bool, receiver: str | None = None) -> Exit:
    """Explain each file. One that cannot be read is reported on standard error; the others are still explained.

    `receiver` is the host or domain whose statements about a message are wanted; None: the last organisation's.
    """
    out, code = console(), Exit.OK
    async with aclosing(ReportReader()) as reports:
        for file in files:
            try:
                facts = await _facts(sort, _content(file), reports, receiver)
            except (OSError, ReportError, ReportBusyError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) and error.strerror else error
                print(f"{file}: {why}", file=sys.stderr)
                code = Exit.COULD_NOT_TELL
                continue
            if as_json:
                print(json.dumps({"file": file, **facts_of(facts)}, ensure_ascii=True), flush=True)
                continue
            if len(files) > 1:
                out.print(f"[bold]{escape(one_line(file, MAX_LINE))}[/]")
            for line in fact_lines(facts):
                out.print(line)
    return code


async def _facts(sort: Sort, content: bytes, reports: ReportReader, receiver: str | None) -> Any:
    match sort:
        case Sort.REPLY:
            return read_reply(content[:MAX_REPLY_BYTES].decode("utf-8", "replace"))
        case Sort.BOUNCE:
            return read_bounce(content)
        case Sort.MESSAGE:
            return read_message(content, receiver=receiver)
        case Sort.REPORT:
            from monitor.config.model import SenderSettings  # slow to import, and needed by this one alone

            sender = SenderSettings()
            return await reports.read(content, sender.source_ip, sender.domain)
        case _:
            assert_never(sort)


def _content(file: str) -> bytes:
    """Read the start of a file, at most MAX_FILE_BYTES. Raises OSError; ValueError for an invalid file name."""
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_FILE_BYTES)
    with Path(file).open("rb") as opened:
        return opened.read(MAX_FILE_BYTES)


def facts_of(facts: Any) -> Any:
    """Convert facts to JSON values: documented names, times in ISO 8601, durations in seconds."""
    match facts:
        case Enum():
            return str(facts.value)
        case datetime():
            return facts.isoformat()
        case timedelta():
            return facts.total_seconds()
        case tuple():
            return [facts_of(each) for each in facts]
        case _ if is_dataclass(facts) and not isinstance(facts, type):
            names = [field.name for field in fields(facts)]
            return {name: facts_of(getattr(facts, name)) for name in (*names, *DERIVED.get(type(facts), ()))}
        case _:
            return facts


def fact_lines(facts: ReplyFacts | BounceFacts | MessageFacts | ReportFacts) -> Iterable[str]:
    """Describe facts in a few lines of text."""
    match facts:
        case ReplyFacts():
            return _reply_lines(facts)
        case BounceFacts():
            return _bounce_lines(facts)
        case MessageFacts():
            return _message_lines(facts)
        case ReportFacts():
            return _report_lines(facts)


def _row(name: str, *values: object) -> str:
    text = "  ".join(escape(one_line(str(value), MAX_LINE)) for value in values if value not in (None, ""))
    return f"{name:<14} {text or '[dim]not stated[/]'}"


def _reply_lines(facts: ReplyFacts) -> Iterator[str]:
    yield f"[bold]{CAUSES[facts.cause].title}[/], concerns: {CONCERNS[facts.concerns].label}"
    yield _row("based on", BASED_ON[facts.confidence])
    yield _row("permanent", {True: "yes", False: "no, may be retried", None: ""}[facts.permanent])
    yield _row("codes", facts.code, facts.enhanced)
    for name, value in (
        ("stage", facts.stage and STAGES[facts.stage].label),
        ("blocklist", facts.blocklist),
        ("retry after", facts.retry_after and duration_text(facts.retry_after)),
        ("address", facts.address),
        ("wording of", facts.vendor),
    ):
        if value:
            yield _row(name, value)


BASED_ON = {
    "text": "known reply text",
    "enhanced": "the enhanced status code only",
    "basic": "the three-digit code only",
    "none": "nothing recognised",
}


def _bounce_lines(facts: BounceFacts) -> Iterator[str]:
    yield f"[bold]{MAIL_KINDS[facts.kind].title}[/]" + ("" if facts.is_bounce else ": not a bounce")
    yield _row("reported by", facts.reporting_mta)
    yield _row("probe's token", facts.token)
    for each in facts.recipients:
        yield from _recipient_lines(each)


def _recipient_lines(facts: RecipientFacts) -> Iterator[str]:
    yield _row("recipient", facts.address, facts.action, facts.status)
    yield f"  [bold]{CAUSES[facts.cause].title}[/], concerns: {CONCERNS[facts.cause.concerns].label}"
    if facts.remote_mta:
        yield "  " + _row("reply from", facts.remote_mta)
    if facts.reply:
        yield "  " + _row("reply", facts.reply)


def _message_lines(facts: MessageFacts) -> Iterator[str]:
    verdict = FINDINGS[facts.verdict].label if facts.verdict else "none"
    yield f"filter verdict: [bold]{verdict}[/]" + (f", folder {facts.folder}" if facts.folder else "")
    yield _row("connecting IP", facts.connecting_ip)
    checks = facts.authentication
    for name, result in (("spf", checks.spf), ("dkim", checks.dkim), ("dmarc", checks.dmarc), ("arc", checks.arc)):
        yield _row(name, result)
    for each in facts.filters:
        score = f"score {each.score:g}" if each.score is not None else ""
        limit = f"of {each.threshold:g}" if each.threshold is not None else ""
        yield _row("filter", each.vendor, FINDINGS[each.verdict].label, score, limit, " ".join(each.rules[:10]))
    for note in facts.notes:
        yield _row("note", note)
    for hop in facts.hops:
        yield _hop(hop)


def _hop(hop: HopFacts) -> str:
    took = f"after {duration(hop.delay)}" if hop.delay else ""
    at = f"{hop.at:%Y-%m-%d %H:%M:%S}" if hop.at else ""
    return _row("hop", at, f"by {hop.by or '?'}", f"from {hop.ip or '?'}", hop.tls, took)


def _report_lines(facts: ReportFacts) -> Iterator[str]:
    organisation = escape(one_line(facts.organisation, MAX_LINE)) or "unnamed sender"
    yield f"[bold]{REPORT_KINDS[facts.kind].title}[/] by {organisation}"
    yield _row("domain", facts.domain, facts.policy and f"policy {facts.policy}")
    yield _row("period", facts.begins, facts.ends)
    yield _row("all messages", f"{facts.messages} in {facts.records} records, {facts.passed} passed")
    yield _row("source IP's", f"{facts.ours_passed} passed, {facts.ours_failed} failed")
    for row in facts.ours[:20]:
        passed = "passed" if row.passed else "failed"
        checks = " ".join(filter(None, (row.spf and f"spf={row.spf}", row.dkim and f"dkim={row.dkim}", row.result)))
        yield _row("", f"{row.count} {passed}", row.source_ip, row.domain, row.disposition, checks)
