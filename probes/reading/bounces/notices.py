"""Notices in prose: the recipients in them, and the text about each one.

Mail systems without RFC 3464 reports all use one of a few forms: the address starts a line and the reason follows, the
address is alone on a line, or a sentence contains it. `ROWS` are these forms with the systems that use them, `ENDINGS`
the words after which the returned message begins.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from probes.reading.bounces.address import ADDRESS, is_machine, plain

NOTICE_READ = 1 << 15  # characters; what stands below is the returned message
NAMED_READ = 100  # recipients

_ENDINGS = (
    r"this is a copy of (?:the|your) (?:message|mail)",  # Exim
    r"(?:below (?:this|the next) line is|enclosed is|below is|included is) a copy",  # qmail, OpenSMTPD, MXLogic
    r"(?:the |here is the |start of )?(?:headers?|text|copy|first \d+ k?(?:lines|bytes))(?: and .{1,40})? of "
    r"(?:the|your) (?:original )?(?:message|mail)\b",  # GMX, 1&1
    r"the header and top \d+ lines",
    r"original (?:message|mail)(?: info| headers?| text| as)?(?: is)?(?: follows| below)?[ \t.:-]*$",
    r"(?:unsent|undelivered|returned|old|bounced) (?:message|mail)(?: headers?)?(?: follows| below)?[ \t.:-]*$",
    r"message (?:headers?|text|header or text|contents?|body)(?: follows?| below)?[ \t.:|-]*$",  # sendmail, smail
    r"your message (?:reads|follows|begins)",
    r"mensaje original|message original|urspr.{1,3}ngliche nachricht",
    r"(?:Received|Return-Path|X-Envelope-From|Message-ID):[ \t]",
    r"(?:Reporting-MTA|Final-Recipient)[ \t]*:|Content-Type:[ \t]*message/",
)
ENDINGS = re.compile(rf"^[ \t>|*=_/-]*(?:{'|'.join(_ENDINGS)})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RecipientNotice:
    """One recipient of a notice and the text about it."""

    address: str
    text: str


def _row(*pattern: str) -> re.Pattern[str]:
    return re.compile("".join(pattern).replace("ADDRESS", f"(?P<address>{ADDRESS})"), re.MULTILINE | re.IGNORECASE)


_NAMES = (
    r"(?:(?:failed|intended|original|final|error|bounced)[ -])?"
    r"(?:recipients?|recipient\(s\)|recipient address|address|addressed to|error-for|for|user)"
)
ROWS = (
    # qmail, Postfix, Courier, Exim 3, OpenSMTPD, GMX, 1&1, Yahoo: <a@b>: reason
    _row(r"^[ \t]{0,8}[\"'<]{0,2}ADDRESS[\"'>]{0,2}(?: ?\([^()\n]{1,80}\))?[ \t]?:(?!//)"),
    _row(r"^[ \t]*<?ADDRESS>?[ \t]?\.\.\."),  # smail
    _row(r"^[ \t]*[\"<]?ADDRESS[\">]? on [A-Z][a-z]{2}, "),  # Exchange 5.5 to 2003
    _row(r"^[ \t]*<?ADDRESS>?[ \t]+\[[^\]\n]"),  # X1: a@b [reason]
    _row(r"^[ \t]*<?ADDRESS>?[ ,]+(?=[^\n]{0,200}ERROR_CODE|Invalid Address)"),  # Zoho
    _row(r"\[Status: [^\n\]]{0,80}Address: <?ADDRESS"),  # Zoho, delays
    _row(r"^[ \t>*-]*", _NAMES, r"[ \t]*:[ \t]*(?:rfc822;)?[ \t\"'<]*ADDRESS"),  # EZweb, LSMTP, SurfControl
    _row(r"^(?:[ \t>]|Sent|<<<)*RCPT TO[ \t]*:[ \t]*<?ADDRESS"),  # Verizon, James, InterScan, transcripts
    _row(r"^>>> ?<?ADDRESS>? <"),  # Activehunter
    _row(r"^[ \t]*(?:[*>•·]|--{0,3})[ \t]+[\"<]?ADDRESS[\">]?[ \t.]*$"),  # Mimecast, MDaemon, X3
    # Exim, Domino, Gmail, Biglobe, MailMarshal: alone on its line
    _row(r"^[ \t]*(?:\"[^\"\n]{1,80}\" )?[\"'<]{0,2}ADDRESS[\"'>]{0,2}[ \t]*(?:\([^\n]{1,80}\))?[ \t]*[.,;]?[ \t]*$"),
)

_TRANSCRIPT = _row(r"^[ \t]*(?P<code>[245]\d\d)[ -]<?ADDRESS>?\.\.\.[ \t]*(?P<rest>[^\n]*)")  # sendmail 5 to 8
ANSWERED = re.compile(r"^[ \t]*<<<[ \t]*([45]\d\d[^\n]*)", re.MULTILINE)

SENTENCES = (  # where no line is given to the address: IMail, KDDI, MailFoundry, DragonFly, X6, FML
    _row(
        r"(?:deliver|reach|undeliverable|returned|rejected|failed|problems?|error|mailbox|unknown user|userid|attempts|"
        r"exceeds|not exist|unknown|invalid|duplicated)[^@\n]{0,80}?[\s:<\"'(]ADDRESS"
    ),
    _row(r"(?:originally addressed|message|mail|e-mail|sent) (?:to|for)[ \t]*:?[ \t]*[<\"']{0,2}ADDRESS"),
    _row(
        r"^[^\n@]{0,80}[\s:<\"'(]ADDRESS[>\"']{0,2}[^\n@]{0,80}"
        r"(?:not |un|cannot|could|reject|refus|exceed|full|fail|disabl|bounce)"
    ),
)
_NOT_THEM = re.compile(
    r"contact|assist|question|help|from[: ]|sender|mailto|support|please (?:send|mail|write)|forward", re.IGNORECASE
)
_EXPANDED = re.compile(rf"\(expanded from:[ \t]*<?({ADDRESS})", re.IGNORECASE)  # sendmail's aliases


def notice_in(text: str) -> str:
    """Return the notice without the returned message below it, and without quotation marks around it."""
    text = text[: 4 * NOTICE_READ].replace("\r", "\n")
    if re.search(r"^> ?(?:Reporting-MTA|Final-Recipient|> ?<<<)", text, re.MULTILINE):
        text = re.sub(r"^>[ ]?", "", text, flags=re.MULTILINE)
    start = re.search(r"\S", text)
    ending = next((m for m in ENDINGS.finditer(text) if start and m.start() > start.start()), None)
    return text[: min(ending.start() if ending else len(text), NOTICE_READ)]


def recipients_in_notice(notice: str, known: Sequence[str] = ()) -> list[RecipientNotice]:
    """Return the recipients in a notice with the text about each. `known` are recipients named in headers."""
    if spoken := list(_transcript(notice)):
        return _once(spoken)
    places = _known_places(notice, known) if known else _places(notice, ROWS) or _places(notice, SENTENCES)
    found = _blocks(notice, places)
    named = {said.address.lower() for said in found}
    rest = [
        RecipientNotice(address, found[0].text if found else notice)
        for address in known
        if address.lower() not in named
    ]
    return _once([*found, *rest])


def _places(notice: str, rows: Sequence[re.Pattern[str]]) -> list[tuple[int, int, str]]:
    """Yield start of the line, end of the address, address; in the order of the text."""
    places: dict[int, tuple[int, int, str]] = {}
    for row in rows:
        for match in islice(row.finditer(notice), NAMED_READ):
            start = notice.rfind("\n", 0, match.start("address")) + 1
            address = plain(match["address"])
            if not is_machine(address) and (
                rows is ROWS or not _NOT_THEM.search(notice, start, match.start("address"))
            ):
                places.setdefault(start, (start, match.end(), address))
    kept: list[tuple[int, int, str]] = []
    for start in sorted(places):
        if not kept or kept[-1][2].lower() != places[start][2].lower():
            kept.append(places[start])
    return kept


def _known_places(notice: str, known: Sequence[str]) -> list[tuple[int, int, str]]:
    lowered = notice.lower()
    found = ((lowered.find(address.lower()), address) for address in known[:NAMED_READ])
    return sorted((notice.rfind("\n", 0, at) + 1, at + len(address), address) for at, address in found if at >= 0)


_WORDS = re.compile(r"[^\W\d_]{2}")


def _blocks(notice: str, places: list[tuple[int, int, str]]) -> list[RecipientNotice]:
    """Assign text to recipients: each one's text ends at the next one; one without text shares the next one's, or the
    text above."""
    if not places:
        return []
    found: list[RecipientNotice] = []
    following = notice[: places[0][0]]
    for (start, end, address), (until, _, _) in zip(
        reversed(places), reversed([*places[1:], (len(notice), 0, "")]), strict=True
    ):
        line, own = notice[start:end], notice[end:until]
        other = line.lower().replace(address.lower(), "")
        if _WORDS.search(own) or (_WORDS.search(other) and "recipient" not in other):
            following = notice[start:until]
        alias = _EXPANDED.search(own)
        found.append(RecipientNotice(alias[1] if alias else address, following))
    return found[::-1]


def _transcript(notice: str) -> Iterator[RecipientNotice]:
    """Read sendmail's transcript alone: the server's answer is above the line that names the recipient."""
    above = notice.find("Transcript of session follows")
    if above < 0 or "had permanent" in notice[:above] or "had transient" in notice[:above]:
        return
    for match in islice(_TRANSCRIPT.finditer(notice, above), NAMED_READ):
        answers = [found[1] for found in ANSWERED.finditer(notice, above, match.start())]
        said = answers[-1] if answers else match["rest"]
        yield RecipientNotice(
            plain(match["address"]), said if re.match(r"[45]\d\d\b", said) else f"{match['code']} {said}"
        )
        above = match.end()


def _once(found: Sequence[RecipientNotice]) -> list[RecipientNotice]:
    """Keep each address once, with the first text about it."""
    kept: dict[str, RecipientNotice] = {}
    for said in found:
        kept.setdefault(said.address.lower(), said)
    return list(kept.values())
