"""One folder of a Maildir: new files, and files already read. Blocking; each call is short."""

import errno
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from probes.evidence import Folder
from probes.mailboxes import Sighting
from probes.mailboxes.excerpt import BODY_LIMIT, DAY, HEADER_LIMIT, sighting, split, utc, worth_opening
from probes.mailboxes.notifier import Listener, Notifier, sees_all_changes
from probes.message import find_markers

PARTS = ("new", "cur")  # listed in this order: a message goes from the first to the second


class Box:
    """A folder with `new` and `cur`. `wake` is called when a file appears in it.

    `local`: only this machine writes there. `told`: the kernel announces new files. `unsure`: there may be files that
    were not announced. `missed`: one was gone when it was to be read, perhaps only renamed. `unopened`: read, without a
    token in the headers.
    """

    __slots__ = (
        *("folder", "local", "missed", "name", "path", "told", "unopened", "unsure"),
        *("_appeared", "_places", "_read", "_surveyed", "_wake", "_watches"),
    )

    def __init__(self, path: Path, folder: Folder, name: str, wake: Callable[[], None]) -> None:
        self.path = path
        self.folder = folder
        self.name = name
        self.local = False
        self.told = False
        self.unsure = True
        self.missed = False
        self.unopened: list[tuple[str, MaildirFile]] = []
        self._wake = wake
        self._appeared: dict[str, None] = {}  # "new/NAME", in order
        self._read: dict[str, bool] = {}  # by bare name, if it was returned; empty, a third of a set's memory
        self._surveyed = False
        self._places: tuple[int, ...] = ()  # device and inode of each part that is watched
        self._watches: list[tuple[int, Listener]] = []

    def anew(self) -> "Box":
        """Return the same folder with no state. A thread still working on this one does not disturb it."""
        fresh = Box(self.path, self.folder, self.name, self._wake)
        fresh.local = self.local
        return fresh

    def check(self) -> None:
        """Check that it exists, and who may write to it. Raises OSError."""
        for part in PARTS:
            os.stat(self.path / part)
        self.local = sees_all_changes(self.path)

    def watch(self, notifier: Notifier | None) -> None:
        """Start kernel notification, if possible. Raises OSError."""
        self.leave(notifier)
        if notifier is None or not self.local:
            return
        self._places = self._found()
        for part, listener in zip(PARTS, (self._in_new, self._in_cur), strict=True):
            if (number := notifier.watch(self.path / part, listener)) is None:
                self.leave(notifier)
                return
            self._watches.append((number, listener))
        self.told = True

    def replaced(self) -> bool:
        """Test if something else is at the watched path: the kernel does not announce a rename further up."""
        try:
            return self._found() != self._places
        except OSError:
            return True

    def _found(self) -> tuple[int, ...]:
        there = [os.stat(f"{self.path}/{part}") for part in PARTS]
        return tuple(number for status in there for number in (status.st_dev, status.st_ino))

    def leave(self, notifier: Notifier | None) -> None:
        """Stop notification."""
        self.told = False
        while self._watches and notifier is not None:
            notifier.leave(*self._watches.pop())

    def _in_new(self, name: str | None) -> None:
        self._heard("new", name)

    def _in_cur(self, name: str | None) -> None:
        self._heard("cur", name)

    def _heard(self, part: str, name: str | None) -> None:
        """A `Listener` for one part."""
        if name is None:
            self.unsure = True
            self._wake()
        elif self._is_news(part, name):
            self._appeared[f"{part}/{name}"] = None
            self._wake()

    def _is_news(self, part: str, name: str) -> bool:
        # Who writes in place is told of twice in `new`, and only then the message is whole: read it again.
        returned = self._read.get(bare(name))
        return not name.startswith(".") and (not returned if part == "new" else returned is None)

    def short(self) -> bool:
        """Test if listing it is too quick to need a thread: a directory of 4,096 bytes has some 100 entries or fewer on
        ext4, tmpfs and btrfs, some 200 on xfs. Raises OSError."""
        return self.local and all(os.stat(self.path / part).st_size <= 4096 for part in PARTS)

    def survey(self, since: datetime) -> None:
        """Note every unread file: the first time those that came after `since`, give or take a day. Raises OSError."""
        self.unsure = False
        earliest = (since - DAY).timestamp() if self.told or not self._surveyed else float("-inf")
        there = set()
        for part in PARTS:
            with os.scandir(self.path / part) as entries:
                for entry in entries:
                    there.add(bare(entry.name))
                    if not self._is_news("cur", entry.name):
                        continue
                    if _modified(entry) >= earliest:
                        self._appeared[f"{part}/{entry.name}"] = None
                    elif not self.told:
                        self._read[bare(entry.name)] = False  # what is moved in later is read, whatever its age
        self._read = {name: returned for name, returned in self._read.items() if name in there}
        self._surveyed = True

    @property
    def waits(self) -> bool:
        """True if there are files to read."""
        return bool(self._appeared) or self.unsure or self.missed

    def take(self) -> list[str]:
        """Return the new files as "new/NAME", each once."""
        appeared, self._appeared = self._appeared, {}
        self.missed = False
        return list(appeared)

    def read(self, files: Iterable[str], since: datetime) -> list[Sighting]:
        """Return those of the files with a token in their headers. Missing files are left out. Raises OSError."""
        return [found for file in files if (found := self._read_one(file, since))]

    def _read_one(self, file: str, since: datetime) -> Sighting | None:
        mail = read_mail(f"{self.path}/{file}")
        if mail is None:
            self.missed = True
            self.unsure = self.unsure or not self.told  # whoever is told hears of the new name as well
            return None
        self._read.setdefault(bare(file[4:]), False)
        if find_markers(mail.headers):
            return self._sighting(file, mail)
        if worth_opening(mail.size, utc(mail.modified), since):
            self.unopened.append((file, mail))
        return None

    def open_bodies(self) -> list[Sighting]:
        """Return those of the messages without a token in the headers that have one in the body. Takes up to a
        millisecond each."""
        unopened, self.unopened = self.unopened, []
        return [found for file, mail in unopened if (found := self._sighting(file, mail))]

    def _sighting(self, file: str, mail: "MaildirFile") -> Sighting | None:
        found = sighting(file, self.folder, self.name, mail.headers, mail.body, utc(mail.modified))
        if found is not None:
            self._read[bare(file[4:])] = True
        return found

    def remove(self, file: str) -> None:
        """Delete it, even if it got flags or moved to the other directory meanwhile. Raises OSError."""
        self._delete(file)
        self._read.pop(bare(file[4:]), None)  # no name comes twice: maildir(5)

    def _delete(self, file: str) -> None:
        try:
            os.unlink(f"{self.path}/{file}")
        except FileNotFoundError:
            for part in PARTS:
                for name in os.listdir(self.path / part):
                    if bare(name) == bare(file[4:]):
                        (self.path / part / name).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class MaildirFile:
    """The parts read of one file."""

    headers: bytes = b""
    body: bytes = b""
    size: int = 0
    modified: float = 0.0


