"""What traces mean for a probe: which statement decides, what stays open, when a trace is asked. One row, one belief.

Times as in `test_judge`: the code lives 10 s, and after 60 s we stop waiting. The message is accepted after 1 s.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from probes.evidence import Arrival, Bounce, Evidence, Folder, Handover, Look, decode, encode
from probes.judge import is_over, judge, may_arrive, wants_look
from probes.outcome import Cause
from probes.traced import Side, Traced, TraceFate
from probes.tracing import TracePlan, news, next_question, question_number, with_times
from tests.probes.test_judge import SENDER_IP, accepted, arrival, at, attempt, came_back, dialogue, greylisted, probe

LOOK = Look(at(60), ("INBOX", "Junk"))
OTHER_IP = "198.51.100.9"


def said(seconds: float, fate: TraceFate, text: str = "", side: Side = Side.SENDER, **more: Any) -> Traced:
    """A statement with a reply like "550 5.7.1 no", of the sender's service or of the receiver."""
    code, _, rest = text.partition(" ")
    enhanced, _, words = rest.partition(" ")
    reply = {"code": int(code), "enhanced": enhanced, "text": words} if code.isdigit() else {"text": text}
    return Traced(
        at(seconds),
        {Side.SENDER: "mailgun", Side.RECEIVER: "graph"}[side],
        side,
        fate,
        **(reply | more),
    )


def receiver(seconds: float, fate: TraceFate, text: str = "", **more: Any) -> Traced:
    return said(seconds, fate, text, Side.RECEIVER, **more)


def gateway(seconds: float, fate: TraceFate, text: str = "") -> Traced:
    """A statement of the gateway before the receiver's mail system, about that moment."""
    return replace(receiver(3, fate, text), source="cloudflare", happened_at=at(seconds))


LISTED = "550 5.7.1 Service unavailable; client [104.130.122.50] blocked using bl.test"
REFUSED = said(3, TraceFate.REFUSED, LISTED, from_ip=SENDER_IP, to_host="mx.acme.test")
HANDED = said(3, TraceFate.DELIVERED, "250 2.0.0 Ok", from_ip=SENDER_IP, to_host="mx.acme.test", happened_at=at(2))
UNKNOWN_TO = [replace(receiver(each, TraceFate.NEVER_SEEN), number=number) for number, each in enumerate((15, 60), 1)]


