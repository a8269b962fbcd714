"""The words of notices about the sender's standing. Pure."""

from collections.abc import Iterator

from monitor.incidents.incident import StandingFinding
from monitor.incidents.standing_rules import ROWS, described, questions_of
from monitor.notices.context import NoticeContext
from probes.display import counted, listed

MAX_LINES = 8  # of findings in a notice
CLOSES = "the incident closes when two readings ten minutes apart are good."


def standing_headline(context: NoticeContext) -> str:
    """Return the gravest finding, and how many more there are."""
    found = context.incident.standing
    if not found:  # of an incident that is over
        return "the sender's standing"
    more = f", and {counted(len(found) - 1, 'other finding')}" if len(found) > 1 else ""
    domain = context.request.sender.domain
    return f"{domain}: {ROWS[found[0].rule].headline}{more}"


def standing_impact(context: NoticeContext) -> str:
    """Return what the gravest finding means for mail."""
    found = context.incident.standing
    return ROWS[found[0].rule].impact.replace("{domain}", context.request.sender.domain) if found else ""


def standing_lines(context: NoticeContext) -> Iterator[str]:
    """Return a line for each finding, with its next step where the incident is about something else as well."""
    found = context.incident.standing
    for each in found[:MAX_LINES]:
        yield f"Standing: {described(each)}.{_companies(each, context)}"
    if len(found) > MAX_LINES:
        yield f"Standing: {counted(len(found) - MAX_LINES, 'other finding')}."


def standing_steps(context: NoticeContext) -> Iterator[str]:
    """Return the next step for each rule, for an incident whose other lines are about failing mail."""
    sender = context.request.sender
    for rule in dict.fromkeys(each.rule for each in context.incident.standing):
        step = " ".join(ROWS[rule].advice.filled(sender.domain, sender.source_ip, "").steps)
        yield f"Next step for standing: {step}"


def standing_verify(context: NoticeContext) -> str:
    """Return how to see that it is over."""
    checks = "".join(f" --check {question.value}" for question in questions_of(context.incident.standing))
    return f"`mailpath standing{checks} --confirm`; {CLOSES}" if checks else CLOSES


def _companies(found: StandingFinding, context: NoticeContext) -> str:
    """Name the companies whose allow entry may depend on it, to whoever may see all of them."""
    if not found.companies or context.request.visible is not None:
        return ""
    return (
        f" Companies that may allow the old address only: {listed([context.name(each) for each in found.companies])}."
    )
