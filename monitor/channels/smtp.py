"""Plain e-mail by a mail server of its own, for which the configuration is checked: it must not be a monitored path.

The mail goes through Python's own SMTP client, not through the dialogue that probes are sent by: what notifies people
of a fault should not share it. One incident is one thread: its first message is the root that later ones refer to.
"""

import asyncio
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Literal, Self

import structlog
from pydantic import Field, SecretStr, model_validator

from monitor.channels.answers import with_words
from monitor.channels.channel import AT_ONCE, TIMEOUT, DeliveryResult, MailWays
from monitor.channels.content import SERVICE, links, severity_of, text_of, title_of
from monitor.channels.threads import in_a_thread
from monitor.incidents.incident import Severity
from monitor.notices.notice import Notice
from probes.ip_addresses import parse_ip
from probes.outside import Outside
from probes.settings import Address, Host, Port, Secret, Settings
from probes.tls import CaFile, client_context

STEP_TIMEOUT = 10.0  # seconds for one answer of the server
QUIT_TIMEOUT = 1.0  # seconds for the last one, which nothing depends on
MAX_SUBJECT_CHARS = 200
MAX_TEXT_CHARS = 100_000
MAX_RECIPIENTS = 50
IMPORTANT = {"Importance": "high", "X-Priority": "1 (Highest)"}
MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]{1,200}@[a-z0-9.-]{1,253}>", re.ASCII)

UNFOLDED = SMTP.clone(max_line_length=998)
"""For ASCII: a folded subject begins with a blank for many readers. RFC 5322, section 2.1.1, allows such lines."""

log = structlog.get_logger("notices")


