"""A pipeline for a configuration."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from monitor.config import Config
from monitor.events import Listener
from monitor.probing.outside import outside_of
from monitor.probing.pipeline import Pipeline
from monitor.store import Store
from probes.outside import Outside


@asynccontextmanager
async def pipeline_of(
    config: Config,
    store: Store,
    *listeners: Listener,
    owns_orphans: bool,
    outside: Outside | None = None,
    owns: Callable[[int], bool] = lambda _: True,
) -> AsyncIterator[Pipeline]:
    """Run a pipeline for this configuration, with an outside world of its own unless one is given. `owns` a bucket of
    mailboxes, `owns_orphans`: see `Pipeline`."""
    async with AsyncExitStack() as house:
        if outside is None:
            outside = await house.enter_async_context(outside_of(config, keeper=store.refresh_tokens))
        pipeline = Pipeline(store, outside, await store.key(), listeners, owns=owns, owns_orphans=owns_orphans)
        await pipeline.configure(config)
        try:
            yield pipeline
        finally:
            await pipeline.close()
