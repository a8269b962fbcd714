"""A store that refuses a write of whoever signs in or out, or sets a password: it is done and stands in the audit log,
or neither, and a link that did not work can be used again."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.auth_app import PASSWORD, AuthApp, open_auth_app
from tests.support.refusing_store import Refusal, Refusals, refusals

__all__ = ["refusals"]
OTHER = "five words in another row"

each_refusal = pytest.mark.parametrize("how", Refusal)
each_write = pytest.mark.parametrize("nth", [1, 2, 3, 4])


@pytest.fixture
async def auth_app(tmp_path: Path, refusals: Refusals) -> AsyncIterator[AuthApp]:
    async with open_auth_app(tmp_path) as auth_app:
        yield auth_app


def sessions(folder: Path) -> int:
    """How many there are that nobody ended."""
    with closing(sqlite3.connect(folder / "mailpath.db")) as store:
        return int(store.execute("select count(*) from sessions where not ended").fetchone()[0])


@each_refusal
@each_write
async def test_whoever_is_signed_in_is_in_the_audit_log(
    auth_app: AuthApp, refusals: Refusals, tmp_path: Path, nth: int, how: Refusal
) -> None:
    await auth_app.person("ann")
    before = sessions(tmp_path)
    refusals.refuse(nth, how)
    with capture_logs() as lines:
        answer = await auth_app.browser().sign_in("ann")
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [], (
        "the service tells of its store, once"
    )
    assert answer.headers.get("Retry-After") == ("5" if refusals.refused else None)
    assert answer.status == (503 if refusals.refused else 303)
    assert sessions(tmp_path) - before == (await auth_app.told()).count("ann: signed in")


@each_refusal
@each_write
async def test_whoever_is_signed_out_is_in_the_audit_log(
    auth_app: AuthApp, refusals: Refusals, tmp_path: Path, nth: int, how: Refusal
) -> None:
    browser = await auth_app.person("ann")
    form = await browser.whoami()
    assert form
    assert sessions(tmp_path) == 1
    refusals.refuse(nth, how)
    await browser.post("/sign-out", {"form": form.form})
    assert 1 - sessions(tmp_path) == (await auth_app.told()).count("ann: signed out")


@each_refusal
@each_write
async def test_a_link_is_used_up_if_and_only_if_it_has_set_the_password(
    auth_app: AuthApp, refusals: Refusals, nth: int, how: Refusal
) -> None:
    ann = await auth_app.person("ann")
    secret = await auth_app.access().link("ann")
    before = (await auth_app.told()).count("ann: password set")
    refusals.refuse(nth, how)
    answer = await auth_app.browser().post("/invitation", {"key": secret, "password": OTHER, "again": OTHER})
    assert answer.status == (503 if refusals.refused else 303)
    refusals.refuse(0, how)
    done = (await auth_app.told()).count("ann: password set") - before
    usable = "<form" in (await auth_app.browser().get(f"/invitation?key={secret}")).text
    assert usable == (not done)
    assert ((await auth_app.browser().sign_in("ann", OTHER)).status == 303) == bool(done)
    assert ((await auth_app.browser().sign_in("ann", PASSWORD)).status == 303) == (not done)
    assert (await ann.whoami() is None) == bool(done), "sessions of before are over"
