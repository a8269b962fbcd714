"""Which folders of a mailbox are searched for a probe, and what each means to its reader."""

import pytest

from probes.evidence import Folder
from probes.mailboxes.folders import Namespaces, from_modified_utf7, maildir_folder, meaning, modified_utf7, search_plan
from tests.probes.mailboxes.test_junk_folders import listed

DOVECOT = Namespaces([""], ["shared/", "Public/"])
CYRUS = Namespaces(["INBOX."], ["user.", ""])  # without altnamespace: all the rest is shared
CYRUS_ALT = Namespaces([""], ["Other Users/", "Shared Folders/"])
EXCHANGE = Namespaces([""], [])


@pytest.mark.parametrize(
    ("folders", "namespaces", "own", "foreign"),
    [
        (["INBOX", "Junk", "Lists", "Trash"], DOVECOT, ["Lists", "Trash", "INBOX", "Junk"], []),
        (["INBOX", "Lists", "shared/b", "shared/b/Lists"], DOVECOT, ["Lists", "INBOX"], ["shared/b", "shared/b/Lists"]),
        (["INBOX", "sharedstuff", "Publications"], DOVECOT, ["sharedstuff", "Publications", "INBOX"], []),
        (["INBOX", "Public|\\Noselect", "Public/team"], DOVECOT, ["INBOX"], ["Public/team"]),
        (["INBOX|.", "INBOX.Lists|.", "user.bob|.", "team|."], CYRUS, ["INBOX.Lists", "INBOX"], ["team", "user.bob"]),
        (["INBOX", "user", "Other Users/bob"], CYRUS_ALT, ["user", "INBOX"], ["Other Users/bob"]),
        (["Inbox", "Clutter"], EXCHANGE, ["Clutter", "Inbox"], []),
        # a server that does not tell
        (["INBOX", "Lists", "#news.x", "Shared/x"], None, ["Lists", "INBOX"], ["#news.x", "Shared/x"]),
        (["INBOX", "Public Folders/x"], None, ["INBOX"], ["Public Folders/x"]),
        (["INBOX", "Sharedom"], None, ["Sharedom", "INBOX"], []),
        # what cannot be opened
        (["INBOX", "A|\\NoSelect", "B|\\NonExistent", "A/x"], DOVECOT, ["A/x", "INBOX"], []),
        (["INBOX", "x" * 1001], DOVECOT, ["INBOX"], []),
    ],
)  # fmt: skip
def test_own_folders_are_searched_and_foreign_ones_named(
    folders: list[str], namespaces: Namespaces | None, own: list[str], foreign: list[str]
) -> None:
    watched = [each for each in own if each.upper() == "INBOX" or each == "Junk"]
    plan = search_plan(listed(*folders), namespaces, watched)
    assert (list(plan.folders), list(plan.foreign), plan.views) == (own, foreign, ())


def test_views_are_searched_before_what_they_show_and_the_watched_folders_last() -> None:
    gmail = listed("INBOX", "[Gmail]|\\Noselect", "[Gmail]/All Mail|\\All", "[Gmail]/Starred|\\Flagged", "Lists")
    plan = search_plan(gmail, EXCHANGE, ["INBOX"])
    assert plan.views == ("[Gmail]/All Mail", "[Gmail]/Starred")
    assert plan.folders == ("Lists", "INBOX")


@pytest.mark.parametrize(
    ("name", "flags", "folder"),
    [
        ("Lists", (), Folder.OTHER),
        ("Trash", ("\\Trash",), Folder.OTHER),
        ("Archive", ("\\Archive",), Folder.OTHER),
        ("Clutter", (), Folder.OTHER),
        ("Not spam", (), Folder.OTHER),
        ("Spam reports", (), Folder.OTHER),
        ("Quarantine", (), Folder.JUNK),
        ("INBOX.quarantine", (), Folder.JUNK),
        ("Filter/Spamverdacht", (), Folder.JUNK),
        ("Gelbe Seiten", ("\\Junk",), Folder.JUNK),
    ],
)
def test_what_a_folder_means(name: str, flags: tuple[str, ...], folder: Folder) -> None:
    assert meaning(name, flags) is folder


@pytest.mark.parametrize("name", ["Lists", "Bücher & Hefte", "台北", "a/b", "&", "Ünï-çødé 本 x"])
def test_modified_utf7_is_read_as_it_is_written(name: str) -> None:
    assert from_modified_utf7(modified_utf7(name)) == name


@pytest.mark.parametrize("name", ["&", "&x", "&AA-", "&2D0-", "&____-", "&" + "A" * 5000 + "-", "a&-b-&", "\udcff"])
def test_what_is_no_modified_utf7_stays_or_is_read_as_text(name: str) -> None:
    assert isinstance(from_modified_utf7(name), str)


def test_names_of_maildir_folders() -> None:
    paths = [".Lists", ".INBOX.Lists", "Lists/Old", ".B&APw-cher"]
    assert [maildir_folder(each) for each in paths] == ["Lists", "INBOX.Lists", "Lists/Old", "Bücher"]
