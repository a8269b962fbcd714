"""`mailpath standing`: read what the world publishes about the sender or a company's domain, now. Stores nothing."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

from monitor.actions.names import UnknownNameError, company_named, names_of
from monitor.cli.exits import Exit
from monitor.cli.standing_text import change_lines, fact_lines, spf_lines
from monitor.cli.standing_watch import Key, Read, StandingWatch, follow, paced
from monitor.cli.stop import until_stopped
from monitor.cli.text import console
from monitor.config import Config
from monitor.config.mail_domains import mail_domains
from monitor.config.simulated import simulates_dns
from monitor.config.standing_plan import subject_of
from monitor.errors import UserError
from monitor.output.standing_json import change_json, evaluation_json, fact_json
from monitor.probing.outside import outside_of
from probes.labels import Label
from probes.settings import MissingSecretError
from probes.standing.asking import Asker, Subject
from probes.standing.fact import CONFIRMED_AFTER, Fact, FactVerdict, Question, State, judge
from probes.standing.lists import ListAccess
from probes.standing.reach import REACH, reach
from probes.standing.spf_engine import evaluate, needs
from probes.standing.survey import READERS, resolver_trouble, survey
from probes.standing.words import COMPANY_QUESTIONS, QUESTIONS, sentence

_Result = TypeVar("_Result")

WATCH_EVERY = timedelta(minutes=5)
WATCH_LEAST = timedelta(minutes=1)


class CannotReadError(UserError):
    """The standing cannot be read: no such check or company, or no usable resolver."""


@dataclass(frozen=True, slots=True)
class StandingOptions:
    """The options of the command. `checks`: none means all. `company`: its domains instead of the sender."""

    checks: tuple[str, ...]
    explain: str
    confirm: bool
    as_json: bool
    company: str = ""
    every: timedelta | None = None  # watch: read again and again, so often


@dataclass(frozen=True, slots=True)
class Errand:
    """Questions and whom they are about: `read` answers them, `known` are those that make sense, in `words`. `domain`:
    one of those asked about."""

    domain: str
    read: Read
    known: Sequence[Question]
    words: Mapping[Question, Label]


async def standing(
    config: Config, options: StandingOptions, *, wait: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Exit:
    """Print a line for each fact. Raises CannotReadError."""
    if options.explain:
        question_named(options.explain, (Question.SPF,))
    known = REACH if options.company else tuple(READERS)
    questions = [question_named(name, known) for name in options.checks] or list(known)
    if simulates_dns(config):
        print("every company is simulated, and so is DNS: this is not what the world publishes", file=sys.stderr)
    access = _list_access(config) if Question.BLOCKLIST in questions else ListAccess()
    async with outside_of(config) as outside:
        asker = Asker(outside.resolver, outside.http, outside.now, config.standing.validating, lists=access)
        if options.explain:
            await _usable(config.sender.domain, config, asker)
            return await _explain(subject_of(config), asker, as_json=options.as_json)
        errand = _errand(config, options, asker)
        if not options.every and not options.as_json:  # one sentence says more than one for each question
            await _usable(errand.domain, config, asker)
        if options.every:
            return await _watch(errand, questions, options, asker.now)
        found = await _read(questions, errand.read, wait if options.confirm else None)
        verdicts = [judge(readings, asker.now()) for readings in found.values()]
        _show(verdicts, errand, asker.now(), as_json=options.as_json)
    return exit_of(verdicts)


def _errand(config: Config, options: StandingOptions, asker: Asker) -> Errand:
    if not options.company:
        subject = subject_of(config)
        return Errand(subject.domain, lambda questions: survey(questions, subject, asker), tuple(READERS), QUESTIONS)
    domains = domains_of(config, options.company)

    async def read(questions: Sequence[Question]) -> list[Fact]:
        found = await asyncio.gather(*(reach(domain, asker, questions) for domain in domains))
        return [fact for facts in found for fact in facts]

    return Errand(domains[0], read, REACH, COMPANY_QUESTIONS)


async def _usable(domain: str, config: Config, asker: Asker) -> None:
    """Raise CannotReadError if our resolver gives no usable answers, with what to do."""
    if unusable := await resolver_trouble(domain, asker):
        servers = ", ".join(map(str, config.dns.nameservers))
        use = f"replace {servers} in [dns] nameservers" if servers else "name one in [dns] nameservers"
        text = sentence(asker.fact(Question.SPF, domain, unusable))
        raise CannotReadError(f"nothing can be read: {text}; {use} by one that answers; `mailpath doctor` tests it")


def domains_of(config: Config, company: str) -> tuple[str, ...]:
    """Return the mail domains of a company, by its key or name. Raises CannotReadError."""
    try:
        key = company_named(company, names_of(config.paths()))
    except UnknownNameError as error:
        raise CannotReadError(str(error)) from None
    return tuple(domain for owner, domain in mail_domains(config) if owner == key)


def _show(verdicts: Sequence[FactVerdict], errand: Errand, now: datetime, *, as_json: bool) -> None:
    if as_json:
        for verdict in verdicts:
            _print_json(fact_json(verdict, now))
    else:
        out = console()
        for line in fact_lines(verdicts, now, errand.words):
            out.print(line)


def _print_json(found: Mapping[str, Any]) -> None:
    print(json.dumps(found, ensure_ascii=True), flush=True)


async def _watch(
    errand: Errand, questions: Sequence[Question], options: StandingOptions, now: Callable[[], datetime]
) -> Exit:
    """Show all facts once, then what is different, until we are stopped."""
    stop, out = until_stopped(), console()

    def show(before: FactVerdict | None, after: FactVerdict) -> None:
        if options.as_json:
            _print_json(change_json(before, after, now()))
        else:
            for line in change_lines(before, after, errand.words):
                out.print(line)

    first = await _unless(stop, _read(questions, errand.read, None))
    if first is None:
        return Exit.INTERRUPTED
    watch = StandingWatch(first, now())
    _show(list(watch.shown.values()), errand, now(), as_json=options.as_json)
    pause = paced(stop, options.every or WATCH_EVERY)
    await _unless(stop, follow(watch, questions, errand.read, show, pause, now))
    return exit_of(list(watch.shown.values()))


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, _Result]) -> _Result | None:
    """Return the result of the work, None once we are stopped: a reading may wait for long."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return None


