"""Unpack a report from a message or an archive, within bounds.

All archives of one message together may unpack to MAX_UNPACKED_BYTES: the cost does not grow with the number of
parts.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass

from probes.reading.mime import Part, open_mail

MAX_PACKED_BYTES = 50_000_000  # octets of what comes in
MAX_UNPACKED_BYTES = 32_000_000  # octets of all that is unpacked; the largest real reports have some 10 million
MAX_MEMBERS = 10  # of an archive
MAILS_DEEP = 3  # a report may be forwarded as an attachment, inside another mail
MAX_FEEDBACK_CHARS = 65_536  # characters of a failure report
MAX_LINE_CHARS = 300  # characters of a line

_FIELD = re.compile(rb"(?:From |[!-9;-~]{1,100}[ \t]*:)")
_FAILURE = re.compile(r"^feedback-type:\s*auth-failure", re.IGNORECASE | re.MULTILINE)
_AROUND = b"\xef\xbb\xbf \t\r\n\0"  # a byte order mark, and what mail systems put around a report
_MEMBER = b"PK\x01\x02"  # begins each row of a ZIP archive's directory
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a bound, or take gigabytes
_ARCHIVE_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


class ReportError(Exception):
    """This is no report that we can read. The text says why, for people."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The unpacked report: `text` as XML or JSON; or a failure report's fields, and From of the message it is about."""

    text: str = ""
    feedback: str = ""
    sender: str = ""


def unpack(data: bytes) -> Packed:
    """Return the report, however it is packed. Raises ReportError, and nothing else."""
    if len(data) > MAX_PACKED_BYTES:
        raise ReportError(f"larger than {MAX_PACKED_BYTES} octets")
    archives = _Archives()
    document = data if data.startswith((b"PK", b"\x1f\x8b")) else data.strip(_AROUND)
    found = _from_mail(document, archives) if _is_mail(document) else _from_document(document, archives)
    if found is None:
        raise ReportError("no DMARC or TLS report in it")
    return found


def one_line(value: object) -> str:
    """Return a value as one short line of text."""
    return "" if value is None else " ".join(str(value)[: 4 * MAX_LINE_CHARS].split())[:MAX_LINE_CHARS]


def _is_mail(data: bytes) -> bool:
    return not data.startswith((b"<", b"{", b"PK", b"\x1f\x8b")) and _FIELD.match(data) is not None


def _from_mail(data: bytes, archives: "_Archives", depth: int = 1) -> Packed | None:
    """Return the first report in a message, or in a message attached to it."""
    parts = open_mail(data, MAX_PACKED_BYTES).parts
    if failure := _failure(parts):
        return failure
    for part in parts:
        content = part.octets(MAX_PACKED_BYTES).lstrip(_AROUND)
        if part.type == "message/rfc822":
            found = _from_mail(content, archives, depth + 1) if depth < MAILS_DEEP else None
        else:
            found = _from_document(content, archives)
        if found:
            return found
    return None


def _failure(parts: tuple[Part, ...]) -> Packed | None:
    """Read a report about one failed message (RFC 6591). Of that message the library gets only From."""
    feedback = next((_text_of(part) for part in parts if part.type == "message/feedback-report"), "")
    reported = next((part for part in parts if part.type in _REPORTED), None)
    if reported is None or not _FAILURE.search(feedback):
        return None
    headers = open_mail(reported.octets().lstrip(_AROUND)).headers
    return Packed(feedback=feedback, sender=one_line(headers.get("from")))


_REPORTED = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers")


def _text_of(part: Part) -> str:
    return part.octets().decode("utf-8", "replace")[:MAX_FEEDBACK_CHARS]


def _from_document(data: bytes, archives: "_Archives") -> Packed | None:
    """Return the report in a file, out of at most one archive; None for anything else."""
    if data.startswith(b"PK"):
        text = archives.unzip(data)
    else:
        text = _text(archives.inflate(data) if data.startswith(b"\x1f\x8b") else data)
    return Packed(text) if text else None


class _Archives:
    """Unpacks the archives of one message, at most MAX_UNPACKED_BYTES of them."""

    def __init__(self) -> None:
        self._left = MAX_UNPACKED_BYTES

    def unzip(self, data: bytes) -> str | None:
        """Return the first member that is a report. A member's own claim of its size is not trusted. Raises
        ReportError."""
        if data.count(_MEMBER) > MAX_MEMBERS * MAX_MEMBERS:
            raise ReportError("an archive of too many files")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.infolist()[:MAX_MEMBERS]:
                    if member.compress_type not in _PLAIN_METHODS:
                        continue
                    with archive.open(member) as file:
                        if text := _text(self._taken(file.read(self._left + 1))):
                            return text
        except _ARCHIVE_ERRORS as error:
            raise ReportError(f"an archive that cannot be read: {one_line(error)}") from None
        return None

    def inflate(self, data: bytes) -> bytes:
        """Return the content of a gzip file. Raises ReportError."""
        try:
            return self._taken(zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, self._left + 1))
        except zlib.error as error:
            raise ReportError(f"an archive that cannot be read: {one_line(error)}") from None

    def _taken(self, content: bytes) -> bytes:
        if len(content) > self._left:
            raise ReportError(f"unpacks to more than {MAX_UNPACKED_BYTES} octets")
        self._left -= len(content)
        return content


def _text(content: bytes) -> str | None:
    """Return the content as text, if it can be a report: XML or JSON, and not an archive again."""
    content = content.strip(_AROUND)
    if len(content) > MAX_UNPACKED_BYTES or content[:1] not in (b"<", b"{"):
        return None
    utf16 = content[:2] == b"<\0"
    text = (content + b"\0").decode("utf-16-le", "ignore") if utf16 else content.decode("utf-8", "replace")
    wanted = '"policies"' in text if text.startswith("{") else "<feedback" in text or ":feedback" in text[:4096]
    return text if wanted else None
