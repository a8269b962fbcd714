"""What evidence means. One row, one belief.

Times are seconds after the code was born; it lives 10 s, and after 60 s we give up.
"""

import ast
import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import probes.judge as judging
from probes.answer import Fault, Stage
from probes.attempts import wait_after
from probes.details import StopKind, decode, dialogue_stopped, encode
from probes.evidence import (
    Arrival,
    Attempt,
    BodyState,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    Folder,
    Handover,
    Interrupted,
    Look,
    MailKind,
    Marker,
    Step,
)
from probes.judge import delivery_time, is_over, judge, next_attempt, next_moment, wants_look
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.sentences import sentence
from probes.verdict import Cause, Grade

BORN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SENDER_IP = "104.130.122.50"
MX = "mx.acme.test[192.0.2.11]:25"


def at(seconds: float) -> datetime:
    return BORN + timedelta(seconds=seconds)


def evidence(*seen: Evidence) -> list[Evidence]:
    """All of it, in the order in which it came."""
    return list(seen)


def probe(via: str = "direct", retry: tuple[float, ...] = (4.0, 30.0)) -> Probe:
    return Probe(
        id="a" * 16,
        company="acme",
        path="hq",
        kind=Kind.TWO_STEP_CODE,
        role=Role.SENDER,
        via=via,
        recipient="probe@acme.test",
        source_ip=SENDER_IP,
        created_at=BORN,
        code_dead_at=at(10),
        give_up_at=at(60),
        retry=tuple(timedelta(seconds=s) for s in retry),
    )


def attempt(seconds: float, number: int = 1) -> Attempt:
    return Attempt(at(seconds), number)


def dialogue(
    seconds: float,
    handover: Handover,
    *steps: Step,
    number: int = 1,
    local_ip: str = SENDER_IP,
    begun: float | None = None,
) -> Dialogue:
    """It ended at `seconds`; the first attempt began when the code was issued, a later one just before its end."""
    began = begun if begun is not None else (0 if number == 1 else seconds - 0.5)
    steps = tuple(replace(each, at=at(began) + timedelta(seconds=each.seconds)) for each in steps)
    return Dialogue(at(seconds), number, handover, steps, local_ip)


def step(stage: Stage, code: int | None = None, text: str = "", **more: Any) -> Step:
    enhanced, _, rest = text.partition(" ")
    if enhanced[1:2] != ".":
        enhanced, rest = "", text
    return Step(stage, BORN, 0.01, MX, code, enhanced or None, rest, **more)


def accepted(seconds: float = 1, number: int = 1, *before: Step, begun: float | None = None) -> Dialogue:
    last = step(Stage.END_OF_DATA, 250, "2.0.0 Ok: queued as 4ABC")
    return dialogue(seconds, Handover.ACCEPTED, *before, last, number=number, begun=begun)


def refused(stage: Stage, code: int, text: str, seconds: float = 1) -> Dialogue:
    return dialogue(seconds, Handover.REFUSED, step(stage, code, text))


def greylisted(seconds: float, number: int = 1) -> Dialogue:
    return dialogue(seconds, Handover.DEFERRED, step(Stage.RCPT, 450, "4.2.0 Greylisted, try later"), number=number)


def fault(
    stage: Stage, what: Fault, seconds: float = 1, *before: Step, local_ip: str = SENDER_IP, number: int = 1
) -> Dialogue:
    return dialogue(seconds, Handover.DEFERRED, *before, step(stage, fault=what), local_ip=local_ip, number=number)


def deferred_at_the_end(seconds: float = 1) -> Dialogue:
    """It was sent in full, and they do not want it yet."""
    return dialogue(seconds, Handover.DEFERRED, step(Stage.END_OF_DATA, 451, "4.3.0 queue file write error"))


def refused_at_the_end(seconds: float = 1) -> Dialogue:
    return refused(Stage.END_OF_DATA, 554, "5.7.1 message content rejected as spam", seconds)


def cut_off_at_the_end(seconds: float = 1) -> Dialogue:
    return fault(Stage.END_OF_DATA, Fault.TIMED_OUT, seconds)


INTACT, ALTERED = BodyState.INTACT, BodyState.ALTERED


def arrival(
    seconds: float,
    folder: Folder = Folder.INBOX,
    ip: str = SENDER_IP,
    more: str = "",
    body: BodyState = BodyState.UNVERIFIED,
) -> Arrival:
    received = f"Received: from account.trimble.com (m50.example [{ip}])\r\n\tby mx.acme.test (Postfix) with ESMTPS\r\n"
    return Arrival(at(seconds), at(seconds), folder, folder.upper(), received + more, (Marker.HEADER,), body)


def copy(seconds: float, more: str = "") -> Arrival:
    seen = arrival(seconds, more=more)
    folder = "the copies to x@probe.test"
    return Arrival(seen.at, seen.seen_at, Folder.COPY, folder, seen.headers, seen.markers, client_ip="198.51.100.9")


def came_back(
    seconds: float,
    kind: MailKind = MailKind.BOUNCE,
    action: str = "failed",
    reply: str = "550 5.7.1 blocked using bl.test",
    cause: Cause = Cause.IP_LISTED,
    remote: str = "",
    client: str = "192.0.2.11",
    **more: Any,
) -> Bounce:
    permanent = kind is MailKind.BOUNCE
    said = (kind, "probe@acme.test", action, "5.7.1", reply, cause, permanent, "mx.acme.test", remote)
    return Bounce(at(seconds), *said, client_ip=client, **{"to_envelope": True, "null_sender": True} | more)


