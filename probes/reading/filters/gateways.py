"""Commercial gateways. Sources: their help pages, and headers of public mail."""

import re

from probes.outcome import Cause
from probes.reading.facts import Finding
from probes.reading.filters.says import (
    YES_NO,
    FilterResult,
    Reader,
    first_word,
    keyed,
    number,
    rule_names,
    scored,
    worded,
)

SURE_OF = 0.5  # Sophos: half and more is spam

_RULE_ENDS: tuple[tuple[str, Finding], ...] = (  # Proofpoint's rule names; the first hit wins
    ("notspam", Finding.CLEAN),
    ("safe", Finding.CLEAN),
    ("phish", Finding.PHISHING),
    ("impostor", Finding.PHISHING),
    ("bulk", Finding.BULK),
    ("quarantine", Finding.QUARANTINED),
    ("suspect", Finding.UNSURE),
    ("spam", Finding.SPAM),
)


def _proofpoint(value: str) -> FilterResult | None:
    """Parse X-Proofpoint-Spam-Details: `rule=outbound_notspam policy=outbound score=0 phishscore=0 ...`."""
    pairs = keyed(value)
    rule, score = pairs.get("rule", "").lower(), number(pairs.get("score"))
    verdict = next((finding for end, finding in _RULE_ENDS if rule.endswith(end)), None)
    if verdict is None and score is None:
        return None
    outbound = "outbound" in rule or "outbound" in pairs.get("policy", "").lower()
    return FilterResult(
        "proofpoint", verdict or Finding.UNSURE, score, rules=(rule,) if rule else (), outbound=outbound
    )


_TAIL = re.compile(r"\btests=([^;]{0,4000})")
OFF = 1000.0  # a level of Barracuda's that is switched off


def _barracuda(value: str) -> FilterResult | None:
    """Parse `Yes, SCORE=s using ... TAG_LEVEL=t QUARANTINE_LEVEL=q KILL_LEVEL=k tests=A,B`."""
    verdict = YES_NO.get(first_word(value))
    if verdict is None:
        return None
    pairs = keyed(value)
    score = number(pairs.get("score"))
    levels = {name: number(pairs.get(f"{name}_level")) for name in ("tag", "quarantine", "kill")}
    held = levels["quarantine"]
    if verdict is Finding.SPAM and score is not None and held is not None and held < OFF and score >= held:
        verdict = Finding.QUARANTINED
    limit = min((level for level in levels.values() if level is not None and level < OFF), default=None)
    names = _TAIL.search(value)
    return FilterResult("barracuda", verdict, score, limit, rule_names(names[1]) if names else ())


_TREND = re.compile(
    r"\s*(yes|no)-(-?\d{1,9}(?:\.\d{1,9})?)-(\d{1,9}(?:\.\d{1,9})?)(?:-(\d{1,9}))?(?:-(\d{1,9}))?", re.IGNORECASE
)
_TREND_ENGINE = re.compile(r"\s*(\d{1,9})-(-?\d{1,9}(?:\.\d{1,9})?)-(\d{1,9}(?:\.\d{1,9})?)")


def _trend(value: str) -> FilterResult | None:
    """Parse `Yes-score-threshold-category-type`, a negative score with two dashes; type 2 is phishing."""
    found = _TREND.match(value)
    if found is None:
        return FilterResult("trendmicro", YES_NO[word]) if (word := first_word(value)) in ("yes", "no") else None
    verdict = Finding.CLEAN if found[1].lower() == "no" else Finding.PHISHING if found[5] == "2" else Finding.SPAM
    return FilterResult("trendmicro", verdict, number(found[2]), number(found[3]))


def _trend_engine(value: str) -> FilterResult | None:
    """Parse `type-score-threshold`."""
    found = _TREND_ENGINE.match(value)
    if found is None:
        return None
    score, limit = float(found[2]), float(found[3])
    return FilterResult("trendmicro", Finding.SPAM if score >= limit else Finding.CLEAN, score, limit)


