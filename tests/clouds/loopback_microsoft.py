"""An account at Microsoft whose hosts are on this machine: a real authorization server, and the fake of Graph.

In the configuration these hosts cannot be changed. What is not a host is that of the real settings.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from probes.accounts import AccountService
from probes.accounts.microsoft import MicrosoftAccount
from probes.accounts.registry import Accounts
from probes.evidence import Folder
from probes.http import HttpSession
from probes.mailboxes import MailboxSession, VisitedMailbox
from probes.mailboxes.graph import GraphMailbox
from probes.outside import Outside
from tests.clouds.fake_graph import FakeGraph, GraphBox, GraphMail, fake_graph
from tests.support.authorization_server import AuthorizationServer, OAuthClient, authorization_server
from tests.support.outside_world import outside_world

CLIENT = "11111111-2222-3333-4444-555555555555"
SECRET = "a secret of a client"
USER = "probe@acme.example"
ACCOUNT = "acme365"


class LoopbackMicrosoft(MicrosoftAccount):
    """[accounts.KEY], with hosts of this machine."""

    sign_in_url: str
    graph_url: str

    @property
    def endpoint(self) -> str:
        return self.sign_in_url

    def base(self, service: AccountService) -> str:
        return f"{self.graph_url}/v1.0" if super().base(service) else ""


def loopback_microsoft(server: AuthorizationServer, graph: FakeGraph, **keys: Any) -> LoopbackMicrosoft:
    """The settings of an account there."""
    values = {"provider": "microsoft", "tenant": "acme.example", "client": CLIENT, "secret": SecretStr(SECRET)}
    hosts = {"sign_in_url": server.token_url, "graph_url": graph.url}
    return LoopbackMicrosoft.model_validate({**values, **hosts, **keys})


@dataclass
class GraphTenant:
    """A tenant of Microsoft 365: who signs in, what Graph answers, and the outside world in which it is asked."""

    server: AuthorizationServer
    graph: FakeGraph
    outside: Outside

    def use(self, **keys: Any) -> None:
        """Give its account these keys."""
        self.outside.accounts.configure({ACCOUNT: loopback_microsoft(self.server, self.graph, **keys)})

    def open(self, user: str = USER, **keys: Any) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit a mailbox."""
        return graph_mailbox(user, **keys).open(self.outside)

    @property
    def box(self) -> GraphBox:
        """The mailbox of USER."""
        return self.graph.boxes[USER]


def graph_mailbox(user: str = USER, **keys: Any) -> GraphMailbox:
    """The settings of a mailbox that is looked into quickly."""
    return GraphMailbox.model_validate({"via": "graph", "account": ACCOUNT, "user": user, "poll": "200ms", **keys})


@asynccontextmanager
async def graph_tenant(now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> AsyncIterator[GraphTenant]:
    """A tenant with the mailbox of USER, empty."""
    async with authorization_server(now) as server, HttpSession() as http:
        server.clients[CLIENT] = OAuthClient(secret=SECRET)

        def authorised(token: str) -> bool:
            issued = server.issued.get(token)
            return issued is not None and issued.active and issued.expires_at > now()

        async with fake_graph(authorised) as graph:
            accounts = Accounts(http, now)
            graph.boxes[USER] = GraphBox()
            tenant = GraphTenant(server, graph, outside_world(now=now, http=http, accounts=accounts))
            tenant.use()
            try:
                yield tenant
            finally:
                await accounts.close()


class GraphWorld:
    """The mailbox of a tenant for the contract of mailboxes: see `MailboxWorld`."""

    junk_name = "Junk Email"
    known_by_time = True
    always_searched = frozenset[str]()

    def __init__(self, tenant: GraphTenant) -> None:
        self._tenant, self.outside = tenant, tenant.outside
        self.nowhere: VisitedMailbox = graph_mailbox("nowhere@acme.example")
        del tenant.box.folders["AAdeleted"]

    def open(self) -> AbstractAsyncContextManager[MailboxSession]:
        return self._tenant.open()

    def create(self, name: str) -> None:
        self._tenant.box.folders.setdefault(f"AA-{name.encode().hex()}", (name, ""))

    def deliver(
        self, content: bytes, folder: Folder | str = Folder.INBOX, *, at: float | None = None, flags: str | None = None
    ) -> GraphMail:
        keys = {Folder.INBOX: "AAinbox", Folder.JUNK: "AAjunk"}
        if isinstance(folder, Folder):
            key = keys[folder]
        else:
            self.create(folder)
            key = f"AA-{folder.encode().hex()}"
        received = datetime.fromtimestamp(at, UTC) if at is not None else datetime.now(UTC)
        mail = self._tenant.box.deliver(content, key, received)
        mail.flags = flags
        return mail

    def contents(self, *, exact: bool = True) -> Mapping[Any, object]:
        mails = self._tenant.box.mails.values()
        return {each.id: (each.folder, each.flags, each.content, each.received) for each in mails}

    def discard(self, mail: GraphMail) -> None:
        self._tenant.box.mails.pop(mail.id, None)

    def mark_read(self, mail: GraphMail) -> None:
        mail.flags = "S"
