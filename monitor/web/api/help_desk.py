"""Operations for the help desk. None of them changes, stores or logs anything, so none is remembered by its
`Idempotency-Key`."""

from http import HTTPStatus
from typing import Any

from monitor.output.triage_json import TriageJson
from monitor.web.api import triage
from monitor.web.api.operation import Operation, OperationResult


def help_desk_operations() -> list[Operation[Any, Any]]:
    """The rows."""
    answer = OperationResult(HTTPStatus.OK, "The most likely place.", TriageJson)
    said = (
        "Nothing is sent. Callers limited to companies find only those. The address is neither stored nor logged by "
        "Mailpath."
    )
    return [
        Operation(
            *("GET", "/triage", "get_triage", "help desk", "Find out why somebody gets no mail"),
            said=f"{said} A proxy in front may log the query: use POST there.",
            query=triage.TriageQuery,
            act=triage.show_triage,
            answer=answer,
        ),
        Operation(
            *("POST", "/triage", "create_triage", "help desk", "Find out why somebody gets no mail"),
            said=f"{said} With the address in the body.",
            body=triage.TriageWish,
            act=triage.create_triage,
            answer=answer,
            problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
            changes=False,
        ),
    ]
