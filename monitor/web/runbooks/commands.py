"""Commands of Mailpath in a runbook, and what does the same without a shell: a page, and a request to the API."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from yarl import URL

from monitor.people.caller import Caller
from monitor.people.person import Rights
from monitor.web.runbooks.placeholders import MARK, PLACEHOLDERS, filled

PROGRAM = "mailpath"
PROBE_NOW = "/probe-now"
BY_HAND = frozenset({"check-config", "read", "serve", "stop", "token", "person", "doctor"})
"""Commands that only make sense where Mailpath runs, or only read a file."""


@dataclass(frozen=True, slots=True)
class Command:
    """A page and a request that do the same as one command. `page` is its title; the values in `query` and `body`
    have placeholders. `body` is None for a request that only reads. `rights`: the least that the page needs."""

    page: str
    href: str
    query: Mapping[str, str]
    api: str
    body: Mapping[str, str] | None = None
    rights: Rights = Rights.VIEWER


def commands_in(block: str) -> tuple[Command, ...]:
    """Return the commands in a block of code that have such an equivalent, each once."""
    found: dict[str, Command] = {}
    for line in block.splitlines():
        if line.startswith(f"{PROGRAM} "):
            words = shlex.split(line, comments=True)
            if command := command_of(words):
                found.setdefault(shlex.join(words), command)
    return tuple(found.values())


def command_of(words: list[str]) -> Command | None:
    """Return what does the same as this command; None where there is nothing."""
    _, name, *rest = words[: words.index("|")] if "|" in words else words
    options, places = _options(rest)
    match name, *places:
        case "probe", place:
            said = _place(place) | {key: options[key] for key in ("kind", "as") if key in options}
            page = "Probe now" if options.get("as", "sender") == "sender" else f"Probe now as {options['as']}"
            query = {"where": place} | {key: options[key] for key in ("kind", "as") if key in options}
            return Command(page, PROBE_NOW, query, "/api/v1/probes", said, Rights.OPERATOR)
        case "explain", place:
            return Command("Newest probes", "/probes", _place(place), "/api/v1/probes")
        case ("incidents",):
            company = {"company": options["company"]} if "company" in options else {}
            return Command("Incidents", "/incidents", company, "/api/v1/incidents")
        case "incidents", incident:
            one = f"/incidents/{incident}"
            return Command("Incident", one, {}, f"/api/v1{one}")
        case "standing", *_:  # as the service has read it
            return Command("Sender", "/sender", {}, "/api/v1/standing")
        case ("paths",):
            return Command("Companies", "/", {}, "/api/v1/paths")
        case "mute", "add", place:
            said = _place(place) | {"lasts": options["lasts"], "why": options["why"]}
            return Command("Mutes", "/mutes", {}, "/api/v1/mutes", said, Rights.OPERATOR)
    return None


def beside(commands: tuple[Command, ...], values: Mapping[str, str], caller: Caller | None, *, known: bool) -> str:
    """Return the HTML that stands below a block with these commands. `known`: the values are those of a company, not
    examples; then they are filled in on the pages too. Somebody who has not signed in is led to sign in."""
    pages = [each for each in commands if caller is None or caller.may(each.rights)]
    links = dict.fromkeys(_link(each, values, known=known) for each in pages)
    requests = "\n".join(escape(request_line(each, values)) for each in commands)
    row = f'<p class="beside no-print">On a page: {" ".join(links)}</p>' if links else ""
    return f'{row}<details class="api"><summary>By the API</summary><pre><code>{requests}</code></pre></details>'


def page_link(command: Command, values: Mapping[str, str], caller: Caller | None, *, known: bool) -> str:
    """Return the HTML that stands after such a command within a text; "" if the caller may not use the page."""
    if caller is not None and not caller.may(command.rights):
        return ""
    return f' (<a href="{_address(command, values, known=known)}">{escape(command.page)}</a>)'


def request_line(command: Command, values: Mapping[str, str]) -> str:
    """Return the command line that sends the request to the API."""
    url = filled(f"{{url}}{command.api}", values)
    said = 'curl -s -H "Authorization: Bearer $TOKEN"'
    if command.body is None:
        query = _filled(command.query, values)
        return f"{said} {shlex.quote(str(URL(url).with_query(query)))}" if query else f"{said} {url}"
    body = json.dumps(_filled(command.body, values), ensure_ascii=False)
    return f'{said} -H "Content-Type: application/json" -d {shlex.quote(body)} {url}'


def _link(command: Command, values: Mapping[str, str], *, known: bool) -> str:
    look = ' class="button"' if command.page == "Probe now" else ""
    return f'<a{look} href="{_address(command, values, known=known)}">{escape(command.page)}</a>'


def _address(command: Command, values: Mapping[str, str], *, known: bool) -> str:
    """The address of the page: of the list, with nothing chosen, where the values are examples."""
    one = MARK.search(command.href)
    if one and values[one[1]] == PLACEHOLDERS[one[1]].example:
        return command.href.rpartition("/")[0]
    query = _filled(command.query, values) if known else {}
    return escape(str(URL(filled(command.href, values)).with_query(query)))


def _place(place: str) -> dict[str, str]:
    company, _, path = place.partition("/")
    return {"company": company} | ({"path": path} if path else {})


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values, and the other words. Only options that have a value are known here."""
    options: dict[str, str] = {}
    places: list[str] = []
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            options[word.removeprefix("--")] = next(rest, "")
        else:
            places.append(word)
    return options, places


def _filled(said: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    return dict(_pairs(said, values))


def _pairs(said: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, text in said.items():
        yield key, filled(text, values)
