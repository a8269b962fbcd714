"""Prepare the record of a remedy that somebody carried out: which remedy, on which paths it is tested, when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.config import Config, WatchedPath
from monitor.config.diagnosis import needed_within
from monitor.errors import UserError
from monitor.incidents.advice import remedies_at_company
from monitor.incidents.incident import Failure, Incident, Nature
from monitor.remedying.applied import (
    OTHER_CHANGE,
    AppliedRemedy,
    MailFinding,
    PathProof,
    PathTest,
    TwinFinding,
    TwinUntested,
)
from monitor.remedying.following import still_to_try, tried_in_vain
from monitor.remedying.lapse import REVIEW_AFTER
from monitor.remedying.proof import SLOW
from probes.diagnosis.factors import ROUTE_LEVERS, Factor
from probes.diagnosis.plan import UNKNOWN_LOSS_K, stops_needed
from probes.kinds import Kind
from probes.mailsystems.choose import REMEDIES, Choice
from probes.mailsystems.remedy import IMMEDIATELY, Remedy
from probes.mailsystems.words import Chain
from probes.routes import comparison
from probes.sender import Identity, Role
from probes.token import new_probe_id
from probes.verdict import Outcome, Verdict

MAX_PATHS = 20  # of a company, on which a remedy is tested; hardly any has more that fail at once
SETTLED = frozenset({TwinFinding.STOPPED, TwinFinding.DELAYED, TwinFinding.ARRIVED})
ARRIVED = frozenset({Outcome.INBOX, Outcome.LATE, Outcome.SPAM, Outcome.QUARANTINED})
FURTHEST_REVIEW = timedelta(days=3 * 366)


class RemedyError(UserError):
    """It cannot be noted. The text gives reason and remedy; `field` is the wrong input: "remedy", "company", "review",
    "note", or "state" if its state does not allow it."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


@dataclass(frozen=True, slots=True)
class RemedyChange:
    """A statement: this remedy was carried out at the company, because of this incident. `remedy`: a key, "" for the
    one that is next to try. `review_on`: None for the usual time."""

    incident: Incident
    company: str
    remedy: str = ""
    note: str = ""
    review_on: datetime | None = None


def offered(incident: Incident, company: str, chain: Chain, records: Sequence[AppliedRemedy]) -> tuple[Remedy, ...]:
    """Return the remedies that are still to try for an incident at one company, the safest first."""
    choice: Choice | None = remedies_at_company(incident, company, chain)
    return still_to_try(choice, tried_in_vain(records, incident.id))


def may_be_recorded(incident: Incident, company: str) -> bool:
    """Test if a remedy at this company can end it: mail of the sender is stopped there. Of one that is over, it was."""
    return incident.nature is Nature.MAIL and company in (*incident.touches, *incident.companies)


def tested_paths(config: Config, incident: Incident, company: str) -> list[tuple[WatchedPath, Failure | None]]:
    """Return the paths on which a remedy is tested: those that fail, or all where it is not known which."""
    paths = {path.path: path for path in config.paths() if path.company == company}
    failed: dict[str, Failure] = {}
    for failure in incident.failures:
        if failure.company == company and failure.nature is Nature.MAIL and failure.path in paths:
            failed.setdefault(failure.path, failure)
    found: list[tuple[WatchedPath, Failure | None]] = [(paths[name], failure) for name, failure in failed.items()]
    return (found or [(path, None) for path in paths.values()])[:MAX_PATHS]


