"""The documented JSON of what `probes.reading` finds, the same for `mailpath read --json` and the API."""

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from probes.display import timestamp
from probes.reading.facts import BounceFacts, ReplyFacts
from probes.reading.reports import ReportFacts

DERIVED: dict[type, tuple[str, ...]] = {  # properties that are shown beside the fields
    ReplyFacts: ("concerns",),
    BounceFacts: ("is_bounce",),
    ReportFacts: ("ours_passed", "ours_failed"),
}


def facts_of(facts: Any) -> Any:
    """Convert facts to JSON values: documented names, times in ISO 8601, durations in seconds."""
    match facts:
        case Enum():
            return str(facts.value)
        case datetime():
            return timestamp(facts)
        case timedelta():
            return facts.total_seconds()
        case tuple() if hasattr(facts, "_asdict"):
            return {name: facts_of(value) for name, value in facts._asdict().items()}
        case tuple() | list():
            return [facts_of(each) for each in facts]
        case _ if is_dataclass(facts) and not isinstance(facts, type):
            names = [field.name for field in fields(facts)]
            return {name: facts_of(getattr(facts, name)) for name in (*names, *DERIVED.get(type(facts), ()))}
        case _:
            return facts