def forged(seconds: float, kind: MailKind = MailKind.BOUNCE, action: str = "failed", **more: Any) -> Bounce:
    return came_back(seconds, kind, action, client="203.0.113.9", **more)


DELAY = came_back(5, MailKind.DELAY, "delayed", "451 4.7.1 come back later", Cause.GREYLISTED)
LOOK = Look(at(60), ("INBOX", "Junk"))
NO_LOOK = FailedLook(at(60), "imap.acme.test:993: login refused")
ASSERTED = step(Stage.XCLIENT, 220)

VERDICTS: list[tuple[str, list[Evidence], float, str, str, str]] = [
    # what happened, evidence, judged at, via, "outcome cause grade", what the sentence must say
    ("nothing yet", [attempt(0)], 5, "direct", "", ""),
    ("in the inbox", [attempt(0), accepted(), arrival(3)], 3, "direct", "inbox - real", "INBOX 3.0 s"),
    ("at the last moment", [accepted(), arrival(10)], 10, "direct", "inbox - real", ""),
    ("a moment later", [accepted(), arrival(11)], 11, "direct", "late unclear real", "expires after 10 s"),
    ("arrived in time, found after a crash", [accepted(), arrival(9)], 500, "direct", "inbox - real", ""),
    ("arrived before we heard 250", [attempt(0), arrival(1)], 1, "direct", "inbox - real", ""),
    ("from another address", [accepted(), arrival(3, ip="10.0.0.9")], 3, "direct", "inbox - unproven", ""),
    ("as the client of a gateway", [accepted(), arrival(3)], 3, "xclient", "inbox - impersonated", ""),
    (
        "moved by a rule",
        [accepted(), arrival(3, Folder.OTHER)],
        3,
        "direct",
        "unknown moved unproven",
        "delivered 3.0 s after it was sent, but a rule moved it to OTHER; whether other people have it in the inbox",
    ),
    (
        "moved by a rule, found an hour later",
        [accepted(), arrival(9, Folder.OTHER)],
        3600,
        "direct",
        "unknown moved unproven",
        "delivered 9.0 s after it was sent, but a rule moved it to OTHER",
    ),
    (
        "moved by a rule, too late anyway",
        [accepted(), arrival(11, Folder.OTHER)],
        11,
        "direct",
        "late unclear real",
        "arrived in OTHER 11 s after it was sent, but its code expires after 10 s",
    ),
    ("junk, no sign why", [accepted(), arrival(3, Folder.JUNK)], 3, "direct", "spam unclear real", "JUNK"),
    (
        "junk, marked",
        [accepted(), arrival(3, Folder.JUNK, more="X-Spam-Flag: YES\r\n")],
        3,
        "direct",
        "spam content real",
        "X-Spam-Flag: YES",
    ),
    (
        "junk, because unauthenticated",
        [accepted(), arrival(3, Folder.JUNK, more="Authentication-Results: mx;\r\n spf=fail smtp.mailfrom=x\r\n")],
        3,
        "direct",
        "spam authentication real",
        "spf=fail",
    ),
    (
        "refused by address",
        [refused(Stage.RCPT, 554, "5.7.1 <m[104.130.122.50]>: Client host rejected: Access denied")],
        1,
        "direct",
        "blocked ip_blocked real",
        'rejected at RCPT TO by mx.acme.test[192.0.2.11]:25: "554 5.7.1 <m[104.130.122.50]>: Client host rejected: ',
    ),
    (
        "refused by domain",
        [refused(Stage.MAIL, 554, "5.7.1 <b@account.trimble.com>: Sender address rejected: Access denied")],
        1,
        "direct",
        "blocked domain_blocked real",
        "rejected at MAIL FROM",
    ),
    (
        "listed",
        [refused(Stage.RCPT, 554, "5.7.1 Service unavailable; Client host [104.130.122.50] blocked using bl.test")],
        1,
        "direct",
        "blocked ip_listed real",
        "blocked using bl.test",
    ),
    (
        "no such user is nobody's block",
        [refused(Stage.RCPT, 550, "5.1.1 <probe@acme.test>: Recipient address rejected: User unknown")],
        1,
        "direct",
        "blocked no_such_user real",
        "",
    ),
    (
        "no such domain",
        [dialogue(1, Handover.REFUSED, step(Stage.LOOKUP, fault=Fault.DOMAIN_UNKNOWN))],
        1,
        "direct",
        "blocked domain_unknown unproven",
        "",
    ),
    (
        "refused as a gateway's client",
        [dialogue(1, Handover.REFUSED, ASSERTED, step(Stage.RCPT, 554, "5.7.1 Client host rejected"))],
        1,
        "xclient",
        "blocked ip_blocked impersonated",
        "",
    ),
    (
        "rejected at XCLIENT itself",
        [dialogue(1, Handover.REFUSED, step(Stage.XCLIENT, 554, "5.7.1 go away"))],
        1,
        "xclient",
        "blocked ip_blocked impersonated",
        "",
    ),
    (
        "bounced",
        [attempt(0), accepted(), came_back(4)],
        4,
        "direct",
        "blocked ip_listed real",
        'then bounced by mx.acme.test: "550 5.7.1 blocked using bl.test"',
    ),
    (
        "bounced by one on behalf of another",
        [accepted(), came_back(4, remote="inner.test")],
        4,
        "xclient",
        "blocked ip_listed impersonated",
        'bounced by mx.acme.test: inner.test said: "550 5.7.1 blocked using bl.test"',
    ),
    ("bounced by the relay", [accepted(), came_back(4)], 4, "relay", "blocked ip_listed unproven", ""),
    (
        "bounced, long after it was given up",
        [accepted(), LOOK, came_back(900)],
        900,
        "direct",
        "blocked ip_listed real",
        "",
    ),
    (
        "given up after retries",
        [accepted(), came_back(900, cause=Cause.EXPIRED)],
        900,
        "direct",
        "blocked expired real",
        "",
    ),
    (
        "no such user is nobody's block, told later",
        [accepted(), came_back(4, cause=Cause.NO_SUCH_USER)],
        4,
        "direct",
        "blocked no_such_user real",
        "",
    ),
    (
        "we could not get there",
        [accepted(), came_back(4, cause=Cause.NETWORK)],
        4,
        "relay",
        "unknown network unproven",
        "not asked",
    ),
    (
        "bounced, though seen in the inbox",
        [accepted(), arrival(3), came_back(4)],
        4,
        "direct",
        "inbox - real",
        'although mx.acme.test reported a failure: "550 5.7.1 blocked using bl.test"',
    ),
    (
        "seen in the inbox, though bounced",
        [accepted(), came_back(2), arrival(3)],
        4,
        "direct",
        "inbox - real",
        "although",
    ),
    (
        "bounced, and only a copy was seen",
        [accepted(), copy(3), came_back(4)],
        4,
        "direct",
        "blocked ip_listed real",
        "though a copy",
    ),
    (
        "bounced after an attempt of which we do not know the end",
        [attempt(0), Interrupted(at(2), 1), came_back(4)],
        4,
        "direct",
        "blocked ip_listed unproven",
        "",
    ),
    (
        "what was refused cannot come back",
        [refused(Stage.RCPT, 550, "5.1.1 User unknown"), came_back(4)],
        4,
        "direct",
        "blocked no_such_user real",
        "rejected at RCPT TO",
    ),
    (
        "bounced by a stranger",
        [accepted(), forged(4)],
        4,
        "direct",
        "blocked ip_listed unproven",
        "not proven: this report came from 203.0.113.9, which we could not tie to the receiver",
    ),
    (
        "bounced by a stranger as a gateway's client",
        [accepted(), forged(4)],
        4,
        "xclient",
        "blocked ip_listed unproven",
        "not proven",
    ),
    (
        "bounced to an address that any reader of the message knows",
        [accepted(), came_back(4, to_envelope=False)],
        4,
        "direct",
        "blocked ip_listed unproven",
        "not sent to the probe's own bounce address",
    ),
    (
        "somebody's mail from the receiver's own server is no report",
        [accepted(), came_back(4, null_sender=False)],
        4,
        "direct",
        "blocked ip_listed unproven",
        "not proven: this report has an envelope sender",
    ),
    (
        "a bounce from before we kept who sent it",
        [accepted(), came_back(4, client="")],
        4,
        "direct",
        "blocked ip_listed unproven",
        "we do not know which server",
    ),
    (
        "bounced by a stranger first, then by the receiver",
        [accepted(), forged(4, cause=Cause.IP_BLOCKED), came_back(5, cause=Cause.CONTENT)],
        5,
        "direct",
        "blocked content real",
        "",
    ),
    (
        "a stranger's bounce does not undo a copy",
        [accepted(), copy(3), forged(4)],
        4,
        "direct",
        "inbox - unproven",
        "does not prove",
    ),
    ("bounced before we know that it was taken", [attempt(0), came_back(1)], 1, "direct", "", ""),
    (
        "what nobody has cannot come back",
        [attempt(0), greylisted(7), forged(8)],
        10,
        "direct",
        "deferred greylisted real",
        "",
    ),
    (
        "what was cut off at its end can",
        [attempt(0), cut_off_at_the_end(7), came_back(8)],
        10,
        "direct",
        "blocked ip_listed real",
        "then bounced",
    ),
    (
        "delayed, says a stranger",
        [accepted(), forged(5, MailKind.DELAY, "delayed", cause=Cause.GREYLISTED)],
        10,
        "direct",
        "deferred greylisted unproven",
        "not proven",
    ),
    ("delayed, the code alive", [accepted(), DELAY], 6, "direct", "", ""),
    (
        "delayed, the code dead",
        [accepted(), DELAY],
        10,
        "direct",
        "deferred greylisted real",
        'then delayed, as mx.acme.test reported: "451 4.7.1 come back later"',
    ),
    ("delayed, and never seen", [accepted(), DELAY, LOOK], 60, "direct", "deferred greylisted real", ""),
    ("delayed, in after all", [accepted(), DELAY, arrival(8)], 60, "direct", "inbox - real", ""),
    (
        "delayed, in too late",
        [accepted(), DELAY, arrival(30)],
        60,
        "direct",
        "late greylisted real",
        "reported a delay",
    ),
    ("delayed, then bounced", [accepted(), DELAY, came_back(40)], 40, "direct", "blocked ip_listed real", ""),
    ("delayed, and we cannot look", [accepted(), DELAY, NO_LOOK], 60, "direct", "unknown - unproven", ""),
    *(
        (f"{kind} is no block", evidence(accepted(), came_back(4, kind, "")), 60, "direct", "", "")
        for kind in (MailKind.COMPLAINT, MailKind.AUTO_REPLY, MailKind.SUCCESS, MailKind.OTHER)
    ),
    (
        "a bounce of what was delivered to somebody else",
        [accepted(), came_back(4, action="delivered")],
        5,
        "direct",
        "",
        "",
    ),
    (
        "a copy came",
        [accepted(), copy(3)],
        3,
        "direct",
        "inbox - unproven",
        "a copy sent to us by 198.51.100.9 does not prove that the reader has it in the inbox",
    ),
    ("a copy came late", [accepted(), copy(11)], 11, "direct", "late unclear unproven", "does not prove"),
    (
        "a copy that was taken for spam before",
        [accepted(), copy(3, "X-Spam-Flag: YES\r\n")],
        3,
        "direct",
        "spam content unproven",
        "X-Spam-Flag: YES",
    ),
    (
        "a copy with a failed check is not spam for that",
        [accepted(), copy(3, "Authentication-Results: mx.acme.test;\r\n spf=fail smtp.mailfrom=x\r\n")],
        3,
        "direct",
        "inbox - unproven",
        "",
    ),
    (
        "refused, and then found",
        [
            attempt(0),
            refused(Stage.RCPT, 554, "5.7.1 <m[104.130.122.50]>: Client host rejected: Access denied"),
            arrival(3, body=INTACT),
        ],
        3,
        "direct",
        "blocked ip_blocked real",
        "found in INBOX, though the probe was never handed over: its token was replayed",
    ),
    (
        "put off, and then found",
        [attempt(0), greylisted(7), arrival(8, body=INTACT)],
        10,
        "direct",
        "deferred greylisted real",
        "its token was replayed",
    ),
    ("put off, and found at once", [attempt(0), greylisted(1), arrival(2)], 3, "direct", "", ""),
    (
        "not sent, and then found",
        [dialogue(1, Handover.WITHHELD, step(Stage.CONNECT, text="not our address")), arrival(3)],
        3,
        "direct",
        "unknown - unproven",
        "its token was replayed",
    ),
    (
        "a copy of what was refused",
        [
            attempt(0),
            refused(Stage.RCPT, 554, "5.7.1 <m[104.130.122.50]>: Client host rejected: Access denied"),
            copy(3),
        ],
        3,
        "direct",
        "blocked ip_blocked real",
        "in the copies to x@probe.test, sent to us by 198.51.100.9, though the probe was never handed over",
    ),
    (
        "refused after it was sent in full, and delivered all the same",
        [attempt(0), refused_at_the_end(), arrival(3, body=INTACT)],
        3,
        "direct",
        "inbox - unproven",
        'although it was rejected at end of message by mx.acme.test[192.0.2.11]:25, after it was sent in full: "554 ',
    ),
    (
        "refused after it was sent in full, and something like it found",
        [attempt(0), refused_at_the_end(), arrival(3, body=ALTERED)],
        3,
        "direct",
        "blocked content real",
        "its text is not exactly what we sent, so it does not count as delivered",
    ),
    (
        "put off after it was sent in full, and delivered all the same",
        [attempt(0), deferred_at_the_end(), arrival(3, body=INTACT)],
        3,
        "direct",
        "inbox - unproven",
        "although it was rejected",
    ),
    (
        "put off after it was sent in full, taken at the next attempt",
        [attempt(0), deferred_at_the_end(), attempt(5, 2), accepted(6, 2), arrival(7, body=ALTERED)],
        7,
        "direct",
        "inbox - real",
        "at attempt 2",
    ),
    (
        "cut off at its end, and delivered",
        [attempt(0), cut_off_at_the_end(), arrival(3, body=ALTERED)],
        3,
        "direct",
        "inbox - real",
        "",
    ),
    (
        "found while an attempt is under way",
        [attempt(0), greylisted(1), attempt(5, 2), arrival(5.1)],
        6,
        "direct",
        "inbox - real",
        "",
    ),
    ("with a banner of a gateway", [accepted(), arrival(3, body=ALTERED)], 3, "direct", "inbox - real", ""),
    ("greylisted, the code alive", [greylisted(1)], 5, "direct", "", ""),
    (
        "greylisted, the code dead",
        [attempt(0), greylisted(7)],
        10,
        "direct",
        "deferred greylisted real",
        "deferred when the code expired",
    ),
    (
        "greylisted, in after all",
        [attempt(0), greylisted(1), attempt(5, 2), accepted(6, 2), arrival(7)],
        7,
        "direct",
        "inbox - real",
        "at attempt 2",
    ),
    (
        "greylisted, in too late",
        [attempt(0), greylisted(7), attempt(11, 2), accepted(12, 2), arrival(12)],
        12,
        "direct",
        "late greylisted real",
        "450 4.2.0 Greylisted",
    ),
    (
        "greylisted, accepted too late, not there yet",
        [attempt(0), greylisted(7), attempt(11, 2), accepted(12, 2)],
        13,
        "direct",
        "deferred greylisted real",
        "",
    ),
    (
        "the retry fell into our own absence",
        [attempt(0), greylisted(1)],
        30,
        "direct",
        "unknown - unproven",
        "the retry that was due at 08:00:05 UTC was not made",
    ),
    (
        "the retry was made up for, much too late",
        [attempt(0), greylisted(1), attempt(45, 2), greylisted(46, 2)],
        50,
        "direct",
        "unknown - unproven",
        "the retry that was due at 08:00:05 UTC was not made",
    ),
    (
        "the retry was made up for, and it came",
        [attempt(0), greylisted(1), attempt(45, 2), accepted(46, 2), arrival(47)],
        50,
        "direct",
        "unknown - unproven",
        "the retry that was due at 08:00:05 UTC was not made",
    ),
    (
        "the retry was a little late: due while the code lived, made after it had expired",
        [attempt(0), greylisted(1), attempt(12, 2), accepted(12, 2), arrival(13)],
        50,
        "direct",
        "unknown - unproven",
        "the retry that was due at 08:00:05 UTC was not made",
    ),
    ("the retry is being made as the code dies", [attempt(0), greylisted(5), attempt(9.5, 2)], 10.5, "direct", "", ""),
    ("a firewall, the code alive", [fault(Stage.CONNECT, Fault.TIMED_OUT)], 5, "direct", "", ""),
    (
        "a firewall drops",
        [attempt(0), fault(Stage.CONNECT, Fault.TIMED_OUT, 8)],
        10,
        "direct",
        "blocked firewall unproven",
        "could not connect to",
    ),
    (
        "the connection is refused, by whom is not known",
        [attempt(0), fault(Stage.CONNECT, Fault.REFUSED, 8)],
        10,
        "direct",
        "deferred unclear unproven",
        "nothing listens there, or a firewall answers for it",
    ),
    (
        "a firewall resets",
        [attempt(0), fault(Stage.BANNER, Fault.RESET, 8)],
        10,
        "direct",
        "blocked firewall real",
        "connection reset",
    ),
    (
        "no connection, no local address",
        [attempt(0), fault(Stage.CONNECT, Fault.TIMED_OUT, 8, local_ip="")],
        10,
        "direct",
        "blocked firewall unproven",
        "",
    ),
    (
        "our own network",
        [attempt(0), fault(Stage.CONNECT, Fault.UNREACHABLE, 8)],
        10,
        "direct",
        "unknown network unproven",
        "could not ask",
    ),
    (
        "our own name servers",
        [attempt(0), fault(Stage.LOOKUP, Fault.LOOKUP_FAILED, 8)],
        10,
        "direct",
        "unknown network unproven",
        "",
    ),
    (
        "a gateway that is down says nothing of the sender",
        [attempt(0), fault(Stage.CONNECT, Fault.REFUSED, 8)],
        10,
        "xclient",
        "unknown server_fault unproven",
        "could not ask",
    ),
    (
        "a silent PROXY listener",
        [attempt(0), fault(Stage.BANNER, Fault.TIMED_OUT, 8)],
        10,
        "proxy",
        "unknown server_fault unproven",
        "",
    ),
    (
        "a relay that is down",
        [attempt(0), fault(Stage.CONNECT, Fault.REFUSED, 8)],
        10,
        "relay",
        "unknown network unproven",
        "",
    ),
    (
        "a relay that does not know us",
        [refused(Stage.AUTH, 535, "5.7.8 no")],
        1,
        "relay",
        "unknown relay_denied unproven",
        "535 5.7.8 no",
    ),
    (
        "TLS does not come about",
        [attempt(0), fault(Stage.STARTTLS, Fault.TLS, 8)],
        10,
        "direct",
        "deferred tls real",
        "",
    ),
    (
        "the server hangs",
        [attempt(0), fault(Stage.RCPT, Fault.TIMED_OUT, 8)],
        10,
        "direct",
        "deferred server_fault real",
        "",
    ),
    (
        "we may not send",
        [dialogue(1, Handover.WITHHELD, step(Stage.CONNECT, text="not our address"))],
        1,
        "direct",
        "unknown - unproven",
        "not sent: not our address",
    ),
    ("accepted, not there, code alive", [accepted()], 9, "direct", "", ""),
    ("accepted, not there, code dead", [accepted()], 30, "direct", "", ""),
    ("given up, but not looked", [accepted()], 60, "direct", "", ""),
    ("looked too early to tell", [accepted(), Look(at(59), ("INBOX",))], 60, "direct", "", ""),
    (
        "missing",
        [accepted(), LOOK],
        60,
        "direct",
        "missing unclear real",
        'queued as 4ABC"; not in INBOX or Junk within 60 s',
    ),
    (
        "missing from all that could be searched",
        [accepted(), Look(at(60), ("INBOX", "Junk", "Lists"), 12, ("shared/team", "Vault"))],
        60,
        "direct",
        "missing unclear real",
        "not in INBOX, Junk, Lists or 12 other folders within 60 s; not searched: shared/team, Vault",
    ),
    (
        "not all could be searched in time",
        [accepted(), FailedLook(at(60), "2 of 9 folders could not be searched in time: Archive, Lists")],
        60,
        "direct",
        "unknown - unproven",
        "we could not look: 2 of 9 folders could not be searched in time: Archive, Lists",
    ),
    (
        "could not look when the code died",
        [accepted(), FailedLook(at(5), "no route")],
        10,
        "direct",
        "unknown - unproven",
        "could not look: no route",
    ),
    ("could look again", [accepted(), FailedLook(at(5), "no route"), Look(at(8), ("INBOX",))], 10, "direct", "", ""),
    ("could not look at the end", [accepted(), NO_LOOK], 60, "direct", "unknown - unproven", "login refused"),
    ("could not look, then found", [accepted(), NO_LOOK, arrival(3)], 61, "direct", "inbox - real", ""),
    ("died while sending", [attempt(0), Interrupted(at(2), 1)], 30, "direct", "", ""),
    (
        "died while sending, never seen",
        [attempt(0), Interrupted(at(2), 1), LOOK],
        60,
        "direct",
        "unknown - unproven",
        "stopped while",
    ),
    (
        "died while sending, yet it came",
        [attempt(0), Interrupted(at(2), 1), arrival(3)],
        4,
        "direct",
        "inbox - real",
        "",
    ),
    (
        "died in the second attempt",
        [attempt(0), greylisted(1), attempt(5, 2), Interrupted(at(7), 2)],
        12,
        "direct",
        "",
        "",
    ),
    # What nobody proves adds to what we saw ourselves, and does not replace it.
    (
        "missing, and a forged report of something harmless",
        [accepted(), LOOK, came_back(900, cause=Cause.DOMAIN_UNKNOWN, client="198.51.100.9")],
        900,
        "direct",
        "missing unclear real",
        "not proven: this report came from 198.51.100.9",
    ),
    (
        "missing, and a forged report that nobody was asked",
        [accepted(), LOOK, came_back(900, cause=Cause.NETWORK, client="198.51.100.9")],
        900,
        "direct",
        "missing unclear real",
        "",
    ),
    (
        "missing, and a forged report of a delay",
        [accepted(), came_back(5, MailKind.DELAY, "delayed", client="198.51.100.9"), LOOK],
        60,
        "direct",
        "missing unclear real",
        "not proven",
    ),
    (
        "a report that nobody proves, before we could look",
        [accepted(), came_back(5, client="198.51.100.9")],
        6,
        "direct",
        "blocked ip_listed unproven",
        "not proven",
    ),
    (
        "a report that nobody proves, and we cannot look",
        [accepted(), came_back(5, client="198.51.100.9"), NO_LOOK],
        60,
        "direct",
        "blocked ip_listed unproven",
        "not proven",
    ),
    # Put off first, then no connection: whose doing that is, the rules tell from what others saw.
    (
        "put off, then out of reach",
        [attempt(0), greylisted(1), attempt(5, 2), fault(Stage.CONNECT, Fault.TIMED_OUT, 6, number=2, local_ip="")],
        10,
        "direct",
        "blocked firewall unproven",
        "could not connect to",
    ),
    (
        "put off, then the connection is refused",
        [attempt(0), greylisted(1), attempt(5, 2), fault(Stage.CONNECT, Fault.REFUSED, 6, number=2, local_ip="")],
        10,
        "direct",
        "deferred unclear unproven",
        "no connection",
    ),
    # Our own trouble is no company's lateness.
    *(
        (
            f"{name}, and the retry comes late",
            evidence(attempt(0), fault(stage, what, 1, local_ip=""), attempt(11, 2), accepted(12, 2), arrival(13)),
            13,
            "direct",
            "unknown - unproven",
            "first asked 12 s after the code was issued",
        )
        for name, stage, what in (
            ("our network was down", Stage.CONNECT, Fault.UNREACHABLE),
            ("our name servers were down", Stage.LOOKUP, Fault.LOOKUP_FAILED),
            ("no connection, whoever cut it", Stage.CONNECT, Fault.TIMED_OUT),
            ("the connection was refused, by whomever", Stage.CONNECT, Fault.REFUSED),
        )
    ),
    (
        "our network was down, and the retry comes in time",
        [attempt(0), fault(Stage.CONNECT, Fault.UNREACHABLE), attempt(5, 2), accepted(6, 2), arrival(7)],
        7,
        "direct",
        "inbox - real",
        "",
    ),
    (
        "our network was down, then the company took longer than a code lives",
        [attempt(0), fault(Stage.CONNECT, Fault.UNREACHABLE), attempt(5, 2), accepted(6, 2), arrival(17)],
        17,
        "direct",
        "late unclear real",
        "accepted at once",
    ),
    (
        "our network was down, then it was greylisted: the life of the code begins with the question",
        [attempt(0), fault(Stage.CONNECT, Fault.UNREACHABLE), attempt(8, 2), greylisted(9, 2)],
        11,
        "direct",
        "",
        "",
    ),
    (
        "our network was down, then it was greylisted for a whole life",
        [
            attempt(0),
            fault(Stage.CONNECT, Fault.UNREACHABLE),
            attempt(8, 2),
            greylisted(9, 2),
            attempt(13, 3),
            greylisted(14, 3),
        ],
        19,
        "direct",
        "deferred greylisted real",
        "",
    ),
    (
        "the company was asked so late that nobody can tell",
        [attempt(0), fault(Stage.CONNECT, Fault.UNREACHABLE), attempt(55, 2), greylisted(56, 2)],
        60,
        "direct",
        "unknown - unproven",
        "first asked",
    ),
    (
        "greylisted, and our network was down when the retry was due",
        [
            attempt(0),
            greylisted(1),
            attempt(5, 2),
            fault(Stage.CONNECT, Fault.UNREACHABLE, 5, number=2),
            attempt(11, 3),
            accepted(12, 3),
            arrival(13),
        ],
        13,
        "direct",
        "unknown - unproven",
        "did not reach the company",
    ),
    (
        "the service was slow to send it",
        [attempt(0), accepted(19, begun=18.5), arrival(20)],
        20,
        "direct",
        "unknown - unproven",
        "first asked 18 s after the code was issued",
    ),
    (
        "the service was slow to send it, and the company slower",
        [attempt(0), accepted(19, begun=18.5), arrival(40)],
        40,
        "direct",
        "late unclear real",
        "",
    ),
    (
        "the service stopped while sending, and it came late",
        [attempt(0), Interrupted(at(2), 1), arrival(30)],
        30,
        "direct",
        "unknown - unproven",
        "the service stopped while this probe was being sent",
    ),
    (
        "accepted just before the last look",
        [attempt(0), fault(Stage.CONNECT, Fault.UNREACHABLE), attempt(54, 2), accepted(55, 2), LOOK],
        60,
        "direct",
        "unknown - unproven",
        "accepted only 5.0 s before the last look",
    ),
    (
        "one host answers, the next cannot be connected to: the answer counts",
        [
            attempt(0),
            fault(Stage.CONNECT, Fault.TIMED_OUT, 8, step(Stage.BANNER, 421, "4.3.2 too busy"), local_ip=SENDER_IP),
        ],
        10,
        "direct",
        "deferred server_fault real",
        "too busy",
    ),
    *(
        (
            f"a company's own gateway says {words!r}",
            evidence(refused(Stage.RCPT, 550, words)),
            1,
            via,
            f"blocked {cause}",
            "",
        )
        for words in ("relay not permitted", "Unrouteable address", "5.7.1 <probe@acme.test>: Relay access denied")
        for via, cause in (("direct", "no_such_user real"), ("proxy", "no_such_user impersonated"))
    ),
    (
        "a relay that may not send to them says nothing of their users",
        [refused(Stage.RCPT, 550, "relay not permitted")],
        1,
        "relay",
        "unknown relay_denied unproven",
        "",
    ),
]


