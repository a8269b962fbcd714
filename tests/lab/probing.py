"""Mailpath's pipeline at work in this process: every path probed at once, and all that was heard of it."""

import asyncio
from collections.abc import Sequence

from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import Config
from monitor.events import Event, Judged
from monitor.store import Store
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Verdict
from tests.lab.service import SECONDS

Verdicts = dict[tuple[str, Role], list[Verdict]]
"""The verdicts on one probe, in their order, by "company/path" and role."""


async def probe_all(config: Config, roles: Sequence[Role] = tuple(Role)) -> list[Event]:
    """What happened to one probe of each path in each role, until nothing more was waited for."""
    heard: list[Event] = []
    async with (
        Store.open(config.store.url) as store,
        pipeline_of(config, store, heard.append, owns_orphans=False) as pipeline,
    ):
        for path in config.paths():
            for role in roles:
                await pipeline.launch(path, Kind.VERIFICATION, role)
        async with asyncio.timeout(SECONDS):
            while pipeline.flights:
                pipeline.tick(utc_now())
                await asyncio.sleep(0.1)
    return heard


def verdicts_in(events: Sequence[Event]) -> Verdicts:
    """The verdicts alone."""
    found: Verdicts = {}
    for event in events:
        if isinstance(event.what, Judged):
            key = (f"{event.probe.company}/{event.probe.path}", event.probe.role)
            found.setdefault(key, []).append(event.what.verdict)
    return found
