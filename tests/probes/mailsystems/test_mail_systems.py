"""The table of mail systems: one vocabulary for the configuration, the readers of refusals and the remedies."""

import re

import pytest

from probes.mailsystems.choose import steps_for
from probes.mailsystems.family import CauseFamily
from probes.mailsystems.system import MailSystem, RunBy
from probes.mailsystems.table import MAIL_SYSTEMS, is_shared, system_label
from probes.reading.replies import carriers, gateways, languages, messages, recipients, senders, systems, webmail
from probes.reading.replies.marks import MARKS
from probes.reading.replies.table import Rows
from probes.verdict import Cause

ROWS = tuple(MAIL_SYSTEMS.values())
PHRASES: tuple[Rows, ...] = (
    *(webmail.ROWS, carriers.ROWS, gateways.ROWS, languages.ROWS, recipients.FULL, recipients.NOBODY),
    *(senders.WAITING, senders.IDENTITY, senders.RULES, senders.LIMITS, senders.BLOCKS, messages.SIZE),
    *(messages.CONTENTS, systems.BROKEN, systems.VAGUE),
)


def test_a_word_means_one_mail_system() -> None:
    words = [word for row in ROWS for word in (row.key, *row.aliases)]
    assert len(words) == len(set(words))
    assert [word for word in words if not re.fullmatch(r"[a-z0-9._-]+", word)] == []


def test_a_name_means_one_mail_system() -> None:
    assert len({row.label for row in ROWS}) == len(ROWS)


def test_whoever_writes_a_refusal_is_in_the_table() -> None:
    named = {vendor for _, vendor in MARKS}
    named |= {origin.vendor for rows in PHRASES for origin in rows}
    assert named - {""} <= MAIL_SYSTEMS.keys()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_it_is_recognised_by_whole_names_and_lower_case_words(row: MailSystem) -> None:
    assert all(re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) for host in row.hosts)
    assert all(mark == mark.lower() for mark in (*row.reply_marks, *row.banners, *row.headers))
    assert all(re.fullmatch(r"x-[a-z0-9-]+", header) for header in row.headers)


def test_a_host_is_one_mail_systems() -> None:
    hosts = [host for row in ROWS for host in row.hosts]
    assert len(hosts) == len(set(hosts))


@pytest.mark.parametrize(
    "key", ["exchange", "postfix", "exim", "zimbra", "rspamd", "mailcow", "spamassassin", "amavis", "plesk", "cpanel"]
)
def test_what_companies_run_by_themselves_is_nobody_elses(key: str) -> None:
    assert MAIL_SYSTEMS[key].run_by is RunBy.COMPANY
    assert not is_shared(key)


@pytest.mark.parametrize("key", ["m365", "google", "mimecast", "proofpoint", "barracuda", "cisco", "hornetsecurity"])
def test_what_a_vendor_runs_or_judges_is_shared(key: str) -> None:
    assert is_shared(key)


@pytest.mark.parametrize("key", ["", "unknown", "other:homegrown", "homegrown"])
def test_of_what_nobody_knows_nothing_is_concluded(key: str) -> None:
    assert not is_shared(key)
    assert steps_for(key, Cause.CONTENT, CauseFamily.CONTENT) == ()


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("m365", "Microsoft 365"),
        ("rspamd", "rspamd"),
        ("other:Acme Mail", "Acme Mail"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_its_name_for_people(key: str, label: str) -> None:
    assert system_label(key) == label


@pytest.mark.parametrize("key", ["m365", "exchange"])
def test_a_block_entry_is_removed_as_it_is_listed(key: str) -> None:
    """It may be an address of the domain, or a parent domain: then a command with the domain itself removes nothing."""
    steps = " ".join(steps_for(key, Cause.DOMAIN_BLOCKED, CauseFamily.DOMAIN))
    assert "as listed" in steps
    assert "-BlockedSenders" in steps, "the list of single addresses too"
