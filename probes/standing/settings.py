"""`[standing]`: what Mailpath cannot find out about the sender by itself."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from probes.dkim import Selector
from probes.settings import Secret, Settings, checked_secret
from probes.standing.blocklists import checked_key
from probes.standing.lists import LISTS, ListAccess


def _key(secret: SecretStr) -> SecretStr:
    checked_key(secret.get_secret_value())
    return secret


def _zone(zone: str) -> str:
    if zone not in (known := [row.public_zone for row in LISTS]):
        raise ValueError(f"must be one of {', '.join(known)}")
    return zone


class StandingSettings(Settings):
    """[standing]: what the world publishes about the sender."""

    selectors: tuple[Selector, ...] = Field(
        (), description="DKIM selectors of the real mail, beside that of `sender.dkim`. They cannot be listed by DNS."
    )
    spamhaus_key: Annotated[Secret, checked_secret(_key)] | None = Field(
        None, description="Key of Spamhaus DQS, which answers through any resolver. Free for low volume."
    )
    lists_off: tuple[Annotated[str, AfterValidator(_zone)], ...] = Field(
        (), description='Zones of blocklists that are not asked: `["all.s5h.net"]`.'
    )
    validating: bool = Field(
        False,
        description="The name servers of `[dns]` validate DNSSEC and nobody can change their answers on the way: "
        "believe their AD bit.",
    )

    def list_access(self) -> ListAccess:
        """Return how blocklists are asked. Raises MissingSecretError."""
        return ListAccess("" if self.spamhaus_key is None else self.spamhaus_key.get_secret_value(), self.lists_off)
