"""The words for any value that a person reads: the row of whichever table has it. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.analysis.labels import TABLES as OF_ANALYSIS
from monitor.incidents.labels import TABLES as OF_INCIDENTS
from monitor.notices.labels import NOTICE_KINDS
from monitor.people.labels import ROLES
from monitor.remedying.words import STATES as REMEDY_STATES
from monitor.triage.labels import TABLES as OF_TRIAGE
from probes.labels import TABLES as OF_PROBES
from probes.labels import Label

_OTHERS = (NOTICE_KINDS, ROLES, REMEDY_STATES)
TABLES: tuple[Mapping[StrEnum, Label], ...] = (*OF_PROBES, *OF_INCIDENTS, *OF_TRIAGE, *OF_ANALYSIS, *_OTHERS)  # type: ignore[arg-type]
_BY_TYPE = {type(next(iter(table))): table for table in TABLES}


def label_of(value: StrEnum) -> Label:
    """The row of a value. Raises KeyError for a value that no table has, such as a plain string."""
    return _BY_TYPE[type(value)][value]
