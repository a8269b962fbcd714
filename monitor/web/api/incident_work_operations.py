"""Operations of people who work on incidents."""

from http import HTTPStatus
from typing import Any

from monitor.output.incident_json import WorkJson
from monitor.people.person import Rights
from monitor.web.api import incident_work
from monitor.web.api.operation import Operation, OperationResult

NOT_THERE, CONFLICT, UNREADABLE = HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY


def incident_work_operations() -> list[Operation[Any, Any]]:
    """The rows."""
    problems = (NOT_THERE, CONFLICT, UNREADABLE)
    work = OperationResult(HTTPStatus.OK, "The state of the work on the incident.", WorkJson)
    return [
        Operation(
            *("POST", "/incidents/{incident}/ack", "ack_incident", "incidents", "Acknowledge an incident: I have it"),
            said="The caller becomes its owner. Reminders stop until the incident comes back, gets more severe or "
            "widens. Callers limited to companies cannot acknowledge an incident that also affects others.",
            body=incident_work.Acknowledgement,
            act=incident_work.acknowledge,
            answer=work,
            rights=Rights.OPERATOR,
            problems=problems,
        ),
        Operation(
            *("DELETE", "/incidents/{incident}/ack", "release_incident", "incidents", "Take an acknowledgement back"),
            act=incident_work.release,
            answer=OperationResult(HTTPStatus.NO_CONTENT, "Nobody has the incident."),
            rights=Rights.OPERATOR,
            problems=(NOT_THERE, CONFLICT),
        ),
        Operation(
            *("PUT", "/incidents/{incident}/owner", "set_owner", "incidents", "Hand an incident over"),
            said="The new owner has not acknowledged it by that.",
            body=incident_work.NewOwner,
            act=incident_work.set_owner,
            answer=work,
            rights=Rights.OPERATOR,
            problems=problems,
        ),
        Operation(
            *("POST", "/incidents/{incident}/comments", "comment_incident", "incidents", "Comment on an incident"),
            body=incident_work.NewComment,
            act=incident_work.comment,
            answer=OperationResult(HTTPStatus.CREATED, "The state of the work on the incident.", WorkJson),
            rights=Rights.OPERATOR,
            problems=problems,
        ),
        Operation(
            *("POST", "/incidents/{incident}/tickets", "link_ticket", "incidents", "Link a ticket to an incident"),
            body=incident_work.NewTicket,
            act=incident_work.link_ticket,
            answer=OperationResult(HTTPStatus.CREATED, "The state of the work on the incident.", WorkJson),
            rights=Rights.OPERATOR,
            problems=problems,
        ),
    ]
