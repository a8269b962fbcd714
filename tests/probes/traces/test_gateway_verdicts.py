"""A row of a mail gateway, up to the verdict on the probe: what was read is what is judged, and what people read."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from probes.evidence import Evidence, Look
from probes.judge import judge
from probes.outcome import Cause
from probes.sentences import sentence
from probes.traced import Traced
from probes.traces import cisco_rows, cloudflare_rows, mimecast_rows
from probes.verdict import Grade, Outcome
from tests.clouds.fake_cisco import tracked as cisco_row
from tests.clouds.fake_cloudflare import row as cloudflare_row
from tests.clouds.fake_mimecast import tracked as mimecast_row
from tests.probes.test_judge import accepted, arrival, at, probe

MESSAGE_ID = "a@account.trimble.com"
TAKEN, ASKED, RECIPIENT = at(2), at(4), "probe@acme.test"


def cloudflare(*status: str, **more: Any) -> list[Traced]:
    made = {"result": [cloudflare_row(MESSAGE_ID, TAKEN, *status, **more)]}
    rows = cloudflare_rows.rows_of(made, MESSAGE_ID) or ()
    return [said for row in rows if (said := cloudflare_rows.statement(row, 1, ASKED))]


def mimecast(status: str, info: str = "") -> list[Traced]:
    made = {"data": [{"trackedEmails": [mimecast_row(status, TAKEN, info, to=[{"emailAddress": RECIPIENT}])]}]}
    rows = mimecast_rows.rows_of(made) or ()
    return [said for row in rows if (said := mimecast_rows.statement(row, RECIPIENT, 1, ASKED))]


def cisco(status: str) -> list[Traced]:
    people: Mapping[str, Any] = {"recipientMap": {"315": [RECIPIENT]}, "recipient": [RECIPIENT]}
    rows = cisco_rows.rows_of({"data": [cisco_row(MESSAGE_ID, status, TAKEN, **people)]}) or ()
    return [said for row in rows for said in cisco_rows.statements(row, RECIPIENT, 1, ASKED)]


STOPPED: list[tuple[Callable[[], list[Traced]], Cause, str]] = [
    (lambda: cloudflare("quarantined", final_disposition="SPAM"), Cause.CONTENT,
     "then put into quarantine, as Cloudflare Email Security's log says (rule: \"SPAM\")"),
    (lambda: mimecast("held", "Message Hold Applied - Attachment Policy"), Cause.POLICY,
     "then held until somebody releases it, as Mimecast's log says"),
    (lambda: cisco("Quarantined by Anti-Spam/Graymail"), Cause.CONTENT,
     "then put into quarantine, as Cisco Secure Email's log says (rule: \"Anti-Spam/Graymail\")"),
    (lambda: cisco("Quarantined"), Cause.UNCLEAR, "then put into quarantine, as Cisco Secure Email's log says"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "cause", "words"), STOPPED)
def test_what_a_gateway_keeps_is_quarantined(said: Callable[[], list[Traced]], cause: Cause, words: str) -> None:
    verdict = judge(probe(), [accepted(), *said()], ASKED)
    assert verdict
    assert (verdict.outcome, verdict.cause, verdict.grade) == (Outcome.QUARANTINED, cause, Grade.REAL)
    assert verdict.detail
    assert words in sentence(verdict.detail)


@pytest.mark.parametrize(("said", "cause", "words"), STOPPED)
def test_unless_it_arrives(said: Callable[[], list[Traced]], cause: Cause, words: str) -> None:
    verdict = judge(probe(), [accepted(), *said(), arrival(5)], at(5))
    assert verdict
    assert verdict.outcome is Outcome.INBOX


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (lambda: cloudflare("delivered"), "Cloudflare Email Security"),
        (lambda: mimecast("archived"), "Mimecast"),
        (lambda: cisco("Delivered"), "Cisco Secure Email"),
    ],
)
def test_what_a_gateway_passed_on_is_waited_for(said: Callable[[], list[Traced]], name: str) -> None:
    known: list[Evidence] = [accepted(), *said()]
    assert judge(probe(), known, at(30)) is None
    verdict = judge(probe(), [*known, Look(at(60), ("INBOX", "Junk"))], at(60))
    assert verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.MISSING, Cause.UNCLEAR)
    assert verdict.detail
    assert f"{name} took the message at {TAKEN:%H:%M:%S} UTC" in sentence(verdict.detail)
