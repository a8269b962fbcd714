"""Diagnoses as JSON, for the command line and the API."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from monitor.diagnosing.answers import ArmProbe
from monitor.store.diagnoses import Diagnosis, DiagnosisRecord
from probes.diagnosis.conclude import Conclusion, cause_of
from probes.diagnosis.factors import Factor
from probes.diagnosis.forecast import Forecast
from probes.diagnosis.words import sentence


def arm_json(probe: ArmProbe, number: int) -> dict[str, Any]:
    """Return one arm. `own`: the factors that are the sender's."""
    answer, verdict = probe.answer, probe.verdict
    return {
        "arm": number,
        "probe": probe.probe_id,
        "own": _names(probe.own),
        "sent_at": probe.sent_at.isoformat(),
        "result": answer.result if answer else None,
        "stage": answer.stage if answer else None,
        "because": verdict.because if verdict else None,
    }


def conclusion_json(conclusion: Conclusion) -> dict[str, Any]:
    """Return a conclusion."""
    return {
        "result": conclusion.result,
        "sentence": sentence(conclusion),
        "why": conclusion.why,
        "how": conclusion.how,
        "sets": [sorted(factor for lever in levers for factor in lever) for levers in conclusion.sets],
        "cause": cause_of(conclusion, None),
        "confidence": conclusion.confidence,
        "probes": conclusion.probes,
        "untested": dict(conclusion.untested),
    }


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the conditions of a diagnosis."""
    setup = diagnosis.setup
    return {
        "diagnosis": diagnosis.id,
        "company": diagnosis.company,
        "path": diagnosis.path,
        "kind": diagnosis.kind,
        "compared_with": diagnosis.other,
        "incident": diagnosis.incident or None,
        "began_at": diagnosis.began_at.isoformat(),
        "varied": [_names(lever) for lever in setup.levers],
        "stops_needed": setup.k,
        "most_probes": setup.cap,
        "spacing_seconds": diagnosis.spacing.total_seconds(),
    }


def record_json(record: DiagnosisRecord, probes: Sequence[ArmProbe]) -> dict[str, Any]:
    """Return a diagnosis with its arms and its conclusion, None while it runs."""
    return {
        **diagnosis_json(record.diagnosis),
        "ended_at": record.ended_at.isoformat() if record.ended_at else None,
        "arms": [arm_json(probe, number) for number, probe in enumerate(probes, 1)],
        "conclusion": conclusion_json(record.conclusion) if record.conclusion else None,
    }


def forecast_json(diagnosis: Diagnosis, expected: Forecast) -> dict[str, Any]:
    """Return what a dry run shows."""
    return {
        **diagnosis_json(diagnosis),
        "untested": dict(diagnosis.setup.untested),
        "probes": {"fewest": expected.fewest, "usual": expected.usual, "most": expected.most},
        "seconds_at_least": (diagnosis.spacing * max(expected.usual - 1, 0)).total_seconds(),
        "arms": [_names(own) for own in expected.first],
    }


def duration_of(diagnosis: Diagnosis, probes: int) -> timedelta:
    """Return the least time that so many probes take."""
    return diagnosis.spacing * max(probes - 1, 0)


def _names(own: frozenset[Factor]) -> list[str]:
    return [factor.value for factor in Factor if factor in own]
