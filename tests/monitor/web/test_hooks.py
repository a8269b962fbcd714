"""Webhooks of the sender's mail service: a signed one is a hint for the account of its address, and nothing else is."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.probes.accounts.test_mailgun_hooks import KEY, signed
from tests.support.pages_app import PagesApp, open_pages_app

ACCOUNT: dict[str, Any] = {"provider": "mailgun", "domain": "account.trimble.com", "key": SecretStr("5ecret")}
CONFIG: dict[str, Any] = {
    "accounts": {"identity": ACCOUNT | {"signing_key": SecretStr(KEY)}, "silent": ACCOUNT},
    "sender": {"trace": {"via": "mailgun", "account": "identity"}},
}
URL = "/hooks/mailgun/identity"


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path, **CONFIG) as pages_app:
        yield pages_app


async def post(pages_app: PagesApp, body: object, url: str = URL) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with pages_app.http.post(f"{pages_app.url}{url}", data=data) as answer:
        return answer.status, await answer.text()


async def test_a_signed_one_is_a_hint_once(pages_app: PagesApp) -> None:
    said = signed(at=pages_app.clock())
    assert await post(pages_app, said) == (200, "taken\n")
    assert pages_app.hints == [("identity", "m1@account.trimble.com")]
    again = await post(pages_app, said)
    assert again == (406, "the signature was used before\n")
    assert len(pages_app.hints) == 1


@pytest.mark.parametrize(
    ("key", "ago", "words"),
    [("guessed", 0, "the signature is wrong"), (KEY, 301, "the signature is too old, or a clock is wrong")],
)
async def test_any_other_is_refused_for_good(pages_app: PagesApp, key: str, ago: int, words: str) -> None:
    status, text = await post(pages_app, signed(key=key, at=pages_app.clock() - timedelta(seconds=ago)))
    assert (status, text.strip(), pages_app.hints) == (406, words, [])


@pytest.mark.parametrize("name", ["silent", "nobody", "identity%2F..%2Fsilent"])
async def test_without_a_signing_key_there_is_nothing(pages_app: PagesApp, name: str) -> None:
    status, _ = await post(pages_app, signed(at=pages_app.clock()), f"/hooks/mailgun/{name}")
    assert (status, pages_app.hints) == (404, [])


async def test_what_is_too_large_or_no_json_is_refused(pages_app: PagesApp) -> None:
    assert (await post(pages_app, b"x" * 300_000))[0] == 413
    assert (await post(pages_app, b"\xff{"))[0] == 406
    async with pages_app.http.get(f"{pages_app.url}{URL}", allow_redirects=False) as answer:
        assert answer.status in (303, 405)
    assert pages_app.hints == []
