"""The routes, made of the table."""

import json
from typing import Any

from aiohttp import web

from monitor.web.api.document import document
from monitor.web.api.document_page import PROBLEMS, chapters
from monitor.web.api.idempotency import Idempotency
from monitor.web.api.operation import JSON, ROOT, Handler, Operation
from monitor.web.api.operations import operations
from monitor.web.backend import BACKEND
from monitor.web.rendering import page


def routes() -> list[web.RouteDef]:
    """All routes of the API. An application has its own: they share what requests are done once, and one feed."""
    rows, once = operations(), Idempotency()
    described = document(rows)
    text, read = json.dumps(described, ensure_ascii=False), chapters(described)

    async def show_document(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type=JSON)

    async def show_page(request: web.Request) -> web.Response:
        base = request.app[BACKEND].config().web.base_url
        return page(request, "api.html", document=described, chapters=read, problems=PROBLEMS, base=base)

    async def lead(_: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("/api/")

    return [
        *(row.route(_handler(row, once)) for row in rows),
        web.get(f"{ROOT}/openapi.json", show_document),
        web.get("/api", lead),
        web.get("/api/", show_page),
    ]


def _handler(row: Operation[Any, Any], once: Idempotency) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await once.run(row, request)

    return handle
