"""The HTTP servers: what is served where, and by which certificate."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

from aiohttp import web

from monitor.config import Config
from monitor.config.proxies import is_proxy
from monitor.errors import UserError
from monitor.process import descriptor_limit
from monitor.web import api, auth, docs, hooks, pages, runbooks, status
from monitor.web.backend import BACKEND, Backend
from monitor.web.compression import compressing
from monitor.web.connections import Connection, ConnectionLimits, Connections
from monitor.web.errors import MAX_BODY_BYTES, safe
from monitor.web.headers import add_headers
from monitor.web.listening import accepting, bound
from monitor.web.rejections import Rejections
from monitor.web.scrapes import metrics_route
from probes.settings import Endpoint

MAX_CONNECTIONS_PER_CLIENT = 128  # connections, where no configuration says it
STOP_GRACE_SECONDS = 2.0  # seconds for requests under way when the service stops


class WebError(UserError):
    """The server cannot listen. Its text says where, and what to do."""


def application(backend: Backend, *, instruments: bool = True) -> web.Application:
    """The pages, the API, and the metrics for callers who have signed in; with `instruments` also health."""
    app = web.Application(
        middlewares=[backend.requests.counting(), safe, compressing, auth.guard], client_max_size=MAX_BODY_BYTES
    )
    app[BACKEND] = backend
    auth.add_gate(app)
    app.add_routes([*auth.routes(), *pages.routes(), *docs.routes(), *runbooks.routes(), *api.routes()])
    app.add_routes(status.routes())
    app.add_routes([metrics_route(backend), *hooks.routes(app)])
    if instruments:
        app.add_routes(_health(backend))
    return app


def instruments(backend: Backend) -> web.Application:
    """Only what machines ask for, without sign-in: metrics of all companies, and health."""
    app = web.Application(middlewares=[backend.requests.counting(), safe], client_max_size=MAX_BODY_BYTES)
    app.add_routes([metrics_route(backend), *_health(backend)])
    return app


def _health(backend: Backend) -> list[web.RouteDef]:
    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def ready(_: web.Request) -> web.Response:
        reason = backend.ready()
        return web.Response(text=f"{reason or 'ready'}\n", status=503 if reason else 200)

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


@asynccontextmanager
async def serving_all(backend: Backend, config: Config) -> AsyncIterator[int]:
    """Serve as [web] says; yields the port of the pages. Raises WebError when it cannot listen there."""
    async with AsyncExitStack() as house:
        yield [await house.enter_async_context(server()) for server in servers(backend, config)][-1]


def serving_health(backend: Backend, place: Endpoint) -> AbstractAsyncContextManager[int]:
    """Serve only metrics and health there; yields the port. Raises WebError when it cannot listen there."""
    machines = Connections(ConnectionLimits.of_machines(), backend.rejections, lambda _: False)
    return serving(instruments(backend), place, "--listen", connections=machines)


def servers(
    backend: Backend, config: Config, listen: Endpoint | None = None
) -> list[Callable[[], AbstractAsyncContextManager[int]]]:
    """The servers that [web] asks for, to be opened; each yields its port, the last one that of the pages. Opening
    raises WebError when it cannot listen there, and may be tried again then. `listen`: instead of where [web] says."""
    told = config.web
    limits = ConnectionLimits.of(descriptor_limit(), told.connections_per_client)
    connections = Connections(limits, backend.rejections, lambda address: is_proxy(address, told))
    alone = told.metrics_listen is None or listen is not None
    app = application(backend, instruments=alone)
    context = told.tls.context() if told.tls else None
    pages = partial(serving, app, listen or told.listen, context=context, connections=connections)
    if alone or told.metrics_listen is None:
        return [pages]
    machines = Connections(ConnectionLimits.of_machines(), backend.rejections, lambda _: False)
    health = partial(serving, instruments(backend), told.metrics_listen, "web.metrics_listen", connections=machines)
    return [health, pages]


@asynccontextmanager
async def serving(
    app: web.Application,
    place: Endpoint,
    key: str = "web.listen",
    context: ssl.SSLContext | None = None,
    connections: Connections | None = None,
) -> AsyncIterator[int]:
    """Serve `app`; yields the port. Raises WebError when it cannot listen there; `key` names the place for people."""
    try:
        sockets = await bound(place)
    except OSError as error:
        raise WebError(f"{key}: cannot listen on {place}: {error.strerror}; choose another") from error
    app.on_response_prepare.append(add_headers)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=STOP_GRACE_SECONDS)
    try:
        await runner.setup()
        server = _accounted(runner)
        counted = _default_connections() if connections is None else connections
        async with accepting(sockets, server, counted, context):
            yield sockets[0].getsockname()[1]
    finally:
        for listener in sockets:
            listener.close()
        await runner.cleanup()


def _accounted(runner: web.AppRunner) -> web.Server:
    """The server, which tells each connection when a request of its begins and ends."""
    server = runner.server
    assert server
    answer = server.request_handler

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.begin(request)
        try:
            return await answer(request)
        finally:
            connection.end()

    server.request_handler = handle
    return server


def _default_connections() -> Connections:
    return Connections(
        ConnectionLimits.of(descriptor_limit(), MAX_CONNECTIONS_PER_CLIENT), Rejections(), lambda _: False
    )
