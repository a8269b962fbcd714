"""The text of a notice; `headline` has its title. Title and first lines are for a phone's first screen: what, who,
since when, why, and who must act. Below them the rest: where it stops, the fix and what not to do, how it is verified.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import assert_never

from monitor.incidents.advice import HARMLESS, Actor
from monitor.incidents.history import INTERMITTENT
from monitor.incidents.incident import Incident, LastNotice, Nature, Reason, Resolution, Scope
from monitor.incidents.labels import NATURES, RESOLUTIONS, SCOPES, SEVERITIES
from monitor.notices.context import NoticeContext, NoticeRequest, scene_into, scene_of
from monitor.notices.headline import MAX_TITLE_CHARS, NO_CONNECTION, headline, title
from monitor.notices.notice import NoticeKind
from monitor.notices.payload import facts, labels
from monitor.notices.reply import reply_of
from monitor.notices.their_trouble import kinds_of
from probes.display import clock, counted, lasting, listed, one_line
from probes.kinds import Kind
from probes.labels import GRADES, KINDS, cause_label
from probes.mailsystems.table import is_shared, system_label
from probes.verdict import Outcome

__all__ = ["facts", "headline", "labels", "left", "text", "title"]

NOTHING_HELD = frozenset({Outcome.SPAM, Outcome.UNKNOWN})  # outcomes after which no mail comes late


def text(telling: NoticeRequest) -> str:
    """The rest, as plain text that makes sense by itself."""
    scene = scene_of(telling)
    match telling.news:
        case NoticeKind.RESOLVED:
            lines = _resolved(scene)
        case NoticeKind.MERGED:
            lines = _merged(scene)
        case (
            NoticeKind.OPENED
            | NoticeKind.WIDENED
            | NoticeKind.GREW
            | NoticeKind.NARROWED
            | NoticeKind.CHANGED
            | NoticeKind.CAUSE_CHANGED
            | NoticeKind.REMINDER
        ):
            lines = _open(scene)
        case _:
            assert_never(telling.news)
    return "\n".join(lines)


def _open(scene: NoticeContext) -> Iterator[str]:
    """What goes on."""
    yield from _first_screen(scene)
    yield ""
    yield from filter(None, (_was(scene), _took_in(scene), _recovering(scene)))
    yield from _evidence(scene)
    advice = scene.advice
    yield f"Fix: {scene.filled(advice.fix)}"
    if advice.workaround:
        whose = "a company's" if len(scene.companies) > 1 else "the company's"
        yield f"Workaround for {whose} IT: {scene.filled(advice.workaround)}"
    yield f"Runbook: {scene.runbook}"
    yield f"Do not: {scene.filled(advice.never)}"
    yield f"Verify: {_verify(scene)}"
    if advice.for_users and advice.for_users != HARMLESS:
        yield f"For users: {scene.filled(advice.for_users)}"
    yield _reference(scene)


def _first_screen(scene: NoticeContext) -> Iterator[str]:
    incident, advice = scene.incident, scene.advice
    yield f"Since {clock(scene.since)} ({lasting(scene.lasted)}{_bad(scene)})."
    if over := scene.known_late:
        yield f"This became known only now; mail sent since {clock(over)} is delivered."
    if incident.nature is not Nature.MAIL:
        yield _cleared(scene)
    graded = scene.lead and incident.nature is Nature.MAIL and scene.reason not in NO_CONNECTION
    grade = f" ({GRADES[scene.lead.grade].label})" if scene.lead and graded else ""
    yield f"Why{grade}: {scene.filled(advice.meaning)}"
    yield f"Owner: {_act(scene)}"
    if incident.nature is Nature.MAIL and (kinds := kinds_of(scene)):
        some = "all five kinds" if len(kinds) == len(Kind) else ", ".join(KINDS[kind].sentence for kind in kinds)
        yield f"Affected mail: {some}."


def _cleared(scene: NoticeContext) -> str:
    """What is known of the sender, where the problem is another's."""
    domain = scene.telling.sender.domain
    if scene.advice.for_users == HARMLESS:
        return "Sign-ins are not affected; this path is not monitored until it is fixed."
    if scene.reason is Reason.SAME_LIST:
        return f"It is not known whether {domain} is involved."
    return f"Nothing points to a problem with {domain}."


def _bad(scene: NoticeContext) -> str:
    """How many probes show it. A storm's incident keeps only the gravest of its failures."""
    probes = sum(failure.bad for failure in scene.failures)
    more = scene.whole and scene.incident.failing > len(scene.failures)
    if not probes:
        return ""
    kind = "inconclusive" if scene.incident.outcome is Outcome.UNKNOWN else "failed"
    return f", {probes}{'+' if more else ''} {kind} {'probe' if probes == 1 and not more else 'probes'}"


