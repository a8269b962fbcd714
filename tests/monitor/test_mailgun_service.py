"""The whole service with a relay and the log of the sender's own service: real processes, really killed."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from probes.evidence import Evidence
from probes.traced import Traced, TraceFate
from probes.traces.mailgun import MailgunTrace
from tests.clouds.fake_mailgun import KEY, SENDING_IP, FakeMailgun, failing, fake_mailgun, silent
from tests.probes.accounts.test_mailgun_hooks import KEY as SIGNING_KEY
from tests.probes.accounts.test_mailgun_hooks import signed
from tests.support.probe_mails import make_maildir
from tests.support.service_process import Folder, folder
from tests.support.smtp_server import SmtpConversation, mail_server

CONFIG = """
[sender]
trace = {{ via = "mailgun", account = "identity" }}
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = {{ env = "MAILGUN_KEY" }}
signing_key = {{ env = "SIGNING_KEY" }}
url = "{url}"
[companies.acme]
domains = ["acme.test"]
[companies.acme.paths.hq]
to = "probe@acme.test"
route = {{ via = "relay", host = "127.0.0.1", port = {port}, tls = "none", user = "x", password = {{ env = "RELAY" }} }}
mailbox = {{ via = "maildir", path = "box" }}
"""
ENV = {"MAILGUN_KEY": KEY, "SIGNING_KEY": SIGNING_KEY, "RELAY": "secret-of-the-relay"}
FIRST_LAG = MailgunTrace(via="mailgun", account="identity").lags[0].total_seconds()
SECONDS_TO_VERDICT = 20.0  # asked 5 s after acceptance; the machine is shared with others

Becomes = Callable[[FakeMailgun, str], None]
"""What becomes of a message with this Message-ID."""


@dataclass
class SendersService:
    """Mailgun: what it takes by SMTP it writes into its log. `becomes` says what becomes of a message."""

    fake: FakeMailgun
    port: int
    becomes: Becomes
    taken: list[str] = field(default_factory=list)

    async def take(self, visit: SmtpConversation) -> None:
        found = re.search(rb"^Message-ID: <([^>]+)>", visit.mail, re.MULTILINE)
        assert found
        self.taken.append(message_id := found[1].decode())
        self.fake.say("accepted", message_id)
        self.becomes(self.fake, message_id)
        visit.writer.write(b"250 Great success\r\n")


def refused(fake: FakeMailgun, message_id: str) -> None:
    text = "550 5.7.1 Service unavailable, Client host [104.130.122.50] blocked using bl.test"
    fake.say("failed", message_id, severity="permanent", reason="generic", reply=text)


def suppressed(fake: FakeMailgun, message_id: str) -> None:
    text = "605 - Not delivering to previously bounced address"
    fake.say("failed", message_id, severity="permanent", reason="suppress-bounce", reply=text)


def handed_over(fake: FakeMailgun, message_id: str) -> None:
    fake.say("delivered", message_id, reply="250 2.0.0 Ok: queued")


@contextmanager
def senders_service(becomes: Becomes) -> Iterator[SendersService]:
    """Run it beside the test."""
    ready, made = Event(), list[SendersService]()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def run() -> None:
        script: dict[str, Any] = {"EHLO": b"250-relay\r\n250 AUTH PLAIN\r\n"}
        async with fake_mailgun() as fake, mail_server(script) as relay:
            made.append(service := SendersService(fake, relay.port, becomes))
            script["MESSAGE"] = service.take
            ready.set()
            await over.wait()
            for visit in relay.visits:
                visit.writer.transport.abort()

    thread = Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield made[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


@contextmanager
def at_work(
    path: Path, becomes: Becomes, *, counting: str = "", **more: str
) -> Iterator[tuple[Folder, SendersService]]:
    """A service with one company, whose mail goes by the sender's service. `counting`: real mail too, so often."""
    with senders_service(becomes) as sender:
        real = f'[real]\nevery = "{counting}"\n' if counting else ""
        config = CONFIG.format(url=sender.fake.url, port=sender.port) + real
        make_maildir(path / "box")
        with folder(path, {}, more=config, every="16s", **({"code_life": "60s", "give_up": "120s"} | more)) as at:
            yield at, sender


