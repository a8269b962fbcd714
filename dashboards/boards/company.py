"""The board of one company, for its IT: failures, since when, causes, remedies."""

from dataclasses import replace

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.annotations import incidents_lasting, incidents_opened, mail_systems_changed
from dashboards.board import COMPANY_PAGE, Name, PanelRow, board, choice, company_choice, page_link
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
    OUTCOME_WORD,
    PATH,
    SCOPE,
    SINCE,
    TO_DO,
    severity,
)
from dashboards.incident_queries import NO_INCIDENT, acknowledged, muted, of_company
from dashboards.panels import (
    NAMED,
    NAMES,
    SHORTEST,
    Column,
    PanelLook,
    Query,
    colour_from,
    levels,
    line,
    lines,
    number,
    rows,
    timeline,
)
from dashboards.queries import (
    HERE,
    HERE_LINES,
    HERE_PATHS,
    VERDICT,
    bad,
    by,
    codes_in_time,
    companies,
    counted,
    how_many,
    in_words,
    or_none,
    ranks,
    with_probe_only,
    with_runbook,
)
from dashboards.words import BAD, GOOD, NOT_BAD, NOT_KNOWN, RANKS, WARNING, mapped, ranked
from monitor.remedying.applied import TO_ACT_ON, RemedyState
from monitor.remedying.words import STATES

DAY = "1d"
DELIVERY = f"mailpath_code_delivery_seconds{{{HERE}}}"
LIFE = f"min(mailpath_code_life_seconds{{{HERE_PATHS}}})"
ALL_KINDS = "All paths, kinds and grades of the company are counted, whatever is selected above"
TO_ITS_PAGE = page_link("Open the company's page", COMPANY_PAGE)


def company() -> Dashboard:
    """Build the board for people who look after several companies."""
    return _board(Name.COMPANY, "One company: which mail from Trimble Identity does not arrive, why, and what to do.")


def company_own() -> Dashboard:
    """Build the board for a company's own IT."""
    return _board(
        Name.COMPANY_OWN, "Which mail from Trimble Identity does not arrive, since when, why, and what to do."
    )


def _board(name: Name, says: str) -> Dashboard:
    return board(
        name,
        says,
        [
            company_choice("Company", "The company to show.", several=False),
            choice(
                "path",
                "Path",
                "The company's paths.",
                f"label_values(mailpath_path_every_seconds{{{HERE}}}, path)",
            ),
            choice("kind", "Kind", "Kinds of mail.", f"label_values(mailpath_path_outcome{{{HERE}}}, kind)"),
        ],
        [
            PanelRow(4, [(5, _name()), (6, _now()), (4, _incidents()), (4, _share()), (5, last_verdict(HERE_PATHS))]),
            PanelRow(6, [(15, _open()), (9, _to_do())]),
            PanelRow(4, [(24, _remedies())]),
            PanelRow(8, [(24, _lines_now())]),
            PanelRow(6, [(24, _history())], "Over time"),
            PanelRow(8, [(16, _delivery()), (8, _of_its_life())]),
            PanelRow(7, [(6, _budget()), (18, _missed())], "Service level: 99 of 100 codes in time"),
            PanelRow(6, [(24, _stopped())], "Failures in the last 24 h"),
            PanelRow(5, [(24, _causes())]),
        ],
        since="now-24h",
        annotations=[incidents_opened(HERE), incidents_lasting(HERE), mail_systems_changed(HERE)],
    )


def _name() -> Panel:
    return number(
        "Company",
        "The company's name in Mailpath's configuration.",
        Query(companies(HERE, "name"), "{{name}}"),
        look=PanelLook("none"),
        texts=NAMES,
    )


def _now() -> Panel:
    return number(
        "Worst verdict now",
        "The worst current verdict on the selected paths and kinds; the table below lists all, with their grades. "
        "Probe only: the probe's own mailbox or message fails, which says nothing about people's mail.",
        Query(or_none(f"max({ranks(HERE_LINES)})", RANKS[None])),
        look=PanelLook("none", words=[ranked()]),
    )


