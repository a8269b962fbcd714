"""The matrix of a diagnosis, for the pages of incidents and probes, as plain values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.diagnosing.answers import ArmProbe
from monitor.people.caller import NotThereError
from monitor.store.diagnoses import DiagnosisRecord
from monitor.web.caller_view import CallerView
from probes.diagnosis.factors import FACTORS, Factor
from probes.diagnosis.forecast import least
from probes.diagnosis.plan import ArmResult
from probes.diagnosis.words import ARM_RESULTS, CONFIDENCE, own_factors, sentence, untested_lines
from probes.labels import KINDS

MAX_CARDS = 3  # paths of one incident
TONES = {ArmResult.PASSED: "good", ArmResult.STOPPED: "bad"}
AWAITED = "answer awaited"
RUNNING = "The diagnosis is running; the mails so far are below."


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One arm. `own`: for each column, if it is the sender's. `tone`: good, bad, or plain. `as_before`: the number of
    the first arm whose details are the same, 0 if these are new."""

    number: int
    probe_id: str
    mixture: str
    own: tuple[bool, ...]
    result: str
    tone: str
    because: str
    as_before: int = 0


@dataclass(frozen=True, slots=True)
class DiagnosisCard:
    """One diagnosis. `columns` name the factors that were varied, with their help. `expected`: the mails that it will
    send if one factor is the reason; `progress` says how many it has, while it runs."""

    id: str
    path: str
    kind: str
    other: str
    says: str
    confidence: str
    began_at: datetime
    ended_at: datetime | None
    columns: tuple[tuple[str, str], ...]
    rows: tuple[MatrixRow, ...]
    untested: tuple[str, ...]
    expected: int
    progress: str


def card_of_diagnosis(record: DiagnosisRecord, arms: Sequence[ArmProbe]) -> DiagnosisCard:
    """Return the card of one diagnosis."""
    diagnosis, conclusion = record.diagnosis, record.conclusion
    varied = [factor for factor in Factor if factor in diagnosis.setup.whole]
    confidence = conclusion.confidence if conclusion else None
    return DiagnosisCard(
        id=diagnosis.id,
        path=f"{diagnosis.company}/{diagnosis.path}",
        kind=KINDS[diagnosis.kind].label,
        other=diagnosis.other.value,
        says=sentence(conclusion) if conclusion else RUNNING,
        confidence=CONFIDENCE[confidence] if confidence else "",
        began_at=diagnosis.began_at,
        ended_at=record.ended_at,
        columns=tuple((FACTORS[factor].label.removeprefix("the "), FACTORS[factor].help) for factor in varied),
        rows=tuple(_rows(arms, varied, diagnosis.setup.whole)),
        untested=tuple(untested_lines(conclusion)) if conclusion else (),
        expected=(expected := max(least(diagnosis.setup), len(arms))),
        progress="" if record.ended_at else f"{len(arms)} of about {expected} mails are sent.",
    )


def _rows(arms: Sequence[ArmProbe], varied: Sequence[Factor], whole: frozenset[Factor]) -> Iterator[MatrixRow]:
    """Make the rows; details that were shown before are not repeated."""
    first: dict[str, int] = {}
    for number, arm in enumerate(arms, 1):
        row = _row(arm, number, varied, whole)
        before = first.setdefault(row.because, number) if row.because else number
        yield replace(row, as_before=before if before < number else 0)


def _row(arm: ArmProbe, number: int, varied: Sequence[Factor], whole: frozenset[Factor]) -> MatrixRow:
    result = arm.answer.result if arm.answer else None
    passed = result is ArmResult.PASSED
    return MatrixRow(
        number=number,
        probe_id=arm.probe_id,
        mixture=own_factors(arm.own, whole),
        own=tuple(factor in arm.own for factor in varied),
        result=ARM_RESULTS[result] if result else AWAITED,
        tone=TONES.get(result, "plain") if result else "plain",
        because=arm.verdict.because if arm.verdict and not passed else "",
    )


async def newest_cards(
    view: CallerView, places: Iterable[tuple[str, str]], since: datetime | None = None
) -> list[DiagnosisCard]:
    """Return the newest diagnosis of each of these paths, as far as it began at that time or later."""
    found: list[DiagnosisCard] = []
    for company, path in list(dict.fromkeys(places))[:MAX_CARDS]:
        try:
            newest = await view.diagnoses(company, path, 1)
        except NotThereError:
            continue
        for record, arms in newest:
            if since is None or record.diagnosis.began_at >= since:
                found.append(card_of_diagnosis(record, arms))
    return found


async def card_of_arm(view: CallerView, diagnosis_id: str) -> list[DiagnosisCard]:
    """Return the diagnosis that a probe is an arm of; none where it is deleted."""
    found = await view.diagnosis(diagnosis_id)
    return [card_of_diagnosis(*found)] if found else []
