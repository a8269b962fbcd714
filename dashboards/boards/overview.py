"""Is mail reaching everyone now? For the people responsible for all companies."""

from dataclasses import replace

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.annotations import incidents_opened, mail_systems_changed
from dashboards.board import Name, PanelRow, board, choice, company_choice, company_link, fixed_choice, page_link
from dashboards.boards.alerts_panel import alerts_panel
from dashboards.boards.last_verdict import last_verdict
from dashboards.boards.service_level import BUDGET, IN_TIME, MISSED, NO_BUDGET, NOT_A_SHARE, SLO
from dashboards.columns import (
    ACKNOWLEDGED,
    CAUSE,
    GRADE,
    INCIDENT,
    KIND,
    NEVER,
    NOTICES,
    OUTCOME,
    PATH,
    SCOPE,
    SINCE,
    TO_DO,
    WHO,
    severity,
)
from dashboards.incident_queries import NO_INCIDENT, acknowledged, muted, of_all, opened, since
from dashboards.panels import (
    NAMED,
    SHORTEST,
    Column,
    PanelLook,
    Query,
    colour_from,
    columns_of,
    lines,
    number,
    outcome_colours,
    rows,
)
from dashboards.queries import (
    COMPANIES,
    EACH,
    LINES,
    by,
    codes_in_time,
    companies,
    counted,
    failing,
    how_many,
    in_words,
    of_system,
    or_none,
    outcomes,
    probe_only,
    unknown,
    well,
    with_company,
    with_runbook,
    worst,
)
from dashboards.words import BAD, GOOD, NOT_KNOWN, RANKS, SEVERITY_TITLES, mapped
from probes.verdict import Outcome

FROM_BEST = [outcome for outcome in RANKS if outcome]
MIXED = "All grades are counted together"
AGE = PanelLook("s", words=[mapped(**{"-1": "none yet"})], decimals=0)
INCIDENTS = 'company=~"$company|",severity=~"$severity"'
"""Incidents and alerts of the selected companies, and those that concern none, such as Mailpath's own."""

ALL, BAD_ONLY = "-1", "0.5"  # the rank that a company's worst verdict must exceed
NO_ROW = {"incident": NO_INCIDENT, "rank": "0", "scope": "–", "who": "–", "notices": "–", "page": "", "runbook": ""}
NAME = Column("name", "Company", PanelLook("none", links=[company_link("${__data.fields.company}")]), width=190)


def overview() -> Dashboard:
    """Build the board."""
    return board(
        Name.OVERVIEW,
        "Is mail from Trimble Identity reaching everyone now? If not: which companies, since when, why, what to do.",
        [
            choice(
                "mail_system",
                "Mail system",
                "Mail systems to show.",
                "label_values(mailpath_company_info, mail_system)",
            ),
            company_choice("Company", "Companies to show.", several=True, of='mail_system=~"$mail_system"'),
            choice("kind", "Kind", "Kinds of mail to show.", "label_values(mailpath_path_outcome, kind)"),
            fixed_choice(
                "severity", "Severity", "Severities of incidents and alerts to show.", SEVERITY_TITLES, several=True
            ),
            fixed_choice(
                "least",
                "Table",
                "Companies in the table: all, or only those whose mail is not known to arrive.",
                {ALL: "all companies", BAD_ONLY: "only with trouble"},
                several=False,
            ),
        ],
        [
            PanelRow(5, [(12, _reached()), (6, _incidents()), (6, last_verdict(COMPANIES))]),
            PanelRow(14, [(24, _companies())]),
            PanelRow(8, [(24, _open())], "Incidents and alerts"),
            PanelRow(7, [(24, alerts_panel(INCIDENTS))]),
            PanelRow(7, [(6, _budget()), (18, _missed())], "Service level: 99 of 100 codes in time"),
            PanelRow(8, [(9, _grades()), (15, _present())], "Verdicts"),
            PanelRow(7, [(24, _verdicts())]),
        ],
        since="now-24h",
        annotations=[incidents_opened(COMPANIES), mail_systems_changed(COMPANIES)],
    )


def _reached() -> Panel:
    return number(
        "Does mail reach everyone?",
        "Companies by their current verdicts on the selected kinds. Not reached: at least one mail does not arrive in "
        "time. Probe only: only the probe's own mailbox or message fails, which says nothing about people's mail. "
        "Unknown: no failure is known, but some result is unknown or there is no verdict yet. Reached: all mail "
        f"arrives in the inbox in time. {MIXED}; the table below shows the grades.",
        Query(how_many(of_system(failing(LINES))), "✕ not reached"),
        Query(how_many(of_system(probe_only(LINES))), "! probe only"),
        Query(how_many(of_system(unknown(COMPANIES, LINES))), "? unknown"),
        Query(how_many(of_system(well(LINES))), "✓ reached"),
        look=PanelLook("short", decimals=0),
        overrides=[
            colour_from(1, "✕ not reached", BAD),
            colour_from(1, "! probe only", NOT_KNOWN),
            colour_from(1, "? unknown", NOT_KNOWN),
            colour_from(1, "✓ reached", GOOD),
        ],
    )


def _incidents() -> Panel:
    def count(incidents: str) -> str:
        return how_many(by(("incident",), of_system(incidents), "group"))

    quiet = f"{opened(INCIDENTS)} and on (company, scope, cause, severity) ({muted(INCIDENTS)})"
    loud = f"{opened(INCIDENTS)} unless on (company, scope, cause, severity) ({muted(INCIDENTS)})"
    return number(
        "Incidents",
        "Lasting problems of the selected companies and severities: open ones, and muted ones, for which no notices "
        "are sent.",
        Query(count(loud), "! open"),
        Query(count(quiet), "– muted"),
        look=PanelLook("short", decimals=0),
        overrides=[colour_from(1, "! open", BAD), colour_from(1, "– muted", NOT_KNOWN)],
    )