@pytest.mark.parametrize(
    ("evidence", "now", "via", "means", "says"),
    [row[1:] for row in VERDICTS],
    ids=[row[0] for row in VERDICTS],
)
def test_verdict(evidence, now, via, means, says) -> None:
    verdict = judge(probe(via), evidence, at(now))
    told = f"{verdict.outcome} {verdict.cause or '-'} {verdict.grade}" if verdict else ""
    assert told == means, verdict
    assert says in (verdict.because if verdict else "")
    if verdict:
        kept = decode(encode(verdict.detail)) if verdict.detail else None
        assert kept == verdict.detail
        assert kept is not None
        assert sentence(kept) == verdict.because, "as it is rendered from the store"


def test_through_a_relay_the_address_is_read_at_the_companys_border() -> None:
    chain = (
        "Received: from mx.acme.test by store.acme.test with LMTP; Mon, 23 Nov 2026 08:00:04 +0000\r\n"
        f"Received: from m50.relay.example (m50.relay.example [{SENDER_IP}]) by mx.acme.test (Postfix)\r\n"
        "Received: from us.example (us.example [198.51.100.9]) by in.relay.example with ESMTPSA\r\n"
    )
    seen = Arrival(at(3), at(3), Folder.INBOX, "INBOX", chain, (Marker.HEADER,))
    verdict = judge(probe("relay"), [accepted(), seen], at(3))
    assert verdict is not None
    assert verdict.grade is Grade.REAL


