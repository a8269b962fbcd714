"""The side of Microsoft: an authorization server and the fake of Graph, over TLS, with the mailboxes of many tenants.

A process of its own, `python -m tests.bench.cloud_server`: what it costs is not ours. Exchanges are not held to the
schema here. It ends when its standard input does, so it never outlives who started it.
"""

import argparse
import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import web

from tests.bench.sink import HOST, REPOSITORY
from tests.clouds.fake_graph import BASE, FakeGraph, GraphBox, graph_app
from tests.clouds.watch import SchemaWatch
from tests.lab.dovecot import make_certificate
from tests.support.probe_mails import probe, token


@dataclass(frozen=True, slots=True)
class CloudAddress:
    """Where it listens, and the certificate that it shows."""

    url: str
    certificate: str


def user_of(number: int) -> str:
    """The user of this mailbox."""
    return f"probe{number}@acme.example"


@contextmanager
def cloud_server(folder: Path, mailboxes: int) -> Iterator[CloudAddress]:
    """Run it while the block lasts. Each mailbox is empty until it is filled by a POST to /fill: one probe each."""
    command = (sys.executable, "-m", "tests.bench.cloud_server", str(folder), str(mailboxes))
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield CloudAddress(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


class _Tenants:
    """Many tenants on one server: who signs in gets a token, and every token is good."""

    def __init__(self, mailboxes: int) -> None:
        self.graph = FakeGraph(SchemaWatch(None, BASE), bool)
        self.graph.boxes = {user_of(number): GraphBox() for number in range(mailboxes)}
        self.tokens = 0

    async def token(self, request: web.Request) -> web.Response:
        self.tokens += 1
        return web.json_response({"token_type": "Bearer", "access_token": "x" * 1800, "expires_in": 3599})

    async def fill(self, request: web.Request) -> web.Response:
        for box in self.graph.boxes.values():
            box.deliver(probe(token()))
        return web.Response()

    async def counts(self, request: web.Request) -> web.Response:
        return web.json_response({"requests": len(self.graph.requests), "tokens": self.tokens})


async def _serve(folder: Path, mailboxes: int) -> None:
    tenants = _Tenants(mailboxes)
    app = web.Application()
    app.router.add_post("/token", tenants.token)
    app.router.add_post("/fill", tenants.fill)
    app.router.add_get("/counts", tenants.counts)
    app.add_subapp("/graph", graph_app(tenants.graph))
    certificate = make_certificate(folder, [HOST])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, ssl_context=tls, backlog=2048).start()
    print(json.dumps(asdict(CloudAddress(f"https://{HOST}:{runner.addresses[0][1]}", str(certificate)))), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("mailboxes", type=int)
    given = arguments.parse_args()
    asyncio.run(_serve(given.folder, given.mailboxes))
