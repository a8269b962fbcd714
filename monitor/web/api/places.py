"""A reader's position in the stream of all events, as encoded in event ids.

Callers who see all companies get it as plain numbers. To others the numbers would reveal how much happens at companies
that they may not see: theirs are sealed with a key of their own.
"""

import re
import struct

from monitor.people.caller import Caller
from monitor.web.api.feed import FeedCursor
from monitor.web.sealed import Seal

PATTERN = r"^([0-9]{1,19}\.[0-9a-f]{8}\.[0-9]{1,12}|[A-Za-z0-9_-]{48})$"
LAYOUT = struct.Struct(">Q4sQ")  # verdict, run, change of incidents


class Places:
    """The ids of one caller. `key` is the store's; the same place has the same id, also after a restart."""

    def __init__(self, caller: Caller, key: bytes) -> None:
        self._sees_all = caller.sees_all
        self._seal = Seal(caller, key, "place of events")

    def id_of(self, place: FeedCursor) -> str:
        """The id that is shown for this place."""
        if self._sees_all:
            return str(place)
        return self._seal.close(LAYOUT.pack(place.signal, bytes.fromhex(place.run), place.change))

    def place_of(self, shown: str) -> FeedCursor | None:
        """The place of an id that was shown to this caller; None where it was not. Raises ValueError for no id."""
        if not re.fullmatch(PATTERN, shown):
            raise ValueError("is no id of these events")
        if "." in shown:
            signal, run, change = shown.split(".")
            return FeedCursor(int(signal), run, int(change)) if self._sees_all else None
        opened = self._seal.open(shown)
        if opened is None:
            return None
        signal, run, change = LAYOUT.unpack(opened)
        return FeedCursor(signal, run.hex(), change)
