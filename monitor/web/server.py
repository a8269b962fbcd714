"""The HTTP servers: what is served where, and by which certificate."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from monitor.config import Config
from monitor.metrics import CONTENT_TYPE
from monitor.trouble import Trouble
from monitor.web import api, auth, pages, runbooks
from monitor.web.backend import BACKEND, Backend
from monitor.web.safety import LONGEST_BODY, safe
from probes.settings import Endpoint

GRACE = 2.0  # seconds for requests under way when the service stops, and for the rest of one that has its answer
IDLE = 60.0  # seconds a connection may say nothing, or not come to the end of its headers


class WebError(Trouble):
    """The server cannot listen. Its text says where, and what to do."""


def application(backend: Backend, *, instruments: bool = True) -> web.Application:
    """The pages and the API; with `instruments` also what machines ask for: metrics and health."""
    app = web.Application(middlewares=[safe, auth.guard], client_max_size=LONGEST_BODY)
    app[BACKEND] = backend
    auth.add_gate(app)
    app.add_routes([*auth.routes(), *pages.routes(), *runbooks.routes(), *api.routes()])
    if instruments:
        app.add_routes(_instruments(backend))
    return app


def instruments(backend: Backend) -> web.Application:
    """Only what machines ask for."""
    app = web.Application(middlewares=[safe], client_max_size=LONGEST_BODY)
    app.add_routes(_instruments(backend))
    return app


def _instruments(backend: Backend) -> list[web.RouteDef]:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=await backend.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def ready(_: web.Request) -> web.Response:
        reason = backend.ready()
        return web.Response(text=f"{reason or 'ready'}\n", status=503 if reason else 200)

    return [web.get("/metrics", metrics), web.get("/healthz", alive), web.get("/readyz", ready)]


@asynccontextmanager
async def serving_all(backend: Backend, config: Config) -> AsyncIterator[int]:
    """Serve as [web] says; yields the port of the pages. Raises WebError when it cannot listen there."""
    told = config.web
    async with AsyncExitStack() as house:
        if told.metrics_listen:
            await house.enter_async_context(serving(instruments(backend), told.metrics_listen, "web.metrics_listen"))
        app = application(backend, instruments=told.metrics_listen is None)
        context = told.tls.context() if told.tls else None
        yield await house.enter_async_context(serving(app, told.listen, "web.listen", context))


@asynccontextmanager
async def serving(
    app: web.Application, place: Endpoint, key: str = "web.listen", context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve `app`; yields the port. Raises WebError when it cannot listen there; `key` names the place for people."""
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=GRACE, lingering_time=GRACE, keepalive_timeout=IDLE
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, place.host, place.port, ssl_context=context)
        try:
            await site.start()
        except OSError as error:
            raise WebError(f"{key}: cannot listen on {place}: {error.strerror}; choose another") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
