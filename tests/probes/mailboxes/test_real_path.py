"""Which folder a Maildir really is: found without asking a file system that may be dead."""

import os
from pathlib import Path

import pytest

from probes.mailboxes import notifier
from probes.mailboxes.maildir import MaildirMailbox
from probes.mailboxes.notifier import real_path


def mounts(**types: str) -> str:
    return "".join(f"29 1 0:50 / {point} rw - {kind} server:/x rw\n" for point, kind in types.items())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with links of every sort in it."""
    root = tmp_path.resolve()
    (root / "a/b/c").mkdir(parents=True)
    (root / "link").symlink_to("a/b")
    (root / "absolute").symlink_to(root / "a")
    (root / "a/up").symlink_to("../link/c")
    (root / "chain").symlink_to("absolute/up")
    (root / "loop").symlink_to("loop2")
    (root / "loop2").symlink_to("loop")
    (root / "nowhere").symlink_to("not/there")
    (root / "file").touch()
    return root


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a/b/c",
        "link",
        "link/c",
        "absolute/b/../b",
        "a/up",
        "chain",
        "chain/../../link",
        "nowhere/x",
        "file/x",
        "a/./b//c/",
        "not/there/../here",
    ],
)
def test_where_only_this_machine_writes_it_is_what_the_system_says(tree: Path, path: str) -> None:
    assert real_path(f"{tree}/{path}", "") == os.path.realpath(f"{tree}/{path}")


def test_links_in_a_circle_come_to_an_end(tree: Path) -> None:
    assert real_path(f"{tree}/loop/x", "").startswith(f"{tree}/loop")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "fuse.anything", "autofs"])
@pytest.mark.parametrize("path", ["a/b/c", "link/c", "chain", "link/c/../c/./"])
def test_a_file_system_of_another_machine_is_not_asked(
    tree: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    """It may be dead, and then the service would never start."""
    dead, asked = f"{tree}/a/b", os.readlink

    def readlink(there: str) -> str:
        assert not str(there).startswith(dead), "this would hang"
        return asked(there)

    monkeypatch.setattr(os, "readlink", readlink)
    monkeypatch.setattr(os, "lstat", None)
    monkeypatch.setattr(notifier, "mount_table", lambda: mounts(**{"/": "ext4", dead: kind}))
    assert MaildirMailbox(via="maildir", path=tree / path).key == f"maildir:{tree}/a/b/c"


def test_links_within_it_stay_as_they_are_written(tree: Path) -> None:
    there = mounts(**{str(tree): "nfs"})
    assert real_path(f"{tree}/link/../link/c", there) == f"{tree}/link/c"


def test_a_whole_machine_on_another_one_is_asked_all_the_same(tree: Path) -> None:
    """Where the root is dead, nothing can be saved by not asking."""
    assert real_path(f"{tree}/link/c", mounts(**{"/": "9p"})) == f"{tree}/a/b/c"
