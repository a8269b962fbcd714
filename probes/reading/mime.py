"""Split a message into its parts, within bounds. Used for bounces and reports.

Not the standard library's parser: it recurses as deeply as the message says, and its time grows with the square of a
header field's length, so one field of 9 MB keeps it busy for minutes. Here every search is linear and limited. Broken
messages are accepted: a boundary that never appears makes the whole body one text, and an unknown charset is read as
UTF-8.
"""

import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

MAIL_READ = 4 << 20  # octets: a bounce says what happened before it returns the message
HEADERS_READ = 1 << 18
FIELDS_READ = 2000
VALUE_READ = 1 << 16
TEXT_READ = 1 << 18
PARTS_READ = 64
MENTIONS_READ = 2000  # of a boundary, inside and outside of lines of its own
MAX_PART_DEPTH = 10

NEWLINE = 0x0A

_FIELD = re.compile(rb"\n([!-9;-~]{1,76})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)")  # a search for "^" takes ten times as long
_FOLD = re.compile(r"\n[ \t]+")


class Headers:
    """The fields of one header section, parsed on demand."""

    __slots__ = ("_fields", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw[:HEADERS_READ]
        self._fields: dict[bytes, list[bytes]] = {}
        for name, value in _FIELD.findall(b"\n" + self.raw)[:FIELDS_READ]:
            self._fields.setdefault(name.lower(), []).append(value)

    def all(self, name: str) -> list[str]:
        """Return the values of the fields of this name (in lower case), unfolded, topmost first."""
        return [_unfolded(value) for value in self._fields.get(name.encode(), ())]

    def get(self, name: str) -> str:
        """Return the topmost value, "" if there is none."""
        values = self._fields.get(name.encode())
        return _unfolded(values[0]) if values else ""

    def __contains__(self, name: str) -> bool:
        return name.encode() in self._fields


def _unfolded(value: bytes) -> str:
    text = value[:VALUE_READ].decode("utf-8", "replace")
    return (_FOLD.sub(" ", text) if "\n" in text else text).strip()


@dataclass(frozen=True)
class Part:
    """One leaf of a message: a text, a report, or a whole returned message. `type` is in lower case, "text/plain"."""

    type: str
    headers: Headers
    body: bytes

    def octets(self, most: int = TEXT_READ) -> bytes:
        """Decode the body, at most `most` bytes. Never raises."""
        return self._first if most == TEXT_READ else self._read(most)

    @cached_property
    def _first(self) -> bytes:
        return self._read(TEXT_READ)  # several readers ask for it

    def _read(self, most: int) -> bytes:
        return _decoded(self.body[: 2 * most], self.headers.get("content-transfer-encoding").lower())[:most]

    def text(self) -> str:
        """Return the body as text with "\\n" line ends; HTML without its tags. Never raises."""
        text = _charset_read(self.octets(), _parameter(self.headers.get("content-type"), "charset"))
        return _without_marks(text) if self.type == "text/html" else text


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A message's own header section and its leaves in order."""

    headers: Headers
    parts: tuple[Part, ...] = field(default=())


def open_mail(data: bytes, most: int = MAIL_READ) -> ParsedMail:
    """Split a message into parts. Reads `most` bytes, PARTS_READ parts, MAX_PART_DEPTH levels. Never raises."""
    head, body = _halves(data[:most].replace(b"\r\n", b"\n"))
    headers = Headers(head)
    return ParsedMail(headers, tuple(islice(_leaves(headers, body, 0), PARTS_READ)))


def _halves(data: bytes) -> tuple[bytes, bytes]:
    """Split header section and body. A part may start with its body, after an empty line."""
    if data.startswith(b"\n"):
        return b"", data.lstrip(b"\n")
    head, _, body = data.partition(b"\n\n")
    return head, body


def _leaves(headers: Headers, body: bytes, depth: int) -> Iterator[Part]:
    kind = headers.get("content-type")
    name = kind.partition(";")[0].strip().lower() or "text/plain"
    boundary = _parameter(kind, "boundary") if name.startswith("multipart/") else ""
    pieces = _split(body, boundary) if boundary and depth < MAX_PART_DEPTH else []
    if not pieces:
        yield Part("text/plain" if name.startswith("multipart/") else name, headers, body)
        return
    for piece in pieces:
        head, inner = _halves(piece)
        if head and not _FIELD.search(b"\n" + head):
            head, inner = b"", piece  # no header section at all: qmail's forks
        yield from _leaves(Headers(head), inner, depth + 1)


def _split(body: bytes, boundary: str) -> list[bytes]:
    """Split at the boundary lines by plain search."""
    mark = b"--" + boundary.encode("utf-8", "replace")
    pieces: list[bytes] = []
    start: int | None = None
    position = 0
    for _ in range(MENTIONS_READ):
        at = body.find(mark, position)
        if at < 0 or len(pieces) == PARTS_READ:
            break
        position = at + len(mark)
        rest = body[position : position + 100].partition(b"\n")[0]
        if (at and body[at - 1] != NEWLINE) or rest.strip() not in (b"", b"--"):
            continue  # mentioned, or the beginning of a longer boundary
        if start is not None:
            pieces.append(body[start : max(start, at - 1)])
        start = None if rest.startswith(b"--") else position + len(rest) + 1
    if start is not None:
        pieces.append(body[start:])
    return pieces


_PARAMETER = {
    name: re.compile(rf"\b{name}\s*=\s*(?:\"([^\"]{{0,256}})\"|([^\s;\"]{{1,256}}))", re.IGNORECASE)
    for name in ("boundary", "charset", "report-type")
}


def _parameter(value: str, name: str) -> str:
    match = _PARAMETER[name].search(value)
    return (match[1] or match[2] or "").rstrip() if match else ""


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding.startswith("quoted-printable"):
        return binascii.a2b_qp(body)
    if encoding.startswith("base64"):
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            return body
    return body


_CHARSET = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-?\d+|windows-\d+|cp\d+|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(?:jp|kr)"
    r"|iso-2022-(?:jp(?:-\d)?|kr)|shift[_-]jis|ks_c_5601-1987",
    re.IGNORECASE,
)  # Python knows others, whose decoders are slow, or are no charsets at all


