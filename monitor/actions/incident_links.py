"""Act on an incident by a link from a notice, without sign-in: acknowledge it, or mute it for two hours.

Whoever has the link acts for its channel: they see the companies that the channel may see, and no others. Each link is
used once; the use, the action and the audit log are one transaction.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitor.actions.audit import mute_created
from monitor.actions.incident_work import IncidentWorker, said_of
from monitor.actions.mutes import MuteError, MuteRequest, planned
from monitor.actions.ports import CallerScope
from monitor.config import Config, WatchedPath
from monitor.incidents.incident import Incident, IncidentEvent
from monitor.incidents.mute import Mute
from monitor.notices.routing import channels_for
from monitor.people.action_links import MUTE_FOR, ActionLink
from monitor.people.caller import Caller, NotThereError
from monitor.people.person import Rights
from monitor.store import LinkUse
from probes.display import one_line
from probes.settings import duration_text

WHY = "by link from a notice"
MAX_NAME_CHARS = 60
NOBODY: frozenset[str] = frozenset()


def visible_companies(incident: Incident, channel: str, config: Config, now: datetime) -> frozenset[str] | None:
    """Return the companies that the channel may see of this incident, None for all: as its last notice named them, and
    as it is routed now. Of a channel that is not configured, or had no notice of it: none."""
    told = incident.told.get(channel)
    if channel not in config.channels or told is None:
        return NOBODY
    was = None if told.visible is None else frozenset(told.visible)
    routed = channels_for(incident, config.routing, config.channels, now)
    may = routed.get(channel, was)
    return was if may is None else may if was is None else was & may


def link_caller(link: ActionLink, companies: frozenset[str] | None, name: str = "") -> Caller:
    """Return whoever uses the link, as a caller. `name`: as they call themselves, which nobody has checked."""
    way = f"link of channel {link.channel}"
    typed = one_line(name, MAX_NAME_CHARS)
    who = f"{typed} (by {way})" if typed else f"somebody by {way}"
    return Caller(who, Rights.OPERATOR, None if companies is None else tuple(sorted(companies)), way)


async def acknowledge_by_link(view: CallerScope, link: ActionLink, incident: Incident) -> bool:
    """Acknowledge the incident, all of which the caller must see. False if the link was used before."""
    backend, caller = view.backend, view.caller
    worker = IncidentWorker(backend.store, backend.now, caller.name, caller.way)
    action = worker.action(incident, IncidentEvent.ACKNOWLEDGED, "")
    audit = worker.audit(action, incident)
    done = await backend.store.incidents.act_by_link(_use(link, caller, action.at), action, said_of(action), audit)
    backend.incident_engine.poke()
    return done


async def mute_by_link(view: CallerScope, link: ActionLink, incident: Incident) -> Sequence[Mute]:
    """Mute what the incident covers at the caller's companies, for two hours. Returns the mutes, none if the link was
    used before."""
    backend, caller = view.backend, view.caller
    now, paths = backend.now(), view.paths()
    mutes = list(planned_mutes(incident, caller, paths, now))
    if not mutes:  # the link stays unused
        return ()
    audit = [mute_created(mute, caller.way) for mute in mutes]
    done = await backend.store.incidents.mute_by_link(_use(link, caller, now), mutes, *audit)
    backend.incident_engine.poke()
    return mutes if done else ()


def planned_mutes(incident: Incident, caller: Caller, paths: Sequence[WatchedPath], now: datetime) -> Iterator[Mute]:
    """Yield mutes that together cover what of the incident the caller sees, and as little else as can be said: each
    failing path with its cause; of a wide incident, seen as a whole, its mail system or its causes."""
    for wish in dict.fromkeys(_wishes(incident, caller)):
        try:
            yield planned(wish, paths, now, caller.name, sees_all=caller.sees_all)
        except (MuteError, NotThereError):  # no longer configured
            continue


def _wishes(incident: Incident, caller: Caller) -> Iterator[MuteRequest]:
    lasts = duration_text(MUTE_FOR)
    causes = {failure.cause for failure in incident.failures}
    if caller.sees_all and incident.wide and (incident.mail_system or None not in causes):
        for cause in sorted(cause or "" for cause in causes):
            yield MuteRequest(mail_system=incident.mail_system, cause=cause, lasts=lasts, why=WHY)
        return
    known = {failure.company for failure in incident.failures}
    all_kept = incident.failing <= len(incident.failures)
    for failure in incident.failures if all_kept else ():
        if caller.sees(failure.company):
            yield MuteRequest(failure.company, failure.path, cause=failure.cause or "", lasts=lasts, why=WHY)
    for company in caller.seen(incident.touches):
        if not all_kept or company not in known:
            yield MuteRequest(company, lasts=lasts, why=WHY)


def _use(link: ActionLink, caller: Caller, at: datetime) -> LinkUse:
    return LinkUse(link.notice, link.action, link.incident, link.channel, caller.name, at)
