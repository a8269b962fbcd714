"""Begin a diagnosis: what it needs to know of the past, and its first line in the store and the audit log."""

from collections.abc import Sequence
from datetime import datetime

from monitor.config import Config, WatchedPath
from monitor.diagnosing.preparing import DiagnosisRequest, NotAllowedError, prepare
from monitor.people.person import AuditAction, AuditEntry
from monitor.probing.caps import sent_today
from monitor.store import Store
from monitor.store.diagnoses import Diagnosis
from probes.diagnosis.forecast import least
from probes.routes import comparison
from probes.verdict import Verdict

PAST_PROBES = 100  # of the control, of each kind, from which the share of lost mail is read


async def loss_history(store: Store, path: WatchedPath, config: Config) -> Sequence[Verdict]:
    """Return past verdicts on mail of the identity that the sender is compared with on this path."""
    role = comparison(path.route, config.identities())
    if role is None:
        return []
    upto = await store.probes.last_signal()
    found = await store.probes.histories(path.checks, role, upto, PAST_PROBES)
    return [signal.verdict for signals in found.values() for signal in signals]


async def prepared(store: Store, config: Config, wanted: DiagnosisRequest, by: str, now: datetime) -> Diagnosis:
    """Return the diagnosis to start, as `prepare` does, if the path's limit of this day leaves room for it. Raises
    NotAllowedError."""
    path = wanted.path
    diagnosis = prepare(config, wanted, await loss_history(store, path, config), by, now)
    sent = (await sent_today(store, now)).get((path.company, path.path), 0)
    if sent + (wants := least(diagnosis.setup)) > path.per_path_per_day:
        raise NotAllowedError(
            f"{path.key}: of {path.per_path_per_day} probes a day {sent} are sent; a diagnosis takes at least {wants};"
            " see probes.cap"
        )
    return diagnosis


async def begin(store: Store, diagnosis: Diagnosis, driver: str, who: str, way: str) -> None:
    """Store a new diagnosis, with its line of the audit log. Raises NotAllowedError if one runs on this path."""
    said = f"{diagnosis.company}/{diagnosis.path} {diagnosis.kind}, diagnosis {diagnosis.id}"
    entry = AuditEntry(
        diagnosis.began_at, who, way, AuditAction.DIAGNOSIS_STARTED, said, diagnosis.company, diagnosis.path
    )
    if not await store.diagnoses.begin(diagnosis, driver, entry):
        raise NotAllowedError(f"{diagnosis.company}/{diagnosis.path}: a diagnosis runs there already")
