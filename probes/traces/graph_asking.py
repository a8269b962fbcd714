"""The requests for message traces. See `graph`."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from probes.accounts import AccountError
from probes.accounts.faults import AccountFault
from probes.accounts.requests import Api, ApiRequest
from probes.outside import Outside
from probes.traced import Traced
from probes.traces import Answers, TraceError, TraceQuestion, graph_defender
from probes.traces.graph_defender import DefenderAnalysis
from probes.traces.graph_rows import EXPLAINED, MessageTraceRow, details_of, question, rows_of, statement

if TYPE_CHECKING:
    from probes.traces.graph import GraphTrace

ANALYSES = "/security/collaboration/analyzedEmails"
TARGET = "/admin/exchange/tracing/messageTraces"
PRINCIPAL = "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373"  # the app of message trace, the same in every tenant
TRACE_REMEDIES: tuple[tuple[str, str], ...] = (  # words of an error in lower case, the remedy; first hit wins
    # learn.microsoft.com/graph/api/resources/exchangemessagetrace, prerequisites
    (
        "service principal-less",
        "let an administrator of the tenant add the service principal of message trace, once: New-MgServicePrincipal"
        f" -AppId {PRINCIPAL}; it takes hours to take effect",
    ),
    # learn.microsoft.com/graph/resolve-auth-errors
    ("http 401", "check `tenant` and `cloud` of the account"),
    # learn.microsoft.com/graph/api/messagetracingroot-list-messagetraces, permissions; for `defender`
    # .../graph/api/security-collaborationroot-list-analyzedemails
    (
        "http 403",
        "grant the app the application permission ExchangeMessageTrace.Read.All of Microsoft Graph, with admin consent"
        "; for `defender` SecurityAnalyzedMessage.Read.All too, and a licence for Defender for Office 365 Plan 2",
    ),
)


async def ask(trace: "GraphTrace", questions: Sequence[TraceQuestion], outside: Outside) -> Answers:
    """Ask about each message. Raises TraceError."""
    try:
        api = outside.accounts.api(trace.account_use, TRACE_REMEDIES)
        found = {each.message_id: await _ask(api, each, outside.now(), trace.defender) for each in questions}
        return {message_id: said for message_id, said in found.items() if said}
    except AccountError as error:
        raise TraceError(f"message trace: {error}") from None


async def examine(trace: "GraphTrace", outside: Outside) -> str:
    """Ask about a message that nobody sent. Returns the finding. Raises TraceError."""
    try:
        api, now = outside.accounts.api(trace.account_use, TRACE_REMEDIES), outside.now()
        await api.require(ApiRequest("GET", TARGET, question("nobody@mailpath.invalid", now, now), trace=True))
        if trace.defender:
            query = graph_defender.question(PRINCIPAL, "nobody@mailpath.invalid", now)
            await api.require(ApiRequest("GET", ANALYSES, query, trace=True))
    except AccountError as error:
        raise TraceError(f"message trace: {error}") from None
    return "reads the message trace"


async def _ask(api: Api, asked: TraceQuestion, now: datetime, defender: bool) -> list[Traced]:
    query = question(asked.message_id, asked.sent_at, now)
    rows = rows_of(await api.require(ApiRequest("GET", TARGET, query, trace=True)), asked.recipient)
    if rows is None:
        raise api.account.error(AccountFault.STRANGE, "no list of message traces")
    found = [statement(row, await _details(api, row), asked.number, now) for row in rows]
    if defender:
        analyses = [await _analysis(api, row, now) for row in rows]
        found = [graph_defender.explained(said, analysis) for said, analysis in zip(found, analyses, strict=True)]
    found.sort(key=lambda each: (each.happened_at or now, each.fate))
    return found


async def _details(api: Api, row: MessageTraceRow) -> list[dict[str, str]]:
    """Return the details of a row that needs them; none if they cannot be asked: what became of the message is known
    without."""
    if row.fate not in EXPLAINED or not row.recipient:
        return []
    recipient = quote(row.recipient.replace("'", "''"), safe="@'")
    target = f"{TARGET}/{quote(row.id, safe='')}/getDetailsByRecipient(recipientAddress='{recipient}')"
    try:
        reply = await api.call(ApiRequest("GET", target, trace=True))
    except AccountError:
        return []
    return details_of(reply.value) if reply.good else []


async def _analysis(api: Api, row: MessageTraceRow, now: datetime) -> DefenderAnalysis | None:
    """Return Defender's analysis of a row that needs one; None if there is none, or it cannot be asked."""
    if row.fate not in EXPLAINED or not row.recipient:
        return None
    query = graph_defender.question(row.id, row.recipient, row.received or now)
    try:
        reply = await api.call(ApiRequest("GET", ANALYSES, query, trace=True))
    except AccountError:
        return None
    return graph_defender.analysis_of(reply.value, row.recipient) if reply.good else None