def _list_access(config: Config) -> ListAccess:
    try:
        return config.standing.list_access()
    except MissingSecretError as error:
        raise CannotReadError(f"standing.spamhaus_key: {error}") from None


def exit_of(verdicts: Sequence[FactVerdict]) -> Exit:
    """Return the exit code: a reading that is bad, confirmed or not, is what a script has to look at."""
    if any(verdict.suspected or verdict.state is State.BAD for verdict in verdicts):
        return Exit.NOT_OK
    if any(verdict.state in (State.UNKNOWN, State.REFUSED) for verdict in verdicts):
        return Exit.COULD_NOT_TELL
    return Exit.OK


def question_named(name: str, known: Iterable[Question]) -> Question:
    by_name = {question.value: question for question in known}
    if question := by_name.get(name.lower().replace("-", "_")):
        return question
    names = list(by_name)
    near = get_close_matches(name, names, 1)
    raise CannotReadError(
        f"no check {name!r}; " + (f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}")
    )


async def _read(
    questions: Sequence[Question], read: Read, wait: Callable[[float], Awaitable[None]] | None
) -> dict[Key, list[Fact]]:
    """Read the facts; with `wait`, a second time later what is bad."""
    facts = await read(questions)
    bad = {fact.question for fact in facts if fact.state is State.BAD}
    later: Sequence[Fact] = ()
    if wait and bad:
        await wait(CONFIRMED_AFTER.total_seconds() + 1)
        later = await read([question for question in questions if question in bad])
    found = {(fact.question, fact.subject): [fact] for fact in facts}
    for fact in later:
        found.setdefault((fact.question, fact.subject), []).append(fact)
    return found


async def _explain(subject: Subject, asker: Asker, *, as_json: bool) -> Exit:
    """Print each step of the SPF evaluation."""
    done = await evaluate(subject.source_ip, subject.bounce_domain, subject.helo, asker.lookup)
    whole = await needs(subject.source_ip, subject.bounce_domain, asker.lookup)
    needed = max(done.lookups, whole.lookups)
    if as_json:
        print(json.dumps(evaluation_json(done, needed, whole.tree), ensure_ascii=True))
    else:
        out = console()
        for line in spf_lines(subject, done, needed, whole.tree):
            out.print(line)
    if done.failures:
        return Exit.COULD_NOT_TELL
    return Exit.OK if done.result == "pass" else Exit.NOT_OK
