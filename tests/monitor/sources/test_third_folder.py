"""A rule in the mailbox moves our mail: a real Dovecot with Sieve, from the launch of a probe to its verdict."""

import asyncio
import os
import smtplib
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.probing.pipeline import Pipeline
from monitor.sources import mailboxes
from probes.evidence import Arrival, Dialogue, Handover, Look
from probes.kinds import Kind
from probes.mailboxes.imap import ImapMailbox
from probes.message import Message
from probes.outside import Outside
from probes.verdict import Outcome, Verdict
from tests.lab.dovecot import MAIL_OWNER, Dovecot, dovecot
from tests.support.pipeline_app import PATIENCE, REPLIES, EventRecorder, PipelineApp, watched

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to run Dovecot")]

USER = "probe@acme.test"
LETTER = b"From: boss@acme.test\r\nSubject: lunch\r\nMessage-ID: <1@acme.test>\r\n\r\nAt noon.\r\n"
EXTENSIONS = 'require ["fileinto", "mailbox", "encoded-character"];\n'
PUBLIC = """
namespace public {
  type = public
  separator = /
  prefix = Public/
  location = maildir:%h/../public
  list = yes
}
namespace inbox {
  separator = /
}
"""

Start = Callable[[str], Dovecot]


@pytest.fixture
def sweeps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the time of the day at which the mailbox is swept."""
    monkeypatch.setattr(mailboxes, "until_sweep", lambda *_: 0.0)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a Dovecot with this rule for all mail."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="mailpath-")))
        folder.chmod(0o755)  # Dovecot's own users must get through

        def begin(rule: str) -> Dovecot:
            script = folder / "rule.sieve"
            script.write_text(EXTENSIONS + rule + "\n")
            subprocess.run(["sievec", "-c", "/dev/null", script], check=True, capture_output=True)
            running = dovecot(folder, users={USER: "secret"}, junk={"Junk": True}, sieve=script, extra=PUBLIC)
            return stack.enter_context(running)

        yield begin


class Lmtp:
    """A route that hands the mail to Dovecot, which applies the rule."""

    via = "direct"

    def __init__(self, server: Dovecot) -> None:
        self._server = server

    def destination(self, recipient: str) -> str:
        return "mx.acme.test"

    async def send(self, message: Message, number: int, around: Outside, *, timeout: float, note: Any) -> Dialogue:
        await asyncio.to_thread(self.hand_over, message.content)
        step = REPLIES[Handover.ACCEPTED]
        note(step)
        return Dialogue(around.now(), number, Handover.ACCEPTED, (step,), "104.130.122.50")

    def hand_over(self, content: bytes) -> None:
        with smtplib.LMTP(self._server.address, self._server.ports.lmtp) as client:
            client.sendmail("bounce@account.trimble.com", [USER], content)


def mailbox(server: Dovecot) -> ImapMailbox:
    return ImapMailbox.model_validate({
        "via": "imap", "host": server.address, "port": server.ports.imap, "tls": "none",
        "user": USER, "password": SecretStr("secret"),
    })  # fmt: skip


def probes_left(server: Dovecot) -> list[Path]:
    """Every mail of ours on the server."""
    return [each for each in (server.folder / "mail").rglob("*") if b"X-Mailpath-Probe" in content(each)]


def content(file: Path) -> bytes:
    """What is in it; nothing of what is no file, or was renamed or deleted meanwhile."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def still_there(letter: Path) -> bool:
    """Whether it lies in its folder, read or not."""
    return any(letter.parent.parent.glob(f"*/{letter.name}*"))


async def ticking(pipeline: Pipeline, pipeline_app: PipelineApp, true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            pipeline.tick(pipeline_app.clock())
            await asyncio.sleep(0.01)


async def last_verdict(pipeline_app: PipelineApp, pipeline: Pipeline, heard: EventRecorder) -> Verdict:
    """The verdict once an hour has passed."""
    await heard.evidence(Dialogue)
    pipeline_app.clock.pass_(minutes=61)
    await ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
    return heard.verdicts[-1].verdict


@pytest.mark.parametrize(
    ("rule", "outcome", "words"),
    [
        ("keep;", Outcome.INBOX, "arrived in INBOX"),
        ('fileinto :create "Lists";', Outcome.UNKNOWN, "but a rule moved it to Lists; whether other people"),
        ('fileinto :create "Trash";', Outcome.UNKNOWN, "but a rule moved it to Trash;"),
        ('fileinto :create "INBOX/Codes/2026";', Outcome.UNKNOWN, "but a rule moved it to INBOX/Codes/2026;"),
        ('fileinto :create "My \\"own\\" Bücher & 本";', Outcome.UNKNOWN, "a rule moved it to My 'own' Bücher & 本;"),
        ('fileinto :create "Quarantine";', Outcome.SPAM, "delivered to Quarantine"),
        ('fileinto :create "Filter/Spamverdacht";', Outcome.SPAM, "delivered to Filter/Spamverdacht"),
        ("discard;", Outcome.MISSING, "not in INBOX, Junk or Lists within 60 min; not searched: Public/team"),
        ('fileinto "Public/team";', Outcome.MISSING, "not searched: Public/team"),
    ],
)
async def test_what_a_rule_does_to_our_mail(
    start: Start, tmp_path: Path, rule: str, outcome: Outcome, words: str
) -> None:
    server, pipeline_app = start(rule), PipelineApp(tmp_path)
    shared = server.folder / "mail" / "public" / ".team"
    for part in ("cur", "new", "tmp"):
        (shared / part).mkdir(parents=True)
    for each in (shared.parent, *shared.parent.rglob("*")):
        os.chown(each, MAIL_OWNER, MAIL_OWNER)
    letters = [server.deliver(USER, LETTER), server.deliver(USER, LETTER, "Lists")]
    path = watched(Lmtp(server), mailbox(server))
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, Kind.TWO_STEP_CODE)
        verdict = await last_verdict(pipeline_app, pipeline, heard)
        assert verdict.outcome is outcome, verdict.because
        assert words in verdict.because
        await ticking(pipeline, pipeline_app, lambda: len(probes_left(server)) == ("Public" in rule))
    assert all(still_there(letter) for letter in letters)


