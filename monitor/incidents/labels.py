"""The words for the values of incidents, one row for each, as `probes.labels` has them for verdicts. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.incidents.incident import Failure, IncidentEvent, Nature, Reason, Resolution, Scope, Severity
from probes.display import clock
from probes.labels import Label

SEVERITIES: dict[Severity, Label] = {  # sentence: what it means for people
    Severity.PAGE: Label("page", "People at a company cannot sign in.", "Wakes somebody: act now."),
    Severity.TICKET: Label(
        "ticket",
        "Some mail is affected, or it is not known whose problem it is.",
        "Handle it the same day: the spam folder, one mailbox of several, an unclear origin, Mailpath's own problems.",
    ),
    Severity.NOTE: Label("note", "Mail without a code is slow.", "Worth knowing; nobody is kept from signing in."),
}

SCOPES: dict[Scope, Label] = {  # sentence: who is affected
    Scope.MAILBOX: Label(
        "one mailbox",
        "one path of a company, or the probe's own mailbox",
        "One path of several, or the probe's own mailbox is full or gone.",
    ),
    Scope.KIND: Label("some kinds of mail", "some kinds of mail at one company", "Some kinds of mail at one company."),
    Scope.COMPANY: Label("one company", "one company", "The sender's mail is stopped at one company."),
    Scope.THEIR_SYSTEM: Label(
        "the company's mail system",
        "all mail to one company's mail system",
        "The company's mail system stops a neutral sender's mail too, or its gateway is down.",
    ),
    Scope.MAIL_SYSTEM: Label(
        "one mail system", "companies with one mail system", "Most companies behind one mail system."
    ),
    Scope.EVERYBODY: Label(
        "many companies",
        "companies with several mail systems",
        "Most companies with several mail systems, or one blocklist at several companies.",
    ),
    Scope.OURSELVES: Label("Mailpath itself", "Mailpath itself", "Mailpath cannot send or look."),
}

NATURES: dict[Nature, Label] = {  # sentence: whose problem it is
    Nature.MAIL: Label(
        "the sender's mail", "The sender's mail is stopped.", "Mail of other senders gets through, as far as is known."
    ),
    Nature.MAILBOX: Label(
        "the probe's own mailbox", "The server says that it concerns the mailbox.", "Full, deleted or disabled."
    ),
    Nature.THEIR_SYSTEM: Label(
        "the company's mail system",
        "The problem is not this sender's alone.",
        "It stops other senders' mail as well, its domain is not found or not accepted there, or its gateway is down.",
    ),
    Nature.STANDING: Label(
        "the sender's standing",
        "What is published about the sender is wrong.",
        "DNS or a blocklist gives receivers a reason to refuse its mail, whether or not a probe has failed yet.",
    ),
    Nature.OURS: Label("Mailpath itself", "Mailpath cannot tell what happens to the mail.", "It cannot send or look."),
}

REASONS: dict[Reason, Label] = {  # sentence: how the problem's owner was found; {at}: " at" and when; "" adds nothing
    Reason.NOT_COMPARED: Label(
        "not compared",
        "The comparison with a neutral sender has been inconclusive so far.",
        "No control could be sent so far, or it proves nothing yet.",
    ),
    Reason.CONTROL_THROUGH: Label(
        "control delivered",
        "A control from a neutral sender got through{at}, so mail in general gets through; the problem most likely "
        "concerns this sender.",
        "The control arrived by the same path.",
    ),
    Reason.NEIGHBOUR_THROUGH: Label(
        "neighbour delivered",
        "Our other domain, from the same IP address, got through{at}, so the problem is the domain or the "
        "content, not the IP address.",
        "Another domain arrived from the same address.",
    ),
    Reason.NEIGHBOUR_STOPPED: Label(
        "neighbour stopped",
        "Our other domain, from the same IP address, got the same answer{at}, so the problem is the IP "
        "address, the content or the company's mail system, not the domain.",
        "Another domain from the same address was stopped too.",
    ),
    Reason.DIAGNOSED: Label(
        "found by a diagnosis",
        "A diagnosis varied one property of the mail at a time and found the one that is stopped.",
        "The control's mail with that property is stopped, and the sender's mail without it passes.",
    ),
    Reason.SAME_ANSWER: Label(
        "same answer", "A neutral sender got the same answer{at}.", "Stage, code and text are the same."
    ),
    Reason.SAME_LIST: Label(
        "same blocklist",
        "A neutral sender was rejected by the same blocklist{at}.",
        "The list has both senders, or everybody.",
    ),
    Reason.SAME_TEXT: Label(
        "same content",
        "A neutral sender's mail with similar content got the same answer{at}.",
        "The filter rejects the content, whoever sends it.",
    ),
    Reason.NOT_ITS_DOMAIN: Label(
        "domain not accepted",
        "The server's answer concerns the recipient's domain, not the sender.",
        "The domain is not one of those that the server accepts mail for.",
    ),
    Reason.BOTH_LOST: Label(
        "both missing",
        "A neutral sender's mail was accepted and not delivered either, last{at}.",
        "Mail is lost behind the server that accepts it.",
    ),
    Reason.CONTROL_FAILS: Label(
        "control fails", "A neutral sender's mail failed too, last{at}.", "In another way, or without a reason."
    ),
    Reason.ONLY_HERE: Label(
        "only this company",
        "Other companies can be reached. It is not known whether this one rejects only this sender.",
        "No connection here, while others can be connected to.",
    ),
    Reason.NOTHING_REACHED: Label(
        "origin unknown",
        "No other server has been reached since, so the problem may be the company's connection or Mailpath's own.",
        "Nothing else was tried, or nothing answered.",
    ),
    Reason.NO_WAY_OUT: Label(
        "no connection at all", "No server has been reached since it began.", "Several unrelated companies were tried."
    ),
    Reason.LOOKUP: Label(
        "DNS lookup", "The sender plays no part in a DNS lookup.", "The domain's mail servers could not be found."
    ),
    Reason.GATEWAY_DOWN: Label("gateway down", "Other companies answer.", "The company's gateway does not answer."),
    Reason.NOT_ASKED: Label("not tested", "", "Mailpath could not send or look."),
    Reason.OUR_MESSAGE: Label("Mailpath's message", "", "Mailpath's own message or command is wrong."),
    Reason.PROBE_MAILBOX: Label("probe mailbox", "", "It concerns the probe's own mailbox."),
}

RESOLUTIONS: dict[Resolution, Label] = {  # sentence: why it is closed
    Resolution.RECOVERED: Label("recovered", "Mail is delivered again.", "Enough good verdicts in a row."),
    Resolution.MERGED: Label(
        "merged into a wider incident", "It continues as part of a wider incident.", "One notice for one problem."
    ),
    Resolution.NARROWED: Label(
        "mostly recovered",
        "Most companies recovered; what still fails has incidents of its own.",
        "Only in stores of older versions.",
    ),
    Resolution.UNWATCHED: Label(
        "no longer monitored",
        "Its paths were removed from the configuration.",
        "It is not known whether the problem was fixed.",
    ),
}

EVENTS: dict[IncidentEvent, Label] = {  # sentence: what happened
    IncidentEvent.OPENED: Label("opened", "The incident was opened.", "Enough probes failed."),
    IncidentEvent.REOPENED: Label("reopened", "The problem came back.", "Within the time of incidents.reopen."),
    IncidentEvent.WIDENED: Label("scope widened", "More is affected than before.", "Its scope grew."),
    IncidentEvent.CAUSE_CHANGED: Label("cause changed", "Probes now fail for another reason.", "See the new cause."),
    IncidentEvent.OUTCOME_CHANGED: Label("outcome changed", "Probes now fail in another way.", "See the new outcome."),
    IncidentEvent.SEVERITY_CHANGED: Label("severity changed", "It matters more or less than before.", "See severity."),
    IncidentEvent.TOUCHED: Label("company affected", "Another company is affected.", "It fails in the same way."),
    IncidentEvent.RECOVERED_IN: Label("company recovered", "A company recovered.", "Its probes are delivered again."),
    IncidentEvent.RECLASSIFIED: Label("owner changed", "Somebody else must act.", "A comparison showed it."),
    IncidentEvent.RECOVERING: Label("recovering", "Most companies recovered.", "The others are tested again first."),
    IncidentEvent.WORSENED: Label(
        "worse again", "Companies that had recovered fail again.", "It is as wide as before."
    ),
    IncidentEvent.NARROWED: Label("scope narrowed", "Most companies recovered; some still fail.", "Its scope shrank."),
    IncidentEvent.TOOK_IN: Label("merged in", "A narrower incident became part of it.", "One notice for one problem."),
    IncidentEvent.STANDING: Label(
        "also found",
        "Something else is wrong that no probe shows.",
        "The sender's standing, by two readings ten minutes apart; or refused real mail.",
    ),
    IncidentEvent.MUTED: Label("muted", "Notices are suppressed.", "Probes keep running."),
    IncidentEvent.UNMUTED: Label("unmuted", "Notices are sent again.", "The mute ended."),
    IncidentEvent.QUEUED: Label("queued", "A notice waits for its channel.", "Nobody is notified yet."),
    IncidentEvent.TOLD: Label("notified", "A channel accepted a notice.", "People there may not have read it yet."),
    IncidentEvent.NOT_DELIVERED: Label(
        "not delivered", "A channel did not accept a notice.", "It is retried until the channel accepts it."
    ),
    IncidentEvent.REMEDY_APPLIED: Label(
        "remedy carried out", "Somebody says that a company carried out a remedy.", "It is tested in its time."
    ),
    IncidentEvent.REMEDY_TESTED: Label("remedy tested", "The test of a remedy has a result.", "See it beside it."),
    IncidentEvent.REMEDY_UNDONE: Label("remedy undone", "Somebody took a remedy back.", "It lets nothing in any more."),
    IncidentEvent.CLOSED: Label("closed", "The incident was closed.", "See why beside it."),
    IncidentEvent.ACKNOWLEDGED: Label(
        "acknowledged", "Somebody has it.", "Reminders stop until it comes back, gets worse or widens."
    ),
    IncidentEvent.RELEASED: Label("released", "Nobody has it any longer.", "Reminders are sent again."),
    IncidentEvent.OWNER_SET: Label("new owner", "Somebody else owns it.", "Owning it does not acknowledge it."),
    IncidentEvent.COMMENTED: Label("comment", "Somebody commented.", "Visible to everybody who sees the incident."),
    IncidentEvent.COMMENT_PUBLISHED: Label(
        "comment published", "A comment was made public.", "Status pages of the affected companies show it."
    ),
    IncidentEvent.COMMENT_WITHDRAWN: Label(
        "comment withdrawn", "A comment is no longer public.", "Whoever has read it may have kept it."
    ),
    IncidentEvent.TICKET_LINKED: Label(
        "ticket linked", "A ticket of another system is linked.", "An address or a number."
    ),
}

TABLES: tuple[Mapping[StrEnum, Label], ...] = (  # type: ignore[assignment]  # each has its own enum as keys
    SEVERITIES,
    SCOPES,
    NATURES,
    REASONS,
    RESOLUTIONS,
    EVENTS,
)
"""All tables of incidents."""


def decided_by(failure: Failure) -> str:
    """Return a sentence about the reason for the attribution; "" if there is nothing to add."""
    if failure.reason is Reason.NOT_COMPARED and failure.nature is not Nature.MAIL:
        return ""
    if failure.reason is Reason.NOT_COMPARED and failure.of_last:
        return "Comparing with a neutral sender shows nothing here, because most of the sender's mail gets through too."
    at = f" at {clock(failure.compared_at)}" if failure.compared_at else ""
    return REASONS[failure.reason].sentence.format(at=at)
