"""What a report is packed in: a mail, an archive, or nothing; opened within bounds."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message

MOST_PACKED = 50_000_000  # octets of what comes in
MOST_UNPACKED = 32_000_000  # octets of a report; the largest real ones have some 10 million
MOST_RECORDS = 50_000
MOST_PARTS = 50  # of a mail
MOST_MEMBERS = 10  # of an archive
MOST_FEEDBACK = 65_536  # characters of a failure report, and of the headers that it quotes
LONGEST = 300  # characters of a line

_MULTIPART = re.compile(rb"content-type:\s*(?:multipart|message)/", re.IGNORECASE)
_FIELD = re.compile(rb"(?:From |[!-9;-~]{1,100}[ \t]*:)")
_DOCTYPE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FAILURE = re.compile(r"^feedback-type:\s*auth-failure", re.IGNORECASE | re.MULTILINE)


class ReportError(Exception):
    """This is no report that we can read. Its text says why, for people."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What was found: `text` as XML or JSON; or the fields of a failure report, with the headers that it quotes."""

    text: str = ""
    feedback: str = ""
    sample: str = ""


def unpack(data: bytes) -> Packed:
    """The report, whatever it is packed in. Raises ReportError, and nothing else."""
    if len(data) > MOST_PACKED:
        raise ReportError(f"larger than {MOST_PACKED} octets")
    packed = data.startswith((b"PK", b"\x1f\x8b"))
    data = data if packed else data.strip(b"\xef\xbb\xbf \t\r\n")
    if packed or not _is_mail(data):
        candidates: Iterator[bytes] = iter((data,))
    else:
        parts = _parts(data)
        if failure := _failure(parts):
            return failure
        candidates = map(_decoded, parts)
    for candidate in candidates:
        if text := _unpacked(candidate):
            return Packed(_checked(text))
    raise ReportError("no DMARC or TLS report in it")


def one_line(value: object) -> str:
    """A value as one short line of text."""
    return "" if value is None else " ".join(str(value)[: 4 * LONGEST].split())[:LONGEST]


def _is_mail(data: bytes) -> bool:
    return data[:1] not in (b"<", b"{") and _FIELD.match(data) is not None


def _parts(data: bytes) -> list[Message]:
    """The parts of a mail. One with many parts inside parts is no report."""
    if len(_MULTIPART.findall(data)) > MOST_PARTS:
        raise ReportError(f"a mail of more than {MOST_PARTS} parts inside each other")
    try:
        parts = list(message_from_bytes(data, policy=policy.compat32).walk())
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReportError(f"a mail that cannot be read: {one_line(error)}") from None
    if len(parts) > MOST_PARTS:
        raise ReportError(f"a mail of more than {MOST_PARTS} parts")
    return parts


def _failure(parts: list[Message]) -> Packed | None:
    """A report about one message that failed (RFC 6591)."""
    feedback = sample = ""
    for part in parts:
        match part.get_content_type():
            case "message/feedback-report":
                feedback = feedback or _plain(part)
            case "message/rfc822" | "text/rfc822-headers" | "message/rfc822-headers":
                sample = sample or re.split(r"\r?\n\r?\n", _plain(part), maxsplit=1)[0]
    return Packed("", feedback, sample + "\n\n") if sample and _FAILURE.search(feedback) else None


def _plain(part: Message) -> str:
    """A part as text; one that is a mail in itself, as that."""
    inner = part.get_payload(0) if part.is_multipart() else None
    try:
        text = str(inner) if isinstance(inner, Message) else _decoded(part).decode("utf-8", "replace")
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError, OSError):
        return ""
    return text[:MOST_FEEDBACK]


def _decoded(part: Message) -> bytes:
    try:
        content = None if part.is_multipart() else part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError, AttributeError):
        return b""
    return content.strip(b"\xef\xbb\xbf \t\r\n") if isinstance(content, bytes) else b""


def _unpacked(data: bytes) -> str | None:
    """The text of one report, out of at most one archive; None for what is no report."""
    if data.startswith(b"PK"):
        return _from_zip(data)
    if data.startswith(b"\x1f\x8b"):
        return _text(_inflated(data))
    return _text(data)


def _from_zip(data: bytes) -> str | None:
    """The first member that is a report. What a member claims of its size is not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist()[:MOST_MEMBERS]:
                with archive.open(member) as file:
                    content = file.read(MOST_UNPACKED + 1)
                if len(content) > MOST_UNPACKED:
                    raise ReportError(f"unpacks to more than {MOST_UNPACKED} octets")
                if text := _text(content):
                    return text
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ReportError(f"an archive that cannot be read: {one_line(error)}") from None
    return None


def _inflated(data: bytes) -> bytes:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = inflate.decompress(data, MOST_UNPACKED + 1)
    except zlib.error as error:
        raise ReportError(f"an archive that cannot be read: {one_line(error)}") from None
    if len(content) > MOST_UNPACKED:
        raise ReportError(f"unpacks to more than {MOST_UNPACKED} octets")
    return content


def _text(content: bytes) -> str | None:
    """The content as text, if it can be a report: XML or JSON, and not an archive again."""
    content = content.strip(b"\xef\xbb\xbf \t\r\n\0")
    if len(content) > MOST_UNPACKED or content[:1] not in (b"<", b"{"):
        return None
    utf16 = content[:2] == b"<\0"
    text = content.decode("utf-16-le" if utf16 else "utf-8", "replace")
    wanted = '"policies"' in text if text.startswith("{") else "<feedback" in text or ":feedback" in text[:4096]
    return text if wanted else None


def _checked(text: str) -> str:
    """The text, if nothing in it can grow. Raises ReportError."""
    if text.startswith("{"):
        _check_depth(text)
    elif _DOCTYPE.search(text):
        raise ReportError("an XML document with a DOCTYPE, which no report has")
    elif text.count("<record") > MOST_RECORDS:
        raise ReportError(f"more than {MOST_RECORDS} records")
    return text


def _check_depth(text: str) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"broken JSON: {one_line(error)}") from None
