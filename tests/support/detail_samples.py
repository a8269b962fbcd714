"""One detail of every type, with everything in it that it can have."""

from datetime import timedelta

from probes.details import (
    AcceptedTooLate,
    ArrivedInTime,
    ArrivedLate,
    ArrivedLateThroughUs,
    AskedLate,
    BouncedAfterwards,
    CopyMarkedAsSpam,
    CouldNotLook,
    DeferredThroughUs,
    Detail,
    DialogueStopped,
    FoundIn,
    HeldOnTheWay,
    InJunk,
    MovedByRule,
    NoMailbox,
    NotFound,
    NotSent,
    ReplayFound,
    RetryMissed,
    ScannedByFilter,
    SendingInterrupted,
    StatedByTrace,
    StopKind,
    Suspended,
)
from probes.evidence import Bounce, Folder, Look, MailKind, Scan, ScanAction, ScannedRule
from probes.reading.bounce_origin import Tie
from probes.traced import Side, Traced, TraceFate
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.store_samples import REPLY, RESET, T0

TOOK, LIFE = timedelta(seconds=3, microseconds=141_593), timedelta(minutes=10)
JUNK = FoundIn(Folder.JUNK, "Posta indesiderata")
COPIED = FoundIn(Folder.COPY, "copies@mailpath.example", "192.0.2.7")
BOUNCE = Bounce(
    *(T0, MailKind.BOUNCE, "probe@acme.example", "failed", "5.7.1", '550 5.7.1 "no"\nbye', Cause.IP_LISTED, True),
    *("mx.acme.example", "inner.acme.example", "192.0.2.1", "mx.acme.example", True, True),
)
TRACED = Traced(
    T0, "mailgun", Side.SENDER, TraceFate.REFUSED, 2, T0, "198.51.100.9", "mx.acme.example", 550, "5.7.1", "no", "rule"
)
LOOK = Look(T0, ("INBOX", "Posta indesiderata"), 3, ("Shared",))
ARRIVED = ArrivedInTime(FoundIn(Folder.INBOX, "INBOX"), TOOK, 2, REPLY, BOUNCE, RESET)
SPAM_LINE = 'X-Spam-Status: Yes, score=9.1 "BAYES_99"'

EVERY_DETAIL: tuple[Detail, ...] = (
    SendingInterrupted(),
    CouldNotLook("login failed"),
    ARRIVED,
    ArrivedLate(ARRIVED, LIFE, REPLY, BOUNCE, TRACED),
    *(
        ArrivedLateThroughUs(COPIED, TOOK, why)
        for why in (
            *(SendingInterrupted(), RetryMissed(T0), AskedLate(TOOK, RESET)),
            *(Suspended(TOOK), CouldNotLook("login failed")),
        )
    ),
    InJunk(JUNK, TOOK, SPAM_LINE),
    MovedByRule(FoundIn(Folder.OTHER, "Lists"), TOOK),
    CopyMarkedAsSpam(COPIED, TOOK, SPAM_LINE),
    NotSent("that would have been spoofing; set route to xclient"),
    BouncedAfterwards("mx.acme.example", BOUNCE, True, Tie.SHARED, False),
    HeldOnTheWay("mx.acme.example", BOUNCE, None),
    StatedByTrace(TRACED, "mx.acme.example", True, "198.51.100.9"),
    NotFound(REPLY, True, LOOK, LIFE, BOUNCE, Tie.NONE),
    DeferredThroughUs(RetryMissed(T0)),
    DeferredThroughUs(AskedLate(TOOK)),
    AcceptedTooLate(TOOK),
    NoMailbox(),
    ScannedByFilter(Scan("rspamd", ScanAction.MARK, 7.1, 15.0, (ScannedRule("BAYES_SPAM", 5.1, "text"),))),
    *(DialogueStopped(kind, REPLY, 2, RESET) for kind in StopKind),
    ReplayFound(DialogueStopped(StopKind.REJECTED, REPLY), JUNK, REPLY),
)


def verdict_on(detail: Detail, because: str) -> Verdict:
    """A verdict that rests on this; its outcome does not matter."""
    return Verdict(Outcome.SPAM, Cause.CONTENT, Grade.REAL, because, None, detail)
