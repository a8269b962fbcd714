"""Outages of many companies, by the clock: probes that are launched one after the other, verdicts that come when they
come, and what is told on a pager, in a chat, and to the people of one company."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from monitor.incidents.incident import Incident, LastNotice
from monitor.incidents.settings import IncidentSettings, RoutingRule
from monitor.incidents.signal import Signal
from monitor.notices.context import CompanyInfo, NoticeRequest
from monitor.notices.due import Audience, Due
from monitor.notices.notice import Notice, NoticeKind
from probes.mailsystems.table import MAIL_SYSTEMS, is_shared
from tests.support.notice_samples import SENDER
from tests.support.verdict_score import CODE, T0, Day, path_at, signal

MINUTE = timedelta(minutes=1)
EVERY = timedelta(minutes=15)
GIVE_UP = timedelta(hours=1)
AT_ONCE = timedelta(seconds=2)  # until a refusal is known, or a mail is in the inbox
SHARED = tuple(key for key in MAIL_SYSTEMS if is_shared(key))
CHANNELS = {"pager": True, "chat": False, "c7_it": False}
ROUTING = (RoutingRule(to=("pager", "chat")), RoutingRule(to=("c7_it",), companies=("c7",)))

Letter = Callable[[int, float], str]
"""What becomes of a probe of the company of this number that is launched in this minute."""


@dataclass
class Outage:
    """So many companies, each probed once in `every`, evenly one after the other; `run` lets time pass."""

    companies: int
    letter: Letter
    systems: int = 4
    settings: IncidentSettings = field(default_factory=IncidentSettings)
    every: timedelta = EVERY
    look: timedelta = MINUTE
    told: list[tuple[float, str, Notice]] = field(default_factory=list)
    stopped: frozenset[int] = frozenset()  # companies that are no longer probed
    mute: Callable[["Outage"], None] = lambda _: None

    start = T0

    def __post_init__(self) -> None:
        system = [SHARED[number % self.systems] for number in range(self.companies)]
        self.town = {
            f"c{number}": CompanyInfo(f"Company {number}", (system[number],), self.every)
            for number in range(self.companies)
        }
        paths = [path_at(f"c{number}", mail_system=system[number]) for number in range(self.companies)]
        self.day = Day(tuple(paths), self.settings)
        self._verdicts: list[tuple[datetime, int, Signal]] = []
        self._launches: list[tuple[datetime, int]] = [
            (T0 + self.every * (number / self.companies), number) for number in range(self.companies)
        ]

    def run(self, minutes: float) -> None:
        """Until so many minutes after the beginning."""
        end = T0 + MINUTE * minutes
        while self.day.now < end:
            self.day.now = min(self.day.now + self.look, end)
            self._launch()
            due = []
            while self._verdicts and self._verdicts[0][0] <= self.day.now:
                due.append(heappop(self._verdicts)[2])
            self.day.take(due)
            self.day.settle()
            self.mute(self)
            self._tell()

    def be_stopped(self, minutes: float) -> None:
        """Nothing is launched for so long, and then another service takes up what was stored."""
        self.day.now += MINUTE * minutes
        self._launches = [(at + MINUTE * minutes, number) for at, number in self._launches]
        self.day.restart()

    def _launch(self) -> None:
        while self._launches and self._launches[0][0] <= self.day.now:
            at, number = heappop(self._launches)
            heappush(self._launches, (at + self.every, number))
            if number in self.stopped:
                continue
            letter = self.letter(number, (at - T0) / MINUTE)
            known = at + (GIVE_UP if letter == "b" else AT_ONCE)
            verdict = replace(signal(letter, at, line=(f"c{number}", "hq", CODE)), at=known)
            heappush(self._verdicts, (known, number, verdict))

    def _tell(self) -> None:
        due = Due(self.day.incidents, Audience(CHANNELS, ROUTING, self.settings), self.day.now, self._request_for)
        self.day.incidents = due.incidents
        self.told += [((self.day.now - T0) / MINUTE, notice.channel, notice) for notice in due.notices]

    def _request_for(
        self,
        incident: Incident,
        news: NoticeKind,
        before: LastNotice | None,
        visible: tuple[str, ...] | None,
        took_in: tuple[Incident, ...],
    ) -> NoticeRequest:
        return NoticeRequest(
            *(incident, news, self.day.now, self.town, SENDER, "https://mailpath.example", self.settings.good),
            visible=None if visible is None else frozenset(visible),
            before=before,
            into=self.day.incidents.get(incident.merged_into),
            took_in=took_in,
        )

    def news(self, channel: str = "pager", *, since: float = 0) -> list[str]:
        """What this channel heard after that minute."""
        return [str(notice.news) for minute, to, notice in self.told if to == channel and minute > since]

    def last(self, channel: str) -> Notice:
        """The last notice on this channel."""
        return [notice for _, to, notice in self.told if to == channel][-1]


def turns(outage: Outage) -> Iterable[str]:
    """For those who look for a mistake: all that was told, by the minute."""
    return [f"{minute:6.1f} {to} {notice.news} {notice.title}" for minute, to, notice in outage.told]
