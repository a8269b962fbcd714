"""What the tests of mailboxes share: a pool, a real Dovecot, and Maildirs to put mail into."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from probes.mailboxes.threads import MailboxThreads
from tests.lab.cyrus import MASTER, Cyrus, cyrus
from tests.lab.dovecot import DOVECOT, Dovecot, dovecot
from tests.support.probe_mails import USERS

MEMORY = Path("/dev/shm")
_TAKEN = count()


@pytest.fixture
def pool() -> Iterator[MailboxThreads]:
    """Where blocking work runs. It ends at once when nothing blocks any more."""
    with MailboxThreads(4) as threads:
        yield threads
    assert not threads.alive


@pytest.fixture(scope="session")
def able() -> None:
    """There can be a real Dovecot here. If not, the test is skipped; in CI a missing package fails it."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to run Dovecot")
    if not DOVECOT.exists():
        missing = "needs Dovecot: apt-get install dovecot-imapd dovecot-lmtpd"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)


@pytest.fixture(scope="session")
def server_folder(able: None) -> Iterator[Path]:
    """A folder that Dovecot's own users may enter: pytest's are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="mailpath-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server(server_folder: Path) -> Iterator[Dovecot]:
    """A Dovecot as it comes: IDLE, UIDPLUS, and a folder Junk that is marked so."""
    with dovecot(server_folder, users=USERS, junk={"Junk": True}) as running:
        yield running


@pytest.fixture
def user() -> str:
    """A user of the server whose mailbox nobody has used."""
    return f"user{next(_TAKEN)}"


@pytest.fixture
def own_folder(able: None) -> Iterator[Path]:
    """A folder for a Dovecot of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="mailpath-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cyrus_server(able: None) -> Iterator[Cyrus]:
    """A Cyrus as it comes, with JMAP. Its mail is in memory, where there is room for it: it waits for each write."""
    if not MASTER.exists():
        missing = "needs Cyrus: tests/lab/install.sh"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="mailpath-", dir=MEMORY if MEMORY.is_dir() else None))
    folder.chmod(0o755)
    with cyrus(folder, extra="skiplist_unsafe: yes") as running:
        yield running
    shutil.rmtree(folder)
