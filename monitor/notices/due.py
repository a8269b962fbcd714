"""Decide which notices are due: every incident against the last notice on each channel.

If an incident absorbed others that a channel knows, the channel gets one notice: about the one that continues. Only a
receiver that keeps something open per incident is notified of the others' end too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.incidents.incident import HistoryEntry, Incident, LastNotice
from monitor.incidents.settings import IncidentSettings, RoutingRule
from monitor.notices.context import NoticeRequest
from monitor.notices.history import queued, queued_together
from monitor.notices.next_notice import notice_due, notice_of, seen, size_after
from monitor.notices.notice import Notice, NoticeKind
from monitor.notices.routing import channels_for
from probes.kinds import Kind
from probes.verdict import Cause

Tell = Callable[[Incident, NoticeKind, LastNotice | None, tuple[str, ...] | None, tuple[Incident, ...]], NoticeRequest]
"""Builds a request from an incident, the kind of notice, the channel's last notice, the companies it may see, and
the incidents that this one took in of which the channel knew."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The possible receivers. `keeps_open` is asked per channel, see `Channel`; `waiting` have undelivered notices;
    `held_by`: who has acknowledged an incident, by its id."""

    keeps_open: Mapping[str, bool]
    routing: Sequence[RoutingRule]
    settings: IncidentSettings
    waiting: frozenset[str] = frozenset()
    held_by: Mapping[str, str] = field(default_factory=dict)


class Due:
    """The due notices, and the resulting incidents and history entries."""

    def __init__(self, incidents: Mapping[str, Incident], audience: Audience, now: datetime, tell: Tell) -> None:
        self._audience, self._now, self._tell = audience, now, tell
        self.incidents = dict(incidents)
        self.entries: list[HistoryEntry] = []
        self.notices: list[Notice] = []
        taken = _taken_in(self.incidents)
        for incident in sorted(incidents.values(), key=lambda each: not each.open):  # those that go on fold the others
            self._look_at(incident.id, taken.get(incident.id, ()))

    def _look_at(self, name: str, taken: Iterable[str]) -> None:
        incident = self.incidents[name]
        heard = channels_for(incident, self._audience.routing, self._audience.keeps_open, self._now)
        for channel in self._audience.keeps_open:
            before = incident.told.get(channel)
            if channel in heard or (before and not before.over):
                visible = _visible(heard[channel]) if channel in heard else before.visible if before else None
                took_in = tuple(each for each in (self.incidents[id_] for id_ in taken) if _knows(each, channel))
                self._notify(incident, channel, visible, took_in, may_hear=channel in heard)

    def _notify(
        self,
        incident: Incident,
        channel: str,
        visible: tuple[str, ...] | None,
        took_in: tuple[Incident, ...],
        *,
        may_hear: bool,
    ) -> None:
        before, settings = incident.told.get(channel), self._audience.settings
        folds = not self._audience.keeps_open[channel]
        news = notice_due(
            incident,
            before,
            self._now,
            settle=settings.settle,
            remind=settings.remind,
            waiting=channel in self._audience.waiting,
            visible=visible,
            took_in=bool(took_in) and folds,
            held_by=self._held_by(incident),
            keeps_open=not folds,
        )
        for_all = news is not None and (news.ends or news is NoticeKind.ACKNOWLEDGED)  # who was notified before
        if news is None or not (may_hear or for_all):
            return
        notice = notice_of(self._tell(incident, news, before, visible, took_in), channel)
        self.notices.append(notice)
        knows = _knowledge(notice, incident, before, visible, self._held_by(incident))
        self._know(incident.id, channel, knows, queued(notice, self._now))
        if folds and not news.ends:
            for taken in took_in:
                together = queued_together(taken.id, channel, self._now, incident.id)
                self._know(taken.id, channel, replace(taken.told[channel], over=True), together)

    def _held_by(self, incident: Incident) -> str:
        return self._audience.held_by.get(incident.id, "")

    def _know(self, name: str, channel: str, told: LastNotice, entry: HistoryEntry) -> None:
        """Record the channel's new knowledge of the incident."""
        incident = self.incidents[name]
        self.incidents[name] = replace(incident, told={**incident.told, channel: told})
        self.entries.append(entry)


def _taken_in(incidents: Mapping[str, Incident]) -> Mapping[str, Sequence[str]]:
    """Return, by the id of each open incident, those that it absorbed and that somebody knows without having been
    notified."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for incident in incidents.values():
        if incident.merged_into and any(not told.over for told in incident.told.values()):
            into = incidents.get(incident.merged_into)
            while into and into.merged_into:
                into = incidents.get(into.merged_into)
            if into and into.open:
                found[into.id].append(incident.id)
    return found


def _knows(incident: Incident, channel: str) -> bool:
    """Test if the channel was notified of it, and not of its end."""
    told = incident.told.get(channel)
    return told is not None and not told.over


def _knowledge(
    notice: Notice, incident: Incident, before: LastNotice | None, visible: tuple[str, ...] | None, held_by: str
) -> LastNotice:
    """Return the channel's knowledge after this notice."""
    base, companies = size_after(notice.news, before, len(seen(incident, visible)))
    return LastNotice(
        *(notice.number, notice.at, incident.scope, incident.severity, incident.cause, notice.labels),
        visible=visible,
        over=notice.news.ends,
        causes=_causes(before, incident),
        nature=incident.nature,
        base=base,
        companies=companies,
        held_by=held_by,
        kinds=_kinds(before, incident),
        about=incident.about,
    )


def _kinds(before: LastNotice | None, incident: Incident) -> tuple[Kind, ...]:
    failing = {failure.kind for failure in incident.failures if failure.nature is incident.nature}
    known = before.kinds if before and not before.over else ()
    return tuple(kind for kind in Kind if kind in known or kind in failing)


def _causes(before: LastNotice | None, incident: Incident) -> tuple[Cause | None, ...]:
    heard = before.causes if before and not before.over else ()
    return heard if incident.cause in heard else (*heard, incident.cause)


def _visible(companies: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if companies is None else tuple(sorted(companies))
