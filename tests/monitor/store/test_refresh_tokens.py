"""Refresh tokens that a real authorization server replaces with each use, kept in a real store of each kind by
processes that are killed with SIGKILL. The server ends the whole consent as soon as an old one is used again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store import Store
from tests.lab.oidc_provider import SECRET, OidcProvider, consented_client, oidc_obstacle, oidc_provider
from tests.support.store_by_hand import StoreByHand

KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """It has a client with the consent of a user."""
    if reason := oidc_obstacle():
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with oidc_provider(tmp_path_factory.mktemp("oidc"), consented_client("consented")) as running:
        yield running


class Processes:
    """Processes that work on one store with one configured refresh token, one after the other."""

    def __init__(self, url: str, issuer: OidcProvider) -> None:
        self.url, self._issuer = url, issuer
        self.refresh = issuer.refresh_token("consented")

    def run(self, killed: str = "never") -> tuple[int, str]:
        """The exit code and what it printed."""
        words = [self.url, self._issuer.token_url, SECRET, self.refresh, killed]
        command = [sys.executable, "-m", "tests.support.killed_refreshing", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout.strip()


@pytest.fixture
async def processes(url: str, issuer: OidcProvider) -> Processes:
    """They have not begun."""
    async with Store.open(url):
        return Processes(url, issuer)


def test_the_newest_outlives_each_process(processes: Processes) -> None:
    for _ in range(2):
        assert processes.run() == (0, "token")


def test_killed_when_the_new_one_is_kept(processes: Processes) -> None:
    assert processes.run(killed="kept") == (KILLED, "")
    assert processes.run() == (0, "token")


def test_killed_before_the_new_one_is_kept(processes: Processes) -> None:
    """It is lost, which nobody can prevent; but the error says so, now and later, and what to do."""
    assert processes.run(killed="answered") == (KILLED, "")
    for _ in range(2):
        code, words = processes.run()
        assert code == 0
        assert "the answer to its last use, perhaps with a new one, never arrived" in words
        assert "sign in once more as the mailbox's user and store the new refresh token" in words


def test_a_new_consent_ends_what_was_lost(processes: Processes, issuer: OidcProvider) -> None:
    processes.run(killed="answered")
    processes.refresh = issuer.refresh_token("consented")
    assert processes.run() == (0, "token")


async def test_the_store_holds_none_of_them_to_read(processes: Processes, by_hand: StoreByHand) -> None:
    processes.run()
    async with Store.open(processes.url) as store:
        kept = await store.fact("refresh token acme")
        assert await store.fact("refresh token acme in use") == ""
    facts = str(by_hand.ask("SELECT * FROM facts"))
    assert kept
    assert kept in facts
    assert processes.refresh not in facts


def test_the_file_of_sqlite_holds_none_either(processes: Processes) -> None:
    """Neither do its journals, which a copy may have."""
    if not processes.url.startswith("sqlite"):
        pytest.skip("PostgreSQL's files belong to its server")
    processes.run()
    file = Path(processes.url.removeprefix("sqlite:///"))
    assert not [each for each in file.parent.glob("mailpath.db*") if processes.refresh.encode() in each.read_bytes()]
