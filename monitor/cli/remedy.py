"""`mailpath remedy`: the exact steps that let the sender through a mail system, the safest first."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from rich.markup import escape

from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.config import Config
from monitor.errors import UserError
from monitor.incidents.advice import remedies_at_company
from monitor.incidents.incident import worst_first
from monitor.output.remedy_json import not_possible_json, remedy_json
from monitor.output.remedy_names import names_for
from monitor.store import Store
from probes.diagnosis.factors import Factor
from probes.display import one_line
from probes.labels import CAUSES
from probes.mailsystems.choose import Choice, choose
from probes.mailsystems.remedy import NotPossible, Remedy, RemedyNames, Script, fill
from probes.mailsystems.shown import parts_of, script_lines
from probes.mailsystems.table import MAIL_SYSTEMS, UNKNOWN, system_label
from probes.mailsystems.words import Chain, key_of
from probes.outcome import Cause


class NoSuchNameError(UserError):
    """There is no company or mail system of this name."""


@dataclass(frozen=True, slots=True)
class RemedyOptions:
    """The options of the command: either `company` or `system`; without cause and factor the open incident's, else
    all."""

    company: str
    system: str
    cause: Cause | None
    factor: Factor | None
    as_json: bool


async def remedy(config: Config, options: RemedyOptions) -> Exit:
    """Print the remedies. Raises NoSuchNameError."""
    chain = _chain(config, options)
    about, choice = "", None
    if options.cause or options.factor:
        choice = choose(chain, None, options.cause, options.factor)
    if choice is None and options.company:
        about, choice = await _of_incident(config, options.company, chain)
    choice = choice or _all_of(chain)
    if options.as_json:
        for line in _as_json(config, choice, chain):
            print(line)
    else:
        _print(config, choice, chain, about)
    own = any(not each.general for each in choice.remedies)
    return Exit.OK if own else Exit.NOT_OK


def _chain(config: Config, options: RemedyOptions) -> Chain:
    if options.system:
        try:
            return (key_of(options.system),)
        except ValueError as error:
            raise NoSuchNameError(f"--system {error}") from None
    if known := config.companies.get(options.company):
        return known.chain
    near = get_close_matches(options.company, list(config.companies), 3)
    raise NoSuchNameError(
        f"no company {options.company!r}; did you mean {', '.join(near) or 'one of `mailpath paths`'}?"
    )


async def _of_incident(config: Config, company: str, chain: Chain) -> tuple[str, Choice | None]:
    """The remedies for the worst open incident of the company, if the store has one, with a line about it."""
    try:
        async with Store.open(config.store.url) as store:
            found = sorted(await store.incidents.open(), key=worst_first)
    except UserError:
        return "", None
    for incident in found:
        if company in incident.touches and (choice := remedies_at_company(incident, company, chain)):
            cause = CAUSES[incident.cause].label if incident.cause else "no cause known"
            return f"For the open incident {incident.id}: {cause}.", choice
    return "", None


def _all_of(chain: Chain) -> Choice:
    rows = [MAIL_SYSTEMS[key] for key in chain if key in MAIL_SYSTEMS]
    remedies = {each.key: each for row in rows for each in sorted(row.remedies, key=lambda remedy: remedy.rung)}
    reasons = tuple(reason for row in rows for reason in row.not_possible)
    if remedies or reasons:
        return Choice(tuple(remedies.values()), reasons)
    return choose(chain, None, Cause.CONTENT)


def _as_json(config: Config, choice: Choice, chain: Chain) -> Iterator[str]:
    system = chain[0]
    for remedy in choice.remedies:
        yield json.dumps(remedy_json(remedy, names_for(config, remedy.system or system)), ensure_ascii=True)
    for reason in choice.not_possible:
        yield json.dumps(not_possible_json(reason, names_for(config, reason.system or system)), ensure_ascii=True)


def _print(config: Config, choice: Choice, chain: Chain, about: str) -> None:
    out = console()
    for line in (*([about] if about else ()), *_head(choice, chain)):
        out.print(escape(one_line(line, 300)))
    for remedy in choice.remedies:
        for line in remedy_lines(remedy, names_for(config, remedy.system or chain[0])):
            out.print(line)
    for reason in choice.not_possible:
        out.print(escape(_reason(reason, names_for(config, reason.system or chain[0]))))


def _head(choice: Choice, chain: Chain) -> Iterable[str]:
    if choice.general and chain != (UNKNOWN,):
        yield f"No remedy in terms of {system_label(chain[0])} is known. In general:"


def _reason(reason: NotPossible, names: RemedyNames) -> str:
    causes = ", ".join(CAUSES[cause].label for cause in Cause if cause in reason.causes)
    about = f"{names.system}, {causes}" if causes else names.system
    return f"{about}: {fill(reason.why, names)} {fill(reason.who_can, names)}"


def remedy_lines(remedy: Remedy, names: RemedyNames) -> Iterator[str]:
    """Return a remedy as lines of a terminal, with its markup."""
    causes = ", ".join(CAUSES[cause].label for cause in Cause if cause in remedy.causes)
    where = "general" if remedy.general else system_label(remedy.system)
    yield ""
    yield f"[bold]{escape(fill(remedy.title, names))}[/] [dim]({escape(where)}; {remedy.key}; for: {escape(causes)})[/]"
    for part in parts_of(remedy, names):
        yield f"  [bold]{part.label}[/]"
        for step in part.steps:
            lines = script_lines(step) if isinstance(step, Script) else (step,)
            yield from (f"    {escape(line)}" for line in lines)
