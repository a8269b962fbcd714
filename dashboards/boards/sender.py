"""The sender: is it blocked in a few places, by one mail system, or by everybody?"""

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.annotations import incidents_opened, mail_systems_changed
from dashboards.board import Name, PanelRow, board, choice, company_choice
from dashboards.columns import CAUSE, OUTCOME_WORD, TO_DO
from dashboards.panels import (
    SHORTEST,
    Column,
    PanelLook,
    Query,
    columns_of,
    line,
    lines,
    outcome_colours,
    rows,
    timeline,
)
from dashboards.queries import (
    COMPANIES,
    LATELY,
    LINES,
    bad,
    by,
    deliveries,
    failing,
    in_words,
    mail_systems,
    or_none,
    outcomes,
    per_mail_system,
    seconds_to_inbox,
    unknown,
    with_company,
    with_probe_only,
    with_runbook,
)
from dashboards.words import BAD, GOOD, OF_THE_SENDER, WARNING

SYSTEM = ("mail_system",)
MIXED = "All grades are counted together"
THEIR_FAULT = f'{LINES},cause=~"{OF_THE_SENDER}"'
SHARE = PanelLook("percentunit", steps=[(0.001, WARNING), (0.6, BAD)], lowest=GOOD, decimals=0, least=0, most=1)


def sender() -> Dashboard:
    """Build the board."""
    return board(
        Name.SENDER,
        "Verdicts and causes by mail system. A failure at many companies with one mail system points to that system; a "
        "failure at all companies points to the sender.",
        [
            company_choice("Company", "Companies to count.", several=True),
            choice("kind", "Kind", "Kinds of mail to count.", "label_values(mailpath_path_outcome, kind)"),
        ],
        [
            PanelRow(8, [(12, _systems()), (12, _verdicts())]),
            PanelRow(11, [(13, _causes_now()), (11, _causes())], "Why"),
            PanelRow(6, [(24, _stopped())], "By mail system, over time"),
            PanelRow(6, [(24, _delivery())]),
            PanelRow(7, [(12, _standing()), (12, _blocklists())], "Standing: what DNS and blocklists say"),
            PanelRow(6, [(8, _spf_terms()), (16, _profile_changes())]),
        ],
        since="now-7d",
        annotations=[incidents_opened(COMPANIES), mail_systems_changed(COMPANIES)],
    )


def _systems() -> Panel:
    blaming = per_mail_system(failing(THEIR_FAULT), COMPANIES)
    count = PanelLook("short", decimals=0)
    return rows(
        "Companies that block the sender, by mail system",
        "Companies of each mail system, how many of them the selected kinds do not reach in time, and how many of "
        "those for a cause that concerns the sender: a full or unknown mailbox says nothing about it. Share: companies "
        f"that block the sender, of all its companies. {MIXED}.",
        Query(mail_systems(COMPANIES)),
        Query(per_mail_system(failing(LINES), COMPANIES)),
        Query(blaming),
        Query(per_mail_system(unknown(COMPANIES, LINES), COMPANIES)),
        Query(f"({blaming}) / {mail_systems(COMPANIES)}"),
        columns=[
            Column("mail_system", "Mail system"),
            Column("Value #E", "Share", SHARE, filled=True, width=90),
            Column("Value #C", "Block the sender", count, width=135),
            Column("Value #B", "Not reached", count, width=100),
            Column("Value #D", "Unknown", count, width=90),
            Column("Value #A", "Companies", count, width=95),
        ],
        sort=["Share", "Not reached"],
        join="mail_system",
    )


def _verdicts() -> Panel:
    counts = by(("mail_system", "grade", "outcome"), with_company(outcomes(LINES), "mail_system"), "count")
    counts = in_words(counts, "grade")
    return columns_of(
        "Verdicts now, by mail system and grade",
        "Paths and kinds by their current verdict. Each grade has its own bar, because grades prove more or less.",
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
        f"Why mail does not arrive in time now, with the number of paths and kinds and the outcome. {MIXED}. The "
        "advice links to the runbook.",
        Query(or_none(with_runbook(with_probe_only(causes)), cause="✓ none", outcome="inbox")),
        columns=[Column("Value", "Count", count, width=90), OUTCOME_WORD, CAUSE, TO_DO],
        sort=["Count"],
    )


def _causes() -> Panel:
    return timeline(
        "Causes over time",
        f"Number of paths and kinds on which each cause kept mail from arriving in time. {MIXED}.",
        Query(or_none(in_words(by(("cause",), bad(LINES), "count"), "cause"), cause="none"), "{{cause}}"),
        look=PanelLook("short", steps=[(1, WARNING), (5, BAD)], decimals=0),
    )


def _stopped() -> Panel:
    stopping = per_mail_system(failing(THEIR_FAULT), COMPANIES)
    return timeline(
        "Share of companies that block the sender, by mail system",
        "Companies of a mail system that block the selected kinds for a cause that concerns the sender. Red from 60 %: "
        f"then the mail system blocks it, not one company. {MIXED}.",
        Query(f"({stopping}) / {mail_systems(COMPANIES)}", "{{mail_system}}"),
        look=SHARE,
    )


def _standing() -> Panel:
    return timeline(
        "Checks of the sender's standing",
        "Red: bad by two readings, ten minutes apart. Nothing: not known, which counts for nobody.",
        Query("min by (check) (mailpath_standing_ok)", "{{check}}"),
        look=PanelLook("short", steps=[(1, GOOD)], lowest=BAD, decimals=0, no_value="standing is not read"),
    )


def _blocklists() -> Panel:
    return timeline(
        "Blocklists",
        "Red: the list has the sender's address or domain. Nothing: the list refuses us, is broken or does not answer.",
        Query("max by (zone) (mailpath_blocklist_listed)", "{{zone}}"),
        look=PanelLook("short", steps=[(1, BAD)], lowest=GOOD, decimals=0, no_value="no list answers"),
    )


def _spf_terms() -> Panel:
    return lines(
        "SPF: lookups needed",
        "Terms of the SPF record with a DNS lookup, for the whole record. Receivers stop at 10.",
        Query("max(mailpath_spf_terms)", "lookups"),
        Query("vector(10)", "limit"),
        look=PanelLook("short", decimals=0, no_value="not known"),
        overrides=[line("limit", BAD, (10, 6))],
    )


def _profile_changes() -> Panel:
    return lines(
        "Changes of what is published",
        "SPF terms, DKIM selectors and keys, the DMARC policy, mail hosts, reverse name, MTA-STS and the addresses of "
        "real mail, in 24 h. `mailpath incidents` has old and new value.",
        Query("sum by (fact) (increase(mailpath_profile_changes_total[1d]))", "{{fact}}"),
        look=PanelLook("short", decimals=0),
    )


def _delivery() -> Panel:
    life = f"min(mailpath_code_life_seconds{{{COMPANIES}}})"
    return lines(
        "Delivery time by mail system, and code lifetime",
        "95th percentile of the time from the creation of a code to the arrival of its mail in the inbox. "
        "All companies of a mail system are counted, whatever is selected above. Above the dashed line, the shortest "
        "code lifetime on the selected companies' paths, the code has expired. A dot is one probe and leads to its "
        f"page. Mail that never arrived is not included. From a histogram, so it is approximate. {MIXED}.",
        Query(seconds_to_inbox(0.95, SYSTEM, deliveries(LATELY)), "{{mail_system}}", exemplars=True),
        Query(life, "code lifetime"),
        look=PanelLook("s", no_value="nothing reached the inbox"),
        overrides=[line("code lifetime", BAD, (10, 6))],
        powers=True,
        step=SHORTEST,
    )
