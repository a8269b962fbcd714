"""Requests counted by route, method and class of status, and timed by route. A route is a pattern of ours, never what a
client sent."""

from collections import Counter
from collections.abc import Callable
from time import monotonic

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from monitor.measures.histogram import Histogram

METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "DELETE"})
NO_ROUTE = "none"
CLIENT_GONE = "gone"  # before it had its answer
BOUNDS_SECONDS = (0.01, 0.05, 0.1, 0.25, 1.0, 5.0)


class RequestCounts:
    """Counts since the start, by route, method and class of status, such as "2xx". `seconds`: the time until the answer
    was ready, by route; streams and exports are not in it, which last as long as their readers want."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.seconds: dict[str, Histogram] = {}
        self._clock = clock

    def counting(self) -> Middleware:
        """Return the middleware. It must be the outermost, so that it sees what the client gets. A stream counts at
        its end."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            status, began = CLIENT_GONE, self._clock()
            try:
                response = await handler(request)
                status = _status_class(response.status)
                if isinstance(response, web.Response):
                    self._time(request, began)
            except web.HTTPException as error:
                status = _status_class(error.status)
                self._time(request, began)
                raise
            finally:
                self.counts[_route(request), _method(request), status] += 1
            return response

        return count

    def _time(self, request: web.Request, began: float) -> None:
        histogram = self.seconds.setdefault(_route(request), Histogram(BOUNDS_SECONDS))
        histogram.observe(self._clock() - began)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else NO_ROUTE


def _method(request: web.Request) -> str:
    return request.method if request.method in METHODS else "other"


def _status_class(status: int) -> str:
    return f"{status // 100}xx"
