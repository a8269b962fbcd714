"""The words of notices about the sender's standing. Pure; what is wrong is in `monitor.incidents.standing_words`."""

from collections.abc import Iterator

from monitor.incidents.incident import StandingFinding
from monitor.incidents.standing_words import ABOUTS, before, concerns, described, headlines, may_allow, now, steps_of
from monitor.notices.context import NoticeContext
from probes.display import counted, one_line

MAX_LINES = 8  # of findings in a notice
MAX_TITLE_CHARS = 150


def standing_headline(context: NoticeContext) -> str:
    """Return the gravest problem, and how many more there are."""
    found, domain = context.incident.standing, context.request.sender.domain
    if not found:  # of an incident that is over
        return f"{domain}: the sender's standing"
    return f"{domain}: {one_line(headlines(found), MAX_TITLE_CHARS)}"


def standing_impact(context: NoticeContext) -> str:
    """Return what the gravest problem means for mail, and for whom."""
    found = context.incident.standing
    return concerns(found) if found else ""


def standing_lines(context: NoticeContext) -> Iterator[str]:
    """Return lines for each problem: what is wrong, and what was so before."""
    found = context.incident.standing
    for each in found[:MAX_LINES]:
        word = ABOUTS[each.rule.about].word
        yield f"{word}: {described(each)}.{_companies(each, context)}"
        if each.fact and (was := before(each)):
            yield f"  Before: {was}"
            yield f"  Now: {now(each)}"
    if len(found) > MAX_LINES:
        yield f"{counted(len(found) - MAX_LINES, 'more problem')} of this kind."


def standing_steps(context: NoticeContext) -> Iterator[str]:
    """Return the next step for each rule, for an incident whose other lines are about failing mail."""
    found, sender = context.incident.standing, context.request.sender
    for rule in dict.fromkeys(each.rule for each in found):
        if steps := steps_of(rule, found):
            yield f"Next step for standing: {steps.replace('{domain}', sender.domain)}"


def _companies(found: StandingFinding, context: NoticeContext) -> str:
    """Name the companies that may have an allow entry, to whoever may see all of them."""
    if context.request.visible is not None:
        return ""
    text = may_allow(found, [context.name(each) for each in found.companies])
    return f" {text}" if text else ""
