"""Notices in prose: the recipients in them, and the text about each one.

Mail systems without RFC 3464 reports all use one of a few forms: the address starts a line and the reason follows, the
address is alone on a line, or a sentence contains it. `ROWS` are these forms with the systems that use them, `ENDINGS`
the words after which the returned message begins.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from probes.reading.bounces.address import ADDRESS, addresses_in, is_machine, plain
from probes.reading.replies.folding import lowered
from probes.reading.replies.prose import notice_end

NOTICE_READ = 1 << 15  # characters; what stands below is the returned message
NAMED_READ = 1000  # recipients; those of whom more is read are fewer
LOOKED_FOR = 100  # recipients, known from the header, that are looked for anywhere
LINES_READ = 1000  # with an address


@dataclass(frozen=True, slots=True)
class RecipientNotice:
    """One recipient of a notice, the text about it, and what stands above all recipients."""

    address: str
    text: str
    above: str = ""


def _row(*pattern: str) -> re.Pattern[str]:
    return re.compile("".join(pattern).replace("ADDRESS", f"(?P<address>{ADDRESS})"), re.MULTILINE | re.IGNORECASE)


_NAMES = (
    r"(?:(?:failed|intended|original|final|error|bounced)[ -])?"
    r"(?:recipients?|recipient\(s\)|recipient address|address|addressed to|error-for|for|user"
    r"|empfänger(?:adresse)?|destinataires?"
    r"|destinatari[oa]s?|destinatári[oa]s?|adressat|ontvangers?|mottagare|modtager|mottaker|vastaanottaja"
    r"|odbiorca|adresat|příjemce"
    r"|címzett|alıcı|получател[ьи]|адресат|παραλήπτης|收件人(?:邮件地址|地址|邮箱)?|收件者|宛先|あて先"
    r"|받는 ?사람|수신자)"
)
_DATED = r"[ \t]+(?:on|am|le|el|em|il|op) (?:[^\W\d]{2,12}\.?,? )?\d"
_ANY = ("@",)
ROWS = (  # lines that name a recipient; one of the words is in each, in lower case, and whether it is, is found at once
    # qmail, Postfix, Courier, Exim 3, OpenSMTPD, GMX, 1&1, Yahoo: <a@b>: reason
    ((":",), _row(r"^[ \t]{0,8}[\"'<]{0,2}ADDRESS[\"'>]{0,2}(?: ?\([^()\n]{1,80}\))?[ \t]?:(?!//)")),
    (("...",), _row(r"^[ \t]*<?ADDRESS>?[ \t]?\.\.\.")),  # smail
    (_ANY, _row(r"^[ \t]*(?:[^\n@<>]{1,80}<)?[\"'<]?ADDRESS[\"'>]{0,2}", _DATED)),  # Exchange 5.5 to 2003
    (("dda:",), _row(r"^[ \t]*(?:[^\n@:]{0,200};)?dda:(?:smtp|rfc-822)=ADDRESS;?", _DATED)),  # Exchange 5.5: X.400
    (("[",), _row(r"^[ \t]*<?ADDRESS>?[ \t]+\[[^\]\n]")),  # X1: a@b [reason]
    # Zoho, and its delays
    (("error_code", "invalid address"), _row(r"^[ \t]*<?ADDRESS>?[ ,]+(?=[^\n]{0,200}ERROR_CODE|Invalid Address)")),
    (("[status: ",), _row(r"^[^\n]{0,200}?\[Status: [^\n\]]{0,80}Address: <?ADDRESS")),
    # EZweb, LSMTP, SurfControl
    ((":", "："), _row(r"^[ \t>*-]*", _NAMES, r"[ \t]*[:：][ \t]*(?:rfc822;)?[ \t\"'<]*ADDRESS")),
    # Verizon, James, InterScan, transcripts
    (("rcpt to",), _row(r"^(?:[ \t>]|Sent|<<<)*RCPT TO[ \t]*:[ \t]*<?ADDRESS")),
    ((">>>",), _row(r"^>>> ?<?ADDRESS>? <")),  # Activehunter
    (_ANY, _row(r"^[ \t]*(?:[*>•·]|--{0,3})[ \t]+[\"<]?ADDRESS[\">]?[ \t.]*$")),  # Mimecast, MDaemon, X3
    # Exim, Domino, Gmail, Biglobe, MailMarshal: alone on its line
    (
        _ANY,
        _row(
            r"^[ \t]*(?:\"[^\"\n]{1,80}\" )?[\"'<]{0,2}ADDRESS[\"'>]{0,2}[ \t]*(?:\([^\n]{1,80}\))?[ \t]*[.,;]?[ \t]*$"
        ),
    ),
)

_PATHS = _row(  # an alias's program, file or list, and who was addressed: sendmail, Exim, Postfix
    r"^[ \t]{0,8}(?:save to )?[<\"'\\]{0,3}(?:[|/]|:include:)[^\n]{0,300}(?:\n[ \t]{1,20}[^\n]{0,300}){0,4}?\s{0,3}"
    r"\((?:expanded|(?:ultimately )?generated) from:?[ \t]{0,8}<?ADDRESS>?\)?"
)
_UNADDRESSED = re.compile(rf"^[ \t]*[^\n@:<>]{{1,80}}{_DATED}[^\n]{{0,40}}$", re.MULTILINE | re.IGNORECASE)  # Exchange
_X400_AT = re.compile(r"(dda:(?:smtp|rfc-822)=[^\s;@()]{1,64})\(a\)", re.IGNORECASE)
_TRANSCRIPT = _row(r"^[ \t]*(?P<code>[245]\d\d)[ -]<?ADDRESS>?\.\.\.[ \t]*(?P<rest>[^\n]*)")  # sendmail 5 to 8
ANSWERED = re.compile(r"^[ \t]*<<<[ \t]*([45]\d\d[^\n]*)", re.MULTILINE)

SENTENCES = (  # where no line is given to the address: IMail, KDDI, MailFoundry, DragonFly, X6, FML
    _row(
        r"(?:deliver|reach|undeliverable|returned|rejected|failed|problems?|error|mailbox|unknown user"
        r"|userid|attempts|"
        r"exceeds|not exist|unknown|invalid|duplicated)[^@\n]{0,80}?[\s:<\"'(]ADDRESS"
    ),
    _row(r"(?:originally addressed|message|mail|e-mail|sent) (?:to|for)[ \t]*:?[ \t]*[<\"']{0,2}ADDRESS"),
    _row(
        r"^[^\n@]{0,80}[\s:<\"'(]ADDRESS[>\"']{0,2}[^\n@]{0,80}"
        r"(?:not |un|cannot|could|reject|refus|exceed|full|fail|disabl|bounce)"
    ),
)
_NOT_THEM = re.compile(
    r"contact|assist|question|help|from[: ]|sender|mailto|support|please (?:send|mail|write)|forward"
    r"|kontakt|hilfe|wenden|schreiben sie|écrivez|escrib[ae]|scriv|escreva|absender|\bvon[: ]|\baide"
    r"|expéditeur|ayuda|remitente|aiuto|mittente|ajuda|remetente|afzender|avsändare"
    r"|nadawc|odesílatel|отправител|обратитесь|发件人|寄件|联系|差出人|送信者|お問い?合|보낸 ?사람|문의",
    re.IGNORECASE,
)
_EXPANDED = re.compile(rf"\(expanded from:[ \t]*<?({ADDRESS})", re.IGNORECASE)  # sendmail's aliases


def notice_in(text: str) -> str:
    """Return the notice without the returned message below it, and without quotation marks around it."""
    text = text[: 4 * NOTICE_READ].replace("\r", "\n")
    if re.search(r"^> ?(?:Reporting-MTA|Final-Recipient|> ?<<<)", text, re.MULTILINE):
        text = re.sub(r"^>[ ]?", "", text, flags=re.MULTILINE)
    if "(a)" in text:
        text = _X400_AT.sub(r"\1@", text)
    return text[: min(notice_end(text), NOTICE_READ)]


def recipients_in_notice(notice: str, known: Sequence[str] = ()) -> list[RecipientNotice]:
    """Return the recipients in a notice with the text about each. `known` are recipients named in headers."""
    if spoken := list(_transcript(notice)):
        return _once(spoken)
    places = _known_places(notice, known) if known else _listed(notice) or _in_sentences(notice)
    wanted = {address.lower() for address in known}
    blocks = zip(places, _blocks(notice, places), strict=True)
    found = [said for place, said in blocks if place.address and (not wanted or place.address.lower() in wanted)]
    named = {said.address.lower() for said in found} | {place.address.lower() for place in places}
    above = notice[: places[0].start] if places else notice  # what is said of all of them, not of another one
    rest = [RecipientNotice(address, above, above) for address in known if address.lower() not in named]
    return _once([*found, *rest])


class _Place(NamedTuple):
    """A line that names a recipient: its start, the end of the address, the address; "" for one with a name alone."""

    start: int
    end: int
    address: str


def _listed(notice: str) -> list[_Place]:
    """Return the lines that name recipients, in order."""
    places: dict[int, _Place] = {}
    for match in islice(_PATHS.finditer(notice), NAMED_READ) if " from" in notice else ():
        places[match.start()] = _Place(match.start(), match.end(), plain(match["address"]))
    for start, match in _named_on_lines(notice):
        _keep(places, start, match)
    if places and (head := notice.find("recipient(s)")) >= 0:
        for match in islice(_UNADDRESSED.finditer(notice, head), NAMED_READ):
            places.setdefault(match.start(), _Place(match.start(), match.end(), ""))
    return _in_order(places)


def _named_on_lines(notice: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield the start of each line that one of the ROWS matches: only lines with "@" are tried."""
    at, read = notice.find("@"), 0
    folded = lowered(notice)
    while at >= 0 and read < LINES_READ:
        read += 1
        start, end = notice.rfind("\n", 0, at) + 1, notice.find("\n", at)
        line = folded[start : end if end >= 0 else None]
        for words, row in ROWS:
            if any(word in line for word in words) and (match := row.match(notice, start)):
                yield start, match
                break
        at = notice.find("@", end) if end >= 0 else -1


