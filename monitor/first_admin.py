"""The first admin's link to set a password: it grants full access for a day, so it is never logged.

On a terminal it is printed there. Otherwise it is written next to the store, to a file that only its owner can read;
the file is deleted once the link is used or replaced.
"""

import os
import sys
from pathlib import Path

import structlog

log = structlog.get_logger("mailpath")

NOBODY = "nobody can sign in yet; the first admin sets a password at a link"
NAME = "mailpath-first-admin-link"


def link_file(store_url: str) -> Path:
    """Return the path of the link's file; with a database server, it is in the working directory."""
    store_file = store_url.partition(":///")[2] if store_url.startswith("sqlite") else ""
    return (Path(store_file).absolute().parent if store_file else Path.cwd()) / NAME


def announce_first_link(link: str | None, store_url: str) -> None:
    """Print or write the link; None deletes the file of an earlier one. Problems with the file never stop the
    service."""
    file = link_file(store_url)
    forget_link(file)
    if link is None:
        return
    if sys.stderr.isatty():
        print(f"Nobody can sign in yet. The first admin chooses a password here, once:\n{link}", file=sys.stderr)
        return
    try:
        _write(file, link)
    except OSError as error:
        log.error(NOBODY, reason=error.strerror, remedy=f"remove {file}, and get another: mailpath person link admin")
    else:
        log.warning(NOBODY, file=str(file))


def forget_link(file: Path) -> None:
    """Delete the file, if any. If that fails, log it: the link in it no longer works."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.error("old link file of the first admin cannot be deleted", reason=error.strerror, remedy=f"remove {file}")


def _write(file: Path, link: str) -> None:
    """Write the file for its owner only, completely or not at all: the disk may be full."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(f"{link}\n")
    except OSError:
        forget_link(file)
        raise
