"""Announces files that appear in directories: inotify, one instance per event loop."""

import asyncio
import errno
import os
import re
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

try:
    import inotify_simple  # type: ignore[import-untyped]
except ImportError:  # it is there on Linux alone
    inotify_simple = None

Listener = Callable[[str | None], None]
"""Called with the name of a new file, or with None if anything may have happened."""

_ONE_READ = 64 * 1024  # some 1,000 events
WATCHES_WITHOUT_NEED = 4000  # in all, at most: a visit that rests has four and weighs 8 kB, and opening it 0.1 ms
_OCTAL = re.compile(r"\\([0-7]{3})")
_NO_MORE_TO_BE_HAD = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOSYS, errno.ENOMEM})

# The kernel tells only what is done through this machine: inotify(7), "Limitations and caveats".
REMOTE_FILE_SYSTEMS = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs", "gfs2", "glusterfs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "virtiofs",
})  # fmt: skip
MAX_LINKS = 40  # on the way to a file, as many as the kernel follows: path_resolution(7)


class Notifier:
    """Calls listeners for files that appear in the directories they watch."""

    def __init__(self) -> None:
        flags = inotify_simple.flags
        self._inotify = inotify_simple.INotify(nonblocking=True)
        self._listeners: dict[int, list[Listener]] = {}
        self._limit = watches_limit()
        # CREATE for those who deliver by link(2), CLOSE_WRITE for those who write in place
        self._appeared = flags.CREATE | flags.MOVED_TO | flags.CLOSE_WRITE
        self._lost = flags.Q_OVERFLOW | flags.IGNORED | flags.UNMOUNT | flags.MOVE_SELF | flags.DELETE_SELF
        self._mask = self._appeared | flags.MOVE_SELF | flags.DELETE_SELF | flags.ONLYDIR

    @staticmethod
    def here() -> "Notifier | None":
        """Return the instance of the running event loop. None if the kernel gives none."""
        if inotify_simple is None:
            return None
        loop = asyncio.get_running_loop()
        if (known := _NOTIFIERS.get(loop)) is not None:
            return known
        try:
            notifier = Notifier()
        except OSError:
            return None
        loop.add_reader(notifier._inotify.fileno(), notifier.drain)
        weakref.finalize(loop, notifier._inotify.close)
        _NOTIFIERS[loop] = notifier
        return notifier

    @property
    def has_room(self) -> bool:
        """Test if who needs no watch may keep one all the same: half of the kernel's are free, and there are few."""
        return len(self._listeners) < min(self._limit // 2, WATCHES_WITHOUT_NEED)

    def watch(self, directory: Path, listener: Listener) -> int | None:
        """Start calling `listener`; the number is for `leave`. None: the kernel's limit is reached. Raises OSError."""
        try:
            number: int = self._inotify.add_watch(directory, self._mask)
        except OSError as error:
            if error.errno in _NO_MORE_TO_BE_HAD:
                return None
            raise
        self._listeners.setdefault(number, []).append(listener)
        return number

    def leave(self, number: int, listener: Listener) -> None:
        """Stop calling `listener` for this directory."""
        listeners = self._listeners.get(number, [])
        if listener in listeners:
            listeners.remove(listener)
        if not listeners and self._listeners.pop(number, None) is not None:
            try:
                self._inotify.rm_watch(number)
            except OSError:  # the directory is gone, and the watch with it
                return

    def drain(self) -> None:
        """Dispatch everything the kernel has announced so far."""
        while True:
            try:
                data = os.read(self._inotify.fileno(), _ONE_READ)
            except BlockingIOError:
                return
            for number, mask, _, name in inotify_simple.parse_events(data):
                self._tell(number, mask, name)

    def _tell(self, number: int, mask: int, name: str) -> None:
        if mask & self._lost:
            concerned = [number] if number in self._listeners else list(self._listeners) if number < 0 else []
            for each in concerned:
                for listener in self._listeners[each]:
                    listener(None)
        elif mask & self._appeared and name:
            for listener in self._listeners.get(number, ()):
                listener(name)


def watches_limit() -> int:
    """Return how many directories a user may watch: inotify(7)."""
    try:
        return int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    except (OSError, ValueError):
        return 8192


# Shared, because the kernel gives a user 128 instances by default (fs.inotify.max_user_instances), and because closing
# one takes it milliseconds, in which the event loop would stand still.
_NOTIFIERS: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Notifier]" = weakref.WeakKeyDictionary()


