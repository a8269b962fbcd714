"""Evidence in fewer bytes: compressed by zstd with a dictionary learnt from the mail that this store holds.

Headers of one mail system repeat each other far more than themselves, so a dictionary of a few earlier mails saves as
much as the compression itself. Each dictionary is a row of the store and is never changed: what was packed with it can
be read for ever. What is short stays text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import zstandard
from sqlalchemy import Connection, bindparam, func, select
from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdDecompressor, ZstdError

from monitor.store.columns import PACKED
from monitor.store.tables import evidence, evidence_dictionaries

LEVEL = 3
WORTH_PACKING = 400  # characters
LARGEST = 4 * 2**20  # bytes of one piece of evidence, unpacked
LEARNT_FROM = 400  # the newest arrivals
FEWEST = 100  # arrivals, below which nothing is learnt
SIZE = 64 * 1024  # bytes of a dictionary: 32 kB pack 2 % worse, 112 kB no better
BETTER = 0.9  # a new dictionary is taken if the newest mail packs to less than this share
NO_DICTIONARY = 0

NEWEST = (
    select(evidence_dictionaries.c.id, evidence_dictionaries.c.content)
    .order_by(evidence_dictionaries.c.id.desc())
    .limit(1)
)
ONE = select(evidence_dictionaries.c.content).where(evidence_dictionaries.c.id == bindparam("dictionary"))
ARRIVALS = (
    select(evidence.c.data)
    .where(evidence.c.id > select(func.max(evidence.c.id)).scalar_subquery() - 40 * LEARNT_FROM)
    .where(evidence.c.type == "arrival")
    .order_by(evidence.c.id.desc())
    .limit(LEARNT_FROM)
)


@dataclass(frozen=True, slots=True)
class Packing:
    """A dictionary, by its number in the store, and what packs with it."""

    number: int
    dictionary: ZstdCompressionDict | None
    compressor: ZstdCompressor


class Packer:
    """Packs and unpacks evidence of one store. Safe in several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._dictionaries: dict[int, ZstdCompressionDict | None] = {NO_DICTIONARY: None}
        self._newest: Packing | None = None  # not read yet

    def use_newest(self, connection: Connection) -> Packing:
        """Pack with the newest dictionary of the store from now on."""
        row = connection.execute(NEWEST).one_or_none()
        number, dictionary = (row.id, ZstdCompressionDict(row.content)) if row else (NO_DICTIONARY, None)
        with self._lock:
            self._dictionaries[number] = dictionary
            self._newest = Packing(number, dictionary, _compressor(dictionary))
        return self._newest

    def pack(self, connection: Connection, text: str) -> str | bytes:
        """Return the text itself if it is short, otherwise packed. For use by one thread."""
        if len(text) < WORTH_PACKING:
            return text
        packing = self._newest or self.use_newest(connection)
        return PACKED + packing.number.to_bytes(4, "big") + packing.compressor.compress(text.encode())

    def unpack(self, connection: Connection, stored: str | bytes) -> str:
        """Return the text that was packed. Raises ValueError for what cannot be read."""
        if isinstance(stored, str):
            return stored
        if not stored.startswith(PACKED):
            raise ValueError("stored evidence begins with an unknown byte")
        dictionary = self._dictionary(connection, int.from_bytes(stored[1:5], "big"))
        try:
            unpacked = ZstdDecompressor(dictionary).decompress(stored[5:], max_output_size=LARGEST)
        except ZstdError as error:
            raise ValueError(f"stored evidence cannot be unpacked: {error}") from None
        return unpacked.decode()

    def learnt(self, connection: Connection) -> bytes | None:
        """Return a dictionary learnt from the newest mail, if it packs better than the present one; else None."""
        mails = [self.unpack(connection, stored).encode() for stored in connection.scalars(ARRIVALS)]
        if len(mails) < FEWEST:
            return None
        try:
            dictionary = zstandard.train_dictionary(SIZE, [*mails[::2]], level=LEVEL)
        except ZstdError:  # too little, or too little that repeats
            return None
        present = (self._newest or self.use_newest(connection)).dictionary
        test = mails[1::2]
        return dictionary.as_bytes() if _size(test, dictionary) < BETTER * _size(test, present) else None

    def _dictionary(self, connection: Connection, number: int) -> ZstdCompressionDict | None:
        with self._lock:
            if number in self._dictionaries:
                return self._dictionaries[number]
        content = connection.scalar(ONE, {"dictionary": number})
        if content is None:
            raise ValueError(f"stored evidence needs dictionary {number}, which is missing")
        dictionary = ZstdCompressionDict(content)
        with self._lock:
            return self._dictionaries.setdefault(number, dictionary)


def _compressor(dictionary: ZstdCompressionDict | None) -> ZstdCompressor:
    return ZstdCompressor(LEVEL, dict_data=dictionary, write_dict_id=False)


def _size(mails: Sequence[bytes], dictionary: ZstdCompressionDict | None) -> int:
    compressor = _compressor(dictionary)
    return sum(len(compressor.compress(mail)) for mail in mails)
