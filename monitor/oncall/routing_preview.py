"""Preview the routing: the channels that would be notified, for each severity, scope and company. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.incidents.incident import Incident, Nature, Scope, Severity
from monitor.incidents.settings import RoutingRule
from monitor.notices.routing import RoutedChannels, channels_for
from probes.verdict import Outcome

WIDE = (Scope.MAIL_SYSTEM, Scope.EVERYBODY)
"""Scopes of several companies."""

AT = datetime(2000, 1, 1, tzinfo=UTC)  # when the incident opened
MUCH_LATER = AT + timedelta(days=36500)  # so that nobody has acknowledged it for as long as any rule waits

Routed = frozenset[tuple[str, frozenset[str] | None, bool]]
"""Channels, the companies that each may see, and whether it is notified at once."""


@dataclass(frozen=True, slots=True)
class RoutingRow:
    """Incidents that are routed alike. `companies`: () for all companies together, as in a wide incident or one of
    Mailpath itself. `channels`, by name, each with the companies that it may see; None for all. `escalated`: those that
    are notified only if nobody acknowledges."""

    severity: Severity
    scopes: tuple[Scope, ...]
    companies: tuple[str, ...]
    channels: RoutedChannels
    escalated: frozenset[str] = frozenset()


def routing_rows(
    rules: Sequence[RoutingRule], channels: Sequence[str], companies: Sequence[str], shown: Sequence[str]
) -> list[RoutingRow]:
    """Return the rows, most severe first, for these companies among all, `shown`; of wide incidents, the channels that
    see at least one of them."""
    rows: list[RoutingRow] = []
    for severity in Severity:
        alike: defaultdict[tuple[tuple[str, ...], Routed], list[Scope]] = defaultdict(list)
        for scope in Scope:
            for affected, routed in _of_scope(severity, scope, rules, channels, companies, shown).items():
                alike[affected, routed].append(scope)
        rows += [
            RoutingRow(
                severity,
                tuple(scopes),
                affected,
                _in_order({name: sees for name, sees, _ in routed}, channels),
                frozenset(name for name, _, at_once in routed if not at_once),
            )
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
) -> Mapping[tuple[str, ...], Routed]:
    """Return the channels by the companies that are affected: each of them alone, or all of them at once."""
    if scope in WIDE or scope is Scope.OURSELVES:
        routed = _routed(_incident(severity, scope, tuple(companies)), rules, channels)
        return {(): frozenset(each for each in routed if each[1] is None or each[1] & {*shown})}
    by_channels: defaultdict[Routed, list[str]] = defaultdict(list)
    for company in shown:
        by_channels[_routed(_incident(severity, scope, (company,)), rules, channels)].append(company)
    return {tuple(affected): each for each, affected in by_channels.items()}


def _routed(incident: Incident, rules: Sequence[RoutingRule], channels: Sequence[str]) -> Routed:
    at_once = channels_for(incident, rules, channels, AT)
    return frozenset(
        (name, sees, name in at_once) for name, sees in channels_for(incident, rules, channels, MUCH_LATER).items()
    )


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
        unacknowledged_since=AT,
    )
