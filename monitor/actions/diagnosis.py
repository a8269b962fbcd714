"""Diagnoses by hand, for the pages and the API: what one would do, start, stop."""

import asyncio
from dataclasses import dataclass

from monitor.actions.ports import CallerScope
from monitor.config import WatchedPath
from monitor.diagnosing.answers import answers_of, arm_probes
from monitor.diagnosing.begin import prepared
from monitor.diagnosing.preparing import DiagnosisRequest
from monitor.people.person import AuditAction, AuditEntry
from monitor.probing.caps import sent_today
from monitor.store.diagnoses import Diagnosis
from probes.diagnosis.conclude import Conclusion, DiagnosisResult, NoFactor
from probes.diagnosis.factors import Factor
from probes.diagnosis.forecast import Forecast, forecast
from probes.diagnosis.within import Within
from probes.kinds import Kind


@dataclass(frozen=True, slots=True)
class DryRun:
    """The plan of a diagnosis that may start. `sent_today`: probes of all purposes on this path."""

    path: WatchedPath
    diagnosis: Diagnosis
    expected: Forecast
    sent_today: int


async def prepare_for(
    view: CallerScope,
    company: str,
    path: str,
    kind: Kind | None = None,
    factors: tuple[Factor, ...] = (),
    within: Within | None = None,
    incident: str = "",
) -> Diagnosis:
    """Return the diagnosis that would start. Raises NotThereError, NotAllowedError."""
    backend, chosen = view.backend, view.path(company, path)
    wanted = DiagnosisRequest(chosen, kind or chosen.kinds[0], factors, within, incident)
    return await prepared(backend.store, backend.config(), wanted, view.caller.name, backend.now())


async def dry_run(view: CallerScope, diagnosis: Diagnosis) -> DryRun:
    """Return what it would do."""
    backend, path = view.backend, view.path(diagnosis.company, diagnosis.path)
    sent = (await sent_today(backend.store, backend.now())).get((path.company, path.path), 0)
    expected = await asyncio.to_thread(forecast, diagnosis.setup)  # which tries every pair of factors
    return DryRun(path, diagnosis, expected, sent)


async def start(view: CallerScope, diagnosis: Diagnosis) -> None:
    """Start it. Raises NotAllowedError if one runs on this path."""
    await view.backend.diagnose(diagnosis, view.caller.name, view.caller.way)


async def stop(view: CallerScope, diagnosis: Diagnosis) -> bool:
    """Stop it: no further probe is sent, and there is no conclusion. False if it had ended already."""
    store, caller, now = view.backend.store.diagnoses, view.caller, view.backend.now()
    answers = answers_of(arm_probes(await store.arms(diagnosis)))
    stopped = Conclusion(DiagnosisResult.VOID, NoFactor.STOPPED_BY_PERSON, probes=len(answers))
    said = f"{diagnosis.company}/{diagnosis.path} {diagnosis.kind}, diagnosis {diagnosis.id}"
    what = AuditAction.DIAGNOSIS_STOPPED
    entry = AuditEntry(now, caller.name, caller.way, what, said, diagnosis.company, diagnosis.path)
    return await store.end(diagnosis.id, stopped, now, entry)
