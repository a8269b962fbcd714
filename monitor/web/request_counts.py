"""Requests counted by route, method and class of status. A route is a pattern of ours, never what a client sent."""

from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
NO_ROUTE = "none"
CLIENT_GONE = "gone"  # before it had its answer


class RequestCounts:
    """Counts since the start, by route, method and class of status, such as "2xx"."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def counting(self) -> Middleware:
        """Return the middleware. It must be the outermost, so that it sees what the client gets. A stream counts at
        its end."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            status = CLIENT_GONE
            try:
                response = await handler(request)
                status = _status_class(response.status)
            except web.HTTPException as error:
                status = _status_class(error.status)
                raise
            finally:
                self.counts[_route(request), _method(request), status] += 1
            return response

        return count


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else NO_ROUTE


def _method(request: web.Request) -> str:
    return request.method if request.method in METHODS else "other"


def _status_class(status: int) -> str:
    return f"{status // 100}xx"
