"""The SQL of all writes: what each statement is, and in which order they are executed in a transaction."""

from collections.abc import Callable, Mapping
from enum import IntEnum, auto
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    Executable,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    true,
    update,
)

from monitor.notices.notice import NoticeKind
from monitor.store import (
    lease,
    order_tables,
    ownership_tables,
    people_writes,
    real_hours,
    real_refusals,
    remedy_writes,
    report_reads,
    result_counts,
    retention,
    standing_reads,
)
from monitor.store.database import dialect_of
from monitor.store.people_tables import audit_log, idempotency_keys, invitations, people, sessions, shares, tokens
from monitor.store.report_tables import report_rows
from monitor.store.standing_tables import standing_changes
from monitor.store.tables import (
    MAKES_SIGNALS,
    VERDICT,
    current_verdicts,
    diagnoses,
    evidence,
    evidence_dictionaries,
    facts,
    history,
    incident_actions,
    incidents,
    launch_number,
    mutes,
    notices,
    probes,
    signals,
    used_links,
    verdicts,
)

SIGNALS_SEEN = "signals_seen"  # the fact that tells up to which signal the rules are

Row = Mapping[str, Any]


class SqlStatement(IntEnum):
    """The statements, in the order of a transaction: referenced rows come first."""

    LEAD = auto()  # from now on, if nobody else was quicker
    RENEW = auto()
    RELEASE = auto()
    CLAIM = auto()  # the turn of a check
    CLAIM_ORDER = auto()
    LAUNCH = auto()
    SEE = auto()
    UNCOUNT = auto()  # the verdict until now, where the new one amends it
    UNCOUNT_DAY = auto()
    JUDGE = auto()
    COUNT = auto()  # the new verdict, by hour
    COUNT_DAY = auto()  # and by day
    SIGNAL = auto()  # the verdict for all who follow, if its probe counts
    SHOW = auto()  # the verdict as the current one, if its probe counts
    RESULT = auto()  # its outcome, by which the probe is found
    CLOSE = auto()
    KEEP = auto()  # a fact that is settled once
    MARK = auto()  # a fact that changes
    TRACK = auto()  # an incident as it is now
    ENTER = auto()  # one more line of its history
    NOTIFY = auto()
    DELIVERED = auto()
    SENT_AS = auto()  # what waited before it, and was delivered with it
    SUPERSEDE = auto()  # what a delivered notice makes old news
    PUT_OFF = auto()
    ACT = auto()  # what somebody did about an incident
    USE_LINK = auto()  # of a notice, for the first time
    MUTE = auto()
    END_MUTE = auto()
    PERSON = auto()  # somebody as they are now
    PASSWORD = auto()  # a person's, and nothing else of them
    TOKEN = auto()
    USED = auto()  # when a token was
    SESSION = auto()
    END_SESSION = auto()
    END_SESSIONS = auto()  # all of a person
    END_OTHER_SESSIONS = auto()  # all of a person but one
    INVITE = auto()
    REDEEM = auto()  # an invitation, which is then gone
    SHARE = auto()  # a link to a company's status page
    OPEN_SHARE = auto()
    REVOKE_SHARE = auto()
    NOTE = auto()  # in the audit log
    NOTE_WITHIN = auto()  # the same, unless there are too many like it
    REMEMBER = auto()  # an answer
    REPORT = auto()  # by a receiver, unless it is known
    REPORT_ROW = auto()
    ADD_REAL = auto()  # mail of the sender, by hour
    KEEP_REAL_REFUSALS = auto()  # of a company, as they are now
    ADD_REAL_REPLY = auto()  # of a server, masked
    KEEP_FACT = auto()  # about the sender's standing
    CHANGE = auto()  # of what is published about the sender
    KEEP_NAME = auto()  # that real mail had
    DIAGNOSE = auto()  # unless one runs on the path
    DIAGNOSIS_ALIVE = auto()  # if this process works on it
    ADOPT_DIAGNOSIS = auto()
    END_DIAGNOSIS = auto()  # with its conclusion, once
    APPLY_REMEDY = auto()  # at a company, unless another one is awaited there
    TEST_REMEDY = auto()  # anew
    DECIDE_REMEDY = auto()  # the result of its test, once
    RENEW_REMEDY = auto()
    UNDO_REMEDY = auto()
    SAY_DELETED = auto()  # that the evidence of a routine probe is
    DELETE_EVIDENCE = auto()
    DICTIONARY = auto()  # by which evidence is packed from now on
    FORGET_ROUTINE = auto()  # routine probes
    FORGET = auto()
    FORGET_INCIDENTS = auto()
    FORGET_DIAGNOSES = auto()
    FORGET_REMEDIES = auto()  # that let nothing in
    FORGET_SESSIONS = auto()
    FORGET_INVITATIONS = auto()
    FORGET_SHARES = auto()
    FORGET_ANSWERS = auto()
    FORGET_HOUR = auto()  # its results
    FORGET_REFUSALS = auto()  # refused sign-ins; nothing else of the audit log
    FORGET_REPORTS = auto()
    FORGET_REAL_HOUR = auto()
    FORGET_REAL_REPLIES = auto()
    FORGET_REAL_REFUSALS = auto()
    FORGET_FACTS = auto()
    FORGET_CHANGES = auto()
    FORGET_NAMES = auto()


