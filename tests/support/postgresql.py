"""A PostgreSQL of the tests' own: on a socket in a temporary folder, without a port, gone with the tests."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from shutil import which

from monitor.store.database import connect
from monitor.store.schema import prepare

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
TEMPLATE = "empty_store"
ACCOUNT = "postgres"  # the server refuses to run as root
WAIT_SECONDS = 60
# what is committed outlives the server, though not the machine
FAST = ("fsync=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB")


def obstacle() -> str:
    """Why it cannot run here; "" if it can."""
    if not PROGRAMS:
        return "PostgreSQL is not installed: apt-get install postgresql"
    return (
        "" if os.geteuid() or which("setpriv") else "there is no setpriv, to run PostgreSQL as another user than root"
    )


class PostgreSQL:
    """The server. Each test has a database of its own in it."""

    def __init__(self, folder: Path, settings: tuple[str, ...] = FAST) -> None:
        self.folder, self.data = folder, folder / "data"
        self._settings, self._numbers, self._has_template = settings, count(1), False
        if os.geteuid() == 0:
            os.chown(folder, *self._account)
        self._run("initdb", "--pgdata", str(self.data), "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8")

    @property
    def _account(self) -> tuple[int, int]:
        entry = pwd.getpwnam(ACCOUNT)
        return entry.pw_uid, entry.pw_gid

    @property
    def user(self) -> str:
        """Its superuser."""
        return ACCOUNT if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = " ".join(f"-c {each}" for each in (*self._settings, "listen_addresses="))
        self._control("start", "-o", f"-k {self.folder} {options}", "-l", str(self.folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast`, or `immediate`, as if it was killed."""
        self._control("stop", "--mode", mode)

    def database(self, name: str = "") -> str:
        """Make an empty database; return its address as `store.url` has it."""
        return self._made(name or f"store{next(self._numbers)}", "template1")

    def empty_store(self) -> str:
        """Make a store in which there is nothing, as a copy: to make its tables takes longer. Return its address."""
        if not self._has_template:
            engine = connect(self.database(TEMPLATE))
            prepare(engine)
            engine.dispose()
            self._has_template = True
        return self._made(f"store{next(self._numbers)}", TEMPLATE)

    def _made(self, name: str, template: str) -> str:
        self.sql("postgres", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return f"postgresql://{self.user}@/{name}?host={self.folder}"

    def sql(self, database: str, statement: str) -> str:
        """Execute a statement as its superuser and return what it printed."""
        told = ("psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-d", database)
        return self._run(*told, "-c", statement)

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "--pgdata", str(self.data), "--wait", "--timeout", str(WAIT_SECONDS), *words)

    def _run(self, program: str, *words: str) -> str:
        as_user = () if os.geteuid() else ("setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups")
        done = subprocess.run(
            (*as_user, str(PROGRAMS[-1] / program), *words),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE,
            timeout=2 * WAIT_SECONDS,
            text=True,
        )
        assert done.returncode == 0, (program, words, done.stderr)
        return done.stdout or ""


@contextmanager
def postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """A server that runs in this folder."""
    server = PostgreSQL(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")
