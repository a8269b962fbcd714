"""One path as the service sees it, with the settings of all levels resolved."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.config.diagnosis import narrowest
from monitor.config.pace import Choices, ProbeSettings, first
from probes.check import Check
from probes.diagnosis.within import Within
from probes.kinds import Kind
from probes.mailboxes import Mailbox, ReceivedMailbox, VisitedMailbox
from probes.mailsystems.words import Chain
from probes.route_traits import traits_of
from probes.routes import Route
from probes.traces import Trace

if TYPE_CHECKING:
    from monitor.config.model import CompanySettings, PathSettings


@dataclass(frozen=True, slots=True)
class WatchedPath:
    """A company's path with the settings of path, company and [probes], the most specific first.

    Exactly one of `every` and `cron` is set. Each kind is probed once in `every`, or at each time of `cron` (five
    crontab fields, in UTC); a probe may be early or late by up to `jitter` of the interval (0 to 0.5). `timeout` is
    the time limit of one dialogue. `diagnosis`: how far one may go. `filter`: the company's content filter,
    asked about what was taken for spam. `traces`: who is asked what became of a probe. `mailbox`: None only where the
    route needs none.
    `mail_systems`: the gateway first. If two are equal, a reload restarts nothing.
    """

    company: str
    company_name: str
    mail_systems: Chain
    path: str
    to: str
    route: Route
    mailbox: Mailbox | None
    kinds: tuple[Kind, ...]
    every: timedelta | None
    cron: str | None
    jitter: float
    code_life: timedelta
    give_up: timedelta
    retry: tuple[timedelta, ...]
    per_path_per_day: int
    timeout: timedelta
    diagnosis: Within = Within.GATEWAY
    filter: Route | None = None
    traces: tuple[Trace, ...] = ()

    @property
    def mail_system(self) -> str:
        """The one that its mail reaches first."""
        return self.mail_systems[0]

    @property
    def visited(self) -> VisitedMailbox | None:
        """Return the mailbox at its end, if it is one into which we look."""
        return self.mailbox.visited if self.mailbox else None

    @property
    def received(self) -> ReceivedMailbox | None:
        """Return the mailbox at its end, if copies of what comes into it are sent to us."""
        return self.mailbox.received if self.mailbox else None

    @property
    def mailbox_key(self) -> str:
        """Return the key of the mailbox at its end; "" where there is none, because its route delivers nothing."""
        return self.mailbox.key if self.mailbox else ""

    @property
    def key(self) -> str:
        """ "company/path", as on the command line."""
        return f"{self.company}/{self.path}"

    def check(self, kind: Kind) -> Check:
        """Return the check that a probe of this kind tests."""
        return Check(self.company, self.path, kind)

    @property
    def checks(self) -> list[Check]:
        """Return all checks of the path."""
        return [self.check(kind) for kind in self.kinds]


def watched_path(
    probes: ProbeSettings,
    senders: Trace | None,
    within: Within,
    company_key: str,
    company: "CompanySettings",
    path_key: str,
    path: "PathSettings",
) -> WatchedPath:
    """Resolve a path's settings: its own, then its company's, then those of [probes]."""
    schedule: Choices = next((level for level in (path, company) if level.every or level.cron), probes)
    cap = first(path.cap, company.cap, probes.cap)
    return WatchedPath(
        company=company_key,
        company_name=company.name or company_key,
        mail_systems=company.chain,
        path=path_key,
        to=path.to,
        route=path.route,
        mailbox=path.mailbox,
        kinds=first(path.kinds, company.kinds, probes.kinds),
        every=schedule.every,
        cron=schedule.cron,
        jitter=first(path.jitter, company.jitter, probes.jitter),
        code_life=first(path.code_life, company.code_life, probes.code_life),
        give_up=first(path.give_up, company.give_up, probes.give_up),
        retry=first(path.retry, company.retry, probes.retry),
        per_path_per_day=cap.per_path_per_day,
        timeout=first(path.timeout, company.timeout, probes.timeout),
        filter=company.filter,
        traces=(
            *(path.own_traces or company.own_traces),
            *((senders,) if senders and traits_of(path.route.via).relayed else ()),
        ),
        diagnosis=narrowest(within, *(each.diagnosis.within for each in (company, path) if each.diagnosis)),
    )
