"""What a title says of a mail system that stops other senders too: all of it, a path, some kinds, or now and then.

"Nobody's mail" is said only where nothing is known to get through.
"""

from monitor.incidents.incident import Nature, Reason, Scope
from monitor.incidents.phrases import CAUSES, KINDS
from monitor.notices.context import NoticeContext
from probes.display import listed
from probes.kinds import Kind
from probes.verdict import Outcome

MOST_KINDS_IN_A_TITLE = 2


def their_trouble(scene: NoticeContext) -> str:
    """After the company's name and a colon."""
    its = "its mail system" if scene.incident.company else "the mail system"
    match scene.reason:
        case Reason.GATEWAY_DOWN:
            return "its gateway does not answer"
        case Reason.LOOKUP:
            return f"no mail server found ({CAUSES[scene.incident.cause]})"
        case Reason.NOTHING_REACHED:
            return "cannot be connected to, a neutral sender neither"
        case Reason.SAME_ANSWER if scene.incident.outcome is Outcome.LATE:
            return f"{its} delays everybody's mail (a neutral sender is put off too)"
        case Reason.SAME_LIST if scene.incident.scope is Scope.EVERYBODY:
            return "one blocklist refuses the sender and a neutral sender: it lists both, or everybody"
        case Reason.SAME_LIST:
            return f"{its} refuses other senders too (the same blocklist refuses a neutral sender)"
        case Reason.NOT_ITS_DOMAIN:
            its = "its mail server takes" if scene.incident.company else "the mail server takes"
            return f"{its} no mail for the probe's domain (not an accepted domain there)"
        case Reason.SAME_TEXT:
            its = "its filter" if scene.incident.company else "the filter"
            return f"{its} refuses the text of the mail (a neutral sender's mail like it too)"
        case Reason.BOTH_LOST:
            return "accepts mail, and it does not reach the probe's mailbox (a neutral sender's neither)"
        case Reason.SAME_ANSWER:
            return _stops_others(scene, its, "the same answer", "a neutral sender gets the same answer")
        case _:
            return _stops_others(scene, its, "it fails too", "a neutral sender fails too")


def _stops_others(scene: NoticeContext, its: str, too: str, known: str) -> str:
    """How much of a company's mail it is, as far as that is known."""
    if not scene.incident.open:  # what failed last is not all that failed
        return f"{its} stops other senders' mail too ({known})"
    paths = sorted({failure.path for failure in scene.failures if failure.nature is Nature.THEIR_SYSTEM})
    match scene.incident.part:
        case Scope.MAILBOX if paths:
            one = len(paths) == 1
            subject = f"the path {paths[0]} takes" if one else f"the paths {listed(paths)} take"
            return f"{subject} nobody's mail ({known})"
        case None:
            return f"{its} takes nobody's mail ({known})"
        case _:
            return f"{its} stops {_stopped_kinds(scene)}, a neutral sender's too ({too})"


def _stopped_kinds(scene: NoticeContext) -> str:
    """The kinds, if others get through beside them."""
    theirs = {failure.kind for failure in scene.failures if failure.nature is Nature.THEIR_SYSTEM}
    kinds = [kind for kind in Kind if kind in theirs]
    known = scene.incident.part is Scope.KIND and 0 < len(kinds) <= MOST_KINDS_IN_A_TITLE
    return " and ".join(KINDS[kind] for kind in kinds) if known else "some of the mail"


def kinds_of(scene: NoticeContext) -> list[Kind]:
    """The kinds that fail, as far as it is kept."""
    failing = {failure.kind for failure in scene.failures}
    return [kind for kind in Kind if kind in failing]
