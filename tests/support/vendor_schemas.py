"""What vendors document of the requests that they take, as JSON Schema (draft 2020-12), and a check against it."""

from collections.abc import Sequence
from typing import Any

import jsonschema_rs

Schema = dict[str, Any]


def problems(schema: Schema, value: Any) -> list[str]:
    """What the vendor objects to."""
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def text(most: int, least: int = 1, **more: Any) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most, **more}


def closed(properties: Schema, required: Sequence[str] = (), **more: Any) -> Schema:
    """An object in which an unknown field is an error."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def one_of_types(kinds: dict[str, Schema]) -> Schema:
    """An object whose `type` says which schema it follows."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": [*kinds]}},
        "allOf": [
            {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": schema}
            for name, schema in kinds.items()
        ],
    }


URL = text(3000, pattern="^https?://", format="uri")

# https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
PAGERDUTY_EVENT = closed(
    {
        "routing_key": {"type": "string", "pattern": "^[A-Za-z0-9]{32}$"},
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": text(255),
        "payload": closed(
            {
                "summary": text(1024),
                "source": text(1024),
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "timestamp": {"type": "string", "format": "date-time"},
                "component": text(1024),
                "group": text(1024),
                "class": text(1024),
                "custom_details": {"type": "object"},
            },
            ["summary", "source", "severity"],
        ),
        "images": {"type": "array"},
        "links": {"type": "array", "items": closed({"href": URL, "text": text(1024)}, ["href"])},
        "client": text(1024),
        "client_url": URL,
    },
    ["routing_key", "event_action"],
    allOf=[
        {
            "if": {"properties": {"event_action": {"const": "trigger"}}},
            "then": {"required": ["payload"]},
            "else": {"required": ["dedup_key"]},
        }
    ],
)
