"""A request that is repeated with its `Idempotency-Key` is done once, also where both come at the same moment.

The answer is kept for a day. Only a good one is: what failed did nothing, and may be tried again. Secrets are taken out
of what is kept. As draft-ietf-httpapi-idempotency-key-header has it, the same key with another request is 422.
"""

import asyncio
import hashlib
import json
import re
from http import HTTPStatus
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import web

from monitor.store.records import Remembered
from monitor.web.api.operation import JSON, Operation
from monitor.web.api.problem import Wrong, problem
from monitor.web.backend import BACKEND, CALLER

HEADER = "Idempotency-Key"
PATTERN = r"^[\x21-\x7e]{1,200}$"
KEPT = ("Location",)  # of the headers; the others say nothing of what was done


class Idempotency:
    """Does requests, those with a key only once."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def run(self, operation: Operation[Any, Any], request: web.Request) -> web.StreamResponse:
        """Do the request, or answer as before."""
        content = await operation.content(request)
        key = request.headers.get(HEADER) if operation.method == "POST" and operation.changes else None
        if key is None:
            return await operation.run(request, content)
        if not re.match(PATTERN, key):
            wrong = Wrong(HEADER, "is no key", "send up to 200 visible ASCII characters, a UUID for example")
            return problem(HTTPStatus.BAD_REQUEST, f"{HEADER} is no key", [wrong])
        caller = request[CALLER].account
        turn = self._turns.setdefault((caller, key), asyncio.Lock())
        async with turn:
            return await self._in_turn(operation, request, content, caller, key)

    async def _in_turn(
        self, operation: Operation[Any, Any], request: web.Request, content: bytes, caller: str, key: str
    ) -> web.StreamResponse:
        backend = request.app[BACKEND]
        fingerprint = _fingerprint(request, content)
        known = await backend.store.requests.remembered(caller, key)
        if known:
            return _again(known) if known.fingerprint == fingerprint else _another()
        response = await operation.run(request, content)
        if isinstance(response, web.Response) and response.status < HTTPStatus.BAD_REQUEST:
            kept = _kept(response, operation.secret)
            await backend.store.requests.remember(
                Remembered(caller, key, fingerprint, response.status, kept, backend.now())
            )  # fmt: skip
        return response


def _fingerprint(request: web.Request, content: bytes) -> str:
    return hashlib.sha256(f"{request.method} {request.path_qs}\n".encode() + content).hexdigest()


def _kept(response: web.Response, secret: tuple[str, ...]) -> str:
    facts = json.loads(response.text or "null")
    if secret:
        facts |= dict.fromkeys(secret)
    return json.dumps(
        {"headers": {name: response.headers[name] for name in KEPT if name in response.headers}, "body": facts}
    )


def _again(known: Remembered) -> web.Response:
    kept = json.loads(known.body)
    body = json.dumps(kept["body"], ensure_ascii=False)
    headers = {**kept["headers"], "Idempotent-Replayed": "true"}
    return web.Response(text=body, status=known.status, content_type=JSON, headers=headers)


def _another() -> web.Response:
    wrong = Wrong(HEADER, "came before with another request", "use a new key for a new request")
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"this {HEADER} came before with another request", [wrong])
