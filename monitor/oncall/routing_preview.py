"""Preview the routing: the channels that would be notified, for each severity, scope and company. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.incidents.incident import Incident, Nature, Scope, Severity
from monitor.incidents.settings import RoutingRule
from monitor.notices.routing import RoutedChannels, channels_for
from probes.verdict import Outcome

WIDE = (Scope.MAIL_SYSTEM, Scope.EVERYBODY)
"""Scopes of several companies."""

AT = datetime(2000, 1, 1, tzinfo=UTC)  # routing does not depend on time


@dataclass(frozen=True, slots=True)
class RoutingRow:
    """Incidents that are routed alike. `companies`: () for all companies together, as in a wide incident or one of
    Mailpath itself. `channels`, by name, each with the companies that it may see; None for all."""

    severity: Severity
    scopes: tuple[Scope, ...]
    companies: tuple[str, ...]
    channels: RoutedChannels


def routing_rows(
    rules: Sequence[RoutingRule], channels: Sequence[str], companies: Sequence[str], shown: Sequence[str]
) -> list[RoutingRow]:
    """Return the rows, most severe first, for these companies among all, `shown`; of wide incidents, the channels that
    see at least one of them."""
    rows: list[RoutingRow] = []
    for severity in Severity:
        alike: defaultdict[tuple[tuple[str, ...], frozenset[tuple[str, frozenset[str] | None]]], list[Scope]]
        alike = defaultdict(list)
        for scope in Scope:
            for affected, routed in _of_scope(severity, scope, rules, channels, companies, shown).items():
                alike[affected, routed].append(scope)
        rows += [
            RoutingRow(severity, tuple(scopes), affected, _in_order(dict(routed), channels))
            for (affected, routed), scopes in alike.items()
        ]
    return rows


def _of_scope(
    severity: Severity,
    scope: Scope,
    rules: Sequence[RoutingRule],
    channels: Sequence[str],
    companies: Sequence[str],
    shown: Sequence[str],
) -> Mapping[tuple[str, ...], frozenset[tuple[str, frozenset[str] | None]]]:
    """Return the channels by the companies that are affected: each of them alone, or all of them at once."""
    if scope in WIDE or scope is Scope.OURSELVES:
        routed = channels_for(_incident(severity, scope, tuple(companies)), rules, channels)
        return {(): frozenset((name, sees) for name, sees in routed.items() if sees is None or sees & {*shown})}
    by_channels: defaultdict[frozenset[tuple[str, frozenset[str] | None]], list[str]] = defaultdict(list)
    for company in shown:
        routed = channels_for(_incident(severity, scope, (company,)), rules, channels)
        by_channels[frozenset(routed.items())].append(company)
    return {tuple(affected): routed for routed, affected in by_channels.items()}


def _in_order(routed: RoutedChannels, channels: Sequence[str]) -> RoutedChannels:
    return {name: routed[name] for name in channels if name in routed}


def _incident(severity: Severity, scope: Scope, companies: tuple[str, ...]) -> Incident:
    alone = companies[0] if len(companies) == 1 else ""
    return Incident(
        id="",
        nature=Nature.OURS if scope is Scope.OURSELVES else Nature.MAIL,
        subject=alone or "*",
        scope=scope,
        severity=severity,
        outcome=Outcome.BLOCKED,
        cause=None,
        company=alone,
        mail_system="",
        companies=companies,
        touches=companies,
        failing=len(companies),
        failures=(),
        began_at=AT,
        opened_at=AT,
        changed_at=AT,
    )
