"""Notification routing: the channels of an incident, and the companies that each may see."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.incidents.incident import Incident, Scope, Severity
from monitor.incidents.settings import RoutingRule

RoutedChannels = Mapping[str, frozenset[str] | None]
"""Channels of an incident, each with the companies that it may see; None for all."""

TOLD_ANYWAY = (Severity.PAGE, Severity.TICKET)


def channels_for(
    incident: Incident, rules: Sequence[RoutingRule], channels: Iterable[str], now: datetime
) -> RoutedChannels:
    """Return the channels to notify now. Without rules every channel gets pages and tickets."""
    if not rules:
        return dict.fromkeys(channels) if incident.severity in TOLD_ANYWAY else {}
    heard: dict[str, frozenset[str] | None] = {}
    ours_have_a_place = any(Scope.OURSELVES in rule.scopes for rule in rules)
    for rule in rules:
        if not (_fits(rule, incident, ours_have_a_place) and _is_time(rule, incident, now)):
            continue
        for channel in rule.to:
            before = heard.get(channel, frozenset())
            heard[channel] = None if before is None or not rule.companies else before | frozenset(rule.companies)
    return heard


def escalations(incident: Incident, rules: Sequence[RoutingRule], now: datetime) -> Iterator[tuple[str, datetime]]:
    """Yield channels that will be notified unless somebody acknowledges the incident, and when; next ones first."""
    since = incident.unacknowledged_since
    if since is None:
        return
    ours_have_a_place = any(Scope.OURSELVES in rule.scopes for rule in rules)
    fitting = [rule for rule in rules if rule.after is not None and _fits(rule, incident, ours_have_a_place)]
    for rule in sorted(fitting, key=lambda rule: rule.after or timedelta(0)):
        if rule.after and not _is_time(rule, incident, now):
            yield from ((channel, since + rule.after) for channel in rule.to)


def _is_time(rule: RoutingRule, incident: Incident, now: datetime) -> bool:
    """Test if nobody has had it for as long as the rule waits. A clock that was set back makes nobody wait longer."""
    if rule.after is None:
        return True
    since = incident.unacknowledged_since
    return since is not None and not since <= now < since + rule.after


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
