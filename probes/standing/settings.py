"""`[standing]`: what Mailpath cannot find out about the sender by itself."""

from pydantic import Field

from probes.dkim import Selector
from probes.settings import Settings


class StandingSettings(Settings):
    """[standing]: what the world publishes about the sender."""

    selectors: tuple[Selector, ...] = Field(
        (), description="DKIM selectors of the real mail, beside that of `sender.dkim`. They cannot be listed by DNS."
    )
    validating: bool = Field(
        False,
        description="The name servers of `[dns]` validate DNSSEC and nobody can change their answers on the way: "
        "believe their AD bit.",
    )
