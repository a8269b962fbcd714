"""The page on which one chooses how pages look in this browser."""

from datetime import timedelta

from aiohttp import web

from monitor.web.auth.client import HttpClient
from monitor.web.display import CHOICES, COOKIE, display_from, display_of
from monitor.web.rendering import page

KEPT = timedelta(days=365)
TITLES = {
    "theme": ("Theme", ""),
    "density": ("Density", ""),
    "zone": ("Time zone", "Local time needs JavaScript; without it all times are UTC. Point at a time for the other."),
    "keys": ("Keys of one letter", "/ searches, j and k move in lists, ? shows all keys. Ctrl-K searches in any case."),
}


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [web.get("/display", show), web.post("/display", choose)]


async def show(request: web.Request) -> web.Response:
    """The choices as they are."""
    saved = "saved" in request.query
    return page(request, "display.html", chosen=display_of(request), choices=CHOICES, titles=TITLES, saved=saved)


async def choose(request: web.Request) -> web.StreamResponse:
    """Keep the choices in the browser."""
    given = await request.post()
    display = display_from({name: given.get(name) for name in CHOICES})
    answer = web.HTTPSeeOther("/display?saved")
    answer.set_cookie(
        COOKIE,
        display.text,
        path="/",
        secure=HttpClient(request).by_https,
        httponly=True,
        samesite="Lax",
        max_age=int(KEPT.total_seconds()),
    )
    return answer
