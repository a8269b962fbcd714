"""What a notice says. The title and the first lines are for a phone's first screen: what, who, since when, why, and who
must act. Below them the rest: where it stops, the fix and what not to do, how it is verified.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import assert_never

from monitor.incidents.advice import HARMLESS, Actor
from monitor.incidents.history import INTERMITTENT
from monitor.incidents.incident import Incident, LastNotice, Nature, Reason, Resolution, Scope
from monitor.incidents.phrases import CAUSES, GRADES, KINDS, OUTCOMES, SCOPES
from monitor.notices.context import NoticeContext, NoticeRequest, scene_into, scene_of
from monitor.notices.notice import NoticeKind
from monitor.notices.payload import facts, labels
from monitor.notices.reply import reply_of
from monitor.notices.their_trouble import MOST_KINDS_IN_A_TITLE, kinds_of, their_trouble
from probes.display import clock, counted, lasting, listed, one_line
from probes.kinds import Kind
from probes.mailsystems.table import is_shared, system_label
from probes.verdict import Outcome

__all__ = ["facts", "headline", "labels", "left", "text", "title"]

MAX_TITLE_CHARS = 200
NOTHING_HELD = frozenset({Outcome.SPAM, Outcome.UNKNOWN})  # outcomes after which no mail comes late


def title(telling: NoticeRequest) -> str:
    """One line: what, and who has it."""
    scene = scene_of(telling)
    return one_line(_news(scene) + headline(scene), MAX_TITLE_CHARS)


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


NATURES: dict[Nature, str] = {
    Nature.MAIL: "the sender's mail is stopped",
    Nature.MAILBOX: "the probe's own mailbox",
    Nature.THEIR_SYSTEM: "the company's mail system stops other senders' mail too",
    Nature.OURS: "Mailpath cannot tell",
}


def headline(scene: NoticeContext) -> str:
    """The incident in a line."""
    often = ""
    if scene.intermittent and scene.lead and scene.incident.nature is not Nature.OURS:
        often = f", intermittent: {scene.lead.bad} of {scene.lead.of_last} probes"
    return _headline(scene) + often


def _headline(scene: NoticeContext) -> str:
    incident, who = scene.incident, _who(scene)
    match incident.nature:
        case Nature.MAIL:
            return f"{who}: {_what(scene)} from {scene.telling.sender.domain} {_stopped(scene)}"
        case Nature.MAILBOX:
            return f"{who}: the probe's own mailbox is {CAUSES[incident.cause]}"
        case Nature.THEIR_SYSTEM:
            return f"{who}: {their_trouble(scene)}"
        case Nature.OURS:
            return f"Mailpath itself: {who} cannot be judged ({CAUSES[incident.cause]})"
        case _:
            assert_never(incident.nature)


NO_CONNECTION = frozenset({Reason.ONLY_HERE, Reason.NOTHING_REACHED})
"""Reasons for which nobody may be said to block the sender: there was no connection, and no proof whose fault it is."""


def _stopped(scene: NoticeContext) -> str:
    """After "mail from the sender"."""
    if scene.reason in NO_CONNECTION:
        return "cannot be delivered (no connection)"
    return f"{OUTCOMES[scene.incident.outcome]} ({CAUSES[scene.incident.cause]})"


def _news(scene: NoticeContext) -> str:
    match scene.telling.news:
        case NoticeKind.OPENED:
            return "Again: " if scene.incident.relapses else ""
        case NoticeKind.WIDENED:
            return "Wider: "
        case NoticeKind.GREW:
            return "Spreading: "
        case NoticeKind.NARROWED:
            return "Mostly over: "
        case NoticeKind.CHANGED | NoticeKind.CAUSE_CHANGED:
            return "Changed: "
        case NoticeKind.REMINDER:
            return f"Still, after {lasting(scene.lasted)}: "
        case NoticeKind.RESOLVED:
            return f"Over after {lasting(scene.lasted)}: "
        case NoticeKind.MERGED:
            return "Now part of another: "
        case _:
            assert_never(scene.telling.news)


def _who(scene: NoticeContext) -> str:
    """A company by its name, several by their number; of those that a channel may not hear of, nothing."""
    incident, names = scene.incident, scene.names()
    many = counted(len(names), "company", "companies")
    part = scene.whole and len(names) < scene.watched
    if part and incident.open:
        many = f"{len(names)} of {counted(scene.watched, 'company', 'companies')}"
    if len(names) == 1 or not scene.whole:
        on_path = f", path {scene.lead.path}" if scene.lead and incident.scope is Scope.MAILBOX else ""
        return (names[0] if len(names) == 1 else many) + on_path
    if incident.scope is Scope.MAIL_SYSTEM:
        return f"{system_label(incident.mail_system)}, {many}"
    return f"Everybody, {many}" if incident.scope is Scope.EVERYBODY and not part else many


def _what(scene: NoticeContext) -> str:
    kinds = kinds_of(scene)
    few = 0 < len(kinds) <= MOST_KINDS_IN_A_TITLE
    return " and ".join(KINDS[kind] for kind in kinds) if scene.incident.scope is Scope.KIND and few else "mail"


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
        yield f"Until then, by {whose} IT: {scene.filled(advice.workaround)}"
    yield f"Runbook: {scene.runbook}"
    yield f"Do not: {scene.filled(advice.never)}"
    yield f"Verify: {_verify(scene)}"
    if advice.for_users and advice.for_users != HARMLESS:
        yield f"Meanwhile: {scene.filled(advice.for_users)}"
    yield _reference(scene)


def _first_screen(scene: NoticeContext) -> Iterator[str]:
    incident, advice, domain = scene.incident, scene.advice, scene.telling.sender.domain
    yield f"Since {clock(scene.since)} ({lasting(scene.lasted)}{_bad(scene)})."
    if over := scene.known_late:
        yield f"Known only now: mail sent since {clock(over)} arrives."
    if incident.nature is not Nature.MAIL:
        harmless = " Nobody's sign-in is affected." if advice.for_users == HARMLESS else ""
        known = "Whether it is about" if scene.reason is Reason.SAME_LIST else "Nothing is known against"
        yield f"{known} {domain}{' is not known' if scene.reason is Reason.SAME_LIST else ''}.{harmless}"
    graded = scene.lead and incident.nature is Nature.MAIL and scene.reason not in NO_CONNECTION
    grade = f", {GRADES[scene.lead.grade][0]}" if scene.lead and graded else ""
    yield f"Why{grade}: {scene.filled(advice.meaning)}"
    yield f"Act: {_act(scene)}"
    if incident.nature is Nature.MAIL and (kinds := kinds_of(scene)):
        some = "all five kinds" if len(kinds) == len(Kind) else ", ".join(KINDS[kind] for kind in kinds)
        yield f"Mail: {some}."


def _bad(scene: NoticeContext) -> str:
    """How many probes show it. A storm's incident keeps only the gravest of its failures."""
    probes = sum(failure.bad for failure in scene.failures)
    more = scene.whole and scene.incident.failing > len(scene.failures)
    if not probes:
        return ""
    told_nothing = scene.incident.outcome is Outcome.UNKNOWN
    number = f"{probes} and more" if more else str(probes)
    one = probes == 1
    if told_nothing:
        return f", {number} {'probe that tells' if one else 'probes that tell'} nothing"
    return f", {number} bad {'probe' if one else 'probes'}"


