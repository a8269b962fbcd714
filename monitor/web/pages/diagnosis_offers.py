"""The paths that pages offer to diagnose, as plain values."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from monitor.config import WatchedPath
from monitor.diagnosing.starting import STOPPED
from monitor.incidents.incident import Incident, Nature
from monitor.store import ProbeRecord
from probes.kinds import Kind
from probes.sender import Role

MAX_OFFERS = 5  # paths of one incident


@dataclass(frozen=True, slots=True)
class DiagnosisOffer:
    """A path that can be diagnosed, and the address of the dry run."""

    label: str
    href: str


def offer(company: str, path: str, kind: Kind, incident: str = "") -> DiagnosisOffer:
    """Return the offer to diagnose this path."""
    said = {"where": f"{company}/{path}", "kind": kind.value} | ({"incident": incident} if incident else {})
    return DiagnosisOffer(f"{company}/{path}", f"/diagnose?{urlencode(said)}")


def offers_of(incident: Incident, paths: Iterable[WatchedPath]) -> list[DiagnosisOffer]:
    """Return what can be diagnosed of an open incident, each path once."""
    watched = {(path.company, path.path) for path in paths}
    found = {
        (failure.company, failure.path): offer(failure.company, failure.path, failure.kind, incident.id)
        for failure in reversed(incident.failures if incident.open else ())
        if failure.nature is Nature.MAIL and failure.outcome in STOPPED
    }
    return [each for place, each in reversed(found.items()) if place in watched][:MAX_OFFERS]


def offer_of_probe(record: ProbeRecord) -> DiagnosisOffer | None:
    """Return the offer for a probe's path; None where its result is none that a diagnosis can explain."""
    probe, verdict = record.probe, record.verdict
    if probe.role is not Role.SENDER or probe.arm or verdict is None or verdict.outcome not in STOPPED:
        return None
    return offer(probe.company, probe.path, probe.kind)
