"""Mails for the tests: probes with their tokens in chosen places, and other people's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter

from probes.message import PROBE_HEADER
from probes.token import mint, new_probe_id

KEY = b"a key for tests"
USERS = {f"user{number}": f"word {number}" for number in range(300)}  # of a real server, with their passwords
_SERIAL = count(1)

FOREIGN = b"From: aunt@example.org\r\nSubject: Sunday\r\nMessage-ID: <1@example.org>\r\n\r\nCome for tea.\r\n"


def token() -> str:
    """A token as a probe carries it."""
    return mint(new_probe_id(), KEY)


def probe(mark: str, *, header: bool = True, body: bool = False, filling: int = 300) -> bytes:
    """A mail with the token in its header or in its body."""
    lines = [
        "Received: from a by b; Mon, 23 Nov 2026 08:00:00 +0000",
        "From: no-reply@account.trimble.com",
        "Subject: x",
    ]
    if header:
        lines.append(f"{PROBE_HEADER}: {mark}")
    text = f"Your code: 123456\r\n{mark if body else ''}\r\n" + "x" * filling
    return "\r\n".join([*lines, "", text, ""]).encode()


def make_maildir(path: Path, *folders: str) -> Path:
    """A Maildir with these folders in it ("" is the inbox)."""
    for folder in ("", *folders):
        for part in ("tmp", "new", "cur"):
            (path / folder / part).mkdir(parents=True, exist_ok=True)
    return path


def deliver(folder: Path, content: bytes, *, at: float | None = None, flags: str | None = None) -> Path:
    """Put a mail into a Maildir's folder as a delivery agent does; with flags: as a reader leaves it in `cur`."""
    name = f"{1_700_000_000 + next(_SERIAL)}.M1P{os.getpid()}.test"
    draft = folder / "tmp" / name
    draft.write_bytes(content)
    owner = folder.stat()
    os.chown(draft, owner.st_uid, owner.st_gid)
    if at is not None:
        os.utime(draft, (at, at))
    return draft.rename(folder / "new" / name if flags is None else folder / "cur" / f"{name}:2,{flags}")


def contents(path: Path, *, exact: bool = True) -> dict[tuple[str, str], tuple[str, bytes, int]]:
    """Every mail below `path`: its folder and name; flags, octets and time. `exact` keeps new and cur apart."""
    found = {}
    for file in (each for part in ("new", "cur") for each in path.rglob(f"{part}/*")):
        name, _, flags = file.name.partition(":")
        folder = file.parent if exact else file.parent.parent
        found[str(folder.relative_to(path)), name] = (
            flags.removeprefix("2,"),
            file.read_bytes(),
            file.stat().st_mtime_ns,
        )
    return found


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What happens in here takes no longer."""
    start = perf_counter()
    yield
    took = perf_counter() - start
    assert took < seconds, f"took {took:.2f} s, not {seconds} s"
