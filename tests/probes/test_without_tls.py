"""A message that went without TLS because TLS failed: what tells so, and the verdict that does not hide it."""

from datetime import UTC, datetime, timedelta

import pytest

from probes.answer import Fault, Stage
from probes.evidence import Arrival, Attempt, Dialogue, Evidence, Folder, Handover, Marker, Step, fell_back
from probes.judge import judge
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Cause, Outcome, Verdict

BORN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SENDER_IP = "104.130.122.50"
MX1, MX2 = "mx1.acme.test[192.0.2.11]:25", "mx2.acme.test[192.0.2.12]:25"
HANDSHAKE = "the TLS handshake failed: no shared cipher"
TOLD = f"; TLS failed: {HANDSHAKE}; sent without TLS, as mail servers do"


def steps(text: str) -> tuple[Step, ...]:
    """ "1 connect, 1 starttls!, 2 connect": the host's number and the stage, ! where it failed."""
    return tuple(_step(*each.split()) for each in text.split(", "))


def _step(host: str, stage: str) -> Step:
    failed = stage.endswith("!")
    return Step(
        Stage(stage.rstrip("!")),
        BORN,
        0.01,
        {"1": MX1, "2": MX2}[host],
        text=HANDSHAKE if failed else "",
        fault=Fault.TLS if failed else None,
    )


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        ("1 connect, 1 ehlo, 1 starttls, 1 ehlo, 1 mail", None),
        ("1 connect, 1 ehlo, 1 starttls!, 1 connect, 1 ehlo, 1 mail", 2),
        ("1 connect, 1 ehlo, 1 starttls, 1 ehlo!, 1 connect, 1 mail", 3),  # TLS 1.3 fails behind its handshake
        ("1 connect, 1 ehlo, 1 starttls!", None),  # it was required
        ("1 connect, 1 ehlo!, 2 connect, 2 mail", None),  # another host
        ("1 connect, 1 starttls!, 1 connect, 1 banner!, 2 connect, 2 starttls, 2 mail", None),
        ("1 connect, 1 starttls!, 1 connect, 1 banner!, 2 connect, 2 starttls!, 2 connect, 2 mail", 5),
    ],
)
def test_the_step_at_which_tls_failed_is_told_of_the_host_that_decided(said: str, failed: int | None) -> None:
    dialogue = Dialogue(BORN, 1, Handover.ACCEPTED, steps(said), SENDER_IP)
    assert fell_back(dialogue) == (None if failed is None else dialogue.steps[failed])


def judged(*evidence: Evidence) -> Verdict:
    probe = Probe(
        id="a" * 16,
        company="acme",
        path="hq",
        kind=Kind.TWO_STEP_CODE,
        role=Role.SENDER,
        via="direct",
        recipient="probe@acme.test",
        source_ip=SENDER_IP,
        created_at=BORN,
        code_dead_at=BORN + timedelta(seconds=10),
        give_up_at=BORN + timedelta(seconds=60),
        retry=(timedelta(seconds=30),),
    )
    verdict = judge(probe, (Attempt(BORN, 1), *evidence), BORN + timedelta(seconds=11))
    assert verdict
    return verdict


IN_CLEAR = steps("1 connect, 1 ehlo, 1 starttls!, 1 connect, 1 ehlo")


def test_what_arrives_without_tls_is_in_the_inbox_with_a_remark() -> None:
    taken = Step(Stage.END_OF_DATA, BORN, 0.1, MX1, 250, "2.0.0", "Ok")
    received = f"Received: from account.trimble.com (m50.example [{SENDER_IP}])\r\n\tby mx.acme.test with ESMTP\r\n"
    seen = Arrival(BORN + timedelta(seconds=2), BORN, Folder.INBOX, "INBOX", received, (Marker.HEADER,))
    verdict = judged(Dialogue(BORN, 1, Handover.ACCEPTED, (*IN_CLEAR, taken), SENDER_IP), seen)
    assert verdict.outcome is Outcome.INBOX
    assert verdict.because == f"arrived in INBOX 2.0 s after it was sent{TOLD}"


def test_a_refusal_without_tls_is_what_counts_and_tls_is_not_hidden() -> None:
    refused = Step(Stage.MAIL, BORN, 0.1, MX1, 530, "5.7.0", "Must issue a STARTTLS command first")
    verdict = judged(Dialogue(BORN, 1, Handover.REFUSED, (*IN_CLEAR, refused), SENDER_IP))
    assert (verdict.outcome, verdict.cause) == (Outcome.BLOCKED, Cause.TLS)
    assert verdict.because == f'rejected at MAIL FROM by {MX1}: "530 5.7.0 Must issue a STARTTLS command first"{TOLD}'
