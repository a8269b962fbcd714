"""The sentence of a verdict, rendered last, from what it rests on. Nothing reads it back. Pure.

In quotation marks stand the words of a server, of a filter or of the author of a report, and nothing of ours: a reply
may read like a sentence of ours, and must not pass for one.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import assert_never

from probes.answer import Stage
from probes.details import (
    AcceptedTooLate,
    ArrivedInTime,
    ArrivedLate,
    ArrivedLateThroughUs,
    AskedLate,
    BouncedAfterwards,
    CopyMarkedAsSpam,
    CouldNotLook,
    DeferredThroughUs,
    Detail,
    DialogueStopped,
    FoundIn,
    HeldOnTheWay,
    InJunk,
    MovedByRule,
    NoMailbox,
    NotFound,
    NotSent,
    OurDelay,
    PlainDetail,
    ReplayFound,
    RetryMissed,
    ScannedByFilter,
    SendingInterrupted,
    StatedByTrace,
    StopKind,
    Suspended,
)
from probes.display import duration, named, quoted
from probes.evidence import Bounce, Folder, Look, Scan, ScanAction, Step
from probes.labels import CAUSES, FAULTS, STAGES
from probes.outcome import Cause
from probes.reading.bounce_origin import Tie
from probes.trace_words import held_up, remark, stated


def sentence(detail: Detail) -> str:
    """Render a verdict's sentence."""
    if isinstance(detail, ReplayFound):
        return _sentence(detail.detail) + _replayed(detail)
    return _sentence(detail)


def _sentence(detail: PlainDetail) -> str:
    match detail:
        case ArrivedInTime():
            return _arrived(detail) + _but(detail)
        case ArrivedLate(arrived, life):
            return f"{_arrived(arrived)}, but its code expires after {duration(life)}{_held_up(detail)}{_but(arrived)}"
        case ArrivedLateThroughUs(found, took, why):
            late = f"arrived in {_where(found, took)}, after its code had expired"
            return f"{late}; that does not tell how long the company takes: {_our_delay(why)}"
        case InJunk(found, took, header):
            return f"delivered to {_where(found, took)}" + (f": {quoted(header)}" if header else "")
        case MovedByRule(found, took):
            moved = f"delivered {duration(took)} after it was sent, but a rule moved it to {named(found.folder_name)}"
            return f"{moved}; whether other people have it in the inbox, this mailbox cannot tell"
        case CopyMarkedAsSpam(found, took, header):
            told = f"arrived in {_where(found, took)}, but the receiver classified it as spam"
            return told + (f": {quoted(header)}" if header else "")
        case _:
            return _not_arrived(detail)


def _not_arrived(
    detail: SendingInterrupted
    | CouldNotLook
    | NotSent
    | BouncedAfterwards
    | HeldOnTheWay
    | NotFound
    | StatedByTrace
    | DeferredThroughUs
    | AcceptedTooLate
    | NoMailbox
    | ScannedByFilter
    | DialogueStopped,
) -> str:
    match detail:
        case NotSent(reason):
            return f"not sent: {reason}"
        case SendingInterrupted():
            return _our_delay(detail)
        case CouldNotLook(reason):
            return f"we could not look: {reason}"
        case BouncedAfterwards():
            return _bounced(detail)
        case HeldOnTheWay(host, bounce, tie):
            told = f"accepted by {host}, then delayed, as {_reporter(bounce)} reported: {_quoted(bounce)}"
            return told + (_unproven_origin(bounce, tie) if tie is not None else "")
        case NotFound():
            return _not_found(detail)
        case StatedByTrace():
            return stated(detail)
        case DeferredThroughUs(why):
            return f"deferred, {_why_deferred(why)}"
        case AcceptedTooLate(before):
            return f"accepted only {duration(before)} before the last look, and not seen"
        case NoMailbox():
            return "accepted, but this route delivers to no mailbox"
        case ScannedByFilter(scan):
            return scan_sentence(scan)
        case DialogueStopped():
            return _stopped(detail)
        case _:
            assert_never(detail)


WOULD: dict[ScanAction, str] = {
    ScanAction.ACCEPT: "would let it through",
    ScanAction.MARK: "would mark it as spam",
    ScanAction.QUARANTINE: "would quarantine it",
    ScanAction.DISCARD: "would discard it",
    ScanAction.GREYLIST: "would greylist it",
    ScanAction.DELAY: "would defer it",
    ScanAction.REJECT: "would reject it",
}
MAX_RULES_SAID = 3


