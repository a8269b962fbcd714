"""Mailboxes as configuration: the keys, what is refused and in which words, and which two settings mean the same."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.mailboxes import Mailbox
from probes.mailboxes.imap import ImapMailbox
from probes.mailboxes.maildir import MaildirMailbox
from probes.mailboxes.table import MAILBOXES, MailboxSettings

READER: TypeAdapter[Any] = TypeAdapter(MailboxSettings)
IMAP = {"via": "imap", "host": "mail.acme.example", "user": "probe", "password": {"env": "ACME_IMAP"}}


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_IMAP", "pa55word")


def read(**keys: object) -> Any:
    return READER.validate_python(keys, context={"folder": Path("/etc/mailpath")})


def test_the_least_that_must_be_said() -> None:
    box = read(**IMAP)
    assert isinstance(box, ImapMailbox)
    assert (box.port, box.tls, box.inbox, box.junk, box.poll) == (993, "implicit", "INBOX", None, timedelta(seconds=15))


def test_a_maildir_stands_beside_the_configuration() -> None:
    box = read(via="maildir", path="mail/probe", junk=".Spam")
    assert isinstance(box, MaildirMailbox)
    assert box.path == Path("/etc/mailpath/mail/probe")
    assert box.junk == ".Spam"


@pytest.mark.parametrize(
    ("changed", "where", "words"),
    [
        ({"via": "pop3"}, (), "'imap', 'maildir'"),
        ({"hst": "x"}, ("imap", "hst"), "Extra inputs are not permitted"),
        ({"port": 99999}, ("imap", "port"), "65535"),
        ({"tls": "maybe"}, ("imap", "tls"), "'implicit', 'starttls' or 'none'"),
        ({"host": "mail acme"}, ("imap", "host"), ""),
        ({"user": ""}, ("imap", "user"), "at least 1 character"),
        ({"user": "probe\r\nA1 LOGOUT"}, ("imap", "user"), "must not hold control characters"),
        ({"inbox": "IN\nBOX"}, ("imap", "inbox"), "must not hold control characters"),
        ({"junk": ""}, ("imap", "junk"), "at least 1 character"),
        ({"junk": "inbox"}, ("imap",), "junk must be another folder than inbox"),
        ({"poll": "0s"}, ("imap", "poll"), "must be more than zero"),
        ({"password": "plain"}, ("imap", "password"), "a secret is never in this file"),
        ({"password": {"env": "NOT_SET"}}, ("imap", "password"), "is not set"),
        ({"ca_file": "/nowhere.pem"}, ("imap", "ca_file"), "No such file"),
        ({"via": "maildir"}, ("maildir", "path"), "Field required"),
    ],
)
def test_what_is_wrong_is_said(changed: dict[str, object], where: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(**(IMAP | changed))
    said = {error["loc"]: error["msg"] for error in caught.value.errors()}
    assert words in said[where]
    assert "pa55word" not in str(caught.value)


def test_a_password_over_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_IMAP", "pa55word\r\nA1 LOGOUT")
    with pytest.raises(ValidationError, match="control characters") as caught:
        read(**IMAP)
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {"host": "MAIL.acme.example"}, True),
        ({}, {"inbox": "Inbox"}, True),
        ({}, {"junk": "Spam", "poll": "1m"}, True),
        ({}, {"user": "probe2"}, False),
        ({}, {"port": 1993}, False),
        ({}, {"inbox": "Probes"}, False),
        ({"inbox": "probes"}, {"inbox": "Probes"}, False),
    ],
)
def test_which_settings_mean_the_same_mailbox(one: dict[str, object], other: dict[str, object], same: bool) -> None:
    assert (read(**(IMAP | one)).key == read(**(IMAP | other)).key) is same


def test_no_secret_is_shown() -> None:
    box = read(**IMAP)
    assert box.key == "imap:probe@mail.acme.example:993/INBOX"
    assert "pa55word" not in repr(box) + str(box) + box.model_dump_json()


def test_the_table_names_every_kind() -> None:
    kinds: dict[str, type[Mailbox]] = MAILBOXES
    assert set(kinds) == {"imap", "maildir", "inbound", "graph", "gmail", "jmap"}
