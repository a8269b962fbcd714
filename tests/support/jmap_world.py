"""A mailbox on a real Cyrus, with the mail in it: put there and looked at by requests of the tests' own."""

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr

from probes.evidence import Folder
from probes.mailboxes import MailboxSession, VisitedMailbox
from probes.mailboxes.jmap import JmapMailbox
from probes.outside import Outside
from tests.lab.cyrus import Cyrus

KEYWORDS = {"S": "$seen", "F": "$flagged", "R": "$answered", "D": "$draft"}  # JMAP has none for "T", deleted
PASSWORD = "a word"
_SERIAL = count(1)


class JmapUser:
    """A client of JMAP that only the tests use."""

    def __init__(self, server: Cyrus, user: str, password: str = PASSWORD) -> None:
        self.user = user
        self._connection = HTTPConnection(server.address, server.ports.http, timeout=10)
        self._login = {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call one method."""
        asked = {
            "using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"],
            "methodCalls": [[method, {"accountId": self.user, **arguments}, "0"]],
        }
        answer = json.loads(self._ask("POST", "/jmap/", json.dumps(asked).encode(), "application/json"))
        ((name, values, _),) = answer["methodResponses"]
        assert name == method, values
        return dict(values)

    def upload(self, content: bytes) -> str | None:
        """Upload a message and return its blob, None if the server takes none like this."""
        answer = self._ask("POST", f"/jmap/upload/{self.user}/", content, "message/rfc822")
        return str(json.loads(answer)["blobId"]) if answer.startswith(b"{") else None

    def download(self, blob: str) -> bytes:
        """Return the raw message."""
        return self._ask("GET", f"/jmap/download/{self.user}/{blob}/mail?accept=message/rfc822")

    def folders(self) -> dict[str, str]:
        """Return the ids of all folders by their names."""
        return {each["name"]: each["id"] for each in self.call("Mailbox/get")["list"]}

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        self._connection.request(method, path, body, {**self._login, **({"Content-Type": kind} if kind else {})})
        return self._connection.getresponse().read()


class JmapWorld:
    """See `MailboxWorld`."""

    junk_name = "Junk"
    known_by_time = False
    always_searched = frozenset[str]()

    def __init__(self, server: Cyrus, user: str, outside: Outside) -> None:
        server.add_user(user, PASSWORD)
        server.deliver(user, b"Subject: the first\r\n\r\nIt makes the mailbox.\r\n")
        self.outside = outside
        self.client = JmapUser(server, user)
        self.client.call("Email/set", destroy=self.client.call("Email/query")["ids"])
        self.mailbox = JmapMailbox.model_validate({
            "via": "jmap", "url": server.url, "user": user, "password": SecretStr(PASSWORD), "poll": "100ms",
        })  # fmt: skip
        self.nowhere: VisitedMailbox = self.mailbox.model_copy(update={"inbox": "Nowhere"})
        self._ids = self.client.folders()

    def open(self) -> AbstractAsyncContextManager[MailboxSession]:
        return self.mailbox.open(self.outside)

    def create(self, name: str) -> None:
        if '"' in name:
            pytest.skip("Cyrus allows no quotation mark in a folder's name")
        if name not in self._ids:
            made = self.client.call("Mailbox/set", create={"new": {"name": name}})
            self._ids[name] = made["created"]["new"]["id"]

    def deliver(
        self, content: bytes, folder: Folder | str = Folder.INBOX, *, at: float | None = None, flags: str | None = None
    ) -> str:
        own = {Folder.INBOX: "Inbox", Folder.JUNK: "Junk"}
        name = own[folder] if isinstance(folder, Folder) else folder
        self.create(name)
        unique = b"%d\r\n" % next(_SERIAL)  # a second one like it would be the same mail
        blob = self.client.upload(content.replace(b"\0", b"") + unique)  # Cyrus takes a NUL from nobody
        mail = {
            "blobId": blob,
            "mailboxIds": {self._ids[name]: True},
            "keywords": {KEYWORDS[flag]: True for flag in flags or "" if flag in KEYWORDS},
            "receivedAt": f"{datetime.fromtimestamp(at or datetime.now(UTC).timestamp(), UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        answer = self.client.call("Email/import", emails={"new": mail})
        refused = answer["notCreated"] or {}
        assert all(each["type"] == "invalidEmail" for each in refused.values()), refused  # no mail to this server
        return "" if refused else str(answer["created"]["new"]["id"])

    def contents(self, *, exact: bool = True) -> Mapping[Any, object]:
        mails = self.client.call("Email/query", limit=10_000)["ids"]
        listed = self.client.call(
            "Email/get", ids=mails, properties=["id", "blobId", "mailboxIds", "keywords", "receivedAt"]
        )
        assert not listed["notFound"]
        return {
            each["id"]: (
                sorted(each["mailboxIds"]), sorted(each["keywords"]), self.client.download(each["blobId"]),
                each["receivedAt"],
            )
            for each in listed["list"]
        }  # fmt: skip

    def discard(self, mail: str) -> None:
        self.client.call("Email/set", destroy=[mail])

    def mark_read(self, mail: str) -> None:
        self.client.call("Email/set", update={mail: {"keywords/$seen": True}})
