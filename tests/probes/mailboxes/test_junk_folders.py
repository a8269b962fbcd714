"""Which folder is for junk."""

import unicodedata

import pytest

from probes.mailboxes.folders import JUNK_NAMES, ListedFolder, junk_among, junk_directories, modified_utf7


def listed(*rows: str) -> list[ListedFolder]:
    r"""Folders, each as "NAME", "NAME \Flag", or "NAME . \Flag" where the delimiter is a dot."""
    folders = []
    for row in rows:
        name, *rest = row.split("|")
        delimiter = "." if "." in rest else "/"
        folders.append(ListedFolder(name, delimiter, frozenset(each for each in rest if each.startswith("\\"))))
    return folders


@pytest.mark.parametrize(
    ("folders", "junk"),
    [
        (["INBOX", "Sent", "Junk"], "Junk"),
        (["INBOX", "Sent", "Drafts"], None),
        ([], None),
        # the server's word goes first
        (["Junk", "Quarantine|\\Junk"], "Quarantine"),
        (["Junk", "Quarantine|\\junk"], "Quarantine"),  # as Cyrus writes it
        (["Junk", "[Gmail]/Corbeille|\\SPAM"], "[Gmail]/Corbeille"),
        (["A|\\Junk|\\NoSelect", "Spam"], "Spam"),
        (["Junk|\\NonExistent", "Spam"], "Spam"),
        # usual names, in any case and spelling
        (["SPAM"], "SPAM"),
        (["junk e-mail"], "junk e-mail"),
        (["Bulk Mail"], "Bulk Mail"),
        ([unicodedata.normalize("NFD", "Courrier indésirable")], unicodedata.normalize("NFD", "Courrier indésirable")),
        (["垃圾邮件"], "垃圾邮件"),
        (["Спам"], "Спам"),
        (["Spam", "Junk"], "Junk"),
        # below the inbox, and in Gmail
        (["INBOX", "INBOX.Spam|."], "INBOX.Spam"),
        (["INBOX", "INBOX/Junk"], "INBOX/Junk"),
        (["INBOX.Junk|.", "Spam|."], "INBOX.Junk"),
        (["INBOX.Junk|.", "Junk|."], "Junk"),
        (["[Gmail]/Spam"], "[Gmail]/Spam"),
        (["[Google Mail]/Spam"], "[Google Mail]/Spam"),
        # not ours, not for junk
        (["shared/bob/Junk", "user.bob.Spam|."], None),
        (["Archive/Junk", "Junk 2025", "Not Junk", "INBOX.Junk.Old|."], None),
        (["INBOXJunk", "INBOX.Junk"], None),  # here the dot is part of the name
    ],
)
def test_among_an_imap_servers_folders(folders: list[str], junk: str | None) -> None:
    assert junk_among(listed(*folders)) == junk


@pytest.mark.parametrize("name", [name for name, _ in JUNK_NAMES])
def test_every_name_is_found_on_imap_and_on_disk(name: str) -> None:
    assert junk_among([ListedFolder("INBOX"), ListedFolder(name)]) == name
    on_disk = [f".{name}", f".{modified_utf7(name)}", f".INBOX.{name}", name]
    for each in on_disk:
        assert junk_directories(["cur", "new", "tmp", each]) == [each]


def test_directories_best_first() -> None:
    there = ["cur", ".Spam", "new", ".Sent", ".INBOX.Junk", ".Junk", "dovecot-uidlist", ".Bulk Mail"]
    assert junk_directories(there) == [".Junk", ".INBOX.Junk", ".Spam", ".Bulk Mail"]


def test_every_name_has_its_source_and_stands_once() -> None:
    assert all(source for _, source in JUNK_NAMES)
    names = [name.casefold() for name, _ in JUNK_NAMES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Junk", "Junk"),
        ("Indésirables", "Ind&AOk-sirables"),
        ("Nevyžádaná pošta", "Nevy&AX4A4Q-dan&AOE- po&AWE-ta"),
        ("Q&A", "Q&-A"),
        ("台北", "&U,BTFw-"),  # RFC 3501, section 5.1.3
    ],
)
def test_modified_utf7(name: str, written: str) -> None:
    assert modified_utf7(name) == written
