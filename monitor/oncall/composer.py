"""Renders notices: adds to an incident what else its notices say, from the configuration and the work of people."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.config import Config
from monitor.incidents.incident import Incident, LastNotice
from monitor.incidents.settings import good_needed
from monitor.incidents.signal import PathInfo, PathKey
from monitor.incidents.work import NO_WORK, IncidentWork
from monitor.notices.combined import combined
from monitor.notices.context import CompanyInfo, NoticeRequest, SenderInfo
from monitor.notices.notice import Notice, NoticeBasis, NoticeKind, NoticeQueue
from monitor.people.action_links import LinkUrls
from probes.mailsystems.words import Chain
from probes.routes import comparison
from probes.sender import Role

SOMEBODY = "Somebody"  # who used a link, which names nobody


class NoticeComposer:
    """Renders notices. `links` makes those by which people act, None for none; `works`: the work on open incidents, by
    id."""

    def __init__(self, now: Callable[[], datetime], links: LinkUrls | None = None) -> None:
        self._now = now
        self.links = links
        self.works: Mapping[str, IncidentWork] = {}
        self._config = Config()
        self._companies: dict[str, CompanyInfo] = {}
        self._controls: dict[PathKey, timedelta | None] = {}

    def configure(self, config: Config, paths: Iterable[PathInfo]) -> None:
        """Use this configuration from now on."""
        self._config = config
        paths = list(paths)
        self._controls = dict(_controls(config, {path.key: path.every for path in paths}))
        self._companies = {
            path.company: CompanyInfo(path.company_name, path.mail_systems, path.every)
            for path in sorted(paths, key=lambda path: path.every)
        }

    def compose(self, queue: NoticeQueue) -> Notice:
        """Render what waits for a channel about one incident as one notice, from what is known now."""

        def tell(incident: Incident, news: NoticeKind, basis: NoticeBasis, missed: bool) -> NoticeRequest:
            took_in = tuple(queue.incidents[id_] for id_ in basis.took_in if id_ in queue.incidents)
            request = self.request(queue.incidents, self._now(), incident, news, basis.before, basis.visible, took_in)
            return replace(request, missed=missed, actions=self._actions(incident, queue.waiting[-1], basis, request))

        return combined(queue, tell)

    def request(
        self,
        incidents: Mapping[str, Incident],
        now: datetime,
        incident: Incident,
        news: NoticeKind,
        before: LastNotice | None,
        visible: tuple[str, ...] | None,
        took_in: tuple[Incident, ...],
    ) -> NoticeRequest:
        """Return the input of a notice. `incidents`, by id: those that it may have to name."""
        sender = self._config.sender
        return NoticeRequest(
            incident=incident,
            news=news,
            now=now,
            companies=self._companies,
            sender=SenderInfo(sender.domain, sender.source_ip, sender.address),
            url=self._config.web.base_url,
            good=good_needed(self._config.incidents, incident.relapses),
            visible=None if visible is None else frozenset(visible),
            before=before,
            into=incidents.get(incident.merged_into),
            took_in=took_in,
            grafana=self._config.web.grafana or "",
            held_by=self.held_by(incident.id),
            controls=self._controls,
        )

    def held_by(self, incident: str) -> str:
        """Return who has acknowledged it, "" if nobody has."""
        work = self.works.get(incident, NO_WORK)
        return (work.held_by or SOMEBODY) if work.acknowledged else ""

    def mail_systems(self, company: str) -> Chain:
        """Return the mail systems of this company, none if it is no longer configured."""
        known = self._companies.get(company)
        return known.mail_systems if known else ()

    def _actions(
        self, incident: Incident, last: Notice, basis: NoticeBasis, request: NoticeRequest
    ) -> Mapping[str, str]:
        if self.links is None:
            return {}
        return self.links.urls(incident, last.channel, last.id, basis.visible, request.url, request.now)


def _controls(config: Config, every: Mapping[PathKey, timedelta]) -> Iterator[tuple[PathKey, timedelta | None]]:
    """Yield the longest time to the next control of each path that has one, None for those that can have none."""
    identities = config.identities()
    for path in config.paths():
        key = path.company, path.path
        match comparison(path.route, identities):
            case Role.CONTROL:  # it follows a failed probe, when the last one is that old
                yield key, every[key] + config.incidents.control_every
            case None:
                yield key, None
