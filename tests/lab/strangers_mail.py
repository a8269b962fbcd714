"""What lies in the mailboxes of the lab, on disk: our probes, and other people's mail, which nobody may touch."""

from pathlib import Path

from probes.message import PROBE_HEADER
from tests.lab.companies import USER
from tests.lab.lab import Site

Letter = tuple[str, str, bytes]
"""Folder, flags and bytes of one message."""

STRANGERS = (  # folder, name on disk, bytes
    ("INBOX", "new/1.M1P1.lab", b"Subject: unread\n\nhello\n"),
    ("INBOX", "cur/2.M2P1.lab:2,S", b"Subject: read\r\n\r\nhello\xff\0\r\n"),
    ("INBOX", "cur/3.M3P1.lab:2,FT", b"Subject: deleted by its owner, and not expunged\n\nstill here\n"),
    ("INBOX", "new/4.M4P1.lab", f"{PROBE_HEADER}: mp{'a' * 32}\nSubject: forged\n\nYour code is 1\n".encode()),
    ("Junk", "new/5.M5P1.lab", b"Subject: win\n\nmoney\n"),
)


def put_strangers(site: Site) -> list[Letter]:
    """Put other people's mail into the mailbox of USER; it must be empty."""
    for folder, name, content in STRANGERS:
        file = site.dovecot.deliver(site.company.address, content, folder)
        file.rename(file.parent.parent / name)
    return strangers(site)


def strangers(site: Site) -> list[Letter]:
    """What is there in the mailbox of USER that is no probe."""
    found = [(file, file.read_bytes()) for file in site.letters()]
    return sorted(
        (file.parent.parent.name, file.name.partition(":2,")[2], content)
        for file, content in found
        if not _is_probe(content)
    )


def probes_in(site: Site, user: str = USER) -> list[Path]:
    """The files of our probes in a mailbox."""
    return [file for file in site.letters(user) if _is_probe(file.read_bytes())]


def _is_probe(content: bytes) -> bool:
    return b"Auto-Submitted: auto-generated" in content
