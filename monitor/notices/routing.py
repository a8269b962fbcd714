"""Notification routing: the channels of an incident, and the companies that each may see."""

from collections.abc import Iterable, Mapping, Sequence

from monitor.incidents.incident import Incident, Scope, Severity
from monitor.incidents.settings import RoutingRule

RoutedChannels = Mapping[str, frozenset[str] | None]
"""Channels of an incident, each with the companies that it may see; None for all."""

TOLD_ANYWAY = (Severity.PAGE, Severity.TICKET)


def channels_for(incident: Incident, rules: Sequence[RoutingRule], channels: Iterable[str]) -> RoutedChannels:
    """Return the channels to notify. Without rules every channel gets pages and tickets."""
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
    """Test if the rule matches. Our own problems go only where they are routed by name, if anywhere; and never to one
    company's people."""
    if incident.severity not in rule.severities:
        return False
    if rule.scopes:
        named = incident.scope in rule.scopes
    else:
        named = incident.scope is not Scope.OURSELVES or not (ours_have_a_place or rule.companies)
    return named and (not rule.companies or any(company in rule.companies for company in incident.companies))
