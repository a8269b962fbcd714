"""Test if an exchange keeps to a vendor's schema: method, path, query, body of the request, status and body of the
answer. Pure.

Objects are closed: a property that the schema does not know is a problem, on either side. So neither a client nor a
fake can rely on what the vendor never offered.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema_rs

JsonSchema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VendorExchange:
    """One request and its answer. `target` is path and query as sent, below the base of the service."""

    method: str
    target: str
    status: int
    answer: bytes = b""
    body: bytes = b""


@dataclass(frozen=True)
class VendorParameter:
    """A parameter of the path or query. `listed`: its value is a list with commas."""

    schema: JsonSchema
    required: bool = False
    repeated: bool = False
    listed: bool = False

    @cached_property
    def validator(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(dict(self.schema), validate_formats=True)

    def problems(self, text: str) -> Iterator[str]:
        for value in text.split(",") if self.listed else [text]:
            yield from (error.message for error in self.validator.iter_errors(_typed(value, self.schema)))


@dataclass(frozen=True)
class VendorOperation:
    """One method of one path. `body` and `answers`: a schema, or None for an empty one; `answers` by status, "2XX"
    being any of them. `on_demand`: properties of the answer's items that come only if `$select` names them."""

    name: str
    method: str
    template: str
    path: Mapping[str, VendorParameter]
    query: Mapping[str, VendorParameter]
    body: JsonSchema | None
    answers: Mapping[str, JsonSchema | None]
    on_demand: frozenset[str] = frozenset()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Its path; OData's quotation marks around a value are part of the value."""
        parts = re.split(r"('?\{\w+\}'?)", self.template)
        return re.compile("".join(_group(part) if "{" in part else re.escape(part) for part in parts))

    @cached_property
    def validators(self) -> dict[str, jsonschema_rs.Draft202012Validator]:
        """Made when they are needed."""
        return {}

    def check(self, key: str, schema: JsonSchema | None, content: bytes) -> Iterator[str]:
        if schema is None or not content:
            if content:
                yield f"{key}: there must be none"
            elif schema is not None:
                yield f"{key}: there is none"
            return
        try:
            value = json.loads(content)
        except ValueError:
            yield f"{key}: no JSON"
            return
        if key not in self.validators:
            self.validators[key] = jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)
        for error in self.validators[key].iter_errors(value):
            yield f"{key}: /{'/'.join(map(str, error.instance_path))}: {error.message}"


@dataclass(frozen=True)
class VendorSchema:
    """What a vendor's service offers."""

    operations: Sequence[VendorOperation]
    _by_words: dict[int, list[VendorOperation]] = field(default_factory=dict)

    def problems(self, exchange: VendorExchange, *, answered: bool = True) -> list[str]:
        """Return what is against the schema; nothing if all is well. `answered`: the answer is checked as well."""
        path, _, query = exchange.target.partition("?")
        path = path.replace("%27", "'")
        offered = [(each, found) for each in self.operations if (found := each.pattern.fullmatch(path))]
        if not offered:
            return [f"{path}: no such path"]
        fewest = min(len(each.path) for each, _ in offered)  # "messages/delta" is no message of the id "delta"
        for operation, found in offered:
            if operation.method == exchange.method and len(operation.path) == fewest:
                asked = parse_qsl(query, keep_blank_values=True)
                problems = [*_request_problems(operation, found, asked, exchange)]
                problems += _answer_problems(operation, asked, exchange) if answered else ()
                return [f"{operation.name}: {problem}" for problem in problems]
        return [f"{path}: no such method: {exchange.method}"]


def _request_problems(
    operation: VendorOperation, found: re.Match[str], asked: Sequence[tuple[str, str]], exchange: VendorExchange
) -> Iterator[str]:
    for name, value in found.groupdict().items():
        yield from (f"path, {name}: {problem}" for problem in operation.path[name].problems(unquote(value)))
    names = [name for name, _ in asked]
    for name, value in asked:
        if (parameter := operation.query.get(name)) is None:
            yield f"query, {name}: no such parameter"
            continue
        if names.count(name) > 1 and not parameter.repeated:
            yield f"query, {name}: more than once"
        yield from (f"query, {name}: {problem}" for problem in parameter.problems(value))
    missing = (name for name, each in operation.query.items() if each.required and name not in names)
    yield from (f"query, {name}: missing" for name in missing)
    yield from _filter_problems(operation, dict(asked).get("$filter", ""))
    yield from operation.check("body", operation.body, exchange.body)


def _answer_problems(
    operation: VendorOperation, asked: Sequence[tuple[str, str]], exchange: VendorExchange
) -> Iterator[str]:
    status = next((key for key in _keys(exchange.status) if key in operation.answers), None)
    if status is None:
        yield f"answer: no such status: {exchange.status}"
        return
    problems = [*operation.check(f"answer {status}", operation.answers[status], exchange.answer)]
    yield from problems
    if status.startswith("2") and not problems:
        yield from _unselected(operation, dict(asked).get("$select", ""), exchange.answer)


def _filter_problems(operation: VendorOperation, text: str) -> Iterator[str]:
    """OData: the properties that a filter compares must exist, which is known from those that may be selected."""
    known = operation.query["$select"].schema.get("enum") if "$select" in operation.query else None
    for name in re.findall(r"\b([A-Za-z]\w*)(?:/\w+)* (?:eq|ne|gt|ge|lt|le) ", re.sub(r"'(?:[^']|'')*'", "''", text)):
        if known and name not in known:
            yield f"query, $filter: no such property: {name}"


def _unselected(operation: VendorOperation, select: str, content: bytes) -> Iterator[str]:
    """OData: an answer to `$select` holds what was selected and the id; some properties come only then."""
    if not content or not (select or operation.on_demand):
        return
    answer = json.loads(content)
    items = answer["value"] if isinstance(answer, dict) and isinstance(answer.get("value"), list) else [answer]
    names = {name for item in items if isinstance(item, dict) for name in item if "@" not in name}
    wrong = names - {"id", *select.split(",")} if select else names & operation.on_demand
    yield from (f"answer: {name} was not selected" for name in sorted(wrong))


def _keys(status: int) -> Sequence[str]:
    """Where the answer of this status is described; documents rarely tell apart the errors of client and server."""
    return str(status), f"{status // 100}XX", *(("4XX",) if status >= 500 else ())


def _group(part: str) -> str:
    name = part.strip("'{}")
    return f"(?P<{name}>'(?:[^'/]|'')*')" if part.startswith("'") else f"(?P<{name}>[^/]+)"


def _typed(text: str, schema: JsonSchema) -> Any:
    """Return the value that this text of a URL stands for; the text itself if it is none of that type."""
    match schema.get("type"):
        case "integer" if re.fullmatch(r"-?\d+", text, re.ASCII):
            return int(text)
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case _:
            return text
