"""The servers: where they listen, by which certificate, and what is safe about each response."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector, web

from monitor.config import Config
from monitor.web.errors import MAX_BODY_BYTES
from monitor.web.headers import HEADERS
from monitor.web.server import WebError, serving, serving_all
from probes.settings import Endpoint
from tests.support.certificates import new_authority
from tests.support.pages_app import PagesApp, open_pages_app

HALF_A_FORM = (
    b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname="
)


@pytest.mark.parametrize("path", ["/sign-in", "/metrics", "/healthz", "/readyz", "/nothing", "/runbooks/", "/api/v1/x"])
async def test_every_answer_is_safe(tmp_path: Path, path: str) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        answer = await (await pages_app.admin()).get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    assert answer.headers["Cache-Control"]
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accepts", "path", "kind"),
    [
        ("text/html", "/nothing", "text/html"),
        ("*/*", "/nothing", "text/plain"),
        ("text/html", "/api/v1/nothing", "application/problem+json"),
    ],
)
async def test_what_is_not_there_is_said_in_the_form_that_is_wanted(
    tmp_path: Path, accepts: str, path: str, kind: str
) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        answer = await (await pages_app.admin()).get(path, accept=accepts)
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (404, kind)


async def test_an_error_of_ours_tells_nothing_of_our_inside(tmp_path: Path, monkeypatch: Any) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        admin = await pages_app.admin()

        def broken(*_: object) -> None:
            raise RuntimeError("secret inside")

        monkeypatch.setattr(type(pages_app.backend.board), "paths", property(broken), raising=False)
        answer = await admin.get("/")
    assert answer.status == 500
    assert "secret" not in answer.text
    assert "log" in answer.text
    assert "<h1>Something went wrong</h1>" in answer.text  # a plain heading, not the phrase of HTTP


async def test_a_body_that_is_too_long_is_refused(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        answer = await pages_app.browser().post("/sign-in", {"name": "a" * (MAX_BODY_BYTES + 1), "password": "b"})
    assert answer.status == 413


@pytest.mark.parametrize(
    ("begun", "answer"),
    [
        (b"", b""),  # not a word
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b""),  # headers without an end
        (HALF_A_FORM, b"HTTP/1.1 408 "),
    ],
)
async def test_whoever_does_not_come_to_an_end_is_not_waited_for(
    tmp_path: Path, monkeypatch: Any, begun: bytes, answer: bytes
) -> None:
    monkeypatch.setattr("monitor.web.errors.REQUEST_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr("monitor.web.connections.HEADERS_SECONDS", 0.3)
    async with open_pages_app(tmp_path) as pages_app, asyncio.timeout(10):
        host, port = pages_app.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(begun)
        said = await reader.read()  # until the server closes
        writer.close()
    assert said.startswith(answer)
    assert bool(said) == bool(answer)


async def test_a_stranger_has_less_time_for_a_form(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("monitor.web.auth.forms.STRANGERS_PATIENCE", 0.3)
    async with open_pages_app(tmp_path) as pages_app, asyncio.timeout(10):
        host, port = pages_app.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HALF_A_FORM)
        said = await reader.read()
        writer.close()
    assert said.startswith(b"HTTP/1.1 408 ")


async def test_a_crowd_behind_a_proxy_keeps_no_health_probe_out(tmp_path: Path, monkeypatch: Any) -> None:
    """60 half-sent forms where 40 connections are the most: behind a proxy of this machine, all are of one address."""
    monkeypatch.setattr("monitor.web.server.descriptor_limit", lambda: 120)
    async with open_pages_app(tmp_path) as pages_app, serving(web.Application(), Endpoint("127.0.0.1", 0)) as free:
        pass
    config = told(pages_app, listen="127.0.0.1:0", metrics_listen=f"127.0.0.1:{free}", url="https://mailpath.example")
    async with serving_all(pages_app.backend, config) as port, ClientSession() as http:
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
        for _, writer in crowd:
            writer.write(HALF_A_FORM)
        for place, path in ((free, "/healthz"), (port, "/static/style.css"), (port, "/sign-in")):
            async with http.get(f"http://127.0.0.1:{place}{path}") as answer:
                assert answer.status == 200, path
        for _, writer in crowd:
            writer.close()


async def test_a_crowd_at_the_pages_takes_no_place_of_the_metrics(tmp_path: Path, monkeypatch: Any) -> None:
    given: list[object] = []

    def noted(*args: Any, **more: Any) -> Any:
        given.append(more["connections"])
        return serving(*args, **more)

    monkeypatch.setattr("monitor.web.server.serving", noted)
    async with open_pages_app(tmp_path) as pages_app, serving(web.Application(), Endpoint("127.0.0.1", 0)) as free:
        pass
    config = told(pages_app, listen="127.0.0.1:0", metrics_listen=f"127.0.0.1:{free}")
    async with serving_all(pages_app.backend, config):
        machines, people = given
    assert machines is not people


async def test_a_place_that_is_taken_is_named_with_its_key(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        port = int(pages_app.url.rpartition(":")[2])
        with pytest.raises(WebError, match=rf"web\.metrics_listen: cannot listen on 127\.0\.0\.1:{port}: .*; choose"):
            async with serving_all(pages_app.backend, told(pages_app, metrics_listen=f"127.0.0.1:{port}")):
                pass


async def test_metrics_at_an_address_of_their_own_are_there_only(tmp_path: Path) -> None:
    free = [0]
    async with open_pages_app(tmp_path) as pages_app:
        async with serving(web.Application(), Endpoint("127.0.0.1", 0)) as free[0]:
            pass
        config = told(pages_app, listen="127.0.0.1:0", metrics_listen=f"127.0.0.1:{free[0]}")
        async with serving_all(pages_app.backend, config) as port, ClientSession() as http:
            for path in ("/metrics", "/healthz", "/readyz"):
                async with http.get(f"http://127.0.0.1:{free[0]}{path}") as answer:
                    assert answer.status == 200, path
                async with http.get(f"http://127.0.0.1:{port}{path}", allow_redirects=False) as answer:
                    assert answer.status != 200, path
            async with http.get(f"http://127.0.0.1:{free[0]}/sign-in") as answer:
                assert answer.status == 404


async def test_https_directly(tmp_path: Path) -> None:
    authority = new_authority(tmp_path)
    authority.serve("127.0.0.1")
    certificate = tmp_path / "127.0.0.1-False.pem"
    async with open_pages_app(tmp_path) as pages_app:
        config = told(pages_app, listen="127.0.0.1:0", tls={"certificate": str(certificate)})
        async with (
            serving_all(pages_app.backend, config) as port,
            ClientSession(connector=TCPConnector(ssl=ssl.create_default_context(cafile=str(authority.file)))) as http,
            http.get(f"https://127.0.0.1:{port}/sign-in") as answer,
        ):
            assert answer.status == 200


def told(pages_app: PagesApp, **said: Any) -> Config:
    """The configuration of these pages with this [web]."""
    return pages_app.backend.config().model_copy(
        update={"web": Config.model_validate({"web": said}, context={"folder": Path()}).web}
    )