@pytest.mark.parametrize(
    ("evidence", "due"),
    [
        ([attempt(0), greylisted(1)], (2, 5)),
        ([attempt(0), greylisted(1), attempt(5, 2)], None),  # one at a time
        ([attempt(0), greylisted(1), attempt(5, 2), greylisted(6, 2)], (3, 36)),
        ([attempt(0), greylisted(1), attempt(5, 2), greylisted(36, 2)], None),  # would be at 66, past giving up
        ([attempt(0), accepted()], None),
        ([attempt(0), refused(Stage.RCPT, 550, "5.7.1 no")], None),
        ([attempt(0), Interrupted(at(1), 1)], None),  # nothing is sent twice
        ([attempt(0), greylisted(1), arrival(2)], (2, 5)),  # nobody has it yet: that was not ours
        ([attempt(0), deferred_at_the_end(1), arrival(2)], (2, 5)),
        ([attempt(0), deferred_at_the_end(1), arrival(2, body=INTACT)], None),  # they have it, whatever they answered
        ([attempt(0), cut_off_at_the_end(1), arrival(2)], None),
        ([attempt(0), cut_off_at_the_end(1), came_back(2)], None),
        ([attempt(0), cut_off_at_the_end(1), forged(2)], (2, 5)),  # a stranger's word stops nothing
    ],
)
def test_next_attempt_follows_the_senders_schedule(evidence, due) -> None:
    assert next_attempt(probe(), evidence) == (due and (due[0], at(due[1])))


