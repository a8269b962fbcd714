"""Facts about an arrival that are no verdict: subject marks, greylisting, rewritten links, a lost code.

Bounded: reads the first BODY_READ bytes of the body, without building its MIME tree.
"""

import binascii
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header
from itertools import islice

from probes.reading.header_fields import Field

BODY_READ = 1 << 18
MAX_NOTES = 20

SUBJECT_MARKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"[\[({<*#]{1,3}\s?(ext(?:ern(?:al|e|o|a|er)?)?(?:\s[^\])}>*#]{0,40})?)\s?[\])}>*#]{1,3}", "external"),
        (r"^(?:(?:re|fwd?|aw|wg|tr):\s{0,2}){0,3}(ext(?:ern(?:al|e|o|er)?)?)\s?(?::|\||-\s)", "external"),
        (
            r"[\[({<*#]{1,5}\s?((?:suspected |possible |probable |potential )?(?:spam|junk|bulk))\s?[\])}>*#:]{1,5}",
            "spam",
        ),
        (
            r"[\[({<*#]{1,5}\s?((?:suspected |possible )?(?:phish(?:ing)?|fraud|spoof)[^\])}>*#]{0,20})[\])}>*#]",
            "spam",
        ),
        (r"[\[({<*#]{1,3}\s?((?:caution|warning|suspicious)[^\])}>*#]{0,40})[\])}>*#]", "external"),
    )
)

LINK_GUARDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(  # hosts from the vendors' pages on link protection
    (re.compile(rf"(?:.*\.)?{pattern}"), name)
    for pattern, name in (
        (r"safelinks\.protection\.(?:outlook\.com|office365\.us)", "Microsoft Safe Links"),
        (r"urldefense(?:\.proofpoint)?\.(?:com|us)", "Proofpoint URL Defense"),
        (r"linkprotect\.cudasvc\.com", "Barracuda Link Protection"),
        (r"(?:protect-[a-z0-9]+\.mimecast\.com|mimecastprotect\.com)", "Mimecast URL Protection"),
        (r"secure-web\.cisco\.com", "Cisco Secure Email"),
        (r"protection\.sophos\.com", "Sophos Time of Click"),
        (r"clicktime\.(?:symantec\.com|cloud\.postoffice\.net)", "Symantec Click-time Protection"),
        (r"[a-z0-9-]*\bctp\.trendmicro\.com", "Trend Micro Time-of-Click"),
        (r"(?:atpscan|seclinks)\..*(?:hornetsecurity|cloud-security)\.(?:com|net)", "Hornetsecurity"),
        (r"linklock\.titanhq\.com", "TitanHQ Link Lock"),
        (r"(?:url-protection\.com|protect\.checkpoint\.com)", "Check Point"),
        (r"protect\d?\.fireeye\.com", "Trellix"),
        (r"scanmail\.trustwave\.com", "Trustwave"),
        (r"shared\.outlook\.inky\.com", "INKY"),
        (r"link\.edgepilot\.com", "Zix"),
        (r"url\.emailprotection\.link", "Vipre"),
    )
)
_HOST = re.compile(r"https?://([a-z0-9.-]{4,100})", re.IGNORECASE)
MAX_HOSTS = 500

_BANNER = re.compile(
    r"\b(?:originated|came|sent|received|comes|is) (?:from |an )?(?:outside|external)(?: of)?\s"
    r"|\bexternal (?:e-?mail|sender|message)\b|\bEXTERNE? (?:E-?Mail|Absender|Nachricht)\b",
    re.IGNORECASE,
)
_GREYLIST = re.compile(
    r"delayed\s+(?:for\s+)?(?:(\d{1,9})\s*s(?:econds?)?\b|(\d{1,4}):(\d\d):(\d\d))(?:.{0,60}?\bat\s+([A-Za-z0-9._-]{1,253}))?",
    re.IGNORECASE,
)
_SPEAKS_OF_A_CODE = re.compile(
    r"\b(?:this|verification|sign-in|security|one-time|reset) code\b|\bcode is valid\b", re.IGNORECASE
)
_CODE = re.compile(r"(?<![\w#=/.%&+-])\d{6}(?![\w=])")


def greylisted(field: Field) -> str | None:
    """Parse `X-Greylist: delayed N seconds by ... at HOST` (Postgrey) and `Delayed for hh:mm:ss by ...`
    (milter-greylist)."""
    found = _GREYLIST.search(field.value[:500])
    if found is None:
        return None
    plain, hours, minutes, seconds, host = found.groups()
    waited = int(plain) if plain else int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return f"greylisted for {waited} s" + (f" by {host.rstrip('.')}" if host else "")


def subject_marks(subject: str) -> Iterator[str]:
    """Return marks that gateways put into subjects."""
    text = _decoded(subject[:2000])
    for mark, kind in SUBJECT_MARKS:
        if found := mark.search(text):
            yield f"subject marked as {kind}: {' '.join(found[0].split())}"


def body_notes(body: bytes) -> Iterator[str]:
    """Return notes about changes to the text on its way."""
    text = "\n".join(_readings(body[:BODY_READ]))
    hosts = {found[1].lower() for found in islice(_HOST.finditer(text), MAX_HOSTS)}
    for guard, name in LINK_GUARDS:
        if any(guard.fullmatch(host) for host in hosts):
            yield f"links rewritten by {name}"
    if banner := _BANNER.search(text):
        yield f"a banner in the body calls it external: {' '.join(banner[0].split())}"
    if _SPEAKS_OF_A_CODE.search(text) and not _CODE.search(text):
        yield "the text speaks of a code, but no six digits can be read"


def _decoded(subject: str) -> str:
    if "=?" not in subject:
        return subject
    try:
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "latin-1", "replace")
            for part, charset in decode_header(subject)
        )
    except (MessageError, ValueError, LookupError):
        return subject


_BASE64 = re.compile(rb"\r?\n\r?\n((?:[A-Za-z0-9+/]{40,100}\r?\n){1,20000}[A-Za-z0-9+/]{0,100}={0,2})")


def _readings(body: bytes) -> Iterator[str]:
    """Yield the body decoded as quoted-printable (which leaves plain text unchanged), then its possible base64
    parts."""
    yield binascii.a2b_qp(body).decode("utf-8", "replace")
    yield body.decode("utf-8", "replace")
    for run in _BASE64.finditer(b"\n\n" + body):
        letters = run[1].translate(None, b"\r\n")
        yield binascii.a2b_base64(letters[: len(letters) // 4 * 4]).decode("utf-8", "replace")
