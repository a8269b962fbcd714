"""The receivers of a run: one HTTP server that keeps what it hears, by path. Paths that are dead answer 503."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One POST that was taken: how long after the beginning, where to, and what it said."""

    seconds: float
    path: str
    said: dict[str, Any]


@dataclass
class Recorder:
    """Everything that people were sent."""

    url: str = ""
    dead: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    refused: int = 0
    began: float = field(default_factory=time.monotonic)

    def at(self, path: str) -> list[Message]:
        """What came to this path or below it, heartbeats left out."""
        return [each for each in self.messages if each.path.startswith(path) and not each.path.endswith("heartbeat")]

    def hear(self, path: str, body: bytes) -> int:
        """Take a message. Returns the status of the answer."""
        if path in self.dead:
            self.refused += 1
            return 503
        self.messages.append(Message(time.monotonic() - self.began, path, json.loads(body)))
        return 200


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recorder at work on loopback."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(recorder.hear(self.path, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        recorder.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
