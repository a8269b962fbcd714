"""Requests are counted by our patterns of routes: whatever clients send, there are few series."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from monitor.web.request_counts import RequestCounts
from monitor.web.server import serving
from probes.settings import Endpoint
from tests.support.pages_app import open_pages_app

Counts = dict[tuple[str, str, str], int]


def grown(counts: RequestCounts, before: Counts) -> Counts:
    return {key: count - before.get(key, 0) for key, count in counts.counts.items() if count != before.get(key, 0)}


@pytest.mark.parametrize(
    ("method", "path", "counted"),
    [
        ("GET", "/companies/acme", ("/companies/{company}", "GET", "2xx")),
        ("GET", "/companies/nobody-there", ("/companies/{company}", "GET", "4xx")),
        ("GET", "/no/such/page?with=words", ("none", "GET", "4xx")),
        ("GET", "/companies", ("/companies", "GET", "3xx")),
        ("OPTIONS", "/healthz", ("none", "other", "2xx")),
        ("GET", "/healthz", ("/healthz", "GET", "2xx")),
        ("GET", "/api/v1/paths/acme/hq", ("/api/v1/paths/{company}/{path}", "GET", "2xx")),
    ],
)
async def test_a_request_counts_by_route_method_and_class_of_status(
    tmp_path: Path, method: str, path: str, counted: tuple[str, str, str]
) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        admin = await pages_app.admin()
        requests = pages_app.backend.requests
        before = dict(requests.counts)
        await admin.ask(method, path, {"Accept": "text/html"})
        assert grown(requests, before) == {counted: 1}


async def test_requests_are_timed_by_route_and_streams_are_not(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        admin, requests = await pages_app.admin(), pages_app.backend.requests
        requests.seconds.clear()
        for path in ("/companies/acme", "/companies/nobody-there", "/companies", "/no/such/<b>page", "/x%22%7D%201"):
            await admin.get(path)
        assert {route: sum(each.frozen().counts) for route, each in requests.seconds.items()} == {
            "/companies/{company}": 2,
            "/companies": 1,
            "none": 2,
        }
        assert (await admin.get("/api/v1/export/probes.csv")).status == 200
        assert ("/api/v1/export/probes.csv", "GET", "2xx") in requests.counts
        assert set(requests.seconds) == {"/companies/{company}", "/companies", "none"}


async def test_a_request_takes_as_long_as_its_answer_is_not_ready() -> None:
    at = [0.0]

    async def slow(_: web.Request) -> web.Response:
        at[0] += 0.2
        return web.Response()

    async def streamed(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        at[0] += 900
        return response

    requests = RequestCounts(lambda: at[0])
    app = web.Application(middlewares=[requests.counting()])
    app.add_routes([web.get("/slow", slow), web.get("/events", streamed)])
    async with serving(app, Endpoint("127.0.0.1", 0)) as port, ClientSession() as http:
        for path in ("slow", "events", "slow"):
            async with http.get(f"http://127.0.0.1:{port}/{path}") as answer:
                await answer.read()
    (seconds,) = requests.seconds.values()
    assert seconds.frozen().total == pytest.approx(0.4)
    assert dict(zip(seconds.bounds, seconds.frozen().counts, strict=False))[0.25] == 2
    assert requests.counts["/events", "GET", "2xx"] == 1


async def test_without_sign_in_and_with_our_own_faults(tmp_path: Path, monkeypatch: Any) -> None:
    async with open_pages_app(tmp_path) as pages_app:
        requests, admin = pages_app.backend.requests, await pages_app.admin()
        before = dict(requests.counts)
        await pages_app.browser().get("/api/v1/paths")
        await pages_app.browser().get("/")

        def broken(*_: object) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(type(pages_app.backend.board), "paths", property(broken), raising=False)
        await admin.get("/")
        assert grown(requests, before) == {
            ("/api/v1/paths", "GET", "4xx"): 1,
            ("/", "GET", "3xx"): 1,
            ("/", "GET", "5xx"): 1,
        }
