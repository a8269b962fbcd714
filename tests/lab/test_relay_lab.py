"""Mailpath through the sender's own mail service, which bears the sender's address, to real companies."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.config import read_config
from monitor.events import Event
from probes.evidence import Arrival
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome
from tests.lab import config
from tests.lab.companies import RELAY, SENDER_DOMAIN
from tests.lab.lab import Lab
from tests.lab.network import ADMIN_IP, SENDER_IP, US
from tests.lab.probing import probe_all, verdicts_in
from tests.lab.relay import INTERN, MAILER, Relay, relay

pytestmark = pytest.mark.usefixtures("inside")

PACE = 'code_life = "30s"\ngive_up = "40s"'  # nothing here waits for that
AT_RCPT = f"rejected at RCPT TO by {RELAY}[192.0.2.56]:587: "

SPEC = [  # path, outcome, cause, grade, and what the sentence must hold
    ("clean/relay", Outcome.INBOX, None, Grade.REAL, "arrived in INBOX"),
    ("junk/relay", Outcome.SPAM, Cause.CONTENT, Grade.REAL, "delivered to Junk"),
    ("gateway/relay", Outcome.BLOCKED, Cause.SUPPRESSED, Grade.UNPROVEN, AT_RCPT + '"550 5.0.1 '),
    ("clean/mistyped", Outcome.UNKNOWN, None, Grade.UNPROVEN, f"not sent: {RELAY} does not take this user and passw"),
    ("clean/direct", Outcome.UNKNOWN, None, Grade.UNPROVEN, f"not sent: this machine does not bear {SENDER_IP}"),
]


@pytest.fixture(scope="module")
def service(lab: Lab) -> Iterator[Relay]:
    """The sender's mail service."""
    with relay() as running:
        yield running


@pytest.fixture(scope="module")
def events(lab: Lab, service: Relay, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What happened to one probe on each path; all sent at once."""
    folder = tmp_path_factory.mktemp("relay")
    (folder / "mistyped").write_text("mistyped")

    def through(account: str, password: Path) -> str:
        return (
            f'{{ via = "relay", host = "{RELAY}", ca_file = "{service.certificate}", '
            f'user = "{account}", password = {{ file = "{password}" }} }}'
        )

    mailer = through(MAILER, service.passwords[MAILER])
    routes = {
        "clean": {
            "relay": mailer,
            "mistyped": through(MAILER, folder / "mistyped"),
            "intern": through(INTERN, service.passwords[INTERN]),
            "direct": config.DIRECT,
        },
        "junk": {"relay": mailer},
        "gateway": {"relay": mailer},
    }
    text = config.head(every="1h")
    for name, ways in routes.items():
        site = lab[name]
        text += config.company(site, PACE, {key: config.path(lab, site, route=way) for key, way in ways.items()})
    (folder / "config.toml").write_text(text)
    with US.entered():
        return asyncio.run(probe_all(read_config(folder / "config.toml")))


@pytest.mark.parametrize(("path", "outcome", "cause", "grade", "words"), SPEC)
def test_each_way_gets_its_verdict(
    events: list[Event], path: str, outcome: Outcome, cause: Cause | None, grade: Grade, words: str
) -> None:
    (verdict,) = verdicts_in(events)[path, Role.SENDER]
    assert (verdict.outcome, verdict.cause, verdict.grade) == (outcome, cause, grade), verdict.because
    assert words in verdict.because


def test_what_the_relay_refuses_to_an_account_is_told_in_its_own_words(events: list[Event]) -> None:
    (verdict,) = verdicts_in(events)["clean/intern", Role.SENDER]
    assert (verdict.outcome, verdict.cause, verdict.grade) == (Outcome.UNKNOWN, Cause.RELAY_DENIED, Grade.UNPROVEN)
    assert "553 5.7.1 " in verdict.because
    assert "not owned by user intern" in verdict.because


def test_the_neighbour_goes_by_the_same_account_and_the_control_by_none(events: list[Event]) -> None:
    (verdict,) = verdicts_in(events)["clean/relay", Role.NEIGHBOUR]
    assert (verdict.outcome, verdict.grade) == (Outcome.INBOX, Grade.REAL), verdict.because
    (verdict,) = verdicts_in(events)["clean/intern", Role.NEIGHBOUR]
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.RELAY_DENIED)
    (verdict,) = verdicts_in(events)["clean/relay", Role.CONTROL]
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, None)
    assert "or with a [neighbour]" in verdict.because


def test_the_grade_is_read_where_the_company_begins_and_not_at_the_relay(events: list[Event]) -> None:
    (arrival,) = (
        event.what
        for event in events
        if isinstance(event.what, Arrival)
        and (event.probe.company, event.probe.path, event.probe.role) == ("clean", "relay", Role.SENDER)
    )
    below_the_mailbox = arrival.headers.split("\r\nReceived: from ")[2:]
    assert [hop.partition(")")[0] for hop in below_the_mailbox] == [
        f"{RELAY} (unknown [{SENDER_IP}]",
        f"{SENDER_DOMAIN} (unknown [{ADMIN_IP}]",
    ]


def test_without_a_password_the_relay_hears_of_no_mail(service: Relay, events: list[Event]) -> None:
    assert events
    sessions = [line for line in service.postfix.log.read_text().splitlines() if " auth=0/1 " in line]
    assert [line.partition(" auth=0/1 ")[2] for line in sessions] == ["quit=1 commands=4/5"] * 2  # sender, neighbour