def scan_sentence(scan: Scan) -> str:
    """Return the answer of a filter as part of a sentence: its words are quoted, its figures are its own too."""
    score = f", score {scan.score:g}" if scan.score is not None else ""
    limit = f" of {scan.threshold:g}" if score and scan.threshold is not None else ""
    against = [rule for rule in scan.rules if rule.score > 0][:MAX_RULES_SAID]
    rules = ", ".join(f"{quoted(rule.name)} {rule.score:+g}" for rule in against)
    return f"the filter ({scan.engine}) {WOULD[scan.action]}{score}{limit}" + (
        f"; most against it: {rules}" if rules else ""
    )


def _where(found: FoundIn, took: timedelta) -> str:
    return f"{named(found.folder_name)} {duration(took)} after it was sent"


def _arrived(detail: ArrivedInTime) -> str:
    tries = f", at attempt {detail.attempts}" if detail.attempts > 1 else ""
    return f"arrived in {_where(detail.found, detail.took)}{tries}"


def _but(detail: ArrivedInTime) -> str:
    """Add what weakens or contradicts it: our own observation outweighs an answer or report; neither is hidden."""
    without = _without_tls(detail.tls_failure)
    if detail.found.folder is Folder.COPY:
        return _copied(detail.found) + without
    if step := detail.declined:
        return (
            f"; although it was rejected at {_place(step)}, after it was sent in full: {_reply_or_fault(step)}{without}"
        )
    if report := detail.report:
        return f"; although {_reporter(report)} reported a failure: {_quoted(report)}{without}"
    return without


def _held_up(detail: ArrivedLate) -> str:
    if step := detail.deferral:
        return f"; it was deferred at {_place(step)}: {_reply_or_fault(step)}"
    if delay := detail.delay:
        return f"; {_reporter(delay)} reported a delay: {_quoted(delay)}"
    if traced := detail.traced:
        return held_up(traced)
    return "; it was accepted at once"


def _our_delay(why: OurDelay) -> str:
    match why:
        case SendingInterrupted():
            return "the service stopped while this probe was being sent"
        case RetryMissed(due):
            return f"the retry that was due at {due:%H:%M:%S} UTC was not made, or did not reach the company"
        case AskedLate(late, before):
            because = (
                f", because nobody could be asked before: {_place(before)}: {_reply_or_fault(before)}" if before else ""
            )
            return f"the company was first asked {duration(late)} after the code was issued{because}"
        case Suspended(suspended):
            return f"this machine or Mailpath was suspended for {duration(suspended)} meanwhile"
        case CouldNotLook(reason):
            return reason
        case _:
            assert_never(why)


def _why_deferred(why: RetryMissed | AskedLate) -> str:
    match why:
        case AskedLate(late):
            return f"but the company was first asked {duration(late)} after the code was issued, too late to tell"
        case RetryMissed():
            return f"and {_our_delay(why)}"
        case _:
            assert_never(why)


def _bounced(detail: BouncedAfterwards) -> str:
    bounce = detail.bounce
    taken = f"accepted by {detail.host}, " if detail.host else ""
    copy = ", though a copy of it was sent to us" if detail.copied else ""
    told = f"{taken}then bounced by {_reporter(bounce)}: {_quoted(bounce)}{copy}"
    told += _unproven_origin(bounce, detail.tie) if detail.tie is not None else ""
    return told if detail.asked else f"the receiver was not asked: {told}"


def _not_found(detail: NotFound) -> str:
    told = f"accepted by {detail.accepted.host}: {_reply_or_fault(detail.accepted)}"
    told += ", after an attempt that was interrupted" if detail.interrupted else ""
    told += f"; not in {searched(detail.look, 'or')} within {duration(detail.within)}"
    told += f"; not searched: {', '.join(map(named, detail.look.unsearched))}" if detail.look.unsearched else ""
    if report := detail.report:
        told += f"; {_reporter(report)} reported: {_quoted(report)}{_unproven_origin(report, detail.tie)}"
    return told + "".join(f"; {remark(traced)}" for traced in detail.traces)


