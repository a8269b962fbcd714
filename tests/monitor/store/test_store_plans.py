"""Every question of lists and people is answered by an index, so that a page of a million probes costs what one of a
few does."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select

from monitor.store import (
    Store,
    delivery_counts,
    list_reads,
    people_reads,
    real_hours,
    real_refusals,
    report_reads,
    result_counts,
    result_overview,
    result_series,
    share_links,
    standing_reads,
    work_reads,
)
from monitor.store.database import connect
from monitor.store.statements import SqlStatement, statements

QUESTIONS = (
    list_reads.STATEMENTS
    | people_reads.STATEMENTS
    | report_reads.STATEMENTS
    | result_counts.STATEMENTS
    | delivery_counts.STATEMENTS
    | result_overview.STATEMENTS
    | result_series.STATEMENTS
    | work_reads.STATEMENTS
    | share_links.STATEMENTS
    | standing_reads.STATEMENTS
    | real_hours.STATEMENTS
    | real_refusals.STATEMENTS
)
WHOLE_TABLES = {"people", "tokens", "shares", "real_refusals"}  # they are what is asked for
SPAN = "created_at>? AND created_at<?"
ALL = f"probes USING INDEX ix_probes_created_at ({SPAN})"
OF_COMPANY = f"INDEX ix_probes_company_created_at (company=? AND {SPAN})"
OF_PATH = f"INDEX ix_probes_company_path_created_at (company=? AND path=? AND {SPAN})"
OF_OUTCOME = f"INDEX ix_probes_outcome_created_at (outcome=? AND {SPAN})"
OF_BOTH = f"INDEX ix_probes_company_outcome_created_at_role (company=? AND outcome=? AND {SPAN})"
COUNTED = "COVERING INDEX ix_probes_company_outcome_created_at_role (company=? AND outcome=? AND created_at>?)"
VERDICT = "ix_verdicts_probe_id_id"
OF_DAYS = ["ix_reports_kind_day (kind=? AND day>?)", "report_rows USING PRIMARY KEY (report=?)"]
WALKS = {
    "SCAN current_verdicts USING COVERING INDEX sqlite_autoindex_current_verdicts_1",  # which companies there are
    "SCAN companies",
    "SCAN CONSTANT ROW",  # the values to insert
    "SCAN parts",  # a few sums
    "SCAN json_each VIRTUAL TABLE INDEX 1:",  # of one row
    "SCAN in_days VIRTUAL TABLE INDEX 1:",
    "SCAN in_hours VIRTUAL TABLE INDEX 1:",
    "SCAN in_slots VIRTUAL TABLE INDEX 1:",
}


PLANS: list[tuple[str | SqlStatement, list[str]]] = [
    ("all", [ALL, VERDICT]),
    ("of_many", [ALL, VERDICT]),
    ("of_company", [OF_COMPANY, VERDICT]),
    ("of_path", [OF_PATH, VERDICT]),
    ("of_outcome", [OF_OUTCOME, VERDICT]),
    ("of_outcome_many", [OF_OUTCOME, VERDICT]),
    ("of_outcome_company", [OF_BOTH, VERDICT]),
    ("all: floor", [ALL]),
    ("of_many: floor", [ALL]),
    ("of_company: floor", [OF_COMPANY]),
    ("of_path: floor", [OF_PATH]),
    ("of_outcome: floor", [OF_OUTCOME]),
    ("of_outcome_many: floor", [OF_OUTCOME]),
    ("of_outcome_company: floor", [OF_BOTH]),
    ("history_of_company", ["INDEX ix_probes_company_created_at (company=? AND created_at>?)", VERDICT]),
    ("by_hand_of_company", ["INDEX ix_probes_company_created_at (company=? AND created_at>?)", VERDICT]),
    ("counts", [COUNTED]),
    ("counts_of", [COUNTED]),
    ("person", ["sqlite_autoindex_people_1"]),
    ("token", ["sqlite_autoindex_tokens_2 (digest=?)"]),
    ("session", ["sqlite_autoindex_sessions_1"]),
    ("sessions", ["ix_sessions_person"]),
    ("invitation", ["sqlite_autoindex_invitations_2 (digest=?)"]),
    ("shares of company", ["ix_shares_company (company=?)"]),
    ("share", ["sqlite_autoindex_shares_2 (digest=?)"]),
    (SqlStatement.REVOKE_SHARE, ["sqlite_autoindex_shares_1 (id=?)"]),
    (SqlStatement.FORGET_SHARES, ["ix_shares_expires_at (expires_at<?)"]),
    ("deeds", ["audit_log USING INTEGER PRIMARY KEY (rowid<?)"]),
    ("entries_at", ["ix_audit_log_what_at (what=? AND at=?)"]),
    ("remembered", ["sqlite_autoindex_idempotency_keys_1 (caller=? AND key=?)"]),
    ("actions", ["ix_incident_actions_incident_id (incident=?)"]),
    (
        "open_actions",
        ["ix_incidents_closed_at_opened_at (closed_at=?)", "ix_incident_actions_incident_id (incident=?)"],
    ),
    ("link_use", ["sqlite_autoindex_used_links_1 (notice=? AND action=?)"]),
    ("results", ["daily_results USING PRIMARY KEY (day>?)", "hourly_results USING PRIMARY KEY (hour>? AND hour<?)"]),
    (
        "results_of",
        [
            "ix_daily_results_company_day (company=? AND day>?)",
            "ix_hourly_results_company_hour (company=? AND hour>? AND hour<?)",
        ],
    ),
    (
        "delivery_times",
        ["daily_results USING PRIMARY KEY (day>?)", "hourly_results USING PRIMARY KEY (hour>? AND hour<?)"],
    ),
    (
        "delivery_times_of",
        [
            "ix_daily_results_company_day (company=? AND day>?)",
            "ix_hourly_results_company_hour (company=? AND hour>? AND hour<?)",
        ],
    ),
    ("days", ["daily_results USING PRIMARY KEY (day>?)"]),
    ("days of paths", ["daily_results USING PRIMARY KEY (day>?)"]),
    ("days of some", ["ix_daily_results_company_day (company=? AND day>?)"]),
    ("hours of all", ["hourly_results USING PRIMARY KEY (hour>?)"]),
    ("counts by hour", ["ix_hourly_results_company_hour (company=? AND hour>? AND hour<?)"]),
    ("counts by day", ["ix_daily_results_company_day (company=? AND day>? AND day<?)"]),
    ("times by hour", ["ix_hourly_results_company_hour (company=? AND hour>? AND hour<?)"]),
    ("times by day", ["ix_daily_results_company_day (company=? AND day>? AND day<?)"]),
    ("first day", ["COVERING INDEX ix_daily_results_company_day (company=?)"]),
    ("report_known", ["sqlite_autoindex_reports_1 (id=?)"]),
    ("report_shares", OF_DAYS),
    ("report_others", OF_DAYS),
    ("report_totals", OF_DAYS),
    ("report_tls_failures", OF_DAYS),
    ("report_reporter_days", ["ix_reports_day (day>?)"]),
    (SqlStatement.REPORT, ["ix_reports_received_at (received_at>?)"]),
    (SqlStatement.FORGET_REPORTS, ["ix_reports_day (day<?)"]),
    ("current_facts", ["ix_standing_facts_current_seen_at (current=?)"]),
    ("fact_history", ["ix_standing_facts_seen_at (seen_at>?)"]),
    ("standing_spans", ["ix_standing_facts_seen_at (seen_at>?)"]),
    ("standing_changes", ["ix_standing_changes_at (at>?)"]),
    ("standing_names", ["ix_standing_names_last_at (last_at>?)"]),
    (SqlStatement.FORGET_FACTS, ["ix_standing_facts_"]),
    (SqlStatement.FORGET_CHANGES, ["ix_standing_changes_at (at<?)"]),
    (SqlStatement.FORGET_NAMES, ["ix_standing_names_last_at (last_at<?)"]),
    (SqlStatement.COUNT, ["sqlite_autoindex_probes_1", VERDICT]),
    (SqlStatement.FORGET_HOUR, ["hourly_results USING PRIMARY KEY (hour=?)"]),
    ("real_mail", ["real_hourly_1 (company=? AND hour>?)"]),
    (SqlStatement.FORGET_REAL_HOUR, ["ix_real_hourly_hour (hour=?)"]),
    ("real_replies", ["real_replies_1 (company=? AND day>?)"]),
    (SqlStatement.ADD_REAL_REPLY, ["real_replies_1 (company=? AND day=? AND cause=?)"]),
    (SqlStatement.FORGET_REAL_REPLIES, ["ix_real_replies_day (day<?)"]),
    (SqlStatement.RESULT, ["sqlite_autoindex_probes_1"]),
    (SqlStatement.USED, ["sqlite_autoindex_tokens_1"]),
    (SqlStatement.END_SESSION, ["sqlite_autoindex_sessions_1"]),
    (SqlStatement.END_SESSIONS, ["ix_sessions_person"]),
    (SqlStatement.END_OTHER_SESSIONS, ["ix_sessions_person"]),
    (SqlStatement.REDEEM, ["sqlite_autoindex_invitations_2 (digest=?)"]),
    (SqlStatement.FORGET_SESSIONS, ["ix_sessions_expires_at"]),
    (SqlStatement.FORGET_ANSWERS, ["ix_idempotency_keys_at"]),
    (SqlStatement.FORGET_REFUSALS, ["ix_audit_log_what_at (what=? AND at<?)"]),
]


@pytest.mark.parametrize(
    ("question", "indexes"),
    PLANS,
)
async def test_no_question_reads_a_whole_table(
    tmp_path: Path, question: str | SqlStatement, indexes: list[str]
) -> None:
    file = tmp_path / "mailpath.db"
    async with Store.open(f"sqlite:///{file}"):
        pass
    plan = plan_of(file, question)
    assert {step for step in plan if step.startswith("SCAN")} <= WALKS, plan
    for index in indexes:
        assert any(index in step for step in plan), plan
    if isinstance(question, str) and question in list_reads.WAYS:
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan, "it would read all before it tells the first"


def plan_of(file: Path, question: str | SqlStatement) -> list[str]:
    engine = connect(f"sqlite:///{file}")
    asked: Any = QUESTIONS[question] if isinstance(question, str) else statements(engine)[question]
    if isinstance(asked, Select) and "companies" in (given := asked.compile().params):
        nothing = {name: None for name, value in given.items() if value is None}
        asked = asked.params(nothing | {"companies": ["acme", "bolt"]})
    compiled = asked.compile(engine, compile_kwargs={"render_postcompile": True})
    engine.dispose()
    numbers = {"most", "through"}
    with closing(sqlite3.connect(file)) as connection:
        values = [1 if name in numbers or name.startswith("param_") else None for name in compiled.positiontup or ()]
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {compiled}", values)]


def test_every_question_has_its_plan() -> None:
    assert {question for question, _ in PLANS if isinstance(question, str)} == set(QUESTIONS) - WHOLE_TABLES
