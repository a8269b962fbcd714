"""What vendors' documents get wrong or leave out: a table, each row with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT: Mapping[str, Any] = {"type": "string"}


def page_size(most: int) -> Mapping[str, Any]:
    """A number of items that one answer may hold."""
    return {"type": "integer", "minimum": 1, "maximum": most}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What really holds for paths that end with `path`. `methods` and `query`, if given, are all there are; `more` are
    parameters that the document leaves out, `never` ones that nobody may use. `on_demand`: properties of an answer that
    come only if `$select` names them."""

    path: str
    source: str
    methods: frozenset[str] | None = None
    query: Mapping[str, Mapping[str, Any]] | None = None
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    never: frozenset[str] = frozenset()
    on_demand: frozenset[str] = frozenset()


GET = frozenset({"GET"})

GRAPH = (
    Narrowing(
        "/messageTraces",
        "learn.microsoft.com/graph/api/messagetracingroot-list-messagetraces, v1.0 of 27 January 2026",
        methods=GET,
        query={"$filter": TEXT, "$top": page_size(5000), "$skiptoken": TEXT},
    ),
    Narrowing(
        "getDetailsByRecipient(recipientAddress='{recipientAddress}')",
        "learn.microsoft.com/graph/api/exchangemessagetrace-getdetailsbyrecipient, v1.0",
        methods=GET,
        query={},
    ),
    Narrowing("/messageTraces/{id_3}", "the same: there is no page that gets or changes one", methods=frozenset()),
    Narrowing(
        "/analyzedEmails",
        "learn.microsoft.com/graph/api/security-collaborationroot-list-analyzedemails, v1.0 of 27 May 2026",
        methods=GET,
        more={"startTime": TEXT, "endTime": TEXT},
    ),
    Narrowing(
        "/messages",
        "learn.microsoft.com/graph/api/user-list-messages ($top); learn.microsoft.com/graph/paging ($skiptoken);"
        " learn.microsoft.com/graph/api/resources/message (internetMessageHeaders)",
        more={"$top": page_size(1000), "$skiptoken": TEXT},
        on_demand=frozenset({"internetMessageHeaders"}),
    ),
    Narrowing(
        "Folders",
        "learn.microsoft.com/graph/api/user-list-mailfolders (includeHiddenFolders); learn.microsoft.com/graph/paging",
        more={"includeHiddenFolders": {"type": "boolean"}, "$skiptoken": TEXT},
    ),
)

GRAPH_ERROR = {"innerError": {"type": "object"}}
"""Properties of `error` besides those of the document. Source: learn.microsoft.com/graph/errors."""

GOOGLE = (
    Narrowing(
        "",
        "developers.google.com/identity/protocols/oauth2: a token belongs into a header, where no log shows it",
        never=frozenset({"access_token", "oauth_token", "key"}),
    ),
)

GOOGLE_ERROR: Mapping[
    str, Any
] = {  # google.aip.dev/193; developers.google.com/workspace/gmail/api/guides/handle-errors
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "integer", "minimum": 400, "maximum": 599},
                "message": TEXT,
                "status": {"type": "string", "pattern": "^[A-Z_]+$"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["message", "domain", "reason"],
                        "additionalProperties": False,
                        "properties": dict.fromkeys(("message", "domain", "reason", "location", "locationType"), TEXT),
                    },
                },
                "details": {"type": "array", "items": {"type": "object", "required": ["@type"]}},
            },
        }
    },
}
