"""One company: what its IT watches. What does not arrive, since when, why, and what to do."""

from grafana_foundation_sdk.models.dashboard import AnnotationQuery, Dashboard, Panel
from grafana_foundation_sdk.models.prometheus import Dataquery

from dashboards.board import Name, PanelRow, board, choice
from dashboards.boards.last_verdict import last_verdict
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
    HERE_KINDS,
    HERE_LINES,
    HERE_PATHS,
    VERDICT,
    by,
    counted,
    how_many,
    or_none,
    ranks,
    seconds_to_inbox,
    severities,
    with_runbook,
)
from dashboards.words import ADVICE, BAD, GOOD, NOT_BAD, RANKS, WARNING, mapped, no_number, ranked
from probes.mailsystems.family import CauseFamily

DAY = "1d"
LIFE = f"min(mailpath_code_life_seconds{{{HERE_PATHS}}})"
NEVER = 0
ALL_KINDS = "All paths and kinds of the company, whatever is chosen above, and all grades together"


def company() -> Dashboard:
    """The board."""
    return board(
        Name.COMPANY,
        "What one company's IT watches: which mails of Trimble Identity do not arrive, why, and what to do.",
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
                "Ways into the company's mail system.",
                f"label_values(mailpath_path_every_seconds{{{HERE}}}, path)",
            ),
            choice("kind", "Kind", "Kinds of mail.", f"label_values(mailpath_path_outcome{{{HERE}}}, kind)"),
        ],
        [
            PanelRow(5, [(7, _now()), (5, _incidents()), (4, _share()), (4, _bad()), (4, last_verdict(HERE_PATHS))]),
            PanelRow(9, [(24, _lines_now())]),
            PanelRow(8, [(24, _history())], "Over time"),
            PanelRow(9, [(15, _delivery()), (9, _of_its_life())]),
            PanelRow(9, [(24, _stopped())], "What was stopped, and what to do"),
            PanelRow(9, [(8, _causes()), (16, _open())]),
            PanelRow(13, [(24, _advice())]),
        ],
        since="now-24h",
        annotations=[_incidents_behind()],
    )


def _now() -> Panel:
    return number(
        "The worst now",
        "The worst present verdict on the chosen paths and kinds; the table below has each one, with its grade.",
        Query(or_none(f"max({ranks(HERE_LINES)})", RANKS[None])),
        look=PanelLook("none", words=[ranked()]),
    )


def _incidents() -> Panel:
    return number(
        "Incidents",
        "Open problems that touch this company now: its own, and those of its mail system or of everybody. Muted: the "
        "company's own ones about which nobody is told.",
        Query(how_many(f"mailpath_incident_companies{{{HERE}}}"), "! open"),
        Query(or_none(f"sum(mailpath_muted_incidents{{{HERE}}})"), "– muted"),
        look=PanelLook("short", decimals=0),
        overrides=[colour_from(1, "! open", BAD)],
    )


def _share() -> Panel:
    known = counted("mailpath_probes_total", f'{HERE},outcome!="unknown"', DAY)
    inbox = counted("mailpath_probes_total", f'{HERE},outcome="inbox"', DAY)
    return number(
        "In time, last day",
        "Of the probes judged in the last 24 hours, the share that was in the inbox in time. Those that could not be "
        f"looked at are left out. {ALL_KINDS}.",
        Query(f"({or_none(f'sum({inbox})')}) / ({or_none(f'sum({known})')})"),
        look=PanelLook(
            "percentunit", words=[no_number()], steps=[(0.95, WARNING), (0.99, GOOD)], lowest=BAD, decimals=1
        ),
    )


def _bad() -> Panel:
    failed = counted("mailpath_probes_total", f'{HERE},outcome!~"{NOT_BAD}"', DAY)
    return number(
        "Not in time, last day",
        f"How many probes of the last 24 hours did not come, or not in time. {ALL_KINDS}.",
        Query(or_none(f"sum({failed})")),
        look=PanelLook("short", steps=[(0.5, BAD)], decimals=0),
    )


def _lines_now() -> Panel:
    return rows(
        "Each path and kind now, worst first",
        "The present verdict of each path and kind: why, and its grade, which tells how much it proves. The advice "
        "leads to the runbook. The server's own words are on Mailpath's page.",
        Query(or_none(with_runbook(ranks(HERE_LINES)), RANKS[None], path="–", kind="–")),
        columns=[OUTCOME, PATH, KIND, CAUSE, TO_DO, GRADE],
        sort="Outcome",
    )