def verdicts(at: Folder) -> list[str]:
    """All verdicts on the first probe, in their order."""
    query = "SELECT outcome, cause, grade FROM verdicts WHERE probe_id = ? ORDER BY rowid"
    return [" ".join(map(str, row)) for probe in first_probe(at) for row in at.asked(query, probe)]


def first_probe(at: Folder) -> list[str]:
    """Its id, once it is launched."""
    return [probe for (probe,) in at.asked("SELECT id FROM probes ORDER BY rowid LIMIT 1")]


def traced(at: Folder) -> list[Traced]:
    """What the log said of the first probe."""
    found: list[Evidence] = next(iter(at.evidence("acme")), [])
    return [each for each in found if isinstance(each, Traced)]


@pytest.mark.parametrize(
    ("becomes", "verdict", "fate"),
    [
        (refused, "blocked ip_listed real", TraceFate.REFUSED),
        (suppressed, "blocked suppressed real", TraceFate.SUPPRESSED),
    ],
)
def test_what_the_company_answered_is_a_verdict_within_seconds(
    tmp_path: Path, becomes: Becomes, verdict: str, fate: TraceFate
) -> None:
    with at_work(tmp_path, becomes) as (at, sender):
        at.serve(env=ENV)
        at.until(lambda: sender.taken)
        began = time.monotonic()
        at.until(lambda: verdicts(at))
        assert time.monotonic() - began < SECONDS_TO_VERDICT
        assert verdicts(at) == [verdict]
        said = traced(at)
        assert [each.fate for each in said] == [TraceFate.HANDED_OVER, fate]
        assert {each.from_ip for each in said} == {SENDING_IP}
        assert len(sender.fake.asked) == 1
        shown = at.run("explain", *first_probe(at), env=ENV)
        assert "Mailgun" in shown.stdout
        log = at.processes[0].text()
        assert KEY not in log
        assert "Traceback" not in log


def test_what_was_handed_over_and_never_came_says_to_whom(tmp_path: Path) -> None:
    with at_work(tmp_path, handed_over, code_life="8s", give_up="12s") as (at, _):
        at.serve(env=ENV)
        at.until(lambda: verdicts(at))
        assert verdicts(at)[-1] == "missing unclear real"
        [(because,), *_] = at.asked("SELECT because FROM verdicts ORDER BY rowid")
        assert "Mailgun handed it to mx.acme.test at " in because
        assert '"250 2.0.0 Ok: queued"' in because


def test_killed_while_the_log_is_asked_and_again_when_its_answer_is_stored(tmp_path: Path) -> None:
    with at_work(tmp_path, refused) as (at, sender):
        sender.fake.moods.append(silent)
        first = at.serve(env=ENV)
        at.until(lambda: sender.fake.paths)
        first.send(signal.SIGKILL)
        assert traced(at) == []
        second = at.serve(env=ENV)
        at.until(lambda: traced(at), 60.0)
        second.send(signal.SIGKILL)
        assert verdicts(at) == ["blocked ip_listed real"], "stored together with what it rests on"
        at.serve(env=ENV)
        at.until(at.ready)
        time.sleep(3)
        assert [each.number for each in traced(at)] == [1, 1]
        assert verdicts(at) == ["blocked ip_listed real"]
        assert len([each for each in sender.fake.asked if sender.taken[0] in str(each)]) == 1


@pytest.mark.parametrize("status", [500, 429])
def test_a_log_that_does_not_answer_accuses_nobody(tmp_path: Path, status: int) -> None:
    with at_work(tmp_path, handed_over, code_life="8s", give_up="12s") as (at, sender):
        sender.fake.moods.extend([failing(status)] * 20)
        at.serve(env=ENV)
        at.until(lambda: verdicts(at))
        assert verdicts(at)[-1] == "missing unclear unproven"
        assert {each.fate for each in traced(at)} == {TraceFate.NOT_ASKED}
        pattern = r'^mailpath_trace_errors_total\{company="acme",source="mailgun"\} (\d+)'
        errors = re.search(pattern, at.get("/metrics")[1], re.MULTILINE)
        assert errors
        assert int(errors[1]) >= 1


