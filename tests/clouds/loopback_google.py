"""An account at Google whose hosts are on this machine: an authorization server, and the fakes of its APIs.

In the configuration these hosts cannot be changed. What is not a host is that of the real settings.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from probes.accounts import AccountService
from probes.accounts.google import GoogleAccount
from probes.accounts.registry import Accounts
from probes.evidence import Folder
from probes.http import HttpSession
from probes.mailboxes import MailboxSession, VisitedMailbox
from probes.mailboxes.gmail import GmailMailbox
from probes.outside import Outside
from tests.clouds.fake_gmail import FakeGmail, GmailBox, GmailMail, fake_gmail
from tests.clouds.fake_reports import SCOPE as REPORTS_SCOPE
from tests.clouds.fake_reports import FakeReports, fake_reports
from tests.support.authorization_server import AuthorizationServer, OAuthClient, authorization_server
from tests.support.outside_world import outside_world

USER = "probe@bolt.example"
ADMIN = "auditor@bolt.example"
ACCOUNT = "boltgoogle"
SERVICE_ACCOUNT = "mailpath@bolt.iam.gserviceaccount.com"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class LoopbackGoogle(GoogleAccount):
    """[accounts.KEY], with hosts of this machine."""

    sign_in_url: str
    api_url: str

    @property
    def endpoint(self) -> str:
        return self.sign_in_url

    def base(self, service: AccountService) -> str:
        return self.api_url if super().base(service) else ""


def key_file() -> SecretStr:
    """The key file of the service account."""
    pem = _KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    values = {"type": "service_account", "client_email": SERVICE_ACCOUNT, "private_key_id": "k1", "private_key": pem}
    return SecretStr(json.dumps(values))


def loopback_google(server: AuthorizationServer, api_url: str, **keys: Any) -> LoopbackGoogle:
    """The settings of an account there."""
    values = {"provider": "google", "key": key_file(), "sign_in_url": server.token_url, "api_url": api_url}
    return LoopbackGoogle.model_validate({**values, **keys})


@dataclass
class GoogleDomain:
    """A domain at Google: who signs in, what Gmail answers, and the outside world in which it is asked."""

    server: AuthorizationServer
    gmail: FakeGmail
    outside: Outside

    def open(self, user: str = USER, **keys: Any) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit a mailbox."""
        return gmail_mailbox(user, **keys).open(self.outside)

    @property
    def box(self) -> GmailBox:
        """The mailbox of USER."""
        return self.gmail.boxes[USER]


def gmail_mailbox(user: str = USER, **keys: Any) -> GmailMailbox:
    """The settings of a mailbox that is looked into quickly."""
    return GmailMailbox.model_validate({"via": "gmail", "account": ACCOUNT, "user": user, "poll": "100ms", **keys})


@asynccontextmanager
async def google_domain(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> AsyncIterator[GoogleDomain]:
    """A domain with the mailbox of USER, empty, and a service account with delegation."""
    async with authorization_server(now) as server, HttpSession() as http:
        server.clients[SERVICE_ACCOUNT] = OAuthClient(key=_KEY.public_key(), delegated=True)

        def scope_of(token: str) -> str:
            issued = server.issued.get(token)
            return issued.scope if issued is not None and issued.active and issued.expires_at > now() else ""

        async with fake_gmail(scope_of) as gmail:
            accounts = Accounts(http, now)
            gmail.boxes[USER] = GmailBox()
            accounts.configure({ACCOUNT: loopback_google(server, gmail.url)})
            try:
                yield GoogleDomain(server, gmail, outside_world(now=now, http=http, accounts=accounts))
            finally:
                await accounts.close()


class GmailWorld:
    """The mailbox of a domain for the contract of mailboxes: see `MailboxWorld`."""

    junk_name = "[Gmail]/Spam"
    known_by_time = False
    always_searched = frozenset({"[Gmail]/All Mail", "[Gmail]/Trash"})

    def __init__(self, domain: GoogleDomain) -> None:
        self._domain, self.outside = domain, domain.outside
        self.nowhere: VisitedMailbox = gmail_mailbox("nowhere@bolt.example")

    def open(self) -> AbstractAsyncContextManager[MailboxSession]:
        return self._domain.open(remove=True)

    def create(self, name: str) -> None:
        self._domain.box.labels.setdefault(_label(name), name)

    def deliver(
        self, content: bytes, folder: Folder | str = Folder.INBOX, *, at: float | None = None, flags: str | None = None
    ) -> GmailMail:
        labels = {Folder.INBOX: "INBOX", Folder.JUNK: "SPAM"}
        if not isinstance(folder, Folder):
            self.create(folder)
        label = labels[folder] if isinstance(folder, Folder) else _label(folder)
        unread = ["UNREAD"] if "S" not in (flags or "") else []
        received = datetime.fromtimestamp(at, UTC) if at is not None else datetime.now(UTC)
        return self._domain.box.deliver(content, label, *unread, received=received)

    def contents(self, *, exact: bool = True) -> Mapping[Any, object]:
        mails = self._domain.box.mails.values()
        return {each.id: (each.content, frozenset(each.labels), each.received) for each in mails}

    def discard(self, mail: GmailMail) -> None:
        self._domain.box.delete(mail.id)

    def mark_read(self, mail: GmailMail) -> None:
        self._domain.box.relabel(mail, remove="UNREAD")


def _label(name: str) -> str:
    return f"Label_{name.encode().hex()}"


@dataclass
class ReportingDomain:
    """A domain at Google whose administrator ADMIN may read its log."""

    server: AuthorizationServer
    reports: FakeReports
    outside: Outside

    def use(self, **keys: Any) -> None:
        """Give its account these keys."""
        self.outside.accounts.configure({ACCOUNT: loopback_google(self.server, self.reports.url, **keys)})


@asynccontextmanager
async def reporting_domain(now: Callable[[], datetime]) -> AsyncIterator[ReportingDomain]:
    """A domain with an empty log."""
    async with authorization_server(now) as server, HttpSession() as http:
        server.clients[SERVICE_ACCOUNT] = OAuthClient(key=_KEY.public_key(), delegated=True)

        def user_of(token: str) -> str:
            issued = server.issued.get(token)
            good = issued is not None and issued.active and issued.expires_at > now() and issued.scope == REPORTS_SCOPE
            return issued.user if issued and good else ""

        async with fake_reports(user_of) as reports:
            reports.admins.add(ADMIN)
            accounts = Accounts(http, now)
            domain = ReportingDomain(server, reports, outside_world(now=now, http=http, accounts=accounts))
            domain.use()
            try:
                yield domain
            finally:
                await accounts.close()
