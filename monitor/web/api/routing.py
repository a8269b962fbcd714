"""The routes, made of the table."""

import asyncio
import json
from functools import cache
from typing import Any

from aiohttp import web

from monitor.web.api.conditional import conditional
from monitor.web.api.document import Schema, document
from monitor.web.api.document_page import PROBLEMS, Chapter, chapters
from monitor.web.api.idempotency import Idempotency
from monitor.web.api.operation import JSON, ROOT, Handler, Operation
from monitor.web.api.operations import operations
from monitor.web.backend import BACKEND
from monitor.web.rendering import page


def routes() -> list[web.RouteDef]:
    """All routes of the API. An application has its own: they share what requests are done once, and one feed."""
    rows, once = operations(), Idempotency()

    @cache
    def described() -> tuple[Schema, bytes, tuple[Chapter, ...]]:
        """The document, made when it is first asked for: nobody waits for it at the start."""
        made = document(rows)
        return made, json.dumps(made, ensure_ascii=False).encode(), chapters(made)

    async def show_document(request: web.Request) -> web.StreamResponse:
        text = (await asyncio.to_thread(described))[1]
        return conditional(request, web.Response(body=text, content_type=JSON, charset="utf-8"), ())

    async def show_page(request: web.Request) -> web.Response:
        base = request.app[BACKEND].config().web.base_url
        made, _, read = await asyncio.to_thread(described)
        return page(request, "api.html", document=made, chapters=read, problems=PROBLEMS, base=base)

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
        response = await once.run(row, request)
        return conditional(request, response, row.passing) if row.conditional else response

    return handle