def _history() -> Panel:
    return timeline(
        "Each path and kind over time",
        "The verdict that counted at each time. Gaps: there was none, or Mailpath was not running. Verdicts of "
        "different grades follow each other in one band; the tables tell the grade.",
        Query(by(("path", "kind"), ranks(HERE_LINES)), "{{path}} {{kind}}"),
        look=PanelLook("none", words=[ranked()]),
    )


def _delivery() -> Panel:
    rate = f"rate(mailpath_delivery_seconds_bucket{{{HERE_KINDS}}}[1h])"
    return lines(
        "Delivery time against the code's life",
        "From the birth of a code to its mail's arrival in the inbox: half of the mails, and 95 of 100, within this "
        "time, over the hour before. Above the dashed line the code in the mail is dead. Mails that never came are not "
        "in it. Probes of all the company's paths and of all grades are taken together; the times are read off a "
        "histogram, so they are rough.",
        Query(seconds_to_inbox(0.5, (), rate), "half"),
        Query(seconds_to_inbox(0.95, (), rate), "95 of 100"),
        Query(LIFE, "the code's life"),
        look=PanelLook("s", no_value="nothing reached the inbox"),
        overrides=[line("half", GOOD, (2, 5)), line("95 of 100", GOOD), line("the code's life", BAD, (10, 6))],
        powers=True,
    )


def _of_its_life() -> Panel:
    rate = f"rate(mailpath_delivery_seconds_bucket{{{HERE_KINDS}}}[$__range])"
    return levels(
        "How much of its life a code has lost",
        "The time within which 95 of 100 mails of a kind came, in the time range above, as a share of the code's life. "
        "At 100 % the code is dead on arrival. All the company's paths and all grades are taken together.",
        Query(f"{seconds_to_inbox(0.95, ('kind',), rate)} / on () group_left () {LIFE}", "{{kind}}"),
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
        "Stopped or late in the last day, latest first",
        "Each way in which mail did not arrive in time during the last 24 hours, and when that was last the present "
        "verdict: so the last refusal's cause is in the first row. The grade tells how much it proves, the advice "
        "leads to the runbook.",
        Query(or_none(f"1000 * {with_runbook(last)}", NEVER, path="–", kind="–")),
        columns=[
            Column(
                "Value",
                "Last seen",
                PanelLook("dateTimeFromNow", words=[mapped(_0="✓ none in the last day")]),
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
        "Not in time in the last day, by cause",
        f"How many probes of the last 24 hours did not come, or not in time, by the cause of their first verdict. "
        f"{ALL_KINDS}.",
        Query(or_none(by(("outcome", "cause"), failed, "sum"), outcome="none"), "{{outcome}} {{cause}}"),
        look=PanelLook("short", steps=[(0.5, BAD)], decimals=0, least=0),
    )


def _open() -> Panel:
    touching = with_runbook(severities("mailpath_incident_companies", HERE))
    return rows(
        "Open incidents that touch this company",
        "Problems that last, gravest first. The scope tells how wide each is: one mailbox, one kind, the company, all "
        "of its mail system, everybody, or ourselves.",
        Query(or_none(touching, scope="–")),
        columns=[SEVERITY, SCOPE, CAUSE, TO_DO],
        sort="Severity",
    )


def _advice() -> Panel:
    return words(
        "What to do",
        "What to do about each family of causes, with its runbook. The board's tables name the cause.",
        "\n".join(
            (
                "1. Find the **cause** in the tables above. Its server's own words are on "
                "[the company's page](${mailpath:raw}/companies/${company}).",
                "2. Follow its runbook. It says who must act, the safest change, and what not to do.",
                "3. Wait for the next probes: when two in a row are in the inbox, the incident closes by itself.",
                "",
                "| what to do | runbook |",
                "|---|---|",
                *(
                    f"| {ADVICE[family]} | [{family}](${{mailpath:raw}}/runbooks/cause-{family}) |"
                    for family in CauseFamily
                ),
            )
        ),
    )


def _incidents_behind() -> AnnotationQuery:
    """Marks the time during which an incident touched the company."""
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
