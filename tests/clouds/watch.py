"""Middleware that checks every exchange of a fake against its vendor's schema."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.clouds.schema import VendorExchange, VendorSchema


class SchemaWatch:
    """`problems` are those of all exchanges so far, of which `checked` were held to the schema. Without a schema, which
    is None where the document is not there, nothing is checked.

    What a fake answers against the schema on purpose, it announces by `deviates`: then the request alone is checked.
    """

    def __init__(self, schema: VendorSchema | None, base: str = "") -> None:
        self.schema, self.base = schema, base
        self.problems: list[str] = []
        self.checked = 0
        self._deviations: dict[int, str] = {}

    def deviates(self, request: web.Request, why: str) -> None:
        """Announce that the answer will not keep to the schema."""
        self._deviations[id(request)] = why

    def verify(self) -> None:
        """Raise AssertionError if anything was against the schema."""
        assert not self.problems, "against the vendor's schema:\n" + "\n".join(self.problems)

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Check this exchange."""
        await request.read()
        response: web.StreamResponse | None = None
        try:
            response = await handler(request)
            return response
        except web.HTTPException as error:
            response = error
            raise
        finally:
            deviates = self._deviations.pop(id(request), None) is not None
            if response is not None and self.schema is not None:
                await self._check(self.schema, request, response, answered=not deviates)

    async def _check(
        self, schema: VendorSchema, request: web.Request, response: web.StreamResponse, *, answered: bool
    ) -> None:
        answer = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
        target = request.raw_path.removeprefix(self.base)
        exchange = VendorExchange(request.method, target, response.status, answer, await request.read())
        self.problems += schema.problems(exchange, answered=answered)
        self.checked += 1
