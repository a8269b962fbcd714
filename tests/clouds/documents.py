"""Read vendors' documents: OpenAPI 3.0 as Microsoft's, and Google's discovery format. Narrowings are applied here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.clouds.narrowings import GOOGLE, GOOGLE_ERROR, GRAPH, GRAPH_ERROR, Narrowing
from tests.clouds.schema import JsonSchema, VendorOperation, VendorParameter, VendorSchema

DOCUMENTS = Path(__file__).parents[2].parent / "shared" / "corpora" / "vendor-schemas"
ABSENT = "the vendors' schemas are not beside the repository"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
ANNOTATION = (
    r"^[A-Za-z]*@odata\.(context|nextLink|deltaLink|count|etag|type|id|navigationLink)$"  # OData 4.01, JSON, 4.6
)

FORMATS: Mapping[str, Mapping[str, Any]] = {  # those that JSON Schema does not know
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "uint32": {"minimum": 0, "maximum": 2**32 - 1},
    "int64": {"pattern": r"^-?[0-9]{1,19}$"},  # as text: JSON numbers have 53 bits
    "uint64": {"pattern": r"^[0-9]{1,20}$"},
    "byte": {"pattern": r"^[A-Za-z0-9+/_-]*=*$"},
    "google-datetime": {"format": "date-time"},
}


@cache
def graph_schema() -> VendorSchema | None:
    """Return that of Microsoft Graph; None if the document is not there."""
    document = _read("graph-mail.openapi.json")
    return _openapi(document, GRAPH) if document else None


@cache
def google_schema(name: str) -> VendorSchema | None:
    """Return that of a Google service, "gmail.v1" or "admin.reports_v1"; None if the document is not there."""
    document = _read(f"{name}.json")
    return _discovery(document, GOOGLE) if document else None


def _read(name: str) -> dict[str, Any] | None:
    path = DOCUMENTS / name
    return dict(json.loads(path.read_bytes())) if path.is_file() else None


def _narrowed(operation: VendorOperation, narrowings: Sequence[Narrowing]) -> VendorOperation | None:
    for row in (each for each in narrowings if operation.template.endswith(each.path)):
        if row.methods is not None and operation.method not in row.methods:
            return None
        query = dict(operation.query)
        if row.query is not None:
            query = {name: VendorParameter(schema) for name, schema in row.query.items()}
        if operation.method == "GET":
            query |= {name: VendorParameter(schema) for name, schema in row.more.items()}
        query = {name: each for name, each in query.items() if name not in row.never}
        operation = replace(operation, query=query, on_demand=operation.on_demand | row.on_demand)
    return operation


# -- OpenAPI ----------------------------------------------------------------------------------------------------------


def _openapi(document: dict[str, Any], narrowings: Sequence[Narrowing]) -> VendorSchema:
    error = document["components"]["schemas"]["error"]["properties"]["error"]
    error["properties"] |= GRAPH_ERROR
    shared = {name: _closed(schema) for name, schema in document["components"]["schemas"].items()}
    operations = (
        _of_openapi(document, template, method, path, shared)
        for template, path in document["paths"].items()
        for method in METHODS & path.keys()
    )
    return VendorSchema([each for operation in operations if (each := _narrowed(operation, narrowings))])


def _of_openapi(
    document: dict[str, Any], template: str, method: str, path: dict[str, Any], shared: JsonSchema
) -> VendorOperation:
    operation = path[method]
    parameters = [_followed(each, document) for each in (*path.get("parameters", ()), *operation.get("parameters", ()))]

    def of_place(place: str) -> dict[str, VendorParameter]:
        return {each["name"]: _openapi_parameter(each) for each in parameters if each["in"] == place}

    answers = {status: _content(_followed(each, document), shared) for status, each in operation["responses"].items()}
    body = _content(operation["requestBody"], shared) if "requestBody" in operation else None
    name = f"{method.upper()} {template}"
    return VendorOperation(name, method.upper(), template, of_place("path"), of_place("query"), body, answers)


def _openapi_parameter(parameter: dict[str, Any]) -> VendorParameter:
    schema, listed = parameter["schema"], parameter["schema"].get("type") == "array"
    return VendorParameter(schema["items"] if listed else schema, parameter.get("required", False), listed=listed)


def _followed(node: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    found: Any = document
    for key in node.get("$ref", "#").split("/")[1:]:
        found = found[key]
    return found if "$ref" in node else node


def _content(node: dict[str, Any], shared: JsonSchema) -> JsonSchema | None:
    content = node.get("content", {}).get("application/json")
    return {**_closed(content["schema"]), "$defs": shared} if content else None


def _closed(node: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as JSON Schema, in which objects hold no more than they are said to."""
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    schema = {key: _closed(value) for key, value in node.items() if key not in ("nullable", "example")}
    schema |= FORMATS.get(str(schema.get("format")), {}) if schema.get("type") == "integer" else {}
    if "$ref" in schema:
        schema["$ref"] = schema["$ref"].replace("#/components/schemas/", "#/$defs/")
    if "properties" in schema and isinstance(node.get("properties"), dict) and node.get("type") == "object":
        schema |= {"additionalProperties": False, "patternProperties": {ANNOTATION: {}}}
    return {"anyOf": [schema, {"type": "null"}]} if node.get("nullable") is True else schema


