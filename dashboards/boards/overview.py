"""Is mail reaching everyone now? For those who are responsible for all companies."""

from dataclasses import replace

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.board import Name, PanelRow, board, choice, company_link
from dashboards.boards.last_verdict import last_verdict
from dashboards.columns import CAUSE, GRADE, KIND, OUTCOME, PATH, SCOPE, SEVERITY, TO_DO, WHOSE
from dashboards.panels import Column, PanelLook, Query, colour_from, columns_of, lines, number, outcome_colours, rows
from dashboards.queries import (
    COMPANIES,
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
MIXED = "Verdicts of all grades are counted together here"


def overview() -> Dashboard:
    """The board."""
    return board(
        Name.OVERVIEW,
        "Is mail from Trimble Identity reaching everyone now? Which companies not, why, and what to do.",
        [
            choice("company", "Company", "Companies to show.", "label_values(mailpath_company_info, company)"),
            choice("kind", "Kind", "Kinds of mail to show.", "label_values(mailpath_path_outcome, kind)"),
        ],
        [
            PanelRow(6, [(12, _reached()), (6, _incidents()), (6, last_verdict(COMPANIES))]),
            PanelRow(12, [(24, _companies())]),
            PanelRow(8, [(15, _open()), (9, _muted())], "Incidents"),
            PanelRow(9, [(9, _grades()), (15, _present())], "Verdicts"),
            PanelRow(8, [(24, _verdicts())]),
        ],
        since="now-24h",
    )


def _reached() -> Panel:
    return number(
        "Does mail reach everyone now?",
        "Companies by their present verdicts on the chosen kinds. Not reached: at least one mail does not come, or not "
        "in time. Not known: nothing bad is seen, but something could not be looked at, or has no verdict yet. "
        f"Reached: everything is in the inbox in time. {MIXED}; the table below tells each one's grade.",
        Query(how_many(failing(LINES)), "✕ not reached"),
        Query(how_many(unknown(COMPANIES, LINES)), "? not known"),
        Query(how_many(well(LINES)), "✓ reached"),
        look=PanelLook("short", decimals=0),
        overrides=[
            colour_from(1, "✕ not reached", BAD),
            colour_from(1, "? not known", NOT_KNOWN),
            colour_from(1, "✓ reached", GOOD),
        ],
    )


def _incidents() -> Panel:
    return number(
        "Incidents",
        "Problems that last, of all companies: those open, and those muted, about which nobody is told now.",
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
        "Each company with its worst present verdict on the chosen kinds: on which path and kind, why, and the grade, "
        "which tells how much it proves: real, impersonated, scanned or unproven. The company leads to its board, the "
        "advice to the runbook.",
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
        "Problems that last and that people are told of, gravest first: each is named once, at its widest scope.",
        Query(or_none(incidents, scope="–", company="–")),
        columns=[SEVERITY, SCOPE, WHOSE, CAUSE, TO_DO],
        sort="Severity",
    )


def _muted() -> Panel:
    incidents = severities("mailpath_muted_incidents")
    return rows(
        "Muted incidents",
        "Problems that go on, and about which nobody is told now: somebody muted them, or there is maintenance. "
        "`mailpath mute` tells who, until when, and why.",
        Query(or_none(incidents, scope="–", company="–")),
        columns=[SEVERITY, SCOPE, WHOSE, CAUSE],
        sort="Severity",
    )


def _grades() -> Panel:
    return columns_of(
        "Verdicts now, by grade",
        "How many paths and kinds have which verdict now, each grade by itself. Real: sent from the sender's own IP "
        "address. Impersonated: told to the company's own gateway. Scanned: only its filter was asked. Unproven: the "
        "rest, and all that is not known.",
        Query(by(("grade", "outcome"), outcomes(LINES), "count")),
        across="grade",
        pieces="outcome",
        look=PanelLook("short", decimals=0),
        overrides=outcome_colours(),
    )


def _present() -> Panel:
    return lines(
        "Present verdicts over time",
        f"How many paths and kinds had which verdict at each time. {MIXED}.",
        *(Query(how_many(outcomes(f'{LINES},outcome="{outcome}"')), outcome) for outcome in FROM_BEST),
        look=PanelLook("short", decimals=0),
        overrides=outcome_colours(),
        stacked=True,
    )


def _verdicts() -> Panel:
    def judged(outcome: Outcome) -> str:
        chosen = f'{COMPANIES},outcome="{outcome}"'
        return or_none(f"sum({counted('mailpath_probes_total', chosen, '1h')})")

    return lines(
        "Probes judged in each hour",
        "How many probes of all kinds were judged, by their first verdict: what was amended later is not counted "
        f"again. {MIXED}.",
        *(Query(judged(outcome), outcome) for outcome in FROM_BEST),
        look=PanelLook("short", decimals=0),
        overrides=outcome_colours(),
        bars=True,
        step="1h",
    )
