"""A mailbox read over JMAP (RFC 8620, 8621): its settings. The visit is in `jmap_session`, imported for the first."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from probes.accounts import AccountUse
from probes.http import PORTS, SecureUrl
from probes.mailboxes import MailboxError, MailboxSession, VisitedSettings
from probes.mailboxes.imap_login import Name
from probes.outside import Outside
from probes.settings import Duration, Host, Key, MissingSecret, Secret, Switch, checked_secret
from probes.tls import CaFile

LOGINS = ("password", "token", "account")


def _header_word(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ValueError("must be one word of printable ASCII characters")
    return secret


class JmapMailbox(VisitedSettings):
    """A mailbox on a JMAP server. These fields are the config keys.

    `inbox` and `junk` are folder names, with "/" between a folder and one inside it; by default the folders with these
    roles are taken.
    """

    via: Literal["jmap"]
    url: SecureUrl | None = Field(None, description="The URL of the JMAP session. Either it or `host` is required.")
    host: Host | None = Field(None, description="The JMAP server, if its session is at `/.well-known/jmap`.")
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")
    user: Name | None = Field(None, description="The mailbox's login name. Required unless `token` is given.")
    password: Secret | None = Field(None, description="The mailbox's password. Or use `token` or `account`.")
    token: Annotated[Secret, checked_secret(_header_word)] | None = Field(
        None, description="An API token of the mailbox, such as those of Fastmail."
    )
    account: Key | None = Field(None, description="The account of `[accounts.KEY]` whose tokens open the mailbox.")
    inbox: Name | None = Field(None, description="The inbox folder; default: the one with the role `inbox`.")
    junk: Name | None = Field(None, description="The junk folder; default: the one with the role `junk`.")
    poll: Duration = Field(timedelta(seconds=15), description="Polling interval if the server does not push.")
    remove: Switch = Field(
        True, description="Delete probes after reading; `false` if the login may only read, and somebody else deletes."
    )

    _owner: str = PrivateAttr("")

    @model_validator(mode="after")
    def _complete(self) -> "JmapMailbox":
        if (self.url is None) == (self.host is None):
            raise ValueError("needs one of url, host" if self.url is None else "must not have both url and host")
        logins = [name for name in LOGINS if getattr(self, name) is not None]
        if len(logins) != 1:
            raise ValueError(
                f"needs one of {', '.join(LOGINS)}"
                if not logins
                else f"must not have both {logins[0]} and {logins[1]}; keep one of them"
            )
        if self.user is None and self.token is None:
            raise ValueError(f"needs user beside {logins[0]}")
        if self.junk is not None and self.junk == self.inbox:
            raise ValueError("junk must be another folder than inbox")
        return self

    @property
    def session_url(self) -> str:
        """The URL of the JMAP session (RFC 8620, section 2.2)."""
        host = f"[{self.host}]" if ":" in (self.host or "") else self.host
        return self.url or f"https://{host}/.well-known/jmap"

    @property
    def owner(self) -> str:
        """Return whose mail alone is looked into, "" for that of the login, whoever that is."""
        return self._owner

    def of_user(self, user: str) -> Self | None:
        """See `Mailbox`. A token says itself whose it is, so the other user has to be found in the session."""
        if (other := super().of_user(user)) is not None:
            other._owner = user
        return other

    @property
    def place(self) -> str:
        """Host and port, for people."""
        parts = urlsplit(self.session_url)
        return f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}"

    @property
    def account_use(self) -> AccountUse | None:
        """See `Mailbox`."""
        if self.account is None:
            return None
        return AccountUse(self.account, self.user or "", urlsplit(self.session_url).hostname or "")

    @property
    def key(self) -> str:
        """Server, user and folder. Without a user, a digest of the token stands for it."""
        return f"jmap:{self.user or self._by_token}@{self.place}/{self.inbox or 'INBOX'}"

    @property
    def _by_token(self) -> str:
        assert self.token is not None, "a mailbox without a user has a token"
        known = self.token.why if isinstance(self.token, MissingSecret) else self.token.get_secret_value()
        digest = hashlib.sha256(b"mailpath jmap key\0" + known.encode())
        return f"token-{digest.hexdigest()[:12]}"

    def open(self, outside: Outside) -> AbstractAsyncContextManager[MailboxSession]:
        """Visit the mailbox."""
        return _visit(self, outside)


@asynccontextmanager
async def _visit(mailbox: JmapMailbox, outside: Outside) -> AsyncIterator[MailboxSession]:
    from probes.mailboxes.jmap_session import JmapSession

    here = outside.threads.visit(f"jmap {mailbox.place}", mailbox.key)
    session = JmapSession(mailbox, outside, here)
    try:
        await session.start()
        yield session
    except MailboxError as error:
        if error.unreachable:
            here.failed(str(error))
        raise
    finally:
        await session.close()
        here.close()
