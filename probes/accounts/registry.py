"""All accounts of a configuration by name. Nothing else of accounts is imported until there is one."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from probes.accounts import AccountError, AccountSettings, AccountUse, RefreshKeeper
from probes.accounts.faults import FAULTS, AccountFault
from probes.http import HttpSession

if TYPE_CHECKING:
    from probes.accounts.account import Account
    from probes.accounts.requests import Api, ApiRemedies


class Accounts:
    """The accounts at work. Each keeps its tokens and its budget as long as its settings stay the same."""

    def __init__(self, http: HttpSession, now: Callable[[], datetime], keeper: RefreshKeeper | None = None) -> None:
        """`keeper`: keeps what providers replace, for longer than this process lives."""
        self._http, self._now, self._keeper = http, now, keeper
        self._by_name: dict[str, Account] = {}

    def configure(self, settings: Mapping[str, AccountSettings]) -> None:
        """Use these accounts from now on."""
        before, self._by_name = self._by_name, {}
        for name, wanted in settings.items():
            known = before.get(name)
            self._by_name[name] = known if known and known.settings == wanted else self._new(name, wanted)

    def get(self, name: str) -> "Account":
        """Return the account of this name. Raises AccountError if there is none any more."""
        if account := self._by_name.get(name):
            return account
        row = FAULTS[AccountFault.UNKNOWN_ACCOUNT]
        raise AccountError(f"account {name}: {row.sentence}; {row.remedy}", AccountFault.UNKNOWN_ACCOUNT)

    def api(self, use: AccountUse, remedies: "ApiRemedies" = ()) -> "Api":
        """Return the API of this use. `remedies`: those of its errors. Raises AccountError if there is no such account
        any more."""
        from probes.accounts.requests import Api

        return Api(self.get(use.name), use, remedies)

    def _new(self, name: str, settings: AccountSettings) -> "Account":
        from probes.accounts.account import Account

        return Account(name, settings, self._http, self._now, self._keeper)

    async def close(self) -> None:
        """Ask for no more tokens."""
        for account in self._by_name.values():
            await account.close()
