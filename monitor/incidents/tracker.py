"""Current failures, kept up to date verdict by verdict. No I/O, no clock: past verdicts are handed in."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.incidents.attribution import FailureCase, attribute, least
from monitor.incidents.companies import WatchedCompanies, WideningThresholds
from monitor.incidents.comparison import Comparison, Failing, Got, Rigour
from monitor.incidents.diagnosed import DiagnosisFinding
from monitor.incidents.history import CheckHistory, FailureLimits, FailureState, track_of
from monitor.incidents.holding import Group, Known, grouped
from monitor.incidents.incident import Failure, Incident, Nature, Reason, Severity
from monitor.incidents.others import Others
from monitor.incidents.reach import Contacts, Reach, Unreached, never_connected, reach, unanswered
from monitor.incidents.scope import Problem, RecentSuccess, of_company
from monitor.incidents.settings import IncidentSettings, good_needed
from monitor.incidents.signal import PathInfo, PathKey, Signal
from monitor.incidents.weight import Names, Weight, mark_of, severity_of
from probes.check import Check
from probes.details import taken_for_spam
from probes.mailsystems.words import Chain
from probes.sender import Role
from probes.uplink import Uplink
from probes.verdict import Outcome

HISTORY = 40  # verdicts of a line from which its track is made again
GAP = 1.5  # of the time between two probes: where more lies between two verdicts, another one is on its way
MAX_CONFIRMATION_WAIT = timedelta(hours=1)  # for the next probe of a check; what is probed once a day holds up no end
CONTROL_AGAIN = timedelta(minutes=3)  # until the next control, where the last one failed and that may be chance


class FailureTracker:
    """Histories of all monitored checks, and the problems that follow."""

    def __init__(self) -> None:
        self._settings = IncidentSettings()
        self._names = Names("", "")
        self._paths: dict[str, list[PathInfo]] = {}
        self._ways: dict[PathKey, PathInfo] = {}
        self._chains: dict[str, Chain] = {}
        self._awake_since: datetime | None = None
        self._tracks: dict[Check, CheckHistory] = {}
        self._others = Others()
        self._contacts = Contacts()
        self._uplink: Callable[[], Uplink] = Uplink
        self._unreached: dict[tuple[Check, bool], Unreached] = {}  # of its mail, and of what we could not ask
        self._reach: dict[tuple[Check, bool], Reach] = {}
        self._reached: Mapping[Unreached, Reach] = {}
        self._again: dict[PathKey, Signal] = {}  # paths whose control is to be asked again soon
        self._result_at: dict[str, datetime] = {}
        self._failing: dict[str, list[Failure]] = {}
        self._problems: dict[str, list[Problem]] = {}
        self._relapses: Mapping[tuple[str, Nature], int] = {}
        self._stale: set[str] = set()
        self._undecided: set[str] = set()

    def configure(
        self,
        paths: Iterable[PathInfo],
        settings: IncidentSettings,
        names: Names,
        others: Mapping[Role, Names] | None = None,
    ) -> None:
        """Track these paths by these rules; drop all others. `others`: identities that the sender, which has these
        `names`, is compared with."""
        by_company: defaultdict[str, list[PathInfo]] = defaultdict(list)
        for path in paths:
            by_company[path.company].append(path)
        if names != self._names or settings != self._settings:
            self._tracks.clear()  # what a verdict counts for may be other now
        self._settings, self._names = settings, names
        self._others.configure(names, others or {})
        self._paths = dict(by_company)
        self._ways = {path.key: path for paths in by_company.values() for path in paths}
        self._chains = {company: paths[0].mail_systems for company, paths in by_company.items()}
        for gone in [check for check in self._tracks if not self.watches(check)]:
            del self._tracks[gone]
        self._unreached.clear()
        for check in self._tracks:
            self._look_at_connection(check)
        for company in [company for company in self._result_at if company not in self._paths]:
            del self._result_at[company]
        self._stale, self._failing, self._problems = set(self._paths), {}, {}

    def follow(self, uplink: Callable[[], Uplink]) -> None:
        """Use this for the state of our own connection."""
        self._uplink = uplink

    def wake(self, now: datetime) -> None:
        """Nothing was probed before: missing results are not overdue."""
        self._awake_since = now

    def watches(self, check: Check) -> bool:
        """Test if the check is monitored."""
        path = self._ways.get(check[:2])
        return path is not None and check[2] in path.kinds

    def checks_of(self, companies: Iterable[str]) -> list[Check]:
        """Return all monitored checks of these companies."""
        return [check for company in companies for path in self._paths.get(company, ()) for check in path.checks]

    def set_relapses(self, relapses: Mapping[tuple[str, Nature], int]) -> None:
        """Set how often a company's incident has recurred, per nature: it must be well for that much longer."""
        self._relapses = relapses

    def unread(self, signals: Sequence[Signal]) -> list[Check]:
        """Return the checks whose past must be loaded before these verdicts can be processed: it is unknown, or has
        changed."""
        wanted = dict.fromkeys(
            signal.check
            for signal in signals
            if signal.role is Role.SENDER
            and self.watches(signal.check)
            and (signal.amends or signal.check not in self._tracks)
        )
        return list(wanted)

    def out_of_order(self, signals: Sequence[Signal]) -> list[Check]:
        """Return the checks with a verdict that follows that of a later launched probe. Their past must be reloaded in
        the order of launches, unless the clock was set back."""
        newest: dict[Check, datetime] = {}
        found: dict[Check, None] = {}
        for signal in signals:
            track = self._tracks.get(signal.check)
            if signal.role is not Role.SENDER or track is None:
                continue
            known = newest.get(signal.check) or track.launched_at
            if known and signal.launched_at < known <= signal.at:
                found[signal.check] = None
            newest[signal.check] = max(known or signal.launched_at, signal.launched_at)
        return list(found)

    def unread_beside_failures(self) -> list[Check]:
        """Return checks of failing companies whose past must be loaded, to know what else is well there."""
        self._refresh()
        return self.unread_of(company for company, failures in self._failing.items() if failures)

    def unread_of(self, companies: Iterable[str]) -> list[Check]:
        """Return checks of these companies whose past must be loaded."""
        return [check for check in self.checks_of(companies) if check not in self._tracks]

    def recall(self, check: Check, signals: Iterable[Signal], before: Sequence[Failure] | None = None) -> None:
        """Load a check's past: the latest verdict of each of its newest probes, oldest first. `before` is what open
        incidents say about it, None if they do not say all."""
        past = list(signals)
        self._tracks[check] = track_of(past, self._limits(check), self._names, before)
        self._others.recall(before or ())
        for signal in past:
            self._note_connection(signal)
        self._look_at_connection(check)
        self._stale.add(check[0])

    def recall_others(self, signals: Iterable[Signal]) -> None:
        """Load past verdicts on other identities' probes."""
        for signal in signals:
            self._take_other(signal)

    def needs_others(self, check: Check) -> bool:
        """Test if the check fails, or may soon, so that the past of other identities there is worth loading."""
        track = self._tracks.get(check)
        return track is not None and track.mail.last is not None

    def recall_newest(self, signal: Signal) -> None:
        """Load the newest verdict of a check or control, as far as that alone says something."""
        self._note_connection(signal)
        if signal.role is not Role.SENDER:
            self._take_other(signal)
        elif signal.verdict.outcome is not Outcome.UNKNOWN:
            self._note_result(signal)

    def set_diagnosed(self, findings: Iterable[DiagnosisFinding]) -> None:
        """Set the newest conclusion of a diagnosis of each path."""
        self._stale.update(company for company, _ in self._others.set_diagnosed(findings) if company in self._paths)

    def take(self, signals: Iterable[Signal], loaded: frozenset[Check] = frozenset()) -> None:
        """Process new verdicts in order. Those of checks in `loaded` are in their past already."""
        for signal in signals:
            self._note_connection(signal)
            if signal.role is not Role.SENDER:
                self._take_other(signal)
                continue
            if not self.watches(signal.check):
                continue
            if signal.check not in loaded:
                track = self._tracks.get(signal.check, CheckHistory())
                self._tracks[signal.check] = track.add(signal, self._limits(signal.check), self._names)
                self._look_at_connection(signal.check)
            if signal.verdict.outcome is not Outcome.UNKNOWN:
                self._note_result(signal)
            self._stale.add(signal.company)

    def problems(self, incidents: Iterable[Incident] = ()) -> list[Problem]:
        """Return all current problems, given these open incidents."""
        return [group.problem for group in self.groups(incidents)]

    def groups(self, incidents: Iterable[Incident], now: datetime | None = None) -> list[Group]:
        """Return all current problems, each with the open incidents that hold its checks. At `now` overdue results are
        no longer awaited."""
        self._refresh()
        narrow = [problem for problems in self._problems.values() for problem in problems]
        heard = {company: at for company, at in self._result_at.items() if company not in self._undecided}
        watched = WatchedCompanies(
            self._chains, heard, WideningThresholds(self._settings.companies, self._settings.share)
        )
        known = Known(
            lambda failure, since: self._awaited(failure, since, now),
            self._failed_at,
            lambda failure: now is None or self._is_due(failure, now),
        )
        return grouped(narrow, incidents, watched, known)

    def _awaited(self, failure: Failure, since: datetime, now: datetime | None) -> bool:
        """Test if a probe launched since then may still show that it is over. One that failed since is an answer, but
        only after the interval in which it may turn out that all of it returns."""
        if now is None:
            return True
        path, state = self._ways[failure.check.place], self._state(failure)
        every = min(path.every, MAX_CONFIRMATION_WAIT)
        if not state.good and self._failed_at(failure) >= since:
            return now - max(since, failure.since) <= every
        return now - max(since, self._awake_since or since) <= GAP * every + path.give_up

    def _is_due(self, failure: Failure, now: datetime) -> bool:
        """Test if the next probe is still expected."""
        every, good_at = min(self._ways[failure.check.place].every, MAX_CONFIRMATION_WAIT), self._state(failure).good_at
        newest = max(self._failed_at(failure), good_at or failure.since)
        return now - max(newest, self._awake_since or newest) <= GAP * every

    def _failed_at(self, failure: Failure) -> datetime:
        last = self._state(failure).last
        return last.launched_at if last else failure.since

    def _state(self, failure: Failure) -> FailureState:
        check, visibility = failure.key
        track = self._tracks[check]
        return track.visibility if visibility else track.mail

    def needing_control(
        self, signals: Iterable[Signal], now: datetime, asked: Mapping[PathKey, datetime]
    ) -> list[tuple[PathInfo, Signal]]:
        """Return the paths on which, after these verdicts, a control should show if the sender is the reason. `asked`:
        when one was last requested."""
        found: dict[PathKey, Signal] = dict(self._again)
        for signal in signals:
            if signal.place in self._ways and self._is_dubious(signal):
                found[signal.place] = signal
        self._again, due = {}, []
        for place, signal in found.items():
            undecided = any(self._is_undecided(check) for check in self._checks_at(place))
            every = min(CONTROL_AGAIN, self._settings.control_every) if undecided else self._settings.control_every
            newest = self._others.newest(place)
            times = [each for each in (asked.get(place), newest and newest.launched_at) if each]
            if all(abs(now - each) >= every for each in times):
                due.append((self._ways[place], signal))
            elif undecided:
                self._again[place] = signal
        return due

    def _is_dubious(self, signal: Signal) -> bool:
        """Test if a neutral sender's result would help to judge this verdict."""
        if signal.role is not Role.SENDER:
            return any(self._is_undecided(check) for check in self._checks_at(signal.place))
        track = self._tracks.get(signal.check)
        if track is None or track.mail.last is None or track.mail.last.probe_id != signal.probe_id:
            return False
        mark = track.mail.mark
        if mark not in (Weight.BAD, Weight.CONCLUSIVE):
            return False
        case = FailureCase(
            mark, signal.verdict, self._names, reach=self._reach.get((signal.check, False), Reach.UNTOLD)
        )
        found = attribute(case)
        return found.nature is Nature.MAIL or found.reason is Reason.NOT_ITS_DOMAIN

    def _is_undecided(self, check: Check) -> bool:
        track = self._tracks.get(check)
        if track is None or track.mail.last is None:
            return False
        return self._others.undecided(check[:2], _failing(track.mail, track.mail.last), self._rigour())

    def _checks_at(self, place: PathKey) -> list[Check]:
        path = self._ways.get(place)
        return path.checks if path else []

    def _rigour(self) -> Rigour:
        """Return the thresholds: the control is judged like the sender."""
        settings = self._settings
        return Rigour(settings.bad, settings.of_last, settings.good, settings.control_every)

    def _take_other(self, signal: Signal) -> None:
        self._others.add(signal)
        self._stale.add(signal.company)

    def _note_connection(self, signal: Signal) -> None:
        if path := self._ways.get(signal.place):
            self._contacts.add(path.via, signal)

    def _look_at_connection(self, check: Check) -> None:
        """Remember checks without any connection until they are well again."""
        track, path = self._tracks[check], self._ways[check[:2]]
        for dark, state in ((False, track.mail), (True, track.visibility)):
            answer = unanswered(state.last.verdict) if state.last else None
            if answer and state.since and state.last:
                since = state.unreached_since or state.last.launched_at
                times = since, max(since, state.last.launched_at)
                self._unreached[check, dark] = Unreached(
                    *(check, path.via, path.mail_system, answer.host, *times), every=path.every
                )
            else:
                self._unreached.pop((check, dark), None)

    def _note_result(self, signal: Signal) -> None:
        before = self._result_at.get(signal.company)
        if signal.company in self._paths and (before is None or before < signal.launched_at):
            self._result_at[signal.company] = signal.launched_at

    def _limits(self, check: Check) -> FailureLimits:
        company, path = check[0], self._ways[check[:2]]
        relapses = {nature: self._relapses.get((company, nature), 0) for nature in Nature}
        ours = relapses.pop(Nature.OURS)
        good, telling = good_needed(self._settings, max(relapses.values())), good_needed(self._settings, ours)
        return FailureLimits(
            *(self._settings.bad, self._settings.of_last, good, telling),
            apart=GAP * path.every,
            certain=2 * path.every + path.give_up,
            settle=2 * self._settings.settle,
        )

    def _refresh(self) -> None:
        """Recompute what has changed, company by company."""
        self._look_at_reach()
        heard = RecentSuccess(self._well_at, self._result_at, self._others.through_at, self._once_well_at)
        for company in self._stale:
            paths = self._paths.get(company)
            self._failing.pop(company, None)
            self._problems.pop(company, None)
            self._undecided.discard(company)
            if any(track.undecided for check in self.checks_of((company,)) if (track := self._tracks.get(check))):
                self._undecided.add(company)
            if paths and (failures := list(self._failures(company))):
                self._failing[company] = failures
                self._problems[company] = list(of_company(paths, failures, heard))
        self._stale.clear()

    def _look_at_reach(self) -> None:
        """Judge reachability: one connection somewhere says something about all companies that had none."""
        if not self._unreached and not self._reach:
            return
        uplink = self._uplink()
        if uplink.succeeded_at:
            self._contacts.note("direct", uplink.succeeded_at)
        found = reach(self._unreached.values(), self._contacts, uplink, self._reached)
        now = {key: found[each] for key, each in self._unreached.items()}
        self._reached = found
        for key in now.keys() | self._reach.keys():
            if now.get(key) is not self._reach.get(key):
                self._stale.add(key[0][0])
        self._reach = now

    def _well_at(self, check: Check) -> datetime | None:
        track = self._tracks.get(check)
        if track is None or track.mail.acute:
            return None
        return track.well_at if track.mail.intermittent or track.mail.recent[-1:] == (Weight.GOOD,) else None

    def _once_well_at(self, check: Check) -> datetime | None:
        track = self._tracks.get(check)
        if track is None or (track.mail.acute and not track.mail.good):
            return None
        return track.well_at

    def _failures(self, company: str) -> Iterator[Failure]:
        for check in self.checks_of((company,)):
            track = self._tracks.get(check)
            if track is None:
                continue
            if track.mail.fails and track.mail.last:
                comparisons = self._others.beside(check[:2], _failing(track.mail, track.mail.last), self._rigour())
                yield self._failure(track.mail, track.mail.last, comparisons)
            if track.visibility.fails and track.visibility.last:
                yield self._failure(track.visibility, track.visibility.last, ())

    def _failure(self, state: FailureState, last: Signal, comparisons: Sequence[Comparison]) -> Failure:
        verdict, mark = last.verdict, state.mark or mark_of(last.kind, last.verdict, self._names)
        reach, via = self._reach.get((last.check, mark is Weight.UNKNOWN), Reach.UNTOLD), self._ways[last.place].via
        if state.of_last:  # most of the sender's mail gets through as well
            comparisons = [each for each in comparisons if each.got is not Got.THROUGH]
        diagnosed = self._others.diagnosed(_failing(state, last))
        found = attribute(FailureCase(mark, verdict, self._names, comparisons, reach, state.came_late, via, diagnosed))
        at_most = Severity.TICKET if state.of_last or state.over_before_known else Severity.PAGE
        return Failure(
            company=last.company,
            path=last.path,
            kind=last.kind,
            nature=found.nature,
            severity=least(severity_of(last.kind, mark, verdict.outcome), least(found.at_most, at_most)),
            since=state.since or last.launched_at,
            bad=state.count,
            probe_id=last.probe_id,
            at=last.at,
            outcome=verdict.outcome,
            cause=found.cause,
            grade=verdict.grade,
            because=verdict.because,
            answer=verdict.answer,
            spam=taken_for_spam(verdict.detail),
            reason=found.reason,
            compared_at=found.comparison.at if found.comparison else None,
            of_last=state.of_last,
            over_since=state.good_since if state.over_before_known else None,
            factor=found.factor,
        )


def _failing(state: FailureState, last: Signal) -> Failing:
    """Return the failing answer. An answer from before the connection failed says nothing about why there is none."""
    since = state.unreached_since if never_connected(last.verdict) else None
    return Failing(last, since or state.since or last.launched_at, well_after=state.good > 0)
