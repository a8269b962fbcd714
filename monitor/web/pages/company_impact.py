"""The state of a company's mail in one sentence: what its people notice. Pure.

It never says more than is proven: one failed test is not yet a problem of people, trouble of a probe's own mailbox or
of Mailpath says nothing about their mail, and an old result says nothing about now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from monitor.config import WatchedPath
from monitor.incidents.incident import Failure, FindingAbout, Incident, Nature, leading
from monitor.incidents.labels import NATURES
from monitor.incidents.summary import problem_means
from monitor.output.symbols import WORST_FIRST
from monitor.probing.current import CurrentVerdict
from monitor.web.company_summaries import overdue_from
from probes.check import Check
from probes.display import listed
from probes.kinds import Kind
from probes.labels import KINDS, OUTCOMES, reason_of
from probes.verdict import Grade, Outcome

ALL_MAIL = "sign-in codes and other mail from Trimble"
ALL_CODES = "sign-in codes"
ANY_MAIL = "mail from Trimble"
NOTHING_OF_MAIL = "This says nothing about other people's mail."
RECOVERING = "The newest test messages arrived in time. The incident is closed after more of them do."
MAY_BE_CHANCE = "One failed test may be chance. If it repeats, it becomes an incident."


@dataclass(frozen=True, slots=True)
class Impact:
    """One sentence for everybody, and one that says why. `look`: the outcome whose colour and sign it has; None while
    nothing is known. `since`: when the problem began, `grade`: how much is proven; None where there is no problem."""

    look: Outcome | None
    sentence: str
    why: str = ""
    since: datetime | None = None
    grade: Grade | None = None


def impact_of(
    paths: Sequence[WatchedPath],
    current_verdicts: Mapping[Check, CurrentVerdict],
    opened: Iterable[Incident],
    now: datetime,
) -> Impact:
    """Return what people at the company of these paths notice. `opened`: its open incidents, the worst first."""
    name, company = paths[0].company_name, paths[0].company
    opened = list(opened)
    for incident in opened:
        own = tuple(failure for failure in incident.failures if failure.company == company)
        if lead := leading(incident, own):
            newest = [current_verdicts.get(failure.check) for failure in own]
            if all(each is not None and each.verdict.outcome is Outcome.INBOX for each in newest):
                return Impact(Outcome.INBOX, f"Mail to {name} arrives again", RECOVERING, None)
            return _of_incident(incident, lead, own, paths)
    refused = next((incident for incident in opened if incident.about is FindingAbout.REAL_MAIL), None)
    if refused:
        return _of_real_mail(name, refused, paths, current_verdicts)
    verdicts = [current_verdicts[check] for path in paths for check in path.checks if check in current_verdicts]
    if not verdicts:
        return Impact(None, f"Nothing is known yet about mail to {name}", "The first tests are under way.")
    if all(_overdue(path, current_verdicts, now) for path in paths):
        last = max(each.at for each in verdicts)
        why = f"The last result is of {last:%Y-%m-%d %H:%M} UTC, and the next one is overdue."
        return Impact(Outcome.UNKNOWN, f"It is not known whether people at {name} receive mail now", why)
    return _of_verdicts(name, paths, current_verdicts)


def _of_real_mail(
    name: str, incident: Incident, paths: Iterable[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict]
) -> Impact:
    """Of real mail only the answer of the company's server is known; not even of all people there."""
    newest = [current_verdicts.get(check) for path in paths for check in path.checks]
    arrive = all(each is not None and each.verdict.outcome is Outcome.INBOX for each in newest)
    said = f"Real mail to people at {name} is refused" + (
        ", although the newest test messages arrive" if arrive else ""
    )
    return Impact(Outcome.BLOCKED, said, problem_means(incident), incident.began_at)


def _overdue(path: WatchedPath, current_verdicts: Mapping[Check, CurrentVerdict], now: datetime) -> bool:
    known = [current_verdicts[check].at for check in path.checks if check in current_verdicts]
    return overdue_from(path, max(known, default=None)) < now


