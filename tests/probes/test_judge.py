"""What evidence means. One row, one belief.

Times are seconds after the code was born; it lives 10 s, and after 60 s we give up.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from probes.evidence import (
    Arrival,
    Attempt,
    BodyState,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    Fault,
    Folder,
    Handover,
    Interrupted,
    Look,
    MailKind,
    Marker,
    Stage,
    Step,
)
from probes.judge import is_over, judge, next_attempt, next_moment, wants_look
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Cause, Grade

BORN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SENDER_IP = "104.130.122.50"
MX = "mx.acme.test[192.0.2.11]:25"


def at(seconds: float) -> datetime:
    return BORN + timedelta(seconds=seconds)


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


def dialogue(seconds: float, handover: Handover, *steps: Step, number: int = 1, local_ip: str = SENDER_IP) -> Dialogue:
    return Dialogue(at(seconds), number, handover, steps, local_ip)


def step(stage: Stage, code: int | None = None, text: str = "", **more: Any) -> Step:
    enhanced, _, rest = text.partition(" ")
    if enhanced[1:2] != ".":
        enhanced, rest = "", text
    return Step(stage, BORN, 0.01, MX, code, enhanced or None, rest, **more)


def accepted(seconds: float = 1, number: int = 1, *before: Step) -> Dialogue:
    last = step(Stage.END_OF_DATA, 250, "2.0.0 Ok: queued as 4ABC")
    return dialogue(seconds, Handover.ACCEPTED, *before, last, number=number)


def refused(stage: Stage, code: int, text: str, seconds: float = 1) -> Dialogue:
    return dialogue(seconds, Handover.REFUSED, step(stage, code, text))


def greylisted(seconds: float, number: int = 1) -> Dialogue:
    return dialogue(seconds, Handover.DEFERRED, step(Stage.RCPT, 450, "4.2.0 Greylisted, try later"), number=number)


def fault(stage: Stage, what: Fault, seconds: float = 1, *before: Step, local_ip: str = SENDER_IP) -> Dialogue:
    return dialogue(seconds, Handover.DEFERRED, *before, step(stage, fault=what), local_ip=local_ip)


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
    to_envelope: bool = True,
) -> Bounce:
    permanent = kind is MailKind.BOUNCE
    said = (kind, "probe@acme.test", action, "5.7.1", reply, cause, permanent, "mx.acme.test", remote)
    return Bounce(at(seconds), *said, client_ip=client, to_envelope=to_envelope)


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
    ("a moment later", [accepted(), arrival(11)], 11, "direct", "late unclear real", "lives only 10 s"),
    ("arrived in time, found after a crash", [accepted(), arrival(9)], 500, "direct", "inbox - real", ""),
    ("arrived before we heard 250", [attempt(0), arrival(1)], 1, "direct", "inbox - real", ""),
    ("from another address", [accepted(), arrival(3, ip="10.0.0.9")], 3, "direct", "inbox - unproven", ""),
    ("as the client of a gateway", [accepted(), arrival(3)], 3, "xclient", "inbox - impersonated", ""),
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
        "refused at rcpt by mx.acme.test[192.0.2.11]:25: 554 5.7.1 <m[104.130.122.50]>: Client host rejected",
    ),
    (
        "refused by domain",
        [refused(Stage.MAIL, 554, "5.7.1 <b@account.trimble.com>: Sender address rejected: Access denied")],
        1,
        "direct",
        "blocked domain_blocked real",
        "refused at mail",
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
        "blocked domain_unknown real",
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
        "refused at XCLIENT itself",
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
        "then bounced by mx.acme.test: 550 5.7.1 blocked using bl.test",
    ),
    (
        "bounced by one on behalf of another",
        [accepted(), came_back(4, remote="inner.test")],
        4,
        "xclient",
        "blocked ip_listed impersonated",
        "bounced by mx.acme.test: inner.test said: 550",
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
        "yet mx.acme.test reported that it failed: 550",
    ),
    ("seen in the inbox, though bounced", [accepted(), came_back(2), arrival(3)], 4, "direct", "inbox - real", "yet"),
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
        "refused at rcpt",
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
        "then put off, as mx.acme.test reported: 451 4.7.1 come back later",
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
        (f"{kind} is no block", [accepted(), came_back(4, kind, "")], 60, "direct", "", "")
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
        "yet it was refused at end of data by mx.acme.test[192.0.2.11]:25, after it was sent in full: 554 5.7.1",
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
        "yet it was refused",
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
        "put off when the code died",
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
        "not running when the next attempt was due at 08:00:05",
    ),
    (
        "the retry was made up for, much too late",
        [attempt(0), greylisted(1), attempt(45, 2), greylisted(46, 2)],
        50,
        "direct",
        "unknown - unproven",
        "not running",
    ),
    (
        "the retry was made up for, and it came",
        [attempt(0), greylisted(1), attempt(45, 2), accepted(46, 2), arrival(47)],
        50,
        "direct",
        "unknown - unproven",
        "not running",
    ),
    (
        "the retry was a little late",
        [attempt(0), greylisted(1), attempt(12, 2), accepted(12, 2), arrival(13)],
        50,
        "direct",
        "late greylisted real",
        "",
    ),
    ("the retry is being made as the code dies", [attempt(0), greylisted(5), attempt(9.5, 2)], 10.5, "direct", "", ""),
    ("a firewall, the code alive", [fault(Stage.CONNECT, Fault.TIMED_OUT)], 5, "direct", "", ""),
    (
        "a firewall drops",
        [attempt(0), fault(Stage.CONNECT, Fault.TIMED_OUT, 8)],
        10,
        "direct",
        "blocked firewall real",
        "no way in at connect",
    ),
    (
        "a firewall refuses",
        [attempt(0), fault(Stage.CONNECT, Fault.REFUSED, 8)],
        10,
        "direct",
        "blocked firewall real",
        "connection refused",
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
        "blocked firewall real",
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
        "unknown network unproven",
        "could not ask",
    ),
    (
        "a silent PROXY listener",
        [attempt(0), fault(Stage.BANNER, Fault.TIMED_OUT, 8)],
        10,
        "proxy",
        "unknown network unproven",
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
        "queued as 4ABC; not in INBOX or Junk within 60 s",
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
]


@pytest.mark.parametrize(
    ("evidence", "now", "via", "means", "says"),
    [row[1:] for row in VERDICTS],
    ids=[row[0] for row in VERDICTS],
)
def test_verdict(evidence, now, via, means, says):
    verdict = judge(probe(via), evidence, at(now))
    told = f"{verdict.outcome} {verdict.cause or '-'} {verdict.grade}" if verdict else ""
    assert told == means, verdict
    assert says in (verdict.because if verdict else "")


def test_through_a_relay_the_address_is_read_at_the_companys_border():
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
def test_next_attempt_follows_the_senders_schedule(evidence, due):
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
def test_next_moment(evidence, now, moment):
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
def test_when_a_probe_is_over(evidence, now, over):
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
def test_the_last_look(evidence, now, wants):
    assert wants_look(probe(), evidence, at(now)) is wants
