"""A remedy as a company carried it out: plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from probes.kinds import Kind
from probes.mailsystems.choose import REMEDIES
from probes.mailsystems.remedy import Remedy
from probes.outcome import Cause, Outcome
from probes.sender import Role

OTHER_CHANGE = "other"
"""The key of a change that is none of the known remedies."""


class RemedyState(StrEnum):
    """States of a remedy at a company."""

    WAITING = "waiting"  # until the mail system has had its time
    TESTING = "testing"
    PROVEN = "proven"  # mail arrives, and its forged twin is stopped
    ARRIVES = "arrives"  # mail arrives; it is not proven that forged mail is stopped
    NO_EFFECT = "no_effect"  # mail is still stopped
    TOO_WIDE = "too_wide"  # mail arrives, and so does its forged twin
    NOT_DECIDED = "not_decided"  # the test had no clear result
    LAPSES_SOON = "lapses_soon"  # it works, and ends by itself within days
    LAPSED = "lapsed"  # it has ended by itself, as far as is known
    UNDONE = "undone"  # somebody took it back


UNDER_WAY = frozenset({RemedyState.WAITING, RemedyState.TESTING})
WORKS = frozenset({RemedyState.PROVEN, RemedyState.ARRIVES})
TO_ACT_ON = frozenset({RemedyState.TOO_WIDE, RemedyState.LAPSES_SOON, RemedyState.LAPSED})
"""States in which somebody has to do something, whatever the incident does."""


class MailFinding(StrEnum):
    """Findings of a test about the sender's mail."""

    ARRIVES = "arrives"
    STOPPED = "stopped"
    NOT_KNOWN = "not_known"


class NoProof(StrEnum):
    """Reasons for which a test says nothing of the sender's mail."""

    MIXED = "mixed"  # some arrived and some was stopped
    DEFERRED = "deferred"  # temporary refusals only, which are no answer
    LATE = "late"  # it only came when its code had expired
    NOT_SEEN = "not_seen"  # we could not send or look
    OTHER_REASON = "other_reason"  # stopped for something that is not the sender
    CONTROL_STOPPED = "control_stopped"  # the control's mail is stopped too
    LOSSY = "lossy"  # the path loses too much mail by chance
    CANNOT_SEND = "cannot_send"  # the path is gone, or its limit of probes is reached


class OthersFinding(StrEnum):
    """Findings of a test about the control's mail, where the sender's mail is stopped."""

    ARRIVES = "arrives"
    NOT_KNOWN = "not_known"  # we could not see what became of it
    NO_CONTROL = "no_control"  # none is configured that may use this route


class TwinFinding(StrEnum):
    """Findings of a test about the forged twin."""

    STOPPED = "stopped"
    DELAYED = "delayed"  # deferred or late as before, where delay is what the remedy is against
    ARRIVED = "arrived"
    ARRIVED_BEFORE = "arrived_before"  # and did so while the sender's own mail was stopped: it is not known why
    NOT_FILTERED = "not_filtered"  # it arrived, and the remedy skips no filter
    ADDRESS_STOPPED = "address_stopped"  # and so is the control's mail from the same address, so it proves nothing
    NOT_KNOWN = "not_known"  # temporary refusals only, or we could not look
    NOT_TESTED = "not_tested"


KEPT_OUT = frozenset({TwinFinding.STOPPED, TwinFinding.DELAYED})
"""Findings that show forged mail to be stopped."""


class TwinUntested(StrEnum):
    """Reasons for which no forged twin is sent."""

    ROUTE = "route"  # the route cannot vary the IP address
    FORBIDDEN = "forbidden"  # diagnosis.within does not let it
    NO_OTHER_ADDRESS = "no_other_address"  # no control with another IP address
    MAIL_STOPPED = "mail_stopped"  # there was nothing to compare with: the sender's mail was not let in
    CANNOT_SEND = "cannot_send"  # the path went, or its limit of probes was reached, before its turn came


