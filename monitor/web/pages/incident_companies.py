"""The companies that an incident affects: what fails there, how mail fared in the last 24 hours, and which of them have
recovered. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.config import WatchedPath
from monitor.incidents.incident import Incident, Nature, Scope
from monitor.output.service_level import CodeLevels, codes_of
from monitor.output.symbols import WORST_FIRST
from monitor.store import ProbeRow, ResultCount
from monitor.web.codes_in_time import of_companies
from monitor.web.pages.incidents_view import PageContext
from monitor.web.strips import Frame, Strip, strip_of
from probes.check import Check
from probes.display import listed
from probes.labels import KINDS
from probes.mailsystems.words import chain_label
from probes.verdict import Outcome, Verdict

MAX_KINDS = 2  # named beside how many companies are affected
MAX_ROWS = 12  # companies with a strip; of more there are only the names
WINDOW = timedelta(hours=24)
AFTER = timedelta(hours=2)  # what is shown of the time after an incident


@dataclass(frozen=True, slots=True)
class AffectedCompany:
    """One company. `fails`: it is part of the incident now; of a closed one none is. `newest`: the latest probe with a
    verdict of the affected mail, and `verdict` the worst of the latest ones of all its checks; None where there is
    none. `where` names the failing paths and kinds. `began` is where on the strip the incident began, in percent; None
    if before it. `link` is false for a company that is no longer configured."""

    key: str
    name: str
    system: str
    fails: bool
    arrives: bool
    where: str
    strip: Strip
    began: float | None
    newest: ProbeRow | None
    verdict: Verdict | None
    link: bool


def frame_of(incident: Incident, now: datetime) -> Frame:
    """Return the time that strips show: the last 24 hours; of a closed incident, those that end soon after it."""
    until = min(incident.closed_at + AFTER, now) if incident.closed_at else now
    return Frame(until - WINDOW, until)


def shown_companies(incident: Incident) -> tuple[str, ...]:
    """Return the companies that get a row, those that fail now first."""
    return _in_order(incident)[:MAX_ROWS]


def further_companies(incident: Incident, around: PageContext) -> list[tuple[str, str]]:
    """Return key and name of the rest."""
    return [(key, around.name(key)) for key in _in_order(incident)[MAX_ROWS:]]


def _in_order(incident: Incident) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(incident.touches if incident.open else ()), *incident.companies)))


def affected_companies(
    incident: Incident, around: PageContext, histories: Mapping[str, Sequence[ProbeRow]], frame: Frame
) -> list[AffectedCompany]:
    """Return the rows. `histories`: the sender's probes of each company in this frame, oldest first."""
    return [_affected(key, incident, around, histories.get(key, ()), frame) for key in shown_companies(incident)]


def _affected(
    key: str, incident: Incident, around: PageContext, history: Sequence[ProbeRow], frame: Frame
) -> AffectedCompany:
    rows = [row for row in history if row.launched_at <= frame.until and concerns(incident, row)]
    latest = {Check(row.company, row.path, row.kind): row for row in rows if row.verdict}
    verdicts = [row.verdict for row in latest.values() if row.verdict]
    worst = min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.outcome), default=None)
    return AffectedCompany(
        key=key,
        name=around.name(key),
        system=chain_label(around.mail_systems(key)),
        fails=incident.open and key in incident.touches,
        arrives=worst is not None and worst.outcome is Outcome.INBOX,
        where=_where(key, incident),
        strip=strip_of(rows, frame),
        began=frame.x(incident.began_at) if incident.began_at > frame.since else None,
        newest=max(latest.values(), key=lambda row: row.launched_at, default=None),
        verdict=worst,
        link=key in around.companies,
    )


def concerns(incident: Incident, row: ProbeRow | ResultCount) -> bool:
    """Test if a probe is of the mail that the incident is about: where it is about one mailbox or some kinds, only
    those paths or kinds; otherwise all mail of its companies."""
    failures = [failure for failure in incident.failures if failure.company == row.company]
    if incident.scope is Scope.MAILBOX and failures:
        return row.path in {failure.path for failure in failures}
    if incident.scope is Scope.KIND and failures:
        return row.kind in {failure.kind for failure in failures}
    return row.company in incident.companies


def _where(key: str, incident: Incident) -> str:
    by_path: dict[str, list[str]] = {}
    for failure in incident.failures:
        if failure.company == key:
            by_path.setdefault(failure.path, []).append(KINDS[failure.kind].label)
    return "; ".join(f"{path}: {', '.join(dict.fromkeys(kinds))}" for path, kinds in by_path.items())


def affected_kinds(incident: Incident) -> str:
    """Return the kinds of mail that fail, in a few words."""
    return listed(list(dict.fromkeys(KINDS[failure.kind].label for failure in incident.failures)), MAX_KINDS)


@dataclass(frozen=True, slots=True)
class CodesMissed:
    """The codes since `since`: how many were not in time, one level per grade."""

    since: datetime
    levels: tuple[CodeLevels, ...]


def has_codes(incident: Incident) -> bool:
    """Test if the incident is about mail of companies, so that codes can be counted."""
    return bool(incident.companies) and incident.nature in (Nature.MAIL, Nature.THEIR_SYSTEM)


def missed_in(
    rows: Iterable[ProbeRow], incident: Incident, paths: Iterable[WatchedPath], until: datetime
) -> CodesMissed:
    """Count the codes of the incident by single probes: exact, where all of them are known. At a company that still
    fails, those since it began to: a wide incident is older there than the failure."""
    ended = incident.closed_at or until
    failing: dict[str, datetime] = {}
    for failure in incident.failures if incident.open else ():
        failing[failure.company] = min(failing.get(failure.company, failure.since), failure.since)
    results = [
        ResultCount(row.company, row.path, row.kind, row.verdict.grade, row.verdict.outcome, row.verdict.cause, 1)
        for row in rows
        if row.verdict and failing.get(row.company, incident.began_at) <= row.launched_at <= ended
    ]
    return missed_of(results, incident, paths, incident.began_at)


def missed_of(
    results: Iterable[ResultCount], incident: Incident, paths: Iterable[WatchedPath], since: datetime
) -> CodesMissed:
    """Add up results since then, each grade by itself."""
    wanted = [result for result in results if concerns(incident, result)]
    return CodesMissed(since, codes_of([of_companies(wanted, paths)], incident.companies))


def without(results: Iterable[ResultCount], later: Iterable[ResultCount]) -> list[ResultCount]:
    """Return the results that are not among the later ones."""
    counts = {replace(result, count=0): result.count for result in later}
    left = (replace(result, count=result.count - counts.get(replace(result, count=0), 0)) for result in results)
    return [result for result in left if result.count > 0]