def _incidents() -> Panel:
    return number(
        "Incidents",
        "Open problems that affect this company now: its own, and those of its mail system or of everybody. Muted: no "
        "notices are sent about them.",
        Query(how_many(f"mailpath_incident_companies{{{HERE}}}"), "! open"),
        Query(how_many(muted(HERE)), "– muted"),
        look=PanelLook("short", decimals=0),
        overrides=[colour_from(1, "! open", BAD), colour_from(1, "– muted", NOT_KNOWN)],
    )


def _share() -> Panel:
    share = codes_in_time(("grade",), HERE, DAY)
    return number(
        "Codes in time, last 24 h",
        "Share of the codes judged in the last 24 hours that reached the inbox in time, for each grade. Unknown "
        "results, and trouble of the probe's own mailbox, do not count. All paths and kinds with a code are counted.",
        Query(or_none(in_words(share, "grade"), NOT_A_SHARE, grade="no codes"), "{{grade}}"),
        look=IN_TIME,
        texts=NAMED,
    )


def _budget() -> Panel:
    left = in_words(by(("grade",), f"company:mailpath_codes_budget:left30d{{{HERE}}}"), "grade")
    return number(
        "Error budget left, 30 days",
        "The share of late or lost codes that the objective allows and that is not used up yet, for each grade. Below "
        f"0 the objective is missed. {SLO}",
        Query(or_none(left, NO_BUDGET, grade="nothing recorded"), "{{grade}}"),
        look=BUDGET,
        texts=NAMED,
    )


def _missed() -> Panel:
    return lines(
        "Codes that missed their time",
        f"The share of codes that did not reach the inbox in time, over six hours and three days, by grade. {SLO}",
        Query(in_words(f"company:mailpath_codes_missed:ratio6h{{{HERE}}}", "grade"), "6 h, {{grade}}"),
        Query(in_words(f"company:mailpath_codes_missed:ratio3d{{{HERE}}}", "grade"), "3 d, {{grade}}"),
        look=MISSED,
    )


def _remedies() -> Panel:
    there = f"{by(('state',), f'mailpath_remedies{{{HERE}}}')} > 0"
    to_act_on = "|".join(STATES[state].label for state in sorted(TO_ACT_ON))
    return number(
        "Remedies",
        "What the company has changed so that mail arrives, by what a test found. Proven: the sender's mail arrives, "
        "and the same mail from another IP address without a signature does not. The incident's page has the test, and "
        "the steps to prolong or undo it.",
        Query(or_none(in_words(there, "state"), 0, state="none noted"), "{{state}}"),
        look=PanelLook("short", decimals=0),
        overrides=[
            colour_from(1, STATES[RemedyState.PROVEN].label, GOOD),
            colour_from(1, f"/^({to_act_on})$/", WARNING, matching="byRegexp"),
            colour_from(1, STATES[RemedyState.NO_EFFECT].label, BAD),
        ],
        texts=NAMED,
    )


def _lines_now() -> Panel:
    return rows(
        "Current verdicts, worst first",
        "The current verdict of each path and kind, with its cause and its grade, which says how much it proves. The "
        "advice links to the runbook. The server's reply is on Mailpath's page.",
        Query(or_none(with_runbook(ranks(HERE_LINES), "company"), RANKS[None], path="–", kind="–")),
        columns=[OUTCOME, PATH, KIND, CAUSE, TO_DO, GRADE],
        sort=["Outcome"],
    )


def _history() -> Panel:
    return timeline(
        "Verdicts over time",
        "The verdict in force at each time. Gaps: there was none, or Mailpath was not running. Verdicts of different "
        "grades follow each other in one band; the tables show the grade.",
        Query(in_words(by(("path", "kind"), ranks(HERE_LINES)), "kind"), "{{path}}: {{kind}}"),
        look=PanelLook("none", words=[ranked()]),
    )


def _delivery() -> Panel:
    return lines(
        "Delivery time and code lifetime",
        "Time from the creation of a code to the arrival of its mail in the inbox: that of the newest code that is "
        "delivered, on the slowest of the selected paths. Above the dashed line the code has expired. Mail that never "
        "arrived is not included. All kinds with a code and all grades are combined.",
        Query(f"max({DELIVERY})", "newest code"),
        Query(LIFE, "code lifetime"),
        look=PanelLook("s", no_value="nothing reached the inbox"),
        overrides=[line("newest code", GOOD), line("code lifetime", BAD, (10, 6))],
        powers=True,
        step=SHORTEST,
    )


