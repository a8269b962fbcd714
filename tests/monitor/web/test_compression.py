"""Answers are compressed for those who take gzip, and no secret can be guessed from their size."""

import gzip
import re
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession

from monitor.people.secrets import masked, new_secret, unmasked
from monitor.web.rendering import static
from tests.support.pages_app import INBOX, PagesApp, accepted, open_pages_app, post

PAGES = ("/", "/companies/acme", "/incidents", "/probes", "/sender", "/docs/", "/api/v1/openapi.json", "/api/v1/probes")


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        for _ in range(10):
            await pages_app.probe(accepted(), verdict=INBOX)
        yield pages_app


async def read(
    pages_app: PagesApp, path: str, coding: str | None, cookies: dict[str, str]
) -> tuple[ClientResponse, bytes]:
    """The answer and its body as it was sent."""
    skip = ["Accept-Encoding"] if coding is None else []
    headers = _cookie(cookies) | ({} if coding is None else {"Accept-Encoding": coding})
    async with (
        ClientSession(auto_decompress=False, skip_auto_headers=skip) as session,
        session.get(f"{pages_app.url}{path}", headers=headers) as answer,
    ):
        return answer, await answer.read()


def _cookie(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


@pytest.mark.parametrize("path", [*PAGES, "/static/style.css", "/metrics", "/api/v1/export/probes.csv"])
async def test_what_is_asked_for_as_gzip_comes_as_gzip(path: str, pages_app: PagesApp) -> None:
    cookies = (await pages_app.admin()).cookies
    plain, body = await read(pages_app, path, None, cookies)
    answer, packed = await read(pages_app, path, "br;q=1.0, gzip;q=0.8, *;q=0.1", cookies)
    assert (plain.status, answer.status) == (200, 200)
    assert "Content-Encoding" not in plain.headers
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert len(packed) < 0.6 * len(body)
    assert len(gzip.decompress(packed)) == pytest.approx(len(body), rel=0.2)


@pytest.mark.parametrize("coding", ["", "identity", "gzip;q=0", "br", "gzip;q=x", "*;q=0"])
async def test_whoever_does_not_take_gzip_is_sent_none(coding: str, pages_app: PagesApp) -> None:
    cookies = (await pages_app.admin()).cookies
    for path in ("/", "/static/style.css", "/metrics", "/api/v1/export/probes.csv"):
        answer, _ = await read(pages_app, path, coding, cookies)
        assert (answer.status, "Content-Encoding" in answer.headers) == (200, False), path


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "*", "deflate, gzip;q=0.5"])
async def test_gzip_is_understood_however_it_is_asked_for(coding: str, pages_app: PagesApp) -> None:
    answer, _ = await read(pages_app, "/", coding, (await pages_app.admin()).cookies)
    assert answer.headers["Content-Encoding"] == "gzip"


async def test_an_event_arrives_at_once_and_its_stream_is_not_compressed(pages_app: PagesApp) -> None:
    cookies = (await pages_app.viewer()).cookies
    headers = _cookie(cookies) | {"Accept-Encoding": "gzip"}
    async with (
        ClientSession(auto_decompress=False) as session,
        session.get(f"{pages_app.url}/api/v1/events", headers=headers) as stream,
    ):
        assert "Content-Encoding" not in stream.headers
        assert b"retry" in await stream.content.readline()


# ---- Secrets --------------------------------------------------------------------------------------------------------


async def test_the_secret_of_forms_is_another_text_in_each_answer(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    shown = [
        value
        for _ in range(3)
        for value in re.findall('name="form" value="([^"]+)"', (await operator.get("/probe-now")).text)
    ]
    assert len(shown) >= 6
    assert len(set(shown)) == len(shown)
    assert len({unmasked(each) for each in shown}) == 1
    secret = unmasked(shown[0])
    for path in ("/", "/probe-now", "/mutes"):
        assert secret not in (await operator.get(path)).text


async def test_the_size_of_a_page_does_not_tell_whether_text_of_ours_is_in_its_secret(pages_app: PagesApp) -> None:
    """As BREACH does it: text that repeats the secret makes the page shorter, if the secret stands in it."""
    operator = await pages_app.operator()
    first = re.search('name="form" value="([^"]+)"', (await operator.get("/")).text)
    assert first
    guesses = {"right": unmasked(first[1]), "wrong": new_secret()}
    sizes = {
        name: min([len((await read(pages_app, f"/?q={guess}", "gzip", operator.cookies))[1]) for _ in range(20)])
        for name, guess in guesses.items()
    }
    assert abs(sizes["right"] - sizes["wrong"]) < 16  # of 43 characters, of which nothing is found again


async def test_an_answer_that_shows_a_new_secret_is_not_compressed(pages_app: PagesApp) -> None:
    admin = await pages_app.admin()
    answer = await post(admin, "/settings/tokens", name="ci", rights="viewer", reach="all", lasts="30d")
    assert "mailpath_" in answer.text
    assert "Content-Encoding" not in answer.headers


def test_a_masked_secret_is_read_again_and_anything_else_is_none() -> None:
    secret = new_secret()
    assert {unmasked(masked(secret)) for _ in range(10)} == {secret}
    assert len(zlib.compress((masked(secret) + masked(secret)).encode())) > len(masked(secret))
    for wrong in ("", "a", "é", "a" * 41, masked(secret)[:-8] + "AAAAAAAA", "-_-_" * 10):
        assert unmasked(wrong) != secret


# ---- Files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ['W/"{0}"', '"{0}"', '"other", W/"{0}"', "*"])
async def test_a_file_that_a_browser_has_is_not_sent_again(tag: str, pages_app: PagesApp) -> None:
    version = static("style.css").partition("v=")[2]
    async with pages_app.http.get(
        f"{pages_app.url}/static/style.css", headers={"If-None-Match": tag.format(version)}
    ) as answer:
        assert answer.status == 304
        assert answer.headers["ETag"] == f'W/"{version}"'
        assert answer.headers["Vary"] == "Accept-Encoding"