def _in_sentences(notice: str) -> list[_Place]:
    places: dict[int, _Place] = {}
    for row in SENTENCES if "@" in notice else ():
        for match in islice(row.finditer(notice), NAMED_READ):
            start = notice.rfind("\n", 0, match.start("address")) + 1
            if not _NOT_THEM.search(notice, start, match.start("address")):
                _keep(places, start, match)
    return _in_order(places)


def address_anywhere(notice: str, but: Sequence[str] = ()) -> str:
    """Return the first address in a notice of any form that is nobody's to contact, "" if there is none."""
    for line in islice((line for line in notice.split("\n") if "@" in line), LINES_READ):
        for address in addresses_in(line):
            ahead = line[: line.find(address)]
            if not is_machine(address) and address.lower() not in but and not _NOT_THEM.search(ahead):
                return address
    return ""


def _keep(places: dict[int, _Place], start: int, match: re.Match[str]) -> None:
    if not is_machine(address := plain(match["address"])):
        places.setdefault(start, _Place(start, match.end(), address))


def _in_order(places: dict[int, _Place]) -> list[_Place]:
    """Return the places in the order of the text; one address several times in a row is one place."""
    kept: list[_Place] = []
    for start in sorted(places):
        if not kept or kept[-1].address.lower() != places[start].address.lower():
            kept.append(places[start])
    return kept


