"""What the store gives back: plain frozen values, all times aware and in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.incidents.notice import Notice
from monitor.trouble import Trouble
from probes.evidence import Evidence
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Verdict


class StoreError(Trouble):
    """The store cannot do what is asked. Its text is one line for people: which store, what is wrong, what to do."""


class NoSuchProbeError(StoreError):
    """The probe was never stored, or is forgotten already."""


@dataclass(frozen=True, slots=True)
class Record:
    """One probe with all that is known of it. `mailbox` is the key of the mailbox it goes to, "" where there is none.

    `evidence` is in the order in which it was stored. `verdict` is the latest, judged at `judged_at`.
    """

    probe: Probe
    mailbox: str
    evidence: tuple[Evidence, ...]
    verdict: Verdict | None
    judged_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One probe of a list, without its evidence. `delivery` is how long it took to the mailbox."""

    probe_id: str
    kind: Kind
    role: Role
    launched_at: datetime
    closed_at: datetime | None
    verdict: Verdict | None
    judged_at: datetime | None
    delivery: timedelta | None


@dataclass(frozen=True, slots=True)
class Present:
    """The verdict on the newest probe that has one, for a company, path, kind and role."""

    company: str
    path: str
    kind: Kind
    role: Role
    probe_id: str
    launched_at: datetime
    verdict: Verdict
    judged_at: datetime
    delivery: timedelta | None


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """A notice and its delivery: how often it was tried, when next (None: at once, or never again), when it succeeded.

    `fault` is why the last try failed, "" if it did not.
    """

    notice: Notice
    tries: int
    next_try_at: datetime | None
    delivered_at: datetime | None
    fault: str
