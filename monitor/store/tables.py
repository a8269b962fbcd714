"""The tables. A change here needs a revision in `migrations`; a test holds the two together.

Evidence and verdicts are append-only; the database itself refuses to change them, and deletes them only together with
their probe, which it deletes only when closed (triggers in the first revision); evidence also after its probe says that
it is deleted (triggers in the fifteenth). The same holds for the history of an
incident, for its notices, of which only the delivery changes, and for what people do about it (triggers in the second
and the twelfth); and a mute is never deleted, it is ended. The audit log is append-only and
never deleted (triggers in the third).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    ScalarSelect,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    select,
    text,
)

from monitor.incidents.incident import IncidentEvent, Scope, Severity, decode, encode
from monitor.incidents.signal import SignalSource
from monitor.notices.notice import NoticeKind, decode_basis, encode_basis
from monitor.people.action_links import LinkAction
from monitor.store.columns import (
    Encoded,
    EnumText,
    Instant,
    Json,
    Name,
    Number,
    PackedText,
    SafeText,
    Span,
    Spans,
)
from probes.answer import decode as decode_answer
from probes.details import decode as decode_detail
from probes.diagnosis.arm import Arm, decode_arm
from probes.diagnosis.conclude import Conclusion, decode_conclusion
from probes.kinds import Kind
from probes.probe import ProbePurpose
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


VERDICT = ("outcome", "cause", "grade", "because", "answer", "detail", "delivery")
"""The columns of `_verdict`."""


def _belongs() -> Column[str]:
    return Column("probe_id", Name, ForeignKey("probes.id", ondelete="CASCADE"), nullable=False)


def _of_incident() -> Column[str]:
    return Column("incident", Name, ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False)


def _verdict() -> tuple[Column[Any], ...]:
    return (
        Column("outcome", EnumText(Outcome), nullable=False),
        Column("cause", EnumText(Cause)),
        Column("grade", EnumText(Grade), nullable=False),
        Column("because", SafeText, nullable=False),
        # what stopped it, for comparing with the control; and what it rests on. `rows.judged` encodes both, once
        Column("answer", Encoded(str, decode_answer)),
        Column("detail", Encoded(str, decode_detail)),
        Column("delivery", Span),
    )


probes = Table(
    "probes",
    metadata,
    Column("id", Name, nullable=False),
    Column("company", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("kind", EnumText(Kind), nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("via", Text, nullable=False),
    Column("recipient", SafeText, nullable=False),
    Column("source_ip", Text, nullable=False),
    Column("mailbox", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("code_dead_at", Instant, nullable=False),
    Column("give_up_at", Instant, nullable=False),
    Column("retry", Spans, nullable=False),
    Column("closed_at", Instant),
    Column("outcome", EnumText(Outcome)),  # of its latest verdict, so that probes are found by it
    Column("purpose", EnumText(ProbePurpose), nullable=False, server_default=text("'scheduled'")),
    Column("evidence_deleted_at", Instant),  # of a routine probe, `monitor.store.retention`
    Column("arm", Encoded(Arm.encode, decode_arm)),  # of a probe that is part of a diagnosis
    PrimaryKeyConstraint("id"),
    Index(None, "closed_at", "created_at"),  # what is in flight, oldest first; what may be forgotten
    Index(None, "company", "path", "created_at"),  # the newest of a path, and how many since
    # the newest of all, of a company, of an outcome, and of both, which are counted by the last one
    Index(None, "created_at"),
    Index(None, "company", "created_at"),
    Index(None, "outcome", "created_at"),
    Index(None, "company", "outcome", "created_at", "role"),
)
MAKES_SIGNALS = and_(*(probes.c.purpose != purpose for purpose in ProbePurpose if not purpose.makes_signals))
"""Of probes whose purpose makes signals: no other says how the sender's usual mail fares."""
Index(
    "ix_probes_without_evidence",  # those that may be forgotten sooner
    probes.c.closed_at,
    sqlite_where=probes.c.evidence_deleted_at.is_not(None),  # postgresql_where would load that dialect at each start
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Number, nullable=False),
    _belongs(),
    Column("at", Instant, nullable=False),
    Column("type", Text, nullable=False),
    Column("once", Text),
    Column("data", PackedText, nullable=False),  # `probes.evidence.encode`, then `monitor.store.packing`
    PrimaryKeyConstraint("id"),
    UniqueConstraint("probe_id", "once"),  # any number without a name; also finds the evidence of a probe
)