def _act(scene: NoticeContext) -> str:
    actor, several = scene.advice.actor, scene.incident.scope.wider_than(Scope.COMPANY)
    match actor:
        case Actor.COMPANY_IT:
            return "the company's IT, alone."
        case Actor.MAILBOX_OWNER:
            return "whoever looks after the probe's mailbox."
        case Actor.OURSELVES:
            together = scene.reason is Reason.NOTHING_REACHED
            return "whoever runs Mailpath" + (", with the company's IT." if together else ".")
        case Actor.VENDOR:
            return f"{system_label(scene.mail_system)}, not a company's IT."
        case Actor.SENDER if several:
            vendor = system_label(scene.mail_system) if is_shared(scene.mail_system) else ""
            return f"Trimble, its mail service and {vendor}." if vendor else "Trimble and its mail service."
        case Actor.SENDER:
            can = "can bridge it" if scene.advice.workaround else "cannot mend it"
            return f"Trimble and its mail service; the company's IT {can}."
        case _:
            assert_never(actor)


WIDTHS = SCOPES | {Scope.EVERYBODY: "many companies"}  # rarely is it really everybody


def _was(scene: NoticeContext) -> str:
    """What changed since this channel was told last."""
    incident, before = scene.incident, scene.telling.before
    match scene.telling.news:
        case NoticeKind.NARROWED:
            return _narrowed(scene)
        case NoticeKind.GREW if before:
            return f"Was: {counted(before.companies, 'company', 'companies')}. Now: {len(scene.companies)}."
        case NoticeKind.CHANGED if before and before.nature:
            return f"Was: {NATURES[before.nature]}. Now: {NATURES[incident.nature]}."
        case NoticeKind.WIDENED | NoticeKind.CAUSE_CHANGED if before:
            return _became(scene, before)
        case _:
            return ""


