"""The text of a notice; `headline` has its title. Title and first lines are for a phone's first screen: what, who,
since when, why, and who must act. Below them the rest: where it stops, the fix and what not to do, how it is verified.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import assert_never

from monitor.incidents.history import INTERMITTENT
from monitor.incidents.incident import FindingAbout, Incident, LastNotice, Nature, Reason, Resolution, Scope
from monitor.incidents.labels import RESOLUTIONS, SCOPES, SEVERITIES
from monitor.incidents.standing_words import ended, party
from monitor.notices.confirmation import comparison
from monitor.notices.context import NoticeContext, context_into
from monitor.notices.headline import MAX_TITLE_CHARS, NO_CONNECTION, headline
from monitor.notices.impact import impact
from monitor.notices.links import links
from monitor.notices.notice import NoticeKind
from monitor.notices.reply import reply_of
from monitor.notices.standing_wording import standing_lines, standing_steps
from monitor.notices.their_trouble import kinds_of
from probes.display import clock, counted, lasting, listed, one_line
from probes.kinds import Kind
from probes.labels import GRADES, KINDS, cause_label
from probes.mailsystems.causes import NOBODY_WAITS
from probes.mailsystems.family import CauseFamily, family_of
from probes.mailsystems.table import system_label
from probes.verdict import Outcome

NOTHING_HELD = frozenset({Outcome.SPAM, Outcome.UNKNOWN})  # outcomes after which no mail comes late


def text(context: NoticeContext) -> str:
    """Return the rest as self-contained plain text."""
    match context.request.news:
        case NoticeKind.RESOLVED:
            lines = _resolved(context)
        case NoticeKind.MERGED:
            lines = _merged(context)
        case (
            NoticeKind.OPENED
            | NoticeKind.WIDENED
            | NoticeKind.GREW
            | NoticeKind.NARROWED
            | NoticeKind.CHANGED
            | NoticeKind.CAUSE_CHANGED
            | NoticeKind.ACKNOWLEDGED
            | NoticeKind.REMINDER
        ):
            lines = _open(context)
        case _:
            assert_never(context.request.news)
    return "\n".join(lines)


def _open(context: NoticeContext) -> Iterator[str]:
    """Describe an open incident."""
    yield from _first_screen(context)
    yield _reference(context)
    yield ""
    yield from filter(None, (_was(context), _took_in(context), _recovering(context)))
    yield from _evidence(context)
    advice, where = context.advice, links(context)
    yield from _steps("What to do", advice.steps)
    if advice.workaround:
        whose = "a company's" if len(context.companies) > 1 else "the company's"
        yield from _steps(f"Until then, by {whose} IT", advice.workaround)
    yield f"Caution: {advice.do_not}"
    yield f"How to verify: {_verify(context)}"
    if advice.for_users and advice.for_users != NOBODY_WAITS:
        yield f"For users: {advice.for_users}"
    yield f"Runbook: {where['runbook_url']}"


def _steps(label: str, steps: Sequence[str]) -> Iterator[str]:
    """One step on the line of its label, several numbered below it."""
    if len(steps) == 1:
        yield f"{label}: {steps[0]}"
        return
    yield f"{label}:"
    yield from (f"  {number}. {step}" for number, step in enumerate(steps, 1))


def _first_screen(context: NoticeContext) -> Iterator[str]:
    incident, advice = context.incident, context.advice
    since = f"Since {clock(context.since)}, {lasting(context.lasted)}{_bad(context)}{_changed(context)}."
    yield f"{impact(context)} {since}"
    if context.held_by:
        yield f"{context.held_by} has it."
    if over := context.known_late:
        yield f"This became known only now; mail sent since {clock(over)} is delivered."
    if lead := context.lead:
        at = f"{context.name(lead.company)}, " if len(context.companies) > 1 else ""
        kind = "inconclusive" if incident.outcome is Outcome.UNKNOWN else "failed"
        yield f"Latest {kind} probe ({at}path {lead.path}, {clock(lead.at)}): {reply_of(lead)}"
    yield f"Who acts: {advice.who}."
    graded = context.lead and incident.nature is Nature.MAIL and context.reason not in NO_CONNECTION
    grade = f" ({GRADES[context.lead.grade].label})" if context.lead and graded else ""
    yield f"Why{grade}: {advice.explanation}"
    if incident.nature not in (Nature.MAIL, Nature.STANDING) and (cleared := _cleared(context)):
        yield cleared


def _changed(context: NoticeContext) -> str:
    """Return since when the cause is this one, if it was another before: the impact is that of now."""
    changed = context.incident.changed_at
    later = changed > max(context.incident.opened_at, context.since)
    return f"; with this cause since {clock(changed)}" if later and context.incident.cause else ""


def _cleared(context: NoticeContext) -> str:
    """What is known of the sender, where the problem is another's; "" if the impact says it."""
    domain = context.request.sender.domain
    if context.advice.for_users == NOBODY_WAITS:
        return "" if context.incident.nature is Nature.MAILBOX else NOBODY_WAITS
    if any(each.rule.about is FindingAbout.REAL_MAIL for each in context.incident.standing):
        return f"It is not known whether {domain} is involved: see the reply to its real mail."
    if context.reason is Reason.SAME_TEXT:
        return f"The content is rejected, whoever sends it; nothing else points to {domain}."
    if context.reason is Reason.SAME_LIST:
        return f"It is not known whether {domain} is involved."
    return f"Nothing points to a problem with {domain}."


