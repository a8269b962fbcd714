"""The diagnoses of the service: those that people start, those that incidents start, and those that a process left.

Which run is in the store. A restart of the service goes on with its own at once; with one of a command, as soon as that
command has not said for a while that it lives.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog

from monitor.config import Config
from monitor.config.diagnosis import StartOn
from monitor.diagnosing.begin import begin, prepared
from monitor.diagnosing.diagnoser import ABANDONED_AFTER, Diagnoser
from monitor.diagnosing.preparing import NotAllowedError
from monitor.diagnosing.starting import ONCE_IN, to_diagnose
from monitor.events import Event, Judged
from monitor.incidents.incident import Incident
from monitor.probing.dispatch import Launcher
from monitor.store import Store, StoreError
from monitor.store.diagnoses import Diagnosis, DiagnosisRecord
from monitor.supervised import SupervisedTask
from probes.diagnosis.conclude import Conclusion
from probes.probe import ProbePurpose

LOOK_SECONDS = 15.0  # between looks for what is to be started or gone on with
DRIVER = "service"
TO_BE_RUN = "any service"  # the driver of those that a process began which runs none

log = structlog.get_logger("diagnosis")


class IncidentRules(Protocol):
    """The incident rules, as far as diagnoses need them."""

    @property
    def incidents(self) -> Sequence[Incident]:
        """The open incidents."""
        ...

    def poke(self) -> None:
        """Look soon: something may have changed."""


class Diagnoses:
    """Runs diagnoses until `close`; what runs then goes on at the next start."""

    def __init__(
        self,
        store: Store,
        launcher: Callable[[], Launcher],
        now: Callable[[], datetime],
        incident_engine: Callable[[], IncidentRules],
        *,
        look: float = LOOK_SECONDS,
    ) -> None:
        """`incident_engine` has the open incidents, and is woken when a conclusion is in the store."""
        self.concluded: Counter[str] = Counter()  # by result
        self.probes: Counter[str] = Counter()  # by company
        self._config = Config()
        self._store, self._now, self._incident_engine = store, now, incident_engine
        self._look = look
        self._diagnoser = Diagnoser(store, launcher, lambda: self._config, now, DRIVER, on_end=self._ended)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._adopted = False
        self._task = SupervisedTask("diagnoses", self._run)

    def on_event(self, event: Event) -> None:
        """Listen to the pipeline."""
        if event.probe.purpose is ProbePurpose.DIAGNOSIS and isinstance(event.what, Judged) and not event.what.amends:
            self.probes[event.probe.company] += 1
        self._diagnoser.on_event(event)

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        self._config = config

    def start(self) -> None:
        """Go on with what the last run left, and start what is due."""
        self._task.start()

    async def close(self) -> None:
        """Stop; nothing is lost."""
        await self._task.close()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def begin(self, diagnosis: Diagnosis, who: str, way: str) -> None:
        """Start a diagnosis for a person. Raises NotAllowedError if one runs on this path, StoreError."""
        await begin(self._store, diagnosis, DRIVER, who, way)
        self._go_on(diagnosis)

    async def look(self) -> None:
        """Go on with diagnoses that nobody works on, and start those of incidents. Raises StoreError."""
        running = await self._store.diagnoses.running()
        for record in running:
            if record.diagnosis.id not in self._running and self._is_ours(record):
                self._go_on(record.diagnosis)
        self._adopted = True
        if self._config.diagnosis.start is StartOn.UNCLEAR:
            await self._start_for_incidents(running)

    def _is_ours(self, record: DiagnosisRecord) -> bool:
        mine = record.driver == DRIVER and not self._adopted
        return mine or record.driver == TO_BE_RUN or self._now() - record.alive_at > ABANDONED_AFTER

    async def _start_for_incidents(self, running: Sequence[DiagnosisRecord]) -> None:
        config, now = self._config, self._now()
        recent = [*running, *await self._store.diagnoses.ended_since(now - 2 * ONCE_IN)]
        began = {record.place: record.diagnosis.began_at for record in sorted(recent, key=_began_at)}
        paths = {(path.company, path.path): path for path in config.paths()}
        places = {record.place for record in running}
        for wanted in to_diagnose(self._incident_engine().incidents, paths, began, places, now):
            try:
                diagnosis = await prepared(self._store, config, wanted, "", now)
                await begin(self._store, diagnosis, DRIVER, "", "incident")
            except NotAllowedError as error:
                log.debug("no diagnosis started", reason=str(error))
                continue
            log.info("diagnosis started", path=wanted.path.key, incident=wanted.incident)
            self._go_on(diagnosis)

    def _go_on(self, diagnosis: Diagnosis) -> None:
        self._running[diagnosis.id] = asyncio.create_task(self._run_one(diagnosis), name=f"diagnosis {diagnosis.id}")

    async def _run_one(self, diagnosis: Diagnosis) -> None:
        try:
            await self._diagnoser.run(diagnosis)
        except StoreError as error:
            log.error("diagnosis interrupted", diagnosis=diagnosis.id, reason=str(error))
        except Exception:
            log.exception("diagnosis interrupted", diagnosis=diagnosis.id)
        finally:
            self._running.pop(diagnosis.id, None)

    def _ended(self, _diagnosis: Diagnosis, conclusion: Conclusion) -> None:
        self.concluded[conclusion.result] += 1
        self._incident_engine().poke()

    async def _run(self) -> None:
        while True:
            with suppress(StoreError):  # of which the service tells
                await self.look()
            await asyncio.sleep(self._look)


def _began_at(record: DiagnosisRecord) -> datetime:
    return record.diagnosis.began_at
