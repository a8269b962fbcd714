"""Remedies as companies carried them out, for the pages of an incident and of a company: plain values. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.config import Config
from monitor.incidents.incident import Incident
from monitor.output.remedy_names import names_for
from monitor.output.symbols import REMEDY_LOOKS
from monitor.proving.preparing import may_be_recorded, offered
from monitor.remedying.applied import OTHER_CHANGE, WORKS, AppliedRemedy, RemedyState
from monitor.remedying.lapse import REVIEW_AFTER, lapses_at, last_result, state_at
from monitor.remedying.words import OTHER_TITLE, headline, lapse_sentence, lines_of, next_step, title_of
from monitor.web.remedy_html import steps_html
from probes.mailsystems.remedy import ProofKind, Remedy, RemedyNames, fill
from probes.mailsystems.words import Chain
from probes.verdict import Outcome

UNDO_SHOWN = frozenset({RemedyState.TOO_WIDE, RemedyState.NO_EFFECT})
RENEW_SHOWN = frozenset({RemedyState.LAPSES_SOON, RemedyState.LAPSED})
IN_FORCE = WORKS | RENEW_SHOWN


@dataclass(frozen=True, slots=True)
class RemedyResultLine:
    """The result on one path. `mail_probe`, `twin_probe`: ids of probes, "" if none."""

    path: str
    said: str
    mail_probe: str
    twin_probe: str


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """One remedy as a company carried it out. `look`: the outcome whose colour and sign its state has. `undo`, `renew`:
    HTML of the steps where they are wanted now, else "". `marks`: what Mailpath does not read, and a person can."""

    id: str
    company: str
    incident: str
    title: str
    state: RemedyState
    look: Outcome | None
    headline: str
    lines: tuple[RemedyResultLine, ...]
    next_step: str
    by: str
    note: str
    changed_at: datetime
    test_at: datetime
    proven_at: datetime | None
    review_on: datetime
    lapses_at: datetime | None
    lapse: str
    marks: tuple[str, ...]
    undo: str
    renew: str
    may_test: bool
    may_undo: bool
    may_renew: bool

    @property
    def under_way(self) -> bool:
        """True while its test is awaited."""
        return self.state in (RemedyState.WAITING, RemedyState.TESTING)


@dataclass(frozen=True, slots=True)
class RemedyCard:
    """The remedies of one company for one incident. `options`: keys and titles of what it can have changed, the one
    that is next to try first. `may`: whether the caller may say so."""

    company: str
    name: str
    rows: tuple[RemedyRow, ...]
    options: tuple[tuple[str, str], ...]
    may: bool
    review_on: str

    @property
    def under_way(self) -> bool:
        """True while a test is awaited."""
        return any(row.under_way for row in self.rows)


def remedy_card(
    incident: Incident,
    company: str,
    name: str,
    chain: Chain,
    records: Sequence[AppliedRemedy],
    config: Config,
    now: datetime,
    *,
    may: bool,
) -> RemedyCard | None:
    """Return the card; None where no remedy at this company can end the incident."""
    if not may_be_recorded(incident, company):
        return None
    left = offered(incident, company, chain, records)
    names = names_for(config, chain[0] if chain else "")
    options = [(remedy.key, fill(remedy.title, names)) for remedy in left if not remedy.by_sender]
    own = [each for each in records if each.incident == incident.id and each.company == company]
    return RemedyCard(
        company=company,
        name=name,
        rows=tuple(remedy_row(each, config, now, left, may=may) for each in own),
        options=(*options, (OTHER_CHANGE, OTHER_TITLE)),
        may=may,
        review_on=f"{now + REVIEW_AFTER:%F}",
    )


def remedy_row(
    applied: AppliedRemedy, config: Config, now: datetime, left: Sequence[Remedy] | None = None, *, may: bool
) -> RemedyRow:
    """Return one remedy as it is now. `left`: those still to try, on the page of its incident."""
    state, names, known = state_at(applied, now), names_for(config, applied.system), applied.known
    last = last_result(applied, now)  # the steps stay in sight while it is tested again
    return RemedyRow(
        id=applied.id,
        company=applied.company,
        incident=applied.incident,
        title=fill(title_of(applied), names),
        state=state,
        look=REMEDY_LOOKS[state],
        headline=headline(applied, now),
        lines=tuple(
            RemedyResultLine(each.path, said, each.mail_probe, each.twin_probe) for each, said in lines_of(applied)
        ),
        next_step=fill(next_step(applied, left, now), names),
        by=applied.by,
        note=applied.note,
        changed_at=applied.changed_at,
        test_at=applied.test_at,
        proven_at=applied.proven_at,
        review_on=applied.review_on,
        lapses_at=lapses_at(applied) if state in IN_FORCE else None,
        lapse=lapse_sentence(applied, now) if state in IN_FORCE else "",
        marks=tuple(_marks(known, names)) if state in (RemedyState.PROVEN, RemedyState.ARRIVES) else (),
        undo=steps_html(known.undo, names) if known and last in UNDO_SHOWN else "",
        renew=steps_html((known.expires.renew,), names) if known and known.expires and last in RENEW_SHOWN else "",
        may_test=may and state not in (RemedyState.TESTING, RemedyState.UNDONE),
        may_undo=may and state is not RemedyState.UNDONE,
        may_renew=may and known is not None and known.expires is not None and state in IN_FORCE,
    )


def _marks(known: Remedy | None, names: RemedyNames) -> Iterable[str]:
    return (fill(proof.expects, names) for proof in (known.verify if known else ()) if proof.kind is ProofKind.MARK)
