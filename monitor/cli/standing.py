"""`mailpath standing`: read what the world publishes about the sender, now. Stores nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from rich.markup import escape

from monitor.app import outside_of
from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.config import Config
from monitor.errors import UserError
from monitor.output.standing_json import evaluation_json, fact_json
from probes.display import one_line, roughly
from probes.settings import MissingSecretError
from probes.standing.asking import Asker, Subject
from probes.standing.fact import CONFIRMED_AFTER, Fact, FactVerdict, Question, State, judge
from probes.standing.lists import ListAccess
from probes.standing.spf import MAX_LOOKUPS
from probes.standing.spf_engine import SpfEvaluation, evaluate, needs
from probes.standing.survey import READERS, blindness, survey
from probes.standing.words import QUESTIONS, STATES, UNCONFIRMED, sentence

MAX_SHOWN_CHARS = 200  # of one text that others publish
STYLES = {
    State.GOOD: "green",
    State.WEAK: "yellow",
    State.BAD: "bold red",
    State.NONE: "dim",
    State.UNKNOWN: "magenta",
    State.REFUSED: "magenta",
}


class CannotReadError(UserError):
    """The standing cannot be read: no such check, or no usable resolver."""


@dataclass(frozen=True, slots=True)
class StandingOptions:
    """The options of the command. `checks`: none means all."""

    checks: tuple[str, ...]
    explain: str
    confirm: bool
    as_json: bool


async def standing(
    config: Config, options: StandingOptions, *, wait: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Exit:
    """Print a line for each fact. Raises CannotReadError."""
    questions = [_question(name, READERS) for name in options.checks] or list(READERS)
    if options.explain:
        _question(options.explain, (Question.SPF,))
    subject = subject_of(config)
    access = _list_access(config) if Question.BLOCKLIST in questions else ListAccess()
    async with outside_of(config) as outside:
        asker = Asker(outside.resolver, outside.http, outside.now, config.standing.validating, lists=access)
        if options.explain and (blind := await blindness(subject, asker)):
            raise CannotReadError(blind)
        if options.explain:
            return await _explain(subject, asker, as_json=options.as_json)
        verdicts = await _read(questions, subject, asker, wait if options.confirm else None)
    now = outside.now()
    if options.as_json:
        for verdict in verdicts:
            print(json.dumps(fact_json(verdict, now), ensure_ascii=True), flush=True)
    else:
        out = console()
        for line in _lines(verdicts, now):
            out.print(line)
    return exit_of(verdicts)


def subject_of(config: Config) -> Subject:
    """Return the sender to ask about."""
    sender = config.sender
    own = (sender.dkim.selector,) if sender.dkim and sender.dkim.domain in (None, sender.domain) else ()
    selectors = tuple(dict.fromkeys((*own, *config.standing.selectors)))
    return Subject(sender.domain, sender.bounces.rpartition("@")[2], sender.source_ip, sender.helo, selectors)


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


def _question(name: str, known: Iterable[Question]) -> Question:
    by_name = {question.value: question for question in known}
    if question := by_name.get(name.lower().replace("-", "_")):
        return question
    names = list(by_name)
    near = get_close_matches(name, names, 1)
    raise CannotReadError(
        f"no check {name!r}; " + (f"did you mean {near[0]}?" if near else f"one of {', '.join(names)}")
    )


async def _read(
    questions: Sequence[Question], subject: Subject, asker: Asker, wait: Callable[[float], Awaitable[None]] | None
) -> list[FactVerdict]:
    """Read the facts; with `wait`, a second time later what is bad."""
    facts = await survey(questions, subject, asker)
    bad = {fact.question for fact in facts if fact.state is State.BAD}
    later: list[Fact] = []
    if wait and bad:
        await wait(CONFIRMED_AFTER.total_seconds() + 1)
        later = await survey([question for question in questions if question in bad], subject, asker)
    found = {(fact.question, fact.subject): [fact] for fact in facts}
    for fact in later:
        found.setdefault((fact.question, fact.subject), []).append(fact)
    return [judge(readings, asker.now()) for readings in found.values()]


def _lines(verdicts: Sequence[FactVerdict], now: datetime) -> Iterator[str]:
    """Yield a row for each fact; the reason and the value stand below, since they are long."""
    states = [UNCONFIRMED if verdict.suspected else STATES[verdict.state].label for verdict in verdicts]
    wide = max(map(len, states), default=0)
    names = max((len(QUESTIONS[verdict.reading.question].label) for verdict in verdicts), default=0)
    yield f"[dim]{'STATE':{wide}}  {'CHECK':{names}}  {'AGE':6}  SUBJECT[/]"
    for verdict, state in zip(verdicts, states, strict=True):
        fact = verdict.reading
        style = STYLES[State.BAD if verdict.suspected else verdict.state]
        check, age = QUESTIONS[fact.question].label, roughly(now - fact.at)
        subject = escape(one_line(fact.subject, MAX_SHOWN_CHARS))
        yield f"[{style}]{state:{wide}}[/]  {check:{names}}  {age:6}  {subject}"
        yield f"{'':{wide}}  {escape(sentence(fact))}"
        if fact.value:
            yield f"{'':{wide}}  [dim]{escape(one_line(fact.value, MAX_SHOWN_CHARS))}[/]"


async def _explain(subject: Subject, asker: Asker, *, as_json: bool) -> Exit:
    """Print each step of the SPF evaluation."""
    done = await evaluate(subject.source_ip, subject.bounce_domain, subject.helo, asker.lookup)
    whole = await needs(subject.source_ip, subject.bounce_domain, asker.lookup)
    needed = max(done.lookups, whole.lookups)
    if as_json:
        print(json.dumps(evaluation_json(done, needed), ensure_ascii=True))
    else:
        out = console()
        for line in _spf_lines(subject, done, needed):
            out.print(line)
    if done.failures:
        return Exit.COULD_NOT_TELL
    return Exit.OK if done.result == "pass" else Exit.NOT_OK


def _spf_lines(subject: Subject, done: SpfEvaluation, needed: int) -> Iterator[str]:
    yield f"SPF of {escape(subject.bounce_domain)} for {escape(subject.source_ip)}: [bold]{done.result.value}[/]"
    for step in done.steps:
        yield "  " * (step.depth + 1) + escape(one_line(step.text, MAX_SHOWN_CHARS))
    if done.chain:
        yield "decided by   " + escape(one_line(" > ".join(done.chain), MAX_SHOWN_CHARS))
    if done.reason:
        yield "reason       " + escape(one_line(done.reason, MAX_SHOWN_CHARS))
    for failure in done.failures:
        yield "[magenta]failed[/]       " + escape(one_line(failure, MAX_SHOWN_CHARS))
    yield f"lookups      {done.lookups} for this address, {needed} for the whole record, of at most {MAX_LOOKUPS}"
    yield f"void lookups {done.voids} of at most 2"
