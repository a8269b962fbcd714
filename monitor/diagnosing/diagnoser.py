"""Run diagnoses: ask the plan for the next arm, send it within all caps, wait for its verdict, until it concludes.

The store has the state. An arm is stored with its probe before it is sent, so that whoever goes on after a crash sees
it, and waits for it instead of sending it again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum, auto

import structlog

from monitor.config import Config, WatchedPath
from monitor.diagnosing.answers import ArmProbe, answers_of, arm_probes
from monitor.diagnosing.preparing import arm_of, kind_of, still_fits
from monitor.events import Event, Judged
from monitor.probing.caps import wait_for_room
from monitor.probing.dispatch import Launcher
from monitor.probing.pipeline import LaunchError
from monitor.store import Store, StoreDownError
from monitor.store.diagnoses import Diagnosis
from probes.check import Check
from probes.diagnosis.conclude import Conclusion, DiagnosisResult, NoFactor
from probes.diagnosis.factors import Factor
from probes.diagnosis.plan import Mixture, next_step
from probes.probe import ProbePurpose
from probes.sender import Role

LOOK_SECONDS = 5.0  # between looks at the store, where another process may have stored the verdict
ALIVE_SECONDS = 20.0  # how often a running diagnosis says that somebody works on it
ABANDONED_AFTER = timedelta(minutes=2)  # without that, another process may go on with it

log = structlog.get_logger("diagnosis")


Watching = Callable[[Diagnosis, list[ArmProbe]], None]
"""Called after each change of a running diagnosis."""


class Work(Enum):
    """The process that works on a running diagnosis: this one or another."""

    OURS = auto()
    ANOTHERS = auto()


def _nobody(_diagnosis: Diagnosis, _probes: list[ArmProbe]) -> None:
    return None


class Diagnoser:
    """Runs diagnoses with this pipeline. `driver` names this process in the store."""

    def __init__(
        self,
        store: Store,
        launcher: Callable[[], Launcher],
        config: Callable[[], Config],
        now: Callable[[], datetime],
        driver: str,
        *,
        on_change: Watching = _nobody,
        on_end: Callable[[Diagnosis, Conclusion], None] = lambda _diagnosis, _conclusion: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._launcher, self._config, self._now = store, launcher, config, now
        self._driver, self._on_change, self._on_end, self._pause = driver, on_change, on_end, pause
        self._news = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Listen to the pipeline: a verdict on an arm is awaited."""
        if event.probe.purpose is ProbePurpose.DIAGNOSIS and isinstance(event.what, Judged):
            self._news.set()

    async def run(self, diagnosis: Diagnosis) -> Conclusion:
        """Go on with a diagnosis until its end, and store the conclusion. One that another process has adopted since is
        only watched. Raises StoreError, but waits while the store is down."""
        await self._adopt(diagnosis)
        alive = asyncio.create_task(self._stay_alive(diagnosis))
        try:
            while True:
                try:
                    conclusion = await self._advance(diagnosis)
                except StoreDownError:
                    await self._pause(LOOK_SECONDS)
                    continue
                if conclusion:
                    await self._store.diagnoses.end(diagnosis.id, conclusion, self._now())
                    log.info("diagnosis ended", path=f"{diagnosis.company}/{diagnosis.path}", result=conclusion.result)
                    self._on_end(diagnosis, conclusion)
                    return conclusion
        finally:
            alive.cancel()
            await asyncio.gather(alive, return_exceptions=True)

    async def _advance(self, diagnosis: Diagnosis) -> Conclusion | None:
        """Do one step: wait for an arm, or send the next one; return the conclusion at the end."""
        self._news.clear()
        probes = arm_probes(await self._store.diagnoses.arms(diagnosis))
        self._on_change(diagnosis, probes)
        state = await self._state(diagnosis)
        if isinstance(state, Conclusion):
            return state
        if state is Work.ANOTHERS or any(each.answer is None for each in probes):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            return None
        step = next_step(diagnosis.setup, answers_of(probes))
        if isinstance(step, Conclusion):
            return step
        path = self._launcher().path(Check(diagnosis.company, diagnosis.path, diagnosis.kind))
        if path is None or diagnosis.other not in self._config().identities():
            return Conclusion(DiagnosisResult.VOID, NoFactor.NO_RESULT, probes=len(probes))
        if not still_fits(self._config(), diagnosis, path):
            return Conclusion(DiagnosisResult.VOID, NoFactor.RECONFIGURED, probes=len(probes))
        await self._wait_for_spacing(diagnosis, probes)
        if await self._state(diagnosis) is not Work.OURS:
            return None
        return await self._launch(diagnosis, path, step, len(probes))

    async def _adopt(self, diagnosis: Diagnosis) -> None:
        while True:
            try:
                return await self._store.diagnoses.adopt(diagnosis.id, self._driver, self._now())
            except StoreDownError:
                await self._pause(LOOK_SECONDS)

    async def _state(self, diagnosis: Diagnosis) -> Work | Conclusion:
        """Return whose work it is, or the conclusion: a person may have stopped it."""
        record = await self._store.diagnoses.one(diagnosis.id)
        if record is None or record.ended_at:
            ended = record.conclusion if record else None
            return ended or Conclusion(DiagnosisResult.VOID, NoFactor.NO_RESULT)
        return Work.OURS if record.driver == self._driver else Work.ANOTHERS

    async def _wait_for_spacing(self, diagnosis: Diagnosis, probes: list[ArmProbe]) -> None:
        if probes and (wait := (probes[-1].sent_at + diagnosis.spacing - self._now()).total_seconds()) > 0:
            await self._pause(min(wait, diagnosis.spacing.total_seconds()))

    async def _launch(self, diagnosis: Diagnosis, path: WatchedPath, own: Mixture, sent: int) -> Conclusion | None:
        """Send one arm within the caps of all purposes."""
        caps = self._launcher().caps
        if caps and not await wait_for_room(caps, path, self._now, self._pause):
            return Conclusion(DiagnosisResult.NOT_TOLD_APART, NoFactor.CAP, probes=sent)
        arm = arm_of(diagnosis, own, self._config().identities())
        role = Role.SENDER if Factor.FROM in own else diagnosis.other
        kind = kind_of(diagnosis, own, path.kinds)
        try:
            await self._launcher().launch(path, kind, role, ProbePurpose.DIAGNOSIS, arm=arm)
        except LaunchError as error:
            log.warning("diagnosis cannot go on", path=path.key, reason=str(error))
            return Conclusion(DiagnosisResult.VOID, NoFactor.NO_RESULT, probes=sent)
        return None

    async def _stay_alive(self, diagnosis: Diagnosis) -> None:
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            with suppress(StoreDownError):
                await self._store.diagnoses.keep_alive(diagnosis.id, self._driver, self._now())
