"""Runbooks taken apart. A file is read once; what differs from case to case is put in when it is shown.

A heading of the third level that names mail systems ("### Microsoft 365", "### rspamd, mailcow") begins a part about
those. Neighbouring parts are a group, which is shown as a list of its own, see `systems`. Under "How to fix" of a page
about causes there is always a group, before what else has a heading there: the remedies of the table of mail systems
are added to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from markdown_it.token import Token

from monitor.web.docs import RUNBOOKS, ParsedDocument, folder_of, names_in, parsed_document
from monitor.web.runbooks.commands import Command, commands_in
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.table import MAIL_SYSTEMS

CAUSES = "cause-"  # runbooks about families of causes; the others are about alerts
FIX = "How to fix"
HEADING_TOKENS = 3  # open, text, close
KEYS: Mapping[str, str] = {each.label: each.key for each in MAIL_SYSTEMS.values()}


@dataclass(frozen=True, slots=True)
class SystemPart:
    """The part about some mail systems; `keys` are theirs, `body` is HTML with placeholders."""

    label: str
    keys: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class SystemGroup:
    """Neighbouring parts. `fixes`: they stand under "How to fix" of a page about causes."""

    parts: tuple[SystemPart, ...]
    fixes: bool


@dataclass(frozen=True, slots=True)
class Runbook:
    """One runbook. `body` is HTML with placeholders: those of `placeholders`, `{systems_N}` for the groups,
    `{commands_N}` after the blocks that have commands of Mailpath, `{page_N}` after such a command within a text."""

    name: str
    title: str
    body: str
    groups: tuple[SystemGroup, ...]
    commands: tuple[tuple[Command, ...], ...]
    pages: tuple[Command, ...]

    @property
    def family(self) -> CauseFamily | None:
        """The family of causes that it is about; None where it is about an alert."""
        return CauseFamily(self.name.removeprefix(CAUSES)) if self.name.startswith(CAUSES) else None


@cache
def runbooks() -> Mapping[str, Runbook]:
    """All runbooks by name, the index among them; read once."""
    folder = folder_of(RUNBOOKS)
    return {name: runbook_of(name, parsed_document(RUNBOOKS, name, folder)) for name in sorted(names_in(RUNBOOKS))}


def runbook_of(name: str, read: ParsedDocument) -> Runbook:
    """Take a file apart."""
    commands: list[tuple[Command, ...]] = []
    pages: list[Command] = []
    groups: list[SystemGroup] = []
    body: list[Token] = []
    parts: list[SystemPart] = []
    chapter, of_causes = "", name.startswith(CAUSES)
    for tag, heading, tokens in _sections(_with_commands(read.tokens, commands, pages)):
        fixes = of_causes and chapter == FIX
        if tag == "h3" and (keys := keys_of(heading)):
            parts.append(SystemPart(heading, keys, read.html(tokens[HEADING_TOKENS:])))
            continue
        over = fixes and tag in ("h2", "h3") and not any(group.fixes for group in groups)
        if parts or over:
            body.append(_mark(f"systems_{len(groups)}"))
            groups.append(SystemGroup(tuple(parts), fixes))
            parts.clear()
        body += tokens
        chapter = heading if tag == "h2" else chapter
    return Runbook(name, read.title, read.html(body), tuple(groups), tuple(commands), tuple(pages))


def keys_of(heading: str) -> tuple[str, ...]:
    """Return the keys of the mail systems that a heading names; () if it names anything else."""
    labels = heading.split(", ")
    return tuple(KEYS[label] for label in labels) if all(label in KEYS for label in labels) else ()


def _sections(tokens: Iterable[Token]) -> Iterator[tuple[str, str, list[Token]]]:
    """Cut at each heading of the second and third level: its tag, its text, its tokens with those of the heading. What
    stands before the first has neither tag nor text; at the end comes an empty one, which closes the last."""
    tag, heading, section = "", "", list[Token]()
    for token, after in pairwise((*tokens, _mark("end"))):
        if token.type == "heading_open" and token.tag in ("h2", "h3"):
            yield tag, heading, section
            tag, heading, section = token.tag, after.content, []
        section.append(token)
    yield tag, heading, section
    yield "", "", []


def _with_commands(
    tokens: Sequence[Token], commands: list[tuple[Command, ...]], pages: list[Command]
) -> Iterator[Token]:
    """The tokens, and a mark after each block and each code in a text that has commands; adds these to the lists."""
    for token in tokens:
        if token.type == "inline":
            token.children = list(_with_pages(token.children or (), pages))
        yield token
        if token.type == "fence" and (found := commands_in(token.content)):
            yield _mark(f"commands_{len(commands)}")
            commands.append(found)


def _with_pages(tokens: Sequence[Token], pages: list[Command]) -> Iterator[Token]:
    for token in tokens:
        yield token
        if token.type == "code_inline" and (found := commands_in(token.content)):
            yield Token("html_inline", "", 0, content=f"{{page_{len(pages)}}}")
            pages.append(found[0])


def _mark(name: str) -> Token:
    return Token("html_block", "", 0, content=f"{{{name}}}\n")