# -- Google's discovery format ----------------------------------------------------------------------------------------


def _discovery(document: dict[str, Any], narrowings: Sequence[Narrowing]) -> VendorSchema:
    shared = {name: _of_google(schema) for name, schema in document["schemas"].items()}
    operations = [_of_discovery(each, document, shared) for each in _methods(document) if "{+" not in each["path"]]
    return VendorSchema([each for operation in operations if (each := _narrowed(operation, narrowings))])


def _methods(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for each in resource.get("resources", {}).values():
        yield from _methods(each)


def _of_discovery(method: dict[str, Any], document: dict[str, Any], shared: JsonSchema) -> VendorOperation:
    own = method.get("parameters", {})

    def of_place(place: str, parameters: dict[str, Any]) -> dict[str, VendorParameter]:
        return {name: _google_parameter(each) for name, each in parameters.items() if each["location"] == place}

    def content(name: str) -> JsonSchema | None:
        return {"$ref": f"#/$defs/{method[name]['$ref']}", "$defs": shared} if name in method else None

    good = content("response")
    answers = {"200": good, "4XX": GOOGLE_ERROR} if good else {"204": None, "4XX": GOOGLE_ERROR}
    return VendorOperation(
        method["id"], method["httpMethod"], f"/{document['servicePath']}{method['path']}",
        of_place("path", own), of_place("query", document["parameters"] | own), content("request"), answers,
    )  # fmt: skip


def _google_parameter(parameter: dict[str, Any]) -> VendorParameter:
    known = ("type", "format", "enum", "pattern", "minimum", "maximum")
    schema = {key: value for key, value in parameter.items() if key in known}
    schema |= {bound: int(schema[bound]) for bound in ("minimum", "maximum") if bound in schema}
    schema |= FORMATS.get(str(schema.get("format")), {})
    return VendorParameter(schema, parameter.get("required", False), parameter.get("repeated", False))


def _of_google(node: Any) -> Any:
    """Return a schema of the discovery format as JSON Schema, in which objects hold no more than they are said to."""
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    schema: dict[str, Any] = {"type": node["type"]} if node.get("type", "any") != "any" else {}
    schema |= {key: node[key] for key in ("enum", "format") if key in node}
    schema |= FORMATS.get(str(node.get("format")), {})
    if "items" in node:
        schema["items"] = _of_google(node["items"])
    if node.get("type") == "object":
        schema["properties"] = {name: _of_google(each) for name, each in node.get("properties", {}).items()}
        more = node.get("additionalProperties")
        schema["additionalProperties"] = _of_google(more) if more else False
    return schema
