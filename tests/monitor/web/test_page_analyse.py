"""The page and the API that read what somebody pastes: forms with files, limits, rights, and that nothing is kept."""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from monitor.analysis.content import MAX_ANALYSED_BYTES
from tests.monitor.analysis.test_analysis import BOUNCE, REFUSED, SPAM
from tests.support.auth_app import Answer, Browser
from tests.support.pages_app import PagesApp, form_in, open_pages_app

SECRET = "jane.doe-4711"


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


async def send(browser: Browser, text: str = "", file: bytes = b"", form: str | None = None) -> Answer:
    """Fill in the form as a browser does: a multipart form, with an empty file if none is chosen."""
    data = FormData(default_to_multipart=True)
    data.add_field("form", form_in((await browser.get("/analyse")).text) if form is None else form)
    data.add_field("text", text)
    data.add_field("file", file, filename="a.eml" if file else "", content_type="message/rfc822")
    return await browser.ask("POST", "/analyse", data=data)


async def test_a_pasted_reply_is_explained(pages_app: PagesApp) -> None:
    shown = await send(await pages_app.viewer(), REFUSED)
    assert shown.status == 200
    assert "The message was rejected" in shown.text
    assert "What to do" in shown.text


async def test_an_uploaded_bounce_goes_before_the_text(pages_app: PagesApp) -> None:
    shown = await send(await pages_app.viewer("bolt"), "550 5.1.1 no such user", BOUNCE)
    assert "its own block list" in shown.text
    assert "probe@acme.test" in shown.text


async def test_headers_show_the_way_and_the_filters(pages_app: PagesApp) -> None:
    shown = await send(await pages_app.viewer(), SPAM.decode())
    for text in ("filter says that it is spam", "mx.acme.example", "BAYES_99", "The way of the message"):
        assert text in shown.text


@pytest.mark.parametrize(
    ("text", "trace"),
    [
        ("550 5.7.1 <script>alert(1)</script>", "<script>alert"),
        ("550 5.7.1 \u202eevil \x1b[31m", "\u202e"),
        ("Subject: <img src=x onerror=alert(1)>\nReceived: from <b>x</b> by <i>y</i>; now\n\n", "<img src=x"),
    ],
)
async def test_hostile_text_is_shown_as_text(pages_app: PagesApp, text: str, trace: str) -> None:
    shown = await send(await pages_app.viewer(), text)
    assert shown.status == 200
    assert trace not in shown.text


async def test_a_form_of_another_session_or_of_nobody_is_refused(pages_app: PagesApp) -> None:
    browser = await pages_app.viewer()
    assert (await send(browser, REFUSED, form="wrong")).status == 403
    assert (await send(browser, REFUSED, form="")).status == 403
    assert (await send(pages_app.browser(), REFUSED, form="")).status == 303


async def test_what_is_too_long_is_refused_with_a_remedy(pages_app: PagesApp) -> None:
    shown = await send(await pages_app.viewer(), file=b"x" * (MAX_ANALYSED_BYTES + 200_000))
    assert shown.status == 413
    assert "longer than 1 MiB" in shown.text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n--c--",
        ),
        ("multipart/form-data; boundary=" + "b" * 300, b"--b\r\n\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data; name=form\r\n\r\nx\r\n--b--"),
    ],
)
async def test_a_malformed_form_is_no_error_of_ours(pages_app: PagesApp, kind: str, body: bytes) -> None:
    browser = await pages_app.viewer()
    answer = await browser.ask("POST", "/analyse", {"Content-Type": kind}, data=body)
    assert answer.status in (400, 403)


async def test_the_api_gives_the_facts_of_mailpath_read(pages_app: PagesApp) -> None:
    program = pages_app.browser(Authorization=f"Bearer {await pages_app.token('program')}")
    by_text = await program.ask("POST", "/api/v1/analyses", json={"text": REFUSED})
    eml = base64.b64encode(BOUNCE + b"x" * 200_000).decode()
    by_file = await program.ask("POST", "/api/v1/analyses", json={"eml": eml})
    assert (by_text.status, by_file.status) == (200, 200), by_file.text
    reply, bounce = json.loads(by_text.text), json.loads(by_file.text)
    assert (reply["content"], reply["facts"]["cause"], reply["names_sender"]) == ("reply", "ip_blocked", True)
    assert bounce["facts"]["recipients"][0]["address"] == "probe@acme.test"
    assert bounce["refusals"][0]["advice"]["steps"]
    for wrong in ({}, {"text": "x", "eml": "eA=="}, {"eml": "no base64!"}):
        assert (await program.ask("POST", "/api/v1/analyses", json=wrong)).status == 422
    long = await program.ask("POST", "/api/v1/analyses", json={"text": "x" * 3_000_000})
    assert long.status == 413


async def test_nothing_is_kept(pages_app: PagesApp, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not in a log, nor in the store, also where a request is repeated with a key."""
    caplog.set_level(logging.DEBUG)
    text = f"550 5.1.1 <{SECRET}@acme.example>: user unknown"
    with capture_logs(processors=(format_exc_info,)) as logs:
        browser = await pages_app.viewer()
        program = pages_app.browser(Authorization=f"Bearer {await pages_app.token('program')}")
        assert (await send(browser, text)).status == 200
        assert (await send(browser, file=text.encode())).status == 200
        said = {"Idempotency-Key": "once"}
        assert (await program.ask("POST", "/api/v1/analyses", said, json={"text": text})).status == 200
        again = await program.ask("POST", "/api/v1/analyses", said, json={"text": "550 5.7.1 no"})
        assert again.status == 200, "the key is not remembered"
        assert (await program.ask("POST", "/api/v1/analyses", json={"txt": text})).status == 422
    assert SECRET not in f"{logs}{caplog.text}"
    kept = await asyncio.to_thread(_contents, tmp_path)
    assert [path for path, content in kept.items() if SECRET.encode() in content] == []


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