@pytest.mark.parametrize(
    ("evidence", "now", "moment"),
    [
        ([attempt(0), greylisted(1)], 2, 5),
        ([attempt(0), accepted()], 2, 10),
        ([attempt(0), accepted()], 11, 60),
        ([attempt(0), accepted()], 61, 61),
    ],
)
def test_next_moment(evidence, now, moment) -> None:
    assert next_moment(probe(), evidence, at(now)) == at(moment)


@pytest.mark.parametrize(
    ("evidence", "now", "over"),
    [
        ([attempt(0), accepted(), arrival(3)], 3, True),
        ([attempt(0), refused(Stage.RCPT, 550, "5.7.1 no")], 2, True),
        ([attempt(0), greylisted(7)], 20, False),  # judged, but the real sender still tries
        ([attempt(0), greylisted(7)], 60, True),
        ([attempt(0), accepted()], 60, False),  # not looked for yet
        ([attempt(0), accepted(), LOOK], 60, True),
        ([attempt(0), accepted(), came_back(4)], 4, True),
        ([attempt(0), accepted(), forged(4)], 4, False),  # it may arrive yet
        ([attempt(0), accepted(), forged(4), LOOK], 60, True),
        ([attempt(0), accepted(), DELAY], 11, False),
        ([attempt(0), accepted(), came_back(4, MailKind.AUTO_REPLY, "")], 11, False),
    ],
)
def test_when_a_probe_is_over(evidence, now, over) -> None:
    verdict = judge(probe(), evidence, at(now))
    assert is_over(probe(), evidence, verdict, at(now)) is over


