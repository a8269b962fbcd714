"""Attribution of a failure to a party, with the reason: closed sets of plain values. `monitor.incidents.attribution`
decides it from the results of control and neighbour."""

from enum import StrEnum


class Nature(StrEnum):
    """The responsible party. Failures of different natures are never one incident."""

    MAIL = "mail"  # the sender's mail is stopped
    MAILBOX = "mailbox"  # the probe's own mailbox is full, gone or unknown: nothing is said of the sender
    THEIR_SYSTEM = "their_system"  # the company's mail system stops other senders' mail too: the control fails
    OURS = "ours"  # we cannot ask or look
    STANDING = "standing"  # what is published about the sender is wrong; no probe has to fail for it


class Reason(StrEnum):
    """The reason for the attribution."""

    NOT_COMPARED = "not_compared"  # no neutral sender was asked so far, or none can be
    CONTROL_THROUGH = "control_through"  # a neutral sender got through: it is about this sender
    NEIGHBOUR_THROUGH = "neighbour_through"  # another domain from the same address did: it is not the address
    DIAGNOSED = "diagnosed"  # a diagnosis found which property of the sender's mail is stopped
    NEIGHBOUR_STOPPED = "neighbour_stopped"  # another domain from the same address did not: it is not the domain
    SAME_ANSWER = "same_answer"  # a neutral sender got the same answer
    SAME_LIST = "same_list"  # a neutral sender is refused by the same blocklist: it lists both, or everybody
    SAME_TEXT = "same_text"  # a neutral sender's mail of the same shape is refused for its content: it is the text
    NOT_ITS_DOMAIN = "not_its_domain"  # the server takes no mail for the recipient's domain: "unable to relay"
    BOTH_LOST = "both_lost"  # a neutral sender's mail is accepted and never seen either: lost behind the server
    CONTROL_FAILS = "control_fails"  # a neutral sender fails again and again, in another way or without a word
    ONLY_HERE = "only_here"  # no connection; other companies can be reached
    NOTHING_REACHED = "nothing_reached"  # no connection, and nobody else was reached since: theirs or ours
    NO_WAY_OUT = "no_way_out"  # no connection to several unrelated companies, nor to a reference: ours
    LOOKUP = "lookup"  # its MX could not be found: no sender has a part in that
    GATEWAY_DOWN = "gateway_down"  # the company's gateway does not answer us; others do
    NOT_ASKED = "not_asked"  # we could not ask or look
    OUR_MESSAGE = "our_message"  # our own message or command is wrong
    PROBE_MAILBOX = "probe_mailbox"  # it is about the probe's own mailbox
