"""What stands in a column: times, spans and words, in a form that is the same and sorts the same in every database."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)

Number = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER numbers its rows by itself in SQLite
Name = Text().with_variant(Text(collation="C"), "postgresql")  # sorts by code point, so that prefixes are ranges


def instant(value: datetime) -> int:
    """Microseconds since 1970. Raises ValueError for a time without a zone."""
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
    return (value - EPOCH) // TICK


def moment(value: int) -> datetime:
    """What `instant` was given, in UTC."""
    return EPOCH + timedelta(microseconds=value)


def legible(text: str) -> str:
    """`text` as any database takes it: half characters and NUL, which hostile mail may hold, are replaced."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


class Instant(TypeDecorator[datetime]):
    """A point in time, as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else instant(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


class Span(TypeDecorator[timedelta]):
    """A length of time, in microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        return None if value is None else value // TICK

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(microseconds=value)


class Spans(TypeDecorator[tuple[timedelta, ...]]):
    """Lengths of time, in microseconds with spaces between."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[timedelta, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(str(span // TICK) for span in value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[timedelta, ...] | None:
        return None if value is None else tuple(timedelta(microseconds=int(span)) for span in value.split())


class Word(TypeDecorator[StrEnum]):
    """One of a closed set of words. A word that this version does not know is a ValueError when it is read."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words
        self.known: dict[str, StrEnum] = {word.value: word for word in words}

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.known.get(value) or self.words(value)


class Prose(TypeDecorator[str]):
    """Text that may quote what came from outside."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else legible(value)
