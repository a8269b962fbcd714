"""The names that a remedy of one mail system is filled with."""

from monitor.config import Config
from probes.mailsystems.remedy import RemedyNames
from probes.mailsystems.table import system_label


def names_for(config: Config, system: str) -> RemedyNames:
    """Return them for the configured sender."""
    sender = config.sender
    return RemedyNames(sender.domain, sender.source_ip, sender.address, system_label(system) or "the mail system")
