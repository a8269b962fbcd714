"""What fails now, kept up to date verdict by verdict. No I/O, no clock: what it must know of the past is handed in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.incidents.holding import Group, Known, grouped
from monitor.incidents.incident import Failure, Incident, Nature
from monitor.incidents.marks import Mark, Names, control_fails, mark_of, nature_of, severity_of
from monitor.incidents.ruling import Line, Ruling, Site
from monitor.incidents.scope import Heard, Problem, Town, Wide, of_company
from monitor.incidents.settings import IncidentSettings
from monitor.incidents.track import Limits, Streak, Track, track_of
from probes.sender import Role
from probes.verdict import Outcome

HISTORY = 40  # verdicts of a line from which its track is made again
GAP = 1.5  # of the time between two probes: where more lies between two verdicts, another one is on its way
LONGEST_WAIT = timedelta(hours=1)  # for the next probe of a check; what is probed once a day holds up no end
MOST_PATIENCE = 3  # how often the good ones that are needed are doubled, for what comes back again and again

Place = tuple[str, str]
"""Company and path."""


def good_needed(settings: IncidentSettings, relapses: int) -> int:
    """So many good ones in a row end an incident that came back so often."""
    return settings.good << min(relapses, MOST_PATIENCE)


class Picture:
    """The tracks of all lines that are watched, and the problems that follow."""

    def __init__(self) -> None:
        self._settings = IncidentSettings()
        self._names = Names("", "")
        self._sites: dict[str, list[Site]] = {}
        self._town: dict[str, str] = {}
        self._lines: dict[Line, Site] = {}
        self._awake_since: datetime | None = None
        self._tracks: dict[Line, Track] = {}
        self._controls: dict[Place, Ruling] = {}
        self._heard_at: dict[str, datetime] = {}
        self._failing: dict[str, list[Failure]] = {}
        self._problems: dict[str, list[Problem]] = {}
        self._relapses: Mapping[tuple[str, Nature], int] = {}
        self._stale: set[str] = set()
        self._undecided: set[str] = set()

    def configure(self, sites: Iterable[Site], settings: IncidentSettings, names: Names) -> None:
        """Look at these paths by these rules; forget all others."""
        by_company: defaultdict[str, list[Site]] = defaultdict(list)
        for site in sites:
            by_company[site.company].append(site)
        if names != self._names or settings != self._settings:
            self._tracks.clear()  # what a verdict counts for may be other now
        self._settings, self._names = settings, names
        self._sites = dict(by_company)
        self._town = {company: sites[0].mail_system for company, sites in by_company.items()}
        self._lines = {
            (site.company, site.path, kind): site
            for sites in by_company.values()
            for site in sites
            for kind in site.kinds
        }
        for gone in [line for line in self._tracks if line not in self._lines]:
            del self._tracks[gone]
        for company in [company for company in self._heard_at if company not in self._sites]:
            del self._heard_at[company]
        self._stale = set(self._sites)
        self._failing, self._problems = {}, {}

    def wake(self, now: datetime) -> None:
        """Nothing was probed before: what was not heard of until now is not overdue."""
        self._awake_since = now

    def watches(self, line: Line) -> bool:
        """Whether it is looked at."""
        return line in self._lines

    def lines_of(self, companies: Iterable[str]) -> list[Line]:
        """All lines of these companies, those that are watched."""
        return [
            (site.company, site.path, kind)
            for company in companies
            for site in self._sites.get(company, ())
            for kind in site.kinds
        ]

    def be_patient(self, relapses: Mapping[tuple[str, Nature], int]) -> None:
        """How often the incident of a company came back, by whose trouble it is: so much longer it must be well."""
        self._relapses = relapses

    def unread(self, rulings: Sequence[Ruling]) -> list[Line]:
        """The lines whose past must be loaded before these verdicts can be taken: it is not known, or has changed."""
        wanted = dict.fromkeys(
            ruling.line
            for ruling in rulings
            if ruling.role is Role.SENDER
            and ruling.line in self._lines
            and (ruling.amends or ruling.line not in self._tracks)
        )
        return list(wanted)

    def out_of_order(self, rulings: Sequence[Ruling]) -> list[Line]:
        """The lines of which a verdict comes after that on a probe that was launched later. It tells what was so then:
        their past must be loaded again, in the order of the launches. After a clock went back that is no order."""
        newest: dict[Line, datetime] = {}
        found: dict[Line, None] = {}
        for ruling in rulings:
            track = self._tracks.get(ruling.line)
            if ruling.role is not Role.SENDER or track is None:
                continue
            known = newest.get(ruling.line) or track.launched_at
            if known and ruling.launched_at < known <= ruling.at:
                found[ruling.line] = None
            newest[ruling.line] = max(known or ruling.launched_at, ruling.launched_at)
        return list(found)

    def unread_beside_failures(self) -> list[Line]:
        """Lines of companies where something fails, whose past must be loaded, to know what else is well there."""
        self._refresh()
        return self.unread_of(company for company, failures in self._failing.items() if failures)

    def unread_of(self, companies: Iterable[str]) -> list[Line]:
        """Lines of these companies whose past must be loaded."""
        return [line for line in self.lines_of(companies) if line not in self._tracks]

    def recall(self, line: Line, rulings: Iterable[Ruling], before: Sequence[Failure] | None = None) -> None:
        """This is the line's past: the latest verdict of each of its newest probes, oldest first. `before` is what
        open incidents say of the line, None where they do not say all."""
        self._tracks[line] = track_of(rulings, self._limits(line), self._names, before)
        self._stale.add(line[0])

    def recall_newest(self, ruling: Ruling) -> None:
        """The newest verdict of some line or control, as far as that alone tells something."""
        if ruling.role is Role.CONTROL:
            self._take_control(ruling)
        elif ruling.role is Role.SENDER and ruling.verdict.outcome is not Outcome.UNKNOWN:
            self._hear(ruling)

    def take(self, rulings: Iterable[Ruling], loaded: frozenset[Line] = frozenset()) -> None:
        """New verdicts in their order. Those of lines in `loaded` are in their past already."""
        for ruling in rulings:
            if ruling.role is Role.CONTROL:
                self._take_control(ruling)
                continue
            if ruling.role is not Role.SENDER or ruling.line not in self._lines:
                continue
            if ruling.line not in loaded:
                track = self._tracks.get(ruling.line, Track())
                self._tracks[ruling.line] = track.add(ruling, self._limits(ruling.line), self._names)
            if ruling.verdict.outcome is not Outcome.UNKNOWN:
                self._hear(ruling)
            self._stale.add(ruling.company)

    def problems(self, incidents: Iterable[Incident] = ()) -> list[Problem]:
        """All problems that there are now, where these incidents are open."""
        return [group.problem for group in self.groups(incidents)]

    def groups(self, incidents: Iterable[Incident], now: datetime | None = None) -> list[Group]:
        """All problems that there are now, each with the open incidents that hold its checks. At `now` what was waited
        for too long is no longer waited for."""
        self._refresh()
        narrow = [problem for problems in self._problems.values() for problem in problems]
        heard = {company: at for company, at in self._heard_at.items() if company not in self._undecided}
        town = Town(self._town, heard, Wide(self._settings.companies, self._settings.share))
        known = Known(lambda failure, since: self._awaited(failure, since, now), self._failed_at)
        return grouped(narrow, incidents, town, known)

    def _awaited(self, failure: Failure, since: datetime, now: datetime | None) -> bool:
        """Whether a probe that was launched since then may still tell that it is over. One that failed since is an
        answer, but not before the interval is over in which it may be seen that all of it comes back."""
        if now is None:
            return True
        site, streak = self._lines[failure.line], self._streak(failure)
        every = min(site.every, LONGEST_WAIT)
        if not streak.good and self._failed_at(failure) >= since:
            return now - max(since, failure.since) <= every
        return now - max(since, self._awake_since or since) <= GAP * every + site.give_up

    def _failed_at(self, failure: Failure) -> datetime:
        last = self._streak(failure).last
        return last.launched_at if last else failure.since

    def _streak(self, failure: Failure) -> Streak:
        line, sight = failure.check
        track = self._tracks[line]
        return track.sight if sight else track.mail

    def suspects(self, rulings: Iterable[Ruling], now: datetime) -> list[tuple[Site, Ruling]]:
        """The paths of which, after these verdicts, a control should tell whether it is about the sender."""
        found: dict[Place, tuple[Site, Ruling]] = {}
        for ruling in rulings:
            track = self._tracks.get(ruling.line)
            if track and ruling.role is Role.SENDER and self._is_dubious(ruling, track, now):
                site = next(site for site in self._sites[ruling.company] if site.path == ruling.path)
                found[site.key] = site, ruling
        return list(found.values())

    def _is_dubious(self, ruling: Ruling, track: Track, now: datetime) -> bool:
        if track.mail.last is None or track.mail.last.probe_id != ruling.probe_id or track.mail.mark is not Mark.BAD:
            return False
        if nature_of(track.mail.mark, ruling.verdict.cause, control_fails=False) is not Nature.MAIL:
            return False
        control = self._controls.get((ruling.company, ruling.path))
        return control is None or abs(now - control.launched_at) >= self._settings.control_every

    def _take_control(self, ruling: Ruling) -> None:
        if ruling.verdict.outcome is not Outcome.UNKNOWN:
            self._controls[ruling.company, ruling.path] = ruling
            self._stale.add(ruling.company)

    def _hear(self, ruling: Ruling) -> None:
        before = self._heard_at.get(ruling.company)
        if ruling.company in self._sites and (before is None or before < ruling.launched_at):
            self._heard_at[ruling.company] = ruling.launched_at

    def _limits(self, line: Line) -> Limits:
        company, site = line[0], self._lines[line]
        relapses = {nature: self._relapses.get((company, nature), 0) for nature in Nature}
        ours = relapses.pop(Nature.OURS)
        good, telling = good_needed(self._settings, max(relapses.values())), good_needed(self._settings, ours)
        return Limits(
            *(self._settings.bad, self._settings.of_last, good, telling),
            apart=GAP * site.every,
            certain=2 * site.every + site.give_up,
        )

    def _refresh(self) -> None:
        """Work out again what has changed, company by company."""
        heard = Heard(self._well_at, self._heard_at)
        for company in self._stale:
            sites = self._sites.get(company)
            self._failing.pop(company, None)
            self._problems.pop(company, None)
            self._undecided.discard(company)
            if any(track.undecided for line in self.lines_of((company,)) if (track := self._tracks.get(line))):
                self._undecided.add(company)
            if sites and (failures := list(self._failures(company))):
                self._failing[company] = failures
                self._problems[company] = list(of_company(sites, failures, heard))
        self._stale.clear()

    def _well_at(self, line: Line) -> datetime | None:
        track = self._tracks.get(line)
        well = track is not None and not track.mail.fails and track.mail.recent[-1:] == (Mark.GOOD,)
        return track.well_at if track and well else None

    def _failures(self, company: str) -> Iterator[Failure]:
        for line in self.lines_of((company,)):
            track = self._tracks.get(line)
            if track is None:
                continue
            if track.mail.fails and track.mail.last:
                yield self._failure(track.mail, track.mail.last)
            if track.sight.fails and track.sight.last:
                yield self._failure(track.sight, track.sight.last)

    def _failure(self, streak: Streak, last: Ruling) -> Failure:
        verdict, mark = last.verdict, streak.mark or mark_of(last.kind, last.verdict, self._names)
        since = streak.since or last.launched_at
        control = self._controls.get((last.company, last.path))
        fresh = control is not None and control.launched_at >= since - self._settings.control_every
        return Failure(
            company=last.company,
            path=last.path,
            kind=last.kind,
            nature=nature_of(
                mark, verdict.cause, control_fails=bool(fresh and control and control_fails(control.verdict))
            ),
            severity=severity_of(last.kind, mark, verdict.outcome),
            since=since,
            bad=streak.count,
            probe_id=last.probe_id,
            at=last.at,
            outcome=verdict.outcome,
            cause=verdict.cause,
            grade=verdict.grade,
            because=verdict.because,
        )