def _act(scene: NoticeContext) -> str:
    actor, several = scene.advice.actor, scene.incident.scope.wider_than(Scope.COMPANY)
    match actor:
        case Actor.COMPANY_IT:
            return "the company's IT team."
        case Actor.MAILBOX_OWNER:
            return "the owner of the probe's mailbox."
        case Actor.OURSELVES:
            together = scene.reason is Reason.NOTHING_REACHED
            return "the operator of Mailpath" + (", with the company's IT team." if together else ".")
        case Actor.VENDOR:
            return f"{system_label(scene.mail_system)} (the vendor)."
        case Actor.SENDER if several:
            vendor = system_label(scene.mail_system) if is_shared(scene.mail_system) else ""
            return f"Trimble, its mail service and {vendor}." if vendor else "Trimble and its mail service."
        case Actor.SENDER:
            return "Trimble and its mail service" + ("; workaround below." if scene.advice.workaround else ".")
        case _:
            assert_never(actor)


def _was(scene: NoticeContext) -> str:
    """What changed since this channel was told last."""
    incident, before = scene.incident, scene.telling.before
    match scene.telling.news:
        case NoticeKind.NARROWED:
            return _narrowed(scene)
        case NoticeKind.GREW if before:
            return f"Was: {counted(before.companies, 'company', 'companies')}. Now: {len(scene.companies)}."
        case NoticeKind.CHANGED if before and before.nature:
            return f"Was: a problem with {NATURES[before.nature].label}. Now: with {NATURES[incident.nature].label}."
        case NoticeKind.WIDENED | NoticeKind.CAUSE_CHANGED if before:
            return _became(scene, before)
        case _:
            return ""


def _became(scene: NoticeContext, before: LastNotice) -> str:
    incident = scene.incident
    pairs = (
        (SCOPES[before.scope].label, SCOPES[incident.scope].label),
        (cause_label(before.cause).label, cause_label(incident.cause).label),
        (SEVERITIES[before.severity].label, SEVERITIES[incident.severity].label),
    )
    changed = [(old, new) for old, new in pairs if old != new]
    if not changed:
        return ""
    return f"Was: {', '.join(old for old, _ in changed)}. Now: {', '.join(new for _, new in changed)}."


def _narrowed(scene: NoticeContext) -> str:
    """What is left. A channel that may not hear of all is told of its own alone."""
    incident, unheard = scene.incident, set(scene.incident.unheard)
    failing = [scene.name(company) for company in scene.companies if company not in unheard]
    silent = [scene.name(company) for company in scene.companies if company in unheard]
    gone = scene.watched_no_longer
    well = len(incident.companies) - len(incident.touches) - len(gone)
    said = [f"{well} of {counted(len(incident.companies), 'company', 'companies')} recovered."] if scene.whole else []
    if gone and scene.whole:
        said.append(f"No longer monitored: {len(gone)}.")
    if failing:
        said.append(f"Still failing: {listed(failing)}.")
    if silent:
        said.append(f"Not tested since the others recovered: {listed(silent)}.")
    return " ".join(said)


def _took_in(scene: NoticeContext) -> str:
    """Which incidents are part of this one now, as far as the channel knew of them."""
    named = []
    for taken in scene.telling.took_in:
        names = [scene.name(company) for company in taken.companies if company in scene.companies]
        named.append(f"{listed(names)} ({taken.id})" if names else taken.id)
    return f"Now includes: {listed(named)}." if named else ""


def left(incident: Incident) -> str:
    """How far it has recovered; "" if it does not."""
    if not incident.recovering:
        return ""
    all_of_them = counted(len(incident.companies), "company", "companies")
    return f"recovering, {len(incident.touches)} of {all_of_them} still affected"


def _recovering(scene: NoticeContext) -> str:
    said = left(scene.incident) if scene.whole else ""
    return f"{said.capitalize()}: the incident closes when they have been tested again." if said else ""


def _evidence(scene: NoticeContext) -> Iterator[str]:
    incident, lead = scene.incident, scene.lead
    several = len(scene.companies) > 1
    if lead:
        at = f" at {scene.name(lead.company)}" if several else ""
        yield f"Latest failed probe{at}, path {lead.path}, {clock(lead.at)}: {reply_of(lead)}"
    if by := scene.decided_by:
        yield by
    if several:
        yield f"Companies: {listed(scene.names())}."
    if hint := _hint(scene):
        yield hint
    if lead and incident.nature is Nature.MAIL and (lead.answer is None or lead.answer.reached):
        yield f"Confidence: {GRADES[lead.grade].sentence}"


