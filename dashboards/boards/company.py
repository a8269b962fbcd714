"""The board of one company, for its IT: failures, since when, causes, remedies."""

from grafana_foundation_sdk.models.dashboard import AnnotationQuery, Dashboard, Panel
from grafana_foundation_sdk.models.prometheus import Dataquery

from dashboards.board import Name, PanelRow, board, choice
from dashboards.boards.last_verdict import last_verdict
from dashboards.boards.service_level import BUDGET, MISSED, NO_BUDGET, SLO
from dashboards.columns import CAUSE, GRADE, KIND, OUTCOME, OUTCOME_WORD, PATH, SCOPE, SEVERITY, TO_DO
from dashboards.panels import (
    DATASOURCE,
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
    words,
)
from dashboards.queries import (
    HERE,
    HERE_LINES,
    HERE_PATHS,
    VERDICT,
    by,
    counted,
    deliveries,
    how_many,
    or_none,
    ranks,
    seconds_to_inbox,
    severities,
    with_runbook,
)
from dashboards.words import BAD, GOOD, NOT_BAD, RANKS, WARNING, mapped, no_number, ranked
from probes.mailsystems.causes import IN_SHORT
from probes.mailsystems.family import CauseFamily

DAY = "1d"
LIFE = f"min(mailpath_code_life_seconds{{{HERE_PATHS}}})"
NEVER = 0
ALL_KINDS = "All paths, kinds and grades of the company are counted, whatever is selected above"


def company() -> Dashboard:
    """Build the board."""
    return board(
        Name.COMPANY,
        "For one company's IT: which mail from Trimble Identity does not arrive, why, and what to do.",
        [
            choice(
                "company",
                "Company",
                "The company to show.",
                "label_values(mailpath_company_info, company)",
                several=False,
            ),
            choice(
                "path",
                "Path",
                "The company's paths.",
                f"label_values(mailpath_path_every_seconds{{{HERE}}}, path)",
            ),
            choice("kind", "Kind", "Kinds of mail.", f"label_values(mailpath_path_outcome{{{HERE}}}, kind)"),
        ],
        [
            PanelRow(5, [(7, _now()), (5, _incidents()), (4, _share()), (4, _bad()), (4, last_verdict(HERE_PATHS))]),
            PanelRow(9, [(24, _lines_now())]),
            PanelRow(8, [(24, _history())], "Over time"),
            PanelRow(9, [(15, _delivery()), (9, _of_its_life())]),
            PanelRow(8, [(6, _budget()), (18, _missed())], "Service level: 99 of 100 codes in time"),
            PanelRow(9, [(24, _stopped())], "Failures and remedies"),
            PanelRow(9, [(8, _causes()), (16, _open())]),
            PanelRow(13, [(24, _advice())]),
        ],
        since="now-24h",
        annotations=[_incidents_behind()],
    )


def _now() -> Panel:
    return number(
        "Worst verdict now",
        "The worst current verdict on the selected paths and kinds; the table below lists all, with their grades.",
        Query(or_none(f"max({ranks(HERE_LINES)})", RANKS[None])),
        look=PanelLook("none", words=[ranked()]),
    )


def _incidents() -> Panel:
    return number(
        "Incidents",
        "Open problems that affect this company now: its own, and those of its mail system or of everybody. Muted: the "
        "company's own ones for which no notices are sent.",
        Query(how_many(f"mailpath_incident_companies{{{HERE}}}"), "! open"),
        Query(or_none(f"sum(mailpath_muted_incidents{{{HERE}}})"), "– muted"),
        look=PanelLook("short", decimals=0),
        overrides=[colour_from(1, "! open", BAD)],
    )


def _share() -> Panel:
    known = counted("mailpath_probes_total", f'{HERE},outcome!="unknown"', DAY)
    inbox = counted("mailpath_probes_total", f'{HERE},outcome="inbox"', DAY)
    return number(
        "In time, last 24 h",
        "Share of the probes judged in the last 24 hours that reached the inbox in time. Probes with an unknown result "
        f"are not counted. {ALL_KINDS}.",
        Query(f"({or_none(f'sum({inbox})')}) / ({or_none(f'sum({known})')})"),
        look=PanelLook(
            "percentunit", words=[no_number()], steps=[(0.95, WARNING), (0.99, GOOD)], lowest=BAD, decimals=1
        ),
    )


def _budget() -> Panel:
    left = or_none(f"company:mailpath_codes_budget:left30d{{{HERE}}}", NO_BUDGET, grade="no codes yet")
    return number(
        "Error budget left, 30 days",
        "The share of late or lost codes that the objective allows and that is not used up yet, for each grade. Below "
        f"0 the objective is missed. {SLO}",
        Query(left, "{{grade}}"),
        look=BUDGET,
    )


def _missed() -> Panel:
    return lines(
        "Codes that missed their time",
        f"The share of codes that did not reach the inbox in time, over six hours and three days, by grade. {SLO}",
        Query(f"company:mailpath_codes_missed:ratio6h{{{HERE}}}", "6 h, {{grade}}"),
        Query(f"company:mailpath_codes_missed:ratio3d{{{HERE}}}", "3 d, {{grade}}"),
        look=MISSED,
    )


def _bad() -> Panel:
    failed = counted("mailpath_probes_total", f'{HERE},outcome!~"{NOT_BAD}"', DAY)
    return number(
        "Not in time, last 24 h",
        f"Probes of the last 24 hours that did not arrive, or not in time. {ALL_KINDS}.",
        Query(or_none(f"sum({failed})")),
        look=PanelLook("short", steps=[(0.5, BAD)], decimals=0),
    )