def _listed(vendor: str, verdict: Finding) -> Reader:
    """A list of the administrator's or the user's decided: only Yes counts."""

    def read(value: str) -> FilterResult | None:
        return FilterResult(vendor, verdict, cause=Cause.POLICY) if first_word(value) == "yes" else None

    return read


def _present(vendor: str, verdict: Finding) -> Reader:
    """The presence of the header is the verdict."""

    def read(value: str) -> FilterResult | None:
        return FilterResult(vendor, verdict, rules=(value[:80],) if value else ())

    return read


def _probability(value: str) -> FilterResult | None:
    """Parse Sophos's probability: 0.087, or 9%."""
    score = number(value)
    if score is None:
        return None
    share = score / 100 if "%" in value else score
    return FilterResult("sophos", Finding.SPAM if share >= SURE_OF else Finding.CLEAN, share, SURE_OF)


def _worst_word(vendor: str, words: tuple[tuple[str, Finding], ...]) -> Reader:
    """Return the first of these words that occurs anywhere in the value."""
    forms = tuple((re.compile(rf"\b{word}", re.IGNORECASE), finding) for word, finding in words)

    def read(value: str) -> FilterResult | None:
        found = next((finding for form, finding in forms if form.search(value[:500])), None)
        return FilterResult(vendor, found) if found else None

    return read


_KASPERSKY = _worst_word(
    "kaspersky",
    (
        ("not[ _]detected", Finding.CLEAN),
        ("KAS_STATUS_NOT_DETECTED", Finding.CLEAN),
        ("not_spam", Finding.CLEAN),
        ("trusted", Finding.CLEAN),
        ("whitelist", Finding.CLEAN),
        ("probable[ _]spam", Finding.UNSURE),
        ("KAS_STATUS_PROBABLE", Finding.UNSURE),
        ("phishing", Finding.PHISHING),
        ("KAS_STATUS_PHISHING", Finding.PHISHING),
        ("massmail", Finding.BULK),
        ("mass_mail", Finding.BULK),
        ("KAS_STATUS_MASS", Finding.BULK),
        ("blacklisted", Finding.SPAM),
        ("KAS_STATUS_SPAM", Finding.SPAM),
        ("spam", Finding.SPAM),
    ),
)

_VADE = _worst_word(
    "vade",
    (
        ("commercial:dce", Finding.SPAM),
        ("commercial", Finding.BULK),
        ("phishing", Finding.PHISHING),
        ("scam", Finding.PHISHING),
        ("suspect", Finding.UNSURE),
        ("spam", Finding.SPAM),
        ("virus", Finding.SPAM),
        ("clean|ok|legit|whitelist", Finding.CLEAN),
    ),
)

_CLASSES = {
    "ham": Finding.CLEAN,
    "whitelisted": Finding.CLEAN,
    "unsure": Finding.UNSURE,
    "spam": Finding.SPAM,
    "blacklisted": Finding.SPAM,
    "phish": Finding.PHISHING,
    "phishing": Finding.PHISHING,
}

_HELD = _worst_word(
    "mailprotector", (("quarantine", Finding.QUARANTINED), ("block|reject", Finding.SPAM), ("deliver", Finding.CLEAN))
)

_PLAIN = (
    ("quarantine", Finding.QUARANTINED),
    ("phish", Finding.PHISHING),
    ("suspect", Finding.UNSURE),
    ("bulk|infomail|newsletter", Finding.BULK),
    ("not spam|no spam|clean", Finding.CLEAN),
    ("spam", Finding.SPAM),
)


def _pstn_levels(value: str) -> FilterResult | None:
    """Parse Postini's levels: a lower S is worse, and each user has their own limit."""
    found = re.search(r"\bS:\s*(-?[\d.]{1,20})", value)
    score = number(found[1]) if found else None
    return None if score is None else FilterResult("postini", Finding.UNSURE, score)