def _hint(scene: NoticeContext) -> str:
    """What its width tells of its reason."""
    incident = scene.incident
    if incident.nature is Nature.OURS and len(scene.companies) > 1:
        return "So many at once suggest a problem of Mailpath itself: check its network, name server and machine first."
    if incident.nature is not Nature.MAIL or incident.recovering or scene.intermittent or scene.known_late:
        return ""
    if scene.reason in NO_CONNECTION and incident.scope.wider_than(Scope.COMPANY):
        return (
            "So many at once suggest a shared network or firewall feed, the sender's IP address, or Mailpath's own "
            "connection."
        )
    if incident.scope is Scope.MAIL_SYSTEM:
        system = system_label(incident.mail_system)
        others = "Most" if scene.whole else "Other"
        return (
            f"{others} companies with {system} are affected at once, so the cause is {system} or the sender, "
            "not one company's IT."
        )
    if incident.scope is Scope.EVERYBODY:
        most = 2 * len(scene.companies) > scene.watched
        others = "Most monitored companies" if scene.whole and most else "Other companies"
        return (
            f"{others} are affected at once, so the cause is the sender: its IP address, its domain or its "
            "authentication."
        )
    return ""


def _verify(scene: NoticeContext) -> str:
    good, takes_effect_within = scene.telling.good, scene.advice.takes_effect_within
    due = f"the next probe is due within {_exactly(scene.every)}; " if scene.every else ""
    now = f" To test now: mailpath probe {scene.companies[0]}." if len(scene.companies) == 1 else ""
    act = f" The change may take up to {_exactly(takes_effect_within)} to take effect." if takes_effect_within else ""
    over = f"after {counted(good, 'good probe')} in a row"
    if scene.intermittent:
        over = f"when at most {INTERMITTENT.ends_at_bad_probes} of the last {INTERMITTENT.of_last_probes} probes fail"
    return f"{due}the incident closes {over}.{now}{act}"


def _exactly(time: timedelta) -> str:
    """Short times too, as the make-believe companies have them."""
    return f"{time.total_seconds():.0f} s" if time < timedelta(minutes=2) else lasting(time)


def _reference(scene: NoticeContext) -> str:
    incident = scene.incident
    explain = f"; mailpath explain {scene.lead.probe_id}" if scene.lead else ""
    which = f"Incident {incident.id}, {SEVERITIES[incident.severity].label}."
    return f"{which} Details: mailpath incidents {incident.id}{explain}"


def _resolved(scene: NoticeContext) -> Iterator[str]:
    """What is over."""
    incident, gone = scene.incident, scene.watched_no_longer
    end = scene.over_at or scene.telling.now
    yield f"Duration: {lasting(scene.lasted)}, from {clock(scene.since)} to {clock(end)}."
    yield from _ended(scene)
    if len(scene.companies) > 1:
        yield f"Companies: {listed(scene.names())}."
    if gone and scene.whole and incident.ending is Resolution.RECOVERED:
        yield f"No longer monitored, so not known to be fixed: {counted(len(gone), 'company', 'companies')}."
    if incident.relapses:
        yield f"It came back {counted(incident.relapses, 'time')} in the meantime."
    mail = incident.nature in (Nature.MAIL, Nature.THEIR_SYSTEM) and incident.outcome not in NOTHING_HELD
    if mail and incident.ending is Resolution.RECOVERED:
        yield "Codes in delayed mail have expired: anybody who still waits must request a new one."
    yield _reference(scene)


def _ended(scene: NoticeContext) -> Iterator[str]:
    incident = scene.incident
    match incident.ending:
        case Resolution.UNWATCHED:
            yield "It is not known whether it was fixed: its path was removed from the configuration."
        case Resolution.NARROWED:
            yield RESOLUTIONS[Resolution.NARROWED].sentence
        case Resolution.RECOVERED if scene.intermittent:
            few = f"at most {INTERMITTENT.ends_at_bad_probes} of the last {INTERMITTENT.of_last_probes}"
            yield f"{_works(incident.nature)} {few} probes failed."
        case Resolution.RECOVERED | Resolution.MERGED | None:
            if incident.outcome is Outcome.UNKNOWN and incident.nature is not Nature.OURS:
                yield f"It no longer occurs: {counted(scene.telling.good, 'probe')} in a row had another result."
            else:
                yield f"{_works(incident.nature)} {counted(scene.telling.good, 'good probe')} in a row."
        case _:
            assert_never(incident.ending)


def _works(nature: Nature) -> str:
    match nature:
        case Nature.MAIL:
            return "Mail is delivered again:"
        case Nature.MAILBOX:
            return "The probe's mailbox accepts mail again:"
        case Nature.THEIR_SYSTEM:
            return "The company's mail system accepts mail again:"
        case Nature.OURS:
            return "Mailpath can test it again:"
        case _:
            assert_never(nature)


def _merged(scene: NoticeContext) -> Iterator[str]:
    """What another incident tells from now on."""
    into = scene.telling.into
    speaks = scene.incident.merged_into or (into.id if into else "another")
    yield f"The problem is not over: it is now part of incident {speaks}."
    if into:
        yield f"Incident {speaks}: {one_line(headline(scene_into(scene.telling, into)), MAX_TITLE_CHARS)}"
    yield f"It began at {clock(scene.since)}."
    yield _reference(scene)
