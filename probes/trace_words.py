"""Statements of traces as parts of a sentence. In quotation marks stand the words of a server or a filter. Pure."""

from typing import assert_never

from probes.details import StatedByTrace
from probes.display import named, quoted
from probes.labels import FATES
from probes.traced import Side, Traced, TraceFate, source_name

NOT_SEARCHED = "; the mailbox has not been searched since"


def stated(detail: StatedByTrace) -> str:
    """Return the sentence of a verdict that rests on a trace."""
    taken = f"accepted by {detail.host}, " if detail.host else ""
    left = f"; it left from {named(detail.elsewhere)}, not from the sender's address" if detail.elsewhere else ""
    return f"{taken}{_then(detail)}{left}"


def _then(detail: StatedByTrace) -> str:
    traced = detail.traced
    says = f"as {_author(traced)} says"
    match traced.fate:
        case TraceFate.REFUSED:
            return f"then refused{_by(traced)}, {says}{_why(traced)}"
        case TraceFate.SUPPRESSED:
            stopped = f"but {source_name(traced.source)} no longer sends to this address, {says}{_why(traced)}"
            return f"{stopped}; nothing reaches the company until the suppression is deleted"
        case TraceFate.QUARANTINED:
            return f"then put into quarantine, {says}{_why(traced)}"
        case TraceFate.HELD:
            return f"then held until somebody releases it, {says}{_why(traced)}"
        case TraceFate.JUNK:
            absent = "; we do not find it there" if detail.looked else NOT_SEARCHED
            return f"then put into the spam folder, {says}{_why(traced)}{absent}"
        case TraceFate.GONE:
            return f"then discarded or deleted, {says}{_why(traced)}"
        case TraceFate.DEFERRED:
            return f"and still deferred when the code expired{_by(traced)}, {says}{_why(traced)}"
        case TraceFate.HANDED_OVER if traced.side is Side.RECEIVER:
            return remark(traced)
        case TraceFate.PENDING if traced.side is Side.RECEIVER:
            return f"and not delivered when the code expired: it is still being worked on, {says}{_why(traced)}"
        case TraceFate.PENDING | TraceFate.HANDED_OVER:
            return f"but the company had not been asked when the code expired, {says}{_why(traced)}"
        case TraceFate.DELIVERED | TraceFate.NEVER_SEEN | TraceFate.NOT_ASKED:
            return remark(traced)
        case _:
            assert_never(traced.fate)


def remark(traced: Traced) -> str:
    """Return a statement as a part of a sentence about a message that is missing."""
    at = f" at {traced.happened_at:%H:%M:%S} UTC" if traced.happened_at else ""
    match (traced.fate, traced.side):
        case (TraceFate.DELIVERED, Side.SENDER):
            host = named(traced.to_host) or "the company's server"
            return f"{source_name(traced.source)} handed it to {host}{at}{_why(traced)}"
        case (TraceFate.DELIVERED, _):
            there = f"{source_name(traced.source)} says that it was put into the mailbox{at}{_why(traced)}"
            return f"{there}; is that the mailbox that Mailpath reads?"
        case (TraceFate.NEVER_SEEN, Side.RECEIVER):
            return (
                f"{source_name(traced.source)} has no record of it: it was refused or lost before, or is not yet logged"
            )
        case _:
            return f"{source_name(traced.source)} {fate_in_words(traced)}{at}{_why(traced)}"


def fate_in_words(traced: Traced) -> str:
    """Return what the source says became of the message: the sender's service speaks of what others did with it."""
    match (traced.fate, traced.side):
        case (TraceFate.REFUSED, Side.SENDER):
            return "reports that it was refused for good"
        case (TraceFate.REFUSED, Side.RECEIVER):
            return "refused it for good"
        case (TraceFate.DELIVERED, Side.SENDER):
            return "handed it over"
        case (fate, _):
            return FATES[fate].sentence


def held_up(traced: Traced) -> str:
    """Return what a trace says of the delay of a message that came late."""
    return f"; {source_name(traced.source)} says that it was deferred{_by(traced)}{_why(traced)}"


def _author(traced: Traced) -> str:
    return f"{source_name(traced.source)}'s log"


def _by(traced: Traced) -> str:
    return f" by {named(traced.to_host)}" if traced.to_host else ""


def _why(traced: Traced) -> str:
    reply = f": {quoted(traced.reply)}" if traced.reply else ""
    return reply + (f" (rule: {quoted(traced.rule)})" if traced.rule else "")
