"""`[standing]`: what Mailpath cannot find out about the sender by itself."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from probes.dkim import Selector
from probes.settings import Domain, Duration, Secret, Settings, Switch, checked_secret, duration_text
from probes.standing.blocklists import checked_key
from probes.standing.fact import CONFIRMED_AFTER, MAX_AGE
from probes.standing.lists import LISTS, ListAccess

LEAST_PAUSE = timedelta(minutes=5)  # what others publish changes slowly, and lists count questions


def _key(secret: SecretStr) -> SecretStr:
    checked_key(secret.get_secret_value())
    return secret


def _zone(zone: str) -> str:
    if zone not in (known := [row.public_zone for row in LISTS]):
        raise ValueError(f"must be one of {', '.join(known)}")
    return zone


def _pause(value: timedelta) -> timedelta:
    if value < LEAST_PAUSE:
        raise ValueError(f"must be at least {duration_text(LEAST_PAUSE)}, not {duration_text(value)}")
    return value


Pause = Annotated[Duration, AfterValidator(_pause)]


class StandingSettings(Settings):
    """[standing]: what the world publishes about the sender."""

    enabled: Switch = Field(True, description="Read the standing of the sender all the time, and alert on it.")
    every: Pause = Field(timedelta(hours=1), description="How often DNS is asked about the sender.")
    lists: Pause = Field(timedelta(minutes=15), description="How often blocklists are asked.")
    max_age: Duration = Field(
        MAX_AGE, validate_default=True, description="A fact that was last read longer ago is unknown."
    )
    selectors: tuple[Selector, ...] = Field(
        (), description="DKIM selectors of the real mail, beside that of `sender.dkim`. They cannot be listed by DNS."
    )
    envelope_domains: tuple[Domain, ...] = Field(
        (), description="Bounce domains of the real mail, beside that of `sender.bounces` and those seen in real mail."
    )
    spamhaus_key: Annotated[Secret, checked_secret(_key)] | None = Field(
        None, description="Key of Spamhaus DQS, which answers through any resolver. Free for low volume."
    )
    lists_off: tuple[Annotated[str, AfterValidator(_zone)], ...] = Field(
        (), description='Zones of blocklists that are not asked: `["all.s5h.net"]`.'
    )
    validating: Switch = Field(
        False,
        description="The name servers of `[dns]` validate DNSSEC and nobody can change their answers on the way: "
        "believe their AD bit.",
    )

    @field_validator("max_age")
    @classmethod
    def _longer_than_pauses(cls, max_age: timedelta, info: ValidationInfo) -> timedelta:
        longest = max((info.data.get(key, CONFIRMED_AFTER) for key in ("every", "lists")), default=CONFIRMED_AFTER)
        if max_age <= longest:
            words = f"must be more than {duration_text(longest)}, or facts would be unknown between two readings, not "
            raise ValueError(words + duration_text(max_age))
        return max_age

    def list_access(self) -> ListAccess:
        """Return how blocklists are asked. Raises MissingSecretError."""
        return ListAccess("" if self.spamhaus_key is None else self.spamhaus_key.get_secret_value(), self.lists_off)