def read_mail(file: str) -> MaildirFile | None:
    """Read the start of a message; nothing of anything but a plain file. None if it no longer exists. Raises
    OSError."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            return MaildirFile()
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return MaildirFile()
        headers, body = split(os.read(descriptor, min(status.st_size, HEADER_LIMIT + BODY_LIMIT)))
        return MaildirFile(headers, body, status.st_size, status.st_mtime)
    finally:
        os.close(descriptor)


def bare(name: str) -> str:
    """Strip the flags from a message's name: the rest never changes."""
    return name.partition(":")[0]


def _modified(entry: "os.DirEntry[str]") -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return float("-inf")


FOLDERS_LIMIT = 10_000
DEPTH_LIMIT = 10


def subfolders(path: str) -> list[str]:
    """Return the folders in a Maildir by their paths in it: Maildir++ (".Lists") and plain ones at any depth
    ("Lists/Old"). Links are not followed. At most FOLDERS_LIMIT. Raises OSError if the Maildir cannot be listed."""
    found: list[str] = []
    waiting = [""]
    while waiting and len(found) < FOLDERS_LIMIT:
        there = waiting.pop()
        try:
            names = {entry.name for entry in os.scandir(f"{path}/{there}") if entry.is_dir(follow_symlinks=False)}
        except OSError:
            if not there:
                raise
            found.append(there)  # whoever opens it will know why
            continue
        if there and names.issuperset(PARTS):
            found.append(there)
        if there.count("/") < DEPTH_LIMIT:
            waiting += [f"{there}/{name}".removeprefix("/") for name in sorted(names - {*PARTS, "tmp"}, reverse=True)]
    return found
