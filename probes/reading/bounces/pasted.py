"""Text without a header, as people paste it: is it a notice, or does it only speak of mail that failed?

Documents about mail have the words of notices, addresses and whole sessions. What tells a notice is that it names near
its beginning who was not reached, in one of the forms of notices, and that it has not the marks of a document.
"""

import re

from probes.reading.bounces.classify import is_worded, refuses
from probes.reading.bounces.notices import recipients_in_notice
from probes.reading.documents import is_document
from probes.reading.mime import ParsedMail

NAMED_WITHIN = 3000  # characters from the beginning within which a notice names the recipient
OPENING = 600  # characters within which a mail system introduces its notice
BRIEF = 1500  # characters of a text that is a notice by an address and a refusal alone, whatever its words
FENCE = b"```"  # around what is quoted, in chats
QUOTED_READ = 1 << 14  # octets in which signs of quotation are counted

_FIELDS = ("from", "to", "subject", "date", "received", "return-path", "content-type", "mime-version", "message-id")
_BEGINS = re.compile(rb"(?:From [^\n]*\n)?[!-9;-~]{1,76}[ \t]*:")  # RFC 4155: a mailbox file's line ahead of it
_QUOTE = re.compile(rb"^>[ ]?", re.MULTILINE)
_SYSTEMS_OWN = re.compile(  # how Postfix, sendmail, OpenSMTPD, DragonFly, qmail and Exchange begin
    r"this is the (?:mail system at|mailer-daemon|[\w-]+ mail agent)|original message was received at"
    r"|transcript of session follows|(?:sorry|afraid)[^.]{0,40} (?:inform|tell) you that your (?:message|mail)"
    r"|(?:inform|tell) you that the message returned|hi\. this is the"
    r"|did not reach (?:some or all of )?the (?:intended |following )?recipient"
)
_SESSION = re.compile(
    r"\n[ \t>]*(?:\$ |(?:s|server|c|client|r): ?(?:2\d\d|220|354|ehlo|helo|mail from)|(?:2\d\d|354)[ -]|ehlo |helo )"
)


def has_header(mail: ParsedMail) -> bool:
    """Test if this is a message: it begins with a field that every message has, or has several of them."""
    known = sum(name in mail.headers for name in _FIELDS)
    return known > 1 or (known == 1 and _BEGINS.match(mail.headers.raw) is not None)


def unquoted(text: bytes) -> bytes:
    """Return a text without marks of code around it, and without signs of quotation if nearly all lines have one."""
    bare = text.strip()
    if len(bare) > 2 * len(FENCE) and bare.startswith(FENCE) and bare.endswith(FENCE):
        text = bare[len(FENCE) : -len(FENCE)].partition(b"\n")[2]
    lines = [line for line in text[:QUOTED_READ].split(b"\n") if line.strip()]
    return _QUOTE.sub(b"", text) if sum(line.startswith(b">") for line in lines) > 0.8 * len(lines) else text


def is_pasted_notice(notice: str) -> bool:
    """Test if a text without a header is a notice: it names who was not reached, and says so."""
    if is_document(notice):
        return False
    opening = " ".join(notice[:OPENING].lower().split())
    if is_worded(notice) and _SYSTEMS_OWN.search(opening):
        return True
    named = next((one for one in recipients_in_notice(notice) if one.address), None)
    if named is None or not 0 <= notice.lower().find(named.address.lower()) < NAMED_WITHIN:
        return False
    if is_worded(notice):
        return True
    return len(notice) <= BRIEF and refuses(named.text) and _SESSION.search("\n" + notice.lower()) is None
