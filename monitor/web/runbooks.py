"""The runbooks as pages: /runbooks/ lists them, /runbooks/NAME shows one. They are Markdown files of the package
`dashboards`; a name is one of those that are there, and nothing else is ever opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aiohttp import web
from markdown_it import MarkdownIt
from markdown_it.token import Token

from monitor.web.rendering import page

INDEX = "index"
CAUSES = "cause-"  # pages about families of causes; the others are about alerts
SUFFIX = ".md"  # links between the files have it, so that they hold in a file browser too
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Runbook:
    """One page. `title` is its first heading; `body` is HTML, made of Markdown in which HTML was only text."""

    name: str
    title: str
    body: str


@cache
def runbooks() -> Mapping[str, Runbook]:
    """All pages by name, read once."""
    folder = files("dashboards") / "runbooks"
    sources = {
        file.name.removesuffix(SUFFIX): file.read_text("utf-8")
        for file in folder.iterdir()
        if file.name.endswith(SUFFIX)
    }
    return {name: _page(name, sources[name]) for name in sorted(sources)}


def routes() -> list[web.RouteDef]:
    """Their routes."""
    return [web.get("/runbooks", lead), web.get("/runbooks/", show), web.get("/runbooks/{name}", show)]


async def show(request: web.Request) -> web.Response:
    """One page; the list where it is asked for, or where there is none of that name."""
    name = request.match_info.get("name", INDEX)
    if name in runbooks():
        return _shown(request, runbooks()[name])
    return _shown(request, runbooks()[INDEX], missing=name[:LONGEST_NAME])


async def lead(_: web.Request) -> web.Response:
    """The list has one address."""
    raise web.HTTPMovedPermanently("/runbooks/")


def _page(name: str, source: str) -> Runbook:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    heading, _, rest = source.partition("\n")
    tokens = markdown.parse(rest)
    for token in tokens:
        _link(token)
    return Runbook(name, heading.removeprefix("# ").strip(), markdown.renderer.render(tokens, markdown.options, {}))


def _link(token: Token) -> None:
    """A link to another file leads to its page."""
    for child in token.children or ():
        href = child.attrs.get("href")
        if isinstance(href, str) and "/" not in href:
            child.attrs["href"] = href.removesuffix(SUFFIX)


def _shown(request: web.Request, book: Runbook, *, missing: str = "") -> web.Response:
    """The page; the index with the list of all others, and with the name that is not among them."""
    others = [other for other in runbooks().values() if other.name != INDEX]
    groups = (
        ("Alerts", [other for other in others if not other.name.startswith(CAUSES)]),
        ("Causes", [other for other in others if other.name.startswith(CAUSES)]),
    )
    shown, status = groups if book.name == INDEX else (), 404 if missing else 200
    return page(request, "runbook.html", status=status, page=book, groups=shown, missing=missing)