def _bad(context: NoticeContext) -> str:
    """Return how many probes show it. A large incident stores only the most severe of its failures."""
    probes = sum(failure.bad for failure in context.failures)
    more = context.whole and context.incident.failing > len(context.failures)
    if not probes:
        return ""
    kind = "inconclusive" if context.incident.outcome is Outcome.UNKNOWN else "failed"
    return f", {probes}{'+' if more else ''} {kind} {'probe' if probes == 1 and not more else 'probes'}"


def _was(context: NoticeContext) -> str:
    """Describe the changes since this channel's last notice."""
    incident, before = context.incident, context.request.before
    match context.request.news:
        case NoticeKind.NARROWED:
            return _narrowed(context)
        case NoticeKind.GREW if before:
            return f"Was: {counted(before.companies, 'company', 'companies')}. Now: {len(context.companies)}."
        case NoticeKind.CHANGED if before and before.nature:
            was, now = party(before.nature, before.about), party(incident.nature, incident.about)
            return f"Was: a problem with {was}. Now: with {now}."
        case NoticeKind.WIDENED | NoticeKind.CAUSE_CHANGED if before:
            return _became(context, before)
        case _:
            return ""


def _became(context: NoticeContext, before: LastNotice) -> str:
    incident = context.incident
    pairs = (
        (SCOPES[before.scope].label, SCOPES[incident.scope].label),
        (cause_label(before.cause).label, cause_label(incident.cause).label),
        (SEVERITIES[before.severity].label, SEVERITIES[incident.severity].label),
    )
    changed = [(old, new) for old, new in pairs if old != new]
    if not changed:
        return ""
    return f"Was: {', '.join(old for old, _ in changed)}. Now: {', '.join(new for _, new in changed)}."


def _narrowed(context: NoticeContext) -> str:
    """Describe the remainder. A channel that may not see everything gets only its own part."""
    incident, without_result = context.incident, set(context.incident.without_result)
    failing = [context.name(company) for company in context.companies if company not in without_result]
    silent = [context.name(company) for company in context.companies if company in without_result]
    gone = context.watched_no_longer
    well = len(incident.companies) - len(incident.touches) - len(gone)
    said = [f"{well} of {counted(len(incident.companies), 'company', 'companies')} recovered."] if context.whole else []
    if gone and context.whole:
        said.append(f"No longer monitored: {len(gone)}.")
    if failing:
        said.append(f"Still failing: {listed(failing)}.")
    if silent:
        said.append(f"Not tested since the others recovered: {listed(silent)}.")
    return " ".join(said)


