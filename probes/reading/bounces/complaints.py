"""Complaints of people about a message: abuse reports (RFC 5965), and what some services send instead."""

import re

from probes.reading.bounces.address import addresses_in_field
from probes.reading.mime import Headers, ParsedMail, Part, header_text

_MICROSOFT = re.compile(r"^complaint about message from ", re.IGNORECASE)  # its junk mail reporting programme
_REPORTED = ("original-rcpt-to", "removal-recipient", "x-hmxmroriginalrecipient")


def complaint_in(mail: ParsedMail) -> tuple[str, ...] | None:
    """Return the complaining recipient, as far as stated; None if it is no complaint."""
    report = next((part for part in mail.parts if part.type == "message/feedback-report"), None)
    if report is not None:
        return _named(Headers(report.octets()), mail)
    if _MICROSOFT.match(header_text(mail.headers.get("subject")).strip()) and returned(mail):
        return _named(None, mail)
    return None


def _named(report: Headers | None, mail: ParsedMail) -> tuple[str, ...]:
    for headers in (report, returned(mail)):
        if headers is None:
            continue
        for name in (*_REPORTED, "to"):
            found = [address for value in headers.all(name) for address in addresses_in_field(value)]
            if found:
                return tuple(dict.fromkeys(found))
    return ()


RETURNED = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/global-headers",
    "message/partial",
)


def returned_part(mail: ParsedMail) -> Part | None:
    """Return the part with the original message, or its headers."""
    return next((part for part in mail.parts if part.type in RETURNED), None)


def returned(mail: ParsedMail) -> Headers | None:
    """Return the headers of the original message, if a part has them."""
    part = returned_part(mail)
    return Headers(part.octets().lstrip(b"\n").partition(b"\n\n")[0]) if part else None