class SmtpChannel(Settings):
    """E-mail through a mail server that no monitored path depends on; one incident is one thread."""

    via: Literal["smtp"] = "smtp"
    host: Host = Field(description="The mail server; not one of a monitored path.")
    port: Port = Field(587, description="Its port.")
    tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="`none`: not encrypted; a password is allowed only if the server is on this machine."
    )
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")
    user: str | None = Field(None, min_length=1, max_length=255, description="The account's name, if it needs one.")
    password: Secret | None = Field(None, description="The account's password. Set both user and password, or neither.")
    address: Address = Field(description="The From address, also the envelope sender.")
    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=MAX_RECIPIENTS)] = Field(
        description="The recipients; none in a monitored domain."
    )

    @model_validator(mode="after")
    def _password_is_safe(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together; give both or none")
        if self.tls == "none" and self.password is not None and not _is_this_machine(self.host):
            raise ValueError(
                f'tls = "none" would send the password in clear to {self.host}; must be "starttls" or "implicit"'
            )
        return self

    def mail_ways(self) -> MailWays:
        """See `Channel`."""
        return MailWays(frozenset(to.rpartition("@")[2] for to in self.to), self.host, "to", "host")

    @property
    def keeps_open(self) -> bool:
        """See `Channel`."""
        return False

    @property
    def end_delay(self) -> timedelta:
        """See `Channel`."""
        return AT_ONCE

    async def deliver(self, notice: Notice, outside: Outside) -> DeliveryResult:
        """See `Channel`."""
        mail = message(notice, self.address, self.to, outside.now())
        session = SmtpSession(self)
        try:
            async with asyncio.timeout(TIMEOUT):
                result = await in_a_thread(lambda: session.send(mail))
        except TimeoutError:
            result = session.result or DeliveryResult(f"not sent within {TIMEOUT:g} seconds")
            session.abort()
        return result if result.fault else result._replace(handle=root_of(notice) or mail["Message-ID"])

    def preview(self, notice: Notice) -> str:
        """See `Channel`."""
        mail = message(notice, self.address, self.to, notice.at)
        return "\n".join(
            [*(f"{name}: {value}" for name, value in mail.items()), "", mail.get_content().replace("\r\n", "\n")]
        )

    async def repeat(self, active: Sequence[Notice], muted: Sequence[Notice], outside: Outside) -> str | None:
        """See `Channel`."""
        return None


class SmtpSession:
    """One connection. `send` blocks; `abort` ends it from another thread."""

    def __init__(self, settings: SmtpChannel) -> None:
        self._settings = settings
        self._server: smtplib.SMTP | None = None
        self._aborted = False
        self.result: DeliveryResult | None = None  # as soon as the server has taken or refused the mail

    def abort(self) -> None:
        """Close the connection: the thread that waits for an answer gets none, and one that has no connection yet sends
        nothing once it has."""
        self._aborted = True
        sock = self._server.sock if self._server else None
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it was closed already

    def send(self, mail: EmailMessage) -> DeliveryResult:
        """Send the mail to all recipients. It is delivered if at least one was accepted: another try would send it
        again to those who have it."""
        to = self._settings.to
        try:
            server = self._server = self._connect()
            if self._settings.user is not None and self._settings.password is not None:
                server.login(self._settings.user, self._settings.password.get_secret_value())
            if self._aborted:  # the notice will be tried again: this mail would be the first of two
                return DeliveryResult("too late: it was not sent")
            refused = server.sendmail(self._settings.address, to, mail.as_bytes())
            self.result = DeliveryResult(answer=f"accepted for {len(to) - len(refused)} of {len(to)} recipients")
        except (OSError, ValueError) as error:  # SMTPException is an OSError
            self.result = self._failed(error)
        else:
            if refused:
                log.warning("some recipients of a notice were refused", host=self._settings.host, refused=len(refused))
        finally:
            self._leave()
        return self.result

    def _leave(self) -> None:
        """Take leave, and the connection down. What the server answers to that no longer matters to the mail."""
        if self._server is None:
            return
        with suppress(OSError, ValueError):
            if self._server.sock:
                self._server.sock.settimeout(QUIT_TIMEOUT)
            self._server.quit()
        self._server.close()

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        name = settings.address.rpartition("@")[2]
        context = client_context(verify=True, ca_file=settings.ca_file)
        place = (settings.host, settings.port, name)
        if settings.tls == "implicit":
            return smtplib.SMTP_SSL(*place, timeout=STEP_TIMEOUT, context=context)
        server = smtplib.SMTP(*place, timeout=STEP_TIMEOUT)
        self._server = server
        if settings.tls == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server

    def _failed(self, error: Exception) -> DeliveryResult:
        """Return the reason. Only an error about the content is the server's last word on this notice."""
        words: bytes | str
        match error:
            case smtplib.SMTPRecipientsRefused():
                code, words = next(iter(error.recipients.values()))
                result = DeliveryResult(f"no recipient was accepted: {code}")
            case smtplib.SMTPResponseException():
                code, words = error.smtp_code, error.smtp_error
                result = DeliveryResult(
                    f"{STAGES.get(type(error), 'refused')}: {code}",
                    refused=isinstance(error, smtplib.SMTPDataError) and code >= 500,
                )
            case _:
                return DeliveryResult(_reason(error))
        said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        secrets: list[SecretStr] = [self._settings.password] if self._settings.password else []
        return with_words(result, [said], secrets)


STAGES: dict[type[Exception], str] = {
    smtplib.SMTPAuthenticationError: "user and password were not accepted",
    smtplib.SMTPSenderRefused: "the From address was not accepted",
    smtplib.SMTPDataError: "the content was not accepted",
    smtplib.SMTPConnectError: "the server refused the session",
    smtplib.SMTPHeloError: "the server refused the session",
}


def _reason(error: Exception) -> str:
    match error:
        case smtplib.SMTPNotSupportedError():
            return "the server does not offer STARTTLS or a way to sign in; see tls"
        case smtplib.SMTPException():
            return "the connection broke"
        case ssl.SSLCertVerificationError():
            return "its certificate is not one that we trust; see ca_file"
        case ssl.SSLError():
            return "no TLS connection; see tls"
        case TimeoutError():
            return f"no answer within {STEP_TIMEOUT:g} seconds"
        case socket.gaierror():
            return "its name cannot be resolved"
        case OSError():
            return f"no connection: {error.strerror or type(error).__name__}"
        case _:
            return f"the connection broke ({type(error).__name__})"


def message(notice: Notice, sender: str, to: Sequence[str], at: datetime) -> EmailMessage:
    """Return the mail. Every value is one line or a validated address, so a text cannot add a header."""
    title = title_of(notice, MAX_SUBJECT_CHARS)
    mail = EmailMessage(policy=UNFOLDED if title.isascii() else SMTP)
    domain = sender.rpartition("@")[2]
    mail["From"] = MailAddress(SERVICE, addr_spec=sender)
    mail["To"] = tuple(MailAddress(addr_spec=each) for each in to)
    mail["Subject"] = title
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{re.sub('[^A-Za-z0-9_-]', '.', notice.id)[:150]}@{domain}>"
    if root := root_of(notice):
        mail["In-Reply-To"] = root
        mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no replies by machines
    mail["X-Auto-Response-Suppress"] = "All"
    if severity_of(notice) is Severity.PAGE and not notice.news.ends:
        for name, value in IMPORTANT.items():
            mail[name] = value
    mail.set_content(_body(notice), charset="utf-8", cte="quoted-printable")
    return mail


def root_of(notice: Notice) -> str:
    """Return the Message-ID of the incident's first message, "" if there is none."""
    return notice.handle if MESSAGE_ID.fullmatch(notice.handle) else ""


def _body(notice: Notice) -> str:
    text = text_of(notice, MAX_TEXT_CHARS).strip() or title_of(notice, MAX_SUBJECT_CHARS)
    more = [f"{label}: {url}" for label, url in links(notice) if url not in text]
    return "\n".join([text, *(["", *more] if more else []), ""])


def _is_this_machine(host: str) -> bool:
    address = parse_ip(host)
    return host == "localhost" if address is None else address.is_loopback