def _took_in(context: NoticeContext) -> str:
    """Name the incidents that are now part of this one, as far as the channel knew them."""
    named = []
    for taken in context.request.took_in:
        names = [context.name(company) for company in taken.companies if company in context.companies]
        named.append(f"{listed(names)} ({taken.id})" if names else taken.id)
    return f"Now includes: {listed(named)}." if named else ""


def left(incident: Incident) -> str:
    """Describe the progress of recovery; "" if it does not recover."""
    if not incident.recovering:
        return ""
    all_of_them = counted(len(incident.companies), "company", "companies")
    return f"recovering, {len(incident.touches)} of {all_of_them} still affected"


def _recovering(context: NoticeContext) -> str:
    said = left(context.incident) if context.whole else ""
    return f"{said.capitalize()}: the incident closes when they have been tested again." if said else ""


def _evidence(context: NoticeContext) -> Iterator[str]:
    incident, lead = context.incident, context.lead
    if incident.nature is Nature.MAIL and (kinds := kinds_of(context)):
        some = "all five kinds" if len(kinds) == len(Kind) else ", ".join(KINDS[kind].sentence for kind in kinds)
        yield f"Affected mail from {context.request.sender.domain}: {some}."
    if compared := comparison(context):
        yield compared
    if len(context.companies) > 1:
        yield f"Companies: {listed(context.names())}."
    yield from standing_lines(context)
    if incident.nature is Nature.MAIL:
        yield from standing_steps(context)
    if hint := _hint(context):
        yield hint
    if lead and incident.nature is Nature.MAIL and (lead.answer is None or lead.answer.reached):
        yield f"Confidence: {GRADES[lead.grade].sentence}"


def _hint(context: NoticeContext) -> str:
    """Return what its width suggests about its reason."""
    incident = context.incident
    if incident.nature is Nature.OURS and len(context.companies) > 1:
        return "So many at once suggest a problem of Mailpath itself: check its network, name server and machine first."
    if incident.nature is not Nature.MAIL or incident.recovering or context.intermittent or context.known_late:
        return ""
    if context.reason in NO_CONNECTION and incident.scope.wider_than(Scope.COMPANY):
        return (
            "So many at once suggest a shared network or firewall feed, the sender's IP address, or Mailpath's own "
            "connection."
        )
    if incident.scope is Scope.MAIL_SYSTEM:
        system = system_label(incident.mail_system)
        others = "Most" if context.whole else "Other"
        return (
            f"{others} companies with {system} are affected at once, so the problem most likely concerns {system} or "
            "the sender, not one company's IT."
        )
    if incident.scope is Scope.EVERYBODY:
        most = 2 * len(context.companies) > context.watched
        others = "Most monitored companies" if context.whole and most else "Other companies"
        return f"{others} are affected at once, so {_common(context)}."
    return ""


NAMED_THE_SENDER = frozenset(
    {
        CauseFamily.ADDRESS,
        CauseFamily.REPUTATION,
        CauseFamily.DOMAIN,
        CauseFamily.AUTHENTICATION,
        CauseFamily.CONTENT,
    }
)
"""Families of replies about the sender. A shared list that is wrong about the sender causes the same replies."""


def _common(context: NoticeContext) -> str:
    """Return what companies that fail at once may have in common, after "so"."""
    named = family_of(context.incident.cause) in NAMED_THE_SENDER
    if named or context.reason is Reason.CONTROL_THROUGH:
        return (
            "the problem most likely concerns the sender (its IP address, domain, authentication or content), or a "
            "list or filter that these companies share"
        )
    return "the cause is the sender, a service that these companies share, or Mailpath itself, not one company's IT"


