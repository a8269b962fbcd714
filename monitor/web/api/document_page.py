"""The document, ordered for people: chapters by tag, fields of what is sent and what comes back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.web.api.examples import examples
from monitor.web.api.operation import JSON
from monitor.web.api.problem import MEANINGS, name_of

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldDoc:
    """One parameter or field."""

    name: str
    place: str  # "query", "path", "header", "body" or ""
    kind: str
    required: bool
    said: str


@dataclass(frozen=True, slots=True)
class OperationDoc:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    said: str
    asked: tuple[FieldDoc, ...]
    status: str
    gives: str
    media: str
    fields: tuple[FieldDoc, ...]
    problems: tuple[str, ...]
    command: str
    example: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of one tag."""

    name: str
    said: str
    entries: tuple[OperationDoc, ...]


@dataclass(frozen=True, slots=True)
class ProblemDoc:
    """One kind of problem."""

    id: str
    status: int
    title: str
    said: str


PROBLEMS = tuple(ProblemDoc(name_of(status), status.value, status.phrase, said) for status, said in MEANINGS.items())


def chapters(document: Schema) -> tuple[Chapter, ...]:
    """The document in the order in which one reads it."""
    schemas = document["components"]["schemas"]
    entries = [
        (facts["tags"][0], _entry(method, path, facts, schemas))
        for path, methods in document["paths"].items()
        for method, facts in methods.items()
    ]
    return tuple(
        Chapter(tag["name"], tag["description"], tuple(entry for name, entry in entries if name == tag["name"]))
        for tag in document["tags"]
    )


def _entry(method: str, path: str, facts: Schema, schemas: Schema) -> OperationDoc:
    status, good = next(iter(facts["responses"].items()))
    media, content = next(iter(good.get("content", {"": {"schema": {}}}).items()))
    body = facts.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    return OperationDoc(
        id=facts["operationId"],
        method=method.upper(),
        path=path,
        summary=facts["summary"],
        said=facts["description"] if facts["description"] != facts["summary"] else "",
        asked=(*_parameters(facts), *_fields(body, schemas, "body")),
        status=status,
        gives=good["description"],
        media=media,
        fields=tuple(_fields(content["schema"], schemas, "")),
        problems=tuple(status for status in facts["responses"] if status >= "4"),
        command=_command(method.upper(), facts["operationId"]),
        example=_shown(content.get("example")),
    )


def _command(method: str, operation: str) -> str:
    """Return a request as a command; $URL is the address of the service."""
    asked = examples()[operation]
    parts = ["curl", *(["-X", method] if method != "GET" else []), '-H "Authorization: Bearer $TOKEN"']
    if asked["request"] is not None:
        parts += ['-H "Content-Type: application/json"', f"-d '{json.dumps(asked['request'], ensure_ascii=False)}'"]
    return " ".join([*parts, f'"$URL{asked["target"]}"'])


def _shown(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False) if example else ""


def _parameters(facts: Schema) -> Iterator[FieldDoc]:
    for each in facts["parameters"]:
        yield FieldDoc(each["name"], each["in"], kind_of(each["schema"]), each["required"], each["description"])


def _fields(schema: Schema, schemas: Schema, place: str) -> Iterator[FieldDoc]:
    whole = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name, each in whole.get("properties", {}).items():
        required = name in whole.get("required", ())
        yield FieldDoc(name, place, kind_of(each), required, each.get("description", ""))


def kind_of(schema: Schema) -> str:
    """Describe the allowed values in a few words."""
    match schema:
        case {"$ref": str(ref)}:
            return ref.rpartition("/")[2]
        case {"anyOf": list(choices)}:
            return " or ".join(kind_of(each) for each in choices)
        case {"enum": list(words)}:
            return " | ".join(map(str, words))
        case {"type": "array"}:
            return f"list of {kind_of(schema.get('items', {}))}"
        case {"format": str(form)}:
            return form
        case {"type": str(kind)}:
            return kind
        case _:
            return "anything"
