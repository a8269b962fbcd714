"""Bodies that cannot be read, at each route that takes one, from nobody and from an admin."""

import asyncio
import gzip
import re
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from monitor.people.person import Rights
from monitor.web import api, auth, pages
from tests.support.pages_app import PagesApp, open_pages_app

BODIES = {
    "broken gzip": ("gzip", b"\x1f\x8b\x08\x00broken" * 10),
    "cut gzip": ("gzip", gzip.compress(b"{}" * 1000)[:-20]),
    "a gzip bomb": ("gzip", gzip.compress(b"0" * 10_000_000)),
    "gzip that is none": ("gzip", b'{"company": "acme"}'),
    "broken deflate": ("deflate", b"\x00" * 50),
    "good deflate": ("deflate", zlib.compress(b"{}")),
    "br": ("br", b"\x0b\x02\x80{}\x03"),
    "zstd": ("zstd", b"\x28\xb5\x2f\xfd"),
    "one that nobody knows": ("x-nobody", b"{}"),
    "two": ("gzip, br", b"{}"),
}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def _targets() -> list[tuple[str, str]]:
    """Each route that is not only read."""
    routes = [*auth.routes(), *pages.routes(), *api.routes()]
    return sorted(
        {
            (each.method, re.sub(r"\{\w+\}", "x", each.path))
            for each in routes
            if each.method not in ("GET", "HEAD", "*")
        }
    )


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


@pytest.mark.parametrize("known", [False, True], ids=["nobody", "an admin"])
async def test_no_route_takes_a_compressed_body(
    pages_app: PagesApp, known: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    headers = {"Authorization": f"Bearer {await pages_app.token('root', Rights.ADMIN)}"} if known else {}
    targets, wrong = _targets(), []
    assert len(targets) > 10
    for method, path in [*targets, ("POST", "/nowhere"), ("GET", "/")]:
        for name, (encoding, body) in BODIES.items():
            said = headers | {"Content-Encoding": encoding, "Content-Type": JSON if "/api/" in path else FORM}
            async with pages_app.http.request(
                method, pages_app.url + path, data=body, headers=said, allow_redirects=False
            ) as answer:
                kind = answer.headers["Content-Type"].partition(";")[0]
                if (answer.status, kind) != (415, "application/problem+json"):
                    wrong.append(f"{method} {path}: {name}: {answer.status} {kind}")
    assert wrong == []
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("target", ["/sign-in", "/api/v1/probes", "/nowhere"])
@pytest.mark.parametrize("known", [False, True], ids=["nobody", "an admin"])
async def test_a_chunk_that_is_none_is_the_clients_fault(
    pages_app: PagesApp, known: bool, target: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What the client sees depends on when the fault is seen; it is never an error of ours, nor in the log."""
    host, port = pages_app.url.removeprefix("http://").split(":")
    token = await pages_app.token("root", Rights.ADMIN)
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"POST {target} HTTP/1.1", "Host: x", f"Content-Type: {JSON}", "Transfer-Encoding: chunked"]
    writer.write("\r\n".join([*lines, *([f"Authorization: Bearer {token}"] if known else []), "", ""]).encode())
    await writer.drain()
    writer.write(b"zz\r\nHUSH\r\n")
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    assert not answer or 300 <= int(answer.split()[1]) < 500
    said = "".join(capfd.readouterr())
    assert "Traceback" not in said
    assert "HUSH" not in said


async def test_an_uncompressed_body_may_say_so(pages_app: PagesApp) -> None:
    headers = {"Content-Encoding": "identity", "Authorization": f"Bearer {await pages_app.token('root', Rights.ADMIN)}"}
    async with ClientSession() as http:
        wish = {"company": "acme", "path": "hq"}
        async with http.post(f"{pages_app.url}/api/v1/probes", json=wish, headers=headers) as answer:
            assert answer.status == 202