def _charset_read(octets: bytes, charset: str) -> str:
    if _CHARSET.fullmatch(charset):
        try:
            return octets.decode(charset, "replace")
        except (LookupError, ValueError):
            pass
    return octets.decode("utf-8", "replace")


_LINE_END = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/li|/pre)\b[^<>]{0,200}>", re.IGNORECASE)
_MARK = re.compile(r"<[!/A-Za-z][^<>]{0,4000}>")
_UNSEEN = ("style", "script", "head")


def _without_marks(text: str) -> str:
    for name in _UNSEEN:
        text = _without_element(text, name)
    return html.unescape(_MARK.sub("", _LINE_END.sub("\n", text))).replace("\xa0", " ")


def _without_element(text: str, name: str) -> str:
    """Remove the first few elements of this name by plain search, in one pass."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter that grows when lowered
        return text
    kept, position = [], 0
    for _ in range(PARTS_READ):
        start = lowered.find(f"<{name}>", position) if name == "head" else lowered.find(f"<{name}", position)
        end = lowered.find(f"</{name}>", start) if start >= 0 else -1
        if end < 0:
            break
        kept.append(text[position:start])
        position = end + len(name) + 3
    return "".join((*kept, text[position:]))


_ENCODED_WORD = re.compile(r"=\?([\w-]{1,40})\?([BbQq])\?([^?\s]{0,2000})\?=")


def header_text(value: str) -> str:
    """Decode a header value with encoded words (RFC 2047). Never raises."""
    return _ENCODED_WORD.sub(_word, value) if "=?" in value else value


def _word(match: re.Match[str]) -> str:
    octets = match[3].encode("utf-8", "replace")
    if match[2] in "Bb":
        return _charset_read(_decoded(octets + b"==", "base64"), match[1])
    return _charset_read(_decoded(octets.replace(b"_", b" "), "quoted-printable"), match[1])