def _known_places(notice: str, known: Sequence[str]) -> list[_Place]:
    """Return the first place of each of these recipients, and of others on lines of the same form: the text about those
    belongs to nobody here."""
    wanted = {address.lower() for address in known[:LOOKED_FOR]}
    first: dict[str, _Place] = {}
    for place in _listed(notice):
        first.setdefault(place.address.lower(), place)
    indents = {_indent(notice, first[address]) for address in wanted & first.keys()}
    places = [place for address, place in first.items() if address in wanted or _indent(notice, place) in indents]
    taken = {place.start for place in places}
    for address in wanted - first.keys():
        match = re.search(rf"(?<![\w.+-]){re.escape(address)}(?![\w-]|\.\w)", notice, re.IGNORECASE)
        start = notice.rfind("\n", 0, match.start()) + 1 if match else -1
        if match and start not in taken:
            taken.add(start)
            places.append(_Place(start, match.end(), match[0]))
    return sorted(places)


def _indent(notice: str, place: _Place) -> int:
    line = notice[place.start : place.end]
    return len(line) - len(line.lstrip())


_WORDS = re.compile(r"[^\W\d_]{2}")


def _blocks(notice: str, places: Sequence[_Place]) -> list[RecipientNotice]:
    """Assign text to recipients: each one's text ends at the next one; one without text shares the next one's, or the
    text above."""
    if not places:
        return []
    found: list[RecipientNotice] = []
    following = notice[: places[0].start]
    for (start, end, address), (until, _, _) in zip(
        reversed(places), reversed([*places[1:], _Place(len(notice), 0, "")]), strict=True
    ):
        line, own = notice[start:end], notice[end:until]
        other = line.lower().replace(address.lower(), "")
        if _WORDS.search(own) or (_WORDS.search(other) and "recipient" not in other):
            following = notice[start:until]
        alias = _EXPANDED.search(own)
        found.append(RecipientNotice(plain(alias[1]) if alias else address, following, notice[: places[0].start]))
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
