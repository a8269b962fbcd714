"""The machine: versions, the clock, the disk, and who can read its files."""

import ctypes
import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

from monitor.config import exposed_secrets
from monitor.doctor.observation import Observation, Premises
from monitor.output.disk_needs import disk_needs, disk_sentence, disk_warning
from monitor.store import file_of
from probes.standing.fact import State

TIMEX_BYTES = 512  # more than any Linux needs for `struct timex`
STATUS_AT = 40  # octets before its field `status`, on 64 bits
UNSYNCHRONISED = 0x40  # STA_UNSYNC, adjtimex(2)
MAKE_ROOM = "use a larger disk, probe less often, or lower store.keep"
LEAST_FREE = 200 << 20  # octets; with less the store soon takes nothing more


async def versions(premises: Premises) -> AsyncIterator[Observation]:
    """Tell which Mailpath this is, and on what."""
    python = ".".join(map(str, sys.version_info[:3]))
    in_file = file_of(premises.config.store.url) is not None
    database = f"SQLite {sqlite3.sqlite_version}" if in_file else f"psycopg {version('psycopg')}"
    yield Observation("versions", State.GOOD, f"Mailpath {version('mailpath')}, Python {python}, {database}")


async def settings(premises: Premises) -> AsyncIterator[Observation]:
    """Repeat what `check-config` warns of."""
    for warning in premises.warnings:
        yield Observation(str(premises.file), State.WEAK, warning)
    if not premises.warnings:
        config = premises.config
        seen = f"valid: {len(config.companies)} companies, {len(config.paths())} paths"
        advice = "" if config.companies else "add a company: docs/start/first-company.md shows how"
        yield Observation(str(premises.file), State.GOOD if config.companies else State.WEAK, seen, advice)


async def clock(_: Premises) -> AsyncIterator[Observation]:
    """Ask the kernel if anything keeps the clock right. Delivery times and the ends of codes are by it."""
    status = _clock_status()
    if status is None:
        yield Observation("clock", State.UNKNOWN, "this system does not show if its clock is kept right")
    elif status & UNSYNCHRONISED:
        yield Observation(
            "clock",
            State.WEAK,
            "the kernel says that nothing keeps the clock right",
            "run an NTP client, such as chrony; in a virtual machine the host may do it, and then this is no fault",
        )
    else:
        yield Observation("clock", State.GOOD, "synchronised")


def _clock_status() -> int | None:
    """The status word of adjtimex(2), which anybody may read; None where there is no such call."""
    timex = ctypes.create_string_buffer(TIMEX_BYTES)
    try:
        failed = ctypes.CDLL(None).adjtimex(timex) < 0
    except (AttributeError, OSError):
        return None
    return None if failed else int.from_bytes(timex.raw[STATUS_AT : STATUS_AT + 4], sys.byteorder)


async def disk(premises: Premises) -> AsyncIterator[Observation]:
    """Compare the free space with what the store will need."""
    file = file_of(premises.config.store.url)
    if file is None:
        return
    try:
        free = shutil.disk_usage(file.parent).free
    except OSError as error:
        if premises.config.sandbox.companies and not file.parent.exists():
            yield Observation(str(file.parent), State.NONE, "does not exist yet; the sandbox makes it")
            return
        yield Observation(
            str(file.parent), State.BAD, error.strerror or str(error), "make the folder, or change store.url"
        )
        return
    needs, room = disk_sentence(disk_needs(premises.config)), f"{free / 1e9:,.1f} GB free"
    if free < LEAST_FREE:
        yield Observation(str(file.parent), State.BAD, f"{room}; {needs}", "make room: without it nothing is sent")
    elif disk_warning(premises.config):
        yield Observation(str(file.parent), State.WEAK, f"{room}; {needs}", MAKE_ROOM)
    else:
        yield Observation(str(file.parent), State.GOOD, f"{room}; {needs}")


async def files(premises: Premises) -> AsyncIterator[Observation]:
    """Find secrets that others can read, and folders that we cannot write to."""
    exposed = exposed_secrets(premises.file)
    for warning in exposed:
        yield Observation("secret", State.BAD, warning)
    file = file_of(premises.config.store.url)
    if file is not None and file.parent.exists() and not os.access(_existing(file), os.W_OK):
        yield Observation(str(file), State.BAD, "may not be written", "check the owner and the rights of the file")
    if not exposed:
        yield Observation("secrets", State.GOOD, "no file of a secret can be read by others")


def _existing(file: Path) -> Path:
    return file if file.exists() else file.parent
