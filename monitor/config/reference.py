"""Generate the reference of configuration keys as Markdown: `python -m monitor.config.reference` prints it.

`docs/reference/configuration.md` contains it; `make reference` updates that file (`monitor.reference`).
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from monitor.config.model import CompanySettings, Config, PathSettings
from monitor.config.pace import Choices, ProbeSettings
from monitor.config.schema import bare, is_table, tag_key, tagged
from probes.settings import Endpoint, duration_text
from probes.traces.table import TRACE_TABLES

HEAD = ["| key | value | default | meaning |", "|---|---|---|---|"]
KINDS: dict[Any, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    timedelta: "time",
    Path: "path",
    Endpoint: "address:port",
    SecretStr: "secret",
}


def reference() -> str:
    """Return the reference of all keys, one Markdown table per table of the file."""
    top = {"include": Config.model_fields["include"]}
    parts = [_part("Before all tables", "Additional files.", top)]
    for key, field in Config.model_fields.items():
        parts += _tables_of(key, bare(field.annotation))
    parts += _table("companies.KEY", "`[companies.KEY]`", CompanySettings)
    parts += _table("companies.KEY.paths.KEY", "`[companies.KEY.paths.KEY]`", PathSettings)
    for name in ("route", "mailbox"):
        for tag, table in tagged(PathSettings.model_fields[name].annotation).items():
            parts += _table(name, f'`{name} = {{ via = "{tag}", ... }}`', table)
    for tag, trace in TRACE_TABLES.items():
        parts += _table("trace", f'`trace = {{ via = "{tag}", ... }}`', trace)
    return "\n\n".join(parts) + "\n"


def _tables_of(key: str, kind: Any) -> Iterator[str]:
    """Yield the parts of one top-level key: a table, a list of tables, or named tables of several kinds."""
    if is_table(kind):
        yield from _table(key, f"`[{key}]`", kind)
    elif get_origin(kind) is tuple and is_table(table := get_args(kind)[0]):
        yield from _table(key, f"`[[{key}]]`", table)
    elif get_origin(kind) is dict:
        for tag, table in tagged(get_args(kind)[1]).items():
            yield from _table(f"{key}.KEY", f'`[{key}.KEY]` with `{tag_key(table)} = "{tag}"`', table)


def _table(name: str, title: str, table: type[BaseModel]) -> Iterator[str]:
    """Yield the part of one table. Required inner tables become rows of it; optional ones get a part of their own."""
    meaning = re.sub(r"^`?\[+[^]]*\]+`?: ", "", " ".join((table.__doc__ or "").split()))
    sentence = re.split(r"(?<=\.)\s", meaning)[0]
    chooses = issubclass(table, Choices) and table is not ProbeSettings
    if chooses:
        sentence += " The keys of `[probes]` are allowed here too, except `cap.per_host_per_minute`."
    rows = dict(_rows("", table, set(Choices.model_fields) if chooses else set()))
    yield _part(title, f"{sentence[:1].upper()}{sentence[1:]}", rows)
    for key, field in table.model_fields.items():
        if _may_be_absent(field) and not chooses:
            yield from _table(f"{name}.{key}", f"`[{name}.{key}]`", bare(field.annotation))


def _rows(prefix: str, table: type[BaseModel], skipped: set[str]) -> Iterator[tuple[str, FieldInfo]]:
    for key, field in table.model_fields.items():
        if key in skipped or key == tag_key(table) or _may_be_absent(field):
            continue
        if is_table(inner := bare(field.annotation)):
            yield from _rows(f"{prefix}{key}.", inner, skipped)
        else:
            yield f"{prefix}{key}", field


def _may_be_absent(field: FieldInfo) -> bool:
    return field.default is None and is_table(bare(field.annotation))


def _part(title: str, sentence: str, fields: dict[str, FieldInfo]) -> str:
    rows = [
        f"| `{key}` | {_kind(field.annotation)} | {default} | {field.description or ''} |"
        for (key, field), default in zip(fields.items(), _defaults(fields), strict=True)
    ]
    return "\n".join([f"## {title}", "", sentence, "", *(HEAD + rows if rows else ["No other keys."])])


def _kind(annotation: Any) -> str:
    """Describe the type of a value in a word, or list its choices."""
    kind = bare(annotation)
    match get_origin(kind):
        case origin if origin is Literal:
            return ", ".join(f"`{choice}`" for choice in get_args(kind))
        case origin if origin in (tuple, list):
            return f"list of {_kind(get_args(kind)[0])}"
        case origin if origin is dict or is_table(kind) or tagged(kind):
            return "table"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{choice}`" for choice in kind)
    return KINDS.get(kind, "text")


def _defaults(fields: dict[str, FieldInfo]) -> Iterator[str]:
    """Yield the defaults of a table. Some derive from an earlier key; if that has none, the description explains it."""
    known: dict[str, Any] = {}
    for key, field in fields.items():
        if field.is_required():
            known[key] = ""
        else:
            known[key] = field.get_default(call_default_factory=True, validated_data=known)
        needed = field.is_required() or key == "mailbox"  # only a route that delivers nothing goes without
        yield "required" if needed else _written(known[key])


def _written(value: Any) -> str:
    """Format a value as in the file, "" for none."""
    match value:
        case None | "" | {}:
            return ""
        case Endpoint():
            return f'`"{value}"`'
        case timedelta():
            return f'`"{duration_text(value)}"`'
        case tuple() | list():
            return f"`[{', '.join(_written(each).strip('`') for each in value)}]`"
        case str() | Path():
            return f'`"{value}"`'
        case bool():
            return "`true`" if value else "`false`"
        case _:
            return f"`{value}`"


if __name__ == "__main__":
    print(reference(), end="")
