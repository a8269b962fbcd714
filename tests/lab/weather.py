"""Bad weather in the lab: faults that hit everybody alike, made and mended, and one probe of each path through them.

The companies are `companies.BAD_WEATHER`; `lab(BAD_WEATHER)` has them alone. Times are short: a fault that lasts is a
verdict after six seconds.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import read_config
from monitor.events import Event
from monitor.probing.network import Network
from monitor.probing.outside import outside_of
from monitor.store import Store
from probes.evidence import Dialogue
from probes.kinds import Kind
from probes.sender import Role
from tests.lab import config
from tests.lab.lab import Lab, Site
from tests.lab.network import US
from tests.lab.postfix import PROXY_PORT
from tests.lab.probing import verdicts_in
from tests.lab.service import SECONDS

PACE = 'code_life = "4s"\ngive_up = "6s"\nretry = ["2s"]\ntimeout = "2s"'
COMPARED = (Role.SENDER, Role.CONTROL)


@contextmanager
def line_cut() -> Iterator[None]:
    """Nothing of ours gets out to any port 25, and nobody says so."""
    US.filter(out=["tcp dport 25 drop"])
    try:
        yield
    finally:
        US.filter()


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    """Nobody listens at this company: whoever connects is reset."""
    site.postfix.stop()
    try:
        yield
    finally:
        site.postfix.start()


@contextmanager
def firewall(site: Site, rule: str) -> Iterator[None]:
    """This company's firewall has a rule more: "tcp dport 25 reject with tcp reset"."""
    site.namespace.filter([*site.company.firewall, rule])
    try:
        yield
    finally:
        site.namespace.filter(site.company.firewall)


def direct(*sites: Site) -> dict[str, dict[str, str]]:
    """Routes to the MX of these companies, as `Weather.probe` takes them."""
    return {site.company.name: {"hq": config.DIRECT} for site in sites}


def through_gateway(site: Site) -> dict[str, dict[str, str]]:
    """The routes by which a company's own gateway lets us speak as the sender's client."""
    host = site.namespace.address
    ways = {
        "xclient": f'{{ via = "xclient", host = "{host}" }}',
        "proxy": f'{{ via = "proxy", host = "{host}", port = {PROXY_PORT} }}',
    }
    return {site.company.name: ways}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one round of probes has shown, by "company/path" and role."""

    events: Sequence[Event]
    network: Network
    began: datetime

    def verdict(self, path: str, role: Role = Role.SENDER) -> str:
        """The last verdict as "outcome cause"."""
        told = verdicts_in(self.events)[path, role][-1]
        return f"{told.outcome} {told.cause or '-'}"

    def because(self, path: str, role: Role = Role.SENDER) -> str:
        """The last verdict's sentence."""
        return verdicts_in(self.events)[path, role][-1].because

    def dialogues(self, path: str, role: Role = Role.SENDER) -> list[Dialogue]:
        """All attempts."""
        return [
            event.what
            for event in self.events
            if isinstance(event.what, Dialogue)
            and (f"{event.probe.company}/{event.probe.path}", event.probe.role) == (path, role)
        ]

    @property
    def reachable(self) -> bool | None:
        """Whether anything outside was reached since the round began."""
        return self.network.uplink.reachable_since(self.began)


def text_of(
    lab: Lab, routes: Mapping[str, Mapping[str, str]], references: Sequence[Site] = (), every: str = "1h"
) -> str:
    """A configuration with these routes, by company and path. `references` are asked whether our line is down."""
    named = ", ".join(f'"mx.{site.company.domain}"' for site in references)
    text = config.head(every) + (f"\n[network]\nreferences = [{named}]\n" if references else "")
    for name, ways in routes.items():
        site = lab[name]
        text += config.company(site, PACE, {key: config.path(lab, site, route=way) for key, way in ways.items()})
    return text


def probe(
    lab: Lab,
    folder: Path,
    routes: Mapping[str, Mapping[str, str]],
    roles: Sequence[Role] = COMPARED,
    references: Sequence[Site] = (),
) -> Seen:
    """One probe of each path in each role, to its end. To be called in our namespace."""
    file = folder / "config.toml"
    file.write_text(text_of(lab, routes, references))
    return asyncio.run(_probe(file, roles))


async def _probe(file: Path, roles: Sequence[Role]) -> Seen:
    settings = read_config(file)
    heard: list[Event] = []
    began = utc_now()
    async with outside_of(settings) as outside, Store.open(settings.store.url) as store, AsyncExitStack() as rest:
        network = Network(outside, rest=0.5)
        network.configure(settings)
        network.start()
        pipeline = await rest.enter_async_context(
            pipeline_of(settings, store, heard.append, network.on_event, owns_orphans=False, outside=outside)
        )
        for path in settings.paths():
            for role in roles:
                await pipeline.launch(path, Kind.VERIFICATION, role)
        async with asyncio.timeout(SECONDS):
            while pipeline.flights:
                pipeline.tick(utc_now())
                await asyncio.sleep(0.1)
    await network.close()
    return Seen(heard, network, began)
