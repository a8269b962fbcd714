"""Values returned by the store: frozen, all times aware and in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.errors import UserError
from monitor.notices.notice import Notice
from monitor.people.action_links import LinkAction
from probes.evidence import Evidence
from probes.kinds import Kind
from probes.probe import Probe, ProbePurpose
from probes.sender import Role
from probes.verdict import Outcome, Verdict


class StoreError(UserError):
    """The store cannot do the request. The text is one line for people: which store, what is wrong, what to do."""


class StoreDownError(StoreError):
    """The whole store is unavailable: full, locked, damaged or out of reach."""


class ReplacedError(StoreError):
    """Another process leads on this store now. Writes of this one are refused."""


class NoSuchProbeError(StoreError):
    """The probe was never stored, or has been deleted."""


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """One probe with all its data. `mailbox` is the key of its mailbox, "" if none.

    `evidence` is in the order in which it was stored; of a routine probe all but the first attempt is deleted
    after some days, at `evidence_deleted_at`. `verdict` is the latest, judged at `judged_at`; `delivery` is the time
    that the mail took to the mailbox.
    """

    probe: Probe
    mailbox: str
    evidence: tuple[Evidence, ...]
    verdict: Verdict | None
    judged_at: datetime | None
    closed_at: datetime | None
    delivery: timedelta | None = None
    evidence_deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedProbe:
    """One probe of a list, without its evidence. `delivery` is the time it took to the mailbox."""

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
    """The verdict on the newest judged probe of a company, path, kind and role."""

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
class LinkUse:
    """The use of a link in a notice: by whom and when."""

    notice: str
    action: LinkAction
    incident: str
    channel: str
    who: str
    at: datetime


class DeliveryState(StrEnum):
    """States of a notice on its way."""

    QUEUED = "queued"  # not tried yet, perhaps behind an earlier one
    RETRYING = "retrying"  # the last attempt failed
    DELIVERED = "delivered"  # by itself, or as part of a later one


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """A notice and its delivery: number of attempts, time of the next one (None: at once, or never again), time of
    success.

    `fault` is why the last attempt failed, "" if it did not. `sent_as`: id of the later notice that was delivered in
    its place, "" if it was delivered itself.
    """

    notice: Notice
    tries: int
    next_try_at: datetime | None
    delivered_at: datetime | None
    fault: str
    sent_as: str = ""

    @property
    def state(self) -> DeliveryState:
        """The state of its delivery."""
        if self.delivered_at:
            return DeliveryState.DELIVERED
        return DeliveryState.RETRYING if self.fault else DeliveryState.QUEUED


@dataclass(frozen=True, slots=True)
class ProbeFilter:
    """Conditions of a list of probes. `companies` are those that may be seen at all, None: every one. Launched at
    `since` or later, and before `until`. "" and None match all."""

    companies: tuple[str, ...] | None
    company: str = ""
    path: str = ""
    kind: Kind | None = None
    role: Role | None = None
    outcome: Outcome | None = None  # of the latest verdict
    since: datetime | None = None
    until: datetime | None = None
    usual: bool = False  # only those whose purpose makes signals: no arm of a diagnosis, no test of a remedy


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a list of probes, newest first: before it are this probe and those launched later."""

    created_at: datetime
    probe_id: str


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One probe of a list over many paths, without its evidence. `delivery` is the time it took to the mailbox."""

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
    purpose: ProbePurpose = ProbePurpose.SCHEDULED


@dataclass(frozen=True, slots=True)
class ProbePage:
    """A page of a list, newest first. `next` is where the following page begins, None at the end.

    It may contain fewer probes than requested, even none, and still not be the end: only a bounded number is examined.
    """

    probes: tuple[ProbeRow, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """The stored answer to a caller's idempotency key, so that the same request gets the same answer.

    `fingerprint` identifies the request.
    """

    caller: str
    key: str
    fingerprint: str
    status: int
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """The deliveries of a channel. `delivered_at`: of the last one, with its incident and title; None if there is none.
    `failed_at`, `fault`: of the last try of a notice that waits still."""

    delivered_at: datetime | None
    incident: str
    title: str
    failed_at: datetime | None
    fault: str