evidence_dictionaries = Table(
    "evidence_dictionaries",
    metadata,
    Column("id", Number, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("id"),
)


def launch_number(probe_id: ColumnElement[str]) -> ScalarSelect[int]:
    """Order of probes by launch, which a clock that is set back cannot reverse: the number of the first attempt, which
    is stored together with the probe. None for a deleted one."""
    first = evidence.alias()
    return select(func.min(first.c.id)).where(first.c.probe_id == probe_id).scalar_subquery()


verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Number, nullable=False),
    _belongs(),
    Column("at", Instant, nullable=False),
    *_verdict(),
    PrimaryKeyConstraint("id"),
    Index(None, "probe_id", "id"),  # the latest of a probe
    sqlite_autoincrement=True,
)

signals = Table(
    "signals",
    metadata,
    Column("id", Number, nullable=False),  # the number by which all follow
    Column("source", EnumText(SignalSource), nullable=False),
    Column("at", Instant, nullable=False),
    Column("verdict", Number, ForeignKey("verdicts.id", ondelete="CASCADE")),  # of a signal by a probe
    PrimaryKeyConstraint("id"),
    UniqueConstraint("verdict"),
    sqlite_autoincrement=True,  # no number twice, even when the newest are forgotten: whoever follows counts on it
)