def _stopped(detail: DialogueStopped) -> str:
    step, without, times = detail.step, _without_tls(detail.tls_failure), _times(detail.attempt)
    there = f"{_place(step)}: {_reply_or_fault(step)}{without}"
    match detail.kind:
        case StopKind.NOT_ASKED:
            return f"could not ask the company: stopped at {there}"
        case StopKind.CUT:
            return f"{_no_connection(step)}{without}{times}"
        case StopKind.NOTHING_LISTENS:
            return f"no connection{times}: {there}; nothing listens there, or a firewall answers for it"
        case StopKind.REJECTED:
            return f"rejected at {there}{times}{_either(detail.candidates)}"
        case StopKind.DEFERRED:
            return f"still deferred when the code expired, at {there}{times}{_either(detail.candidates)}"
        case _:
            assert_never(detail.kind)


def _either(causes: Sequence[Cause]) -> str:
    """Name the causes between which an unclear reply could not be decided."""
    return f"; the reply may mean: {' or '.join(CAUSES[cause].label for cause in causes)}" if causes else ""


def _place(step: Step) -> str:
    """Describe the stage of a dialogue and the other side."""
    stage = STAGES[step.stage].label
    return f"{stage} by {step.host}" if step.host else stage


def _reply_or_fault(step: Step) -> str:
    """Quote the reply, or say what happened instead of one."""
    if step.fault is not None:
        return FAULTS[step.fault].sentence + (f" ({step.text})" if step.text else "")
    return quoted(" ".join(filter(None, (str(step.code or ""), step.enhanced, step.text))))


def _no_connection(step: Step) -> str:
    """Say that there was no connection, or that it was cut."""
    lost = f"could not connect to {step.host}" if step.stage is Stage.CONNECT else f"connection cut at {_place(step)}"
    return f"{lost}: {_reply_or_fault(step)}"


def _times(attempt: int) -> str:
    """Name the attempt, from the second on."""
    return f" (attempt {attempt})" if attempt > 1 else ""


def _without_tls(failed: Step | None) -> str:
    """Say that TLS failed at this step and the message went without it, if so."""
    if failed is None:
        return ""
    why = _reply_or_fault(failed) if failed.code else failed.text
    return f"; TLS failed: {why}; sent without TLS, as mail servers do"


def _reporter(bounce: Bounce) -> str:
    """Name the author of the report."""
    return named(bounce.reporting_mta) or "a server that does not give its name"


def _quoted(bounce: Bounce) -> str:
    """Quote the report, with the server that said it if another one."""
    said = bounce.reply or bounce.status
    words = quoted(said) if said else "no reason given"
    another = bounce.remote_mta and bounce.remote_mta != bounce.reporting_mta
    return f"{named(bounce.remote_mta)} said: {words}" if another else words


def searched(look: Look, word: str) -> str:
    """List the searched folders, joined by "and" or "or" to fit a sentence."""
    more = f"{look.others} other folder" + "s" * (look.others > 1)
    names = [*map(named, look.folders), *([more] if look.others else [])]
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)


def _unproven_origin(bounce: Bounce, tie: Tie) -> str:
    """Explain why a report proves nothing."""
    if not bounce.client_ip:
        return "; not proven: we do not know which server sent us this report"
    if not bounce.to_envelope:
        return "; not proven: this report was not sent to the probe's own bounce address"
    if not bounce.null_sender:
        return "; not proven: this report has an envelope sender, and those that mail servers write have none"
    if tie is Tie.SHARED:
        server = named(bounce.client_name) or bounce.client_ip
        return f"; not proven yet: {server} also sends for other companies, and we have not made the last look"
    return f"; not proven: this report came from {bounce.client_ip}, which we could not tie to the receiver"


def _copied(found: FoundIn) -> str:
    """Explain how much a copy proves, and who sent it."""
    by = f" sent to us by {found.client_ip}" if found.client_ip else ""
    return f"; a copy{by} does not prove that the reader has it in the inbox"


def _replayed(detail: ReplayFound) -> str:
    """Explain why a message does not count as the probe's arrival."""
    found = detail.found
    by = f", sent to us by {found.client_ip}" if found.client_ip else ""
    told = (
        f"; a message with this probe's token was found in {named(found.folder_name)}{by}, though the probe was never"
    )
    if detail.declined:
        return f"{told} accepted; its text is not exactly what we sent, so it does not count as delivered"
    return f"{told} handed over: its token was replayed"
