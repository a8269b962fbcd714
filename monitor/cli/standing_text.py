"""The facts of `mailpath standing` as lines for people. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rich.markup import escape

from probes.display import one_line, roughly
from probes.labels import Label
from probes.standing.asking import Subject
from probes.standing.fact import Branch, FactVerdict, Question, State
from probes.standing.spf import MAX_LOOKUPS
from probes.standing.spf_engine import SpfEvaluation
from probes.standing.words import STATES, UNCONFIRMED, sentence

MAX_SHOWN_CHARS = 200  # of one text that others publish
STYLES = {
    State.GOOD: "green",
    State.WEAK: "yellow",
    State.BAD: "bold red",
    State.NONE: "dim",
    State.UNKNOWN: "magenta",
    State.REFUSED: "magenta",
}


def state_words(verdict: FactVerdict) -> str:
    """Return the state in words, with its style as markup."""
    style = STYLES[State.BAD if verdict.suspected else verdict.state]
    return f"[{style}]{_state(verdict)}[/]"


def _state(verdict: FactVerdict) -> str:
    return UNCONFIRMED if verdict.suspected else STATES[verdict.state].label


def fact_lines(
    verdicts: Sequence[FactVerdict], now: datetime, questions: Mapping[Question, Label], *, titled: bool = True
) -> Iterator[str]:
    """Yield a row for each fact; the reason and the value stand below, since they are long."""
    wide = max((len(_state(verdict)) for verdict in verdicts), default=0)
    wide = max(wide, len("STATE")) if titled else wide
    names = max((len(questions[verdict.reading.question].label) for verdict in verdicts), default=0)
    if titled:
        yield f"[dim]{'STATE':{wide}}  {'CHECK':{names}}  {'AGE':6}  SUBJECT[/]"
    for verdict in verdicts:
        fact, padding = verdict.reading, " " * (wide - len(_state(verdict)))
        check, age = questions[fact.question].label, roughly(now - fact.at)
        subject = escape(one_line(fact.subject, MAX_SHOWN_CHARS))
        yield f"{state_words(verdict)}{padding}  {check:{names}}  {age:6}  {subject}"
        yield f"{'':{wide}}  {escape(sentence(fact))}"
        if fact.value:
            yield f"{'':{wide}}  [dim]{escape(one_line(fact.value, MAX_SHOWN_CHARS))}[/]"


def change_lines(before: FactVerdict | None, after: FactVerdict, questions: Mapping[Question, Label]) -> Iterator[str]:
    """Yield what is different about a fact since it was last shown; `before` is None for a new one."""
    fact = after.reading
    was = f"{state_words(before)} → " if before else ""
    subject = escape(one_line(fact.subject, MAX_SHOWN_CHARS))
    yield f"{fact.at:%Y-%m-%d %H:%M:%S}  {questions[fact.question].label} of {subject}: {was}{state_words(after)}"
    yield f"  {escape(sentence(fact))}"
    old = before.reading.value if before else ""
    if old != fact.value:
        yield f"  [dim]was  {escape(one_line(old, MAX_SHOWN_CHARS)) or 'nothing'}[/]"
        yield f"  [dim]is   {escape(one_line(fact.value, MAX_SHOWN_CHARS)) or 'nothing'}[/]"


def spf_lines(subject: Subject, done: SpfEvaluation, needed: int, tree: Sequence[Branch]) -> Iterator[str]:
    """Yield the steps of an SPF evaluation. `needed`: lookups of the whole record, whose branches are `tree`."""
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
    if len(tree) > 1:
        yield "lookups of the whole record, by branch"
        for each in tree:
            yield f"{each.lookups:4}  {'  ' * each.depth}{escape(one_line(each.term, MAX_SHOWN_CHARS))}"