@pytest.mark.parametrize(
    ("belief", "seen", "now", "via", "verdict", "words"),
    [
        # -- the sender's own service ------------------------------------------------------------------------------
        ("a refusal is known in seconds", [REFUSED], 3, "relay", "blocked ip_listed real",
         'then refused by mx.acme.test, as Mailgun\'s log says: "550 5.7.1 Service unavailable'),
        ("one in the moment in which it was taken",
         [said(3, TraceFate.HANDED_OVER, happened_at=at(2)), replace(REFUSED, happened_at=at(2))], 3, "relay",
         "blocked ip_listed real", ""),
        ("one of mail that left from elsewhere", [replace(REFUSED, from_ip=OTHER_IP)], 3, "relay",
         "blocked ip_listed unproven", "it left from 198.51.100.9, not from the sender's address"),
        ("one of mail that left from who knows where", [replace(REFUSED, from_ip="")], 3, "relay",
         "blocked ip_listed unproven", ""),
        ("no such user is no block of the sender", [said(3, TraceFate.REFUSED, "550 5.1.1 User unknown")], 3, "relay",
         "blocked no_such_user unproven", ""),
        ("the company was never reached",
         [said(3, TraceFate.REFUSED, "connection timed out", cause=Cause.NETWORK, from_ip=SENDER_IP)], 3, "relay",
         "unknown network unproven", ""),
        ("the service refuses our account", [said(3, TraceFate.REFUSED, "not allowed", cause=Cause.RELAY_DENIED)], 3,
         "relay", "unknown relay_denied unproven", ""),
        ("suppressed, at once",
         [said(3, TraceFate.SUPPRESSED, "605  Not delivering to previously bounced address", cause=Cause.SUPPRESSED)],
         3, "relay", "blocked suppressed real", "nothing reaches the company until the suppression is deleted"),
        ("what the gateway passed on, the mail system behind it holds",
         [gateway(2, TraceFate.DELIVERED), receiver(3, TraceFate.QUARANTINED, happened_at=at(3))], 3, "relay",
         "quarantined unclear unproven", ""),
        ("what the gateway holds, the mail system behind it never sees",
         [gateway(2, TraceFate.QUARANTINED), *UNKNOWN_TO], 60, "relay", "quarantined unclear unproven", ""),
        ("deferred is waited for", [said(3, TraceFate.DEFERRED, "450 4.2.0 Greylisted")], 9, "relay", None, ""),
        ("and is deferred when the code expires",
         [said(10, TraceFate.DEFERRED, "450 4.2.0 Greylisted, try later", from_ip=SENDER_IP)], 10, "relay",
         "deferred greylisted real", "still deferred when the code expired, as Mailgun's log says"),
        ("unless nobody asked again since", [said(3, TraceFate.DEFERRED, "450 4.2.0 x")], 10, "relay", None, ""),
        ("a service that has not tried accuses nobody", [said(10, TraceFate.HANDED_OVER)], 10, "relay",
         "unknown - unproven", "but the company had not been asked when the code expired"),
        ("handed over, and missing", [HANDED, LOOK], 60, "relay", "missing unclear real",
         'Mailgun handed it to mx.acme.test at 08:00:02 UTC: "250 2.0.0 Ok"'),
        ("the same, while it may come", [HANDED], 30, "relay", None, ""),
        ("handed over from elsewhere, and missing", [replace(HANDED, from_ip=OTHER_IP), LOOK], 60, "relay",
         "missing unclear unproven", ""),
        ("a log without it", [said(3, TraceFate.NEVER_SEEN), said(60, TraceFate.NEVER_SEEN), LOOK], 60, "relay",
         "missing unclear unproven", "Mailgun has no record of it"),
        ("a log that was asked once too early", [said(3, TraceFate.NEVER_SEEN), LOOK], 60, "relay",
         "missing unclear unproven", "within 60 s"),
        ("a log that could not be asked", [said(3, TraceFate.NOT_ASKED, "HTTP 503"), LOOK], 60, "relay",
         "missing unclear unproven", "within 60 s"),
        ("the same, before", [said(3, TraceFate.NOT_ASKED, "HTTP 503")], 59, "relay", None, ""),
        ("bounced after it was handed over", [HANDED, said(5, TraceFate.REFUSED, LISTED, happened_at=at(4))], 5,
         "relay", "blocked ip_listed real", ""),
        ("deferred, then handed over", [said(10, TraceFate.DEFERRED, "450 4.2.0 x", happened_at=at(2)),
         said(10, TraceFate.DELIVERED, "250 2.0.0 Ok", happened_at=at(9))], 10, "relay", None, ""),
        # -- the receiver -------------------------------------------------------------------------------------------
        ("quarantined", [receiver(4, TraceFate.QUARANTINED, rule="High confidence phish", cause=Cause.CONTENT)], 4,
         "direct", "quarantined content real", 'put into quarantine, as Microsoft 365\'s log says (rule: "High'),
        ("quarantined, without a reason", [receiver(4, TraceFate.QUARANTINED)], 4, "direct",
         "quarantined unclear real", ""),
        ("quarantined, from our gateway's address", [receiver(4, TraceFate.QUARANTINED, from_ip="192.0.2.1")], 4,
         "xclient", "quarantined unclear impersonated", ""),
        ("held", [receiver(4, TraceFate.HELD, "held by policy", cause=Cause.POLICY)], 4, "direct",
         "quarantined policy real", "then held until somebody releases it"),
        ("over a relay, the receiver saw the source IP", [receiver(4, TraceFate.QUARANTINED, from_ip=SENDER_IP)], 4,
         "relay", "quarantined unclear real", ""),
        ("over a relay, it saw another", [receiver(4, TraceFate.QUARANTINED, from_ip=OTHER_IP)], 4, "relay",
         "quarantined unclear unproven", "put into quarantine"),
        ("junk, and not found there", [receiver(4, TraceFate.JUNK), LOOK], 60, "direct", "spam unclear real",
         "put into the spam folder, as Microsoft 365's log says; we do not find it there"),
        ("junk, before we looked", [receiver(4, TraceFate.JUNK)], 5, "direct", "spam unclear real",
         "has not been searched since"),
        ("refused behind the gateway", [receiver(4, TraceFate.REFUSED, "550 5.7.1 blocked by content filter: spam")], 4,
         "direct", "blocked content real", ""),
        ("pending is waited for", [receiver(4, TraceFate.PENDING)], 9, "direct", None, ""),
        ("and is deferred when the code expires", [receiver(11, TraceFate.PENDING)], 11, "direct",
         "deferred unclear real", "it is still being worked on, as Microsoft 365's log says"),
        ("taken by the receiver, which says no more, is not deferred", [receiver(11, TraceFate.HANDED_OVER)], 11,
         "direct", None, ""),
        ("and is missing in the end", [receiver(11, TraceFate.HANDED_OVER, happened_at=at(3)), LOOK], 60, "direct",
         "missing unclear real", "Microsoft 365 took the message at 08:00:03 UTC"),
        ("discarded", [receiver(4, TraceFate.GONE, rule="Delete rule")], 4, "direct", "missing unclear real",
         "then discarded or deleted"),
        ("in the mailbox, by its own account", [receiver(4, TraceFate.DELIVERED, happened_at=at(3)), LOOK], 60,
         "direct", "missing unclear real", "is that the mailbox that Mailpath reads?"),
        ("no record, asked twice", [*UNKNOWN_TO, LOOK], 60, "direct", "missing unclear real",
         "Microsoft 365 has no record of it: it was refused or lost before"),
        ("released", [receiver(4, TraceFate.QUARANTINED, happened_at=at(3)),
         receiver(8, TraceFate.DELIVERED, happened_at=at(7))], 8, "direct", None, ""),
        # -- which one counts ---------------------------------------------------------------------------------------
        ("an arrival beats any trace", [REFUSED, arrival(5)], 5, "relay", "inbox - real", ""),
        ("and a quarantine", [receiver(4, TraceFate.QUARANTINED), arrival(8)], 8, "direct", "inbox - real", ""),
        ("the receiver beats the sender, whose log proves the address",
         [HANDED, receiver(4, TraceFate.QUARANTINED, from_ip="192.0.2.1")], 4, "relay", "quarantined unclear real", ""),
        ("also where the sender was refused", [REFUSED, receiver(4, TraceFate.QUARANTINED)], 4, "relay",
         "quarantined unclear real", ""),
        ("a receiver that knows nothing leaves it to the sender", [REFUSED, *UNKNOWN_TO], 60, "relay",
         "blocked ip_listed real", ""),
        ("a receiver that waits leaves it to the sender", [REFUSED, receiver(4, TraceFate.PENDING)], 5, "relay",
         "blocked ip_listed real", ""),
        ("a trace beats a bounce that nobody proves",
         [REFUSED, came_back(5, reply="552 5.2.2 full", cause=Cause.MAILBOX_FULL)], 60,
         "relay", "blocked ip_listed real", ""),
        ("a bounce counts where the trace says only that it was handed over", [HANDED, came_back(5), LOOK], 60, "relay",
         "blocked ip_listed unproven", ""),
        ("what was refused to us is no matter of a trace", [receiver(4, TraceFate.QUARANTINED)], 4, "refused",
         "blocked policy real", ""),
        # -- late ---------------------------------------------------------------------------------------------------
        ("late, and the trace knows why",
         [said(10, TraceFate.DEFERRED, "450 4.2.0 Greylisted, try later", to_host="mx.acme.test"), arrival(30)], 30,
         "relay", "late greylisted unproven", 'Mailgun says that it was deferred by mx.acme.test: "450 4.2.0'),
        ("a header hides the source, the trace shows it", [HANDED, arrival(5, ip="10.0.0.1")], 5, "relay",
         "inbox - real", ""),
        ("both show another one", [replace(HANDED, from_ip=OTHER_IP), arrival(5, ip="10.0.0.1")], 5, "relay",
         "inbox - unproven", ""),
        ("a copy proves nothing all the same", [HANDED, arrival(5, Folder.COPY)], 5, "relay", "inbox - unproven", ""),
    ],
)  # fmt: skip
def test_what_a_trace_means(
    belief: str, seen: Sequence[Evidence], now: float, via: str, verdict: str | None, words: str
) -> None:
    handed_over = accepted() if via != "refused" else dialogue(1, Handover.REFUSED, *greylisted(1).steps)
    case = [attempt(0), handed_over, *(decode(encode(each)) for each in seen)]
    found = judge(probe("direct" if via == "refused" else via), case, at(now))
    if via == "refused":
        assert found
        assert found.outcome == "blocked"
        return
    assert (f"{found.outcome} {found.cause or '-'} {found.grade}" if found else None) == verdict, belief
    assert words in (found.because if found else ""), belief


