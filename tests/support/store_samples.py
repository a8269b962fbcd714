"""Probes, evidence and verdicts to store."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from probes.answer import Fault, Stage
from probes.evidence import (
    Arrival,
    Attempt,
    Dialogue,
    Evidence,
    FailedLook,
    Folder,
    Handover,
    Interrupted,
    Look,
    Marker,
    Step,
)
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict

T0 = datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC)
_number = count(1)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def probe(seconds: float = 0, **other: Any) -> Probe:
    """A probe that is launched so long after T0."""
    born = at(seconds)
    fields: dict[str, Any] = {
        "id": f"p{next(_number):06d}",
        "company": "acme",
        "path": "hq",
        "kind": Kind.VERIFICATION,
        "role": Role.SENDER,
        "via": "direct",
        "recipient": "probe@acme.example",
        "source_ip": "104.130.122.50",
        "created_at": born,
        "code_dead_at": born + timedelta(minutes=10),
        "give_up_at": born + timedelta(hours=1),
        "retry": (timedelta(minutes=10), timedelta(minutes=15), timedelta(seconds=1.5)),
    }
    return Probe(**fields | other)


FIRST = Attempt(T0, 1)
SECOND = Attempt(at(600), 2)
REPLY = Step(Stage.RCPT, at(1), 0.25, "mx.acme.example[192.0.2.1]:25", 550, "5.7.1", 'blocked "104.130.122.50"\nbye')
RESET = Step(Stage.EHLO, at(2), 0.5, fault=Fault.RESET, text="Connection reset by peer")
REFUSED = Dialogue(at(3), 1, Handover.REFUSED, (REPLY,), "104.130.122.50", "TLSv1.3")
DEFERRED = Dialogue(at(603), 2, Handover.DEFERRED, (RESET,))
CUT_SHORT = Interrupted(at(100), 1)
ARRIVED = Arrival(at(4), at(5), Folder.JUNK, "Posta indesiderata", "Subject: è\r\n", (Marker.HEADER, Marker.BODY))
COPY = Arrival(at(40), at(50), Folder.INBOX, "INBOX", "Subject: again\r\n", (Marker.BODY,))
LOOKED = Look(at(6), ("INBOX", "Junk"))
NOT_LOOKED = FailedLook(at(7), "login failed")
EVERY_EVIDENCE: tuple[Evidence, ...] = (REFUSED, SECOND, DEFERRED, ARRIVED, LOOKED, NOT_LOOKED)

INBOX = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived in the inbox")
SPAM = Verdict(Outcome.SPAM, Cause.CONTENT, Grade.UNPROVEN, "arrived in junk")
BLOCKED = Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, '550 5.7.1 blocked "104.130.122.50"')
