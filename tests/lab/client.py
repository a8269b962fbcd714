"""A client on the network of the lab: one message from one address, and what the server says to it."""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from itertools import count

from tests.lab.companies import SENDER_DOMAIN
from tests.lab.lab import Site
from tests.lab.processes import until

SECONDS = 20.0
_number = count(1)


@dataclass(frozen=True, slots=True)
class Sent:
    """The last reply to one message, and the word in its text by which it is found again."""

    code: int
    text: str
    word: str

    @property
    def accepted(self) -> bool:
        """Whether the server took it."""
        return self.code == 250


def send(
    site: Site, client: str, to: str = "", port: int = 25, sign: Callable[[bytes], bytes] = lambda message: message
) -> Sent:
    """Send one message in the sender's name from this address, which is one of ours. `sign` may add to the message."""
    word = f"word{next(_number)}x"
    sender, recipient = f"no-reply@{SENDER_DOMAIN}", to or site.company.address
    message = f"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: your code\r\nMessage-ID: <{word}@{SENDER_DOMAIN}>\r\n"
    message += f"Date: {formatdate()}\r\n\r\nYour code is in here: {word}\r\n"
    with smtplib.SMTP(timeout=SECONDS, source_address=(client, 0)) as smtp:
        text: object
        code, text = smtp.connect(site.namespace.address, port)
        if code != 220:
            return Sent(code, str(text), word)
        smtp.ehlo(f"mail.{SENDER_DOMAIN}")
        signed = sign(message.encode())
        for step in (lambda: smtp.mail(sender), lambda: smtp.rcpt(recipient), lambda: smtp.data(signed)):
            try:
                code, text = step()
            except smtplib.SMTPResponseException as refused:
                code, text = refused.smtp_code, refused.smtp_error
            except smtplib.SMTPServerDisconnected as gone:
                return Sent(0, str(gone), word)
            if code != 250:
                break
    return Sent(code, str(text), word)


def folder_of(site: Site, sent: Sent) -> str:
    """Wait for an accepted message. The folder that it is in: "INBOX" or "Junk"; "" if it does not come."""
    for _ in until(SECONDS, step=0.05):
        for file in site.letters():
            if sent.word in file.read_text(errors="replace"):
                return "Junk" if "Junk" in str(file) else "INBOX"
    return ""


def until_accepted(site: Site, client: str, *, accepted: bool, port: int = 25) -> Sent:
    """Send until the server answers so: a change is read within moments, not at once."""
    for _ in until(SECONDS, step=0.3):
        sent = send(site, client, port=port)
        if sent.accepted is accepted:
            break
    return sent
