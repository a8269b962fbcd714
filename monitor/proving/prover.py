"""Test one remedy: ask for the next mail, send it within all caps, wait for its verdict, until there is a result.

The store has the state. A probe is stored with its arm before it is sent, so that whoever goes on after a crash sees
it, and waits for it instead of sending it again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog

from monitor.config import Config, WatchedPath
from monitor.diagnosing.preparing import spacing
from monitor.events import Event, Judged
from monitor.incidents.incident import HistoryEntry, IncidentEvent
from monitor.probing.caps import wait_for_room
from monitor.probing.dispatch import Launcher
from monitor.probing.pipeline import LaunchError
from monitor.proving.answers import PathAnswers, answers_by_path
from monitor.proving.preparing import twin_untested, with_twin_before
from monitor.remedying.applied import AppliedRemedy, PathProof, PathTest, RemedyState, joint_state, with_alarms
from monitor.remedying.proof import CONTROLS, SENDERS, TWIN, ended, next_proof
from monitor.remedying.words import ALARM_STANDS, STATES, lines_of, title_of
from monitor.store import Store, StoreDownError
from probes.check import Check
from probes.diagnosis.arm import Arm
from probes.diagnosis.plan import Mixture
from probes.mailsystems.remedy import Rung
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.token import new_probe_id

LOOK_SECONDS = 5.0  # between looks at the store, where another process may have stored a verdict or an undo
MOST_MAILS = 200  # of one test in one process: far more than any takes, should its own mails ever not be found

log = structlog.get_logger("remedies")


class RemedyProver:
    """Tests remedies with this pipeline."""

    def __init__(
        self,
        store: Store,
        launcher: Callable[[], Launcher],
        config: Callable[[], Config],
        now: Callable[[], datetime],
        *,
        on_result: Callable[[AppliedRemedy, RemedyState], None] = lambda _applied, _state: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store, self._launcher, self._config, self._now = store, launcher, config, now
        self._on_result, self._pause = on_result, pause
        self._news = asyncio.Event()
        self._sent: Counter[str] = Counter()  # mails of each test

    def on_event(self, event: Event) -> None:
        """Listen to the pipeline: a verdict on a test's probe is awaited."""
        if event.probe.purpose is ProbePurpose.REMEDY and isinstance(event.what, Judged):
            self._news.set()

    async def run(self, applied: AppliedRemedy) -> RemedyState | None:
        """Go on with the test of a remedy until its result is stored; None if it is no longer wanted, or planned for
        later. Raises StoreError, but waits while the store is down."""
        while True:
            try:
                present = await self._store.remedies.one(applied.id)
                if present is None or not present.awaited or present.test != applied.test:
                    return None
                if (proofs := await self._advance(present)) is not None:
                    return await self._finish(present, proofs)
            except StoreDownError:
                await self._pause(LOOK_SECONDS)

    async def _advance(self, applied: AppliedRemedy) -> tuple[PathProof, ...] | None:
        """Do one step: wait for a probe, or send the next one; return the results at the end, of no path if none is
        left that this release knows."""
        self._news.clear()
        found = answers_by_path(applied, await self._store.remedies.probes(applied))
        if any(each.awaited for each in found.values()):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._news.wait()
            return None
        proofs: list[PathProof] = []
        for test in applied.setup:
            step = next_proof(test, found[test.path].answers, skips=skips_a_filter(applied))
            if isinstance(step, PathProof):
                proofs.append(step)
            elif await self._launch(applied, test, step, found[test.path]):
                return None
            else:
                proofs.append(ended(test, found[test.path].answers))
        return tuple(proofs)

    async def _launch(self, applied: AppliedRemedy, test: PathTest, own: Mixture, known: PathAnswers) -> bool:
        """Send one mail within the caps of all purposes. False: it cannot be sent."""
        if self._sent[applied.test] >= MOST_MAILS:
            log.error("a remedy's test sends too much and is ended", company=applied.company, test=applied.test)
            return False
        path = self._launcher().path(Check(applied.company, test.path, test.kind))
        role = (test.other if own == CONTROLS else Role.SENDER) or Role.SENDER
        identities = self._config().identities()
        if path is None or role not in identities or (own != SENDERS and test.other not in identities):
            return False
        if own == TWIN and twin_untested(path, identities):  # the configuration has changed since the test was planned
            return False
        await self._wait_for_spacing(path, known)
        caps = self._launcher().caps
        if caps and not await wait_for_room(caps, path, self._now, self._pause):
            return False
        self._sent[applied.test] += 1
        arm = Arm(applied.test, own, test.other or Role.SENDER, identities[role].domain, own == SENDERS)
        try:
            await self._launcher().launch(path, test.kind, role, ProbePurpose.REMEDY, arm=arm)
        except LaunchError as error:
            log.warning("a remedy cannot be tested", path=path.key, reason=str(error))
            return False
        return True

    async def _wait_for_spacing(self, path: WatchedPath, known: PathAnswers) -> None:
        apart = spacing(self._config(), path)
        if known.sent_at and (wait := (known.sent_at + apart - self._now()).total_seconds()) > 0:
            await self._pause(min(wait, apart.total_seconds()))

    async def _finish(self, applied: AppliedRemedy, proofs: tuple[PathProof, ...]) -> RemedyState | None:
        now, result = self._now(), with_alarms(applied.proofs, proofs)
        if now < applied.acts_at:  # asked for before the mail system had its time: it may not act yet
            await self._store.remedies.test_again(
                applied, new_probe_id(now), applied.acts_at, with_twin_before(applied.setup, result), result
            )
            log.info("remedy tested early, and again later", company=applied.company, remedy=applied.remedy)
            return None
        state = joint_state(result)
        entry = HistoryEntry(applied.incident, now, IncidentEvent.REMEDY_TESTED, _said(applied, proofs, result))
        kept = await self._store.incidents.has(applied.incident)  # an old one may be deleted
        if not await self._store.remedies.decide(applied, result, now, *([entry] if kept else ())):
            return None
        log.info("remedy tested", company=applied.company, remedy=applied.remedy, state=state)
        self._on_result(applied, state)
        return state


def skips_a_filter(applied: AppliedRemedy) -> bool:
    """Test if it makes an exception from a filter; of a change that is not known, assume it."""
    return applied.known is None or applied.known.rung is not Rung.NOTHING_SKIPPED


def _said(applied: AppliedRemedy, proofs: tuple[PathProof, ...], result: tuple[PathProof, ...]) -> str:
    """Return the line of the incident's history. `proofs`: what this test found; `result`: what holds after it."""
    lines: Mapping[str, str] = {proof.path: said for proof, said in lines_of(replace(applied, proofs=proofs))}
    of_paths = (
        " ".join(lines.values()) if len(lines) == 1 else " ".join(f"{path}: {said}" for path, said in lines.items())
    )
    stands = f" {ALARM_STANDS}" if set(result) & set(applied.proofs) else ""
    return f"{applied.company}: {title_of(applied)}: {STATES[joint_state(proofs)].label}. {of_paths}{stands}"