_of_person = people.c.name == bindparam("of")
SAID = ("news", "title", "text", "labels", "facts", "replaces", "handle")
"""What a notice says; settled when it is delivered."""

COUNTED = (  # a row at a time: each has its own result
    SqlStatement.LEAD,
    SqlStatement.RENEW,
    SqlStatement.CLAIM,
    SqlStatement.CLAIM_ORDER,
    SqlStatement.SEE,
    SqlStatement.DELIVERED,
    SqlStatement.PUT_OFF,
    SqlStatement.USE_LINK,
    SqlStatement.END_MUTE,
    SqlStatement.REDEEM,
    SqlStatement.REVOKE_SHARE,
    SqlStatement.NOTE_WITHIN,
    SqlStatement.REMEMBER,
    SqlStatement.REPORT,
    SqlStatement.DIAGNOSE,
    SqlStatement.END_DIAGNOSIS,
    SqlStatement.APPLY_REMEDY,
    SqlStatement.TEST_REMEDY,
    SqlStatement.DECIDE_REMEDY,
    SqlStatement.RENEW_REMEDY,
    SqlStatement.UNDO_REMEDY,
    SqlStatement.SAY_DELETED,
    SqlStatement.FORGET_ROUTINE,
    SqlStatement.FORGET,
    SqlStatement.FORGET_INCIDENTS,
    SqlStatement.FORGET_HOUR,
    SqlStatement.FORGET_REFUSALS,
    SqlStatement.FORGET_REPORTS,
    SqlStatement.FORGET_REAL_HOUR,
    SqlStatement.FORGET_REAL_REPLIES,
    SqlStatement.FORGET_REAL_REFUSALS,
)


OF_PROBES: Mapping[SqlStatement, str] = {
    SqlStatement.SEE: "probe_id",
    SqlStatement.JUDGE: "probe_id",
    SqlStatement.CLOSE: "probe",
    SqlStatement.SAY_DELETED: "probe",
}
"""Those that learn something of a probe, by the key in which their row has its id."""

ALONE = frozenset({SqlStatement.NOTE_WITHIN, SqlStatement.REPORT, SqlStatement.TEST_REMEDY})
"""Those whose condition is about other rows, such as a limit: two at the same time would not see each other's."""


