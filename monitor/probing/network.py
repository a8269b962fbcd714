"""Our own way out, followed: every connection of a `direct` dialogue tells, and when one fails, references are asked.

References are asked only while connections fail, and then at most once in CHECK_PAUSE_SECONDS: no outside host is
bothered all day. A check requested meanwhile is made at the end of the pause, so that the answer is never older than
the failure.
"""

import asyncio
from collections.abc import Awaitable, Iterator

import structlog

from monitor.config import Config
from monitor.events import Event
from monitor.supervised import SupervisedTask
from probes.answer import Fault, Stage
from probes.evidence import Dialogue, Handover, connected_at
from probes.outside import Outside
from probes.reference import SMTP_PORT, ReferenceResult, ask, ask_mail_hosts
from probes.route_traits import WayOut, traits_of
from probes.routes.wire import has_local_address
from probes.uplink import Uplink

CHECK_PAUSE_SECONDS = 20.0  # seconds from one check to the next
CHECK_SECONDS = 5.0  # for one check; less where dialogues have less than twice that, so that it ends before they do
MAX_REFERENCES = 5

log = structlog.get_logger("network")


class Network:
    """Tests if outside hosts can be reached from the source IP."""

    def __init__(self, outside: Outside, *, rest: float = CHECK_PAUSE_SECONDS) -> None:
        self.uplink = Uplink()
        self._outside, self._rest = outside, rest
        self._config = Config()
        self._followed: frozenset[tuple[str, str]] = frozenset()
        self._timeout = CHECK_SECONDS
        self._wanted = asyncio.Event()
        self._asked = False
        self._task = SupervisedTask("network", self._run)

    @property
    def reference_up(self) -> bool | None:
        """True if our connection is known to work; None as long as no reference was asked."""
        return self.uplink.up if self._asked else None

    def configure(self, config: Config) -> None:
        """Use this configuration from now on. Results for another source IP are dropped."""
        if config.sender.source_ip != self._config.sender.source_ip:
            self.uplink, self._asked = Uplink(), False
        self._config = config
        followed = [
            path
            for path in config.paths()
            if traits_of(path.route.via).way_out is WayOut.INTERNET and path.route.port == SMTP_PORT
        ]
        self._followed = frozenset((path.company, path.path) for path in followed)
        self._timeout = min([CHECK_SECONDS, *(path.timeout.total_seconds() / 2 for path in followed)])

    def start(self) -> None:
        """Start asking on demand."""
        self._task.start()

    async def close(self) -> None:
        """Stop asking."""
        await self._task.close()

    def on_event(self, event: Event) -> None:
        """Handle an event of the pipeline."""
        dialogue, probe = event.what, event.probe
        if not isinstance(dialogue, Dialogue) or (probe.company, probe.path) not in self._followed:
            return
        if probe.source_ip != self._config.sender.source_ip or dialogue.handover is Handover.WITHHELD:
            return
        if at := connected_at(dialogue):
            self.uplink = self.uplink.succeeded(at)
        elif dialogue.last.stage is Stage.CONNECT or dialogue.last.fault is Fault.LOOKUP_FAILED:
            self._wanted.set()

    async def check(self) -> None:
        """Ask all references at once. One answer is enough; if none can be reached, the first one's result counts."""
        if not has_local_address(self._config.sender.source_ip):
            return
        answers = [each for each in await asyncio.gather(*self._questions()) if each.reached is not None]
        before, now = self.reference_up, self._outside.now()
        if reached := next((each for each in answers if each.reached), None):
            self._asked, self.uplink = True, self.uplink.succeeded(now)
            if before is False:
                log.info("reference host reachable again", reference=reached.reference, reply=reached.text)
        elif answers:
            self._asked, self.uplink = True, self.uplink.failed(now, answers[0].reference)
            if before is not False:
                log.warning("no reference host reachable", reference=answers[0].reference, reason=answers[0].text)

    def _questions(self) -> Iterator[Awaitable[ReferenceResult]]:
        """To the references that are configured; without any, to the mail hosts of the domains that we send from."""
        source, resolver = self._config.sender.source_ip, self._outside.resolver
        if references := self._config.network.references:
            for reference in references[:MAX_REFERENCES]:
                yield ask(reference, source, resolver, timeout=self._timeout)
            return
        for domain in dict.fromkeys(identity.domain for identity in self._config.identities().values()):
            yield ask_mail_hosts(domain, source, resolver, timeout=self._timeout)

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self.check()
            except Exception:
                log.exception("reference check failed")
            await asyncio.sleep(self._rest)
