"""Streams and exports end with the rights of their caller: a token is revoked, a session ends, companies change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from monitor.people.caller import Caller
from monitor.store import StoreError
from monitor.web.auth.authenticator import GATE
from monitor.web.backend import BACKEND, CALLER
from monitor.web.rejections import Rejection

RECHECK_SECONDS = 3.0


@asynccontextmanager
async def while_allowed(request: web.Request) -> AsyncIterator[None]:
    """While the block lasts, the connection is cut as soon as the caller has other rights or companies, or none: the
    next write in the block raises ConnectionError, and the client knows that it has not got all."""
    watching = asyncio.create_task(_watch(request))
    try:
        yield
    finally:
        watching.cancel()


async def _watch(request: web.Request) -> None:
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        if not await _is_allowed(request):
            request.app[BACKEND].rejections.add(Rejection.ACCESS_ENDED)
            if request.transport:
                request.transport.abort()
            return


async def _is_allowed(request: web.Request) -> bool:
    """Whether the caller is still as when the request came; asked once for all streams of theirs."""
    caller, checks = request[CALLER], request.app[GATE].checks
    if caller not in checks:
        checks[caller] = asyncio.create_task(_ask(request, caller))
        asyncio.get_running_loop().call_later(RECHECK_SECONDS / 2, checks.pop, caller, None)
    return await asyncio.shield(checks[caller])


async def _ask(request: web.Request, caller: Caller) -> bool:
    """A store that cannot be read says nothing against them."""
    try:
        return await request.app[GATE].caller(request, counts_as_use=False) == caller
    except web.HTTPException:  # the token is not good any more, the person is not let in
        return False
    except StoreError:
        return True
