"""A service that is told to stop is gone in time, whatever its threads do, and its store is whole."""

import signal
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from monitor.cli.stop import STOP_SECONDS
from probes.evidence import Bounce
from tests.support import bounce_mails as mails
from tests.support.inbound_service import InboundService, open_inbound_service

HANGS = "(lambda *a, **k: (open('hanging', 'w').close(), __import__('time').sleep(3600)))"


def a_bounce(service: InboundService) -> None:
    """One that hangs a thread; nobody waits for the reply."""
    _, token, _ = service.probes()["hq"]
    service.send(mails.bounce(token), f"bounce+{token}@account.trimble.com")


def nothing(_: InboundService) -> None:
    """It hangs by itself."""


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("before", "poke"),
    [
        (f"import monitor.sources.inbound.router as d; d.read_bounce = {HANGS}", a_bounce),
        (
            "import probes.mailboxes.maildir as d; d.served_elsewhere = lambda _: True; "
            f"import probes.mailboxes.maildir_box as m; m.Box.check = {HANGS}",
            nothing,
        ),
        (f"import monitor.output.metrics as m; m._render = {HANGS}", InboundService.metrics),
    ],
    ids=["a thread that reads a bounce", "a thread that looks into a mailbox", "a thread of the default executor"],
)
def test_a_thread_that_hangs_holds_up_no_stop(
    tmp_path: Path, before: str, poke: Callable[[InboundService], object]
) -> None:
    with open_inbound_service(tmp_path, before=before) as service, ThreadPoolExecutor(1) as aside:
        aside.submit(poke, service)
        service.until(lambda: (tmp_path / "hanging").exists())
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(STOP_SECONDS + 10) == 0
        assert time.monotonic() - began < STOP_SECONDS
        assert service.told("stopping; probes in flight continue at the next start")
        assert whole(tmp_path / "mailpath.db")


@pytest.mark.timeout(180)
def test_a_stop_that_itself_hangs_has_an_end(tmp_path: Path) -> None:
    before = (
        "import asyncio, monitor.probing.pipeline as p, monitor.cli.stop as s; s.STOP_SECONDS = 1.0; "
        "p.Pipeline.close = lambda *a, **k: asyncio.sleep(3600)"
    )
    with open_inbound_service(tmp_path, before=before) as service:
        _, token, _ = service.probes()["hq"]
        assert service.send(mails.bounce(token), f"bounce+{token}@account.trimble.com")[0] == 250
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(STOP_SECONDS) == 1
        assert "Timeout (0:00:01)!" in service.log.read_text()  # faulthandler tells what each thread did
        assert whole(tmp_path / "mailpath.db")
        assert [each for each in service.probes()["hq"][0].evidence if isinstance(each, Bounce)]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "busy",
    ["exec('while True: pass')", "__import__('re').match('(a+)+$', 'a' * 60 + 'b')", "__import__('time').sleep(3600)"],
    ids=["a loop", "a regular expression", "a call that waits"],
)
@pytest.mark.parametrize("signals", [1, 2])
def test_an_event_loop_that_never_comes_back_holds_up_no_stop(tmp_path: Path, busy: str, signals: int) -> None:
    before = (
        "import os, monitor.probing.pipeline as p, monitor.cli.stop as s; s.STOP_SECONDS = 1.0; "
        "tick = p.Pipeline.tick; "
        f"p.Pipeline.tick = lambda *a: (tick(*a), os.path.exists('go') and (open('hanging', 'w').close(), {busy}))"
    )
    with open_inbound_service(tmp_path, before=before) as service:
        (tmp_path / "go").touch()
        service.until(lambda: (tmp_path / "hanging").exists())
        service.process.send_signal(signal.SIGTERM)
        if signals == 2:
            time.sleep(0.2)
            service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(STOP_SECONDS) == (1 if signals == 1 else 128 + signal.SIGTERM)
        assert whole(tmp_path / "mailpath.db")


def whole(store: Path) -> bool:
    """Whether the database says so itself."""
    connection = sqlite3.connect(store)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()
