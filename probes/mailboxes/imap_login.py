"""How we log in to an IMAP mailbox: with its password, or with a token of its account."""

from typing import TYPE_CHECKING

from probes.accounts import AccountError
from probes.accounts.faults import Fault
from probes.mailboxes import MailboxError
from probes.mailboxes.imap_line import FolderConnection

if TYPE_CHECKING:
    from probes.accounts.account import Account
    from probes.accounts.registry import Accounts
    from probes.mailboxes.imap import ImapMailbox


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
            raise MailboxError(f"{self._where}: {error}") from None

    def log_in(self, line: FolderConnection, secret: str) -> None:
        """Log in; in a thread. Raises MailboxError."""
        if self.by_token:
            line.log_in_by_token(self._mailbox.user, secret)
        else:
            line.log_in(self._mailbox.user, secret)

    def refusal(self, error: MailboxError) -> MailboxError:
        """Return the error for a login that the server refused, with what to do about the account."""
        try:
            return MailboxError(f"{error}; {self._account().error(Fault.TOKEN_REFUSED)}")
        except AccountError:
            return error

    def _account(self) -> "Account":
        assert self._accounts is not None, "the context has accounts"
        return self._accounts.get(self._mailbox.account or "")
