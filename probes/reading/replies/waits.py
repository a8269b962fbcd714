"""The wait that a reply offers: "try again in 5 minutes"."""

import re
from datetime import timedelta

MAX_OFFERED_WAIT = timedelta(days=1)  # longer is no offer to try again

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "分": 60, "秒": 1, "時": 3600}
_UNIT = (
    r"(s|secs?|seconds?|sekunden?|secondes?|segundos?|m|mins?|minutes?|minuten?|minutos?"
    r"|h|hrs?|hours?|stunden?|heures?|horas?|days?)(?![a-z])"
)
_ASK = (
    r"(?:again|retry|retries|retrying|back|wait|greylist\w{0,5}|graylist\w{0,5}|resend|reconnect|later|delay|erneut|wieder"
    r"|warten|reessay\w{0,4}|patient\w{0,4}|intent\w{0,6}|espere|deferred|remaining|blocked|limited)"
)
_THEN = r"(?:before (?:re)?try|remaining|until retry|until you may|erneut|and (?:re)?try|then (?:re)?try)"
_AFTER = re.compile(rf"(?<![a-z]){_ASK}[^.\d]{{0,50}}?(?<![\d.:/])(\d{{1,7}})[ -]?{_UNIT}")
_BEFORE = re.compile(rf"(?<![\d.:/])(\d{{1,7}})[ -]?{_UNIT}[^.\d]{{0,30}}?{_THEN}")
_CLOCK = re.compile(rf"(?<![a-z]){_ASK}[^.\d]{{0,50}}?(?<![\d.:/])(\d{{1,2}}):([0-5]\d):([0-5]\d)(?![\d:])")
_FIELD = re.compile(r"(?<![a-z])retry[-_ ]?(?:after|in)[ :=]{1,3}(\d{1,7})(?![\d.:])")
_ASIAN = re.compile(r"(\d{1,5})(分|秒|時)間?(?:後|以上|お待ち)")
# Whatever `find_wait` finds in other than Asian scripts has one of these.
WAIT_WORDS = (
    "again",
    "retr",
    "back",
    "wait",
    "greylist",
    "graylist",
    "resend",
    "reconnect",
    "later",
    "delay",
    "erneut",
    "wieder",
    "warten",
    "reessay",
    "patient",
    "intent",
    "espere",
    "deferred",
    "remaining",
    "blocked",
    "limited",
    "before",
    "try",
    "until",
)
_OFFER = re.compile(rf"\d(?:[ -]?{_UNIT}|[分秒時]|:\d\d:\d)|retry[-_ ]?(?:after|in)")  # every offer has one of these


def find_wait(said: str) -> timedelta | None:
    """Return the wait that `said`, in lower case, offers; None if it offers none or more than a day."""
    if _OFFER.search(said) is None:
        return None
    if clock := _CLOCK.search(said):
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
    elif match := _AFTER.search(said) or _BEFORE.search(said) or _ASIAN.search(said):
        seconds = int(match[1]) * _UNITS[match[2][0]]
    elif field := _FIELD.search(said):
        seconds = int(field[1])
    else:
        return None
    wait = timedelta(seconds=seconds)
    return wait if timedelta() < wait <= MAX_OFFERED_WAIT else None
