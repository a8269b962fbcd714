"""Mailpath itself on real mail servers: each company gets its verdict, and the control its `inbox`."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from monitor.config import read_config
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome
from tests.lab.config import config_toml
from tests.lab.lab import Lab
from tests.lab.network import US
from tests.lab.probing import Verdicts, probe_all, verdicts_in
from tests.lab.processes import until
from tests.lab.service import COMMAND, SECONDS, Service

pytestmark = pytest.mark.usefixtures("inside")

SPEC = [  # path, outcome, cause, grade, and what the sentence must hold
    ("clean/hq", Outcome.INBOX, None, Grade.REAL, "arrived in INBOX"),
    ("junk/hq", Outcome.SPAM, Cause.CONTENT, Grade.REAL, "delivered to Junk"),
    ("ip-blocked/hq", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, "rejected at RCPT TO by mx.ip-blocked.test"),
    (
        "domain-blocked/hq",
        Outcome.BLOCKED,
        Cause.DOMAIN_BLOCKED,
        Grade.REAL,
        "rejected at MAIL FROM by mx.domain-blocked",
    ),
    ("listed/hq", Outcome.BLOCKED, Cause.IP_LISTED, Grade.REAL, "blocked using dnsbl.test"),
    ("greylisted/hq", Outcome.DEFERRED, Cause.GREYLISTED, Grade.REAL, "450 4.2.0"),
    ("firewall-drop/hq", Outcome.BLOCKED, Cause.FIREWALL, Grade.UNPROVEN, "no answer in time"),
    ("firewall-reset/hq", Outcome.DEFERRED, Cause.UNCLEAR, Grade.UNPROVEN, "connection refused"),
    ("lost/hq", Outcome.MISSING, None, Grade.REAL, "accepted by mx.lost.test"),
    ("unreadable/hq", Outcome.UNKNOWN, None, Grade.UNPROVEN, "we could not look"),
    ("gateway/xclient", Outcome.INBOX, None, Grade.IMPERSONATED, "arrived in INBOX"),
    ("gateway/proxy", Outcome.INBOX, None, Grade.IMPERSONATED, "arrived in INBOX"),
    ("gateway/proxy1", Outcome.INBOX, None, Grade.IMPERSONATED, "arrived in INBOX"),
    ("gateway-blocked/xclient", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "rejected at RCPT TO"),
    ("gateway-blocked/proxy", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "rejected at RCPT TO"),
    ("gateway-blocked/proxy1", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "rejected at RCPT TO"),
]


@pytest.fixture(scope="module")
def file(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration that watches the lab."""
    path = tmp_path_factory.mktemp("mailpath") / "config.toml"
    path.write_text(config_toml(lab))
    return path


@pytest.fixture(scope="module")
def verdicts(file: Path) -> Verdicts:
    """Every verdict on one probe of each path in each role, in their order; all sent at once."""
    with US.entered():
        return verdicts_in(asyncio.run(probe_all(read_config(file))))


@pytest.mark.parametrize(("path", "outcome", "cause", "grade", "words"), SPEC)
def test_each_company_gets_its_verdict(
    verdicts: Verdicts, path: str, outcome: Outcome, cause: Cause | None, grade: Grade, words: str
) -> None:
    verdict = verdicts[path, Role.SENDER][0]
    assert (verdict.outcome, verdict.grade) == (outcome, grade), verdict.because
    assert verdict.cause == cause or outcome is Outcome.MISSING, verdict.because
    assert words in verdict.because


@pytest.mark.parametrize("path", [row[0] for row in SPEC if row[1] is not Outcome.UNKNOWN])
def test_the_control_arrives_on_the_same_path(verdicts: Verdicts, path: str) -> None:
    assert [each.outcome for each in verdicts[path, Role.CONTROL]] == [Outcome.INBOX]


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("clean/hq", Outcome.INBOX),
        ("ip-blocked/hq", Outcome.BLOCKED),
        ("listed/hq", Outcome.BLOCKED),
        ("firewall-drop/hq", Outcome.BLOCKED),
        ("gateway-blocked/xclient", Outcome.BLOCKED),
        ("gateway-blocked/proxy", Outcome.BLOCKED),
        ("domain-blocked/hq", Outcome.INBOX),
        ("lost/hq", Outcome.INBOX),
    ],
)
def test_the_neighbour_tells_the_address_from_the_domain(verdicts: Verdicts, path: str, outcome: Outcome) -> None:
    assert verdicts[path, Role.NEIGHBOUR][0].outcome is outcome


def test_what_is_let_through_after_the_code_died_is_late(verdicts: Verdicts) -> None:
    first, amended = verdicts["greylisted/hq", Role.SENDER]
    assert (first.outcome, amended.outcome, amended.cause) == (Outcome.DEFERRED, Outcome.LATE, Cause.GREYLISTED)
    assert "at attempt 2" in amended.because


def test_probes_are_removed_from_the_mailboxes(lab: Lab, verdicts: Verdicts) -> None:
    assert verdicts
    assert {name: left for name in lab.sites if name != "unreadable" and (left := lab[name].letters())} == {}


BY_HAND = {  # what is asked for, with the exit code and the outcomes that it ends with
    "clean": (0, ["inbox"]),
    "junk": (1, ["spam"]),
    "ip-blocked/hq": (1, ["blocked"]),
    "gateway-blocked --as control": (0, ["inbox", "inbox", "inbox"]),
    "unreadable": (2, ["unknown"]),
}


def test_a_probe_by_hand_tells_all_in_its_exit_code_and_its_last_lines(lab: Lab, file: Path) -> None:
    running = {
        words: subprocess.Popen(
            [*COMMAND, "probe", *words.split(), "--json", "--config", str(file)], stdout=subprocess.PIPE, text=True
        )
        for words in BY_HAND
    }
    ended: dict[str, tuple[int, list[str]]] = {}
    for words, process in running.items():
        events = [json.loads(line) for line in process.communicate(timeout=SECONDS)[0].splitlines()]
        assert events[-1]["event"] == "verdict"
        outcomes = [event["outcome"] for event in events if event["event"] == "verdict"]
        ended[words] = (process.returncode, outcomes)
    assert ended == BY_HAND
    assert [lab[company].letters() for company in ("clean", "junk", "gateway-blocked")] == [[], [], []]


def test_the_service_probes_on_its_own_and_shows_all_verdicts_on_metrics(lab: Lab, tmp_path: Path) -> None:
    expected = {(path, str(outcome)) for path, outcome, *_ in SPEC} - {("greylisted/hq", "deferred")}
    shown: set[tuple[str, str]] = set()
    service = Service(tmp_path, config_toml(lab, every="6s"))
    try:
        service.start()
        for _ in until(SECONDS, step=0.3):
            now = [labels for labels, value in service.metrics("mailpath_path_outcome") if value == 1]
            shown |= {(f"{each['company']}/{each['path']}", each["outcome"]) for each in now}
            if expected <= shown:
                break
        assert expected - shown == set()
        assert service.stop() == 0
    finally:
        service.kill9()
