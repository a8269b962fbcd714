"""Configuration of incidents and notification routing."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from monitor.incidents.incident import Scope, Severity
from probes.settings import Duration, Settings


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(names):
        raise ValueError("must not contain an empty name")
    return names


Names = Annotated[tuple[str, ...], AfterValidator(_names)]
MAX_MARKS = 20
MAX_RELAPSE_DOUBLINGS = 3  # how often the good ones that are needed are doubled, for what comes back again and again
Few = Annotated[int, Field(ge=1, le=MAX_MARKS)]


class IncidentSettings(Settings):
    """[incidents]: when an incident opens and closes, and when people are notified again."""

    of_last: Few = Field(3, description="How many of the latest verdicts on a path and kind count.")
    bad: Few = Field(2, description="Bad verdicts that open an incident; one refusal that names the sender is enough.")
    good: Few = Field(2, description="Consecutive good verdicts that close it.")
    settle: Duration = Field(
        timedelta(minutes=1),
        description="How long a problem must last before the first notice, so that a widespread one sends one notice.",
    )
    remind: Duration = Field(timedelta(hours=8), description="Time between reminders of an open incident.")
    reopen: Duration = Field(
        timedelta(hours=6), description="A problem that returns within this time reopens the same incident."
    )
    companies: Few = Field(
        3, description="Minimum number of affected companies for the scopes `mail_system` and `everybody`."
    )
    share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.6, description="Their minimum share of the companies with a verdict since the problem began."
    )
    control_every: Duration = Field(
        timedelta(minutes=15), description="Minimum time between controls on a failing path."
    )

    @field_validator("bad")
    @classmethod
    def _among_them(cls, bad: int, info: ValidationInfo) -> int:
        of_last: int | None = info.data.get("of_last")
        if of_last is not None and bad > of_last:
            raise ValueError(f"must not be more than of_last, {of_last}, but is {bad}")
        return bad


def good_needed(settings: IncidentSettings, relapses: int) -> int:
    """Return how many consecutive good verdicts close an incident that has recurred this often."""
    return settings.good << min(relapses, MAX_RELAPSE_DOUBLINGS)


class RoutingRule(Settings):
    """[[routing]]: incidents of a channel. Every matching rule adds its channels; a key left out matches all.

    Without any rule every channel receives pages and tickets.
    """

    to: Annotated[Names, Field(min_length=1)] = Field(description="Names of channels.")
    severities: tuple[Severity, ...] = Field(
        (Severity.PAGE, Severity.TICKET), description="The severities of the incidents."
    )
    scopes: tuple[Scope, ...] = Field(
        (), description="The scopes of the incidents; `ourselves`: Mailpath's own problems. Left out: all scopes."
    )
    companies: Names = Field(
        (), description="Keys of companies: only incidents that affect them, without any other company's name."
    )
    after: Duration | None = Field(
        None, description="Escalation: only incidents that nobody has acknowledged for this long. Default: at once."
    )
