"""Look up in the model which keys and types are allowed at a place in the file."""

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Keys = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ConfigPlace:
    """The place of an error: its `keys` in the file, the `table` and `field` of the last one, and `kind`, the expected
    type. None where the model has nothing."""

    keys: Keys
    table: type[BaseModel] | None
    field: FieldInfo | None
    kind: Any


def place(model: type[BaseModel], loc: Keys) -> ConfigPlace:
    """Translate pydantic's `loc`, which also contains steps that are in no file: union tags, "[key]"."""
    keys: list[str | int] = []
    table: type[BaseModel] | None = None
    field: FieldInfo | None = None
    kind: Any = model
    for step in loc:
        members = tagged(kind)
        if step == "[key]":
            continue
        if step in members:
            kind = members[str(step)]
            continue
        keys.append(step)
        table, field, kind = _inside(kind, step)
    return ConfigPlace(tuple(keys), table, field, kind)


def tagged(kind: Any) -> dict[str, type[BaseModel]]:
    """Return the alternative tables by tag; empty if there is only one."""
    members = [member for member in _members(kind) if is_table(member)]
    return {tag: member for member in members for tag in _tags(member)} if len(members) > 1 else {}


def tag_key(table: type[BaseModel]) -> str | None:
    """Return the key whose only allowed value distinguishes the table from its siblings: `via`."""
    return next((key for key, field in table.model_fields.items() if len(_literals(field)) == 1), None)


def keys_of(table: type[BaseModel]) -> list[str]:
    """Return the allowed keys, the table's own before the inherited ones."""
    own = [key for key in table.model_fields if key in table.__annotations__]
    common = [key for key in table.model_fields if key not in table.__annotations__]
    return [key for key in own + common if key != tag_key(table)]


def bare(kind: Any) -> Any:
    """Strip None and annotations from a type."""
    members = list(_members(kind))
    return members[0] if len(members) == 1 else kind


def is_table(kind: Any) -> bool:
    """Test if the type is a table with known keys."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _inside(kind: Any, step: str | int) -> tuple[type[BaseModel] | None, FieldInfo | None, Any]:
    kind = bare(kind)
    if is_table(kind):
        field = kind.model_fields.get(str(step))
        return kind, field, field.annotation if field else None
    if get_origin(kind) in (dict, tuple, list):
        return None, None, get_args(kind)[1 if get_origin(kind) is dict else 0]
    return None, None, None


def _members(kind: Any) -> Iterator[Any]:
    if get_origin(kind) is Annotated:
        yield from _members(get_args(kind)[0])
    elif get_origin(kind) in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _members(member)
    elif kind is not types.NoneType:
        yield kind


def _tags(table: type[BaseModel]) -> tuple[str, ...]:
    key = tag_key(table)
    return _literals(table.model_fields[key]) if key else ()


def _literals(field: FieldInfo) -> tuple[str, ...]:
    return get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
