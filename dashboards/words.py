"""Texts of the service in Grafana: each outcome with its sign and colour, each cause with its remedy."""

from collections.abc import Iterable

from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    SpecialValueMap,
    SpecialValueMatch,
    ValueMap,
    ValueMappingResult,
)

from monitor.incidents.incident import Severity
from monitor.incidents.labels import SCOPES
from monitor.incidents.labels import SEVERITIES as SEVERITY_LABELS
from monitor.output.symbols import COLOURS, SIGNS, WORST_FIRST
from probes.labels import CAUSES, KINDS, outcome_label
from probes.mailsystems.causes import IN_SHORT
from probes.mailsystems.family import FAMILIES, CauseFamily
from probes.verdict import Cause, Concern, Outcome

RANKS: dict[Outcome | None, int] = {outcome: rank for rank, outcome in enumerate(reversed(WORST_FIRST))}
"""Ranks for comparison in Prometheus: 0 is the inbox, the highest is the worst."""

SEVERITIES = {severity: rank for rank, severity in enumerate(reversed(Severity), start=1)}
"""Severities as numbers; 0 is for none."""

GOOD = COLOURS[Outcome.INBOX].fill
BAD = COLOURS[Outcome.BLOCKED].fill
WARNING = COLOURS[Outcome.SPAM].fill
NOTHING = COLOURS[None].fill
NOT_KNOWN = COLOURS[Outcome.UNKNOWN].fill

NOT_BAD = f"{Outcome.INBOX}|{Outcome.UNKNOWN}"  # a regular expression
OF_THE_SENDER = "|".join(cause for cause in Cause if cause.concerns is Concern.SENDER)


def label(outcome: Outcome | None) -> str:
    """An outcome as people read it, its sign first."""
    return f"{SIGNS[outcome]} {outcome_label(outcome).label}"


def ranked() -> ValueMap:
    """Map a rank to its outcome."""
    return _mapping((str(rank), label(outcome), COLOURS[outcome].fill) for outcome, rank in RANKS.items())


def named() -> ValueMap:
    """Map an outcome to its sign and colour."""
    return _mapping((outcome or "", label(outcome), COLOURS[outcome].fill) for outcome in RANKS)


def no_number() -> SpecialValueMap:
    """Map a share of nothing to a dash."""
    result = ValueMappingResult("–", NOTHING, index=0)
    return SpecialValueMap(DashboardSpecialValueMapOptions(SpecialValueMatch.NULL_AND_NAN, result))


def graded() -> ValueMap:
    """Map the rank of a severity to its name."""
    fills = {Severity.PAGE: BAD, Severity.TICKET: WARNING, Severity.NOTE: NOTHING}
    rows = ((str(rank), SEVERITY_LABELS[severity].label, fills[severity]) for severity, rank in SEVERITIES.items())
    return _mapping([("0", "✓ none", GOOD), *rows])


def runbooks() -> ValueMap:
    """Map a runbook's name to its remedy in short."""
    return _mapping([("", "–", None), *((f"cause-{family}", IN_SHORT[family], None) for family in CauseFamily)])


def plain() -> ValueMap:
    """Causes, kinds and scopes by their labels; none as a dash."""
    rows = [*CAUSES.items(), *KINDS.items(), *SCOPES.items()]
    return _mapping([("", "–", None), *((value, row.label, None) for value, row in rows)])


def mapped(**texts: str) -> ValueMap:
    """Map values to texts; a leading `_` of a name is removed, so that numbers can be given."""
    return _mapping((value.removeprefix("_"), text, None) for value, text in texts.items())


def _mapping(rows: Iterable[tuple[str, str, str | None]]) -> ValueMap:
    return ValueMap(
        {value: ValueMappingResult(text, colour, index=number) for number, (value, text, colour) in enumerate(rows)}
    )


def causes_of(family: CauseFamily) -> str:
    """Return its causes as a regular expression; includes the empty cause if the family covers it."""
    return "|".join(cause or "" for cause, its in FAMILIES.items() if its is family)
