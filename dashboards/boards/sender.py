"""The sender: is it stopped here and there, by one mail system, or by everybody?"""

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.board import Name, PanelRow, board, choice
from dashboards.columns import CAUSE, OUTCOME_WORD, TO_DO
from dashboards.panels import Column, PanelLook, Query, columns_of, outcome_colours, rows, tally, timeline
from dashboards.queries import (
    COMPANIES,
    LINES,
    bad,
    by,
    failing,
    mail_systems,
    or_none,
    outcomes,
    per_mail_system,
    seconds_to_inbox,
    unknown,
    with_company,
    with_runbook,
)
from dashboards.words import BAD, GOOD, OF_THE_SENDER, WARNING

SYSTEM = ("mail_system",)
MIXED = "All grades are taken together"
THEIR_FAULT = f'{LINES},cause=~"{OF_THE_SENDER}"'
SHARE = PanelLook("percentunit", steps=[(0.001, WARNING), (0.6, BAD)], lowest=GOOD, decimals=0, least=0, most=1)


def sender() -> Dashboard:
    """The board."""
    return board(
        Name.SENDER,
        "How the world takes the sender: verdicts and causes by mail system. What many companies of one mail system "
        "have in common is that system's doing; what all have in common is the sender's own.",
        [
            choice("company", "Company", "Companies to count.", "label_values(mailpath_company_info, company)"),
            choice("kind", "Kind", "Kinds of mail to count.", "label_values(mailpath_path_outcome, kind)"),
        ],
        [
            PanelRow(10, [(12, _systems()), (12, _verdicts())]),
            PanelRow(11, [(11, _causes_now()), (13, _causes())], "Why"),
            PanelRow(8, [(24, _stopped())], "By mail system, over time"),
            PanelRow(8, [(24, _delivery())]),
        ],
        since="now-7d",
    )


def _systems() -> Panel:
    blaming = per_mail_system(failing(THEIR_FAULT), COMPANIES)
    count = PanelLook("short", decimals=0)
    return rows(
        "Mail systems: how many companies they stop",
        "Companies of each mail system, how many of them the chosen kinds do not reach in time, and how many of those "
        "for a cause that concerns the sender: a mailbox that is full or unknown says nothing of the sender. Share: of "
        f"all its companies, those that stop the sender. {MIXED}.",
        Query(mail_systems(COMPANIES)),
        Query(per_mail_system(failing(LINES), COMPANIES)),
        Query(blaming),
        Query(per_mail_system(unknown(COMPANIES, LINES), COMPANIES)),
        Query(f"({blaming}) / {mail_systems(COMPANIES)}"),
        columns=[
            Column("mail_system", "Mail system"),
            Column("Value #E", "Share", SHARE, filled=True, width=90),
            Column("Value #C", "Stop the sender", count, width=130),
            Column("Value #B", "Not reached", count, width=110),
            Column("Value #D", "Not known", count, width=110),
            Column("Value #A", "Companies", count, width=110),
        ],
        sort="Share",
        join="mail_system",
    )


def _verdicts() -> Panel:
    counts = by(("mail_system", "grade", "outcome"), with_company(outcomes(LINES), "mail_system"), "count")
    return columns_of(
        "Verdicts now, by mail system and grade",
        "How many paths and kinds have which verdict now. Each grade has a bar of its own, because it proves more or "
        "less than another.",
        Query(by(("group", "outcome"), f'label_join({counts}, "group", " · ", "mail_system", "grade")', "sum")),
        across="group",
        pieces="outcome",
        look=PanelLook("short", decimals=0),
        overrides=outcome_colours(),
    )


def _causes_now() -> Panel:
    causes = by(("cause", "outcome"), bad(LINES), "count")
    count = PanelLook("short", decimals=0)
    return rows(
        "Causes now",
        f"Why mail does not arrive in time at present: on how many paths and kinds, of which outcome. {MIXED}. The "
        "advice leads to the runbook.",
        Query(or_none(with_runbook(causes), cause="✓ none", outcome="inbox")),
        columns=[Column("Value", "How many", count, width=90), OUTCOME_WORD, CAUSE, TO_DO],
        sort="How many",
    )


def _causes() -> Panel:
    return timeline(
        "Causes over time",
        f"On how many paths and kinds each cause kept mail from arriving in time. {MIXED}.",
        Query(or_none(by(("cause",), bad(LINES), "count"), cause="none"), "{{cause}}"),
        look=PanelLook("short", steps=[(1, WARNING), (5, BAD)], decimals=0),
    )


def _stopped() -> Panel:
    stopping = per_mail_system(failing(THEIR_FAULT), COMPANIES)
    return timeline(
        "Share of companies that stop the sender, by mail system",
        "Of all companies of a mail system, those that stop the chosen kinds for a cause that concerns the sender. "
        f"From 60 % on it is red: then it is the mail system that stops it, not one company. {MIXED}.",
        Query(f"({stopping}) / {mail_systems(COMPANIES)}", "{{mail_system}}"),
        look=SHARE,
    )


def _delivery() -> Panel:
    rate = f"sum by (company, kind, le) (rate(mailpath_delivery_seconds_bucket{{{LINES}}}[1h]))"
    buckets = with_company(rate, "mail_system")
    life = f"min(mailpath_code_life_seconds{{{COMPANIES}}})"
    return tally(
        "Delivery by mail system, as a share of the code's life",
        "The time within which 95 of 100 mails came, over the hour before, against the shortest life of a code on "
        "these companies' paths. At 100 % the code is dead on arrival. Mails that never came are not in it. Read off a "
        f"histogram, so it is rough. {MIXED}.",
        Query(f"{seconds_to_inbox(0.95, SYSTEM, buckets)} / on () group_left () {life}", "{{mail_system}}"),
        look=PanelLook(
            "percentunit",
            steps=[(0.5, WARNING), (1, BAD)],
            lowest=GOOD,
            decimals=0,
            no_value="nothing reached the inbox",
        ),
    )
