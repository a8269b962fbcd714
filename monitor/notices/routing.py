"""Which channels hear of which incident, and about which companies."""

from collections.abc import Iterable, Mapping, Sequence

from monitor.incidents.incident import Incident, Scope, Severity
from monitor.incidents.settings import RoutingRule

RoutedChannels = Mapping[str, frozenset[str] | None]
"""Channels that hear of an incident, each with the companies that it may hear about; None for all."""

TOLD_ANYWAY = (Severity.PAGE, Severity.TICKET)


def channels_for(incident: Incident, rules: Sequence[RoutingRule], channels: Iterable[str]) -> RoutedChannels:
    """Who hears of it. Without rules every channel hears of pages and tickets."""
    if not rules:
        return dict.fromkeys(channels) if incident.severity in TOLD_ANYWAY else {}
    heard: dict[str, frozenset[str] | None] = {}
    ours_have_a_place = any(Scope.OURSELVES in rule.scopes for rule in rules)
    for rule in rules:
        if not _fits(rule, incident, ours_have_a_place):
            continue
        for channel in rule.to:
            before = heard.get(channel, frozenset())
            heard[channel] = None if before is None or not rule.companies else before | frozenset(rule.companies)
    return heard


def _fits(rule: RoutingRule, incident: Incident, ours_have_a_place: bool) -> bool:
    """Our own trouble goes only where it is asked for by name, if it is anywhere; and never to one company's people."""
    if incident.severity not in rule.severities:
        return False
    if rule.scopes:
        named = incident.scope in rule.scopes
    else:
        named = incident.scope is not Scope.OURSELVES or not (ours_have_a_place or rule.companies)
    return named and (not rule.companies or any(company in rule.companies for company in incident.companies))
