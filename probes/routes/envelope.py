"""The SMTP commands of one message, as bytes on the wire. Pure."""

from collections.abc import Mapping

from probes.message import Message


def command(line: str) -> bytes:
    """Encode a command. Raises ValueError for a line break inside: that would be two commands."""
    if "\r" in line or "\n" in line:
        raise ValueError("a line break inside an SMTP command")
    return line.encode() + b"\r\n"


def mail_from(message: Message, offered: Mapping[str, str]) -> str:
    """Build MAIL with what the server offers: SIZE (RFC 1870), 8BITMIME, SMTPUTF8, bounces without our body (RFC
    3461)."""
    wanted = (
        ("SIZE", f"SIZE={len(message.content)}", True),
        ("8BITMIME", "BODY=8BITMIME", not message.content.isascii()),
        ("SMTPUTF8", "SMTPUTF8", not (message.mail_from + message.rcpt_to).isascii()),
        ("DSN", "RET=HDRS", True),
    )
    return " ".join(
        [f"MAIL FROM:<{message.mail_from}>", *(said for key, said, need in wanted if need and key in offered)]
    )


def rcpt_to(message: Message, offered: Mapping[str, str]) -> str:
    """Build RCPT; if the server supports DSN, it is asked to report failure and delay."""
    return f"RCPT TO:<{message.rcpt_to}>" + (" NOTIFY=FAILURE,DELAY" if "DSN" in offered else "")


def content(data: bytes) -> bytes:
    """Encode the message for DATA: lines that begin with a dot get another, and a single dot ends it."""
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    first = b"." if stuffed.startswith(b".") else b""
    last = b".\r\n" if stuffed.endswith(b"\r\n") or not stuffed else b"\r\n.\r\n"
    return first + stuffed + last


def xtext(value: str) -> str:
    """RFC 3461, section 4: printable ASCII as it is, but "+", "=" and all else as +HH."""
    plain = range(0x21, 0x7F)
    return "".join(chr(b) if b in plain and b not in b"+=" else f"+{b:02X}" for b in value.encode())