def _of_verdicts(name: str, paths: Sequence[WatchedPath], current_verdicts: Mapping[Check, CurrentVerdict]) -> Impact:
    known = {check: current_verdicts[check] for path in paths for check in path.checks if check in current_verdicts}
    bad = {check: each for check, each in known.items() if each.verdict.outcome is not Outcome.INBOX}
    if not bad:
        kinds = {check.kind for check in known}
        what = ALL_CODES if any(kind.facts.needs_code for kind in kinds) else ANY_MAIL
        arrived = "The newest test message of each kind arrived in the inbox in time."
        return Impact(Outcome.INBOX, f"People at {name} receive {what}", arrived)
    check, worst = min(bad.items(), key=lambda each: WORST_FIRST.index(each[1].verdict.outcome))
    outcome = worst.verdict.outcome
    if outcome is Outcome.UNKNOWN:
        why = f"{reason_of(outcome, worst.verdict.cause)} {NOTHING_OF_MAIL}"
        return Impact(outcome, f"Mailpath could not look whether the newest test message to {name} arrived", why)
    said = f"The newest test message ({KINDS[check.kind].label}) to {name} is {OUTCOMES[outcome].sentence}"
    return Impact(outcome, said, MAY_BE_CHANCE, worst.launched_at, worst.verdict.grade)


def _of_incident(incident: Incident, lead: Failure, own: Sequence[Failure], paths: Sequence[WatchedPath]) -> Impact:
    name, since = paths[0].company_name, min(failure.since for failure in own)
    match lead.nature:
        case Nature.MAILBOX:
            said = f"Mailpath's own test mailbox at {name} cannot be used"
            return Impact(lead.outcome, said, f"{reason_of(lead.outcome, lead.cause)} {NOTHING_OF_MAIL}", since)
        case Nature.OURS:
            said = f"Mailpath cannot check mail to {name} at present"
            return Impact(Outcome.UNKNOWN, said, "Mailpath cannot send or look. " + NOTHING_OF_MAIL, since)
        case Nature.MAIL | Nature.THEIR_SYSTEM | Nature.STANDING:
            said = _people(name, lead.outcome, _what(own, paths), bool(lead.of_last)) + _where(own, paths)
            why = reason_of(lead.outcome, lead.cause)
            if lead.nature is Nature.THEIR_SYSTEM:
                why = f"{why} {NATURES[lead.nature].sentence}"
            return Impact(lead.outcome, said, why, since, lead.grade)
        case _:
            assert_never(lead.nature)


def _what(own: Iterable[Failure], paths: Iterable[WatchedPath]) -> str:
    """The mail that fails: all of it, all codes, or some kinds by name."""
    failing, watched = {failure.kind for failure in own}, {kind for path in paths for kind in path.kinds}
    codes = {kind for kind in watched if kind.facts.needs_code}
    if failing >= watched:
        return ALL_CODES if codes == watched else ALL_MAIL if codes else ANY_MAIL
    if codes and failing == codes:
        return ALL_CODES
    *first, last = (KINDS[kind].sentence for kind in Kind if kind in failing)
    return f"{', '.join(first)} and {last}" if first else last


def _where(own: Iterable[Failure], paths: Sequence[WatchedPath]) -> str:
    failing = sorted({failure.path for failure in own})
    if len(failing) >= len(paths):
        return ""
    return f" ({len(failing)} of {len(paths)} mail paths: {listed(failing)})"


def _people(name: str, outcome: Outcome, what: str, at_times: bool) -> str:
    often = "sometimes " if at_times else ""
    match outcome:
        case Outcome.INBOX:
            return f"People at {name} receive {what} again"
        case Outcome.BLOCKED | Outcome.MISSING:
            return f"People at {name} {'sometimes do not' if at_times else 'cannot'} receive {what}"
        case Outcome.QUARANTINED:
            return f"People at {name} {often}do not receive {what}: the mail is held in quarantine"
        case Outcome.SPAM:
            return f"People at {name} {often}find {what} only in the spam folder"
        case Outcome.DEFERRED | Outcome.LATE:
            return f"People at {name} {often}receive {what} too late"
        case Outcome.UNKNOWN:
            return f"It is not known whether people at {name} receive {what}"
        case _:
            assert_never(outcome)
