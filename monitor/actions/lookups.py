"""Questions to the outside that people's requests lead to: DNS about a domain, the sender's mail service about an
address.

Where DNS is simulated, it is not asked: it would answer about other domains than people mean.
"""

from collections.abc import Callable, Sequence

from monitor.actions.sender_log import sender_log
from monitor.config import Config
from monitor.config.simulated import simulates_dns
from monitor.triage.facts import SenderLog
from probes.outside import Outside
from probes.resolver import MailHosts, Unresolved
from probes.standing.asking import Asker
from probes.standing.fact import Fact
from probes.standing.reach import mail_hosts, stopping


class Lookups:
    """These questions by the configuration that is in force. `seconds` bounds each of them."""

    def __init__(self, config: Callable[[], Config], outside: Outside) -> None:
        self._config, self._outside = config, outside

    async def mail_hosts(self, domain: str, seconds: float) -> MailHosts | Unresolved | None:
        """Return the mail hosts of a domain; None where DNS is simulated."""
        config = self._config()
        if simulates_dns(config):
            return None
        return await mail_hosts(domain, config.sender.domain, self._asker(config), seconds)

    async def stopping(self, domain: str, seconds: float) -> Sequence[Fact]:
        """Return what a domain publishes that stops mail to it."""
        config = self._config()
        return () if simulates_dns(config) else await stopping(domain, self._asker(config), seconds)

    async def sender_log(self, address: str, seconds: float) -> SenderLog | None:
        """Return what the sender's mail service knows of an address; None where it cannot be asked."""
        return await sender_log(self._config(), address, self._outside, seconds)

    def _asker(self, config: Config) -> Asker:
        outside = self._outside
        return Asker(outside.resolver, outside.http, outside.now, config.standing.validating)
