"""Mailpath itself: probing, mailboxes, incident rules and notices. For the people who run it."""

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.board import Name, PanelRow, board, choice
from dashboards.boards.alerts_panel import alerts_panel
from dashboards.boards.last_verdict import last_verdict
from dashboards.panels import NAMES, SHORTEST, PanelLook, Query, colour_from, line, lines, number, tally
from dashboards.queries import EACH, by, counted, or_none
from dashboards.words import BAD, GOOD, NOT_KNOWN, WARNING, mapped

ANY_ALERT = 'company=~".*"'
JOB = 'job=~"$job"'


def itself() -> Dashboard:
    """Build the board."""
    return board(
        Name.ITSELF,
        "Is Mailpath itself working: does it probe on time, read its mailboxes, apply its rules and notify people?",
        [
            choice(
                "job", "Scrape job", "The Prometheus scrape job of Mailpath.", "label_values(mailpath_build_info, job)"
            )
        ],
        [
            PanelRow(
                5, [(5, _up()), (5, _build()), (5, last_verdict(JOB)), (5, _inbound_up()), (4, _notices_waiting())]
            ),
            PanelRow(7, [(24, alerts_panel(ANY_ALERT))]),
            PanelRow(8, [(12, _lag()), (12, _in_flight())], "Probing"),
            PanelRow(8, [(12, _skipped()), (12, _verdicts())]),
            PanelRow(9, [(12, _mailboxes()), (12, _inbound())], "Mailboxes and listener"),
            PanelRow(8, [(12, _notices()), (12, _oldest())], "Notices"),
            PanelRow(8, [(12, _scrape()), (12, _samples())], "Scrapes"),
        ],
        since="now-24h",
    )


def _up() -> Panel:
    return number(
        "Scraped",
        "Whether the last scrape succeeded. While scrapes fail, all other boards show nothing or old data.",
        Query(or_none(f"min(up{{{JOB}}})", -1)),
        look=PanelLook(
            "none",
            words=[mapped(_0="✕ no", _1="✓ yes", **{"-1": "? not scraped"})],
            steps=[(0, BAD), (1, GOOD)],
            lowest=NOT_KNOWN,
        ),
    )


def _build() -> Panel:
    return number(
        "Version",
        "Versions of Mailpath and Python that are running.",
        Query(f"max by (version, python) (mailpath_build_info{{{JOB}}})", "{{version}} · Python {{python}}"),
        look=PanelLook("none"),
        texts=NAMES,
    )


def _inbound_up() -> Panel:
    return number(
        "Listener",
        "Whether the listener for bounces and copies is up. Off: the configuration has no [inbound].",
        Query(or_none(f"min(mailpath_inbound_up{{{JOB}}})", -1)),
        look=PanelLook(
            "none",
            words=[mapped(_0="✕ down", _1="✓ up", **{"-1": "– off"})],
            steps=[(0, BAD), (1, GOOD)],
        ),
    )


def _notices_waiting() -> Panel:
    return number(
        "Notices waiting",
        "Notices that have not been delivered yet, over all channels.",
        Query(or_none(f"sum(mailpath_notices_waiting{{{JOB}}})")),
        look=PanelLook("short", steps=[(1, WARNING), (20, BAD)], decimals=0),
    )


def _lag() -> Panel:
    return lines(
        "Lag",
        "Schedule: delay of the oldest due probe. Incident rules: age of the oldest verdict that they have not seen. "
        "Both are near zero while Mailpath keeps up. The dashed line is at one minute.",
        Query(f"max(mailpath_schedule_lag_seconds{{{JOB}}})", "schedule"),
        Query(or_none(f"max(mailpath_rules_lag_seconds{{{JOB}}})"), "incident rules"),
        look=PanelLook("s", steps=[(60, BAD)], lowest="transparent", least=0),
        overrides=[line("schedule", GOOD), line("incident rules", WARNING, (2, 5))],
    )


