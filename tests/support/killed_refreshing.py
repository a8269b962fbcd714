"""Run as a program: a process that asks for an access token with a refresh token, with a real store, and may be killed.

Arguments: URL of the store, token endpoint, secret, refresh token, and when it is killed: "never", "answered" (the
answer is there, nothing is kept yet) or "kept". Prints "token", or the error.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime

from pydantic import SecretStr

from monitor.store import Store
from probes.accounts import AccountError
from probes.accounts.account import Account
from probes.accounts.oauth import OAuthAccount
from probes.http import HttpSession


class DeadlyKeeper:
    """The store's keeper, in a process that dies when the first new refresh token is kept: before or after."""

    def __init__(self, store: Store, when: str) -> None:
        self._keeper, self._when = store.refresh_tokens, when

    async def kept(self, name: str) -> str:
        return await self._keeper.kept(name)

    async def keep(self, name: str, value: str) -> None:
        replaced = bool(value) and not name.endswith("in use")
        if replaced and self._when == "answered":
            os.kill(os.getpid(), signal.SIGKILL)
        await self._keeper.keep(name, value)
        if replaced and self._when == "kept":
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, token_url: str, secret: str, refresh: str, when: str) -> None:
    keys = {
        "provider": "oauth", "token_url": token_url, "client": "consented", "mail_servers": ["127.0.0.1"],
        "secret": SecretStr(secret), "refresh": SecretStr(refresh),
    }  # fmt: skip
    async with Store.open(url) as store, HttpSession() as http:
        keeper = DeadlyKeeper(store, when)
        account = Account("acme", OAuthAccount.model_validate(keys), http, lambda: datetime.now(UTC), keeper)
        try:
            print("token" if await account.token("x") else "")
        except AccountError as error:
            print(error)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