def prepare_remedy(
    config: Config,
    change: RemedyChange,
    records: Sequence[AppliedRemedy],
    past: Mapping[str, Sequence[Verdict]],
    by: str,
    now: datetime,
) -> AppliedRemedy:
    """Return the record to store. `records`: earlier ones of the company. `past`: verdicts on the control's mail, by
    path, for the share that is lost. Raises RemedyError."""
    incident, company = change.incident, change.company
    if not may_be_recorded(incident, company):
        raise RemedyError("company", f"incident {incident.id} is not about mail that {company} stops")
    paths = tested_paths(config, incident, company)
    if not paths:
        raise RemedyError("company", f"no path of {company} is monitored any more, so nothing can be tested")
    chain = paths[0][0].mail_systems
    key = _key(change, chain, records)
    remedy = REMEDIES.get(key)
    acts_at = now + (remedy.takes_effect_within if remedy else IMMEDIATELY)
    setup = tuple(_path_test(config, path, failure, past.get(path.path, ())) for path, failure in paths)
    setup = tuple(replace(test, also=_also_failing(test, incident, company)) for test in setup)
    for each in reversed([each for each in records if each.incident == incident.id]):
        setup = with_twin_before(setup, each.proofs)
    record_id = new_probe_id(now)
    return AppliedRemedy(
        id=record_id,
        company=company,
        incident=incident.id,
        system=remedy.system if remedy and remedy.system else chain[0],
        remedy=key,
        by=by,
        changed_at=now,
        acts_at=acts_at,
        review_on=_review(change, now),
        test=record_id,
        test_at=acts_at,
        setup=setup,
        note=change.note,
    )


def with_twin_before(setup: tuple[PathTest, ...], proofs: Sequence[PathProof]) -> tuple[PathTest, ...]:
    """Return the setup with what a test found of the forged twin while the sender's mail was stopped."""
    found = {proof.path: proof.twin for proof in proofs if proof.mail is MailFinding.STOPPED and proof.twin in SETTLED}
    return tuple(replace(test, twin_before=found.get(test.path, test.twin_before)) for test in setup)


def _key(change: RemedyChange, chain: Chain, records: Sequence[AppliedRemedy]) -> str:
    if not change.remedy:
        left = offered(change.incident, change.company, chain, records)
        return left[0].key if left else OTHER_CHANGE
    if change.remedy != OTHER_CHANGE and change.remedy not in REMEDIES:
        where = f"`mailpath remedy --company {change.company}` shows them with their keys"
        raise RemedyError("remedy", f"no remedy {change.remedy[:80]!r}; {where}")
    return change.remedy


def _review(change: RemedyChange, now: datetime) -> datetime:
    review_on = change.review_on or now + REVIEW_AFTER
    if not now < review_on <= now + FURTHEST_REVIEW:
        raise RemedyError("review", "the review date must be in the future, and at most three years away")
    return review_on


def _path_test(config: Config, path: WatchedPath, failure: Failure | None, past: Sequence[Verdict]) -> PathTest:
    identities = config.identities()
    lost = sum(verdict.outcome is Outcome.MISSING for verdict in past)
    k = stops_needed(lost, lost + sum(verdict.outcome in ARRIVED for verdict in past))
    return PathTest(
        path=path.path,
        kind=failure.kind if failure and failure.kind in path.kinds else path.kinds[0],
        k=k or UNKNOWN_LOSS_K,
        lossy=k is None,
        other=comparison(path.route, identities),
        untested=twin_untested(path, identities),
        slow=failure is not None and failure.outcome in SLOW,
        cause=failure.cause if failure else None,
    )


def _also_failing(test: PathTest, incident: Incident, company: str) -> tuple[Kind, ...]:
    """Return the other kinds of mail that are stopped on the path."""
    failing = {
        failure.kind
        for failure in incident.failures
        if (failure.company, failure.path) == (company, test.path) and failure.nature is Nature.MAIL
    }
    return tuple(kind for kind in Kind if kind in failing - {test.kind})


def twin_untested(path: WatchedPath, identities: Mapping[Role, Identity]) -> TwinUntested | None:
    """Return why no forged twin is sent on this path; None: it is. It is sent only to a gateway that lets us state any
    client, or to a filter: elsewhere it would be a forgery."""
    via = path.route.via
    if frozenset({Factor.IP}) not in ROUTE_LEVERS.get(via, ()):
        return TwinUntested.ROUTE
    if not path.diagnosis.includes(needed_within(via)):
        return TwinUntested.FORBIDDEN
    other = comparison(path.route, identities)
    if other is None or identities[other].source_ip == identities[Role.SENDER].source_ip:
        return TwinUntested.NO_OTHER_ADDRESS
    return None
