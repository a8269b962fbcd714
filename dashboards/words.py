"""Texts of the service in Grafana: each outcome with its sign and colour, each cause with its remedy."""

from collections.abc import Iterable, Mapping
from typing import Any

from grafana_foundation_sdk.models.dashboard import (
    DashboardRegexMapOptions,
    DashboardSpecialValueMapOptions,
    RegexMap,
    SpecialValueMap,
    SpecialValueMatch,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from monitor.incidents.incident import Severity
from monitor.incidents.labels import SCOPES
from monitor.incidents.labels import SEVERITIES as SEVERITY_LABELS
from monitor.incidents.weight import OF_THE_MAILBOX
from monitor.output.symbols import COLOURS, SIGNS, WORST_FIRST
from monitor.remedying.words import STATES
from probes.labels import CAUSES, GRADES, KINDS, OUTCOMES, Label, outcome_label
from probes.mailsystems.causes import IN_SHORT
from probes.mailsystems.family import FAMILIES, CauseFamily
from probes.verdict import Cause, Concern, Outcome

RANKS: dict[Outcome | None, int] = {outcome: rank for rank, outcome in enumerate(reversed(WORST_FIRST))}
"""Ranks for comparison in Prometheus: 0 is the inbox, the highest is the worst."""

PROBE_ONLY_RANKS: dict[Outcome, float] = {
    outcome: round(RANKS[Outcome.UNKNOWN] + rank / 10, 1)
    for outcome, rank in RANKS.items()
    if outcome and rank > RANKS[Outcome.UNKNOWN]
}
"""Ranks of failures that say nothing about people's mail: they follow all others, and come before what is unknown."""

SEVERITIES = {severity: rank for rank, severity in enumerate(reversed(Severity), start=1)}
"""Severities as numbers; 0 is for none."""

SEVERITY_TITLES = {str(severity): SEVERITY_LABELS[severity].label for severity in Severity}

_TABLES: dict[str, Mapping[Any, Label]] = {
    "outcome": OUTCOMES,
    "cause": CAUSES,
    "grade": GRADES,
    "kind": KINDS,
    "scope": SCOPES,
    "severity": SEVERITY_LABELS,
    "state": STATES,  # of a remedy
}
TEXTS = {name: {str(value): row.label for value, row in table.items()} for name, table in _TABLES.items()}
"""What people read for the values of these labels of metrics."""

GOOD = COLOURS[Outcome.INBOX].fill
BAD = COLOURS[Outcome.BLOCKED].fill
WARNING = COLOURS[Outcome.SPAM].fill
NOTHING = COLOURS[None].fill
NOT_KNOWN = COLOURS[Outcome.UNKNOWN].fill

NOT_BAD = f"{Outcome.INBOX}|{Outcome.UNKNOWN}"  # a regular expression
OF_THE_SENDER = "|".join(cause for cause in Cause if cause.concerns is Concern.SENDER)
PROBE_ONLY = "|".join(
    cause for cause in Cause if cause in OF_THE_MAILBOX or cause is Cause.MOVED or cause.concerns is Concern.OURSELVES
)
"""Causes about the probe's own mailbox or message: a regular expression. Incidents blame no mail for them either."""

PROBE_ONLY_MARK = " of the probe"  # after an outcome with such a cause


def label(outcome: Outcome | None) -> str:
    """An outcome as people read it, its sign first."""
    return f"{SIGNS[outcome]} {outcome_label(outcome).label}"


def ranked() -> ValueMap:
    """Map a rank to its outcome. A failure that concerns the probe only says so, without the colour of a failure."""
    return _mapping(
        [
            *((str(rank), label(outcome), COLOURS[outcome].fill) for outcome, rank in RANKS.items()),
            *((str(rank), f"{label(outcome)}, probe only", NOT_KNOWN) for outcome, rank in PROBE_ONLY_RANKS.items()),
        ]
    )


def named() -> ValueMap:
    """Map an outcome to its sign and colour."""
    return _mapping(
        [
            *((outcome or "", label(outcome), COLOURS[outcome].fill) for outcome in RANKS),
            *((f"{each}{PROBE_ONLY_MARK}", f"{label(each)}, probe only", NOT_KNOWN) for each in PROBE_ONLY_RANKS),
        ]
    )


def no_number() -> SpecialValueMap:
    """Map a share of nothing to a dash."""
    result = ValueMappingResult("–", NOTHING, index=0)
    return SpecialValueMap(DashboardSpecialValueMapOptions(SpecialValueMatch.NULL_AND_NAN, result))


def graded() -> ValueMap:
    """Map the rank of a severity to its name."""
    fills = {Severity.PAGE: BAD, Severity.TICKET: WARNING, Severity.NOTE: NOTHING}
    rows = ((str(rank), SEVERITY_LABELS[severity].label, fills[severity]) for severity, rank in SEVERITIES.items())
    return _mapping([("0", "✓ none", GOOD), *rows])


def runbooks() -> list[ValueMapping]:
    """Map the address of a cause's runbook to its remedy in short; "" to a dash."""
    return [
        *(tail(f"/runbooks/cause-{family}", IN_SHORT[family]) for family in CauseFamily),
        _mapping([("", "–", None)]),
    ]


def tail(path: str, text: str) -> RegexMap:
    """Map addresses that end with this path, a regular expression, to a text; a query of the address is ignored."""
    result = ValueMappingResult(text, index=0)
    return RegexMap(DashboardRegexMapOptions(pattern=rf"/^.*{path}(\?.*)?$/", result=result))


def plain() -> ValueMap:
    """Causes, kinds, grades and scopes by their labels; none as a dash."""
    rows = [*CAUSES.items(), *KINDS.items(), *GRADES.items(), *SCOPES.items()]
    return _mapping([("", "–", None), *((value, row.label, None) for value, row in rows)])


def mapped(**texts: str) -> ValueMap:
    """Map values to texts; a leading `_` of a name is removed, so that numbers can be given."""
    return _mapping((value.removeprefix("_"), text, None) for value, text in texts.items())


def coloured(texts: Mapping[str, tuple[str, str]]) -> ValueMap:
    """Map values to texts with their colours."""
    return _mapping((value, text, colour) for value, (text, colour) in texts.items())


def _mapping(rows: Iterable[tuple[str, str, str | None]]) -> ValueMap:
    return ValueMap(
        {value: ValueMappingResult(text, colour, index=number) for number, (value, text, colour) in enumerate(rows)}
    )


def causes_of(family: CauseFamily) -> str:
    """Return its causes as a regular expression; includes the empty cause if the family covers it."""
    return "|".join(cause or "" for cause, its in FAMILIES.items() if its is family)
