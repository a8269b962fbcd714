"""Operations on people, tokens, channels, the audit log and the configuration: all but one for admins."""

from http import HTTPStatus
from typing import Any

from monitor.people.person import Rights
from monitor.web.api import access, channels, configuration, me
from monitor.web.api.operation import Operation, OperationResult
from monitor.web.api.paging import PageOfList
from monitor.web.api.shares import share_operations

NOT_THERE, CONFLICT = HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT
TOO_MANY, UNREADABLE = HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNPROCESSABLE_ENTITY
WHERE = {"Location": "Address of the new resource."}


def _ok(said: str, content: Any) -> OperationResult:
    return OperationResult(HTTPStatus.OK, said, content)


def access_operations() -> list[Operation[Any, Any]]:
    """The rows."""
    return [
        *share_operations(),
        Operation(
            *("GET", "/me", "get_me", "access", "Get the caller"),
            said="Who the service takes you for, and what you may do.",
            act=me.show_me,
            answer=_ok("The caller.", me.MeFacts),
        ),
        Operation(
            *("GET", "/config", "get_config", "access", "Get the configuration"),
            said="As it was loaded, with the values that hold where the file says nothing.",
            query=configuration.WhichTables,
            act=configuration.show_configuration,
            answer=_ok("One page of the tables.", configuration.ConfigFacts),
            rights=Rights.ADMIN,
            problems=(NOT_THERE,),
        ),
        Operation(
            *("GET", "/tokens", "list_tokens", "access", "List tokens"),
            query=PageOfList,
            act=access.show_tokens,
            answer=_ok("The tokens.", access.TokensFacts),
            rights=Rights.ADMIN,
        ),
        Operation(
            *("POST", "/tokens", "create_token", "access", "Create a token"),
            body=access.NewToken,
            act=access.make_token,
            answer=OperationResult(
                HTTPStatus.CREATED, "The token, with its secret.", access.NewTokenFacts, headers=WHERE
            ),
            rights=Rights.ADMIN,
            problems=(NOT_THERE, CONFLICT, UNREADABLE),
            secret=("secret",),
        ),
        Operation(
            *("GET", "/tokens/{token}", "get_token", "access", "Get a token"),
            act=access.show_token,
            answer=_ok("The token.", access.TokenFacts),
            rights=Rights.ADMIN,
            problems=(NOT_THERE,),
        ),
        Operation(
            *("DELETE", "/tokens/{token}", "revoke_token", "access", "Revoke a token"),
            act=access.revoke_token,
            answer=OperationResult(HTTPStatus.NO_CONTENT, "The token is revoked."),
            rights=Rights.ADMIN,
            problems=(NOT_THERE, CONFLICT),
        ),
        Operation(
            *("GET", "/people", "list_people", "access", "List people"),
            query=PageOfList,
            act=access.show_people,
            answer=_ok("The people.", access.PeopleFacts),
            rights=Rights.ADMIN,
        ),
        Operation(
            *("POST", "/people", "create_person", "access", "Add a person"),
            body=access.NewPerson,
            act=access.make_person,
            answer=OperationResult(
                HTTPStatus.CREATED, "The person, with a link.", access.NewPersonFacts, headers=WHERE
            ),
            rights=Rights.ADMIN,
            problems=(NOT_THERE, CONFLICT, UNREADABLE),
            secret=("link",),
        ),
        Operation(
            *("GET", "/people/{person}", "get_person", "access", "Get a person"),
            act=access.show_person,
            answer=_ok("The person.", access.PersonFacts),
            rights=Rights.ADMIN,
            problems=(NOT_THERE,),
        ),
        Operation(
            *("PATCH", "/people/{person}", "change_person", "access", "Disable or enable a person"),
            body=access.PersonChange,
            act=access.change_person,
            answer=_ok("The person.", access.PersonFacts),
            rights=Rights.ADMIN,
            problems=(NOT_THERE, CONFLICT, UNREADABLE),
        ),
        Operation(
            *("POST", "/people/{person}/link", "link_person", "access", "Create a set-password link"),
            act=access.make_link,
            answer=OperationResult(HTTPStatus.CREATED, "The link.", access.LinkFacts),
            rights=Rights.ADMIN,
            problems=(NOT_THERE, CONFLICT),
            secret=("link",),
        ),
        Operation(
            *("GET", "/channels", "list_channels", "channels", "List notification channels"),
            query=PageOfList,
            act=channels.show_channels,
            passing=("oldest_seconds",),
            answer=_ok("The channels.", channels.ChannelsFacts),
            rights=Rights.ADMIN,
        ),
        Operation(
            *("POST", "/channels/{channel}/test", "test_channel", "channels", "Send a test notice"),
            said="The notice is marked as a test, and closed again at once where the receiver keeps something open. "
            "There are at most 10 tests of a channel in an hour.",
            act=channels.test_channel,
            answer=_ok("What the receiver answered.", channels.ChannelTestFacts),
            rights=Rights.ADMIN,
            problems=(NOT_THERE, TOO_MANY),
        ),
        Operation(
            *("GET", "/audit", "list_audit_entries", "access", "List the audit log, newest first"),
            query=access.AuditLogQuery,
            act=access.show_audit_log,
            answer=_ok("One page of the log.", access.AuditLogJson),
            rights=Rights.ADMIN,
        ),
    ]
