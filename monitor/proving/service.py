"""The tests of remedies in the service: each begins when its time has come, and goes on after a restart."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

import structlog

from monitor.config import Config
from monitor.events import Event
from monitor.probing.dispatch import Launcher
from monitor.proving.prover import RemedyProver
from monitor.remedying.applied import AppliedRemedy, RemedyState
from monitor.remedying.lapse import counted_by_state
from monitor.store import Store, StoreError
from monitor.supervised import SupervisedTask

LOOK_SECONDS = 5.0  # between looks for tests that are due, which another process may have planned

log = structlog.get_logger("remedies")


class RemedyTests:
    """Tests remedies until `close`; what runs then goes on at the next start."""

    def __init__(
        self,
        store: Store,
        launcher: Callable[[], Launcher],
        now: Callable[[], datetime],
        *,
        on_result: Callable[[], None] = lambda: None,
        look: float = LOOK_SECONDS,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`on_result` is called when a result is in the store, `pause` between the probes of a test."""
        self._config = Config()
        self._store, self._now, self._look = store, now, look
        self._on_result = on_result
        self._prover = RemedyProver(store, launcher, lambda: self._config, now, on_result=self._decided, pause=pause)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._records: Sequence[AppliedRemedy] = ()
        self._news = asyncio.Event()
        self._task = SupervisedTask("remedies", self._run)

    @property
    def counts(self) -> dict[tuple[str, RemedyState], int]:
        """The number of remedies of each company in each state, as the store was last read."""
        return counted_by_state(self._records, self._now())

    def on_event(self, event: Event) -> None:
        """Listen to the pipeline."""
        self._prover.on_event(event)

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        self._config = config

    def start(self) -> None:
        """Go on with what the last run left, and begin what is due."""
        self._task.start()

    def poke(self) -> None:
        """Look soon: a remedy was noted, or a test was asked for."""
        self._news.set()

    async def close(self) -> None:
        """Stop; nothing is lost."""
        await self._task.close()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def look(self) -> None:
        """Begin the tests that are due. Raises StoreError."""
        self._records = await self._store.remedies.every()
        for applied in self._records:
            if applied.awaited and applied.test_at <= self._now() and applied.test not in self._running:
                self._running[applied.test] = asyncio.create_task(self._run_one(applied), name=f"remedy {applied.id}")

    async def _run_one(self, applied: AppliedRemedy) -> None:
        try:
            await self._prover.run(applied)
            self.poke()
        except StoreError as error:
            log.error("test of a remedy interrupted", remedy=applied.id, reason=str(error))
        except Exception:
            log.exception("test of a remedy interrupted", remedy=applied.id)
        finally:
            self._running.pop(applied.test, None)

    def _decided(self, _applied: AppliedRemedy, _state: RemedyState) -> None:
        self._on_result()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            with suppress(StoreError):  # of which the service tells
                await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look):
                    await self._news.wait()