@dataclass(frozen=True, slots=True)
class PathTest:
    """The test of a remedy on one path. `k`: answers in a row that count. `lossy`: the path loses so much mail by
    chance that lost mail says nothing. `other`: the identity to compare with. `untested`: why no forged twin is sent;
    None: it is. `twin_before`: what became of the twin while the sender's mail was stopped; None: not known. `slow`:
    what the remedy is against is delay, so that a deferral is an answer. `cause`: what the mail was stopped for.
    `also`: other kinds that failed there, with which it is not tested."""

    path: str
    kind: Kind
    k: int
    lossy: bool = False
    other: Role | None = None
    untested: TwinUntested | None = None
    twin_before: TwinFinding | None = None
    slow: bool = False
    cause: Cause | None = None
    also: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class PathProof:
    """The result of a test on one path. `outcome`, `cause`: of the mail that was stopped. `others`: what became of the
    control's mail then; None: not asked. `mail_probe`, `twin_probe`: the probes that show it, "" if none. `probes`: how
    many were sent."""

    path: str
    mail: MailFinding
    twin: TwinFinding
    why: NoProof | None = None
    untested: TwinUntested | None = None
    outcome: Outcome | None = None
    cause: Cause | None = None
    others: OthersFinding | None = None
    mail_probe: str = ""
    twin_probe: str = ""
    probes: int = 0

    @property
    def state(self) -> RemedyState:
        """The state of the remedy by this path alone."""
        if self.mail is MailFinding.STOPPED:
            return RemedyState.NO_EFFECT
        if self.mail is MailFinding.NOT_KNOWN:
            return RemedyState.NOT_DECIDED
        match self.twin:
            case TwinFinding.STOPPED | TwinFinding.DELAYED:
                return RemedyState.PROVEN
            case TwinFinding.ARRIVED:
                return RemedyState.TOO_WIDE
            case _:
                return RemedyState.ARRIVES


_WORST_FIRST = (
    RemedyState.TOO_WIDE,
    RemedyState.NO_EFFECT,
    RemedyState.NOT_DECIDED,
    RemedyState.ARRIVES,
    RemedyState.PROVEN,
)


def joint_state(proofs: tuple[PathProof, ...]) -> RemedyState:
    """Return the state by all paths: the worst of them."""
    return min((proof.state for proof in proofs), key=_WORST_FIRST.index, default=RemedyState.NOT_DECIDED)


def with_alarms(before: tuple[PathProof, ...], after: tuple[PathProof, ...]) -> tuple[PathProof, ...]:
    """Return the results of a new test, but on each path where an earlier one showed that forged mail gets in that one,
    until a test shows that forged mail is stopped."""
    alarms = {proof.path: proof for proof in before if proof.state is RemedyState.TOO_WIDE}
    answered = {proof.path for proof in after if proof.state is RemedyState.TOO_WIDE or proof.twin in KEPT_OUT}
    stand = {path: alarm for path, alarm in alarms.items() if path not in answered}
    others = tuple(proof for proof in after if proof.path not in stand)
    return (*others, *stand.values())


@dataclass(frozen=True, slots=True)
class AppliedRemedy:
    """A remedy as a company carried it out. `remedy`: its key, or OTHER_CHANGE. `by`: who said so, at `changed_at`.
    `acts_at`: from then on the mail system must act on it. `test`: id of the last test, due at `test_at`, on the paths
    `setup`; `decided_at`: when that had its result, `proofs`; None while it is awaited. `proven_at`: when mail was last
    seen to arrive by it. `renewed_at`, `renewed_by`: when somebody last prolonged it, and who. `undone_at`,
    `undone_by`: when it was taken back, by whom. `review_on`: when somebody should look whether it is still needed."""

    id: str
    company: str
    incident: str
    system: str
    remedy: str
    by: str
    changed_at: datetime
    acts_at: datetime
    review_on: datetime
    test: str
    test_at: datetime
    setup: tuple[PathTest, ...]
    note: str = ""
    decided_at: datetime | None = None
    proofs: tuple[PathProof, ...] = ()
    proven_at: datetime | None = None
    renewed_at: datetime | None = None
    renewed_by: str = ""
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def known(self) -> Remedy | None:
        """The row of the table; None for another change, or for a row that this release does not have."""
        return REMEDIES.get(self.remedy)

    @property
    def awaited(self) -> bool:
        """True while its test has no result."""
        return self.decided_at is None and self.undone_at is None


_SETUP: TypeAdapter[tuple[PathTest, ...]] = TypeAdapter(tuple[PathTest, ...])
_PROOFS: TypeAdapter[tuple[PathProof, ...]] = TypeAdapter(tuple[PathProof, ...])


def encode_setup(setup: tuple[PathTest, ...]) -> str:
    """Encode it as JSON."""
    return _SETUP.dump_json(setup).decode()


def decode_setup(text: str) -> tuple[PathTest, ...]:
    """Decode the result of `encode_setup`; () for what this release does not know."""
    try:
        return _SETUP.validate_json(text)
    except ValidationError:
        return ()


def encode_proofs(proofs: tuple[PathProof, ...]) -> str:
    """Encode them as JSON."""
    return _PROOFS.dump_json(proofs).decode()


def decode_proofs(text: str) -> tuple[PathProof, ...]:
    """Decode the result of `encode_proofs`; () for what this release does not know."""
    try:
        return _PROOFS.validate_json(text)
    except ValidationError:
        return ()
