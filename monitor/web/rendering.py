"""Render pages from templates, and serve their files: style and scripts, under names that change with the content, so
that a browser may keep them forever."""

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from monitor.clock import utc_now
from monitor.output.service_level import OBJECTIVE, WINDOWS
from monitor.output.symbols import COLOURS, SIGNS, TONES
from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.people.secrets import masked
from monitor.web import legible
from monitor.web.backend import CALLER
from monitor.web.compression import accepts_gzip, gzipped
from monitor.web.display import display_of
from probes.display import lasting, roughly
from probes.labels import reason_of, verdict_label
from probes.mailsystems.table import system_label
from probes.mailsystems.words import chain_label
from probes.reading.filters.names import filter_label
from probes.route_traits import route_label
from probes.verdict import Outcome

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
ANY_TAG = "*"  # of If-None-Match
DARK_SYSTEM = re.compile(r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}\s*\}")
SMALLEST = 9  # the level of zlib for what is compressed once and sent often


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load. `version` is a hash of what is in it."""

    content_type: str
    body: bytes
    gzipped: bytes
    version: str


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A page that the navigation leads to."""

    title: str
    href: str
    rights: Rights = Rights.VIEWER


PLACES = (
    NavigationItem("Overview", "/"),
    NavigationItem("Incidents", "/incidents"),
    NavigationItem("Mutes", "/mutes", Rights.OPERATOR),
    NavigationItem("Probes", "/probes"),
    NavigationItem("Help desk", "/triage"),
    NavigationItem("Analyse", "/analyse"),
    NavigationItem("Sender", "/sender"),
    NavigationItem("Probe now", "/probe-now", Rights.OPERATOR),
    NavigationItem("Runbooks", "/runbooks/"),
    NavigationItem("API", "/api/v1/"),
    NavigationItem("Settings", "/settings", Rights.ADMIN),
)


def page(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    """The page that the template makes of these values. Every template also has `caller` (None before sign-in),
    `places` (where the navigation leads), `here` (the path that was asked for), `display` and `now`."""
    text = _text(name, request, values)
    return web.Response(text=text, status=status, content_type="text/html")


async def page_off_the_loop(request: web.Request, name: str, **values: Any) -> web.Response:
    """The same for a page that may be long, made in a thread: its values must be such that nothing changes them."""
    text = await asyncio.to_thread(_text, name, request, values)
    return web.Response(text=text, content_type="text/html")


def _text(name: str, request: web.Request, values: dict[str, Any]) -> str:
    caller = request.get(CALLER)
    around = {"now": utc_now(), "places": places_of(caller), "here": request.path, "display": display_of(request)}
    return environment().get_template(name).render(caller=caller, **(around | values))


def places_of(caller: Caller | None) -> tuple[NavigationItem, ...]:
    """Return the caller's links."""
    return tuple(place for place in PLACES if caller and caller.may(place.rights))


@cache
def environment() -> Environment:
    """The templates, read once."""
    environment = Environment(
        loader=PackageLoader("monitor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        *(legible.label, legible.inline, legible.sentence, legible.meaning),
        *(
            masked,
            legible.plain,
            legible.cut,
            legible.begun,
            legible.utc,
            legible.minute,
            legible.about,
            legible.day,
            lasting,
            roughly,
            legible.spelled,
            system_label,
            filter_label,
            route_label,
        ),
    )
    environment.filters.update({each.__name__: each for each in filters}, ago=_ago, chain=chain_label)
    environment.globals.update(
        static=static,
        verdict_label=verdict_label,
        reason_of=reason_of,
        signs={str(outcome or ""): sign for outcome, sign in SIGNS.items()},
        windows=tuple(WINDOWS),
        objective=f"{100 * OBJECTIVE:.4g} %",
    )
    return environment


@cache
def assets() -> Mapping[str, Asset]:
    """The files by name, read once; no other file is ever opened."""
    return {
        name: Asset(kind, body, gzipped((body,), SMALLEST), hashlib.sha256(body).hexdigest()[:16])
        for name, kind, body in _files()
    }


def static(name: str) -> str:
    """The address of such a file as it is now."""
    return f"/static/{name}?v={assets()[name].version}"


def routes() -> list[web.RouteDef]:
    """The route of the files."""
    return [web.get("/static/{name}", show_asset)]


async def show_asset(request: web.Request) -> web.Response:
    """One file. To be kept for ever if it was asked for as it is now."""
    asset = assets().get(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound(text="there is no such file\n")
    current = request.query.get("v") == asset.version
    headers = {
        "Cache-Control": FOR_EVER if current else ASK_AGAIN,
        "ETag": f'W/"{asset.version}"',  # weak: compressed or not, it is the same file
        "Vary": "Accept-Encoding",
    }
    if any(tag.value in (asset.version, ANY_TAG) for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
    body = asset.gzipped if accepts_gzip(request) else asset.body
    return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)


def _files() -> Iterator[tuple[str, str, bytes]]:
    for file in (files("monitor.web") / "static").iterdir():
        kind = TYPES.get(file.name[file.name.rfind(".") :])
        if kind:
            body = file.read_bytes()
            if file.name.endswith(".css"):
                body = with_chosen_theme(body.decode()).encode()
            yield file.name, kind, body + outcome_rules().encode() if file.name == "style.css" else body


def with_chosen_theme(style: str) -> str:
    """Return a style in which colours for a dark system also hold where the reader chose the dark theme, and no longer
    where the light one was chosen: they are written once."""
    chosen = r"@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) {\1} }\n:root[data-theme=dark] {\1}"
    return DARK_SYSTEM.sub(chosen, style)


def outcome_rules() -> str:
    """The colours of outcomes and tones as rules: what is filled by one, text on it, a shape in a drawing, an edge."""
    colours = {f"o-{outcome or 'none'}": colour for outcome, colour in COLOURS.items()}
    colours |= {f"t-{tone}": COLOURS[outcome] for tone, outcome in TONES.items()}
    return "".join(f".{name}{{--fill:{colour.fill};--ink:{colour.ink}}}\n" for name, colour in colours.items())


def mark_of(outcome: Outcome | None) -> str:
    """The class of what is shown in the colour of this outcome."""
    return f"o-{outcome or 'none'}"


@pass_context
def _ago(context: Context, at: datetime) -> str:
    return legible.ago(at, context["now"])