@pytest.mark.parametrize(
    ("seen", "over", "watched"),
    [
        ([REFUSED], True, False),
        ([said(3, TraceFate.SUPPRESSED)], True, False),
        ([receiver(3, TraceFate.REFUSED, "550 5.7.1 no")], True, False),
        ([REFUSED, receiver(3, TraceFate.QUARANTINED)], False, True),  # it is there, whatever the sender was answered
        ([receiver(3, TraceFate.QUARANTINED)], False, True),  # somebody may release it
        ([receiver(3, TraceFate.GONE)], False, True),
        # a gateway, and the mail system behind it
        ([gateway(2, TraceFate.DELIVERED), receiver(3, TraceFate.REFUSED, "550 5.7.1 no")], True, False),
        ([receiver(3, TraceFate.REFUSED, "550 5.7.1 no"), gateway(2, TraceFate.DELIVERED)], True, False),
        ([gateway(2, TraceFate.REFUSED, "550 5.7.1 no"), receiver(3, TraceFate.DELIVERED)], False, True),
        ([gateway(3, TraceFate.QUARANTINED), receiver(3, TraceFate.NEVER_SEEN)], False, True),
        ([said(3, TraceFate.DEFERRED, "450 x")], False, True),
        ([said(3, TraceFate.NOT_ASKED)], False, True),
    ],
)
def test_what_ends_a_probe(seen: Sequence[Evidence], over: bool, watched: bool) -> None:
    relayed, case = probe("relay"), [attempt(0), accepted(), *seen]
    assert is_over(relayed, case, judge(relayed, case, at(3)), at(3)) is over
    assert may_arrive(relayed, case) is watched
    assert wants_look(relayed, case, at(60)) is watched


