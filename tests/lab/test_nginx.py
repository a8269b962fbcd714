"""Behind a real nginx that is told no more than where we are: what is for this machine is for nobody else."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, TCPConnector

from monitor.web.server import serving_all
from tests.monitor.web.test_server import told
from tests.support.auth_app import SANDBOX, open_auth_app
from tests.support.pages_app import open_pages_app

pytestmark = [pytest.mark.lab, pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx")]

SECONDS = 20.0
CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {url}; {more} }} }}
}}
"""
PLAIN = ""
KEEPS_ALIVE = 'proxy_http_version 1.1; proxy_set_header Connection "";'
NAMES_CLIENTS = "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;"


@asynccontextmanager
async def nginx(folder: Path, url: str, more: str = PLAIN) -> AsyncIterator[str]:
    """An nginx in front of this URL; yields its own."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    _write(folder, CONFIG.format(folder=folder, port=port, url=url, more=more))
    process = await asyncio.create_subprocess_exec("nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"))
    try:
        async with asyncio.timeout(SECONDS):
            while not await _alive(f"http://127.0.0.1:{port}"):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), SECONDS)


def _write(folder: Path, config: str) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(config)


async def _alive(url: str) -> bool:
    try:
        return await _status(f"{url}/healthz") == 200
    except ClientError:
        return False


async def _status(url: str) -> int:
    async with ClientSession() as http, http.get(url, allow_redirects=False) as answer:
        return answer.status


@pytest.mark.parametrize("more", [PLAIN, KEEPS_ALIVE])
async def test_metrics_of_real_companies_are_not_public(tmp_path: Path, more: str) -> None:
    async with open_pages_app(tmp_path) as pages_app, nginx(tmp_path / "nginx", pages_app.url, more) as front:
        assert await _status(f"{front}/metrics") == 401
        assert await _status(f"{front}/") == 303


async def test_what_is_make_believe_is_open_here_and_not_through_the_proxy(tmp_path: Path) -> None:
    async with open_auth_app(tmp_path, **SANDBOX) as auth_app, nginx(tmp_path / "nginx", auth_app.url) as front:
        for path, here, there in (("/metrics", 200, 401), ("/", 200, 303)):
            assert await _status(auth_app.url + path) == here
            assert await _status(front + path) == there


async def test_with_a_url_it_is_open_through_no_proxy(tmp_path: Path) -> None:
    config: dict[str, Any] = SANDBOX | {"web": {"url": "https://mailpath.example"}}
    async with (
        open_auth_app(tmp_path, **config) as auth_app,
        nginx(tmp_path / "nginx", auth_app.url, KEEPS_ALIVE) as front,
    ):
        assert await _status(f"{front}/metrics") == 401
        assert await _status(f"{front}/") == 303


async def test_a_proxy_that_is_trusted_brings_more_than_one_client_may_have(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        config = told(pages_app, listen="127.0.0.1:0", trusted_proxies=["127.0.0.1"], connections_per_client=2)
        async with (
            serving_all(pages_app.backend, config) as port,
            nginx(tmp_path / "nginx", f"http://127.0.0.1:{port}", NAMES_CLIENTS) as front,
            ClientSession(connector=TCPConnector(limit=0)) as http,
        ):

            async def ask() -> int:
                async with http.get(f"{front}/sign-in") as answer:
                    return answer.status

            assert set(await asyncio.gather(*(ask() for _ in range(60)))) == {200}
    assert pages_app.backend.rejections.counts["client_full"] == 0