@pytest.mark.parametrize(
    ("evidence", "now", "wants"),
    [
        ([attempt(0), accepted()], 59, False),
        ([attempt(0), accepted()], 60, True),
        ([attempt(0), Interrupted(at(1), 1)], 60, True),
        ([attempt(0), greylisted(1)], 60, False),  # nobody has it, so there is nothing to look for
        ([attempt(0), accepted(), NO_LOOK], 61, False),
        ([attempt(0), accepted(), came_back(4)], 60, False),
        ([attempt(0), accepted(), forged(4)], 60, True),
        ([attempt(0), accepted(), DELAY], 60, True),  # it may have come after all
    ],
)
def test_the_last_look(evidence, now, wants) -> None:
    assert wants_look(probe(), evidence, at(now)) is wants


OUR_FAULT = (Stage.CONNECT, Fault.UNREACHABLE)


@pytest.mark.parametrize(
    ("dialogues", "wait"),
    [
        ([greylisted(1)], 600),
        ([greylisted(1), greylisted(700, 2)], 1200),
        ([fault(*OUR_FAULT)], 15),  # nobody was burdened by it, so it is soon made up for
        ([fault(*OUR_FAULT), fault(*OUR_FAULT, 20, number=2)], 30),
        ([fault(*OUR_FAULT, n + 1, number=n + 1) for n in range(9)], 600),  # never slower than the real sender
        ([fault(Stage.LOOKUP, Fault.LOOKUP_FAILED)], 15),
        ([fault(Stage.CONNECT, Fault.TIMED_OUT)], 600),  # it may be theirs: they are not to be hammered
        ([fault(Stage.CONNECT, Fault.REFUSED)], 600),
        ([fault(*OUR_FAULT), greylisted(20, 2)], 600),  # our attempts do not use up the sender's schedule
        ([fault(*OUR_FAULT), greylisted(20, 2), greylisted(700, 3)], 1200),
    ],
)
def test_the_wait_after_an_attempt(dialogues, wait) -> None:
    (_, due) = next_attempt(patient(), [attempt(0), *dialogues]) or (0, None)
    assert due == dialogues[-1].at + timedelta(seconds=wait)


