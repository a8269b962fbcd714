"""Exchange Online, Outlook.com and Exchange Server.

Sources: Microsoft, "Anti-spam message headers in cloud organizations" (2025-07) and its edition of 2014; [MS-OXCMAIL]
2.2.3.2.21 for the spam confidence level. The mailbox's own header is not documented; its letters are read as Oxford
University's IT help and observed mail have them.
"""

from probes.outcome import Cause
from probes.reading.facts import Finding
from probes.reading.filters.says import FilterResult, Reader, keyed, number, worded

SPAM_FROM = 5.0  # SCL 5 and 6 are spam, 9 surely; 7 and 8 occur at Outlook.com and go to junk
SUSPICIOUS_FROM = 4.0  # PCL

JUDGED: dict[str, tuple[Finding, Cause]] = {  # SFV
    "nspm": (Finding.CLEAN, Cause.CONTENT),
    "spm": (Finding.SPAM, Cause.CONTENT),
    "sks": (Finding.SPAM, Cause.POLICY),  # marked before filtering, by a mail rule
    "skb": (Finding.SPAM, Cause.POLICY),  # on the policy's list of blocked senders
    "blk": (Finding.SPAM, Cause.POLICY),  # on the user's list of blocked senders
    "skn": (Finding.CLEAN, Cause.CONTENT),
    "ska": (Finding.CLEAN, Cause.CONTENT),
    "ski": (Finding.CLEAN, Cause.CONTENT),
    "sfe": (Finding.CLEAN, Cause.CONTENT),
    "skq": (Finding.CLEAN, Cause.CONTENT),  # released from quarantine
}

CATEGORIES: dict[str, tuple[Finding, Cause]] = {  # CAT: what kind of bad it is, where it is
    "phsh": (Finding.PHISHING, Cause.CONTENT),
    "hphsh": (Finding.PHISHING, Cause.CONTENT),
    "hphish": (Finding.PHISHING, Cause.CONTENT),
    "uimp": (Finding.PHISHING, Cause.AUTHENTICATION),
    "dimp": (Finding.PHISHING, Cause.AUTHENTICATION),
    "gimp": (Finding.PHISHING, Cause.AUTHENTICATION),
    "bimp": (Finding.PHISHING, Cause.AUTHENTICATION),
    "intos": (Finding.PHISHING, Cause.CONTENT),
    "spoof": (Finding.SPAM, Cause.AUTHENTICATION),
    "spm": (Finding.SPAM, Cause.CONTENT),
    "hspm": (Finding.SPAM, Cause.CONTENT),
    "ospm": (Finding.SPAM, Cause.CONTENT),
    "bulk": (Finding.BULK, Cause.CONTENT),
    "malw": (Finding.QUARANTINED, Cause.CONTENT),
    "amp": (Finding.QUARANTINED, Cause.CONTENT),
    "ftbp": (Finding.QUARANTINED, Cause.POLICY),
    "sap": (Finding.QUARANTINED, Cause.CONTENT),
}


def _report(vendor: str, *, elsewhere: bool = False) -> Reader:
    """Parse X-Forefront-Antispam-Report: the judgement (SFV), else the category (CAT), else the level (SCL)."""

    def read(value: str) -> FilterResult | None:
        pairs = keyed(value)
        level = number(pairs.get("scl"))
        judged = JUDGED.get(pairs.get("sfv", "").lower())
        kind = CATEGORIES.get(pairs.get("cat", "").lower())
        if kind and (judged is None or judged[0] is not Finding.CLEAN):
            judged = kind if judged is None or judged[1] is Cause.CONTENT else judged
        if judged is None and level is not None:
            judged = (Finding.SPAM if level >= SPAM_FROM else Finding.CLEAN, Cause.CONTENT)
        if judged is None:
            return None
        outbound = elsewhere or pairs.get("dir", "").lower() == "out" or pairs.get("cat", "").lower() == "ospm"
        rules = tuple(f"{key.upper()}:{pairs[key]}" for key in ("sfv", "cat", "srv", "sfty") if pairs.get(key))
        return FilterResult(
            vendor,
            judged[0],
            level,
            SPAM_FROM if level is not None else None,
            rules,
            outbound=outbound,
            cause=judged[1],
        )

    return read


def _level(value: str) -> FilterResult | None:
    level = number(value)
    if level is None:
        return None
    return FilterResult("microsoft-scl", Finding.SPAM if level >= SPAM_FROM else Finding.CLEAN, level, SPAM_FROM)


def _phishing_level(value: str) -> FilterResult | None:
    level = number(value)
    if level is None or level < SUSPICIOUS_FROM:
        return None  # low on nearly every mail, spam included: no verdict
    return FilterResult("microsoft-pcl", Finding.UNSURE, level)


def _bulk_level(value: str) -> FilterResult | None:
    level = number(keyed(value).get("bcl"))
    return FilterResult("microsoft-bcl", Finding.UNSURE, level) if level else None  # the tenant's own limit is not told


def _placed(value: str) -> FilterResult | None:
    """Parse the folder that the mailbox chose, and why. Moved by the user's own rule to another folder: no verdict."""
    pairs = keyed(value)
    folder = folder_letter(pairs)
    why = (f"OFR:{pairs['ofr']}",) if pairs.get("ofr") else ()
    verdict = {"i": Finding.CLEAN, "j": Finding.SPAM}.get(folder)
    cause = Cause.POLICY if why and "rule" in why[0].lower() else Cause.CONTENT
    return FilterResult("microsoft-mailbox", verdict, rules=why, placed=True, cause=cause) if verdict else None


def folder_letter(pairs: dict[str, str]) -> str:
    """Return the folder's letter in lower case: I inbox, J junk, C by the user's rule."""
    return pairs.get("dest", "").lower() or ("j" if pairs.get("rf", "").lower() == "junkemail" else "")


def _custom(value: str) -> FilterResult | None:
    return (
        FilterResult("microsoft-eop", Finding.SPAM, rules=(value[:80],), cause=Cause.POLICY) if value.strip() else None
    )


HEADERS: dict[str, Reader] = {
    "x-forefront-antispam-report": _report("microsoft-eop"),
    "x-forefront-antispam-report-untrusted": _report("microsoft-eop-other-tenant", elsewhere=True),
    "x-forefront-antispam-report-original": _report("microsoft-eop-other-tenant", elsewhere=True),
    "x-ms-exchange-organization-scl": _level,
    "x-ms-exchange-organization-pcl": _phishing_level,
    "x-microsoft-antispam": _bulk_level,
    "x-microsoft-antispam-mailbox-delivery": _placed,
    "x-customspam": _custom,
    "spamdiagnosticmetadata": worded("microsoft-eop", {"nspm": Finding.CLEAN, "spm": Finding.SPAM}),
}
