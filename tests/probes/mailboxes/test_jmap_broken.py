"""JMAP over connections that are slow or cut: what a look loses then, and whom it asks next."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from probes.http import HttpSession
from probes.mailboxes import MailboxError
from probes.mailboxes.threads import MailboxThreads
from probes.outside import Outside
from tests.probes.mailboxes.test_jmap import NOW, failure, marks
from tests.support.jmap_server import Handler, JmapServer, jmap_mailbox, jmap_server
from tests.support.outside_world import outside_world
from tests.support.probe_mails import probe, token, within


@pytest.fixture
async def server() -> AsyncIterator[JmapServer]:
    async with jmap_server() as running:
        yield running


@pytest.fixture
async def outside(pool: MailboxThreads) -> AsyncIterator[Outside]:
    async with HttpSession() as http:
        yield outside_world(threads=pool, http=http)


async def hangs(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


async def is_cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b'{"methodResponses": [["Email/get", {"list"')
    assert request.transport is not None
    request.transport.close()
    return response


async def closes(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def drips(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One exchange has half a second."""
    monkeypatch.setattr("probes.http.TIMEOUT", 0.5)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", [hangs, is_cut, closes, drips])
async def test_a_connection_that_breaks_loses_nothing(server: JmapServer, outside: Outside, how: Handler) -> None:
    async with jmap_mailbox(server).open(outside) as session:
        await session.look(NOW)
        mark = token()
        server.put(probe(mark), "in")
        twice = 2 if how is closes else 1  # the library asks once more what it may ask again
        server.broken = [("/api/", how), *[("/download/", how)] * twice]
        for _ in range(2):
            with within(3), pytest.raises(MailboxError) as caught:
                await session.look(NOW)
            assert caught.value.unreachable
        assert marks(await session.look(NOW)) == {mark}


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_answers_nobody_is_left_alone(server: JmapServer, outside: Outside) -> None:
    server.broken = [("/.well-known", closes)] * 6
    for number in range(3):
        assert "the connection broke" in await failure(jmap_mailbox(server, user=f"user{number}"), outside)
    asked = len(server.logins)
    assert "no mailbox on this server could be read since" in await failure(jmap_mailbox(server), outside)
    assert len(server.logins) == asked


async def test_what_cannot_be_opened_ends_in_time(server: JmapServer, outside: Outside, impatient: None) -> None:
    server.broken = [("/.well-known", hangs)]
    with within(3):
        assert "no answer within" in await failure(jmap_mailbox(server), outside)
