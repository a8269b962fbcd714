"""The doctor inside the service: one round of examinations at a time, and what the last one found so far."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from monitor.doctor.observation import Examination, Observation, Premises
from monitor.doctor.table import EXAMINATIONS, examine
from monitor.supervised import SupervisedTask

ROUND_SECONDS = 120.0  # for all examinations; what is left then was not tried

log = structlog.get_logger("doctor")


@dataclass(slots=True)
class DoctorRound:
    """A round and its findings so far. `ended` is None while it runs; `cut` is why it ended early."""

    began: datetime
    ended: datetime | None = None
    cut: str = ""
    found: list[tuple[Examination, Observation]] = field(default_factory=list)

    @property
    def made(self) -> int:
        """The number of examinations that have begun."""
        names = [each.name for each in EXAMINATIONS]
        return max((names.index(examination.name) + 1 for examination, _ in self.found), default=0)

    def of(self, examination: Examination) -> Sequence[Observation]:
        """Return what an examination found."""
        return [finding for made, finding in self.found if made is examination]


class Doctor:
    """Examines this installation for people. `premises` is called in a thread at the start of each round."""

    def __init__(self, premises: Callable[[], Premises], now: Callable[[], datetime]) -> None:
        self.last: DoctorRound | None = None
        self._premises, self._now = premises, now
        self._task = SupervisedTask("doctor", self._examine)

    @property
    def running(self) -> bool:
        """True while a round is under way."""
        return self.last is not None and self.last.ended is None

    def begin(self) -> bool:
        """Begin a round; False if one is under way: it goes on."""
        if self.running:
            return False
        self.last = DoctorRound(self._now())
        self._task.start()
        return True

    async def close(self) -> None:
        """Examine no more."""
        await self._task.close()

    async def _examine(self) -> None:
        this = self.last
        assert this is not None
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                async for examination, finding in examine(await asyncio.to_thread(self._premises)):
                    this.found.append((examination, finding))
        except TimeoutError:
            this.cut = f"{ROUND_SECONDS:.0f} seconds were over"
        except Exception:  # a round that fails is not begun again by itself
            log.exception("the doctor failed")
            this.cut = "it failed, and the log of the service says why"
        finally:
            this.ended = self._now()