def _became(scene: NoticeContext, before: LastNotice) -> str:
    incident = scene.incident
    pairs = (
        (WIDTHS[before.scope], WIDTHS[incident.scope]),
        (CAUSES[before.cause], CAUSES[incident.cause]),
        (f"a {before.severity}", f"a {incident.severity}"),
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
    said = [f"{well} of {counted(len(incident.companies), 'company', 'companies')} work again."] if scene.whole else []
    if gone and scene.whole:
        said.append(f"No longer watched: {len(gone)}.")
    if failing:
        said.append(f"Still failing: {listed(failing)}.")
    if silent:
        said.append(f"Not heard of since the others recovered: {listed(silent)}.")
    return " ".join(said)


def _took_in(scene: NoticeContext) -> str:
    """Which incidents are part of this one now, as far as the channel knew of them."""
    named = []
    for taken in scene.telling.took_in:
        names = [scene.name(company) for company in taken.companies if company in scene.companies]
        named.append(f"{listed(names)} ({taken.id})" if names else taken.id)
    return f"It took in: {listed(named)}." if named else ""


def left(incident: Incident) -> str:
    """How far it has recovered; "" if it does not."""
    if not incident.recovering:
        return ""
    return f"recovering, {len(incident.touches)} of {counted(len(incident.companies), 'company', 'companies')} left"


def _recovering(scene: NoticeContext) -> str:
    said = left(scene.incident) if scene.whole else ""
    return f"{said.capitalize()}: these are waited for until they were probed again." if said else ""


def _evidence(scene: NoticeContext) -> Iterator[str]:
    incident, lead = scene.incident, scene.lead
    several = len(scene.companies) > 1
    if lead:
        at = f" at {scene.name(lead.company)}" if several else ""
        yield f"Seen{at}, path {lead.path}, {clock(lead.at)}: {reply_of(lead)}"
    if by := scene.decided_by:
        yield by
    if several:
        yield f"Companies: {listed(scene.names())}."
    if hint := _hint(scene):
        yield hint
    if lead and incident.nature is Nature.MAIL and (lead.answer is None or lead.answer.reached):
        yield f"Proof: {GRADES[lead.grade][1]}"


def _hint(scene: NoticeContext) -> str:
    """What its width tells of its reason."""
    incident = scene.incident
    if incident.nature is Nature.OURS and len(scene.companies) > 1:
        return "So many at once: look at Mailpath's own network, name server and machine first."
    if incident.nature is not Nature.MAIL or incident.recovering or scene.intermittent or scene.known_late:
        return ""
    if scene.reason in NO_CONNECTION and incident.scope.wider_than(Scope.COMPANY):
        return (
            "So many at once: a network or a firewall feed that they share, the sender's IP address, or our own line."
        )
    if incident.scope is Scope.MAIL_SYSTEM:
        system = system_label(incident.mail_system)
        others = "Others" if not scene.whole else "Most"
        return f"{others} with {system} have it at once: so it is {system} or the sender, not one company's IT."
    if incident.scope is Scope.EVERYBODY:
        most = 2 * len(scene.companies) > scene.watched
        others = "Most companies that are watched have" if scene.whole and most else "Others have"
        return f"{others} it at once: so it is the sender: its IP address, its domain or its authentication."
    return ""


def _verify(scene: NoticeContext) -> str:
    good, takes_effect_within = scene.telling.good, scene.advice.takes_effect_within
    due = f"the next probe is due within {_exactly(scene.every)}; " if scene.every else ""
    now = f" At once: mailpath probe {scene.companies[0]}." if len(scene.companies) == 1 else ""
    act = f" The change may take up to {_exactly(takes_effect_within)} to act." if takes_effect_within else ""
    over = f"after {counted(good, 'good probe')} in a row"
    if scene.intermittent:
        over = f"when at most {INTERMITTENT.ends_at_bad_probes} of the last {INTERMITTENT.of_last_probes} probes fail"
    return f"{due}it is over {over}.{now}{act}"


def _exactly(time: timedelta) -> str:
    """Short times too, as the make-believe companies have them."""
    return f"{time.total_seconds():.0f} s" if time < timedelta(minutes=2) else lasting(time)


def _reference(scene: NoticeContext) -> str:
    incident = scene.incident
    explain = f"; mailpath explain {scene.lead.probe_id}" if scene.lead else ""
    return f"Incident {incident.id}, {incident.severity}. Details: mailpath incidents {incident.id}{explain}"


def _resolved(scene: NoticeContext) -> Iterator[str]:
    """What is over."""
    incident, gone = scene.incident, scene.watched_no_longer
    end = scene.over_at or scene.telling.now
    yield f"It lasted {lasting(scene.lasted)}: from {clock(scene.since)} to {clock(end)}."
    yield from _ended(scene)
    if len(scene.companies) > 1:
        yield f"Companies: {listed(scene.names())}."
    if gone and scene.whole and incident.ending is Resolution.RECOVERED:
        yield f"Whether it is mended is not known of {counted(len(gone), 'company', 'companies')} watched no longer."
    if incident.relapses:
        yield f"It came back {counted(incident.relapses, 'time')} in between."
    mail = incident.nature in (Nature.MAIL, Nature.THEIR_SYSTEM) and incident.outcome not in NOTHING_HELD
    if mail and incident.ending is Resolution.RECOVERED:
        yield "Codes in mail that was held back are dead: who still waits must ask for a new one."
    yield _reference(scene)


def _ended(scene: NoticeContext) -> Iterator[str]:
    incident = scene.incident
    match incident.ending:
        case Resolution.UNWATCHED:
            yield "Whether it is mended is not known: its path was taken out of the configuration."
        case Resolution.NARROWED:
            yield "Most of it works again. What does not has an incident of its own now."
        case Resolution.RECOVERED if scene.intermittent:
            few = f"at most {INTERMITTENT.ends_at_bad_probes} of the last {INTERMITTENT.of_last_probes}"
            yield f"{_works(incident.nature)} {few} probes failed."
        case Resolution.RECOVERED | Resolution.MERGED | None:
            if incident.outcome is Outcome.UNKNOWN and incident.nature is not Nature.OURS:
                yield f"It is not seen any more: {counted(scene.telling.good, 'probe')} in a row told something else."
            else:
                yield f"{_works(incident.nature)} {counted(scene.telling.good, 'good probe')} in a row."
        case _:
            assert_never(incident.ending)


def _works(nature: Nature) -> str:
    match nature:
        case Nature.MAIL:
            return "The mail arrives again:"
        case Nature.MAILBOX:
            return "The probe's mailbox takes mail again:"
        case Nature.THEIR_SYSTEM:
            return "The company's mail system takes mail again:"
        case Nature.OURS:
            return "It can be judged again:"
        case _:
            assert_never(nature)


def _merged(scene: NoticeContext) -> Iterator[str]:
    """What another incident tells from now on."""
    into = scene.telling.into
    speaks = scene.incident.merged_into or (into.id if into else "another")
    yield f"It is not over: incident {speaks} speaks for it from now on."
    if into:
        yield f"That is: {one_line(headline(scene_into(scene.telling, into)), MAX_TITLE_CHARS)}"
    yield f"It began at {clock(scene.since)}."
    yield _reference(scene)
