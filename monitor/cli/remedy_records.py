"""`mailpath remedy list`, `changed`, `test`, `renewed`, `undone`: what became of remedies at companies. The running
service makes the tests; it reads the store within seconds."""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from rich.markup import escape

from monitor.actions.audit import COMMAND
from monitor.actions.remedies import RemedyWorker
from monitor.cli.exits import Exit
from monitor.cli.incidents import chosen
from monitor.cli.text import console
from monitor.cli.who import operator_name
from monitor.clock import utc_now
from monitor.config import Config
from monitor.errors import UserError
from monitor.incidents.incident import Incident, worst_first
from monitor.output.applied_remedy_json import applied_remedy_json
from monitor.output.remedy_names import names_for
from monitor.output.symbols import REMEDY_LOOKS, SIGNS
from monitor.output.text import STYLES
from monitor.proving.preparing import RemedyChange, RemedyError, may_be_recorded, offered
from monitor.remedying.applied import TO_ACT_ON, WORKS, AppliedRemedy, RemedyState
from monitor.remedying.lapse import lapses_at, last_result, state_at
from monitor.remedying.words import STATES, headline, lapse_sentence, lines_of, next_step, title_of
from monitor.store import Store
from probes.display import clock, counted, one_line
from probes.mailsystems.remedy import Remedy, RemedyNames, fill

RECENTLY = timedelta(days=7)  # in which a closed incident of a company is found by the company's name
MAX_LINE_CHARS = 600
OPTIONS = {"remedy": "--remedy: ", "note": "--note: ", "review": "--review: ", "company": "", "state": ""}


class RemedyUsageError(UserError):
    """The action is not possible, or there is no such remedy, incident or company."""


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """Options that all these commands share. `by`: a name, "" for the login name."""

    by: str
    as_json: bool


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """A change at `company`, "" where the incident affects one; `review` is a date or ""."""

    company: str
    remedy: str
    note: str
    review: str


async def list_records(config: Config, company: str, options: RecordOptions, *, also_over: bool) -> Exit:
    """List remedies that companies have carried out. Raises RemedyUsageError, StoreError."""
    if company and company not in config.companies:
        raise RemedyUsageError(f"no company {one_line(company, 40)!r}; `mailpath paths` lists them")
    now = utc_now()
    async with Store.open(config.store.url) as store:
        found = await (store.remedies.of_company(company) if company else store.remedies.every())
        left = {each.id: await _left(store, config, each) for each in found}
    over = frozenset({RemedyState.UNDONE, RemedyState.NO_EFFECT, RemedyState.NOT_DECIDED})
    shown = [each for each in found if also_over or state_at(each, now) not in over]
    for each in shown:
        _print(each, config, now, options, left[each.id])
    if not shown and not options.as_json:
        others = f"; {counted(len(found), 'other')} with --all" if found else ""
        console().print(f"no remedies under way or in force{f' at {escape(company)}' if company else ''}{others}")
    return Exit.NOT_OK if any(last_result(each, now) in TO_ACT_ON for each in found) else Exit.OK


async def changed(config: Config, subject: str, what: ChangeOptions, options: RecordOptions) -> Exit:
    """Note that a remedy was carried out. Raises RemedyUsageError, StoreError."""
    async with Store.open(config.store.url) as store:
        incident, company = await _incident(config, store, subject, what.company)
        worker = RemedyWorker(store, lambda: config, utc_now, operator_name(options.by), COMMAND)
        try:
            change = RemedyChange(incident, company, what.remedy, what.note, _review(what.review))
            applied = await worker.changed(change)
        except RemedyError as error:
            raise RemedyUsageError(f"{OPTIONS[error.field]}{error}") from None
        _print(applied, config, utc_now(), options, await _left(store, config, applied))
    return Exit.OK


Act = Callable[[RemedyWorker, AppliedRemedy], Awaitable[AppliedRemedy]]


