"""HTTP while another process leads on the store: alive, not ready, and why."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

from aiohttp import web

from monitor.config import Config
from monitor.leader import Standby
from monitor.supervised import supervised
from monitor.web.server import WebError, serving
from probes.settings import Endpoint

RETRY_AFTER = "5"  # seconds


def application(standby: Standby) -> web.Application:
    """Health, an exposition without any series, since Prometheus would report a failed scrape as a failed service, and
    503 for everything else."""
    app = web.Application()

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text=f"alive; {standby.reason}\n")

    async def no_metrics(_: web.Request) -> web.Response:
        return web.Response(text=f"# {standby.reason}\n")

    async def not_ready(_: web.Request) -> web.Response:
        return web.Response(status=503, text=f"not ready: {standby.reason}\n", headers={"Retry-After": RETRY_AFTER})

    app.add_routes([web.get("/healthz", alive), web.get("/metrics", no_metrics), web.route("*", "/{_:.*}", not_ready)])
    return app


@asynccontextmanager
async def answering(config: Config, standby: Standby) -> AsyncIterator[None]:
    """Answer while the block lasts, at each address of [web] that the leader leaves free."""
    told = config.web
    async with AsyncExitStack() as tasks:
        for place, key, secure in (
            (told.metrics_listen, "web.metrics_listen", False),
            (told.listen, "web.listen", True),
        ):
            if place:
                work = partial(_answer, standby, config, place, key, secure=secure)
                await tasks.enter_async_context(supervised(f"standby at {key}", work))
        yield


async def _answer(standby: Standby, config: Config, place: Endpoint, key: str, *, secure: bool) -> None:
    """Leave the address to a new leader, who may be another one that stood by and is to listen there."""
    context = config.web.tls.context() if secure and config.web.tls else None
    while True:
        another_leads = await standby.settled()
        with suppress(WebError):  # the leader listens there, and answers
            async with serving(application(standby), place, key, context):
                await another_leads.wait()
