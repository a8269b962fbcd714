"""No secret is in any answer, in the log, or in the store."""

import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.people.person import Rights
from tests.support.auth_app import PASSWORD, Browser
from tests.support.pages_app import form_in
from tests.support.rights_app import (
    ENVIRONMENT,
    SECRETS,
    RightsApp,
    open_rights_app,
)
from tests.support.rights_table import ROWS, ask, asked_by_all, sent_with, target_of


@pytest.fixture
async def rights_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RightsApp]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    async with open_rights_app(tmp_path) as rights_app:
        yield rights_app


async def test_no_secret_is_in_any_answer_log_or_store(
    rights_app: RightsApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs:
        admin = await rights_app.pages_app.person("root", Rights.ADMIN)
        cookies = [*admin.cookies.values()]
        form = form_in((await admin.get("/")).text)
        token, link = await _made(admin, form)
        program = rights_app.pages_app.browser(Authorization=f"Bearer {token}")
        answers = [await ask(program, "GET", target) for target in asked_by_all(rights_app)]
        answers += [await ask(admin, "GET", target) for target in asked_by_all(rights_app)]
        answers += [
            await ask(program, row.method, target_of(row, rights_app.own), **sent_with(row, rights_app.own, 5))
            for row in ROWS
        ]
        answers.append(
            await ask(
                rights_app.pages_app.browser(), "POST", "/sign-in", data={"name": "root", "password": f"{PASSWORD}!"}
            )
        )
        answers.append(
            await ask(rights_app.pages_app.browser(Authorization=f"Bearer {token}x"), "GET", "/api/v1/probes")
        )
    secrets = [*SECRETS, PASSWORD, *cookies, token, link]
    told = "".join(answer.all for answer in answers)
    said = f"{logs}{caplog.text}"
    assert [secret for secret in secrets if secret in told] == [], "in an answer"
    assert [secret for secret in (*secrets, form) if secret in said] == [], "in the log"
    assert list(in_store(tmp_path, secrets)) == []


async def _made(admin: Browser, form: str) -> tuple[str, str]:
    """A token, and somebody with a link: both are shown once, also where the request is repeated."""
    said = {"X-Form": form, "Idempotency-Key": "once"}
    wish = {"name": "program", "rights": "admin"}
    first = await ask(admin, "POST", "/api/v1/tokens", said, json=wish)
    again = await ask(admin, "POST", "/api/v1/tokens", said, json=wish)
    token = json.loads(first.text)["secret"]
    assert (first.status, again.status) == (201, 201)
    assert token not in again.all
    asked = await ask(admin, "POST", "/api/v1/people", said | {"Idempotency-Key": "2"}, json={"name": "new"})
    repeated = await ask(admin, "POST", "/api/v1/people", said | {"Idempotency-Key": "2"}, json={"name": "new"})
    link = json.loads(asked.text)["link"].partition("key=")[2]
    assert link
    assert link not in repeated.all
    return token, link


def in_store(folder: Path, secrets: list[str]) -> Iterator[str]:
    """Where in the store they are, column by column."""
    with closing(sqlite3.connect(folder / "mailpath.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in names:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    yield from (f"{table}.{column}" for secret in secrets if secret in str(value))
