"""Mailbox providers that state their verdict. Gmail and Yahoo do not: there only the folder shows it."""

import re

from probes.reading.facts import Finding
from probes.reading.filters.says import YES_NO, FilterResult, Reader, keyed, number, worded

_UI = {"notjunk": Finding.CLEAN, "junk": Finding.SPAM, "unknown": Finding.UNSURE}
_UI_RESULT = re.compile(r"\s*(notjunk|junk|unknown):(-?\d{1,9})", re.IGNORECASE)


def _ui(*, outbound: bool) -> Reader:
    """Parse the header of GMX, web.de, 1&1: `notjunk:1;...`."""

    def read(value: str) -> FilterResult | None:
        found = _UI_RESULT.match(value)
        return FilterResult("gmx", _UI[found[1].lower()], number(found[2]), outbound=outbound) if found else None

    return read


def _gmx(value: str) -> FilterResult | None:
    """Parse `0 (Mail was not recognized as spam)`; below zero: on the user's own allow list."""
    level = number(value)
    return None if level is None else FilterResult("gmx", Finding.SPAM if level > 0 else Finding.CLEAN, level)


def _flag(vendor: str, verdict: Finding) -> Reader:
    """Parse 1 or 0, which the administrator has to enable."""
    return worded(vendor, {"1": verdict, "0": Finding.CLEAN})


def _alibaba(value: str) -> FilterResult | None:
    """Parse `AC=CONTINUE;...`: our interpretation of observed mail."""
    verdict = {"pass": Finding.CLEAN, "continue": Finding.CLEAN, "suspect": Finding.UNSURE}.get(
        keyed(value).get("ac", "").lower()
    )
    return FilterResult("alibaba", verdict) if verdict else None


def _yahoo_bulk(value: str) -> FilterResult | None:
    return FilterResult("yahoo", Finding.BULK, placed=True) if value.strip() else None


HEADERS: dict[str, Reader] = {
    "x-gm-spam": _flag("google-workspace", Finding.SPAM),
    "x-gm-phishy": _flag("google-workspace", Finding.PHISHING),
    "x-pm-spam-action": worded(
        "proton",
        {"inbox": Finding.CLEAN, "spam": Finding.SPAM, "phishing": Finding.PHISHING, "dunno": Finding.UNSURE},
    ),
    "x-ui-filterresults": _ui(outbound=False),
    "x-ui-out-filterresults": _ui(outbound=True),
    "x-gmx-antispam": _gmx,
    "x-wp-spam": worded("wp.pl", YES_NO),
    "x-yahoofilteredbulk": _yahoo_bulk,
    "x-aol-global-disposition": worded("aol", {"g": Finding.CLEAN, "s": Finding.SPAM}),
    "x-alimail-antispam": _alibaba,
    "x-ses-spam-verdict": worded(  # Amazon SES, "Email receiving concepts"
        "amazon-ses", {"pass": Finding.CLEAN, "fail": Finding.SPAM, "gray": Finding.UNSURE}
    ),
    "x-mailgun-sflag": worded("mailgun", YES_NO),
}