# -- real mail --------------------------------------------------------------------------------------------------------


def incidents(at: Folder) -> list[tuple[str, str]]:
    """The incidents as the command shows them: their company, and "open" or how they ended."""
    shown = map(json.loads, at.run("incidents", "--all", "--json", env=ENV).stdout.splitlines())
    return [(each["company"], each["ending"] or "open") for each in shown]


def test_refused_real_mail_is_an_incident_before_any_probe_and_survives_kills(tmp_path: Path) -> None:
    """A kill between the two refusals costs the first, whose address nobody keeps; after that nothing is lost."""
    with at_work(tmp_path, handed_over, counting="1s") as (at, sender):

        def refuse(name: str) -> None:
            text = f"550 5.7.1 {name} may not get mail from [104.130.122.50], blocked using bl.test"
            sender.fake.say("failed", f"{name}@x", f"{name}@acme.test", severity="permanent", reply=text)

        def counts() -> int:
            return sum(number for (number,) in at.asked("SELECT count FROM real_hourly WHERE outcome = 'refused'"))

        first = at.serve(env=ENV)
        at.until(lambda: at.asked("SELECT 1 FROM facts WHERE name = 'real_mail'"))  # it is counted from then on
        refuse("jane")
        at.until(lambda: counts() == 1)
        first.send(signal.SIGKILL)
        second = at.serve(env=ENV)
        at.until(at.ready)
        refuse("joe")
        at.until(lambda: counts() == 2)
        assert incidents(at) == []
        refuse("ann")
        at.until(lambda: incidents(at) == [("acme", "open")])
        second.send(signal.SIGKILL)
        third = at.serve(env=ENV)
        at.until(at.ready)
        time.sleep(3)
        assert (incidents(at), counts()) == ([("acme", "open")], 3)
        stored = (tmp_path / "mailpath.db").read_bytes() + (tmp_path / "mailpath.db-wal").read_bytes()
        for name in (b"jane", b"joe@", b"ann@"):
            assert name not in stored
        log = third.text()
        assert "Traceback" not in log
        assert "jane" not in log


# -- webhooks ---------------------------------------------------------------------------------------------------------


def hook(at: Folder, token: str, message_id: str) -> int:
    """Post a webhook of the sender's service; the status of the answer."""
    said = signed(token, datetime.now(UTC), message={"headers": {"message-id": message_id}})
    return at.post("/hooks/mailgun/identity", json.dumps(said).encode())


def test_a_webhook_has_the_log_read_at_once(tmp_path: Path) -> None:
    with at_work(tmp_path, handed_over, counting="1h") as (at, sender):
        at.serve(env=ENV)
        at.until(lambda: at.asked("SELECT 1 FROM facts WHERE name = 'real_mail'"))
        sender.fake.say("failed", "m1@x", "jane@acme.test", severity="permanent", reply="550 5.7.1 blocked")
        assert hook(at, "t1", "m1@x") == 200
        at.until(lambda: at.asked("SELECT count FROM real_hourly"), 10.0)


def test_a_webhook_about_a_probe_has_its_trace_asked_at_once(tmp_path: Path) -> None:
    """Without it the first question is put five seconds after the mail was taken."""
    with at_work(tmp_path, refused) as (at, sender):
        at.serve(env=ENV)
        at.until(lambda: sender.taken)
        began = time.monotonic()
        at.until(lambda: at.asked("SELECT 1 FROM evidence WHERE type = 'dialogue'"))
        assert hook(at, "t1", sender.taken[0]) == 200
        at.until(lambda: verdicts(at))
        assert time.monotonic() - began < FIRST_LAG
        assert verdicts(at) == ["blocked ip_listed real"]
