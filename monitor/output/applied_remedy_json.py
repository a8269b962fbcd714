"""Remedies as companies carried them out, as JSON, for the command line and the API."""

from datetime import datetime

from typing_extensions import TypedDict

from monitor.remedying.applied import (
    AppliedRemedy,
    MailFinding,
    NoProof,
    OthersFinding,
    RemedyState,
    TwinFinding,
    TwinUntested,
)
from monitor.remedying.lapse import lapses_at, state_at
from monitor.remedying.words import headline, lines_of, title_of
from probes.display import timestamp
from probes.kinds import Kind
from probes.mailsystems.remedy import RemedyNames, fill
from probes.verdict import Cause, Outcome


class RemedyProofJson(TypedDict):
    """The result on one path. `why`: why nothing is known of the mail. `untested`: why no forged twin was sent.
    `outcome`, `cause`: of mail that was stopped; `others`: what became of the control's mail then. The probes show
    it."""

    path: str
    kind: Kind | None
    sentence: str
    mail: MailFinding
    why: NoProof | None
    outcome: Outcome | None
    cause: Cause | None
    others: OthersFinding | None
    mail_probe: str | None
    twin: TwinFinding
    untested: TwinUntested | None
    twin_probe: str | None
    probes: int


class AppliedRemedyJson(TypedDict):
    """A remedy as a company carried it out. `remedy`: its key, `other` for another change. `test_at`: when it is or was
    tested. `proofs`: the result of the last test. `lapses_at`: the earliest time at which it may have lapsed by itself,
    null if it does not."""

    id: str
    company: str
    incident: str
    mail_system: str
    remedy: str
    title: str
    state: RemedyState
    sentence: str
    by: str
    changed_at: str
    note: str | None
    test_at: str
    decided_at: str | None
    proven_at: str | None
    review_on: str
    lapses_at: str | None
    renewed_at: str | None
    renewed_by: str | None
    undone_at: str | None
    undone_by: str | None
    proofs: list[RemedyProofJson]


def applied_remedy_json(applied: AppliedRemedy, names: RemedyNames, now: datetime) -> AppliedRemedyJson:
    """Return it as it is now."""
    return AppliedRemedyJson(
        id=applied.id,
        company=applied.company,
        incident=applied.incident,
        mail_system=applied.system,
        remedy=applied.remedy,
        title=fill(title_of(applied), names),
        state=state_at(applied, now),
        sentence=headline(applied, now),
        by=applied.by,
        changed_at=timestamp(applied.changed_at),
        note=applied.note or None,
        test_at=timestamp(applied.test_at),
        decided_at=_time(applied.decided_at),
        proven_at=_time(applied.proven_at),
        review_on=applied.review_on.date().isoformat(),
        lapses_at=_time(lapses_at(applied)),
        renewed_at=_time(applied.renewed_at),
        renewed_by=applied.renewed_by or None,
        undone_at=_time(applied.undone_at),
        undone_by=applied.undone_by or None,
        proofs=_proofs(applied),
    )


def _proofs(applied: AppliedRemedy) -> list[RemedyProofJson]:
    kinds = {test.path: test.kind for test in applied.setup}
    return [
        RemedyProofJson(
            path=proof.path,
            kind=kinds.get(proof.path),
            sentence=said,
            mail=proof.mail,
            why=proof.why,
            outcome=proof.outcome,
            cause=proof.cause,
            others=proof.others,
            mail_probe=proof.mail_probe or None,
            twin=proof.twin,
            untested=proof.untested,
            twin_probe=proof.twin_probe or None,
            probes=proof.probes,
        )
        for proof, said in lines_of(applied)
    ]


def _time(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