def patient() -> Probe:
    """A probe with the times of a real sender: it retries after 10 and 20 minutes, and gives up after three hours."""
    return replace(probe(retry=(600.0, 1200.0)), give_up_at=at(3 * 3600))


def test_a_probe_is_looked_after_when_the_delay_is_the_companys_alone() -> None:
    seen = evidence(attempt(0), fault(*OUR_FAULT), attempt(5, 2), accepted(6, 2))  # first asked at 5.5, alive for 10 s
    assert next_moment(probe(), seen, at(11)) == at(15.5)


@pytest.mark.parametrize(
    ("evidence", "seconds"),
    [
        ([attempt(0), accepted(), arrival(3)], 3),
        ([attempt(0), greylisted(1), attempt(5, 2), accepted(6, 2), arrival(7)], 7),  # the company put it off
        ([attempt(0), fault(*OUR_FAULT), attempt(5, 2), accepted(6, 2), arrival(7)], 1.5),  # we did
        ([attempt(0), accepted(9, begun=8), arrival(9.5)], 1.5),  # our store was slow
    ],
)
def test_our_own_trouble_is_no_delivery_time(evidence, seconds) -> None:
    assert delivery_time(probe(), evidence) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("number", "fault", "wait"),
    [(1, None, 4), (2, None, 30), (3, None, 30), (1, Fault.LOOKUP_FAILED, 4), (3, Fault.LOOKUP_FAILED, 15)],
)
def test_the_wait_after_an_attempt_needs_no_history(number: int, fault: Fault | None, wait: float) -> None:
    last = step(Stage.LOOKUP, fault=fault) if fault else step(Stage.RCPT, 450, "4.7.1 later")
    deferred = dialogue(1, Handover.DEFERRED, last, number=number)
    assert wait_after(probe(), [deferred], deferred) == timedelta(seconds=wait)


def test_the_judge_decides_with_fields_and_writes_no_sentence() -> None:
    written = [node for node in ast.walk(ast.parse(inspect.getsource(judging))) if isinstance(node, ast.JoinedStr)]
    assert [node.lineno for node in written] == []


def test_what_a_server_said_is_rendered_once_and_last() -> None:
    step = Step(Stage.RCPT, BORN, 0.1, MX, 550, "5.7.1", "no")
    stopped = Dialogue(at(1), 2, Handover.REFUSED, (step,))
    assert (
        sentence(dialogue_stopped(StopKind.REJECTED, stopped, step))
        == f'rejected at RCPT TO by {MX}: "550 5.7.1 no" (attempt 2)'
    )
