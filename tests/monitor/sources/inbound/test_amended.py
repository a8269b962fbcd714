"""Bounces and copies of real probes: over the listener, the pipeline and the store."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

import pytest

from monitor.probing.pipeline import Pipeline
from monitor.sources.inbound import listener as listener_module
from monitor.sources.inbound import smtp as smtp_module
from monitor.sources.inbound.listener import listening
from monitor.sources.inbound.router import Addresses, InboundRouter
from monitor.sources.inbound.settings import InboundSettings
from monitor.store import Store
from probes.answer import Stage
from probes.evidence import Arrival, Bounce, Dialogue, FailedLook, Folder, Handover, Look
from probes.kinds import Kind
from probes.reading.bounce_origin import MAX_OF_A_KIND, MAX_OF_A_STRANGER, SmtpClient
from probes.reading.bounces import read_bounce
from probes.token import Purpose, mint
from tests.monitor.sources.inbound.conftest import (
    COPIES,
    InboundClient,
    RecordingReportSink,
    RecordingSink,
    until_closed,
)
from tests.support import bounce_mails as mails
from tests.support.pipeline_app import EventRecorder, PipelineApp, PipelineConfig, ScriptedRoute, watched

KIND = Kind.TWO_STEP_CODE
E = TypeVar("E")
SETTINGS = InboundSettings.model_validate({"domain": "probe.test", "listen": "127.0.0.1:0"})


class ProbeReporter(InboundClient):
    """A client that knows the tokens of the probes."""

    def __init__(self, listener, router: InboundRouter, store: Store) -> None:
        super().__init__(listener, router, RecordingSink(), RecordingReportSink())
        self.store = store

    async def about(self, probe_id: str, mail, *arguments, to: str = "", **more) -> int:
        key = await self.store.key()
        content = mail(mint(probe_id, key), *arguments, **more)
        tag = mint(probe_id, key, Purpose.ENVELOPE)
        return (await self.send(content, to or f"bounce+{tag}@account.trimble.com"))[0]

    async def evidence(self, probe_id: str, kind: type[E]) -> list[E]:
        record = await self.store.probes.record(probe_id)
        assert record is not None
        return [seen for seen in record.evidence if isinstance(seen, kind)]


@asynccontextmanager
async def open_inbound_pipeline(
    pipeline_app: PipelineApp, *paths, up_for: timedelta = timedelta(0)
) -> AsyncIterator[tuple[Pipeline, EventRecorder, ProbeReporter]]:
    """A service with a listener that is up already for so long."""
    async with pipeline_app.service(*paths) as (pipeline, heard, store):
        with ThreadPoolExecutor(1) as pool:
            router = InboundRouter(await store.key(), pipeline, pool, now=pipeline_app.clock)
            copies = {COPIES.address: COPIES}
            addresses = Addresses(frozenset({"probe.test", "account.trimble.com"}), copies=copies)
            router.configure(addresses, "104.130.122.50", "account.trimble.com")
            async with listening(SETTINGS, router) as listener:
                pipeline.presence.listening_since = pipeline_app.clock() - up_for
                pipeline.presence.turned_away = router.turned_away.during
                yield pipeline, heard, ProbeReporter(listener, router, store)


async def test_a_bounce_is_a_verdict_at_once_and_nothing_more_is_waited_for(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        assert await talks.about(probe.id, mails.bounce) == 250
        assert await heard.verdict() == "blocked ip_listed real"
        assert not pipeline.flights
        record = await talks.store.probes.record(probe.id)
        assert record is not None
        assert record.closed_at is not None
        assert record.verdict is not None
        assert "inner.acme.test said: " in record.verdict.because


async def test_a_bounce_amends_what_was_given_up(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(hours=1, seconds=1)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "missing unclear real"
        pipeline_app.clock.pass_(days=4)
        await talks.about(probe.id, mails.bounce)
        assert await heard.verdict(2) == "blocked ip_listed real"
        assert heard.verdicts[1].amends


async def test_the_same_bounce_is_kept_once_and_a_flood_of_others_has_an_end(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        for _ in range(3):
            await talks.about(probe.id, mails.bounce)
        assert len(await talks.evidence(probe.id, Bounce)) == 1
        for number in range(15):
            await talks.about(probe.id, mails.bounce, f"550 5.7.1 number {number}")
        assert len(await talks.evidence(probe.id, Bounce)) == MAX_OF_A_KIND


FAR_AWAY = "mx.far.test[198.51.100.25]:25"  # our clients in these tests are on the loopback, so strangers to it


async def test_a_bounce_by_a_stranger_proves_nothing_and_ends_nothing(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute(host=FAR_AWAY)
    path = watched(route, pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        assert await talks.about(probe.id, mails.bounce) == 250
        assert await heard.verdict() == "blocked ip_listed unproven"
        assert "this report came from 127.0.0.1" in heard.verdicts[0].verdict.because
        assert probe.id in pipeline.flights
        pipeline_app.maildir.deliver(route.sent[0].content, return_path=route.sent[0].mail_from)
        assert await heard.verdict(2) == "inbox - real"
        assert heard.verdicts[1].amends


async def test_forged_delays_do_not_keep_the_bounce_out(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(host=FAR_AWAY), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        for number in range(21):
            reply = f"451 4.7.1 wait {number}"
            await talks.about(probe.id, mails.bounce, reply, action="delayed", status="4.7.1")
        assert len(await talks.evidence(probe.id, Bounce)) == MAX_OF_A_STRANGER
        await talks.about(probe.id, mails.bounce)
        assert (await heard.verdict()).split()[0] == "blocked"


async def test_who_read_the_message_cannot_write_a_bounce_that_proves_anything(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        token = mint(probe.id, await talks.store.key())
        await talks.about(probe.id, mails.bounce, to=f"bounce+{token}@account.trimble.com")
        assert await heard.verdict() == "blocked ip_listed unproven"


@pytest.mark.parametrize(
    ("client", "helo", "address", "grade"),
    [
        ("203.0.113.5", "out.acme.test", "203.0.113.5", "real"),
        ("203.0.113.5", "elsewhere.test", "203.0.113.5", "real"),  # the report names its host, and the DNS agrees
        ("203.0.113.66", "out.acme.test", "203.0.113.5", "unproven"),  # a name is easily claimed
        ("127.0.0.1", "localhost.acme.test", "127.0.0.1", "unproven"),  # as anybody's may be through a proxy of ours
    ],
)
async def test_a_bounce_is_the_receivers_if_the_dns_confirms_the_name(
    pipeline_app: PipelineApp, client, helo, address, grade
) -> None:
    pipeline_app.names.known = {
        "out.acme.test": (address,),
        "mx.acme.test": (address,),
        "localhost.acme.test": (address,),
    }
    path = watched(ScriptedRoute(host="in.acme.test[198.51.100.25]:25"), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, _):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        by = SmtpClient(client, helo, to_envelope=True, null_sender=True)
        await pipeline.bounced(probe.id, read_bounce(mails.bounce("x")), by)
        assert await heard.verdict() == f"blocked ip_listed {grade}"


async def test_an_arrival_in_the_inbox_counts_for_more_than_a_bounce(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        assert await heard.verdict() == "inbox - real"
        await talks.about(probe.id, mails.bounce)
        assert await heard.verdict(2) == "inbox - real"
        assert "reported a failure" in heard.verdicts[1].verdict.because


async def test_a_vacation_answer_is_evidence_and_no_verdict(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        await talks.about(probe.id, mails.vacation)
        await heard.evidence(Bounce)
        assert heard.verdicts == []
        assert pipeline.flights


async def test_a_copy_that_did_not_reach_us_is_nobodys_block(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(seconds=1)
        plan = PipelineConfig(path)
        plan.inbound = SETTINGS
        await pipeline.configure(plan)  # type: ignore[arg-type]  # as much of one as it reads
        assert await talks.about(probe.id, mails.bounce, recipient="acme@probe.test") == 250
        assert await talks.evidence(probe.id, Bounce) == []


async def test_of_a_probe_that_nobody_knows_nothing_is_kept(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (_, heard, talks):
        assert await talks.about("a" * 16, mails.bounce) == 250
        assert heard.events == []
        assert talks.router.counts == {"other": 1}


async def test_a_copy_is_an_arrival_that_does_not_prove_the_inbox(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        assert await talks.about(probe.id, mails.probe, to="acme@probe.test") == 250
        assert await heard.verdict() == "inbox - unproven"
        assert "does not prove" in heard.verdicts[0].verdict.because
        (arrival,) = await talks.evidence(probe.id, Arrival)
        assert arrival.folder is Folder.COPY
        await talks.about(probe.id, mails.probe, to="acme@probe.test")  # once more
        assert len(await talks.evidence(probe.id, Arrival)) == 1


async def test_a_copy_tells_what_the_filters_said(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        await talks.about(probe.id, mails.probe, "X-Spam-Flag: YES\n", to="acme@probe.test")
        assert await heard.verdict() == "spam content unproven"


async def test_a_probe_of_another_mailbox_is_no_copy_of_this_one(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        await talks.about(probe.id, mails.probe, to="acme@probe.test")
        assert await talks.evidence(probe.id, Arrival) == []


async def test_a_copy_that_never_came_is_missed_only_by_a_listener_that_was_there(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(hours=1, seconds=1)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "missing unclear real"
        assert "not in the copies to acme@probe.test within 60 min" in heard.verdicts[0].verdict.because
        assert await talks.evidence(probe.id, Look)


async def test_and_by_one_that_was_away_it_is_unknown(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
    pipeline_app.clock.pass_(minutes=30)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        await pipeline.adopt()
        pipeline_app.clock.pass_(minutes=31)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "unknown - unproven"
        assert await talks.evidence(probe.id, FailedLook)
        await talks.about(probe.id, mails.probe, to="acme@probe.test")  # a copy that was only slow
        assert await heard.verdict(2) == "inbox - unproven"  # its own mail server had it in time


async def test_and_where_the_listener_turned_somebody_away_as_well(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(minutes=1)
        monkeypatch.setattr(listener_module, "MAX_MAILS_BEING_READ", 0)
        assert await talks.about(probe.id, mails.probe, to="acme@probe.test") == 452
        pipeline_app.clock.pass_(hours=1)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "unknown - unproven"
        assert "our listener turned clients away at " in heard.verdicts[0].verdict.because


async def test_but_not_where_a_stranger_was_turned_away_for_what_he_did(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_module, "RECIPIENT_SECONDS", 0.05)
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        reader, writer = await talks.open("127.0.0.9")
        assert b"421" in await until_closed(reader)
        writer.close()
        pipeline_app.clock.pass_(hours=1, seconds=1)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "missing unclear real"


async def test_what_is_found_of_a_refused_probe_is_a_replay(pipeline_app: PipelineApp) -> None:
    """Somebody put it there: the receiver never had it from us."""
    route = ScriptedRoute([Handover.REFUSED, Handover.ACCEPTED])
    path = watched(route, pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, _):
        refused = await pipeline.launch(path, KIND)
        assert await heard.verdict() == "blocked ip_blocked real"
        pipeline_app.maildir.deliver(route.sent[0].content)
        await pipeline.launch(path, KIND)  # the mailbox is looked into for this one
        assert await heard.verdict(2) == "blocked ip_blocked real"
        assert heard.verdicts[1].amends
        assert "its token was replayed" in heard.verdicts[1].verdict.because
        assert pipeline.flights.keys() - {refused.id}


async def test_what_was_refused_at_its_end_may_be_there_all_the_same(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute([Handover.REFUSED, Handover.ACCEPTED], stage=Stage.END_OF_DATA)
    path = watched(route, pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        assert (await heard.verdict()).split()[0] == "blocked"
        pipeline_app.maildir.deliver(route.sent[0].content)
        await pipeline.launch(path, KIND)
        assert await heard.verdict(2) == "inbox - unproven"


async def test_mail_about_a_probe_is_somebodys_and_stays(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        (message,) = route.sent
        digest = '"no-reply@account.trimble.com via Quarantine" <digest@acme.test>'
        pipeline_app.maildir.deliver(f"From: {digest}\r\n\r\nHeld: {message.mail_from}\r\n".encode())
        pipeline_app.maildir.deliver(b"From: x@acme.test\r\nContent-Type: message/rfc822\r\n\r\n" + message.content)
        pipeline_app.maildir.deliver(message.content)
        assert await heard.verdict() == "inbox - real"
    assert len(pipeline_app.maildir.files()) == 2


async def test_a_process_without_a_listener_says_so(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(hours=1, seconds=1)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "unknown - unproven"
        assert "mailpath serve" in heard.verdicts[0].verdict.because


async def test_a_put_off_probe_that_bounces_is_not_sent_again(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute([Handover.DEFERRED], stage=Stage.END_OF_DATA)
    path = watched(route, pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        await talks.about(probe.id, mails.bounce)
        assert (await heard.verdict()).split()[0] == "blocked"
        pipeline_app.clock.pass_(minutes=11)
        pipeline.tick(pipeline_app.clock())
        assert len(route.sent) == 1
        assert not pipeline.flights


async def test_a_bounce_of_what_nobody_has_stops_no_attempt(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute([Handover.DEFERRED])
    path = watched(route, pipeline_app.mailbox)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        await talks.about(probe.id, mails.bounce)
        pipeline_app.clock.pass_(minutes=11)
        pipeline.tick(pipeline_app.clock())
        await heard.until(lambda: len(route.sent) == 2)


async def test_a_copy_with_nothing_but_the_token_is_none(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), COPIES)
    async with open_inbound_pipeline(pipeline_app, path) as (pipeline, heard, talks):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        for sender in ("x@acme.test", "no-reply@account.trimble.com via x <x@acme.test>"):
            await talks.about(probe.id, lambda token, by=sender: forged_copy(token, by), to="acme@probe.test")
        assert await talks.evidence(probe.id, Arrival) == []
        await talks.about(probe.id, mails.probe, to="acme@probe.test")
        (arrival,) = await talks.evidence(probe.id, Arrival)
        assert arrival.client_ip == "127.0.0.1"
        assert "a copy sent to us by 127.0.0.1 does not prove" in heard.verdicts[0].verdict.because


def forged_copy(token: str, sender: str) -> bytes:
    return f"From: {sender}\r\nX-Mailpath-Probe: {token}\r\n\r\nhello\r\n".encode()
