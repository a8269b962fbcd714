"""Alerts and silences of Alertmanager's API v2. Pure: builds requests and parses responses."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.notices.notice import Notice

LASTS = timedelta(minutes=30)  # without us; longer than a restart, else that would be told as the end of everything
SILENT = timedelta(hours=1)  # without us; longer than an alert, else that would burst out at its end
RENEW = LASTS + timedelta(minutes=5)
SKEW = timedelta(seconds=30)  # an end that is yet to come by Alertmanager's clock would not be taken for one
MAX_ANNOTATION_CHARS = 4000  # characters of an annotation
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)  # what Prometheus and Alertmanager take for a name
BY = "mailpath"

Alert = dict[str, Any]


def alerts(notice: Notice, now: datetime) -> Iterator[Alert]:
    """Return the alerts to post for a notice: its own, and the end of the one it replaces."""
    if notice.replaces is not None and labels(notice, notice.replaces) != labels(notice, notice.labels):
        yield alert(notice, notice.replaces, now, over=True)
    yield alert(notice, notice.labels, now, over=notice.news.ends)


def alert(notice: Notice, of: Mapping[str, str], now: datetime, *, over: bool) -> Alert:
    """Return the alert with these labels in Alertmanager's JSON."""
    began = min(_began(notice), now - SKEW if over else now)
    ends = max(began, min(notice.at, now - SKEW)) if over else now + LASTS
    return {
        "labels": labels(notice, of),
        "annotations": annotations(notice),
        "generatorURL": str(notice.facts.get("incident_url") or ""),
        "startsAt": _rfc3339(began),
        "endsAt": _rfc3339(ends),
    }


def labels(notice: Notice, of: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of an alert: those that distinguish it, none empty, and the incident id, by which it is
    silenced."""
    return {key: value for key, value in {**of, "incident": notice.incident}.items() if value}


def annotations(notice: Notice) -> dict[str, str]:
    """Return the annotations for people: title, text, and every fact that is a text."""
    facts = {key: value for key, value in notice.facts.items() if isinstance(value, str) and NAME.fullmatch(key)}
    said = {**facts, "summary": notice.title, "description": notice.text}
    return {key: value[:MAX_ANNOTATION_CHARS] for key, value in said.items() if value}


def _began(notice: Notice) -> datetime:
    """Return the start time from the incident's facts."""
    try:
        began = datetime.fromisoformat(str(notice.facts.get("began_at")))
    except ValueError:
        began = notice.at
    return began if began.tzinfo else began.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AlertmanagerSilence:
    """One of our silences. `starts_at` is in Alertmanager's format."""

    id: str
    starts_at: str
    ends_at: datetime


def silences(body: bytes) -> dict[str, AlertmanagerSilence] | None:
    """Return our active and pending silences by incident; None if the body is not a list of silences."""
    try:
        found = [_ours(each) for each in json.loads(body)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return dict(each for each in found if each)


def _ours(each: Any) -> tuple[str, AlertmanagerSilence] | None:
    match each["matchers"]:
        case [{"name": "incident", "value": str(incident), "isRegex": False, "isEqual": True}] if (
            each["createdBy"] == BY and each["status"]["state"] != "expired"
        ):
            return incident, AlertmanagerSilence(
                str(each["id"]), str(each["startsAt"]), datetime.fromisoformat(each["endsAt"])
            )
        case _:
            return None


def silence(incident: str, there: AlertmanagerSilence | None, now: datetime) -> dict[str, Any]:
    """Return the silence to post for an incident: a new one, or the existing one extended."""
    known = {"id": there.id, "startsAt": there.starts_at} if there else {"startsAt": _rfc3339(now)}
    return {
        **known,
        "endsAt": _rfc3339(now + SILENT),
        "matchers": [{"name": "incident", "value": incident, "isRegex": False, "isEqual": True}],
        "createdBy": BY,
        "comment": "Muted in Mailpath; ends by itself, or when the mute does.",
    }


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
