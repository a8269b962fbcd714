"""Conditional requests (RFC 9110, section 13): an answer that the caller has already is not sent again, only 304.

The tag is made of the answer itself, so it changes with whatever the caller would see, and only with that: no list of
things that must be watched can be incomplete. It is weak: fields that only count the time that passes are left out of
it, and it is the same for all encodings. So a poller that has the answer gets some hundred octets, and nothing is
compressed.
"""

import re
from functools import cache
from hashlib import blake2b

from aiohttp import ETag, web

READS = frozenset({"GET", "HEAD"})
TAG_OCTETS = 12
VARY = "Authorization, Cookie"
FOR_PROGRAMS = "private, no-cache"  # a browser, which may be shared, stores nothing: see `monitor.web.headers`


def conditional(request: web.Request, response: web.StreamResponse, passing: tuple[str, ...]) -> web.StreamResponse:
    """Return the response to a GET or HEAD request with its tag, or 304 if the caller has the same already. `passing`:
    names of fields that change with time alone."""
    if request.method not in READS or response.status != 200 or not isinstance(response, web.Response):
        return response
    body = response.body
    if response.prepared or not isinstance(body, bytes):
        return response
    tag = ETag(_digest(body, passing), is_weak=True)
    known = request.if_none_match or ()
    if any(each.value in (tag.value, "*") for each in known):
        response = web.Response(status=304)
    response.etag = tag
    response.headers["Vary"] = VARY
    if "Authorization" in request.headers:
        response.headers["Cache-Control"] = FOR_PROGRAMS
    return response


def _digest(body: bytes, passing: tuple[str, ...]) -> str:
    """Return a tag of JSON without the values of some fields. Within a text its quotes are escaped, so what looks like
    a field is one."""
    return blake2b(_field(passing).sub(b"", body) if passing else body, digest_size=TAG_OCTETS).hexdigest()


@cache
def _field(names: tuple[str, ...]) -> re.Pattern[bytes]:
    return re.compile(rb'"(?:%s)": (?:"[^"]*"|[^,}\]]+)' % "|".join(map(re.escape, names)).encode())
