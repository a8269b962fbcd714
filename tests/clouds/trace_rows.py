"""Rows of Exchange Online's message trace, with the forms of details that administrators show of their tenants."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MESSAGE_ID = "mpabc@account.trimble.com"
RECIPIENT = "probe@acme.example"
SOURCE_IP = "104.130.122.50"
RECEIVED = datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)

REFUSED_BY_RULE = "Reason: [{LED=550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy};{MSG=};{FQDN=};{IP=};{LRT=}]"  # noqa: E501
REFUSED_BY_LIST = "Reason: [{LED=550 5.7.703 Your message can't be delivered because messages to probe@acme.example are blocked by your organization using Tenant Allow Block List.};{MSG=};{FQDN=};{IP=};{LRT=}]"  # noqa: E501
NO_SUCH_USER = "Reason: [{LED=550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup};{MSG=};{FQDN=};{IP=};{LRT=}]"  # noqa: E501
RULE = "Transport rule: 'Block external codes', ID: ('9d0c4b1e-7a2f-4c3d-8e5b-6f1a2b3c4d5e'), DLP policy: '', ID: (00000000-0000-0000-0000-000000000000)."  # noqa: E501
LETTING_IN = RULE.replace("Block external codes", "Let Trimble in")


def trace_row(status: str = "delivered", **other: Any) -> dict[str, Any]:
    """One row of messageTraces."""
    return {
        "id": "4f2a7c1e-0000-4000-8000-08de2a0f1234", "messageId": f"<{MESSAGE_ID}>", "status": status,
        "senderAddress": "bounce+mpabc@account.trimble.com", "recipientAddress": RECIPIENT, "subject": "Your code",
        "receivedDateTime": RECEIVED.strftime("%Y-%m-%dT%H:%M:%SZ"), "size": 5120, "fromIP": SOURCE_IP, "toIP": None,
    } | other  # fmt: skip


def trace_detail(event: str, description: str = "", action: str | None = None) -> dict[str, Any]:
    """One event of the details of a row."""
    return {
        "id": "1", "messageId": f"<{MESSAGE_ID}>", "dateTime": "2026-11-23T08:00:06Z", "event": event,
        "action": action, "description": description, "data": '<root><MEP Name="ServerHostName" String="E2"/></root>',
    }  # fmt: skip


RECEIVE = trace_detail("Receive", "Message received by: AM0PR02MB1234.eurprd02.prod.outlook.com")
SPAM = trace_detail("Spam", "Spam confidence level: 9")
MALWARE = trace_detail("Malware", "Malware: EICAR")
DETAILS: Mapping[str, tuple[str, list[dict[str, Any]]]] = {
    "by the spam filter": ("quarantined", [RECEIVE, SPAM]),
    "by the spam filter, beside a rule that lets in": (
        "quarantined", [RECEIVE, trace_detail("Transport rule", LETTING_IN), SPAM],
    ),
    "by a rule": ("quarantined", [RECEIVE, trace_detail("Transport rule", RULE)]),
    "for malware": ("quarantined", [RECEIVE, SPAM, MALWARE]),
    "refused by a rule": ("failed", [trace_detail("Fail", REFUSED_BY_RULE), trace_detail("Transport rule", RULE)]),
    "refused by a list": ("failed", [RECEIVE, trace_detail("Fail", REFUSED_BY_LIST)]),
    "refused, beside a rule that lets in": (
        "failed", [trace_detail("Transport rule", LETTING_IN), trace_detail("Fail", NO_SUCH_USER)],
    ),
    "into junk": ("filteredAsSpam", [RECEIVE, SPAM]),
    "without details": ("failed", []),
}  # fmt: skip


def analysis_row(**other: Any) -> dict[str, Any]:
    """One row of analyzedEmails."""
    return {
        "id": "1", "networkMessageId": trace_row()["id"], "internetMessageId": f"<{MESSAGE_ID}>",
        "recipientEmailAddress": RECIPIENT, "directionality": "inbound", "policy": "Strict codes",
        "policyAction": "Quarantine", "policyType": "Anti-spam", "primaryOverrideSource": "None",
        "detectionMethods": ["Spoof DMARC"], "threatTypes": ["phish"],
        "latestDelivery": {"action": "blocked", "location": "quarantine"},
    } | other  # fmt: skip
