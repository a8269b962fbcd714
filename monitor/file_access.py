"""Check that files with keys or people's addresses are private."""

import os
import stat
from pathlib import Path
from pwd import getpwuid

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def exposure(file: Path) -> str | None:
    """Return why others can read or change this file, with the remedy, on one line; None if they cannot, or it is
    missing."""
    try:
        found = file.stat()
    except OSError:
        return None
    if found.st_uid != os.geteuid():
        owner = _name(found.st_uid)
        return f"it belongs to {owner}; run mailpath as {owner}, or make it yours: chown {_name(os.geteuid())} {file}"
    if mode := stat.S_IMODE(found.st_mode) & OTHERS:
        return f"others can {_rights(mode)} it; make it private: chmod 600 {file}"
    return None


def open_to_others(file: Path) -> str | None:
    """Return why users beyond the file's owner and group have access, with the remedy, on one line; None if they have
    not."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXO | stat.S_IWGRP)
    except OSError:
        return None
    return f"others can {_rights(mode)} {file}; make it private: chmod o-rwx,g-w {file}" if mode else None


def _rights(mode: int) -> str:
    reads, writes = mode & (stat.S_IRGRP | stat.S_IROTH), mode & (stat.S_IWGRP | stat.S_IWOTH)
    return " and ".join(word for word, may in (("read", reads), ("change", writes)) if may) or "run"


def _name(uid: int) -> str:
    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