def _in_flight() -> Panel:
    return lines(
        "Probes in flight",
        "Probes that wait for a retry or for their mail to arrive. A constant level is normal, steady growth is not.",
        Query(f"sum(mailpath_probes_in_flight{{{JOB}}})", "in flight"),
        look=PanelLook("short", decimals=0, least=0),
    )


def _skipped() -> Panel:
    skipped = counted("mailpath_schedule_skipped_total", JOB, EACH)
    return tally(
        "Skipped probes",
        "Scheduled probes that were not sent. Late: their time had passed. Busy: the previous one of the same path and "
        "kind was still in flight. Cap: the daily limit or the limit per minute was reached.",
        Query(or_none(by(("reason",), skipped, "sum"), reason="none"), "{{reason}}"),
        look=PanelLook("short", steps=[(0.5, WARNING)], decimals=0),
    )


def _verdicts() -> Panel:
    return lines(
        "Probes judged",
        "Probes that got their first verdict, for each bar. Falls to zero when nothing is probed.",
        Query(or_none(f"sum({counted('mailpath_probes_total', JOB, EACH)})"), "judged"),
        look=PanelLook("short", decimals=0),
        bars=True,
        step=SHORTEST,
    )


def _mailboxes() -> Panel:
    failed = counted("mailpath_mailbox_errors_total", JOB, EACH)
    return tally(
        "Failed mailbox visits",
        "The ten mailboxes with the most failures: no connection, no login, no folder. Paths that share a mailbox show "
        "the same number. While a mailbox fails, its verdicts are `unknown`.",
        Query(
            or_none(f"topk(10, {by(('company', 'path'), failed, 'sum')} > 0)", company="no", path="failures"),
            "{{company}} {{path}}",
        ),
        look=PanelLook("short", steps=[(0.5, WARNING), (10, BAD)], decimals=0),
    )


def _inbound() -> Panel:
    came = counted("mailpath_inbound_mails_total", JOB, EACH)
    return tally(
        "Received messages",
        "Messages that the listener received, by type, and those it refused. Empty: no mail, or no listener.",
        Query(or_none(by(("kind",), came, "sum"), kind="none"), "{{kind}}"),
        look=PanelLook("short", steps=[(0.5, GOOD)], decimals=0),
    )


def _notices() -> Panel:
    def attempts(result: str) -> str:
        counting = counted("mailpath_notices_total", f'{JOB},result="{result}"', EACH)
        return or_none(by(("channel",), counting, "sum"), channel="no channel")

    return tally(
        "Notices",
        "Delivered notices and failed attempts per channel; failed ones are retried until delivered.",
        Query(attempts("delivered"), "✓ {{channel}}"),
        Query(attempts("failed"), "✕ {{channel}}"),
        look=PanelLook("short", steps=[(0.5, GOOD)], decimals=0),
        overrides=[colour_from(0.5, "B", BAD, matching="byFrameRefID")],
    )


def _oldest() -> Panel:
    oldest = by(("channel",), f"mailpath_notices_oldest_seconds{{{JOB}}}")
    return lines(
        "Age of the oldest waiting notice",
        "Age of the oldest undelivered notice of each channel. Grows while a channel is down. Dashed: 5 minutes.",
        Query(or_none(oldest, channel="no channel"), "{{channel}}"),
        look=PanelLook("s", steps=[(300, BAD)], lowest="transparent", decimals=0, least=0),
    )


def _scrape() -> Panel:
    return lines(
        "Scrape time",
        "Response time of /metrics. The dashed line is Prometheus's default timeout of ten seconds.",
        Query(f"max by (instance) (scrape_duration_seconds{{{JOB}}})", "{{instance}}"),
        look=PanelLook("s", steps=[(10, BAD)], lowest="transparent", least=0),
    )


def _samples() -> Panel:
    return lines(
        "Samples per scrape",
        "Number of samples in /metrics: about one per path and kind, eight more per path, and some 40 per mail system.",
        Query(f"max by (instance) (scrape_samples_scraped{{{JOB}}})", "{{instance}}"),
        look=PanelLook("short", decimals=0, least=0),
    )
