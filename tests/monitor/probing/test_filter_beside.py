"""The company's filter is asked by itself about what was taken for spam: once, about the sender's mail alone."""

from dataclasses import dataclass, field
from typing import Any

from probes.answer import Stage
from probes.describe import describe
from probes.evidence import Dialogue, FilterScan, Handover, Scan, ScanAction, ScannedRule, Step
from probes.kinds import Kind
from probes.message import Message
from probes.sender import Role
from tests.support.pipeline_app import PipelineApp, ScriptedRoute, watched

CODE = Kind.TWO_STEP_CODE
SCAN = Scan("rspamd", ScanAction.MARK, 7.1, 15.0, (ScannedRule("BAYES_SPAM", 5.1, "Message probably spam"),))


@dataclass
class ScriptedFilter:
    """A filter that answers, or fails."""

    scan: Scan | None = SCAN
    asked: list[Message] = field(default_factory=list)
    via: str = "scan"

    async def send(self, message: Message, number: int, outside: Any, *, timeout: float, note: Any) -> Dialogue:
        self.asked.append(message)
        step = Step(Stage.SCAN, outside.now(), 0.1, "filter.example[192.0.2.1]:11333", text="as it is")
        ended = Handover.ACCEPTED if self.scan else Handover.WITHHELD
        return Dialogue(outside.now(), number, ended, (step,), scan=self.scan)


async def test_the_filter_says_why_beside_a_spam_verdict(pipeline_app: PipelineApp) -> None:
    company_filter = ScriptedFilter()
    route = ScriptedRoute(mailbox=pipeline_app.maildir, junk=True)
    path = watched(route, pipeline_app.mailbox, filter=company_filter)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, CODE)
        await heard.evidence(FilterScan)
        await pipeline.idle()
        record = await store.probes.record(probe.id)
        assert record
        assert record.verdict
        [seen] = [each for each in record.evidence if isinstance(each, FilterScan)]
        assert (seen.scan, seen.host) == (SCAN, "filter.example[192.0.2.1]:11333")
        assert record.verdict.outcome == "spam"
        assert record.verdict.grade != "scanned", "what was seen in the mailbox is the verdict"
        assert [message.content for message in company_filter.asked] == [message.content for message in route.sent]
    shown = describe(seen)
    assert 'would mark it as spam, score 7.1 of 15; most against it: "BAYES_SPAM" +5.1' in shown.text
    assert "+5.1 BAYES_SPAM: Message probably spam" in shown.text


async def test_it_is_asked_about_nothing_else(pipeline_app: PipelineApp) -> None:
    company_filter = ScriptedFilter()
    route = ScriptedRoute(mailbox=pipeline_app.maildir)
    path = watched(route, pipeline_app.mailbox, filter=company_filter)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, CODE)
        assert (await heard.verdict()).startswith("inbox")
        await pipeline.idle()
    assert company_filter.asked == []


async def test_a_filter_that_fails_changes_nothing(pipeline_app: PipelineApp) -> None:
    company_filter = ScriptedFilter(scan=None)
    route = ScriptedRoute(mailbox=pipeline_app.maildir, junk=True)
    path = watched(route, pipeline_app.mailbox, filter=company_filter)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, CODE, Role.SENDER)
        assert (await heard.verdict()).startswith("spam")
        await pipeline.idle()
        record = await store.probes.record(probe.id)
        assert record
        assert not any(isinstance(each, FilterScan) for each in record.evidence)
    assert len(company_filter.asked) == 1
