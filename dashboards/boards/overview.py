"""Is mail reaching everyone now? For the people responsible for all companies."""

from dataclasses import replace

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.board import Name, PanelRow, board, choice, company_link
from dashboards.boards.last_verdict import last_verdict
from dashboards.boards.service_level import BUDGET, MISSED, NO_BUDGET, SLO
from dashboards.columns import CAUSE, GRADE, KIND, OUTCOME, PATH, SCOPE, SEVERITY, TO_DO, WHOSE
from dashboards.panels import (
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
    companies,
    counted,
    failing,
    how_many,
    or_none,
    outcomes,
    severities,
    unknown,
    well,
    with_company,
    with_runbook,
    worst,
)
from dashboards.words import BAD, GOOD, NOT_KNOWN, RANKS, mapped
from probes.verdict import Outcome

FROM_BEST = [outcome for outcome in RANKS if outcome]
MIXED = "All grades are counted together"


def overview() -> Dashboard:
    """Build the board."""
    return board(
        Name.OVERVIEW,
        "Is mail from Trimble Identity reaching everyone now? If not: which companies, why, and what to do.",
        [
            choice("company", "Company", "Companies to show.", "label_values(mailpath_company_info, company)"),
            choice("kind", "Kind", "Kinds of mail to show.", "label_values(mailpath_path_outcome, kind)"),
        ],
        [
            PanelRow(6, [(12, _reached()), (6, _incidents()), (6, last_verdict(COMPANIES))]),
            PanelRow(12, [(24, _companies())]),
            PanelRow(8, [(15, _open()), (9, _muted())], "Incidents"),
            PanelRow(8, [(6, _budget()), (18, _missed())], "Service level: 99 of 100 codes in time"),
            PanelRow(9, [(9, _grades()), (15, _present())], "Verdicts"),
            PanelRow(8, [(24, _verdicts())]),
        ],
        since="now-24h",
    )


def _reached() -> Panel:
    return number(
        "Does mail reach everyone?",
        "Companies by their current verdicts on the selected kinds. Not reached: at least one mail does not arrive in "
        "time. Unknown: no failure is known, but some result is unknown or there is no verdict yet. Reached: all mail "
        f"arrives in the inbox in time. {MIXED}; the table below shows the grades.",
        Query(how_many(failing(LINES)), "✕ not reached"),
        Query(how_many(unknown(COMPANIES, LINES)), "? unknown"),
        Query(how_many(well(LINES)), "✓ reached"),
        look=PanelLook("short", decimals=0),
        overrides=[
            colour_from(1, "✕ not reached", BAD),
            colour_from(1, "? unknown", NOT_KNOWN),
            colour_from(1, "✓ reached", GOOD),
        ],
    )


def _incidents() -> Panel:
    return number(
        "Incidents",
        "Lasting problems of all companies: open ones, and muted ones, for which no notices are sent.",
        Query("sum(mailpath_incidents) or on () vector(0)", "! open"),
        Query("sum(mailpath_muted_incidents) or on () vector(0)", "– muted"),
        look=PanelLook("short", decimals=0),
        overrides=[colour_from(1, "! open", BAD), colour_from(1, "– muted", NOT_KNOWN)],
    )


def _companies() -> Panel:
    company = companies(COMPANIES)
    known = with_runbook(with_company(worst(("company",), LINES), "name", "mail_system"))
    named = companies(COMPANIES, "name", "mail_system")
    silent = f"{RANKS[None]} * ({named} unless on (company) mailpath_path_outcome)"
    age = f"time() - {by(('company',), f'mailpath_last_verdict_timestamp_seconds{{{COMPANIES}}}')}"
    touching = by(("company",), f"mailpath_incident_companies{{{COMPANIES}}}", "count")
    return rows(
        "Companies, worst first",
        "Each company with its worst current verdict on the selected kinds: path, kind, cause and grade (how "
        "much it proves: real, impersonated, scanned or unproven). The company links to its board, the advice to its "
        "runbook.",
        Query(f"{known} or {silent}"),
        Query(f"{touching} or {company} * 0"),
        Query(f"{age} or {company} * -1"),
        columns=[
            replace(OUTCOME, name="Value #A"),
            Column("company", "Company", PanelLook("none", links=[company_link("${__value.raw}")]), width=120),
            Column("name", "Name"),
            Column("mail_system", "Mail system", width=110),
            CAUSE,
            replace(TO_DO, width=330),
            PATH,
            KIND,
            GRADE,
            Column("Value #B", "Incidents", PanelLook("short"), width=80),
            Column(
                "Value #C", "Last verdict", PanelLook("s", words=[mapped(**{"-1": "none yet"})], decimals=0), width=100
            ),
        ],
        sort="Outcome",
    )


def _open() -> Panel:
    incidents = with_runbook(severities("mailpath_incidents"))
    return rows(
        "Open incidents",
        "Lasting problems that people are notified about, most severe first. Each is listed once, at its widest scope.",
        Query(or_none(incidents, scope="–", company="–")),
        columns=[SEVERITY, SCOPE, WHOSE, CAUSE, TO_DO],
        sort="Severity",
    )


def _muted() -> Panel:
    incidents = severities("mailpath_muted_incidents")
    return rows(
        "Muted incidents",
        "Open problems for which no notices are sent, because of a mute or maintenance. `mailpath mute list` shows who "
        "muted them, until when, and why.",
        Query(or_none(incidents, scope="–", company="–")),
        columns=[SEVERITY, SCOPE, WHOSE, CAUSE],
        sort="Severity",
    )


def _budget() -> Panel:
    return number(
        "Error budget left, 30 days",
        f"The share of late or lost codes that the objective allows and that is not used up yet, for each grade. {SLO}",
        Query(or_none("grade:mailpath_codes_budget:left30d", NO_BUDGET, grade="no codes yet"), "{{grade}}"),
        look=BUDGET,
    )


def _missed() -> Panel:
    return lines(
        "Codes that missed their time",
        f"The share of codes that did not reach the inbox in time, in one hour and in six, for each grade. {SLO}",
        Query("grade:mailpath_codes_missed:ratio1h", "1 h, {{grade}}"),
        Query("grade:mailpath_codes_missed:ratio6h", "6 h, {{grade}}"),
        look=MISSED,
    )


def _grades() -> Panel:
    return columns_of(
        "Verdicts now, by grade",
        "Paths and kinds by their current verdict, separately for each grade. Real: sent from the sender's own IP "
        "address. Impersonated: tested at the company's gateway. Scanned: only its filter was asked. Unproven: the "
        "rest, and unknown results.",
        Query(by(("grade", "outcome"), outcomes(LINES), "count")),
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
