"""What the receiver's filters and authentication checks wrote into the headers of an arrived message.

Our message leaves without any of these headers, so each one found was written on the receiver's side.
"""

import re

from probes.verdict import Cause

LONGEST = 65_536

SIGNS: tuple[tuple[re.Pattern[str], Cause], ...] = tuple(  # first hit wins: a failed check explains a spam mark
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), cause)
    for pattern, cause in (
        (
            r"^authentication-results:(?:.|\n[ \t])*?\b(?:spf|dkim|dmarc)=(?:fail|softfail|permerror)\b",
            Cause.AUTHENTICATION,
        ),
        (r"^received-spf:\s*(?:fail|softfail)\b", Cause.AUTHENTICATION),
        (r"^x-spam-flag:\s*yes\b", Cause.CONTENT),  # SpamAssassin, amavis
        (r"^x-spam-status:\s*yes\b", Cause.CONTENT),
        (r"^x-spam:\s*yes\b", Cause.CONTENT),  # rspamd
        (r"^x-forefront-antispam-report:(?:.|\n[ \t])*?\bsfv:(?:spm|skb|sks)\b", Cause.CONTENT),  # Microsoft 365
        (r"^x-barracuda-spam-status:\s*yes\b", Cause.CONTENT),
    )
)


def spam_sign(headers: str) -> tuple[Cause, str]:
    """Why the receiver took the message for spam, with the line that says so; `UNCLEAR` and "" where none does."""
    for sign, cause in SIGNS:
        if match := sign.search(headers[:LONGEST]):
            end = headers.find("\n", match.end())
            line = headers[match.start() : end if end >= 0 else len(headers)]
            return cause, " ".join(line.split())[:300]
    return Cause.UNCLEAR, ""
