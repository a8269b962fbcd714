"""An incident in a few words, for lists and heads of pages: the problem, whom it affects, what that means. Pure.

Mail that failed has an outcome and a cause. What is published about the sender has neither: no receiver said anything,
and no probe has to have failed."""

from monitor.incidents.incident import Failure, Incident, Nature, Scope
from monitor.incidents.labels import NATURES, SCOPES
from monitor.incidents.standing_words import about_of, concerns, headlines, topics
from probes.labels import reason_of, verdict_label

EVERYBODY = "everybody"


def problem_label(of: Incident | Failure) -> str:
    """Return the problem as a label: "Blocked: IP address", or what is wrong with the standing: "SPF, DKIM key"."""
    if isinstance(of, Incident) and of.nature is Nature.STANDING:
        return f"{about_of(of.standing).word}: {topics(of.standing)}" if of.standing else NATURES[of.nature].title
    return verdict_label(of.outcome, of.cause)


def problem_means(incident: Incident) -> str:
    """Return what it means, as a sentence."""
    if incident.nature is not Nature.STANDING:
        return reason_of(incident.outcome, incident.cause)
    if not incident.standing:
        return NATURES[incident.nature].sentence
    what = headlines(incident.standing)
    return f"{what[:1].upper()}{what[1:]}. {concerns(incident.standing)}"


def scope_label(incident: Incident) -> str:
    """Return how wide it is. What is published is read by all receivers, not only by those of whom we know."""
    if incident.nature is Nature.STANDING and incident.scope is Scope.EVERYBODY:
        return EVERYBODY
    return SCOPES[incident.scope].label
