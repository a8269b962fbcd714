"""Operations for the help desk. None of them changes, stores or logs anything, so none is remembered by its
`Idempotency-Key`."""

from http import HTTPStatus
from typing import Any

from monitor.output.analysis_json import AnalysisJson
from monitor.output.triage_json import TriageJson
from monitor.web.api import analyses, triage
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
        Operation(
            *("POST", "/analyses", "create_analysis", "help desk", "Explain a bounce, a reply or a message"),
            said="Who stopped a message, why, and what to do. It is read and forgotten, and no evidence about a path.",
            body=analyses.AnalysisWish,
            act=analyses.create_analysis,
            answer=OperationResult(HTTPStatus.OK, "What it says.", AnalysisJson),
            problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
            changes=False,
            most_bytes=analyses.MAX_BODY_BYTES,
        ),
    ]
