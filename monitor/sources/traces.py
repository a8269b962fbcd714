"""One tracer per trace: questions about several probes that come together are put in one request.

Every question gets an answer, also if the trace cannot be asked: then that is the answer. Nothing is kept between two
requests, so a restart loses none: who still wants to know asks again.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from monitor.supervised import SupervisedTask
from probes.outside import Outside
from probes.traced import Traced, TraceFate
from probes.traces import Answers, Trace, TraceError, TraceQuestion

GATHER_SECONDS = 0.5  # in which questions are gathered before the first of them is put
ANSWER_SECONDS = 90.0  # for one request with all its pages

log = structlog.get_logger("traces")


class _Asked(NamedTuple):
    question: TraceQuestion
    answer: asyncio.Future[Sequence[Traced]]


class Tracer:
    """A trace at work. `trace` may be replaced by one with the same key."""

    def __init__(self, trace: Trace, outside: Outside) -> None:
        self.trace = trace
        self._outside = outside
        self._now: Callable[[], datetime] = outside.now
        self._waiting: list[_Asked] = []
        self._wanted = asyncio.Event()
        self._task = SupervisedTask(f"trace {trace.key}", self._run, on_death=self._died)

    async def ask(self, question: TraceQuestion) -> Sequence[Traced]:
        """Return what the trace says of this message: at least that it has no record, or could not be asked."""
        asked = _Asked(question, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        self._wanted.set()
        self._task.start()
        return await asked.answer

    async def close(self) -> None:
        """Ask no more. Whoever waits is cancelled."""
        await self._task.close()
        for asked in self._waiting:
            asked.answer.cancel()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._wanted.clear()
            self._waiting = [asked for asked in self._waiting if not asked.answer.done()]
            while self._waiting:
                batch = self._waiting[: self.trace.most_questions]
                await self._put(batch)
                self._waiting = [asked for asked in self._waiting if not asked.answer.done()]

    async def _put(self, batch: Sequence[_Asked]) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answers = await self.trace.ask([asked.question for asked in batch], self._outside)
        except TraceError as error:
            self._failed(batch, str(error))
        except TimeoutError:
            self._failed(batch, f"no answer within {ANSWER_SECONDS:.0f} s")
        else:
            self._answer(batch, answers)

    def _answer(self, batch: Sequence[_Asked], answers: Answers) -> None:
        for asked in batch:
            if not asked.answer.done():
                said = answers.get(asked.question.message_id) or [self._nothing(TraceFate.NEVER_SEEN)]
                asked.answer.set_result(said)

    def _failed(self, batch: Sequence[_Asked], reason: str) -> None:
        log.warning("trace not asked", trace=self.trace.key, reason=reason, messages=len(batch))
        for asked in batch:
            if not asked.answer.done():
                asked.answer.set_result([self._nothing(TraceFate.NOT_ASKED, reason)])

    def _died(self, error: BaseException) -> None:
        """Answer whoever waits: this is a fault of ours, and says nothing of the messages."""
        waiting, self._waiting = self._waiting, []
        self._failed(waiting, f"a fault in Mailpath ({type(error).__name__})")

    def _nothing(self, fate: TraceFate, text: str = "") -> Traced:
        return Traced(self._now(), self.trace.via, self.trace.speaks_for, fate, text=text)
