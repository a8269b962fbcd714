"""The answer of a content filter that was asked about one message: rspamd's JSON, and the report of spamd. Pure.

The text is the filter's own and bounded; what cannot be understood is `ScanError`, never a verdict.
"""

import json
import re
from typing import Any

from probes.display import one_line
from probes.evidence import Scan, ScanAction, ScannedRule
from probes.outcome import Cause

MAX_RULES = 60  # of one answer, those that count most
MAX_NAME_CHARS = 80
MAX_TEXT_CHARS = 200

ACTIONS: dict[str, ScanAction] = {  # rspamd: rspamd.com/doc/configuration/metrics.html, actions
    "no action": ScanAction.ACCEPT,
    "accept": ScanAction.ACCEPT,
    "greylist": ScanAction.DELAY,
    "soft reject": ScanAction.DELAY,
    "add header": ScanAction.MARK,
    "rewrite subject": ScanAction.MARK,
    "quarantine": ScanAction.QUARANTINE,
    "discard": ScanAction.DISCARD,
    "reject": ScanAction.REJECT,
}

CAUSES: tuple[tuple[re.Pattern[str], Cause], ...] = tuple(  # names of rules, and the cause that they speak for
    (re.compile(pattern, re.IGNORECASE), cause)
    for pattern, cause in (
        (r"^(?:R_SPF_|SPF_|R_DKIM_|DKIM_|DMARC_|ARC_|AUTH_|FORGED_|SPOOF)", Cause.AUTHENTICATION),
        (
            r"^(?:RCVD_IN_|RBL_|DNSWL_|RCVD_.*(?:RBL|BL)$|.*_(?:ZEN|SBL|XBL|PBL|CSS|SPAMCOP|BARRACUDA|DNSBL))",
            Cause.IP_LISTED,
        ),
        (r"^(?:URIBL_|DBL_|SURBL_|.*_URIBL|.*_DBL|.*_SURBL)", Cause.DOMAIN_BLOCKED),
        (r"^(?:RDNS_|HFILTER_|HELO_|.*_RDNS|.*_PTR)", Cause.RDNS),
        (r"^(?:GREYLIST)", Cause.GREYLISTED),
        (r"^(?:RATELIMIT)", Cause.RATE_LIMITED),
        (r"^(?:IP_REPUTATION|SENDER_REP|REPUTATION|.*_REPUTATION)", Cause.REPUTATION),
    )
)


class ScanError(Exception):
    """The answer cannot be read. Its text says why."""


def read_rspamd(body: bytes) -> Scan:
    """Read the JSON of /checkv2. Raises ScanError."""
    try:
        facts = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ScanError("rspamd's answer is not JSON, or is too long") from error
    action = ACTIONS.get(str(facts.get("action", "")).lower()) if isinstance(facts, dict) else None
    if action is None or facts.get("is_skipped"):
        raise ScanError("rspamd skipped the message" if action else "rspamd's answer names no known action")
    symbols = facts.get("symbols")
    rules = [rule for each in (symbols.values() if isinstance(symbols, dict) else ()) if (rule := _symbol(each))]
    return _scan("rspamd", action, _number(facts.get("score")), _number(facts.get("required_score")), rules)


def _symbol(facts: Any) -> ScannedRule | None:
    if not isinstance(facts, dict) or not isinstance(facts.get("name"), str):
        return None
    options = facts.get("options")
    more = ", ".join(str(each)[:60] for each in options[:3]) if isinstance(options, list) else ""
    said = str(facts.get("description") or "")
    text = f"{said} ({more})" if said and more else said or more
    return ScannedRule(one_line(facts["name"], MAX_NAME_CHARS), _number(facts.get("score")) or 0.0, _line(text))


_FIRST = re.compile(r"SPAMD/\d\.\d (\d{1,3}) (\w{1,40})")
_SPAM = re.compile(r"^Spam: (True|False|Yes|No) ; (-?[\d.]{1,12}) / (-?[\d.]{1,12})\s*$", re.IGNORECASE | re.MULTILINE)
_RULE = re.compile(r"^\s{0,4}(-?\d{1,4}(?:\.\d{1,3})?) ([A-Z][A-Z0-9_]{1,79})\s{1,30}(.*)$")
_MORE = re.compile(r"^\s{20,60}(\S.*)$")


def read_spamd(answer: bytes) -> Scan:
    """Read the answer to REPORT: its verdict, and the table of rules in the report. Raises ScanError."""
    head, _, report = answer.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")
    first, spam = _FIRST.match(head), _SPAM.search(head)
    if first and first[1] != "0":
        raise ScanError(f"spamd refused the message: {first[2]}")
    if not first or not spam:
        raise ScanError("spamd's answer cannot be read")
    marked = spam[1].lower() in ("true", "yes")
    score, threshold = float(spam[2]), float(spam[3])
    return _scan("spamassassin", ScanAction.MARK if marked else ScanAction.ACCEPT, score, threshold, _table(report))


def _table(report: str) -> list[ScannedRule]:
    rules: list[ScannedRule] = []
    for line in report.splitlines()[:500]:
        if found := _RULE.match(line):
            rules.append(ScannedRule(found[2], float(found[1]), _line(found[3])))
        elif rules and (more := _MORE.match(line)):
            last = rules[-1]
            rules[-1] = ScannedRule(last.name, last.score, _line(f"{last.text} {more[1]}"))
    return rules


def _scan(
    engine: str, action: ScanAction, score: float | None, threshold: float | None, rules: list[ScannedRule]
) -> Scan:
    ranked = sorted(rules, key=lambda rule: -abs(rule.score))[:MAX_RULES]
    return Scan(engine, action, score, threshold, tuple(ranked))


def cause_of_scan(scan: Scan) -> Cause:
    """Return the cause that the rules against the message speak for: that with the most points, content if none of
    their names says more."""
    points: dict[Cause, float] = {}
    for rule in scan.rules:
        if rule.score > 0:
            cause = next((cause for form, cause in CAUSES if form.match(rule.name)), Cause.CONTENT)
            points[cause] = points.get(cause, 0.0) + rule.score
    return max(points, key=lambda cause: points[cause], default=Cause.CONTENT)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6 else None


def _line(text: str) -> str:
    return one_line(text, MAX_TEXT_CHARS)
