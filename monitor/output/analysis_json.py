"""The documented JSON of an analysis."""

from typing import Any

from typing_extensions import TypedDict

from monitor.analysis.advice import ContentAdvice
from monitor.analysis.analyse import Analysis, Refusal, WatchedSender
from monitor.analysis.content import ContentKind
from monitor.analysis.words import analysis_text, refusal_sentence
from monitor.output.reading_json import facts_of
from probes.outcome import Cause, Concern


class AdviceJson(TypedDict):
    """The party that acts, and the steps."""

    who: str
    steps: list[str]
    do_not: str
    workaround: list[str]
    takes_effect_seconds: float
    runbook: str | None


class RefusalJson(TypedDict):
    """One refusal. `permanent` is null if the text does not say; `by` is the server that refused."""

    recipient: str | None
    cause: Cause
    concerns: Concern
    confidence: float
    permanent: bool | None
    by: str | None
    mail_system: str | None
    reply: str
    sentence: str
    advice: AdviceJson


class AnalysisJson(TypedDict):
    """The answer. `names_sender`: the text names the watched sender; if it does not, `caution` says what to check
    first. `facts` are those of `mailpath read --json`: of a reply, a bounce or a message."""

    content: ContentKind
    sentence: str
    because: list[str]
    caution: str | None
    names_sender: bool
    spam: bool
    refusals: list[RefusalJson]
    advice: AdviceJson | None
    facts: dict[str, Any] | None


def analysis_json(found: Analysis, sender: WatchedSender) -> AnalysisJson:
    """Return the answer."""
    text = analysis_text(found, sender)
    return {
        "content": found.content,
        "sentence": text.headline,
        "because": list(text.because),
        "caution": text.caution or None,
        "names_sender": found.names_sender,
        "spam": found.is_spam,
        "refusals": [_refusal(each) for each in found.refusals],
        "advice": _advice(found.advice) if found.advice else None,
        "facts": facts_of(found.facts) if found.facts else None,
    }


def _refusal(refusal: Refusal) -> RefusalJson:
    return {
        "recipient": refusal.recipient or None,
        "cause": refusal.cause,
        "concerns": refusal.cause.concerns,
        "confidence": refusal.confidence,
        "permanent": refusal.permanent,
        "by": refusal.by or None,
        "mail_system": refusal.system or None,
        "reply": refusal.reply,
        "sentence": refusal_sentence(refusal),
        "advice": _advice(refusal.advice),
    }


def _advice(advice: ContentAdvice) -> AdviceJson:
    return {
        "who": advice.who,
        "steps": list(advice.steps),
        "do_not": advice.do_not,
        "workaround": list(advice.workaround),
        "takes_effect_seconds": advice.takes_effect_within.total_seconds(),
        "runbook": advice.runbook or None,
    }
