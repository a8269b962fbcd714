"""SpamAssassin and compatible filters, amavis, rspamd, MailScanner, CRM114."""

import re

from probes.outcome import Cause
from probes.reading.facts import Finding
from probes.reading.filters.says import YES_NO, FilterResult, Reader, first_word, number, rule_names, scored, worded

_SCORE = re.compile(r"\b(?:score|hits)\s{0,4}=\s{0,4}(-?[\d.]{1,20})", re.IGNORECASE)
_POINTS = re.compile(r"(-?[\d.]{1,20}) points\b", re.IGNORECASE)
_REQUIRED = re.compile(r"\brequired\s{0,4}[= ]\s{0,4}(-?[\d.]{1,20})", re.IGNORECASE)
_POINTS_REQUIRED = re.compile(r"(-?[\d.]{1,20}) required\b", re.IGNORECASE)
_TESTS = re.compile(r"\btests\s{0,4}=\s{0,4}\[?([^\]]{0,8000}?)\]?(?=\s{1,4}(?:autolearn|version|shortcircuit)=|$|\])")
_REQUIRED_WORD = re.compile(r"\brequired\b", re.IGNORECASE)


def _group(form: re.Pattern[str], text: str) -> str | None:
    found = form.search(text)
    return found[1] if found else None


def _required(value: str) -> float | None:
    return number(_group(_REQUIRED, value) or _group(_POINTS_REQUIRED, value))


def _after_required(value: str) -> str:
    found = _REQUIRED_WORD.search(value)
    return value[found.end() :] if found else ""


def _status(value: str) -> FilterResult | None:
    """Parse `Yes, score=s required=r tests=A,B`: SpamAssassin, amavis, rspamd; `No, s points, r required, A=1,B=2`."""
    verdict = YES_NO.get(first_word(value))
    if verdict is None:
        return None
    score = number(_group(_SCORE, value) or _group(_POINTS, value))
    names = _group(_TESTS, value) or _after_required(value)
    vendor = "amavis" if "tagged_above" in value else "spamassassin"
    return FilterResult(vendor, verdict, score, _required(value), rule_names(names))


def _of(vendor: str, reader: Reader) -> Reader:
    def read(value: str) -> FilterResult | None:
        said = reader(value)
        return said and FilterResult(vendor, said.verdict, said.score, said.threshold, said.rules)

    return read


def _quarantined(value: str) -> FilterResult | None:
    return FilterResult("amavis", Finding.QUARANTINED) if value.strip() else None


ACTIONS: dict[str, Finding] = {  # rspamd
    "no action": Finding.CLEAN,
    "accept": Finding.CLEAN,
    "add header": Finding.SPAM,
    "rewrite subject": Finding.SPAM,
    "reject": Finding.SPAM,
    "discard": Finding.SPAM,
    "quarantine": Finding.QUARANTINED,
    "greylist": Finding.UNSURE,
    "soft reject": Finding.UNSURE,
}

_RESULT = re.compile(r"\b(True|False)\s*\[\s*(-?[\d.]{1,20})\s*/\s*(-?[\d.]{1,20})\s*\]", re.IGNORECASE)
_SYMBOL = re.compile(r"\b([A-Z][A-Z0-9_]{2,80})\s*\(")
_PRE_RESULT = re.compile(r"action=([a-z ]{1,20})")
_BAR = re.compile(r"\s*(\++|-+|/)\s*$")
ADD_HEADER = 6.0  # rspamd's default for the action "add header"; "greylist" stands at 4
GREYLIST = 4.0


def _action(value: str) -> FilterResult | None:
    verdict = ACTIONS.get(value.strip().lower())
    return FilterResult("rspamd", verdict) if verdict else None


def _pre_result(value: str) -> FilterResult | None:
    """Parse an action that a module set before the score was known. No action is no verdict."""
    found = _PRE_RESULT.search(value.lower())
    said = _action(found[1]) if found else None
    if said is None or said.verdict is Finding.CLEAN:
        return None
    failed = "module=dmarc" in value.lower()
    return FilterResult("rspamd", said.verdict, cause=Cause.AUTHENTICATION if failed else Cause.CONTENT)