def _symantec(value: str) -> FilterResult | None:
    """Parse X-SpamReason: `No, hits=...`; Yes alone may be detection without action."""
    match first_word(value):
        case "no":
            return FilterResult("symantec", Finding.CLEAN)
        case "yes":
            return FilterResult("symantec", Finding.UNSURE)
        case _:
            return None


def _eset(value: str) -> FilterResult | None:
    pairs = keyed(value)
    word = pairs.get("r") or first_word(value)
    verdict = {"ok": Finding.CLEAN, "spam": Finding.SPAM, "probably_spam": Finding.UNSURE}.get(word.lower())
    return FilterResult("eset", verdict, number(pairs.get("s"))) if verdict else None


HEADERS: dict[str, Reader] = {
    "x-proofpoint-spam-details": _proofpoint,
    "x-proofpoint-spam-reason": worded("proofpoint", {"safe": Finding.CLEAN, "orgsafe": Finding.CLEAN}),
    "x-mimecast-spam-score": scored("mimecast"),  # what happens from which score on is the customer's own setting
    "x-barracuda-spam-status": _barracuda,
    "x-barracuda-spam-flag": worded("barracuda", YES_NO),
    "x-barracuda-quarantine-per-user": _present("barracuda", Finding.QUARANTINED),
    "x-spaminfo": _present("symantec-or-fortigate", Finding.SPAM),  # FortiGate; Symantec Email Security.cloud
    "x-spamreason": _symantec,
    "x-newsletter-flag": worded("symantec", {"yes": Finding.BULK}),
    "x-tm-as-result": _trend,
    "x-tmase-result": _trend_engine,
    "x-tm-as-user-approved-sender": _listed("trendmicro", Finding.CLEAN),
    "x-tm-as-user-blocked-sender": _listed("trendmicro", Finding.SPAM),
    "x-lased-spamprobability": _probability,
    "x-sasi-spamprobability": _probability,
    "x-kse-antispam-status": _KASPERSKY,
    "x-ksmg-antispam-status": _KASPERSKY,
    "x-klms-antispam-status": _KASPERSKY,
    "x-spamtest-status": _KASPERSKY,
    "x-vade-spamstate": _VADE,
    "x-vr-spamstate": _VADE,
    "x-vade-verdict": _VADE,
    "x-razorgate-vade-classification": _VADE,
    "x-razorgate-vade-verdict": _VADE,
    "x-vade-spamscore": scored("vade", 100, clean_up_to=-1),
    "x-vr-spamscore": scored("vade", 100, clean_up_to=-1),
    "x-recommended-action": worded("spamexperts", {"reject": Finding.SPAM}),
    "x-mailassure-class": worded("mail-assure", _CLASSES),
    "x-mailassure-outgoing-class": worded("mail-assure", _CLASSES, outbound=True),
    "x-watchguard-spam-score": _worst_word("watchguard", _PLAIN),
    "x-eset-antispam": _eset,
    "x-eset-as": _eset,
    "x-mailprotector-decision": _HELD,
    "x-spam-tag": worded("duocircle", {"spam": Finding.SPAM, "suspect": Finding.UNSURE}),
    "x-pstn-disposition": worded("postini", {"quarantine": Finding.QUARANTINED}),
    "x-pstn-levels": _pstn_levels,
    "x-antispameurope-spamstatus": _worst_word("hornetsecurity", _PLAIN),
    "x-hornetsecurity-spamstatus": _worst_word("hornetsecurity", _PLAIN),
    "x-cmae-score": scored("cloudmark"),
    "x-atmailcloud-spam-action": worded(
        "atmail", {"no action": Finding.CLEAN, "add header": Finding.SPAM, "reject": Finding.SPAM}
    ),
}

PATTERNS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (re.compile(r"x-[a-z0-9]{1,60}-outgoing-class"), worded("spamexperts", _CLASSES, outbound=True)),
    (re.compile(r"x-[a-z0-9]{1,60}-class"), worded("spamexperts", _CLASSES)),  # each brand by its own name
    (re.compile(r"x-imail-spam-[a-z0-9-]{1,40}"), _present("imail", Finding.SPAM)),
)
