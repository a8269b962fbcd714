"""Exchange Online's message trace: what each row means, what is asked, and what is done when it cannot be asked."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from probes.evidence import decode, encode
from probes.outcome import Cause
from probes.traced import Side, Traced, TraceFate
from probes.traces import TraceError, TraceQuestion
from probes.traces.graph import GraphTrace
from probes.traces.graph_defender import analysis_of
from probes.traces.graph_rows import FATES, details_of, question, rows_of, statement
from tests.clouds.fake_graph import Answer, busy, cut, leading_to, odd, refusal
from tests.clouds.loopback_microsoft import ACCOUNT, SECRET, GraphTenant, graph_tenant
from tests.clouds.trace_rows import DETAILS, MESSAGE_ID, RECEIVED, RECIPIENT, SOURCE_IP, analysis_row, trace_row
from tests.probes.accounts.conftest import SetClock

SENT = RECEIVED - timedelta(seconds=5)
NOW = RECEIVED + timedelta(minutes=5)
ASKED = TraceQuestion(MESSAGE_ID, RECIPIENT, SENT)
TRACE = GraphTrace(via="graph", account=ACCOUNT)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
async def tenant(clock: SetClock) -> AsyncIterator[GraphTenant]:
    """A tenant that has traced nothing yet."""
    async with graph_tenant(clock) as running:
        yield running


async def ask(tenant: GraphTenant, asked: TraceQuestion = ASKED) -> list[Traced]:
    """What the trace says of the message."""
    return [*(await TRACE.ask([asked], tenant.outside)).get(asked.message_id, ())]


async def failure(tenant: GraphTenant) -> str:
    """What asking fails with, in one printable line without a secret."""
    with pytest.raises(TraceError) as caught:
        await ask(tenant)
    text = str(caught.value)
    assert text.isprintable()
    assert not any(each in text for each in (SECRET, *tenant.server.issued))
    return text


# -- what a row means -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "fate"), [*FATES.items(), ("somethingOfNextYear", TraceFate.HANDED_OVER)])
def test_each_status_is_a_fate(status: str, fate: TraceFate) -> None:
    (row,) = rows_of({"value": [trace_row(status)]}, RECIPIENT) or []
    said = statement(row, [], 1, NOW)
    assert (said.fate, said.side, said.source, said.from_ip) == (fate, Side.RECEIVER, "graph", SOURCE_IP)
    assert (said.at, said.happened_at, said.to_host) == (NOW, RECEIVED, "")


@pytest.mark.parametrize(
    ("name", "code", "enhanced", "text", "rule"),
    [
        ("by the spam filter", None, None, "", "Spam: Spam confidence level: 9"),
        ("by the spam filter, beside a rule that lets in", None, None, "", "Spam: Spam confidence level: 9"),
        ("by a rule", None, None, "", "Transport rule: Block external codes"),
        ("for malware", None, None, "", "Malware: Malware: EICAR"),
        (
            "refused by a rule", 550, "5.7.1",
            "TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy",
            "Transport rule: Block external codes",
        ),
        (
            "refused by a list", 550, "5.7.703",
            "Your message can't be delivered because messages to probe@acme.example are blocked by your organization"
            " using Tenant Allow Block List.",
            "",
        ),
        (
            "refused, beside a rule that lets in", 550, "5.1.10",
            "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "",
        ),
        ("into junk", None, None, "", "Spam: Spam confidence level: 9"),
        ("without details", None, None, "", ""),
    ],
)  # fmt: skip
async def test_the_details_say_who_acted(
    tenant: GraphTenant, name: str, code: int | None, enhanced: str | None, text: str, rule: str
) -> None:
    status, details = DETAILS[name]
    row = trace_row(status)
    tenant.graph.traces = [row]
    tenant.graph.details[row["id"], RECIPIENT] = details
    (said,) = await ask(tenant)
    assert said.fate is FATES[status]
    assert (said.code, said.enhanced, said.text, said.rule) == (code, enhanced, text, rule)
    causes = {"Spam": Cause.CONTENT, "Malware": Cause.CONTENT, "Transport rule": Cause.POLICY, "": None}
    assert said.cause is causes[rule.partition(":")[0]]


def test_one_value_of_each_property_is_asked_for_and_a_window_that_is_allowed() -> None:
    asked = question("o'clock@x.example", SENT, NOW)["$filter"]
    assert asked == (
        "messageId eq '<o''clock@x.example>' and receivedDateTime ge 2026-11-23T07:00:00Z"
        " and receivedDateTime le 2026-11-23T08:05:05Z"
    )
    late = question(MESSAGE_ID, SENT, NOW + timedelta(days=30))["$filter"]
    assert "ge 2026-11-23T07:00:00Z" in late
    assert "le 2026-12-02T08:00:00Z" in late  # ten days are the most, and never in the future


def test_a_row_for_another_address_counts_only_if_there_is_none_for_ours() -> None:
    group = trace_row("expanded", recipientAddress="codes@acme.example")
    own = trace_row("delivered", recipientAddress=RECIPIENT.upper())
    assert [row.status for row in rows_of({"value": [group, own]}, RECIPIENT) or ()] == ["delivered"]
    assert [row.status for row in rows_of({"value": [group]}, RECIPIENT) or ()] == ["expanded"]


HARM: list[Any] = [
    None, 7, "x", [], {"id": 7}, {"id": ""}, {"id": "x" * 10_000, "status": "failed"}, {"id": "A", "status": []},
    {"id": "A", "status": "failed", "receivedDateTime": "9999-99-99", "fromIP": "x", "recipientAddress": {}},
    {"id": "B", "status": "x" * 100_000, "receivedDateTime": 7, "fromIP": "::1%eth0"},
]  # fmt: skip


def test_strange_rows_and_details_never_raise() -> None:
    answers: list[Any] = [None, 7, [], {}, {"value": None}, {"value": {}}, {"value": HARM * 100}]
    for value in answers:
        for row in rows_of(value, RECIPIENT) or ():
            for details in (
                details_of(value),
                details_of({"value": [{"event": "Fail", "description": "[" * 100_000}]}),
            ):
                said = statement(row, details, 1, NOW)
                assert len(said.text) <= 1000
                assert said.text.isprintable()
    assert rows_of({"error": {}}, RECIPIENT) is None


# -- asking -----------------------------------------------------------------------------------------------------------


async def test_a_message_that_was_delivered_takes_one_request(tenant: GraphTenant) -> None:
    tenant.graph.traces = [trace_row(), trace_row(messageId="<another@account.trimble.com>")]
    (said,) = await ask(tenant)
    assert said.fate is TraceFate.DELIVERED
    assert len(tenant.graph.requests) == 1


async def test_the_doctor_asks_about_nothing(tenant: GraphTenant) -> None:
    assert await TRACE.examine("104.130.122.50", tenant.outside) == "reads the message trace"
    assert len(tenant.graph.requests) == 1


async def test_one_that_was_never_seen(tenant: GraphTenant) -> None:
    assert await TRACE.ask([ASKED], tenant.outside) == {}


async def test_a_row_that_turns_from_pending_to_quarantined(tenant: GraphTenant, clock: SetClock) -> None:
    tenant.graph.traces = [trace_row("pending")]
    first = await ask(tenant)
    tenant.graph.traces = [trace_row("quarantined")]
    clock.forward(minutes=5)
    second = await ask(tenant, TraceQuestion(MESSAGE_ID, RECIPIENT, SENT, number=2))
    assert [each.fate for each in (*first, *second)] == [TraceFate.PENDING, TraceFate.QUARANTINED]
    assert len({each.once for each in (*first, *second)}) == 2


async def test_a_row_that_is_there_twice_is_one_statement(tenant: GraphTenant) -> None:
    tenant.graph.traces = [trace_row("quarantined"), trace_row("quarantined")]
    assert len(await ask(tenant)) == 1


async def test_details_that_cannot_be_asked_leave_the_fate(tenant: GraphTenant) -> None:
    tenant.graph.traces = [trace_row("quarantined")]
    for answer in (busy(), refusal(500, "x", "y"), odd(b"<html>"), odd(b'{"value": 7}'), cut()):
        tenant.graph.plan.append(("getDetails", answer))
        (said,) = await ask(tenant)
        assert (said.fate, said.rule) == (TraceFate.QUARANTINED, "")
        tenant.outside.accounts.configure({})  # or the pause after the refusal would hold
        tenant.use()


async def test_an_address_with_a_quotation_mark(tenant: GraphTenant) -> None:
    address = "o'hara/x+1@acme.example"
    tenant.graph.traces = [trace_row("failed", recipientAddress=address)]
    (said,) = await ask(tenant, TraceQuestion(MESSAGE_ID, address, SENT))
    assert said.fate is TraceFate.REFUSED
    assert "(recipientAddress='o''hara/x+1@acme.example')" in unquote(tenant.graph.requests[-1][1])


WRONG: dict[str, tuple[Answer, str]] = {
    "no right": (
        refusal(403, "Authorization_RequestDenied", "Insufficient privileges."),
        "ExchangeMessageTrace.Read.All",
    ),
    "a token that Graph does not take": (refusal(401, "InvalidAuthenticationToken", "x"), "check `tenant` and `cloud`"),
    "too many": (busy("30"), "busy"),
    "an error with 200": (odd(b'{"error": {"code": "x", "message": "y"}}'), "no list of message traces"),
    "half an answer": (cut(), "cannot be reached"),
    "no JSON": (odd(b"<html>"), "not what this API answers"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_goes_wrong_is_said_with_its_remedy(tenant: GraphTenant, name: str) -> None:
    answer, words = WRONG[name]
    tenant.graph.plan.append(("messageTraces", answer))
    assert words in await failure(tenant)


async def test_without_the_service_principal_the_command_is_named(tenant: GraphTenant) -> None:
    tenant.graph.principal = False
    text = await failure(tenant)
    assert "New-MgServicePrincipal -AppId 8bd644d1-64a1-4d4b-ae52-2e0cbf64e373; it takes hours" in text


async def test_a_second_page_is_not_needed_and_no_link_is_followed(tenant: GraphTenant) -> None:
    tenant.graph.plan.append(("messageTraces", leading_to("https://evil.example/")))
    assert await ask(tenant) == []
    assert len(tenant.graph.requests) == 1


async def test_traces_have_a_budget_of_their_own_which_all_paths_of_the_tenant_share(
    tenant: GraphTenant, clock: SetClock
) -> None:
    tenant.graph.traces = [trace_row("quarantined")]
    for _ in range(10):
        await ask(tenant)
    text = await failure(tenant)
    assert "budget.traces_per_5_minutes" in text
    assert len(tenant.graph.requests) == 20
    async with tenant.open() as session:  # a mailbox of this tenant is looked into all the same
        await session.look(NOW)
    assert len(tenant.server.requests) == 1  # and takes the same token
    clock.forward(minutes=5)
    assert len(await ask(tenant)) == 1


def test_its_statements_can_be_stored() -> None:
    (row,) = rows_of({"value": [trace_row("failed")]}, RECIPIENT) or []
    said = statement(row, details_of({"value": DETAILS["refused by a rule"][1]}), 3, NOW)
    assert decode(encode(said)) == said
    assert json.loads(encode(said))["fate"] == "refused"


# -- Defender ---------------------------------------------------------------------------------------------------------

WITH_DEFENDER = TRACE.model_copy(update={"defender": True})


@pytest.mark.parametrize(
    ("row", "rule", "cause"),
    [
        ({}, "policy: Strict codes (Quarantine); detected by: Spoof DMARC", Cause.AUTHENTICATION),
        ({"detectionMethods": ["IP reputation"], "policy": None}, "detected by: IP reputation", Cause.REPUTATION),
        (
            {"detectionMethods": ["Advanced filter", "Domain reputation"], "policy": ""},
            "detected by: Advanced filter, Domain reputation", Cause.REPUTATION,
        ),
        (
            {"primaryOverrideSource": "Block sender list (user)", "detectionMethods": []},
            "policy: Strict codes (Quarantine); override: Block sender list (user)", Cause.POLICY,
        ),
        (
            {"primaryOverrideSource": "Allowed by policy", "detectionMethods": ["Fingerprint matching"], "policy": "x"},
            "policy: x (Quarantine); detected by: Fingerprint matching; override: Allowed by policy", Cause.CONTENT,
        ),
        ({"detectionMethods": ["Of next year"], "policy": ""}, "detected by: Of next year", Cause.CONTENT),
        ({"detectionMethods": [], "policy": "none"}, "Spam: Spam confidence level: 9", Cause.CONTENT),
        ({"recipientEmailAddress": "another@acme.example"}, "Spam: Spam confidence level: 9", Cause.CONTENT),
    ],
)  # fmt: skip
async def test_defender_says_why(tenant: GraphTenant, row: dict[str, Any], rule: str, cause: Cause) -> None:
    tenant.graph.traces = [trace_row("quarantined")]
    tenant.graph.details[trace_row()["id"], RECIPIENT] = DETAILS["by the spam filter"][1]
    tenant.graph.analyzed = [analysis_row(**row)]
    [said] = (await WITH_DEFENDER.ask([ASKED], tenant.outside))[MESSAGE_ID]
    assert (said.fate, said.rule, said.cause) == (TraceFate.QUARANTINED, rule, cause)


async def test_without_a_licence_the_trace_speaks(tenant: GraphTenant) -> None:
    tenant.graph.traces = [trace_row("quarantined")]
    [said] = (await WITH_DEFENDER.ask([ASKED], tenant.outside))[MESSAGE_ID]
    assert (said.fate, said.rule) == (TraceFate.QUARANTINED, "")
    with pytest.raises(TraceError, match=r"SecurityAnalyzedMessage\.Read\.All too, and a licence"):
        await WITH_DEFENDER.examine(SOURCE_IP, tenant.outside)


async def test_defender_is_asked_only_where_it_is_wanted_and_of_what_was_kept_away(tenant: GraphTenant) -> None:
    tenant.graph.analyzed = [analysis_row()]
    tenant.graph.traces = [trace_row()]
    await WITH_DEFENDER.ask([ASKED], tenant.outside)
    tenant.graph.traces = [trace_row("quarantined")]
    await ask(tenant)
    assert not any("analyzedEmails" in target for _, target in tenant.graph.requests)


def test_strange_analyses_never_raise() -> None:
    long: dict[str, Any] = {"detectionMethods": [7, None, "x" * 9999], "policy": "y" * 9999}
    answers: list[Any] = [None, 7, [], {}, {"value": {}}, {"value": HARM}, {"value": [long]}]
    for value in answers:
        found = analysis_of(value, RECIPIENT)
        assert found is None or len(found.rule) <= 300
