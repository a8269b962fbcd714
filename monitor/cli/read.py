"""`mailpath read`: explain replies, bounces, received messages and reports from files. Needs no configuration."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, assert_never

from rich.markup import escape

from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.output.reading_json import facts_of
from probes.display import duration, one_line
from probes.labels import CAUSES, CONCERNS, FINDINGS, MAIL_KINDS, REPORT_KINDS, STAGES
from probes.outcome import Cause
from probes.reading.bounces import read_bounce
from probes.reading.bounces.answer import answer_in
from probes.reading.facts import BounceFacts, HopFacts, MailKind, MessageFacts, RecipientFacts, ReplyFacts
from probes.reading.filters.names import filter_label
from probes.reading.headers import read_message
from probes.reading.replies import deciding_text, read_reply
from probes.reading.replies.why import Candidate, explain
from probes.reading.report_reader import ReportBusyError, ReportReader
from probes.reading.reports import ReportError, ReportFacts
from probes.settings import duration_text

MAX_FILE_BYTES = 64 * 1024 * 1024  # the rest of a longer file is ignored
MAX_REPLY_BYTES = 64 * 1024
MAX_LINE = 2_000  # characters of one line of other people's text
STANDARD_INPUT = "-"


class Sort(StrEnum):
    """The type of a file's content."""

    REPLY = "reply"
    BOUNCE = "bounce"
    MESSAGE = "message"
    REPORT = "report"


class Wanted(NamedTuple):
    """Requests beside the facts.

    `receiver` is the host or domain whose statements about a message are wanted; None: the last organisation's. `why`:
    the reasons for each cause that a reply may have.
    """

    as_json: bool
    receiver: str | None = None
    why: bool = False


async def read(sort: Sort, files: Sequence[str], wanted: Wanted) -> Exit:
    """Explain each file. One that cannot be read is reported on standard error; the others are still explained."""
    out, code = console(), Exit.OK
    async with aclosing(ReportReader()) as reports:
        for file in files:
            try:
                content = _content(file)
                facts = await _facts(sort, content, reports, wanted.receiver)
            except (OSError, ReportError, ReportBusyError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) and error.strerror else error
                print(f"{file}: {why}", file=sys.stderr)
                code = Exit.COULD_NOT_TELL
                continue
            explained = explained_of(facts, content) if wanted.why else []
            if wanted.as_json:
                known = {"file": file, **facts_of(facts)} | ({"why": facts_of(explained)} if wanted.why else {})
                print(json.dumps(known, ensure_ascii=True), flush=True)
                continue
            if len(files) > 1:
                out.print(f"[bold]{escape(one_line(file, MAX_LINE))}[/]")
            for line in (*fact_lines(facts), *why_lines(explained)):
                out.print(line)
    return code


@dataclass(frozen=True, slots=True)
class Explained:
    """The causes that one reply may have; `recipient` is that of a bounce, "" of a plain reply.

    `decides`: the answer rests on this reply; else on another part of the bounce.
    """

    recipient: str
    candidates: tuple[Candidate, ...]
    decides: bool = True


def explained_of(facts: Any, content: bytes) -> list[Explained]:
    """Return the reasons for each reply in `facts`, which were read from `content`."""
    match facts:
        case ReplyFacts():
            candidates = tuple(explain(deciding_text(_reply_text(content))))
            return [Explained("", candidates, _rests_on(candidates, facts))]
        case BounceFacts():
            return [_explained_recipient(each, each.facts) for each in facts.recipients if each.facts]
        case _:
            return []


def _explained_recipient(facts: RecipientFacts, said: ReplyFacts) -> Explained:
    words = answer_in(facts.reply, (facts.status or "")[:1]).words
    candidates = tuple(explain(words, stage=said.stage, code=said.code, enhanced=said.enhanced))
    return Explained(facts.address, candidates, _rests_on(candidates, said))