def statements(engine: Engine) -> dict[SqlStatement, Executable]:
    """Return each statement for this database."""
    dialect = dialect_of(engine)
    upsert = dialect.insert
    deleting = retention.delete_evidence()
    return {
        SqlStatement.LEAD: lease.take(upsert),
        SqlStatement.RENEW: lease.renew(),
        SqlStatement.RELEASE: lease.release(),
        SqlStatement.CLAIM: ownership_tables.claim_turn(dialect),
        SqlStatement.CLAIM_ORDER: order_tables.claim_order(),
        SqlStatement.LAUNCH: insert(probes),
        SqlStatement.SEE: upsert(evidence).on_conflict_do_nothing(index_elements=["probe_id", "once"]),
        SqlStatement.UNCOUNT: result_counts.add_by_hour(dialect, MAKES_SIGNALS),
        SqlStatement.UNCOUNT_DAY: result_counts.add_by_day(dialect, MAKES_SIGNALS),
        SqlStatement.JUDGE: insert(verdicts),
        SqlStatement.COUNT: result_counts.add_by_hour(dialect, MAKES_SIGNALS),
        SqlStatement.COUNT_DAY: result_counts.add_by_day(dialect, MAKES_SIGNALS),
        SqlStatement.SIGNAL: _signal(dialect.signal_number),
        SqlStatement.SHOW: _show(upsert),
        SqlStatement.RESULT: update(probes)
        .where(probes.c.id == bindparam("probe"))
        .values(outcome=bindparam("result")),
        SqlStatement.CLOSE: update(probes)
        .where(probes.c.id == bindparam("probe"), probes.c.closed_at.is_(None))
        .values(closed_at=bindparam("at")),
        SqlStatement.DIAGNOSE: upsert(diagnoses).on_conflict_do_nothing(),
        SqlStatement.DIAGNOSIS_ALIVE: update(diagnoses)
        .where(diagnoses.c.id == bindparam("diagnosis"), diagnoses.c.driver == bindparam("by_driver"))
        .values(alive_at=bindparam("at")),
        SqlStatement.ADOPT_DIAGNOSIS: update(diagnoses)
        .where(diagnoses.c.id == bindparam("diagnosis"), diagnoses.c.ended_at.is_(None))
        .values(alive_at=bindparam("at"), driver=bindparam("by_driver")),
        SqlStatement.END_DIAGNOSIS: update(diagnoses)
        .where(diagnoses.c.id == bindparam("diagnosis"), diagnoses.c.ended_at.is_(None))
        .values(ended_at=bindparam("at"), conclusion=bindparam("said")),
        SqlStatement.FORGET_DIAGNOSES: delete(diagnoses).where(diagnoses.c.ended_at < bindparam("before")),
        SqlStatement.APPLY_REMEDY: remedy_writes.apply_remedy(upsert),
        SqlStatement.TEST_REMEDY: remedy_writes.test_remedy(),
        SqlStatement.DECIDE_REMEDY: remedy_writes.decide_remedy(),
        SqlStatement.RENEW_REMEDY: remedy_writes.renew_remedy(),
        SqlStatement.UNDO_REMEDY: remedy_writes.undo_remedy(),
        SqlStatement.FORGET_REMEDIES: remedy_writes.forget_remedies(),
        SqlStatement.KEEP: upsert(facts).on_conflict_do_nothing(),
        SqlStatement.MARK: _replace(upsert(facts), "name", "value"),
        SqlStatement.TRACK: _replace(upsert(incidents), "id", "opened_at", "closed_at", "data"),
        SqlStatement.ENTER: insert(history),
        SqlStatement.NOTIFY: insert(notices),
        SqlStatement.DELIVERED: _delivered(),
        SqlStatement.SENT_AS: _sent_as(),
        SqlStatement.SUPERSEDE: _superseded(),
        SqlStatement.PUT_OFF: _put_off(),
        SqlStatement.ACT: insert(incident_actions),
        SqlStatement.USE_LINK: upsert(used_links).on_conflict_do_nothing(),
        SqlStatement.MUTE: insert(mutes),
        SqlStatement.END_MUTE: _end_mute(),
        SqlStatement.PERSON: _replace(upsert(people), "name", "rights", "companies", "created_at", "disabled_at"),
        SqlStatement.PASSWORD: update(people).where(_of_person).values(password=bindparam("kept")),
        SqlStatement.TOKEN: people_writes.put_token(upsert),
        SqlStatement.USED: update(tokens).where(tokens.c.id == bindparam("token")).values(used_at=bindparam("at")),
        SqlStatement.SESSION: _replace(upsert(sessions), "digest", "seen_at", "expires_at"),
        SqlStatement.END_SESSION: update(sessions).where(sessions.c.digest == bindparam("of")).values(ended=True),
        SqlStatement.END_SESSIONS: update(sessions).where(sessions.c.person == bindparam("of")).values(ended=True),
        SqlStatement.END_OTHER_SESSIONS: people_writes.end_other_sessions(),
        SqlStatement.INVITE: _replace(upsert(invitations), "person", "digest", "created_at", "expires_at"),
        SqlStatement.REDEEM: delete(invitations).where(
            invitations.c.digest == bindparam("of"), invitations.c.expires_at > bindparam("at")
        ),
        SqlStatement.SHARE: insert(shares),
        SqlStatement.OPEN_SHARE: people_writes.open_share(),
        SqlStatement.REVOKE_SHARE: people_writes.revoke_share(),
        SqlStatement.NOTE: insert(audit_log),
        SqlStatement.NOTE_WITHIN: people_writes.note_within(),
        SqlStatement.REMEMBER: upsert(idempotency_keys).on_conflict_do_nothing(),
        SqlStatement.REPORT: report_reads.add_report(upsert),
        SqlStatement.REPORT_ROW: insert(report_rows),
        SqlStatement.ADD_REAL: real_hours.add_real(upsert),
        SqlStatement.KEEP_REAL_REFUSALS: real_refusals.keep_refusals(upsert),
        SqlStatement.ADD_REAL_REPLY: real_refusals.add_reply(upsert),
        SqlStatement.KEEP_FACT: standing_reads.keep_fact(upsert),
        SqlStatement.CHANGE: insert(standing_changes),
        SqlStatement.KEEP_NAME: standing_reads.keep_name(upsert),
        SqlStatement.SAY_DELETED: deleting[0],
        SqlStatement.DELETE_EVIDENCE: deleting[1],
        SqlStatement.DICTIONARY: insert(evidence_dictionaries),
        SqlStatement.FORGET_ROUTINE: retention.delete_routine_probes(),
        SqlStatement.FORGET: retention.delete_probes(),
        SqlStatement.FORGET_INCIDENTS: retention.delete_incidents(),
        SqlStatement.FORGET_SESSIONS: delete(sessions).where(sessions.c.expires_at <= bindparam("now")),
        SqlStatement.FORGET_INVITATIONS: delete(invitations).where(invitations.c.expires_at <= bindparam("now")),
        SqlStatement.FORGET_SHARES: people_writes.forget_shares(),
        SqlStatement.FORGET_ANSWERS: delete(idempotency_keys).where(idempotency_keys.c.at <= bindparam("before")),
        SqlStatement.FORGET_HOUR: result_counts.forget_hour(),
        SqlStatement.FORGET_REFUSALS: retention.delete_refusals(),
        SqlStatement.FORGET_REPORTS: report_reads.delete_reports(),
        SqlStatement.FORGET_REAL_HOUR: real_hours.forget_real_hour(),
        SqlStatement.FORGET_REAL_REPLIES: real_refusals.forget_real_replies(),
        SqlStatement.FORGET_REAL_REFUSALS: real_refusals.forget_real_refusals(),
        SqlStatement.FORGET_FACTS: standing_reads.forget_facts(),
        SqlStatement.FORGET_CHANGES: standing_reads.forget_changes(),
        SqlStatement.FORGET_NAMES: standing_reads.forget_names(),
    }


