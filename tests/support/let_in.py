"""Lets servers that run as another user reach a folder of the tests."""

from pathlib import Path
from stat import S_IMODE

READ_AND_PASS = 0o055


def let_others_in(folder: Path) -> None:
    """Let others list and pass the folder and all above it. Nothing is taken from any: /tmp keeps its sticky bit."""
    for each in (folder, *folder.parents):
        mode = S_IMODE(each.stat().st_mode)
        if mode & READ_AND_PASS != READ_AND_PASS:
            each.chmod(mode | READ_AND_PASS)
