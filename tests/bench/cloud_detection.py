"""How soon mail in a mailbox by API is a stored verdict: at the default interval of looks, or when the server pushes.

Each probe is put into its mailbox at a moment of its own while we look: an interval costs what mail waits for the next
look. The fakes answer at once; a real cloud adds its own time, and that until it lists the mail.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any, NamedTuple

from monitor.config import WatchedPath
from monitor.events import Event, Judged
from probes.http import HttpSession
from probes.kinds import Kind
from probes.mailboxes.gmail import GmailMailbox
from probes.mailboxes.graph import GraphMailbox
from probes.outside import Outside
from tests.bench.figures import Figure, Finding, quantile
from tests.bench.load import PATIENCE
from tests.bench.loopback_service import bench_folder
from tests.bench.round_trip import Step
from tests.clouds.loopback_google import GmailWorld, gmail_mailbox, google_domain
from tests.clouds.loopback_microsoft import GraphWorld, graph_mailbox, graph_tenant
from tests.support.jmap_server import PushedWorld, jmap_server
from tests.support.mailbox_worlds import MailboxWorld
from tests.support.outside_world import outside_world
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

GROUP = "Detection in mailboxes by API"
SEED = 1


@dataclass(frozen=True, slots=True)
class DetectionPlan:
    """So many probes at once to each mailbox, and so often. `poll`: the interval of looks, None for the default."""

    probes: int
    rounds: int
    poll: timedelta | None = None
    steps: int = 1


DETECTION_FULL = DetectionPlan(probes=10, rounds=2)
DETECTION_QUICK = DetectionPlan(probes=5, rounds=1, poll=timedelta(seconds=2))


class Watched(NamedTuple):
    """A mailbox as it is configured, and the way in which mail comes into it."""

    mailbox: Any
    world: MailboxWorld
    outside: Outside


async def measure_detection(plan: DetectionPlan, step: Step) -> list[Finding]:
    """All kinds of mailboxes at the same time."""
    step("mailboxes by API: detection")
    graph, gmail = (plan.poll or kind.model_fields["poll"].default for kind in (GraphMailbox, GmailMailbox))
    opened = {
        f"Graph, looked at every {graph.total_seconds():.0f} s": _graph(graph),
        f"Gmail, looked at every {gmail.total_seconds():.0f} s": _gmail(gmail),
        "JMAP with push": _jmap(),
    }
    chance = random.Random(SEED)
    one_at_a_time = asyncio.Lock()  # in which stores are made
    found = await asyncio.gather(*(_measured(plan, each, graph, chance, one_at_a_time) for each in opened.values()))
    return [
        Figure(GROUP, f"{name}: in the mailbox -> verdict stored, {label}", "s", (quantile(seconds, share),), target)
        for name, seconds, poll in zip(opened, found, (graph, gmail, timedelta(0)), strict=True)
        for label, share, target in (
            ("p50", 0.5, ""),
            ("longest", 1.0, f"<= {poll.total_seconds() + 1:.0f}"),
        )
    ]


@dataclass
class DelayedDelivery:
    """The mail server of a path: it delivers some time after it has taken a mail, and notes when."""

    world: MailboxWorld
    seconds: float
    delivered: list[float] = field(default_factory=list)

    def deliver(self, content: bytes, *, junk: bool = False, return_path: str = "") -> None:
        """Take it; a route of the tests calls this."""
        asyncio.get_running_loop().call_later(self.seconds, self._put, content)

    def _put(self, content: bytes) -> None:
        self.world.deliver(content)
        self.delivered.append(monotonic())


async def _measured(
    plan: DetectionPlan,
    opened: AbstractAsyncContextManager[Watched],
    within: timedelta,
    chance: random.Random,
    making: asyncio.Lock,
) -> list[float]:
    """Return the seconds of each probe from its delivery to its stored verdict."""
    judged = defaultdict[str, list[float]](list)
    more = asyncio.Event()

    def listen(event: Event) -> None:
        if isinstance(event.what, Judged):
            judged[event.company].append(monotonic())
            more.set()

    with bench_folder() as folder:
        async with opened as (mailbox, world, outside), AsyncExitStack() as house:
            app = PipelineApp(folder)
            app.parts = {"http": outside.http, "accounts": outside.accounts}
            delays = [chance.uniform(1, 1 + within.total_seconds()) for _ in range(plan.probes)]
            servers = [DelayedDelivery(world, delay) for delay in delays]
            paths = [_path(number, server, mailbox) for number, server in enumerate(servers)]
            async with making:
                pipeline, _, _ = await house.enter_async_context(app.service(*paths, listeners=[listen]))
            for number in range(1, plan.rounds + 1):
                for path in paths:
                    await pipeline.launch(path, Kind.TWO_STEP_CODE)
                async with asyncio.timeout(2 * within.total_seconds() + PATIENCE):
                    while sum(map(len, judged.values())) < number * plan.probes:
                        more.clear()
                        await more.wait()
    return [
        at - delivered
        for path, server in zip(paths, servers, strict=True)
        for at, delivered in zip(judged[path.company], server.delivered, strict=True)
    ]


def _path(number: int, server: Any, mailbox: Any) -> WatchedPath:
    return watched(ScriptedRoute(mailbox=server), mailbox, company=f"c{number}")


@asynccontextmanager
async def _graph(poll: timedelta) -> AsyncIterator[Watched]:
    async with graph_tenant() as tenant:
        yield Watched(graph_mailbox(poll=poll), GraphWorld(tenant), tenant.outside)


@asynccontextmanager
async def _gmail(poll: timedelta) -> AsyncIterator[Watched]:
    async with google_domain() as domain:
        yield Watched(gmail_mailbox(poll=poll), GmailWorld(domain), domain.outside)


@asynccontextmanager
async def _jmap() -> AsyncIterator[Watched]:
    async with jmap_server() as server, HttpSession() as http:
        world = PushedWorld(server, outside_world(http=http))
        yield Watched(world.mailbox, world, world.outside)
