"""The pages for people. Each module has its handlers, which are thin, and what its page shows as plain values, which
pure functions make.

- `now`, `company`, `sender`             what is the matter, how one company fares, who is watched
- `probe`, `probe_now`, `incidents`, `settings`
"""

from aiohttp import web

from monitor.web import rendering
from monitor.web.pages import company, now, sender


def routes() -> list[web.RouteDef]:
    """All pages, and the files that they load."""
    return [*rendering.routes(), *now.routes(), *company.routes(), *sender.routes()]
