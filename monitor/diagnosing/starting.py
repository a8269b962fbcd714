"""Select the open incidents that start a diagnosis by themselves. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.config import WatchedPath
from monitor.config.diagnosis import needed_within
from monitor.diagnosing.preparing import DiagnosisRequest
from monitor.incidents.incident import Incident, Nature, Reason
from monitor.incidents.signal import PathKey
from probes.verdict import Cause, Outcome

ONCE_IN = timedelta(days=1)  # for each path
MOST_AT_ONCE = 3  # diagnoses that incidents started: of one problem at many companies, a few tell enough
UNCLEAR = frozenset({None, Cause.UNCLEAR, Cause.POLICY})
"""Causes that name no property of the mail."""
STOPPED = frozenset({Outcome.BLOCKED, Outcome.MISSING, Outcome.SPAM, Outcome.QUARANTINED})
"""Outcomes that a diagnosis can read: a deferral is no answer."""


def to_diagnose(
    incidents: Sequence[Incident],
    paths: Mapping[PathKey, WatchedPath],
    last_began: Mapping[PathKey, datetime],
    running: Collection[PathKey],
    now: datetime,
) -> Iterator[DiagnosisRequest]:
    """Yield what should be diagnosed now. `last_began`: the newest diagnosis of each path, however it was started."""
    room = MOST_AT_ONCE - len(running)
    seen: set[PathKey] = set(running)
    for incident in incidents:
        for failure in incident.failures if incident.open and not incident.muted_by else ():
            place = (failure.company, failure.path)
            path = paths.get(place)
            unclear = failure.cause in UNCLEAR and failure.outcome in STOPPED and failure.nature is Nature.MAIL
            if room <= 0 or place in seen or path is None or not unclear or failure.reason is Reason.DIAGNOSED:
                continue
            if not path.diagnosis.includes(needed_within(path.route.via)) or failure.kind not in path.kinds:
                continue
            if (last := last_began.get(place)) and now - last < ONCE_IN:
                continue
            seen.add(place)
            room -= 1
            yield DiagnosisRequest(path, failure.kind, incident=incident.id)
