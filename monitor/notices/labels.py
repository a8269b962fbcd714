"""The words for the kinds of notices, one row for each. Pure."""

from monitor.notices.notice import NoticeKind
from probes.labels import Label

NOTICE_KINDS: dict[NoticeKind, Label] = {  # sentence: when it is sent
    NoticeKind.OPENED: Label(
        "opened",
        "The incident has lasted for the settling time.",
        "The incident has lasted for `incidents.settle`, so that a wave of failures is one notice.",
    ),
    NoticeKind.WIDENED: Label(
        "scope widened", "More is affected than before.", "Its scope grew, or it took in another incident."
    ),
    NoticeKind.GREW: Label(
        "more companies",
        "Many more companies are affected.",
        "Twice, four or ten times as many companies are affected as the last notice said.",
    ),
    NoticeKind.CHANGED: Label(
        "owner changed", "Somebody else must act.", "Somebody else must act than the last notice said."
    ),
    NoticeKind.CAUSE_CHANGED: Label("cause changed", "The cause is another one.", "The cause is another one."),
    NoticeKind.NARROWED: Label(
        "mostly resolved",
        "Most companies have recovered.",
        "Most companies have recovered; the failures that remain continue as the same incident.",
    ),
    NoticeKind.ACKNOWLEDGED: Label(
        "acknowledged",
        "Somebody has it.",
        "Somebody acknowledged it, or somebody else has it now; sent only where the receiver keeps one open item per "
        "incident.",
    ),
    NoticeKind.REMINDER: Label(
        "reminder", "The incident is still open.", "It is still open after `incidents.remind` (eight hours)."
    ),
    NoticeKind.RESOLVED: Label("resolved", "The incident is resolved.", "The incident is resolved."),
    NoticeKind.MERGED: Label(
        "merged",
        "A wider incident took it in.",
        "A wider incident took it in; sent only where the receiver keeps one open item per incident: a webhook, "
        "Alertmanager, PagerDuty, Opsgenie and similar services.",
    ),
}