def _companies() -> Panel:
    def each(expr: str, instead: int) -> str:
        return f"{expr} or {companies(COMPANIES)} * 0 + {instead}"

    known = with_runbook(with_company(worst(("company",), LINES), "name", "mail_system"), "company")
    named = companies(COMPANIES, "name", "mail_system")
    silent = f"{RANKS[None]} * ({named} unless on (company) mailpath_path_outcome{{{LINES}}})"
    age = f"time() - {by(('company',), f'mailpath_last_verdict_timestamp_seconds{{{COMPANIES}}}')}"
    share = by(("company",), codes_in_time(("company", "grade"), COMPANIES, "1d"), "min")
    shown = of_system(f"{known} or on (company) {silent}")
    return rows(
        "Companies, worst first",
        "Each company with its worst current verdict on the selected kinds: path, kind, cause and grade, which says "
        "how much it proves. In time: the share of codes of 24 hours; of several grades, the lowest. Muted: open "
        "incidents for which no notices are sent. The name leads to the company's board, the advice to its runbook.",
        Query(f"({shown}) > $least"),
        Query(each(since(COMPANIES), NEVER)),
        Query(each(share, NOT_A_SHARE)),
        Query(each(by(("company",), f"mailpath_incident_companies{{{COMPANIES}}}", "count"), 0)),
        Query(each(by(("company",), muted(COMPANIES), "count"), 0)),
        Query(each(age, -1)),
        columns=[
            replace(OUTCOME, name="Value #A"),
            NAME,
            replace(SINCE, name="Value #B"),
            CAUSE,
            replace(TO_DO, width=340),
            KIND,
            Column("Value #C", "In time, 24 h", IN_TIME, width=110),
            Column("Value #D", "Open", PanelLook("short"), width=60),
            Column("Value #E", "Muted", PanelLook("short"), width=70),
            GRADE,
            Column("mail_system", "Mail system", width=100),
            PATH,
            Column("Value #F", "Last verdict", AGE, width=110),
            Column("company", "Key", width=100),
        ],
        sort=["Outcome", "Since"],
    )


def _open() -> Panel:
    return rows(
        "Open incidents",
        "Lasting problems, most severe first, and when each began. Each is listed once, at its widest scope; muted: no "
        "notices are sent. The severity and the number lead to the incident in Mailpath, the advice to its runbook.",
        Query(or_none(of_all(INCIDENTS), NEVER, **NO_ROW)),
        Query(acknowledged(INCIDENTS)),
        columns=[
            severity(page_link("Open the incident", "${__data.fields.page}")),
            replace(SINCE, name="Value #A"),
            SCOPE,
            WHO,
            CAUSE,
            TO_DO,
            ACKNOWLEDGED,
            NOTICES,
            INCIDENT,
        ],
        sort=["Severity", "Since"],
        join="incident",
    )


def _budget() -> Panel:
    left = in_words("grade:mailpath_codes_budget:left30d", "grade")
    return number(
        "Error budget left, 30 days",
        f"The share of late or lost codes that the objective allows and that is not used up yet, for each grade. {SLO}",
        Query(or_none(left, NO_BUDGET, grade="nothing recorded"), "{{grade}}"),
        look=BUDGET,
        texts=NAMED,
    )


def _missed() -> Panel:
    return lines(
        "Codes that missed their time",
        f"The share of codes that did not reach the inbox in time, in one hour and in six, for each grade. {SLO}",
        Query(in_words("grade:mailpath_codes_missed:ratio1h", "grade"), "1 h, {{grade}}"),
        Query(in_words("grade:mailpath_codes_missed:ratio6h", "grade"), "6 h, {{grade}}"),
        look=MISSED,
    )


def _grades() -> Panel:
    return columns_of(
        "Verdicts now, by grade",
        "Paths and kinds by their current verdict, separately for each grade. Real: sent from the sender's own IP "
        "address. Impersonated: tested at the company's gateway. Scanned: only its filter was asked. Unproven: the "
        "rest, and unknown results.",
        Query(in_words(by(("grade", "outcome"), outcomes(LINES), "count"), "grade")),
        across="grade",
        pieces="outcome",
        look=PanelLook("short", decimals=0),
        overrides=outcome_colours(),
    )


def _present() -> Panel:
    return lines(
        "Verdicts over time",
        f"Paths and kinds by their verdict at each time. {MIXED}.",
        *(Query(how_many(outcomes(f'{LINES},outcome="{outcome}"')), outcome) for outcome in FROM_BEST),
        look=PanelLook("short", decimals=0),
        overrides=outcome_colours(),
        stacked=True,
    )


def _verdicts() -> Panel:
    def judged(outcome: Outcome) -> str:
        chosen = f'{COMPANIES},outcome="{outcome}"'
        return or_none(f"sum({counted('mailpath_probes_total', chosen, EACH)})")

    return lines(
        "Probes judged",
        f"Probes of all kinds by their first verdict, for each bar; later amendments are not counted again. {MIXED}.",
        *(Query(judged(outcome), outcome) for outcome in FROM_BEST),
        look=PanelLook("short", decimals=0),
        overrides=outcome_colours(),
        bars=True,
        step=SHORTEST,
    )
