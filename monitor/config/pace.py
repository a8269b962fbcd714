"""Schedule and time limits of a path: [probes], and the keys that a company or path may override."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from probes.kinds import Kind
from probes.settings import Count, Duration, Settings, duration_text, shown

T = TypeVar("T")


def _no_twins(kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    if twins := [kind for kind in Kind if kinds.count(kind) > 1]:
        raise ValueError(f"must name each kind once; {twins[0]} is repeated")
    return kinds


def _cron(text: str) -> str:
    if problem := _cron_problem(text):
        raise ValueError(f'must be five crontab fields like "*/15 6-20 * * mon-fri", not {shown(text)}: {problem}')
    return text


@lru_cache(maxsize=1024)
def _cron_problem(text: str) -> str | None:
    """Return what is wrong with a cron expression, or None.

    Numbers for days of the week are refused: the scheduler counts from Monday, crontab from Sunday, and nobody would
    notice.
    """
    from apscheduler.triggers.cron import CronTrigger  # slow to import, and most configurations have no cron

    fields = text.split()
    if len(fields) != 5 or not text.isascii() or len(text) > 200:
        return f"it has {len(fields)} fields" if len(fields) != 5 else "it is too long or not ASCII"
    if any(character.isdigit() for character in fields[4]):
        return "name the days of the week (mon, tue, ...), because numbers mean different days to different programs"
    try:
        trigger = CronTrigger.from_crontab(text, timezone=UTC)
        never = trigger.get_next_fire_time(None, datetime(2026, 1, 1, tzinfo=UTC)) is None
    except (ValueError, OverflowError) as error:
        return str(error)
    return "it never occurs" if never else None


Kinds = Annotated[tuple[Kind, ...], Field(min_length=1), AfterValidator(_no_twins)]
Cron = Annotated[str, AfterValidator(_cron)]
Waits = Annotated[tuple[Duration, ...], Field(min_length=1, max_length=100)]
Share = Annotated[float, Field(ge=0, le=0.5)]


class PathCap(Settings):
    """Upper limits of one path."""

    per_path_per_day: Count = Field(1500, description="Maximum probes per path and day.")


class Cap(PathCap):
    """Upper limits of sending, independent of the schedule."""

    per_host_per_minute: Count = Field(60, description="Maximum probes per host and minute, over all paths.")


class Choices(Settings):
    """Keys that a company or path may override. None: not set."""

    cron: Cron | None = None
    every: Duration | None = None
    jitter: Share | None = None
    kinds: Kinds | None = None
    code_life: Duration | None = None
    give_up: Duration | None = None
    retry: Waits | None = None
    timeout: Duration | None = None
    cap: PathCap | None = None

    @field_validator("every")
    @classmethod
    def _one_rhythm(cls, every: timedelta | None, info: ValidationInfo) -> timedelta | None:
        if every is not None and info.data.get("cron") is not None:
            raise ValueError("every and cron exclude each other; leave one of them out")
        return every


def _every(data: dict[str, Any]) -> timedelta | None:
    return None if data.get("cron") else timedelta(minutes=15)


class ProbeSettings(Choices):
    """[probes]: defaults of every path; a company or a path may override them."""

    cron: Cron | None = Field(
        None, description='Instead of `every`: five crontab fields, in UTC, such as "*/15 6-20 * * mon-fri".'
    )
    every: Duration | None = Field(
        default_factory=_every, description="Interval in which each kind is probed once, the kinds spread over it."
    )
    jitter: Share = Field(0.1, description="Share of the interval by which a probe may be early or late, 0 to 0.5.")
    kinds: Kinds = Field(tuple(Kind), description="The kinds of Trimble mail that are probed.")
    code_life: Duration = Field(
        timedelta(minutes=10), description="Lifetime of a code: a probe that reaches the inbox later is `late`."
    )
    give_up: Duration = Field(
        timedelta(hours=1),
        validate_default=True,
        description="A probe not seen within this time is `missing`; at least `code_life`.",
    )
    retry: Waits = Field(
        (timedelta(minutes=10), timedelta(minutes=15), timedelta(minutes=30)),
        description="Waits before each retry after a temporary refusal, the last one repeated; by default those of the "
        "real sender's mail service.",
    )
    timeout: Duration = Field(timedelta(seconds=60), description="Time limit of one SMTP dialogue.")
    cap: Cap = Field(Cap(), description="Upper limits of sending, independent of the schedule.")

    @field_validator("give_up")
    @classmethod
    def _after_the_code(cls, give_up: timedelta, info: ValidationInfo) -> timedelta:
        life: timedelta | None = info.data.get("code_life")
        if life is not None and give_up < life:
            raise ValueError(too_early(give_up, life))
        return give_up


def too_early(give_up: timedelta, code_life: timedelta) -> str:
    """Return the error text for a `give_up` shorter than `code_life`."""
    return f"must not be shorter than code_life, {duration_text(code_life)}, but is {duration_text(give_up)}"


def first(*values: T | None) -> T:
    """Return the first value that is not None."""
    return next(value for value in values if value is not None)
