"""Real mail beside probes: what is shown, and when they are said to disagree."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.output.real_comparison import FATES, WORDS, ComparedRow, Mismatch, compared, window_of
from monitor.store import ProbeRow, RealCount
from probes.kinds import Kind
from probes.sender import Role
from probes.traced import TraceFate
from probes.verdict import Cause, Grade, Outcome, Verdict

NOW = datetime(2026, 12, 1, 10, 20, tzinfo=UTC)
SINCE = window_of(NOW)
HOUR = timedelta(hours=1)

PROBES: dict[str, tuple[Outcome, Cause | None, Grade]] = {
    "i": (Outcome.INBOX, None, Grade.REAL),
    "s": (Outcome.SPAM, Cause.CONTENT, Grade.REAL),
    "m": (Outcome.MISSING, Cause.UNCLEAR, Grade.REAL),
    "b": (Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL),
    "n": (Outcome.BLOCKED, Cause.NO_SUCH_USER, Grade.REAL),
    "f": (Outcome.BLOCKED, Cause.FIREWALL, Grade.REAL),
    "d": (Outcome.DEFERRED, Cause.GREYLISTED, Grade.REAL),
    "z": (Outcome.BLOCKED, Cause.SUPPRESSED, Grade.REAL),
    "c": (Outcome.INBOX, None, Grade.SCANNED),
    "?": (Outcome.UNKNOWN, Cause.NETWORK, Grade.UNPROVEN),
}
REAL: dict[str, tuple[TraceFate, Cause | None]] = {
    "t": (TraceFate.DELIVERED, None),
    "b": (TraceFate.REFUSED, Cause.IP_BLOCKED),
    "u": (TraceFate.REFUSED, Cause.UNCLEAR),
    "n": (TraceFate.REFUSED, Cause.NO_SUCH_USER),
    "l": (TraceFate.REFUSED, Cause.RATE_LIMITED),
    "d": (TraceFate.DEFERRED, Cause.GREYLISTED),
    "z": (TraceFate.SUPPRESSED, Cause.UNCLEAR),
}


def probe(letter: str, at: datetime) -> ProbeRow:
    outcome, cause, grade = PROBES[letter]
    verdict = Verdict(outcome, cause, grade, "because")
    return ProbeRow("p", "acme", "hq", Kind.VERIFICATION, Role.SENDER, "direct", at, at, verdict, at, None)


def probes(score: str) -> Iterable[ProbeRow]:
    """Those of each hour, separated by spaces."""
    for hour, letters in enumerate(score.split()):
        for letter in letters.strip("-"):
            yield probe(letter, SINCE + hour * HOUR + timedelta(minutes=7))


def real(score: str) -> Iterable[RealCount]:
    for hour, letters in enumerate(score.split()):
        for letter in letters.strip("-"):
            yield RealCount(SINCE + hour * HOUR, *REAL[letter], 1)


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ("ii ii ii", "bbbb bbbb bbbb", Mismatch.REAL_MAIL_REFUSED),
        ("is im ii", "bbbb bbbt bbbt", Mismatch.REAL_MAIL_REFUSED),  # taken is taken, wherever it was found
        ("bb bb bb", "tttt tttt tttt", Mismatch.PROBES_REFUSED),
        ("nn nn nn", "tttt tttt tttt", Mismatch.PROBES_REFUSED),  # the mailbox of the probes is gone
        # they agree
        ("ii ii ii", "tttt tttt tttt", None),
        ("bb bb bb", "bbbb bbbb bbbb", None),
        ("bb bb bb", "bbbb bbbt bbbt", None),
        # too few
        ("ii ii", "bbbbbb bbbbbb", None),
        ("ii ii ii", "bbb bbb bbb", None),
        ("i i i", "bbbb bbbb bbbb", None),
        ("b b b", "tttt tttt tttt", None),
        ("bb bb bb", "ttt ttt ttt", None),
        # at different times
        ("ii - ii - ii", "tttt bbbbbbbbbbbbbbbb tttt bbbbbbbbb tttt", None),
        ("- bb - bb - bb", "tttttttt - tttttttt - tttttttt -", None),
        ("ii ib bb bb bb bb", "tttt bbbb bbbb bbbb bbbb bbbb", None),  # a block begins within an hour
        ("ii ii ii ii ii ii ii", "bbbb bbbb bbbb tttt tttt tttt tttt", None),  # most of the time they agree
        # of people, not of the sender
        ("ii ii ii", "nnnnn nnnnn nnnnn", None),
        ("ii ii ii", "zzzzz zzzzz zzzzz", None),
        ("ii ii ii", "ddddd ddddd ddddd", None),
        # nobody knows of whom, or mail of hours before
        ("ii ii ii", "uuuuu uuuuu uuuuu", None),
        ("ii ii ii", "lllll lllll lllll", None),
        # a few refusals among much that is taken
        ("ii ii ii", "btttttttttb btttttttttb btttttttttb", None),
        ("bb bb bb", "ttttttttttttttttttb ttttt ttttt", Mismatch.PROBES_REFUSED),
        ("bi ib bi", "tttttt tttttt tttttt", None),  # one path of two
        # of the probes nothing is known
        ("?? ?? ??", "bbbb bbbb bbbb", None),
        ("?? ?? ??", "tttt tttt tttt", None),
        ("dd dd dd", "tttt tttt tttt", None),
        ("ff ff ff", "tttt tttt tttt", None),
        ("zz zz zz", "tttt tttt tttt", None),
        ("cc cc cc", "bbbb bbbb bbbb", None),  # a filter was asked: no server took it
        ("", "", None),
    ],
)
def test_when_they_disagree(ours: str, theirs: str, found: Mismatch | None) -> None:
    mismatch = compared(real(theirs), probes(ours), SINCE).mismatch
    assert (mismatch.kind if mismatch else None) is found


def test_what_is_said_of_it() -> None:
    mismatch = compared(real("bbbb bbbb bbbt tt"), probes("ii ii is ii"), SINCE).mismatch
    assert mismatch
    assert mismatch.said == "In 3 of 4 hours with both, the company's server took 6 probes and refused 11 real messages"
    assert "something else than people's mail" in mismatch.means
    mismatch = compared(real("tttt tttt tttt"), probes("bb bb bb"), SINCE).mismatch
    assert mismatch
    assert mismatch.said == "In 3 of 3 hours with both, the company's server took 12 real messages and refused 6 probes"
    assert "probably" in mismatch.means


def test_what_is_shown() -> None:
    found = compared(real("tttbbu dz"), probes("isd bz?"), SINCE)
    assert found.rows == (
        ComparedRow(TraceFate.DELIVERED, None, 3, 2),
        ComparedRow(TraceFate.REFUSED, Cause.IP_BLOCKED, 2, 1),
        ComparedRow(TraceFate.REFUSED, Cause.UNCLEAR, 1, 0),
        ComparedRow(TraceFate.DEFERRED, Cause.GREYLISTED, 1, 1),
        ComparedRow(TraceFate.SUPPRESSED, Cause.UNCLEAR, 1, 0),
        ComparedRow(TraceFate.SUPPRESSED, Cause.SUPPRESSED, 0, 1),
        ComparedRow(None, Cause.NETWORK, None, 1),
    )
    assert found.in_inbox == 1


def test_what_is_older_is_not_shown() -> None:
    old = SINCE - timedelta(seconds=1)
    assert compared([RealCount(SINCE - HOUR, TraceFate.DELIVERED, None, 7)], [probe("i", old)], SINCE).rows == ()
    assert datetime(2026, 11, 30, 10, tzinfo=UTC) == SINCE


def test_every_outcome_has_its_row() -> None:
    assert set(FATES) == set(Outcome)
    assert {*FATES.values(), TraceFate.SUPPRESSED} == set(WORDS)