def _replace(into: Any, key: str, *columns: str) -> Executable:
    """Keep the last row per key."""
    replaced: Executable = into.on_conflict_do_update(
        index_elements=[key], set_={name: into.excluded[name] for name in columns}
    )
    return replaced


def _signal(number: str) -> Executable:
    """The newest verdict of a probe becomes a signal. Of one probe there is never more than one verdict in a
    transaction: its evidence is learned one piece at a time. `number`: as SQL, "" if the table counts."""
    newest = select(func.max(verdicts.c.id)).where(verdicts.c.probe_id == probes.c.id).scalar_subquery()
    source, at = bindparam("source", type_=signals.c.source.type), bindparam("at", type_=signals.c.at.type)
    of_probe = select(source, at, newest).where(probes.c.id == bindparam("probe"), MAKES_SIGNALS)
    if not number:
        return insert(signals).from_select(["source", "at", "verdict"], of_probe)
    return insert(signals).from_select(
        ["source", "at", "verdict", "id"], of_probe.add_columns(literal_column(number, signals.c.id.type))
    )


def _show(upsert: Callable[..., Any]) -> Executable:
    """The verdict becomes the current one, unless there is one on a newer probe."""
    line, said = ("company", "path", "kind", "role"), ("judged_at", *VERDICT)
    of_probe = select(
        *(probes.c[name] for name in line),
        probes.c.id,
        probes.c.created_at,
        *(bindparam(name, type_=current_verdicts.c[name].type) for name in said),
    ).where(probes.c.id == bindparam("probe"), MAKES_SIGNALS)
    into = upsert(current_verdicts).from_select([*line, "probe_id", "launched_at", *said], of_probe)
    shown: Executable = into.on_conflict_do_update(
        index_elements=line,
        set_={name: into.excluded[name] for name in ("probe_id", "launched_at", *said)},
        where=launch_number(literal_column("excluded.probe_id"))
        >= func.coalesce(launch_number(literal_column("current_verdicts.probe_id")), 0),
    )
    return shown