def _rests_on(candidates: Sequence[Candidate], said: ReplyFacts) -> bool:
    """Test if an answer is that of these candidates: the same comes first, also where none of them is named."""
    first = (candidates[0].cause, candidates[0].probability)
    unnamed = said.cause is Cause.UNCLEAR and bool(said.rivals)
    return first == ((said.rivals[0].cause, said.rivals[0].probability) if unnamed else (said.cause, said.confidence))


def why_lines(explained: Sequence[Explained]) -> Iterator[str]:
    """Describe the reasons in a line each."""
    for one in explained:
        recipient = f", {escape(one_line(one.recipient, MAX_LINE))}" if one.recipient else ""
        yield f"[bold]Why[/]{recipient}: what speaks for (+) and against (-) each cause"
        if not one.decides:
            yield "  The cause is taken from another part of the bounce. The reply alone:"
        for candidate in _worth_reading(one.candidates):
            yield f"  {CAUSES[candidate.cause].label}, {_percent(candidate.probability)}"
            for reason in candidate.reasons:
                yield f"    {reason.weight:+5.1f}  {escape(one_line(reason.clue, MAX_LINE))}"


def _worth_reading(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Leave out "cause unknown" if it is the answer only because no other was sure enough."""
    first, *others = candidates
    undecided = first.cause is Cause.UNCLEAR and any(other.probability > first.probability for other in others)
    return others if undecided else candidates


async def _facts(sort: Sort, content: bytes, reports: ReportReader, receiver: str | None) -> Any:
    match sort:
        case Sort.REPLY:
            return read_reply(_reply_text(content))
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


def _reply_text(content: bytes) -> str:
    return content[:MAX_REPLY_BYTES].decode("utf-8", "replace")


def _content(file: str) -> bytes:
    """Read the start of a file, at most MAX_FILE_BYTES. Raises OSError; ValueError for an invalid file name."""
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read(MAX_FILE_BYTES)
    with Path(file).open("rb") as opened:
        return opened.read(MAX_FILE_BYTES)


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
    if facts.is_acceptance:
        yield "[bold]Accepted[/]: no refusal, the server agreed to a command"
    else:
        yield f"[bold]{CAUSES[facts.cause].title}[/], concerns: {CONCERNS[facts.concerns].label}"
        yield from _confidence_lines(facts)
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


def _confidence_lines(facts: ReplyFacts) -> Iterator[str]:
    rivals = ", ".join(f"{CAUSES[rival.cause].label} ({_percent(rival.probability)})" for rival in facts.rivals)
    if facts.cause is not Cause.UNCLEAR:
        yield _row("confidence", _percent(facts.confidence))
    if rivals:
        yield _row("could be" if facts.cause is Cause.UNCLEAR else "could also be", rivals)


def _percent(probability: float) -> str:
    return "over 99%" if probability > 0.99 else f"{probability:.0%}"  # nothing is certain


def _bounce_lines(facts: BounceFacts) -> Iterator[str]:
    yield f"[bold]{MAIL_KINDS[facts.kind].title}[/]" + ("" if facts.is_bounce else ": not a bounce")
    if facts.kind is MailKind.OTHER:
        yield MAIL_KINDS[facts.kind].help
    yield _row("reported by", facts.reporting_mta)
    yield _row("probe's token", facts.token)
    for each in facts.recipients:
        yield from _recipient_lines(each)
    if facts.left_out:
        yield _row("left out", f"{facts.left_out} more recipients: only the first {len(facts.recipients)} are read")


def _recipient_lines(facts: RecipientFacts) -> Iterator[str]:
    yield _row("recipient", facts.address, facts.action, facts.status)
    yield f"  [bold]{CAUSES[facts.cause].title}[/], concerns: {CONCERNS[facts.cause.concerns].label}"
    if facts.facts:
        yield from (f"  {line}" for line in _confidence_lines(facts.facts))
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
        whose = "" if each.believed else "(not the receiver's: not believed)"
        name, said = filter_label(each.vendor), FINDINGS[each.verdict].label
        yield _row("filter", f"{name}:", said, score, limit, whose, " ".join(each.rules[:10]))
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
