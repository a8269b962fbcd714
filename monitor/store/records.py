"""What the store gives back: plain frozen values, all times aware and in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.errors import UserError
from monitor.notices.notice import Notice
from probes.evidence import Evidence
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Outcome, Verdict


class StoreError(UserError):
    """The store cannot do what is asked. Its text is one line for people: which store, what is wrong, what to do."""


class StoreDownError(StoreError):
    """The store as a whole takes or gives nothing now: it is full, locked, damaged or out of reach."""


class ReplacedError(StoreError):
    """Another process leads on this store now. What this one still wants to write is refused."""


class NoSuchProbeError(StoreError):
    """The probe was never stored, or is forgotten already."""


@dataclass(frozen=True, slots=True)
class ProbeRecord:
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
class ListedProbe:
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


@dataclass(frozen=True, slots=True)
class ProbeFilter:
    """Which probes are wanted. `companies` are those that may be seen at all, None: every one. Launched at `since` or
    later, and before `until`. "" and None want all."""

    companies: tuple[str, ...] | None
    company: str = ""
    path: str = ""
    kind: Kind | None = None
    role: Role | None = None
    outcome: Outcome | None = None  # of the latest verdict
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two probes of a list, newest first: before it are this probe and those launched later."""

    created_at: datetime
    probe_id: str


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One probe of a list over many paths, without its evidence. `delivery` is how long it took to the mailbox."""

    probe_id: str
    company: str
    path: str
    kind: Kind
    role: Role
    via: str
    launched_at: datetime
    closed_at: datetime | None
    verdict: Verdict | None
    judged_at: datetime | None
    delivery: timedelta | None


@dataclass(frozen=True, slots=True)
class ProbePage:
    """A part of a list, newest first. `next` is where the following part begins, None at the end of the list.

    It may hold fewer probes than were asked for, even none, and still not be the end: only so many are looked through.
    """

    probes: tuple[ProbeRow, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a caller was answered when they used this key, so that the same request has the same answer.

    `fingerprint` tells whether it is the same request.
    """

    caller: str
    key: str
    fingerprint: str
    status: int
    body: str
    at: datetime
