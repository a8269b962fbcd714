"""The name that a server gave to a message that it accepted, from its reply: with it an administrator finds the message
in the log. Pure."""

import re

MAX_REPLY_CHARS = 1000

_FORMS: tuple[re.Pattern[str], ...] = (  # the first that fits
    re.compile(r"\bqueued as <?([0-9A-Za-z][\w.-]{3,63})", re.IGNORECASE),  # Postfix, and many that follow it
    re.compile(r"\bOK id=([\w-]{6,63})"),  # Exim
    re.compile(r"\[InternalId=(\d{3,20})\b"),  # Exchange and Exchange Online
    re.compile(r"\b([\w-]{3,60}\.\d{1,6}) - gsmtp\b"),  # Google
    re.compile(r"(?:^|\s)([0-9A-Za-z]{6,30}) Message accepted for delivery", re.IGNORECASE),  # sendmail, OpenSMTPD
    re.compile(r"\bok (\d{6,12} qp \d{1,8})\b", re.IGNORECASE),  # qmail
)


def queue_id_in(reply: str) -> str:
    """Return the queue id in a reply to the end of DATA; "" if it has none in a known form."""
    text = reply[:MAX_REPLY_CHARS]
    return next((found[1] for form in _FORMS if (found := form.search(text))), "")