def sees_all_changes(directory: Path) -> bool:
    """Test if the kernel announces everything that happens there: not so if other machines write. Raises OSError."""
    return _file_system(directory.stat().st_dev) not in REMOTE_FILE_SYSTEMS


@lru_cache(maxsize=256)
def _file_system(device: int) -> str:
    return file_system(mount_table(), f"{os.major(device)}:{os.minor(device)}")


def mount_table() -> str:
    """The text of /proc/self/mountinfo; "" where there is none."""
    try:
        return Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return ""


def real_path(path: str, mounts: str | None = None) -> str:
    """Return the absolute path with symbolic links resolved, as far as this machine knows them by itself.

    File systems served by another machine or program are not asked: they may be dead, and asking would hang forever. So
    links within them stay. `mounts` is the text of /proc/self/mountinfo.
    """
    served = _served_at(int(time.monotonic()), mount_table) if mounts is None else _served(mounts)
    done, rest, links = "", path.split("/")[::-1], 0
    while rest:
        name = rest.pop()
        if name == "..":
            done = done.rpartition("/")[0]
        if name in ("", ".", ".."):
            continue
        done = f"{done}/{name}"
        if done in served:
            return os.path.normpath("/".join((done, *reversed(rest))))
        link = _link(done) if links < MAX_LINKS else None
        if link is not None:
            links += 1
            done = "" if link.startswith("/") else done.rpartition("/")[0]
            rest += link.split("/")[::-1]
    return done or "/"


@lru_cache(maxsize=1)
def _served_at(second: int, table: Callable[[], str]) -> frozenset[str]:
    """The same for one second: the kernel writes the table anew for each reader, and a configuration has thousands of
    Maildirs."""
    return _served(table())


def _served(mounts: str) -> frozenset[str]:
    """Return the mount points of what may be dead; the root is asked all the same."""
    return frozenset(point for point, kind in _mounted(mounts) if _may_be_dead(kind)) - {"/"}


def _link(path: str) -> str | None:
    """Return the target, if it is a link."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def _may_be_dead(kind: str) -> bool:
    """Test if this type of file system is served by something that may be gone."""
    return kind in REMOTE_FILE_SYSTEMS or kind == "autofs" or kind.startswith("fuse")


def mount_of(path: str) -> str:
    """Return the mount point of this real path, without asking the file system: it may be dead."""
    return mount_point(_points_at(int(time.monotonic()), mount_table), path)


def served_elsewhere(point: str, mounts: str | None = None) -> bool:
    """Test if another machine or program serves what is mounted there: it may be dead, and asking it may hang."""
    return point in (_served_at(int(time.monotonic()), mount_table) if mounts is None else _served(mounts))


@lru_cache(maxsize=1)
def _points_at(second: int, table: Callable[[], str]) -> tuple[str, ...]:
    """Return all mount points; the same for one second: each visit to a Maildir asks, and the kernel writes the table
    anew for each reader."""
    return mount_points(table())


def mount_points(mounts: str) -> tuple[str, ...]:
    """Return the mount points in the text of /proc/self/mountinfo, in which spaces are escaped as in proc(5)."""
    return tuple(point for point, _ in _mounted(mounts))


def mount_point(points: Iterable[str], path: str) -> str:
    """Return the one of these mount points that a real path is on; "/" if nothing matches."""
    return max(
        (each for each in points if path == each or path.startswith(each.rstrip("/") + "/")), key=len, default="/"
    )


def _mounted(mounts: str) -> Iterator[tuple[str, str]]:
    """Yield each mount point and its file system type."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) > 4:
            yield _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[4]), after.partition(" ")[0]


def file_system(mounts: str, device: str) -> str:
    """Return the file system type of `device` ("8:1") from the text of /proc/self/mountinfo, proc(5); "" if missing."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) > 2 and fields[2] == device:
            return after.partition(" ")[0]
    return ""