async def act(config: Config, prefix: str, options: RecordOptions, action: Act) -> Exit:
    """Do something with one that was noted, given by the beginning of its id. Raises RemedyUsageError, StoreError."""
    async with Store.open(config.store.url) as store:
        similar = [each for each in await store.remedies.every() if prefix and each.id.startswith(prefix)]
        if len(similar) != 1:
            several = "several remedies begin" if similar else "no remedy begins"
            raise RemedyUsageError(f"{several} with {one_line(prefix, 40)!r}; `mailpath remedy list --all` lists them")
        worker = RemedyWorker(store, lambda: config, utc_now, operator_name(options.by), COMMAND)
        try:
            applied = await action(worker, similar[0])
        except RemedyError as error:
            raise RemedyUsageError(f"remedy {similar[0].id}: {error}") from None
        _print(applied, config, utc_now(), options, await _left(store, config, applied))
    return Exit.OK


async def _left(store: Store, config: Config, applied: AppliedRemedy) -> tuple[Remedy, ...]:
    """Return the remedies that are still to try for its incident."""
    incident = next(iter(await store.incidents.find(applied.incident)), None)
    known = config.companies.get(applied.company)
    if incident is None or known is None:
        return ()
    return offered(incident, applied.company, known.chain, await store.remedies.of_incident(incident.id))


async def _incident(config: Config, store: Store, subject: str, company: str) -> tuple[Incident, str]:
    """Return the incident and the company: of an id's beginning, or of a company's worst one."""
    if subject in config.companies:
        return await _of_company(store, subject), subject
    incident = chosen(await store.incidents.find(subject) if subject else [], subject)
    if company and company not in incident.companies:
        raise RemedyUsageError(f"incident {incident.id} does not affect {one_line(company, 40)!r}")
    if not company and len(incident.named) != 1:
        raise RemedyUsageError(f"incident {incident.id} affects several companies: name one with --company")
    return incident, company or incident.named[0]


async def _of_company(store: Store, company: str) -> Incident:
    opened = sorted(await store.incidents.open(), key=worst_first)
    closed = reversed(await store.incidents.recently_closed(utc_now() - RECENTLY))
    for incident in (*(each for each in opened if company in each.touches), *closed):
        if may_be_recorded(incident, company):
            return incident
    raise RemedyUsageError(f"no incident of the last days is about mail that {company} stops")


def _review(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        raise RemedyError("review", "must be a date like 2027-05-31") from None


def _print(
    applied: AppliedRemedy, config: Config, now: datetime, options: RecordOptions, left: tuple[Remedy, ...]
) -> None:
    names = names_for(config, applied.system)
    if options.as_json:
        print(json.dumps(applied_remedy_json(applied, names, now)))
        return
    out = console()
    for line in _lines(applied, names, now, left):
        out.print(line)


def _lines(applied: AppliedRemedy, names: RemedyNames, now: datetime, left: tuple[Remedy, ...]) -> Iterator[str]:
    def shown(text: str) -> str:
        return escape(one_line(fill(text, names), MAX_LINE_CHARS))

    state = state_at(applied, now)
    look = REMEDY_LOOKS[state]
    sign = f"[{STYLES[look] if look else 'dim'}]{SIGNS[look]} {STATES[state].label}[/]"
    yield f"{sign}  {escape(applied.company)}  [bold]{shown(title_of(applied))}[/]  [dim]{escape(applied.id)}[/]"
    yield f"    {shown(headline(applied, now))}"
    for proof, said in lines_of(applied):
        probes = " ".join(filter(None, (proof.mail_probe, proof.twin_probe)))
        yield f"    {escape(proof.path)}: {shown(said)} [dim]{escape(probes)}[/]"
    if todo := next_step(applied, left, now):
        yield f"    [bold]{shown(todo)}[/]"
    note = f" ({applied.note})" if applied.note else ""
    yield (
        f"    changed {clock(applied.changed_at)} by {escape(one_line(applied.by + note, MAX_LINE_CHARS))}; incident "
        + (f"{escape(applied.incident)}; review on {applied.review_on:%F}")
    )
    if lapses_at(applied) and state in WORKS:
        yield f"    {escape(lapse_sentence(applied, now))}"
