"""The login of IMAP mailboxes, by password or by a token of an account; and the keys for it."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticKnownError

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.mailboxes import MailboxError
from probes.mailboxes.imap_line import FolderConnection
from probes.settings import Key, Secret, checked_secret

if TYPE_CHECKING:
    from probes.accounts.account import Account
    from probes.accounts.registry import Accounts
    from probes.mailboxes.imap import ImapMailbox


def _one_line(value: str) -> str:
    if any(ord(each) < 32 or ord(each) == 127 for each in value):
        raise ValueError("must not hold control characters")
    return value


def _typed(value: SecretStr) -> SecretStr:
    _one_line(value.get_secret_value())
    return value


def _in_secret(account: str, info: ValidationInfo) -> str:
    if info.data.get("tls") == "none":
        raise ValueError('requires tls = "implicit" or "starttls": a token is not sent in the clear')
    return account


def _one_login(password: object, info: ValidationInfo) -> object:
    """Either the password is there or an account."""
    named = info.data.get("account", "")  # "" if it is there with an error
    if password is None and named is None:
        raise PydanticKnownError("missing")
    if password is not None and named is not None:
        raise ValueError("must not stand beside account; keep one of them")
    return password


Name = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_one_line)]
AccountKey = Annotated[Key, AfterValidator(_in_secret)]
Password = Annotated[Annotated[Secret, checked_secret(_typed)] | None, BeforeValidator(_one_login)]


class ImapLogin:
    """The login of one mailbox. No token outlives the connection that it was taken for: the account knows its age."""

    def __init__(self, mailbox: "ImapMailbox", where: str, accounts: "Accounts | None") -> None:
        self._mailbox, self._where, self._accounts = mailbox, where, accounts

    @property
    def by_token(self) -> bool:
        """Test if it needs a token, which may be refused because it has ended."""
        return self._mailbox.account is not None

    async def secret(self, refused: str = "") -> str:
        """Return the password, or a token; another one than the `refused`, if there is a newer one. Raises
        MailboxError."""
        if self._mailbox.password is not None:
            return self._mailbox.password.get_secret_value()
        try:
            return await self._account().token(self._mailbox.user, refused)
        except AccountError as error:
            raise MailboxError(f"{self._where}: {error}", fault=error.fault) from None

    def log_in(self, line: FolderConnection, secret: str) -> None:
        """Log in; in a thread. Raises MailboxError."""
        if self.by_token:
            line.log_in_by_token(self._mailbox.user, secret)
        else:
            line.log_in(self._mailbox.user, secret)

    def refusal(self, error: MailboxError) -> MailboxError:
        """Return the error for a login that the server refused, with what to do about the account."""
        try:
            words = self._account().error(AccountFault.TOKEN_REFUSED)
            return MailboxError(f"{error}; {words}", fault=AccountFault.TOKEN_REFUSED)
        except AccountError:
            return error

    def _account(self) -> "Account":
        assert self._accounts is not None, "the context has accounts"
        return self._accounts.get(self._mailbox.account or "")
