"""Gmail and a JMAP server in memory, with the mailboxes of many users.

A process of its own, `python -m tests.bench.api_server`: what it costs is not ours. Exchanges are not held to the
schema here. It ends when its standard input does, so it never outlives who started it.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from aiohttp import web

from tests.bench.sink import HOST, REPOSITORY
from tests.clouds.fake_gmail import FULL, FakeGmail, GmailBox, gmail_app
from tests.clouds.watch import SchemaWatch
from tests.support.jmap_server import JmapServer, jmap_server
from tests.support.probe_mails import probe, token


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """Where they listen, and the login of the JMAP server's user."""

    gmail: str
    jmap: str
    user: str
    password: str


def gmail_user(number: int) -> str:
    """The user of this mailbox."""
    return f"probe{number}@bolt.example"


@contextmanager
def api_server(mailboxes: int) -> Iterator[ApiAddress]:
    """Run it while the block lasts. A POST to /bench/fill puts a probe into each mailbox at Google, and into the one
    that all visit by JMAP."""
    command = (sys.executable, "-m", "tests.bench.api_server", str(mailboxes))
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield ApiAddress(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _bench(gmail: FakeGmail, jmap: JmapServer) -> web.Application:
    async def take_token(request: web.Request) -> web.Response:
        return web.json_response({"token_type": "Bearer", "access_token": "x" * 1800, "expires_in": 3599})

    async def fill(request: web.Request) -> web.Response:
        jmap.put(probe(token()), "in")
        for box in gmail.boxes.values():
            box.deliver(probe(token()), "INBOX")
        return web.Response()

    async def counts(request: web.Request) -> web.Response:
        of = {
            "Gmail": {"requests": len(gmail.requests), "units": gmail.units},
            "JMAP": {"requests": len(jmap.logins), "units": 0},
        }
        return web.json_response(of[request.match_info["kind"]])

    app = web.Application()
    app.router.add_post("/token", take_token)
    app.router.add_post("/fill", fill)
    app.router.add_get("/{kind}", counts)
    return app


async def _serve(mailboxes: int) -> None:
    gmail = FakeGmail(SchemaWatch(None), lambda _: FULL)
    gmail.boxes = {gmail_user(number): GmailBox() for number in range(mailboxes)}
    async with jmap_server() as jmap:
        jmap.pushes = False
        app = web.Application()
        app.add_subapp("/bench", _bench(gmail, jmap))
        app.add_subapp("/gmail", gmail_app(gmail))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, HOST, 0, backlog=2048).start()
        url = f"http://{HOST}:{runner.addresses[0][1]}"
        print(json.dumps(asdict(ApiAddress(url, jmap.url, jmap.user, jmap.password))), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