current_verdicts = Table(
    "current_verdicts",
    metadata,
    Column("company", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("kind", EnumText(Kind), nullable=False),
    Column("role", EnumText(Role), nullable=False),
    Column("probe_id", Name, nullable=False),  # it may be forgotten, its verdict stays
    Column("launched_at", Instant, nullable=False),
    Column("judged_at", Instant, nullable=False),
    *_verdict(),
    PrimaryKeyConstraint("company", "path", "kind", "role"),
)


def _results_by(span: str) -> Table:
    """Return the table of results by this span of time."""
    return Table(
        {"hour": "hourly_results", "day": "daily_results"}[span],
        metadata,
        Column(span, Instant, nullable=False),  # of the launch, in UTC
        Column("company", Name, nullable=False),
        Column("path", Name, nullable=False),
        Column("kind", EnumText(Kind), nullable=False),
        Column("grade", EnumText(Grade), nullable=False),
        Column("outcome", EnumText(Outcome), nullable=False),
        Column("cause", Text, nullable=False),  # "" without one
        Column("count", BigInteger, nullable=False),  # 0 where later verdicts have amended all of them
        Column("delivery_counts", Text),  # `monitor.store.delivery_counts`
        PrimaryKeyConstraint(span, "company", "path", "kind", "grade", "outcome", "cause"),
        Index(None, "company", span),  # of a company since then
        sqlite_with_rowid=False,
    )


hourly_results = _results_by("hour")
daily_results = _results_by("day")

facts = Table(
    "facts",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Name, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("data", Encoded(encode, decode), nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "closed_at", "opened_at"),  # the open ones; those closed since, or so long ago that they are forgotten
    Index(None, "opened_at"),  # the newest
)

history = Table(
    "history",
    metadata,
    Column("id", Number, nullable=False),
    _of_incident(),
    Column("at", Instant, nullable=False),
    Column("turn", EnumText(IncidentEvent), nullable=False),
    Column("said", SafeText, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "incident", "id"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Name, nullable=False),
    _of_incident(),
    Column("channel", Name, nullable=False),
    Column("number", Integer, nullable=False),
    Column("news", EnumText(NoticeKind), nullable=False),
    Column("at", Instant, nullable=False),
    # its delivery, which alone changes; `tried_at` is the last try, `fault` why that failed
    Column("tries", Integer, nullable=False, default=0),
    Column("tried_at", Instant),
    Column("next_try_at", Instant),
    Column("delivered_at", Instant),
    Column("fault", SafeText, nullable=False, default=""),
    Column("lasts", Boolean, nullable=False, default=False),  # the last word on its channel, and not the end
    # what it says
    Column("title", SafeText, nullable=False),
    Column("text", SafeText, nullable=False),
    Column("labels", Json, nullable=False),
    Column("facts", Json, nullable=False),
    Column("replaces", Json),
    Column("basis", Encoded(encode_basis, decode_basis)),
    # what its delivery brought
    Column("handle", SafeText, nullable=False, default="", server_default=text("''")),
    Column(  # the later notice that was delivered in its place
        "sent_as", SafeText, nullable=False, default="", server_default=text("''")
    ),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("incident", "channel", "number"),  # also finds those of an incident
    Index(None, "delivered_at", "channel", "incident", "number"),  # what waits, in the order of its queues
    Index(None, "lasts", "channel"),
)

incident_actions = Table(
    "incident_actions",
    metadata,
    Column("id", Number, nullable=False),
    _of_incident(),
    Column("at", Instant, nullable=False),
    Column("event", EnumText(IncidentEvent), nullable=False),
    Column("who", SafeText, nullable=False),
    Column("way", SafeText, nullable=False),
    Column("text", SafeText, nullable=False),
    # the incident as it was then: an acknowledgement holds as long as it is no more than that
    Column("severity", EnumText(Severity), nullable=False),
    Column("scope", EnumText(Scope), nullable=False),
    Column("relapses", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "incident", "id"),
)

used_links = Table(
    "used_links",
    metadata,
    Column("notice", Name, nullable=False),  # a link is of one notice, and used once per action
    Column("action", EnumText(LinkAction), nullable=False),
    _of_incident(),
    Column("channel", Name, nullable=False),
    Column("who", SafeText, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("notice", "action"),
    Index(None, "incident"),  # deleted with it
)

mutes = Table(
    "mutes",
    metadata,
    Column("id", Name, nullable=False),
    Column("company", SafeText, nullable=False),
    Column("path", SafeText, nullable=False),
    Column("mail_system", SafeText, nullable=False),
    Column("cause", EnumText(Cause)),
    Column("begins_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("weekly", SafeText, nullable=False),
    Column("by", SafeText, nullable=False),
    Column("why", SafeText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", SafeText, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "ended_at", "ends_at"),  # those that are not over
)

diagnoses = Table(
    "diagnoses",
    metadata,
    Column("id", Name, nullable=False),
    Column("company", Name, nullable=False),
    Column("path", Name, nullable=False),
    Column("kind", EnumText(Kind), nullable=False),
    Column("other", EnumText(Role), nullable=False),
    Column("incident", Name, nullable=False),
    Column("by", SafeText, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("spacing", Span, nullable=False),
    Column("setup", Text, nullable=False),
    Column("driver", Text, nullable=False),  # the process that works on it, and when it last said so
    Column("alive_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("conclusion", Encoded(Conclusion.encode, decode_conclusion)),
    PrimaryKeyConstraint("id"),
    Index(None, "company", "path", "began_at"),  # the newest of a path
    Index(None, "ended_at", "began_at"),  # those that run, and those that ended since
)
Index(
    "ix_diagnoses_one_of_a_path",  # at a time
    diagnoses.c.company,
    diagnoses.c.path,
    unique=True,
    sqlite_where=diagnoses.c.ended_at.is_(None),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),  # of the present holder; each has a greater one than those before
    Column("renewals", BigInteger, nullable=False),  # by the present holder
    Column("holder", Text),  # `lease.Process` as JSON
    Column("since", Instant, nullable=False),
    PrimaryKeyConstraint("name"),
)