def _delivered() -> Executable:
    return (
        update(notices)
        .where(notices.c.id == bindparam("notice"), notices.c.delivered_at.is_(None))
        .values(
            tries=notices.c.tries + 1,
            tried_at=bindparam("tried"),
            next_try_at=None,
            delivered_at=bindparam("tried"),
            fault="",
            lasts=and_(*(notices.c.news != news for news in NoticeKind if news.ends)),
            **{name: bindparam(f"said_{name}", type_=notices.c[name].type) for name in SAID},
        )
    )


def _sent_as() -> Executable:
    """Mark what waited before it as delivered with it."""
    return (
        update(notices)
        .where(*_before_it(), notices.c.delivered_at.is_(None))
        .values(next_try_at=None, delivered_at=bindparam("tried"), fault="", sent_as=bindparam("notice"))
    )


def _superseded() -> Executable:
    """Mark earlier notices on its channel as superseded. None after it is delivered."""
    return update(notices).where(*_before_it(), notices.c.lasts == true()).values(lasts=False)


def _before_it() -> tuple[ColumnElement[bool], ...]:
    """Match the notices about the same incident on the same channel that are older."""
    this = notices.alias("this")
    same = select(this.c.incident, this.c.channel, this.c.number).where(this.c.id == bindparam("notice"))
    incident, channel, number = (same.with_only_columns(column).scalar_subquery() for column in same.selected_columns)
    return notices.c.incident == incident, notices.c.channel == channel, notices.c.number < number


def _put_off() -> Executable:
    return (
        update(notices)
        .where(notices.c.id == bindparam("notice"), notices.c.delivered_at.is_(None))
        .values(
            tries=notices.c.tries + 1,
            tried_at=bindparam("tried"),
            next_try_at=bindparam("next"),
            fault=bindparam("reason"),
        )
    )


def _end_mute() -> Executable:
    over_at = bindparam("over_at", type_=mutes.c.ended_at.type)
    return (
        update(mutes)
        .where(
            mutes.c.id == bindparam("mute"),
            mutes.c.ended_at.is_(None),
            or_(mutes.c.ends_at.is_(None), mutes.c.ends_at > over_at),
        )
        .values(ended_at=over_at, ended_by=bindparam("who"))
    )
