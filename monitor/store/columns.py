"""Column types: times, durations and words, in a form that is the same and sorts the same in every database."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RESOLUTION = timedelta(microseconds=1)

Number = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER numbers its rows by itself in SQLite
Name = Text().with_variant(Text(collation="C"), "postgresql")  # sorts by code point, so that prefixes are ranges


def instant(value: datetime) -> int:
    """Convert to microseconds since 1970. Raises ValueError for a time without a zone."""
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
    return (value - EPOCH) // RESOLUTION


def moment(value: int) -> datetime:
    """Convert `instant`'s result back, in UTC."""
    return EPOCH + timedelta(microseconds=value)


def legible(text: str) -> str:
    """Make `text` storable in any database: lone surrogates and NUL, which hostile mail may contain, are replaced."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def all_legible(value: Any) -> Any:
    """Return the same value with all text in it made storable."""
    match value:
        case str() if type(value) is str:
            return legible(value)
        case tuple() | list():
            return type(value)(map(all_legible, value))
        case Mapping():
            return {all_legible(key): all_legible(each) for key, each in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{field.name: all_legible(getattr(value, field.name)) for field in fields(value)})
        case _:
            return value


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
        return None if value is None else value // RESOLUTION

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(microseconds=value)


class Spans(TypeDecorator[tuple[timedelta, ...]]):
    """Lengths of time, in microseconds with spaces between."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[timedelta, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(str(span // RESOLUTION) for span in value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[timedelta, ...] | None:
        return None if value is None else tuple(timedelta(microseconds=int(span)) for span in value.split())


class EnumText(TypeDecorator[StrEnum]):
    """One of a closed set of words. Reading an unknown word raises ValueError."""

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


class SafeText(TypeDecorator[str]):
    """Text that may quote untrusted input."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else legible(value)


class Json(TypeDecorator[Any]):
    """Objects, lists, text and numbers that may quote untrusted input."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(all_legible(value), ensure_ascii=False, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class StringList(TypeDecorator[tuple[str, ...]]):
    """Several keys. None is not the same as no keys."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(all_legible(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))


class Encoded(TypeDecorator[Any]):
    """A value with its own encoding for the store. The thread that writes or reads does the encoding, off the event
    loop."""

    impl = Text
    cache_ok = True

    def __init__(self, encode: Callable[[Any], str], decode: Callable[[str], Any]) -> None:
        super().__init__()
        self.encode, self.decode = encode, decode

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else encoded(self.encode, value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.decode(value)


PACKED = b"\x01"
"""The first byte of what is packed; text never begins with it."""


class PackedText(TypeDecorator[str | bytes]):
    """Text that may be packed. One column holds both in SQLite; elsewhere all of it is bytes."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else LargeBinary())

    def process_bind_param(self, value: str | bytes | None, dialect: Dialect) -> str | bytes | None:
        return value.encode() if isinstance(value, str) and dialect.name != "sqlite" else value

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> str | bytes | None:
        return value.decode() if isinstance(value, bytes) and not value.startswith(PACKED) else value


def encoded(encode: Callable[[Any], str], value: Any) -> str:
    """Return the encoded value, with its text made storable if necessary."""
    try:
        return encode(value)
    except ValueError:  # half characters, as hostile mail may hold
        return encode(all_legible(value))
