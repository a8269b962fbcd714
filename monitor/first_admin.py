"""How the first admin gets their link: it opens everything for a day, so it never goes into the log.

On a terminal it is shown there. Else it is written into a file that only its owner can read, beside the store; the file
is deleted when the link was used or there is another.
"""

import os
import sys
from pathlib import Path

import structlog

log = structlog.get_logger("mailpath")

NOBODY = "nobody can sign in yet; the first admin chooses a password at a link"
NAME = "mailpath-first-admin-link"


def link_file(store_url: str) -> Path:
    """Where it is written."""
    return Path(store_url.partition(":///")[2]).absolute().parent / NAME


def tell_first_link(link: str | None, store_url: str) -> None:
    """Tell it; None: there is none, nor a file of an earlier one. Whatever is wrong with the file, the service runs."""
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
    """Delete the file, if there is one. One that stays is told of: its link does not work any more."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        log.error("the first admin's old link stays", reason=error.strerror, remedy=f"remove {file}")


def _write(file: Path, link: str) -> None:
    """For its owner only, and whole or not at all: a disk may be full."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(f"{link}\n")
    except OSError:
        forget_link(file)
        raise
