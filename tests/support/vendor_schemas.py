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

# https://docs.slack.dev/reference/block-kit/blocks and /reference/methods/chat.postMessage
TIMESTAMP = {"type": "string", "pattern": "^[0-9]{10}[.][0-9]{6}$"}
SLACK_CHANNEL = {"type": "string", "pattern": "^[CGD][A-Z0-9]{8,}$"}


def slack_text(most: int) -> Schema:
    """A text object."""
    kind = {"type": "string"}
    return one_of_types(
        {
            "plain_text": closed({"type": kind, "text": text(most), "emoji": {"type": "boolean"}}, ["text"]),
            "mrkdwn": closed({"type": kind, "text": text(most), "verbatim": {"type": "boolean"}}, ["text"]),
        }
    )


def slack_plain(most: int) -> Schema:
    return {"allOf": [slack_text(most), {"properties": {"type": {"const": "plain_text"}}}]}


KIND = {"type": "string"}
SLACK_BUTTON = closed(
    {
        "type": {"const": "button"},
        "text": slack_plain(75),
        "url": {**URL, "maxLength": 3000},
        "action_id": text(255),
        "value": text(2000),
        "style": {"enum": ["primary", "danger"]},
    },
    ["type", "text"],
)
SLACK_BLOCK = one_of_types(
    {
        "header": closed({"type": KIND, "block_id": text(255), "text": slack_plain(150)}, ["text"]),
        "section": closed(
            {
                "type": KIND,
                "block_id": text(255),
                "text": slack_text(3000),
                "fields": {"type": "array", "minItems": 1, "maxItems": 10, "items": slack_text(2000)},
            },
            anyOf=[{"required": ["text"]}, {"required": ["fields"]}],
        ),
        "actions": closed(
            {"type": KIND, "elements": {"type": "array", "minItems": 1, "maxItems": 25, "items": SLACK_BUTTON}},
            ["elements"],
        ),
        "context": closed(
            {"type": KIND, "elements": {"type": "array", "minItems": 1, "maxItems": 10, "items": slack_text(2000)}},
            ["elements"],
        ),
        "divider": closed({"type": KIND}),
    }
)
SLACK_BLOCKS: Schema = {"type": "array", "maxItems": 50, "items": SLACK_BLOCK}
SLACK_POST = closed(
    {
        "channel": SLACK_CHANNEL,
        "text": text(40_000),
        "blocks": SLACK_BLOCKS,
        "thread_ts": TIMESTAMP,
        "reply_broadcast": {"type": "boolean"},
        "unfurl_links": {"type": "boolean"},
        "unfurl_media": {"type": "boolean"},
    },
    ["channel", "text"],
    dependentRequired={"reply_broadcast": ["thread_ts"]},
)
SLACK_UPDATE = closed(
    {"channel": SLACK_CHANNEL, "ts": TIMESTAMP, "text": text(4000), "blocks": SLACK_BLOCKS}, ["channel", "ts"]
)

# https://adaptivecards.io/explorer, as far as Teams shows it
CARD_TEXT = {
    "type": KIND,
    "text": text(28_000),
    "wrap": {"type": "boolean"},
    "weight": {"enum": ["Lighter", "Default", "Bolder"]},
    "size": {"enum": ["Small", "Default", "Medium", "Large", "ExtraLarge"]},
    "color": {"enum": ["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]},
    "fontType": {"enum": ["Default", "Monospace"]},
    "isSubtle": {"type": "boolean"},
    "spacing": {"enum": ["None", "Small", "Default", "Medium", "Large", "ExtraLarge", "Padding"]},
    "separator": {"type": "boolean"},
    "id": text(100),
    "isVisible": {"type": "boolean"},
}
TEXT_RUN = closed(
    {
        "type": {"const": "TextRun"},
        "text": text(28_000),
        "fontType": CARD_TEXT["fontType"],
        "weight": CARD_TEXT["weight"],
    },
    ["type", "text"],
)
LAYOUT = {key: CARD_TEXT[key] for key in ("type", "spacing", "separator", "id", "isVisible")}
CARD_ELEMENT = one_of_types(
    {
        "TextBlock": closed(CARD_TEXT, ["text"]),
        "FactSet": closed(
            {
                **LAYOUT,
                "facts": {
                    "type": "array",
                    "items": closed({"title": text(1000), "value": text(28_000)}, ["title", "value"]),
                },
            },
            ["facts"],
        ),
        "RichTextBlock": closed({**LAYOUT, "inlines": {"type": "array", "items": TEXT_RUN}}, ["inlines"]),
        "Container": closed(
            {
                **LAYOUT,
                "style": {"enum": ["default", "emphasis", "good", "attention", "warning", "accent"]},
                "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/element"}},
            },
            ["items"],
        ),
    }
)
ACTION_MODE = {"enum": ["primary", "secondary"]}  # since version 1.5
CARD_ACTION = one_of_types(
    {
        "Action.OpenUrl": closed({"type": KIND, "title": text(100), "url": URL, "mode": ACTION_MODE}, ["url"]),
        "Action.ToggleVisibility": closed(
            {
                "type": KIND,
                "title": text(100),
                "mode": ACTION_MODE,
                "targetElements": {"type": "array", "minItems": 1, "items": text(100)},
            },
            ["targetElements"],
        ),
    }
)
TEAMS_CARD = closed(
    {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "type": {"const": "AdaptiveCard"},
        "version": {"enum": ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]},
        "msteams": closed({"width": {"const": "Full"}, "entities": {"type": "array"}}),
        "body": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/element"}},
        "actions": {"type": "array", "maxItems": 6, "items": CARD_ACTION},
    },
    ["type", "version", "body"],
)
TEAMS_MESSAGE: Schema = {
    **closed(
        {
            "type": {"const": "message"},
            "attachments": {
                "type": "array",
                "minItems": 1,
                "maxItems": 1,
                "items": closed(
                    {
                        "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                        "contentUrl": {"type": "null"},
                        "content": TEAMS_CARD,
                    },
                    ["contentType", "content"],
                ),
            },
        },
        ["type", "attachments"],
    ),
    "$defs": {"element": CARD_ELEMENT},
}

# https://docs.opsgenie.com/docs/alert-api
OPSGENIE_BY = {"source": text(100), "user": text(100), "note": text(25_000)}
RESPONDERS: Schema = {"type": "array", "maxItems": 50}
OPSGENIE_CREATE = closed(
    {
        "message": text(130),
        "alias": text(512),
        "description": text(15_000),
        "responders": RESPONDERS,
        "visibleTo": RESPONDERS,
        "actions": {"type": "array", "maxItems": 10, "items": text(50)},
        "tags": {"type": "array", "maxItems": 20, "items": text(50, pattern="^[^,]+$")},
        "details": {"type": "object", "additionalProperties": {"type": "string"}},
        "entity": text(512),
        "priority": {"enum": ["P1", "P2", "P3", "P4", "P5"]},
        **OPSGENIE_BY,
    },
    ["message"],
)
OPSGENIE_UPDATES: dict[tuple[str, str], Schema] = {
    ("POST", "close"): closed(OPSGENIE_BY),
    ("POST", "acknowledge"): closed(OPSGENIE_BY),
    ("POST", "notes"): closed(OPSGENIE_BY, ["note"]),
    ("PUT", "message"): closed({"message": text(130)}, ["message"]),
    ("PUT", "description"): closed({"description": text(15_000)}, ["description"]),
    ("PUT", "priority"): closed({"priority": OPSGENIE_CREATE["properties"]["priority"]}, ["priority"]),
}
