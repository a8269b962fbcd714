"""The documentation as pages: `docs/` at /docs/. The runbooks at /runbooks/ are read here too and shown by `runbooks`.

Both are Markdown files that ship with the package. All of them are read once, when the first one is asked for; a
request can only name one of those, so no file is ever opened because of a request. Everybody may read them, signed in
or not: they say nothing about any company.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiohttp import web
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

import monitor
from monitor.web.rendering import page

INDEX = "index"
SUFFIX = ".md"
MAX_NAME_CHARS = 100
DRAWING = "text"  # the language of a block of code that must not be wrapped
MIN_HEADINGS = 3  # a page with fewer sections shows no table of contents
COMMENT_LINE = re.compile(r"^<!--.*-->$\n?", re.MULTILINE)
NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class DocumentFolder:
    """A folder of Markdown files that are served below one address.

    `inside` is the folder's path in the source tree: links between files are resolved there.
    """

    address: str
    inside: str
    title: str


DOCS = DocumentFolder("/docs", "docs", "Documentation")
RUNBOOKS = DocumentFolder("/runbooks", "dashboards/runbooks", "Runbooks")
SHELVES = (DOCS, RUNBOOKS)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the second level, for the page's table of contents."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A file that has been read: what Markdown makes of it, before it becomes HTML. In it, HTML is only text."""

    title: str
    sections: Sequence[Section]
    tokens: Sequence[Token]
    markdown: MarkdownIt

    def html(self, tokens: Sequence[Token]) -> str:
        """Return the HTML of some of the tokens."""
        rendered: str = self.markdown.renderer.render(tokens, self.markdown.options, {})
        return rendered


@dataclass(frozen=True, slots=True)
class Document:
    """One page. `name` is its path on the shelf without suffix; `body` is HTML rendered from Markdown in which HTML is
    only text."""

    name: str
    title: str
    sections: Sequence[Section]
    body: str


def folder_of(shelf: DocumentFolder) -> Path:
    """Return the folder of a shelf. A wheel has `docs/` inside the package (`force-include` in pyproject.toml); a
    checkout has it beside the package."""
    if shelf is RUNBOOKS:
        return Path(str(files("dashboards"))) / "runbooks"
    package = Path(monitor.__path__[0])
    packed = package / "docs"
    return packed if packed.is_dir() else package.parent / "docs"


@cache
def documents(shelf: DocumentFolder) -> Mapping[str, Document]:
    """All pages of a shelf by name, read once."""
    folder = folder_of(shelf)
    return {name: document_of(shelf, name, folder) for name in names_in(shelf)}


def routes() -> list[web.RouteDef]:
    """The routes of the documentation."""
    return [web.get("/docs", lead), web.get("/docs/", show), web.get("/docs/{name:.+}", show)]


async def lead(request: web.Request) -> web.Response:
    """A shelf's index has one address."""
    raise web.HTTPMovedPermanently(f"{request.path}/")


async def show(request: web.Request) -> web.Response:
    """One page; the index with a note where there is none of that name."""
    name = request.match_info.get("name", INDEX)
    found = documents(DOCS)
    document = found.get(name, found[INDEX])
    missing = "" if name in found else name[:MAX_NAME_CHARS]
    return page(
        request,
        "document.html",
        status=404 if missing else 200,
        page=document,
        at_index=document.name == INDEX,
        missing=missing,
    )


@cache
def names_in(shelf: DocumentFolder) -> frozenset[str]:
    """Return the names of the pages of a shelf."""
    folder = folder_of(shelf)
    return frozenset(
        file.relative_to(folder).as_posix().removesuffix(SUFFIX) for file in sorted(folder.rglob(f"*{SUFFIX}"))
    )


def document_of(shelf: DocumentFolder, name: str, folder: Path) -> Document:
    """The page that is made of one file."""
    read = parsed_document(shelf, name, folder)
    contents = read.sections if len(read.sections) >= MIN_HEADINGS else []
    return Document(name, read.title, contents, read.html(read.tokens))


def parsed_document(shelf: DocumentFolder, name: str, folder: Path) -> ParsedDocument:
    """Read one file. Its headings have anchors, and its links lead to pages."""
    source = COMMENT_LINE.sub("", (folder / f"{name}{SUFFIX}").read_text("utf-8"))
    heading, _, rest = source.partition("\n")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    markdown.add_render_rule("fence", _block)
    tokens = markdown.parse(rest)
    sections = list(_anchored(tokens))
    for token in tokens:
        _link(token, f"{shelf.inside}/{name}{SUFFIX}")
    return ParsedDocument(heading.removeprefix("# ").strip(), sections, tokens, markdown)


def _anchored(tokens: Sequence[Token]) -> Iterator[Section]:
    """Give every heading the anchor that GitHub gives it; yields those of the second level."""
    taken: set[str] = set()
    for token, text in pairwise(tokens):
        if token.type == "heading_open":
            title = "".join(each.content for each in text.children or ())
            anchor = anchor_of(title, taken)
            token.attrs["id"] = anchor
            if token.tag == "h2":
                yield Section(anchor, title)


def anchor_of(title: str, taken: set[str]) -> str:
    """The anchor of a heading, by GitHub's rule; a repeated one gets a number. Adds it to `taken`."""
    anchor = base = NOT_IN_ANCHORS.sub("", title.lower()).replace(" ", "-")
    number = 0
    while anchor in taken:
        number += 1
        anchor = f"{base}-{number}"
    taken.add(anchor)
    return anchor


def _block(_: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
    """A block of code. A drawing keeps its lines: it scrolls where it is too wide, with the keyboard too."""
    drawn = ' class="drawing" tabindex="0"' if tokens[index].info == DRAWING else ""
    return f"<pre{drawn}><code>{escapeHtml(tokens[index].content)}</code></pre>\n"


def _link(token: Token, source: str) -> None:
    """Links between files lead to their pages. A link to a file that is not served becomes plain text."""
    hidden = False
    for child in token.children or ():
        if child.type == "link_open":
            target = address_of(str(child.attrs.get("href", "")), source)
            hidden = target is None
            child.attrs["href"] = target or ""
            child.hidden = hidden
        elif child.type == "link_close":
            child.hidden = hidden


def address_of(href: str, source: str) -> str | None:
    """The address of what a file links to: unchanged outside the source tree, None if no page serves it."""
    if "://" in href or href.startswith("#"):
        return href
    path, mark, anchor = href.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    for shelf in SHELVES:
        name = target.removeprefix(f"{shelf.inside}/").removesuffix(SUFFIX)
        if target == f"{shelf.inside}/{name}{SUFFIX}" and name in names_in(shelf):
            return f"{shelf.address}/{'' if name == INDEX else name}{mark}{anchor}"
    return None
