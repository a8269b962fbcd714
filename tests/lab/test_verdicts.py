"""Mailpath itself on real mail servers: each company gets its verdict, and the control its `inbox`."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.events import Event, Judged
from monitor.store import Store
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.lab.config import config_toml
from tests.lab.lab import Lab
from tests.lab.network import US
from tests.lab.processes import until

pytestmark = pytest.mark.usefixtures("inside")

SECONDS = 60.0  # an end for every wait; on a quiet machine the longest takes 12
MAILPATH = (sys.executable, "-c", "from monitor.cli.main import main; main()")
SURROUNDINGS = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}  # compile once
PAGE = "http://127.0.0.1:8025"

Key = tuple[str, Role]
Verdicts = dict[Key, list[Verdict]]

SPEC = [  # path, outcome, cause, grade, and what the sentence must hold
    ("clean/hq", Outcome.INBOX, None, Grade.REAL, "arrived in INBOX"),
    ("junk/hq", Outcome.SPAM, Cause.CONTENT, Grade.REAL, "delivered into Junk"),
    ("ip-blocked/hq", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, "refused at rcpt by mx.ip-blocked.test"),
    ("domain-blocked/hq", Outcome.BLOCKED, Cause.DOMAIN_BLOCKED, Grade.REAL, "refused at mail by mx.domain-blocked"),
    ("listed/hq", Outcome.BLOCKED, Cause.IP_LISTED, Grade.REAL, "blocked using dnsbl.test"),
    ("greylisted/hq", Outcome.DEFERRED, Cause.GREYLISTED, Grade.REAL, "450 4.2.0"),
    ("firewall-drop/hq", Outcome.BLOCKED, Cause.FIREWALL, Grade.REAL, "no answer in time"),
    ("firewall-reset/hq", Outcome.BLOCKED, Cause.FIREWALL, Grade.REAL, "connection refused"),
    ("lost/hq", Outcome.MISSING, None, Grade.REAL, "accepted by mx.lost.test"),
    ("unreadable/hq", Outcome.UNKNOWN, None, Grade.UNPROVEN, "we could not look"),
    ("gateway/xclient", Outcome.INBOX, None, Grade.IMPERSONATED, "arrived in INBOX"),
    ("gateway/proxy", Outcome.INBOX, None, Grade.IMPERSONATED, "arrived in INBOX"),
    ("gateway/proxy1", Outcome.INBOX, None, Grade.IMPERSONATED, "arrived in INBOX"),
    ("gateway-blocked/xclient", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "refused at rcpt"),
    ("gateway-blocked/proxy", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "refused at rcpt"),
    ("gateway-blocked/proxy1", Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.IMPERSONATED, "refused at rcpt"),
]


@pytest.fixture(scope="module")
def file(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration that watches the lab."""
    path = tmp_path_factory.mktemp("mailpath") / "config.toml"
    path.write_text(config_toml(lab))
    return path


@pytest.fixture(scope="module")
def verdicts(file: Path) -> Verdicts:
    """Every verdict on one probe of each path as sender and one as control, in their order; all sent at once."""
    with US.entered():
        return asyncio.run(_probe_all(read_config(file)))


async def _probe_all(config: Config) -> Verdicts:
    heard: Verdicts = {}

    def hear(event: Event) -> None:
        if isinstance(event.what, Judged):
            key = (f"{event.probe.company}/{event.probe.path}", event.probe.role)
            heard.setdefault(key, []).append(event.what.verdict)

    async with Store.open(config.store.url) as store, pipeline_of(config, store, hear, adopts=False) as pipeline:
        for path in config.paths():
            for role in Role:
                await pipeline.launch(path, Kind.VERIFICATION, role)
        async with asyncio.timeout(SECONDS):
            while pipeline.flights:
                pipeline.tick(utc_now())
                await asyncio.sleep(0.1)
    return heard


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


def test_what_is_let_through_after_the_code_died_is_late(verdicts: Verdicts) -> None:
    first, amended = verdicts["greylisted/hq", Role.SENDER]
    assert (first.outcome, amended.outcome, amended.cause) == (Outcome.DEFERRED, Outcome.LATE, Cause.GREYLISTED)
    assert "at attempt 2" in amended.because


def test_probes_are_removed_from_the_mailboxes(lab: Lab, verdicts: Verdicts) -> None:
    assert verdicts
    assert {name: left for name in lab.sites if name != "unreadable" and (left := mail_in(lab, name))} == {}


def mail_in(lab: Lab, company: str) -> list[str]:
    """The files of all messages in the company's probe mailbox."""
    site = lab[company]
    folders = [site.dovecot.maildir(site.company.address, folder) for folder in ("INBOX", "Junk")]
    return [file.name for folder in folders for part in ("new", "cur") for file in (folder / part).glob("*")]


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
            [*MAILPATH, "probe", *words.split(), "--json", "--config", str(file)],
            stdout=subprocess.PIPE,
            text=True,
            env=SURROUNDINGS,
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
    assert [mail_in(lab, company) for company in ("clean", "junk", "gateway-blocked")] == [[], [], []]


@pytest.fixture
def serving(lab: Lab, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`mailpath serve`, which probes every path each few seconds."""
    (tmp_path / "config.toml").write_text(config_toml(lab, every="6s"))
    command = [*MAILPATH, "serve", "--config", str(tmp_path / "config.toml")]
    with (
        (tmp_path / "log").open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=SURROUNDINGS) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def test_the_service_probes_on_its_own_and_shows_all_verdicts_on_metrics(serving: subprocess.Popen[bytes]) -> None:
    expected = {(path, str(outcome)) for path, outcome, *_ in SPEC} - {("greylisted/hq", "deferred")}
    shown: set[tuple[str, str]] = set()
    for _ in until(SECONDS, step=0.3):
        shown |= _outcomes()
        if expected <= shown:
            break
    assert expected - shown == set()
    serving.send_signal(signal.SIGTERM)
    assert serving.wait(10) == 0


def _outcomes() -> set[tuple[str, str]]:
    """The path and outcome of every verdict on the metrics page."""
    try:
        with urlopen(f"{PAGE}/metrics", timeout=3) as answer:
            text = answer.read().decode()
    except (URLError, OSError):
        return set()
    lines = [
        dict(re.findall(r'(\w+)="([^"]*)"', line))
        for line in text.splitlines()
        if line.startswith("mailpath_path_outcome{") and line.endswith(" 1")
    ]
    return {(f"{each['company']}/{each['path']}", each["outcome"]) for each in lines}
