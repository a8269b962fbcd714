"""Probes whose mailbox is at Microsoft 365, through the whole service: what Graph shows becomes the verdict."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from probes.evidence import Dialogue, FailedLook
from probes.kinds import Kind
from probes.traces.graph import GraphTrace
from tests.clouds.fake_graph import GraphBox, refusal
from tests.clouds.loopback_microsoft import ACCOUNT, GraphTenant, graph_mailbox, graph_tenant
from tests.clouds.trace_rows import DETAILS, trace_row
from tests.support.pipeline_app import PATIENCE, Clock, PipelineApp, ScriptedRoute, watched

CODE = Kind.TWO_STEP_CODE
RECEIVED = (
    b"Received: from account.trimble.com (104.130.122.50) by AM0PR02MB1.eurprd02.prod.outlook.com with Microsoft SMTP"
    b" Server id 15.20\r\n"
)


@dataclass
class GraphDelivery:
    """The mail server that puts mail into a mailbox of Graph, by the test's clock."""

    box: GraphBox
    clock: Clock
    folder: str = "AAinbox"

    def deliver(self, content: bytes, *, junk: bool = False, return_path: str = "") -> None:
        head = f"Return-Path: <{return_path}>\r\n".encode() + RECEIVED
        self.box.deliver(head + content, "AAjunk" if junk else self.folder, self.clock())


@pytest.fixture
async def tenant(pipeline_app: PipelineApp) -> AsyncIterator[GraphTenant]:
    """A tenant that the service may ask."""
    async with graph_tenant(pipeline_app.clock) as running:
        pipeline_app.parts = {"http": running.outside.http, "accounts": running.outside.accounts}
        yield running


def by_graph(app: PipelineApp, tenant: GraphTenant, **route: Any) -> Any:
    """A path whose mail arrives in the tenant's mailbox."""
    delivery: Any = GraphDelivery(tenant.box, app.clock, route.pop("folder", "AAinbox"))
    return watched(ScriptedRoute(mailbox=delivery, **route), graph_mailbox())


@pytest.mark.parametrize(("junk", "outcome"), [(False, "inbox"), (True, "spam")])
async def test_a_probe_is_seen_where_it_lies_and_deleted(
    pipeline_app: PipelineApp, tenant: GraphTenant, junk: bool, outcome: str
) -> None:
    path = by_graph(pipeline_app, tenant, junk=junk)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, CODE)
        assert (await heard.verdict()).startswith(outcome)
        async with asyncio.timeout(PATIENCE):
            await tenant.box.emptied.wait()
    assert len(tenant.server.requests) == 1


async def test_a_probe_that_a_rule_moved_away_is_found(pipeline_app: PipelineApp, tenant: GraphTenant) -> None:
    tenant.box.folders["F1"] = ("Codes", "")
    path = by_graph(pipeline_app, tenant, folder="F1")
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, CODE)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(hours=2)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "unknown moved unproven"
        assert "Codes" in repr(heard.verdicts[0].verdict)


async def test_a_probe_in_quarantine_is_said_to_be_there(pipeline_app: PipelineApp, tenant: GraphTenant) -> None:
    route = ScriptedRoute()
    path = watched(route, graph_mailbox(), traces=(GraphTrace(via="graph", account=ACCOUNT),))
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, CODE)
        await heard.evidence(Dialogue)
        (sent,) = route.sent
        found = re.search(rb"Message-ID: (<[^>]+>)", sent.content)
        assert found
        row = trace_row("quarantined", messageId=found[1].decode(), recipientAddress=sent.rcpt_to)
        row["receivedDateTime"] = pipeline_app.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        tenant.graph.traces = [row]
        tenant.graph.details[row["id"], sent.rcpt_to] = DETAILS["by a rule"][1]
        pipeline_app.clock.pass_(minutes=6)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "quarantined policy real"
        assert "Block external codes" in repr(heard.verdicts[0].verdict)
    assert len(tenant.server.requests) == 1  # one token for mailbox and trace


async def test_a_mailbox_that_may_not_be_opened_is_no_fault_of_the_sender(
    pipeline_app: PipelineApp, tenant: GraphTenant
) -> None:
    tenant.graph.plan += [("mailFolders", refusal(403, "ErrorAccessDenied", "Access to OData is disabled."))] * 200
    path = watched(ScriptedRoute(), graph_mailbox())
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, CODE)
        await heard.evidence(FailedLook)
        pipeline_app.clock.pass_(hours=2)
        pipeline.tick(pipeline_app.clock())
        assert (await heard.verdict()).startswith("unknown")
        assert "within the first two hours" in repr(heard.verdicts[-1].verdict) + repr(heard.events)
