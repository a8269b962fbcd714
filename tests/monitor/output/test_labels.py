"""Each value that a person reads has one row of words, and no other words are made of it."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from monitor.analysis.content import ContentKind
from monitor.incidents.incident import IncidentEvent, Nature, Reason, Resolution, Scope, Severity
from monitor.incidents.labels import SCOPES, SEVERITIES
from monitor.notices.labels import NOTICE_KINDS
from monitor.notices.notice import NoticeKind
from monitor.output.labels import TABLES, label_of
from monitor.people.person import Rights
from monitor.remedying.applied import RemedyState
from monitor.triage.address import NoteWeight, Slip
from monitor.triage.decide import PlaceCertainty, TriagePlace
from monitor.triage.directory import DomainBasis
from monitor.triage.facts import DnsState
from probes.answer import Fault, Stage
from probes.evidence import BodyState, Folder, Handover, MailKind, Marker
from probes.kinds import Kind
from probes.labels import CAUSES, GRADES, OUTCOMES, reason_of, verdict_label
from probes.reading.facts import Finding
from probes.reading.reports import ReportKind
from probes.sender import Role
from probes.traced import Side, TraceFate
from probes.verdict import Cause, Concern, Grade, Outcome

ROOT = Path(__file__).parents[3]
SHOWN: tuple[type[StrEnum], ...] = (
    *(
        Outcome,
        Cause,
        Concern,
        Grade,
        Kind,
        Role,
        Stage,
        Fault,
        Handover,
        Folder,
        Marker,
        BodyState,
        MailKind,
        Side,
        TraceFate,
    ),
    *(Slip, NoteWeight, TriagePlace, PlaceCertainty, DomainBasis, DnsState, ContentKind),
    *(Finding, ReportKind, Severity, Scope, Nature, Reason, Resolution, IncidentEvent, NoticeKind, Rights, RemedyState),
)


def test_each_value_that_is_shown_has_one_row() -> None:
    assert {type(next(iter(table))) for table in TABLES} == set(SHOWN)
    assert len(TABLES) == len(SHOWN)
    for shown in SHOWN:
        for value in shown:
            row = label_of(value)
            assert row.label, value
            assert row.help, value
            assert row.sentence or shown is Reason, value


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(next(iter(table))).__name__)
def test_labels_tell_values_apart_and_hide_no_raw_value(table: dict[StrEnum, object]) -> None:
    labels = [label_of(value).label for value in table]
    assert len(set(labels)) == len(labels)
    for value in table:
        row = label_of(value)
        assert not re.search(r"\w_\w", f"{row.label} {row.sentence}"), value
        assert row.title[:1] == row.title[:1].upper()


@pytest.mark.parametrize(
    ("outcome", "cause", "words"),
    [
        (Outcome.INBOX, None, "Inbox"),
        (Outcome.BLOCKED, Cause.IP_BLOCKED, "Blocked: IP address"),
        (Outcome.BLOCKED, Cause.DOMAIN_BLOCKED, "Blocked: domain"),
        (Outcome.LATE, Cause.UNCLEAR, "Late: cause unknown"),
        (Outcome.SPAM, Cause.CONTENT, "Spam folder: content"),
        (None, None, "No verdict yet"),
    ],
)
def test_a_verdict_in_few_words(outcome: Outcome | None, cause: Cause | None, words: str) -> None:
    assert verdict_label(outcome, cause) == words


def test_a_reason_is_one_sentence_of_ours() -> None:
    for outcome in Outcome:
        for cause in (*Cause, None):
            said = reason_of(outcome, cause)
            assert said.endswith(".")
            assert said[0].isupper()
    assert reason_of(Outcome.MISSING, Cause.UNCLEAR) == "Mail is accepted but missing; the cause is unknown."


@pytest.mark.parametrize(
    ("guide", "table", "column"),
    [
        ("verdicts", OUTCOMES, 2),
        ("verdicts", GRADES, 2),
        ("verdicts", SEVERITIES, 2),
        ("verdicts", SCOPES, 2),
        ("incidents", NOTICE_KINDS, 2),
    ],
    ids=lambda value: type(next(iter(value))).__name__ if isinstance(value, dict) else str(value),
)
def test_the_guide_says_the_same(guide: str, table: dict[StrEnum, object], column: int) -> None:
    rows = _rows(guide)
    for value in table:
        row = label_of(value)
        assert [str(value), row.title, row.help] in [cells[: column + 1] for cells in rows], value


def test_the_guide_says_the_same_of_causes() -> None:
    rows = [[cells[0], cells[1], cells[3]] for cells in _rows("verdicts") if len(cells) > 3]
    for cause, row in CAUSES.items():
        assert [str(cause), row.title, row.sentence] in rows, cause


def _rows(guide: str) -> list[list[str]]:
    """The cells of all tables of a page, without marks."""
    text = (ROOT / "docs" / "guide" / f"{guide}.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def test_no_code_makes_words_of_a_value_by_itself() -> None:
    """`replace("_", " ")` shows raw values. An error of OpenSSL is no value of ours."""
    makes = re.compile(r"""replace(All)?\(["']_["'], ["'] ["']\)""")
    allowed = {"probes/routes/wire.py"}
    found = [
        str(path.relative_to(ROOT))
        for folder in ("probes", "monitor", "dashboards")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".html", ".js") and makes.search(path.read_text())
    ]
    assert set(found) <= allowed