def _lines_now() -> Panel:
    return rows(
        "Current verdicts, worst first",
        "The current verdict of each path and kind, with its cause and its grade, which says how much it proves. The "
        "advice links to the runbook. The server's reply is on Mailpath's page.",
        Query(or_none(with_runbook(ranks(HERE_LINES)), RANKS[None], path="–", kind="–")),
        columns=[OUTCOME, PATH, KIND, CAUSE, TO_DO, GRADE],
        sort="Outcome",
    )


def _history() -> Panel:
    return timeline(
        "Verdicts over time",
        "The verdict in force at each time. Gaps: there was none, or Mailpath was not running. Verdicts of different "
        "grades follow each other in one band; the tables show the grade.",
        Query(by(("path", "kind"), ranks(HERE_LINES)), "{{path}} {{kind}}"),
        look=PanelLook("none", words=[ranked()]),
    )


def _delivery() -> Panel:
    rate = deliveries(HERE, "1h")
    return lines(
        "Delivery time and code lifetime",
        "Time from the creation of a code to the arrival of its mail in the inbox, over the preceding hour. Above the "
        "dashed line the code has expired. A dot is one probe and leads to its page. Mail that never arrived is not "
        "included. All the company's paths, all kinds with a code and all grades are combined; the lines come from a "
        "histogram, so they are approximate.",
        Query(seconds_to_inbox(0.5, (), rate), "median"),
        Query(seconds_to_inbox(0.95, (), rate), "95th percentile", exemplars=True),
        Query(LIFE, "code lifetime"),
        look=PanelLook("s", no_value="nothing reached the inbox"),
        overrides=[line("median", GOOD, (2, 5)), line("95th percentile", GOOD), line("code lifetime", BAD, (10, 6))],
        powers=True,
    )


def _of_its_life() -> Panel:
    def share(codes: bool) -> str:
        rate = deliveries(HERE, "$__range", codes=codes)
        return f"{seconds_to_inbox(0.95, (), rate)} / on () group_left () {LIFE}"

    return levels(
        "Delivery time as share of the code lifetime",
        "95th percentile of the delivery time in the selected time range, as a share of the code lifetime. At 100 % "
        "the code has expired on arrival. All the company's paths and all grades are combined.",
        Query(share(codes=True), "mail with a code"),
        Query(share(codes=False), "other mail"),
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
        "Failures in the last 24 h, latest first",
        "Each failure of the last 24 hours, and when it was last the current verdict: the first row shows the cause of "
        "the latest refusal. The grade says how much it proves; the advice links to the runbook.",
        Query(or_none(f"1000 * {with_runbook(last)}", NEVER, path="–", kind="–")),
        columns=[
            Column(
                "Value",
                "Last seen",
                PanelLook("dateTimeFromNow", words=[mapped(_0="✓ none in 24 h")]),
                width=190,
            ),
            OUTCOME_WORD,
            PATH,
            KIND,
            CAUSE,
            TO_DO,
            GRADE,
        ],
        sort="Last seen",
    )


def _causes() -> Panel:
    failed = counted("mailpath_probes_total", f'{HERE},outcome!~"{NOT_BAD}"', DAY)
    return levels(
        "Failures in the last 24 h, by cause",
        f"Probes of the last 24 hours that did not arrive, or not in time, by the cause of their first verdict. "
        f"{ALL_KINDS}.",
        Query(or_none(by(("outcome", "cause"), failed, "sum"), outcome="none"), "{{outcome}} {{cause}}"),
        look=PanelLook("short", steps=[(0.5, BAD)], decimals=0, least=0),
    )


def _open() -> Panel:
    touching = with_runbook(severities("mailpath_incident_companies", HERE))
    return rows(
        "Open incidents that affect this company",
        "Lasting problems, most severe first. The scope is one mailbox, one kind, the company, all companies with its "
        "mail system, everybody, or Mailpath itself.",
        Query(or_none(touching, scope="–")),
        columns=[SEVERITY, SCOPE, CAUSE, TO_DO],
        sort="Severity",
    )


def _advice() -> Panel:
    return words(
        "What to do",
        "The remedy for each family of causes, with its runbook. The tables above name the cause.",
        "\n".join(
            (
                "1. Find the **cause** in the tables above. The server's reply is on "
                "[the company's page](${mailpath:raw}/companies/${company}).",
                "2. Follow its runbook. It says who must act, the safest change, and what not to do.",
                "3. Wait for the next probes: when two in a row are in the inbox, the incident closes by itself.",
                "",
                "| what to do | runbook |",
                "|---|---|",
                *(
                    f"| {IN_SHORT[family]} | [{family}](${{mailpath:raw}}/runbooks/cause-{family}) |"
                    for family in CauseFamily
                ),
            )
        ),
    )


def _incidents_behind() -> AnnotationQuery:
    """Mark the time during which an incident affected the company."""
    query = Dataquery(
        datasource=DATASOURCE, expr=f"mailpath_incident_companies{{{HERE}}}", interval="1m", ref_id="Anno"
    )
    return AnnotationQuery(
        name="Incidents",
        datasource=DATASOURCE,
        enable=True,
        icon_color=BAD,
        target=query,
        title_format="{{severity}}: {{scope}}",
        text_format="{{cause}}",
    )
