"""The HTTP server: its routes, and what makes a response safe."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from monitor.metrics import CONTENT_TYPE, Metrics
from monitor.signs import COLOURS
from monitor.trouble import Trouble
from monitor.web import runbooks
from monitor.web.status import Status

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class WebError(Trouble):
    """The server cannot listen. Its text says where, and what to do."""


@dataclass(frozen=True, slots=True)
class Views:
    """What the pages show. `ready` tells whether the service does its work: then None, else the reason why not."""

    metrics: Metrics
    status: Callable[[], Status]
    sender: Callable[[], str]
    ready: Callable[[], str | None]


def application(views: Views) -> web.Application:
    """The routes over these views."""
    templates = Environment(loader=PackageLoader("monitor.web"), autoescape=True, undefined=StrictUndefined)
    page = templates.get_template("status.html", globals={"colours": COLOURS})

    async def show_status(_: web.Request) -> web.Response:
        return web.Response(text=page.render(status=views.status(), sender=views.sender()), content_type="text/html")

    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=await views.metrics.render(), headers={"Content-Type": CONTENT_TYPE})

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def ready(_: web.Request) -> web.Response:
        reason = views.ready()
        return web.Response(text=f"{reason or 'ready'}\n", status=503 if reason else 200)

    app = web.Application(middlewares=[_safe], client_max_size=64 * 1024)
    app.router.add_get("/", show_status)
    app.router.add_get("/metrics", show_metrics)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.add_routes(runbooks.routes())
    return app


@web.middleware
async def _safe(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as error:
        error.headers.update(HEADERS)
        raise
    response.headers.update(HEADERS)
    return response


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve `app`; yields the port. Raises WebError when it cannot listen there."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise WebError(f"web.listen: cannot listen on {host}:{port}: {error.strerror}; choose another") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
