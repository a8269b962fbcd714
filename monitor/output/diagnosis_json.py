"""Diagnoses as JSON, for the command line and the API."""

from collections.abc import Sequence
from datetime import timedelta

from typing_extensions import TypedDict

from monitor.diagnosing.answers import ArmProbe
from monitor.store.diagnoses import Diagnosis, DiagnosisRecord
from probes.answer import Stage
from probes.diagnosis.conclude import Conclusion, Confidence, DiagnosisResult, How, NoFactor, cause_of
from probes.diagnosis.factors import Factor, Untested
from probes.diagnosis.forecast import Forecast
from probes.diagnosis.plan import ArmResult
from probes.diagnosis.words import sentence
from probes.display import timestamp
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade


class ArmJson(TypedDict):
    """One mail of a diagnosis. `own`: the factors that are the sender's; the others are those of `compared_with`.
    `result` is null while the answer is awaited; `because` is the sentence of its verdict."""

    arm: int
    probe: str
    own: list[Factor]
    sent_at: str
    result: ArmResult | None
    stage: Stage | None
    because: str | None


class ConclusionJson(TypedDict):
    """A conclusion. `sets`: minimal sets of factors that stop the mail, each enough by itself. `why`: the reason why
    none is named. `cause`: the cause that it proves, null if none. `untested`: factors that were not varied, with the
    reason. `probes`: answers that it rests on. `grade`: the best that the route's answers prove."""

    result: DiagnosisResult
    sentence: str
    why: NoFactor | None
    how: How | None
    sets: list[list[Factor]]
    cause: Cause | None
    confidence: Confidence | None
    probes: int
    untested: dict[Factor, Untested]
    grade: Grade | None


class DiagnosisJson(TypedDict):
    """The conditions of a diagnosis. `varied`: the factors, those together that the route varies only together.
    `stops_needed`: how often a stop must repeat."""

    diagnosis: str
    company: str
    path: str
    kind: Kind
    compared_with: Role
    incident: str | None
    began_at: str
    varied: list[list[Factor]]
    stops_needed: int
    most_probes: int
    spacing_seconds: float


class DiagnosisWholeJson(DiagnosisJson):
    """A diagnosis with its arms, in the order in which they were sent, and its conclusion: null while it runs."""

    ended_at: str | None
    arms: list[ArmJson]
    conclusion: ConclusionJson | None


class ProbesJson(TypedDict):
    """Numbers of probes: if all goes well, usually, and at most."""

    fewest: int
    usual: int
    most: int


class DryRunJson(DiagnosisJson):
    """The plan of a diagnosis that was not started. `untested`: factors that it cannot vary, with the reason. `arms`:
    the own factors of its first mails, if one factor is the reason."""

    untested: dict[Factor, Untested]
    probes: ProbesJson
    seconds_at_least: float
    arms: list[list[Factor]]


def arm_json(probe: ArmProbe, number: int) -> ArmJson:
    """Return one arm."""
    answer, verdict = probe.answer, probe.verdict
    return ArmJson(
        arm=number,
        probe=probe.probe_id,
        own=_names(probe.own),
        sent_at=timestamp(probe.sent_at),
        result=answer.result if answer else None,
        stage=answer.stage if answer else None,
        because=verdict.because if verdict else None,
    )


def conclusion_json(conclusion: Conclusion) -> ConclusionJson:
    """Return a conclusion."""
    return ConclusionJson(
        result=conclusion.result,
        sentence=sentence(conclusion),
        why=conclusion.why,
        how=conclusion.how,
        sets=[_names(frozenset(factor for lever in levers for factor in lever)) for levers in conclusion.sets],
        cause=cause_of(conclusion, None),
        confidence=conclusion.confidence,
        probes=conclusion.probes,
        untested=dict(conclusion.untested),
        grade=conclusion.grade,
    )


def diagnosis_json(diagnosis: Diagnosis) -> DiagnosisJson:
    """Return the conditions of a diagnosis."""
    setup = diagnosis.setup
    return DiagnosisJson(
        diagnosis=diagnosis.id,
        company=diagnosis.company,
        path=diagnosis.path,
        kind=diagnosis.kind,
        compared_with=diagnosis.other,
        incident=diagnosis.incident or None,
        began_at=timestamp(diagnosis.began_at),
        varied=[_names(lever) for lever in setup.levers],
        stops_needed=setup.k,
        most_probes=setup.cap,
        spacing_seconds=diagnosis.spacing.total_seconds(),
    )


def diagnosis_whole_json(record: DiagnosisRecord, probes: Sequence[ArmProbe]) -> DiagnosisWholeJson:
    """Return a diagnosis with its arms and its conclusion."""
    return DiagnosisWholeJson(
        **diagnosis_json(record.diagnosis),
        ended_at=timestamp(record.ended_at) if record.ended_at else None,
        arms=[arm_json(probe, number) for number, probe in enumerate(probes, 1)],
        conclusion=conclusion_json(record.conclusion) if record.conclusion else None,
    )


def forecast_json(diagnosis: Diagnosis, expected: Forecast) -> DryRunJson:
    """Return what a dry run shows."""
    return DryRunJson(
        **diagnosis_json(diagnosis),
        untested=dict(diagnosis.setup.untested),
        probes={"fewest": expected.fewest, "usual": expected.usual, "most": expected.most},
        seconds_at_least=(diagnosis.spacing * max(expected.usual - 1, 0)).total_seconds(),
        arms=[_names(own) for own in expected.first],
    )


def duration_of(diagnosis: Diagnosis, probes: int) -> timedelta:
    """Return the least time that so many probes take."""
    return diagnosis.spacing * max(probes - 1, 0)


def _names(own: frozenset[Factor]) -> list[Factor]:
    return [factor for factor in Factor if factor in own]
