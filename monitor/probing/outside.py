"""The outside world for a configuration, as the service and commands use it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from monitor.clock import utc_now
from monitor.config import Config
from monitor.config.simulated import simulated_dns
from monitor.store import Store
from monitor.store.checkup import is_up_to_date
from probes.accounts import RefreshKeeper
from probes.accounts.registry import Accounts
from probes.http import HttpSession
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from probes.resolver import DnsResolver


@asynccontextmanager
async def outside_of(
    config: Config, now: Callable[[], datetime] = utc_now, keeper: RefreshKeeper | None = None
) -> AsyncIterator[Outside]:
    """Provide the outside world for this configuration: time, DNS, HTTP, threads, accounts. `keeper`: keeps refresh
    tokens that providers replace; without one they are lost with this process."""
    async with simulated_dns(config) as port, HttpSession() as http:
        places = [str(place) for place in config.dns.nameservers] if port is None else [f"127.0.0.1:{port}"]
        resolver = DnsResolver(places, authority_port=port or 53)
        accounts = Accounts(http, now, keeper)
        accounts.configure(config.accounts)
        with MailboxThreads() as threads:
            try:
                yield Outside(now, resolver, http, threads, accounts)
            finally:
                await accounts.close()


@asynccontextmanager
async def outside_beside_service(config: Config) -> AsyncIterator[Outside]:
    """Provide the outside world for a command that needs no store of its own. Where an account has a refresh token, the
    service's store is opened if there is one of this release: the service must learn of a token that replaces it, and
    we of its own."""
    async with AsyncExitStack() as house:
        keeper, url = None, config.store.url
        refreshing = any(account.refreshes for account in config.accounts.values())
        if refreshing and await asyncio.to_thread(is_up_to_date, url):
            keeper = (await house.enter_async_context(Store.open(url))).refresh_tokens
        yield await house.enter_async_context(outside_of(config, keeper=keeper))
