"""The OpenAPI document, made of the table of operations and the types of what they take and give."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from monitor.people.person import Rights
from monitor.web.api.examples import examples
from monitor.web.api.idempotency import HEADER, PATTERN
from monitor.web.api.operation import EVENTS, JSON, ROOT, Operation
from monitor.web.api.problem import MEANINGS, MEDIA
from monitor.web.api.stream import LAST

ABOUT = """Does mail from the sender reach the inboxes of each company? Read companies, probes and incidents, follow \
them live, and send probes.

A caller limited to companies sees only those; everything else is answered with 404. Ids are stable. Times are RFC \
3339, in UTC. An unknown parameter or field is an error. Every error is `application/problem+json` (RFC 9457) and says \
what is wrong and how to fix it.

A GET request is answered with an `ETag`; one with `If-None-Match` and that tag is answered with 304 as long as \
nothing has changed but ages, such as `seconds`. HEAD is supported where GET is, except for streams; OPTIONS lists the \
methods of a resource.

A POST request may be repeated with the same `Idempotency-Key` for 24 hours: it is executed once, and later requests \
get the first answer, with `Idempotent-Replayed: true`. Only successful answers are kept, without their secrets. The \
same key with another request is answered with 422. Concurrent requests with one key wait for each other."""

TAGS = {
    "companies": "Companies and their paths.",
    "help desk": "Questions that only read what is sent with them; nothing is kept.",
    "probes": "Test messages, from sending to verdict.",
    "events": "Live streams of verdicts and incidents.",
    "incidents": "Lasting problems, with scope, severity and history.",
    "remedies": "Remedies that companies have carried out, and their tests.",
    "mutes": "Suppress notices for matching failures.",
    "sender": "The monitored sender and the current results of its mail.",
    "export": "Results as files.",
    "channels": "Notification channels. For admins.",
    "access": "The caller; share links, for operators; people, tokens, audit log, configuration, for admins.",
}
PARTS = {
    "company": "The key of a company.",
    "path": "The key of one of its paths.",
    "probe": "The id of a probe.",
    "incident": "The id of an incident.",
    "remedy": "The id of a remedy as a company carried it out.",
    "diagnosis": "The id of a diagnosis.",
    "mute": "The id of a mute.",
    "share": "The id of a share link.",
    "token": "The id of a token.",
    "person": "The name of a person.",
    "channel": "The name of a channel, as in `[channels.NAME]`.",
}
PART_EXAMPLES = {
    **{
        "company": "acme",
        "path": "hq",
        "probe": "hdbeeakl4pwcjli3",
        "incident": "07ab27ce5fb6",
        "person": "ada@example.com",
    },
    **{
        "remedy": "5f0c2d7e91ab",
        "diagnosis": "3b9d1c0e7a52",
        "mute": "a1b2c3d4e5f6",
        "token": "c0ffee123456",
        "share": "d1e2f3a4b5c6",
    },
    "channel": "oncall",
}
ALWAYS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE)
WITH_BODY = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY)
MATCH = "If-None-Match"
REF = "#/components/schemas/{model}"
PROBLEM = {
    "type": "object",
    "description": "What is wrong (RFC 9457). `errors` names each field that is.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "problem", "remedy"],
                "properties": {name: {"type": "string"} for name in ("field", "problem", "remedy")},
            },
        },
    },
}

EVENT = {
    "type": "object",
    "description": "One event of the stream; `data` is JSON.",
    "required": ["event", "data"],
    "properties": {name: {"type": "string"} for name in ("event", "data", "id")},
}

Schema = dict[str, Any]


def document(operations: Iterable[Operation[Any, Any]]) -> Schema:
    """The whole document."""
    rows = list(operations)
    schemas = _Schemas(rows)
    paths: dict[str, Schema] = {}
    for row in rows:
        paths.setdefault(ROOT + row.path, {})[row.method.lower()] = _operation(row, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Mailpath", "version": version("mailpath"), "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": {**schemas.definitions, "Problem": PROBLEM},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token that an admin created."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "mailpath",
                    "description": "The session of a person who has signed in on a page; over HTTPS it is named "
                    "`__Host-mailpath`. Requests that change something also need the form secret of a page.",
                },
            },
        },
    }


class _Schemas:
    """The types of all operations as schemas that refer to each other by name."""

    def __init__(self, rows: list[Operation[Any, Any]]) -> None:
        asked: dict[tuple[Any, JsonSchemaMode], TypeAdapter[Any]] = {}
        for row in rows:
            asked[row.query, "validation"] = TypeAdapter(row.query)
            asked[row.body, "validation"] = TypeAdapter(row.body)
            if row.answer.content is not None:
                asked[row.answer.content, "serialization"] = TypeAdapter(row.answer.content)
        inputs = [(key, mode, adapter) for (key, mode), adapter in asked.items()]
        self._found, rest = TypeAdapter.json_schemas(inputs, ref_template=REF)
        self.definitions: Mapping[str, Schema] = rest.get("$defs", {})

    def of(self, content: Any, mode: JsonSchemaMode) -> Schema:
        """Return the place of its description."""
        return dict(self._found[content, mode])

    def whole(self, content: Any, mode: JsonSchemaMode) -> Schema:
        """Its description."""
        found = self.of(content, mode)
        return self.definitions[found["$ref"].rpartition("/")[2]] if "$ref" in found else found


def _operation(row: Operation[Any, Any], schemas: _Schemas) -> Schema:
    needed = "" if row.rights is Rights.VIEWER else f"Needs the rights of `{row.rights}`."
    facts: Schema = {
        "operationId": row.name,
        "tags": [row.tag],
        "summary": row.summary,
        "description": " ".join(filter(None, (row.said, needed))) or row.summary,
        "parameters": [*_in_path(row), *_in_query(row, schemas), *_in_headers(row)],
        "responses": _responses(row, schemas),
    }
    if row.takes_body:
        request = examples()[row.name]["request"]
        content = {JSON: {"schema": schemas.of(row.body, "validation"), "example": request}}
        said = f"At most {row.most_bytes // 1024} KiB."
        facts["requestBody"] = {"required": True, "description": said, "content": content}
    return facts


def _in_path(row: Operation[Any, Any]) -> list[Schema]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PARTS[name],
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            "example": PART_EXAMPLES[name],
        }
        for name in re.findall(r"{(\w+)}", row.path)
    ]


def _in_query(row: Operation[Any, Any], schemas: _Schemas) -> list[Schema]:
    whole = schemas.whole(row.query, "validation")
    needed = whole.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in needed,
            "description": schema.get("description", ""),
            "schema": _given(schema),
        }
        for name, schema in whole.get("properties", {}).items()
    ]


def _given(schema: Schema) -> Schema:
    """The schema of a parameter that is given: null is to leave it out."""
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "title", "description", "default")}
    if schema.get("default") is not None:
        rest["default"] = schema["default"]
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return {**rest, **choices[0]} if choices else rest


def _in_headers(row: Operation[Any, Any]) -> list[Schema]:
    if row.method == "POST" and row.changes:
        said = "Makes it safe to repeat the request; for example a new UUID for each new request."
        schema: Schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": PATTERN}
        return [{"name": HEADER, "in": "header", "required": False, "description": said, "schema": schema}]
    if row.conditional:
        said = "The `ETag` of an earlier answer: if it would be the same, the answer is 304."
        tags: Schema = {"type": "string", "examples": ['W/"0a1b2c3d4e5f60718293a4b5"']}
        return [{"name": MATCH, "in": "header", "required": False, "description": said, "schema": tags}]
    if row.answer.media == EVENTS:
        said = "The id of the last event received; browsers send it on their own."
        place: Schema = {"type": "string", "pattern": row.place}
        return [{"name": LAST, "in": "header", "required": False, "description": said, "schema": place}]
    return []


def _responses(row: Operation[Any, Any], schemas: _Schemas) -> Schema:
    problems = {*ALWAYS, *row.problems, *(WITH_BODY if row.takes_body else ())}
    if row.method == "POST" and row.changes:
        problems.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    responses = {str(row.answer.status.value): _good(row, schemas)}
    if row.conditional:
        tag = {"description": "Changes with the answer.", "schema": {"type": "string"}}
        responses[str(row.answer.status.value)].setdefault("headers", {})["ETag"] = tag
        responses["304"] = {"description": "Nothing has changed since the answer with this `ETag`."}
    if row.name == "follow_probe":
        responses["204"] = {"description": "All events were sent; the stream is complete."}
    for status in sorted(problems):
        content = {MEDIA: {"schema": {"$ref": REF.format(model="Problem")}}}
        responses[str(status.value)] = {"description": MEANINGS[status], "content": content}
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            after = {"description": "Seconds to wait before the next attempt.", "schema": {"type": "integer"}}
            responses[str(status.value)]["headers"] = {"Retry-After": after}
    return responses


def _good(row: Operation[Any, Any], schemas: _Schemas) -> Schema:
    answer = row.answer
    facts: Schema = {"description": answer.said}
    if answer.status is not HTTPStatus.NO_CONTENT:
        if answer.content is None:
            schema = EVENT if answer.media == EVENTS else {"type": "string"}
        else:
            schema = schemas.of(answer.content, "serialization")
        facts["content"] = {answer.media: {"schema": schema, "example": examples()[row.name]["response"]}}
    if answer.headers:
        facts["headers"] = {
            name: {"description": said, "schema": {"type": "string"}} for name, said in answer.headers.items()
        }
    return facts