def _verify(context: NoticeContext) -> str:
    if context.incident.nature is Nature.STANDING:
        return context.advice.verify
    good, takes_effect_within = context.request.good, context.advice.takes_effect_within
    due = f"the next probe is due within {_exactly(context.every)}; " if context.every else ""
    page = links(context).get("company_url")
    now = f" To test now, use “Probe now” at {page}" if page else ""
    act = f" The change may take up to {_exactly(takes_effect_within)} to take effect." if takes_effect_within else ""
    over = f"after {counted(good, 'good probe')} in a row"
    if context.intermittent:
        over = f"when at most {INTERMITTENT.ends_at_bad_probes} of the last {INTERMITTENT.of_last_probes} probes fail"
    return f"{due}the incident closes {over}.{act}{now}"


def _exactly(time: timedelta) -> str:
    """Format short times too, such as those of sandbox companies."""
    return f"{time.total_seconds():.0f} s" if time < timedelta(minutes=2) else lasting(time)


def _reference(context: NoticeContext) -> str:
    return f"Details: {links(context)['incident_url']}"


def _resolved(context: NoticeContext) -> Iterator[str]:
    """Describe what has ended."""
    incident, gone = context.incident, context.watched_no_longer
    if context.request.missed:
        yield "It began and ended while this channel could not be reached: nothing has to be done now."
    end = context.over_at or context.request.now
    yield f"Duration: {lasting(context.lasted)}, from {clock(context.since)} to {clock(end)}."
    yield from _ended(context)
    if len(context.companies) > 1:
        yield f"Companies: {listed(context.names())}."
    if gone and context.whole and incident.ending is Resolution.RECOVERED:
        yield f"No longer monitored, so not known to be fixed: {counted(len(gone), 'company', 'companies')}."
    if incident.relapses:
        yield f"It came back {counted(incident.relapses, 'time')} in the meantime."
    mail = incident.nature in (Nature.MAIL, Nature.THEIR_SYSTEM) and incident.outcome not in NOTHING_HELD
    if mail and incident.ending is Resolution.RECOVERED:
        yield "Codes in delayed mail have expired: anybody who still waits must request a new one."
    yield _reference(context)


def _ended(context: NoticeContext) -> Iterator[str]:
    incident = context.incident
    match incident.ending:
        case Resolution.UNWATCHED if incident.about:
            yield f"It is not known whether it was fixed. {ended(incident, Resolution.UNWATCHED)}"
        case Resolution.UNWATCHED:
            yield "It is not known whether it was fixed: its path was removed from the configuration."
        case Resolution.NARROWED:
            yield RESOLUTIONS[Resolution.NARROWED].sentence
        case Resolution.RECOVERED if incident.nature is Nature.STANDING:
            yield ended(incident, Resolution.RECOVERED)
        case Resolution.RECOVERED if context.intermittent:
            few = f"at most {INTERMITTENT.ends_at_bad_probes} of the last {INTERMITTENT.of_last_probes}"
            yield f"{_works(incident.nature)} {few} probes failed."
        case Resolution.RECOVERED | Resolution.MERGED | None:
            if incident.outcome is Outcome.UNKNOWN and incident.nature is not Nature.OURS:
                yield f"It no longer occurs: {counted(context.request.good, 'probe')} in a row had another result."
            else:
                yield f"{_works(incident.nature)} {counted(context.request.good, 'good probe')} in a row."
        case _:
            assert_never(incident.ending)


def _works(nature: Nature) -> str:
    match nature:
        case Nature.MAIL | Nature.THEIR_SYSTEM:
            return "Mail is delivered again:"
        case Nature.MAILBOX:
            return "The probe's mailbox accepts mail again:"
        case Nature.STANDING:
            return "The sender's standing is good again:"
        case Nature.OURS:
            return "Mailpath can test it again:"
        case _:
            assert_never(nature)


def _merged(context: NoticeContext) -> Iterator[str]:
    """Say that another incident now covers it."""
    into = context.request.into
    speaks = context.incident.merged_into or (into.id if into else "another")
    yield f"The problem is not over: it is now part of incident {speaks}."
    if into:
        yield f"Incident {speaks}: {one_line(headline(context_into(context.request, into)), MAX_TITLE_CHARS)}"
    yield f"It began at {clock(context.since)}."
    yield _reference(context)
