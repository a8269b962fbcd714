"""A connection that searches all folders of a mailbox, separate from the watching ones, so that its failures stay here.

In a folder of ordinary size the headers of all recent mail are read. In a large one the server is asked for mail with
our header, and for the Message-IDs of the probes.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from probes.evidence import Folder
from probes.mailboxes import Search, Sighting
from probes.mailboxes.excerpt import DAY
from probes.mailboxes.folders import ListedFolder, Namespaces, meaning, search_plan
from probes.mailboxes.imap_line import ORDINARY, FolderConnection
from probes.mailboxes.imap_wire import Abort, Refusal
from probes.message import PROBE_HEADER
from probes.token import beginning

READ_LIMIT = 1_000  # messages of a folder whose headers are read
FOUND_LIMIT = 5_000  # messages that a server may find in one folder
IDS_AT_ONCE = 20  # Message-IDs in one search: a command line has an end, too
CONNECTIONS_LIMIT = 3  # a folder that is too much for the server costs us the connection


class SearchLine(FolderConnection):
    """A connection that opens one folder after another. See `FolderConnection`."""

    def namespaces(self) -> Namespaces | None:
        """Return the namespaces; None if the server does not tell. Raises MailboxError."""
        with self._step("NAMESPACE"):
            if not self._it.has_capability("NAMESPACE"):
                return None
            personal, *others = self._it.namespace()
            foreign = [prefix for namespace in others for prefix, _ in namespace or ()]
            return Namespaces([prefix for prefix, _ in personal or ()], foreign)

    def turn_to(self, folder: Folder, name: str) -> bool:
        """Open another folder with EXAMINE; False if the server refuses. Raises MailboxError."""
        self.folder, self.name, self._validity, self._last = folder, name, 0, None
        with self._step(f"open {name}"):
            try:
                self._examine()
            except Abort:
                raise
            except Refusal:
                return False
        return True

    def find(self, since: datetime, probe_ids: Collection[str]) -> list[int]:
        """Return the UIDs of possible probes in the open folder. Raises MailboxError."""
        with self._step("search", 2 * ORDINARY):
            uids = self._search_all(since)
        if len(uids) <= READ_LIMIT:
            return uids
        with self._step("search by header", 2 * ORDINARY):
            found: set[int] = set()
            for criteria in _header_searches(probe_ids):
                self._renew(2 * ORDINARY)
                found.update(self._it.search(["SINCE", (since - DAY).astimezone(UTC).date(), *criteria]))
        return sorted(found)[-FOUND_LIMIT:]

    def remove_from(self, folder: Folder, name: str, refs: Iterable[str]) -> None:
        """Delete these messages from this folder. Raises MailboxError."""
        if self.turn_to(folder, name):
            self.remove(refs)


def _header_searches(probe_ids: Collection[str]) -> Iterator[list[str]]:
    """Search keys (RFC 3501, section 6.4.4): an empty text matches any value of the header."""
    yield ["HEADER", PROBE_HEADER, ""]
    ids = sorted(probe_ids)
    for start in range(0, len(ids), IDS_AT_ONCE):
        first, *more = (["HEADER", "Message-ID", beginning(each)] for each in ids[start : start + IDS_AT_ONCE])
        yield [word for key in more for word in ("OR", *key)] + first


@dataclass(slots=True)
class Tally:
    """Progress of a search: what was found, and what remains."""

    listed: Sequence[ListedFolder]
    namespaces: Namespaces | None
    watched: dict[str, Folder]
    only: Collection[str] | None = None
    searched: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    _seen: list[Sighting] = field(default_factory=list)
    _in_views: list[Sighting] = field(default_factory=list)
    _views: tuple[str, ...] = ()

    def folders(self) -> Iterator[tuple[Folder, str]]:
        """Folders to search, with their meaning and name. A view whose source folders were not read proves nothing: its
        mail may be in the inbox."""
        plan = search_plan(self.listed, self.namespaces, tuple(self.watched))
        self._views = plan.views
        if self.only is None:
            self.closed += plan.foreign
        flags = {each.name: each.flags for each in self.listed}
        chosen = plan.folders if self.only is not None else (*plan.views, *plan.folders)
        for name in chosen:
            if self.only is None or name in self.only:
                yield self.watched.get(name) or meaning(name, flags.get(name, ())), name

    def add(self, name: str, found: Sequence[Sighting] | None) -> None:
        """Add the results of this folder, which is then finished; None: it cannot be opened."""
        self.unfinished.remove(name)
        if found is None:
            self.closed.append(name)
            return
        self.searched.append(name)
        (self._in_views if name in self._views else self._seen).extend(found)

    def result(self) -> Search:
        """Return the result. A message seen in a view and in a folder counts once."""
        known = {token for each in self._seen for token in each.tokens.values()}
        alone = [each for each in self._in_views if known.isdisjoint(each.tokens.values())]
        names = sorted(self.searched, key=lambda name: name not in self.watched)
        return Search((*self._seen, *alone), tuple(names), tuple(self.closed), tuple(self.unfinished))
