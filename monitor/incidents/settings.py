"""What the configuration may say of incidents and of who hears of them."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from monitor.incidents.incident import Scope, Severity
from probes.settings import Duration, Settings


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(names):
        raise ValueError("must not hold an empty name")
    return names


Names = Annotated[tuple[str, ...], AfterValidator(_names)]
MOST_MARKS = 20
Few = Annotated[int, Field(ge=1, le=MOST_MARKS)]


class IncidentSettings(Settings):
    """[incidents]: when a problem is one, and when people are told again."""

    of_last: Few = Field(3, description="How many of the last verdicts on a path and kind are looked at.")
    bad: Few = Field(2, description="So many of them bad open an incident; one that names the sender is enough.")
    good: Few = Field(2, description="So many good ones in a row, and it is over.")
    settle: Duration = Field(
        timedelta(minutes=1), description="How long it must last before it is told, so that what is wider is told once."
    )
    remind: Duration = Field(timedelta(hours=8), description="How often those who were told are reminded of it.")
    reopen: Duration = Field(
        timedelta(hours=6), description="What comes back within this time is the same incident, not a new one."
    )
    companies: Few = Field(3, description="So many companies at least make it the mail system's or everybody's.")
    share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.6, description="And this share of those that were heard of since it began."
    )
    control_every: Duration = Field(
        timedelta(minutes=15), description="How often at most a failing path is compared with the control."
    )

    @field_validator("bad")
    @classmethod
    def _among_them(cls, bad: int, info: ValidationInfo) -> int:
        of_last: int | None = info.data.get("of_last")
        if of_last is not None and bad > of_last:
            raise ValueError(f"must not be more than of_last, {of_last}, but is {bad}")
        return bad


class RoutingRule(Settings):
    """[[routing]]: who hears of what. Every rule that fits adds its channels; a key that is left out fits all.

    Without any rule every channel hears of pages and tickets.
    """

    to: Annotated[Names, Field(min_length=1)] = Field(description="Names of channels.")
    severities: tuple[Severity, ...] = Field((Severity.PAGE, Severity.TICKET), description="How much it matters.")
    scopes: tuple[Scope, ...] = Field((), description="How wide it is; `ourselves` is what Mailpath itself has.")
    companies: Names = Field(
        (), description="Keys of companies: only what touches them, and no word about any other company."
    )
