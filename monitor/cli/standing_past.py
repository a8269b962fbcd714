"""`mailpath standing --as-of` and `standing diff`: what the service read of the sender, at earlier times."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from monitor.cli.exits import Exit
from monitor.cli.standing import exit_of, question_named
from monitor.cli.standing_text import change_lines, fact_lines
from monitor.cli.text import console
from monitor.clock import utc_now
from monitor.config import Config
from monitor.errors import UserError
from monitor.output.standing_json import change_json, fact_json
from monitor.standing.record import FactKey, FactRecord, known_at
from monitor.store import Store
from probes.display import clock, one_line, roughly
from probes.standing.fact import FactVerdict, Question
from probes.standing.words import QUESTIONS

MAX_SHOWN_CHARS = 40


class TimeError(UserError):
    """A time that cannot be read, or of which nothing is known."""


async def as_of(
    config: Config, checks: Sequence[str], text: str, *, as_json: bool, now: Callable[[], datetime] = utc_now
) -> Exit:
    """Print a line for each fact that was known at a time. Raises TimeError, CannotReadError, StoreError."""
    questions = [question_named(name, tuple(Question)) for name in checks]
    at = _moment(text, now())
    async with Store.open(config.store.url) as store:
        found = await _known(store, config, at)
    verdicts = [_verdict(each) for key, each in sorted(found.items()) if not questions or key.question in questions]
    if not verdicts:
        raise _nothing_known(config, at)
    if as_json:
        for verdict in verdicts:
            print(json.dumps(fact_json(verdict, at), ensure_ascii=True))
    else:
        out = console()
        for line in fact_lines(verdicts, at, QUESTIONS):
            out.print(line)
    return exit_of(verdicts)


async def difference(
    config: Config, before: str, after: str, *, as_json: bool, now: Callable[[], datetime] = utc_now
) -> Exit:
    """Print what differs between two times; exit 1 if anything does. Raises TimeError, StoreError."""
    first = _moment(before, now())
    second = _moment(after, now()) if after else now()
    if second <= first:
        raise TimeError(f"the second time, {clock(second)}, must be after the first, {clock(first)}")
    async with Store.open(config.store.url) as store:
        old, new = await _known(store, config, first), await _known(store, config, second)
    for at, known in ((first, old), (second, new)):
        if not known:
            raise _nothing_known(config, at)
    changed = [(old.get(key), each) for key, each in sorted(new.items()) if _differs(old.get(key), each)]
    out = console()
    for was, each in changed:
        earlier, later = _verdict(was) if was else None, _verdict(each)
        if as_json:
            print(json.dumps(change_json(earlier, later, second), ensure_ascii=True))
        else:
            for line in change_lines(earlier, later, QUESTIONS):
                out.print(line)
    if not changed and not as_json:
        out.print(f"no difference between {clock(first)} and {clock(second)}")
    return Exit.NOT_OK if changed else Exit.OK


def _nothing_known(config: Config, at: datetime) -> TimeError:
    within = roughly(config.standing.max_age)
    return TimeError(f"nothing is known of the sender at {clock(at)}: its standing was not read in the {within} before")


async def _known(store: Store, config: Config, at: datetime) -> dict[FactKey, FactRecord]:
    max_age = config.standing.max_age
    return known_at(await store.standing.history(at - max_age), at, max_age)


def _differs(was: FactRecord | None, each: FactRecord) -> bool:
    if was is None:
        return True
    return (was.state, was.why, was.reading.value) != (each.state, each.why, each.reading.value)


def _verdict(record: FactRecord) -> FactVerdict:
    return FactVerdict(record.reading, record.state, record.why, record.suspected)


def _moment(text: str, now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        typed = one_line(text, MAX_SHOWN_CHARS)
        raise TimeError(f'must be a time like "2026-11-26T08:00Z", UTC where no zone is given, not {typed!r}') from None
    if moment > now:
        raise TimeError(f"must not be after now, {clock(now)}, but is {clock(moment)}")
    return moment