def _result(value: str) -> FilterResult | None:
    """Parse `default: False [score / reject at]; SYMBOL(weight)[options]`: the word is about rejecting, not about
    tagging."""
    found = _RESULT.search(value)
    if found is None:
        return None
    verdict = Finding.SPAM if found[1].lower() == "true" else Finding.CLEAN
    symbols = tuple(dict.fromkeys(_SYMBOL.findall(value)))[:100]
    return FilterResult("rspamd", verdict, number(found[2]), number(found[3]), symbols)


def _bar(value: str) -> FilterResult | None:
    """Parse a bar of one sign per point, compared with rspamd's default limits."""
    found = _BAR.match(value)
    if found is None:
        return None
    score = {"+": 1.0, "-": -1.0, "/": 0.0}[found[1][0]] * len(found[1])
    verdict = Finding.SPAM if score >= ADD_HEADER else Finding.UNSURE if score >= GREYLIST else Finding.CLEAN
    return FilterResult("rspamd", verdict, score, ADD_HEADER)


def _score_of(value: str) -> FilterResult | None:
    """Parse `-7.86 / 15.00 / 15.00`, or the score alone."""
    score, *limits = [number(part) for part in value.split("/")[:3]]
    if score is None:
        return None
    limit = limits[0] if limits else None
    verdict = Finding.SPAM if limit is not None and score >= limit else Finding.CLEAN if score <= 0 else Finding.UNSURE
    return FilterResult("rspamd", verdict, score, limit)


def _mailscanner(value: str) -> FilterResult | None:
    """Parse `not spam, ...`, `spam, ...`; old forms have only the score and the limit. Empty: not checked."""
    said = value.strip().lower()
    score = number(_group(_SCORE, value))
    required = _required(value)
    if said.startswith(("not spam", "kein spam", "geen spam", "pas de spam", "no es spam", "not s")):
        verdict = Finding.CLEAN
    elif said.startswith("spam") and not said.startswith("spamassassin"):
        verdict = Finding.SPAM
    elif score is not None and required is not None:
        verdict = Finding.SPAM if score >= required else Finding.CLEAN
    else:
        return None
    return FilterResult("mailscanner", verdict, score, required, rule_names(_after_required(value)))


def _unit(divisor: float) -> Reader:
    def read(value: str) -> FilterResult | None:
        score = number(value)
        return None if score is None else FilterResult("spamassassin", Finding.UNSURE, score / divisor)

    return read


_NO_LIMIT = float("-inf")  # scores of which neither end is known to be clean

HEADERS: dict[str, Reader] = {
    "x-spam-status": _status,
    "x-spam-flag": worded("spamassassin", YES_NO),
    "x-spam-score": _unit(1),  # Exim and others, without what they require
    "x-spam-score-int": _unit(10),
    "x-spam-verdict": worded("spamassassin", YES_NO),
    "x-quarantine-id": _quarantined,
    "x-spamd-result": _result,
    "x-rspamd-result": _result,
    "x-rspamd-action": _action,
    "x-rspamd-pre-result": _pre_result,
    "x-rspamd-status": _of("rspamd", _status),
    "x-rspamd-score": _score_of,
    "x-rspamd-bar": _bar,
    "x-spamd-bar": _bar,
    "x-spam": worded(
        "rspamd", {"yes": Finding.SPAM, "true": Finding.SPAM, "no": Finding.CLEAN, "not detected": Finding.CLEAN}
    ),
    "x-crm114-status": worded("crm114", {"good": Finding.CLEAN, "spam": Finding.SPAM, "unsure": Finding.UNSURE}),
    "x-smartermail-totalspamweight": scored("smartermail", clean_up_to=_NO_LIMIT),
}

PATTERNS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(r"x-(?:[a-z0-9._-]{1,60}-)?mailscanner(?:-[a-z0-9._-]{1,60})?-spamcheck"), _mailscanner),
    (re.compile(r"x-[a-z0-9._-]{1,60}-spam-status"), _status),
    (re.compile(r"x-[a-z0-9._-]{1,60}-spam-flag"), worded("spamassassin", YES_NO)),
)
