"""Start a diagnosis by hand, for the pages and the API."""

from monitor.actions.ports import CallerScope
from monitor.diagnosing.begin import loss_history
from monitor.diagnosing.preparing import DiagnosisRequest, prepare
from monitor.store.diagnoses import Diagnosis
from probes.diagnosis.factors import Factor
from probes.diagnosis.within import Within
from probes.kinds import Kind


async def prepared(
    view: CallerScope,
    company: str,
    path: str,
    kind: Kind | None = None,
    factors: tuple[Factor, ...] = (),
    within: Within | None = None,
) -> Diagnosis:
    """Return the diagnosis that would start. Raises NotThereError, NotAllowedError."""
    backend, chosen = view.backend, view.path(company, path)
    config = backend.config()
    past = await loss_history(backend.store, chosen, config)
    wanted = DiagnosisRequest(chosen, kind or chosen.kinds[0], factors, within)
    return prepare(config, wanted, past, view.caller.name, backend.now())


async def start(view: CallerScope, diagnosis: Diagnosis) -> None:
    """Start it. Raises NotAllowedError if one runs on this path."""
    await view.backend.diagnose(diagnosis, view.caller.name, view.caller.way)