async def test_the_next_probe_that_is_moved_is_seen_while_its_code_lives(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, pipeline_app = start('fileinto :create "Lists";'), PipelineApp(tmp_path)
    path = watched(Lmtp(server), mailbox(server))
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, Kind.TWO_STEP_CODE)
        await last_verdict(pipeline_app, pipeline, heard)
        await pipeline.launch(path, Kind.PASSWORD_RESET)
        await heard.evidence(Dialogue, 2)
        monkeypatch.setattr(mailboxes, "monotonic", lambda: time.monotonic() + 60)  # as if a minute had passed
        server.deliver(USER, LETTER)  # which ends the wait for news
        await heard.evidence(Arrival, 2)
        assert "moved it to Lists" in heard.verdicts[-1].verdict.because


async def test_late_is_late_in_any_folder(start: Start, tmp_path: Path) -> None:
    server, pipeline_app = start("keep;"), PipelineApp(tmp_path)
    route = Lost(server)
    path = watched(route, mailbox(server))
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(minutes=30)
        at = pipeline_app.clock().timestamp()
        server.deliver(USER, route.sent[0].content, "Lists", at=at)
        pipeline_app.clock.pass_(minutes=31)
        await ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        verdict = heard.verdicts[-1].verdict
        assert verdict.outcome is Outcome.LATE
        assert verdict.because.startswith(
            "arrived in Lists 30 min after it was sent, but its code expires after 10 min"
        )


class Lost(Lmtp):
    """Takes the mail and does not deliver it."""

    def __init__(self, server: Dovecot) -> None:
        super().__init__(server)
        self.sent: list[Message] = []

    async def send(self, message: Message, number: int, around: Outside, *, timeout: float, note: Any) -> Dialogue:
        self.sent.append(message)
        return Dialogue(around.now(), number, Handover.ACCEPTED, (REPLIES[Handover.ACCEPTED],), "104.130.122.50")


# -- what is left behind ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sweeps_at_once")
async def test_what_we_left_behind_is_removed_and_nothing_else(start: Start, tmp_path: Path) -> None:
    """Probes whose path is gone, whose record is gone, that came after all, or are another instance's."""
    server, pipeline_app = start("keep;"), PipelineApp(tmp_path)
    route = Lost(server)
    gone, path = watched(route, mailbox(server), path="gone"), watched(Lmtp(server), mailbox(server))
    other = PipelineApp(tmp_path / "other")
    async with other.service(watched(route, mailbox(server))) as (pipeline, heard, _):
        await pipeline.launch(watched(route, mailbox(server)), Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
    async with pipeline_app.service(gone, path) as (pipeline, heard, _):
        await pipeline.launch(gone, Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
    foreign, ours = (each.content for each in route.sent)
    pipeline_app.clock.pass_(hours=2)
    about = b"From: filter@acme.test\r\nSubject: held\r\n\r\nWe held this mail:\r\n\r\n" + ours
    day = timedelta(days=2).total_seconds()
    now = pipeline_app.clock().timestamp()
    kept = [
        server.deliver(USER, foreign, "Lists", at=now - day),
        server.deliver(USER, about, "Lists", at=now - day),
        server.deliver(USER, LETTER, "Archive", at=now - day),
        server.deliver(USER, LETTER, at=now - day),
    ]
    for folder in ("INBOX", "Junk", "Lists", "Archive"):
        server.deliver(USER, ours, folder, at=now - day)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.adopt()
        await pipeline.launch(path, Kind.TWO_STEP_CODE)
        await heard.evidence(Arrival)
        await ticking(pipeline, pipeline_app, lambda: len(probes_left(server)) == 2)
    assert all(still_there(letter) for letter in kept)


@pytest.mark.usefixtures("sweeps_at_once")
async def test_a_probe_that_another_process_waits_for_is_left_to_it(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store knows nothing of it, but it came a moment ago."""
    server, pipeline_app = start("keep;"), PipelineApp(tmp_path)
    route = Lost(server)
    path = watched(route, mailbox(server))
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, Kind.TWO_STEP_CODE)
        await heard.evidence(Dialogue)
        pipeline.flights.untrack(pipeline.flights[probe.id])

        async def no_record(probe_id: str) -> None:
            return None

        monkeypatch.setattr(store.probes, "record", no_record)
        fresh = server.deliver(USER, route.sent[0].content, "Lists")
        server.deliver(
            USER,
            route.sent[0].content,
            "Lists",
            at=pipeline_app.clock().timestamp() - timedelta(days=2).total_seconds(),
        )
        look = await pipeline.watchers[path.mailbox_key].look()
        assert isinstance(look, Look)
        # Counted, not looked for by path: reading a mail moves it.
        await ticking(pipeline, pipeline_app, lambda: len(probes_left(server)) == 1)
        assert [each.name.partition(":")[0] for each in probes_left(server)] == [fresh.name]
