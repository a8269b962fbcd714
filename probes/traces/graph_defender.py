"""The analysis by Defender for Office 365 of a message that Exchange Online kept from its reader. Pure; all is hostile.

Sources: learn.microsoft.com/graph/api/resources/security-analyzedemail, v1.0; for the words of `detectionMethods`
learn.microsoft.com/defender-office-365/threat-explorer-real-time-detections-about, "Detection technology".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from probes.display import one_line
from probes.outcome import Cause
from probes.traced import Traced

AROUND = timedelta(hours=12)  # before and after Exchange received the message
MAX_ITEMS = 20
MAX_RULE_CHARS = 300

CAUSES: tuple[tuple[str, Cause], ...] = (  # words of a detection without spaces, in lower case; first hit wins
    ("spoof", Cause.AUTHENTICATION),  # "Spoof DMARC", "Spoof external domain", "Spoof intra-org"
    ("ipreputation", Cause.REPUTATION),  # the source was seen sending spam
    ("domainreputation", Cause.REPUTATION),  # a domain in the message was
    ("bulk", Cause.REPUTATION),  # complaints about this sender's mail
    ("fingerprint", Cause.CONTENT),  # like a message that was harmful
    ("filter", Cause.CONTENT),  # "Advanced filter", "General filter"
    ("detonation", Cause.CONTENT),  # of a link or a file
    ("url", Cause.CONTENT),
    ("file", Cause.CONTENT),
    ("malware", Cause.CONTENT),
    ("impersonation", Cause.CONTENT),
    ("analysis", Cause.CONTENT),  # "Mixed analysis detection", "LLM content analysis"
    ("campaign", Cause.CONTENT),
)


@dataclass(frozen=True, slots=True)
class DefenderAnalysis:
    """The reason in words: policy, detection, override. `cause`: the one that this states, None if it states none."""

    rule: str
    cause: Cause | None


def question(network_id: str, recipient: str, received: datetime) -> Mapping[str, str]:
    """Return the query for the analysis of this message to this recipient."""
    quoted = [value.replace("'", "''") for value in (network_id, recipient)]
    return {
        "startTime": _at(received - AROUND),
        "endTime": _at(received + AROUND),
        "$filter": f"networkMessageId eq '{quoted[0]}' and recipientEmailAddress eq '{quoted[1]}'",
    }


def analysis_of(answer: Any, recipient: str) -> DefenderAnalysis | None:
    """Return the analysis in this answer; None if there is none of a message to this recipient."""
    items = answer.get("value") if isinstance(answer, dict) else None
    for item in items[:MAX_ITEMS] if isinstance(items, list) else ():
        if isinstance(item, dict) and _text(item, "recipientEmailAddress").lower() in ("", recipient.lower()):
            methods = [*_texts(item.get("detectionMethods"))]
            rule = "; ".join(_parts(item, methods))
            return DefenderAnalysis(one_line(rule, MAX_RULE_CHARS), _cause(item, methods)) if rule else None
    return None


def explained(said: Traced, analysis: DefenderAnalysis | None) -> Traced:
    """Return the statement with the reason of the analysis, which knows more of it than the trace."""
    if analysis is None:
        return said
    return replace(said, rule=analysis.rule, cause=analysis.cause or said.cause)


def _parts(item: Mapping[str, Any], methods: Sequence[str]) -> Iterator[str]:
    if policy := _text(item, "policy"):
        action = _text(item, "policyAction")
        yield f"policy: {policy}" + (f" ({action})" if action else "")
    if methods:
        yield f"detected by: {', '.join(methods)}"
    if override := _text(item, "primaryOverrideSource"):
        yield f"override: {override}"


def _cause(item: Mapping[str, Any], methods: Sequence[str]) -> Cause | None:
    """Return the cause. A list of blocked senders decides whatever else was detected."""
    if "block" in _text(item, "primaryOverrideSource").lower():
        return Cause.POLICY
    words = [re.sub(r"[^a-z]", "", method.lower()) for method in methods]
    return next((cause for word, cause in CAUSES if any(word in each for each in words)), None)


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    text = one_line(value, MAX_RULE_CHARS).strip() if isinstance(value, str) else ""
    return "" if text.lower() in ("none", "unknown", "not available") else text


def _texts(value: Any) -> Iterator[str]:
    for each in value[:MAX_ITEMS] if isinstance(value, list) else ():
        if isinstance(each, str) and each.strip():
            yield one_line(each, 100).strip()


def _at(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
