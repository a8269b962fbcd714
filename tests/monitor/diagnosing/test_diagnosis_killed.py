"""`mailpath serve` killed by SIGKILL in the middle of a diagnosis, again and again: nothing is sent twice, nothing is
lost, and the conclusion is right. On the wire a witness counts the mails."""

import json
import re
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.support.service_process import Folder, Process, folder

SECONDS = 240.0
KILLS = 4
SLOWED = 0.1  # seconds for which the witness holds each answer, so that most kills hit a dialogue
DIALOGUE = 0.8  # seconds that a dialogue takes so, about
MORE = """
[control]
address = "check@control.example"
source_ip = "198.51.100.7"
[diagnosis]
spacing = "100ms"
[companies.birch]
timeout = "2s"
"""


class Witness:
    """Passes SMTP on to a mail system, and counts the mails by the tag of their envelope sender."""

    def __init__(self, port: int) -> None:
        self.tags: Counter[str] = Counter()
        self._port, self._listener = port, socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                for one, other, held in ((client, server, 0.0), (server, client, SLOWED)):
                    threading.Thread(target=self._pass, args=(one, other, held), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, held: float) -> None:
        with suppress(OSError):
            while said := one.recv(65536):
                self.tags.update(tag.decode() for tag in re.findall(rb"(?im)^MAIL FROM:<[^>+]*\+([^@>]+)@", said))
                time.sleep(held)
                other.sendall(said)
            other.shutdown(socket.SHUT_WR)


@contextmanager
def witness(at: Folder) -> Iterator[Witness]:
    """Between the service and its company."""
    found = Witness(at.ports["birch"])
    at.file.write_text(at.file.read_text().replace(f"port = {at.ports['birch']} ", f"port = {found.port} "))
    try:
        yield found
    finally:
        found.close()


def start_diagnosis(at: Folder, token: str) -> dict[str, Any]:
    """Start one by the API."""
    url = f"http://127.0.0.1:{at.web}/api/v1/paths/birch/hq/diagnoses"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(url, b"{}", headers, method="POST"), timeout=10) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def answered(at: Folder) -> int:
    """How many mails of the diagnosis have an answer."""
    found = at.asked("SELECT count(*) FROM probes WHERE purpose = 'diagnosis' AND outcome IN ('inbox', 'blocked')")
    return found[0][0] if found else 0


def under_way(at: Folder) -> bool:
    """Whether a mail of the diagnosis is being sent, or waited for."""
    return bool(at.asked("SELECT id FROM probes WHERE purpose = 'diagnosis' AND outcome IS NULL"))


def killed(at: Folder, service: Process, rng: Random) -> Process:
    """Kill it after one more answer, at any moment of the next dialogue, and start it again."""
    before = answered(at)
    at.until(lambda: answered(at) > before and under_way(at))
    time.sleep(rng.random() * DIALOGUE)
    service.send(signal.SIGKILL)
    service.process.wait(SECONDS)
    again = at.serve()
    at.until(at.ready)
    return again


@pytest.mark.parametrize("seed", [1, 2])
def test_a_diagnosis_outlives_its_service_and_sends_nothing_twice(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    with folder(tmp_path, {"birch": "blocks_ip"}, more=MORE, apart=True, every="300s") as at, witness(at) as seen:
        at.sandbox()
        service = at.serve()
        at.until(at.ready)
        token = json.loads(at.run("token", "add", "tests", "--rights", "operator", "--json").stdout)["secret"]
        diagnosis = start_diagnosis(at, token)
        for _ in range(KILLS):
            service = killed(at, service, rng)
        ended = "SELECT conclusion FROM diagnoses WHERE ended_at IS NOT NULL AND id = ?"
        ((said,),) = at.until(lambda: at.asked(ended, diagnosis["diagnosis"]), SECONDS)
        conclusion = json.loads(said)
        assert (conclusion["result"], conclusion["how"], conclusion["sets"]) == ("told", "alone", [[["ip"]]])
        probes = at.asked("SELECT id, outcome FROM probes WHERE purpose = 'diagnosis'")
        assert conclusion["probes"] == len(probes), "none is lost"
        attempts = {key: count for key, count in at.attempts().items() if key[0] in {name for name, _ in probes}}
        assert {once for _, once in attempts} == {"attempt:1"}
        assert set(attempts.values()) == {1}
        assert max(seen.tags.values()) == 1, "no mail was sent twice"
        cut = [name for name, outcome in probes if outcome == "unknown"]
        assert cut, "a kill hit a dialogue"
        print(f"{len(probes)} mails, {len(cut)} cut short, {len(seen.tags)} on the wire, {KILLS} kills")
        assert len(probes) - len(cut) <= len(seen.tags)
        assert service.code is None
