"""Write tables as text of a configuration file. Pure.

Whatever a text contains, it stays one text: quotes, backslashes and control characters are escaped, keys are quoted
unless they are plain.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

TomlValue = str | int | bool | Sequence["TomlValue"] | Mapping[str, "TomlValue"]
"""A value of a table. Mappings inside a value are written in braces, on one line."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def table_text(keys: Sequence[str], values: Mapping[str, TomlValue]) -> str:
    """Return a table with its header, its values aligned."""
    widest = max((len(key_text(name)) for name in values), default=0)
    lines = (f"{key_text(name):<{widest}} = {value_text(value)}" for name, value in values.items())
    return "\n".join((f"[{'.'.join(map(key_text, keys))}]", *lines)) + "\n"


def key_text(key: str) -> str:
    """Return a key, quoted unless it is plain."""
    return key if _PLAIN.fullmatch(key) else text_text(key)


def value_text(value: TomlValue) -> str:
    """Return a value on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return text_text(value)
        case Mapping():
            inside = ", ".join(f"{key_text(name)} = {value_text(each)}" for name, each in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case _:
            return f"[{', '.join(map(value_text, value))}]"


def text_text(text: str) -> str:
    """Return a text in quotes. A half of a surrogate pair, which no file can hold, becomes a question mark."""
    sound = text.encode("utf-8", "replace").decode()
    return f'"{"".join(_escaped(sound))}"'


def _escaped(text: str) -> Iterator[str]:
    for each in text:
        if each in _ESCAPED:
            yield _ESCAPED[each]
        else:
            yield each if each >= " " and each != "\x7f" else f"\\u{ord(each):04X}"