# -- when a trace is asked ---------------------------------------------------------------------------------------------

LOG = TracePlan("mailgun", Side.SENDER, tuple(timedelta(seconds=each) for each in (2, 5)))
TRACE = TracePlan("graph", Side.RECEIVER, (timedelta(seconds=5),))


@pytest.mark.parametrize(
    ("belief", "seen", "via", "plan", "moment"),
    [
        ("not before it was handed over", [attempt(0)], "relay", LOG, None),
        ("soon after it was", [accepted()], "relay", LOG, 3),
        ("then again", [accepted(), said(3.2, TraceFate.NEVER_SEEN)], "relay", LOG, 6),
        ("when the code expires", [accepted(), said(6, TraceFate.HANDED_OVER)], "relay", LOG, 10),
        ("for the last time at the end", [accepted(), said(10, TraceFate.DEFERRED, "450 x")], "relay", LOG, 60),
        ("and never again", [accepted(), said(60, TraceFate.DEFERRED, "450 x")], "relay", LOG, None),
        ("what was missed is asked once", [accepted(), said(30, TraceFate.NEVER_SEEN)], "relay", LOG, 60),
        ("handed over: the log knows no more", [accepted(), HANDED], "relay", LOG, None),
        ("refused", [accepted(), REFUSED], "relay", LOG, None),
        ("refused: nor does the receiver", [accepted(), REFUSED], "relay", TRACE, None),
        ("handed over: the receiver may know more", [accepted(), HANDED], "relay", TRACE, 6),
        ("the sender's log knows nothing of a direct dialogue", [accepted()], "direct", LOG, None),
        ("arrived", [accepted(), arrival(2)], "relay", LOG, None),
        ("bounced, which is proven", [accepted(), came_back(2)], "direct", TRACE, None),
        ("overdue", [accepted()], "direct", TRACE, 6),
        ("one that waits", [accepted(), receiver(6, TraceFate.PENDING)], "direct", TRACE, 10),
        ("quarantined: it is known", [accepted(), receiver(6, TraceFate.QUARANTINED)], "direct", TRACE, None),
        ("held: it may be released", [accepted(), receiver(10, TraceFate.HELD)], "direct", TRACE, 60),
        ("could not be asked: the next time", [accepted(), receiver(6, TraceFate.NOT_ASKED)], "direct", TRACE, 10),
    ],
)  # fmt: skip
def test_when_a_trace_is_asked(
    belief: str, seen: Sequence[Evidence], via: str, plan: TracePlan, moment: float | None
) -> None:
    expected = None if moment is None else at(moment)
    assert next_question(probe(via), [attempt(0), *seen], plan) == expected, belief


def test_a_probe_costs_three_requests_at_most() -> None:
    case: list[Evidence] = [attempt(0), accepted()]
    while moment := next_question(probe(), case, TRACE):
        case.append(replace(receiver(0, TraceFate.PENDING), at=moment))
    assert sum(isinstance(each, Traced) for each in case) == 3


def test_only_what_is_new_is_kept_and_that_it_was_asked() -> None:
    first = with_times([said(3, TraceFate.DEFERRED, "450 4.2.0 x", happened_at=at(2))], at(3), 1, timedelta(seconds=1))
    assert (first[0].at, first[0].happened_at, first[0].number) == (at(3), at(1), 1)
    assert question_number([], "mailgun") == 1
    assert question_number(first, "mailgun") == 2
    assert question_number(first, "graph") == 1
    again = with_times([first[0], HANDED, HANDED], at(6), 2, timedelta())
    assert [each.fate for each in news(first, again)] == [TraceFate.DELIVERED]
    [same] = news(first, with_times([first[0]], at(6), 2, timedelta()))
    assert (same.fate, same.number) == (TraceFate.DEFERRED, 2)
    assert same.once != first[0].once


def test_a_statement_in_the_store() -> None:
    full = Traced(at(1), "mailgun", Side.SENDER, TraceFate.REFUSED, 2, at(0), SENDER_IP, "mx", 550, "5.7.1", "no", "r")
    assert decode(encode(full)) == full
    assert full.once == "trace:mailgun:2:b90e14cf87f23bbac440"
    assert isinstance(came_back(1), Bounce)
    assert isinstance(arrival(1), Arrival)
