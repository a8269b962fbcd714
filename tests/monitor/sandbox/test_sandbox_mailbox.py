"""A simulated mailbox does no harm to what was there before."""

from pathlib import Path

import pytest

from monitor.sandbox.maildir import make_ready, make_unreadable


@pytest.fixture
def mailbox(tmp_path: Path) -> Path:
    return tmp_path / "var" / "acme"


def test_ready_means_inbox_and_junk(mailbox: Path) -> None:
    make_ready(mailbox, ".Junk")
    folders = {str(p.relative_to(mailbox)) for p in mailbox.rglob("*") if p.is_dir()}
    assert folders == {"tmp", "new", "cur", ".Junk", ".Junk/tmp", ".Junk/new", ".Junk/cur"}


def test_a_restart_keeps_the_mail(mailbox: Path) -> None:
    make_ready(mailbox, ".Junk")
    (mailbox / "new" / "a").write_text("mail")
    make_ready(mailbox, ".Junk")
    assert (mailbox / "new" / "a").read_text() == "mail"


def test_unreadable_is_no_folder_whoever_asks(mailbox: Path) -> None:
    make_unreadable(mailbox)
    make_unreadable(mailbox)
    with pytest.raises(NotADirectoryError):
        list((mailbox / "new").iterdir())


def test_from_readable_to_unreadable_and_back_nothing_is_lost(mailbox: Path) -> None:
    make_ready(mailbox, ".Junk")
    (mailbox / "new" / "a").write_text("mail")
    make_unreadable(mailbox)
    (aside,) = mailbox.parent.glob("acme.aside-*")
    assert (aside / "new" / "a").read_text() == "mail"
    make_ready(mailbox, ".Junk")
    assert list((mailbox / "new").iterdir()) == []


@pytest.mark.parametrize("make", [lambda mailbox: make_ready(mailbox, ".Junk"), make_unreadable])
def test_somebody_elses_mailbox_is_not_touched(mailbox: Path, make) -> None:
    (mailbox / "new").mkdir(parents=True)
    with pytest.raises(FileExistsError, match="not created by the sandbox"):
        make(mailbox)
    assert [p.name for p in mailbox.parent.rglob("*")] == ["acme", "new"]


@pytest.mark.parametrize("make", [lambda mailbox: make_ready(mailbox, ".Junk"), make_unreadable])
def test_nor_is_somebodys_file(mailbox: Path, make) -> None:
    mailbox.parent.mkdir()
    mailbox.write_text("mbox")
    with pytest.raises(FileExistsError):
        make(mailbox)
    assert mailbox.read_text() == "mbox"


def test_a_mailbox_of_version_0_1_is_still_ours(mailbox: Path) -> None:
    mailbox.mkdir(parents=True)
    (mailbox / "make-believe").touch()
    make_ready(mailbox, ".Junk")
    (mailbox / "new" / "a").write_text("mail")
    make_unreadable(mailbox)
    mailbox.write_text("In place of a Maildir: nobody can look into this make-believe mailbox.\n")
    make_ready(mailbox, ".Junk")
    assert (mailbox / "mailpath-sandbox").exists()