def _of_its_life() -> Panel:
    def share(of_time: float) -> str:
        return f"max(quantile_over_time({of_time}, {DELIVERY}[$__range])) / on () group_left () {LIFE}"

    return levels(
        "Delivery time as share of the code lifetime",
        "Median and 95th percentile of the delivery time over the selected time range, on the slowest of the selected "
        "paths, as a share of the code lifetime. At 100 % the code has expired on arrival. All kinds with a code and "
        "all grades are combined.",
        Query(share(0.5), "median"),
        Query(share(0.95), "95th percentile"),
        look=PanelLook(
            "percentunit",
            steps=[(0.5, WARNING), (1, BAD)],
            lowest=GOOD,
            least=0,
            most=1,
            no_value="nothing reached the inbox",
        ),
    )


def _stopped() -> Panel:
    seen = f'timestamp(mailpath_path_outcome{{{HERE_LINES},outcome!~"{NOT_BAD}"}})'
    last = by(VERDICT, f"{seen} or max_over_time({seen}[{DAY}:1m])")
    return rows(
        "Latest first",
        "Each failure of the last 24 hours, and when it was last the current verdict: the first row shows the cause of "
        "the latest refusal. The grade says how much it proves; the advice links to the runbook.",
        Query(or_none(f"1000 * {with_runbook(with_probe_only(last), 'company')}", NEVER, path="–", kind="–")),
        columns=[
            Column(
                "Value",
                "Last seen",
                PanelLook("dateTimeFromNow", words=[mapped(_0="✓ none in 24 h")]),
                width=150,
            ),
            OUTCOME_WORD,
            PATH,
            KIND,
            CAUSE,
            TO_DO,
            GRADE,
        ],
        sort=["Last seen"],
    )


def _causes() -> Panel:
    failed = counted("mailpath_probes_total", f'{HERE},outcome!~"{NOT_BAD}"', DAY)
    causes = by(("outcome", "cause"), failed, "sum")
    return levels(
        "By cause",
        f"Probes of the last 24 hours that did not arrive, or not in time, by the cause of their first verdict. "
        f"{ALL_KINDS}.",
        Query(
            or_none(in_words(causes, "outcome", "cause"), outcome="failures", cause="none"), "{{outcome}}: {{cause}}"
        ),
        look=PanelLook("short", steps=[(0.5, BAD)], decimals=0, least=0),
    )


def _open() -> Panel:
    return rows(
        "Open incidents that affect this company",
        "Lasting problems, most severe first, and when each began. The scope is one mailbox, some kinds of mail, the "
        "company, all companies with its mail system, everybody, or Mailpath itself. The severity leads to the "
        "company's page in Mailpath, the number to the incident's.",
        Query(or_none(of_company(HERE), NEVER, incident=NO_INCIDENT, rank="0", scope="–", notices="–", page="")),
        Query(acknowledged(HERE)),
        columns=[
            severity(TO_ITS_PAGE),
            replace(SINCE, name="Value #A"),
            SCOPE,
            CAUSE,
            ACKNOWLEDGED,
            NOTICES,
            INCIDENT,
        ],
        sort=["Severity", "Since"],
        join="incident",
    )


def _to_do() -> Panel:
    present = by(("cause", "company"), bad(HERE_LINES), "count")
    return rows(
        "What to do now",
        "The remedy for each present cause, with the number of affected kinds of mail of all grades. Each leads to its "
        "runbook: who must act, the safest change, and what not to do. An incident closes by itself when two probes in "
        "a row reach the inbox.",
        Query(or_none(with_runbook(present, "company"), runbook="", cause="✓ nothing")),
        columns=[TO_DO, CAUSE, Column("Value", "Mails", PanelLook("short", words=[mapped(_0="–")]), width=70)],
        sort=["Mails"],
    )
