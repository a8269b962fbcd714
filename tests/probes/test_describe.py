"""Evidence in words: one row, one piece of evidence and what anybody reads of it."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from probes.describe import Tone, describe
from probes.evidence import (
    Absence,
    Arrival,
    Attempt,
    Bounce,
    Dialogue,
    Evidence,
    FailedLook,
    FilterScan,
    Folder,
    Interrupted,
    Look,
    Marker,
    Scan,
    ScanAction,
    ScannedRule,
)
from probes.reading.facts import MailKind
from probes.traced import Side, Traced, TraceFate
from probes.verdict import Cause

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ARRIVED = Arrival(AT, AT, Folder.INBOX, "INBOX", "", (Marker.HEADER,))
BOUNCED = Bounce(
    AT, MailKind.BOUNCE, "", "failed", "5.1.1", "no\nsuch user", Cause.NO_SUCH_USER, True, reporting_mta="mx.test"
)

ROWS = [
    (Attempt(AT, 2), "Attempt", "2", Tone.PLAIN),
    (Interrupted(AT, 2), "Interrupted", "attempt 2: the service stopped while sending", Tone.DOUBTFUL),
    (ARRIVED, "Arrived", "in INBOX", Tone.GOOD),
    (Look(AT, ("INBOX", "Junk")), "Searched", "INBOX and Junk: not found", Tone.PLAIN),
    (FailedLook(AT, "login failed"), "Search failed", "login failed", Tone.BAD),
    (
        Absence(AT, 1200.0),
        "Suspended",
        "this machine or Mailpath was suspended for 20 min",
        Tone.DOUBTFUL,
    ),
    (BOUNCED, None, "5.1.1 no such user", Tone.BAD),
    (
        FilterScan(AT, Scan("rspamd", ScanAction.MARK, 7.1, 15.0, (ScannedRule("BAYES", 5.1, "spam"),)), "filter.test"),
        "Filter asked",
        "would mark it as spam, score 7.1 of 15",
        Tone.DOUBTFUL,
    ),
    (
        Traced(AT, "mailgun", Side.SENDER, TraceFate.REFUSED, to_host="mx.test", code=550, enhanced="5.7.1", text="no"),
        "Trace",
        'Mailgun reports that it was refused for good (mx.test): "550 5.7.1 no"',
        Tone.BAD,
    ),
    (
        Traced(AT, "other", Side.RECEIVER, TraceFate.NOT_ASKED, text="HTTP 503"),
        "Trace",
        'other could not be asked: "HTTP 503"',
        Tone.PLAIN,
    ),
]


@pytest.mark.parametrize(("evidence", "label", "text", "tone"), ROWS)
def test_a_description(evidence: Evidence, label: str | None, text: str, tone: Tone) -> None:
    assert not isinstance(evidence, Dialogue)
    seen = describe(evidence)
    assert label is None or seen.label == label
    assert text in seen.text
    assert (seen.tone, seen.at) == (tone, AT)


HOSTILE = 'a\r\nb\x1b[31m\u202e"c' + "W" * 3000
"""A name that the owner of a mailbox or server chose."""


@pytest.mark.parametrize(
    "evidence",
    [
        Arrival(AT, AT, Folder.OTHER, HOSTILE, "", (Marker.HEADER,)),
        Look(AT, (HOSTILE,)),
        Traced(AT, HOSTILE, Side.RECEIVER, TraceFate.HELD, 1, AT, HOSTILE, HOSTILE),
        Bounce(
            AT,
            MailKind.BOUNCE,
            "",
            "failed",
            "",
            "",
            Cause.UNCLEAR,
            True,
            reporting_mta=HOSTILE,
            client_name=HOSTILE,
            client_ip="192.0.2.1",
        ),
    ],
)
def test_a_name_that_others_chose_is_one_short_line(evidence: Arrival | Look | Bounce | Traced) -> None:
    seen = describe(evidence)
    told = f"{seen.text}{seen.proof}"
    assert told.isprintable()
    assert "a b" in told
    assert len(told) < 500


def test_every_sort_of_evidence_but_a_dialogue_has_a_row() -> None:
    assert {type(row[0]) for row in ROWS} == set(get_args(Evidence)) - {Dialogue}


def test_the_proof_names_marks_and_client() -> None:
    assert describe(ARRIVED).proof.startswith("identified by ")
    assert describe(BOUNCED).proof == "by mx.test"
