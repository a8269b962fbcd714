"""One probe's way, over a real store and a real Maildir; the mail system says what the test wants it to."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from monitor.config import Config
from monitor.events import Event
from monitor.probing.pipeline import LaunchError
from monitor.store import ReplacedError, StoreError
from probes.check import Check
from probes.evidence import Arrival, Attempt, Dialogue, Evidence, FailedLook, Handover, Interrupted, Look
from probes.kinds import Kind
from probes.mailboxes import MailboxError, MailboxSession, Sighting
from probes.mailboxes.maildir import MaildirMailbox
from probes.outside import Outside
from probes.recognise import Recognised, recognise
from probes.sender import Role
from probes.token import mint, new_probe_id
from probes.verdict import Outcome
from tests.support.pipeline_app import Maildir, PipelineApp, PipelineConfig, ScriptedRoute, watched

KIND = Kind.TWO_STEP_CODE
ACCEPT, REFUSE, DEFER = Handover.ACCEPTED, Handover.REFUSED, Handover.DEFERRED
LETTER = b"From: boss@acme.test\r\nSubject: lunch\r\nMessage-ID: <1@acme.test>\r\n\r\nAt noon.\r\n"


async def test_into_the_inbox_and_gone_from_it(pipeline_app: PipelineApp) -> None:
    letter = pipeline_app.maildir.deliver(LETTER)
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, KIND)
        assert await heard.verdict() == "inbox - real"
        record = await store.probes.record(probe.id)
        assert record is not None
        assert record.closed_at is not None
        assert [type(seen) for seen in record.evidence if not isinstance(seen, Look)] in (
            [Attempt, Dialogue, Arrival],
            [Attempt, Arrival, Dialogue],
        )
        await _until(lambda: pipeline_app.maildir.files() == {letter})
        assert not pipeline.flights
        assert not pipeline.busy(Check("acme", "hq", KIND))
    assert b"At noon." in letter.read_bytes()


async def test_into_junk(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir, junk=True), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        assert await heard.verdict() == "spam unclear real"


async def test_a_refusal_is_a_verdict_at_once(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute([REFUSE]), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, KIND)
        assert await heard.verdict() == "blocked ip_blocked real"
        record = await store.probes.record(probe.id)
        assert record is not None
        assert record.verdict is not None
        assert "Client host rejected" in record.verdict.because
        await _until(lambda: not pipeline.flights)


async def test_put_off_it_is_tried_again_as_the_real_sender_would_and_with_the_very_same_mail(
    pipeline_app: PipelineApp,
) -> None:
    route = ScriptedRoute([DEFER, ACCEPT], mailbox=pipeline_app.maildir)
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(minutes=9, seconds=50)
        pipeline.tick(pipeline_app.clock())
        assert len(route.sent) == 1  # not a moment before its time
        pipeline_app.clock.pass_(seconds=20)
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "deferred greylisted real"  # the code is dead by now
        await _ticking(pipeline, pipeline_app, lambda: len(route.sent) == 2)
        assert await heard.verdict(2) == "late greylisted real"
        assert route.sent[0] == route.sent[1]
        assert [judged.amends for judged in heard.verdicts] == [False, True]


async def test_what_is_not_ours_is_no_arrival_and_is_left_alone(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        key = await store.key()
        token = mint(probe.id, key)
        forged = mint(new_probe_id(), b"another key" * 3)
        altered = token[:-1] + ("a" if token[-1] != "a" else "b")
        unknown = mint(new_probe_id(), key)
        strangers = {
            pipeline_app.maildir.deliver(b"X-Mailpath-Probe: " + text.encode() + b"\r\n" + LETTER)
            for text in (forged, altered, unknown)
        }
        quoted = b"From: quarantine@acme.test\r\nSubject: held\r\n\r\nWe hold a mail: " + token.encode() + b"\r\n"
        strangers.add(pipeline_app.maildir.deliver(quoted))
        pipeline_app.maildir.deliver(route.sent[0].content)  # and now the real one
        assert await heard.verdict() == "inbox - real"
        await _until(lambda: pipeline_app.maildir.files() == strangers)


async def test_a_replayed_probe_does_not_arrive_twice(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute(mailbox=pipeline_app.maildir)
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        first = await pipeline.launch(path, KIND)
        await heard.verdict()
        await pipeline.launch(path, KIND)  # so that somebody is looking
        pipeline_app.maildir.deliver(route.sent[0].content, junk=True)
        await heard.verdict(2)
        await _until(lambda: not pipeline_app.maildir.files())
        record = await store.probes.record(first.id)
        assert record is not None
        assert sum(isinstance(seen, Arrival) for seen in record.evidence) == 1
        assert record.verdict is not None
        assert record.verdict.outcome is Outcome.INBOX


async def test_a_probe_in_another_companys_mailbox_is_no_arrival(pipeline_app: PipelineApp) -> None:
    other = Maildir(pipeline_app.folder / "other", pipeline_app.clock)
    elsewhere = MaildirMailbox(via="maildir", path=other.path, junk=".Junk")
    lost, found = ScriptedRoute(), ScriptedRoute(mailbox=other)
    here = watched(lost, pipeline_app.mailbox)
    there = watched(found, elsewhere, company="birch", to="probe@birch.test")
    async with pipeline_app.service(here, there) as (pipeline, heard, _):
        probe = await pipeline.launch(here, KIND)
        await heard.evidence(Dialogue)
        stray = other.deliver(lost.sent[0].content)
        await pipeline.launch(there, KIND)
        await heard.verdict()
        assert stray.exists()
        assert probe.id in pipeline.flights


async def test_missing_is_said_only_after_looking(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(minutes=59)
        pipeline.tick(pipeline_app.clock())
        assert not heard.verdicts
        pipeline_app.clock.pass_(minutes=2)
        pipeline.tick(pipeline_app.clock())
        await _ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        assert await heard.verdict() == "missing unclear real"
        record = await store.probes.record(probe.id)
        assert record is not None
        assert isinstance(record.evidence[-1], Look)
        assert record.evidence[-1].folders == ("INBOX", ".Junk")


async def test_a_mailbox_that_cannot_be_read_makes_unknown_and_then_the_truth(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    hidden = pipeline_app.maildir.path.rename(pipeline_app.folder / "hidden")
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(FailedLook)
        pipeline_app.clock.pass_(minutes=11)
        pipeline.tick(pipeline_app.clock())
        await _ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        assert await heard.verdict() == "unknown - unproven"
        assert "cannot be read" in heard.verdicts[0].verdict.because
        hidden.rename(pipeline_app.maildir.path)
        file = pipeline_app.maildir.deliver(route.sent[0].content)
        stamp = (pipeline_app.clock() - pipeline_app.clock.offset).timestamp()
        os.utime(file, (stamp, stamp))  # the server took it while we could not look, and while the code lived
        assert await heard.verdict(2) == "inbox - real"


async def test_found_after_it_was_called_missing_the_verdict_is_amended(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        pipeline_app.clock.pass_(hours=2)
        await _ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        assert await heard.verdict() == "missing unclear real"
        pipeline_app.maildir.deliver(route.sent[0].content)
        await pipeline.launch(path, KIND)
        assert await heard.verdict(2) == "late unclear real"
        assert heard.verdicts[1].amends


async def test_arrived_while_we_were_dead_it_is_judged_by_the_mailboxs_time_and_nothing_is_sent_again(
    pipeline_app: PipelineApp,
) -> None:
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
    pipeline_app.maildir.deliver(route.sent[0].content)
    pipeline_app.clock.pass_(hours=5)  # long after the code died and we would have given up
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.adopt()
        pipeline.tick(pipeline_app.clock())
        assert await heard.verdict() == "inbox - real"
        assert len(route.sent) == 1


async def test_never_missing_for_the_hours_in_which_nobody_looked(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
    pipeline_app.maildir.path.rename(pipeline_app.folder / "hidden")
    pipeline_app.clock.pass_(hours=5)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.adopt()
        await _ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        assert await heard.verdict() == "unknown - unproven"


async def test_killed_while_sending_it_is_not_sent_again(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute(gate=asyncio.Event())
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        probe = await pipeline.launch(path, KIND)
        await _until(lambda: len(route.sent) == 1)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        await pipeline.adopt()
        pipeline_app.clock.pass_(minutes=2)
        await _ticking(pipeline, pipeline_app, lambda: any(isinstance(e.what, Interrupted) for e in heard.events))
        pipeline_app.clock.pass_(hours=1)
        await _ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        assert await heard.verdict() == "unknown - unproven"
        assert len(route.sent) == 1
        record = await store.probes.record(probe.id)
        assert record is not None
        assert record.closed_at is not None


async def test_a_retry_that_fell_into_our_absence_is_not_held_against_anyone(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute([DEFER]), pipeline_app.mailbox, retry=(timedelta(minutes=2),))
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
    pipeline_app.clock.pass_(minutes=30)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.adopt()
        await _ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        assert "was not made, or did not reach the company" in heard.verdicts[0].verdict.because


async def test_a_path_taken_out_of_the_configuration_ends_its_probes(pipeline_app: PipelineApp) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        probe = await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        await pipeline.configure(PipelineConfig())  # type: ignore[arg-type]
        record = await store.probes.record(probe.id)
        assert record is not None
        assert record.verdict is not None
        assert record.verdict.outcome is Outcome.UNKNOWN
        assert not pipeline.flights
        assert not pipeline.watchers


async def test_two_processes_on_one_store_share_what_they_see(pipeline_app: PipelineApp) -> None:
    route = ScriptedRoute(mailbox=pipeline_app.maildir)
    path = watched(route, pipeline_app.mailbox)
    quiet = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with (
        pipeline_app.service(quiet) as (service, _service_heard, _),
        pipeline_app.service(path, owns_orphans=False) as (command, heard, store),
    ):
        await service.launch(quiet, KIND)  # it watches the mailbox, and may be the first to see the other's probe
        probe = await command.launch(path, KIND)
        async with asyncio.timeout(10):
            while not heard.verdicts:
                await command.catch_up()
        assert await heard.verdict() == "inbox - real"
        record = await store.probes.record(probe.id)
        assert record is not None
        assert sum(isinstance(seen, Arrival) for seen in record.evidence) == 1


async def test_a_listener_that_fails_holds_up_no_probe(pipeline_app: PipelineApp) -> None:
    def full_disk(event: Event) -> None:
        raise OSError("no space left on device")

    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox)
    async with pipeline_app.service(path, listeners=[full_disk]) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        assert await heard.verdict() == "inbox - real"
        await _until(lambda: not pipeline.flights)


@pytest.mark.parametrize("role", [Role.CONTROL, Role.NEIGHBOUR])
async def test_whoever_is_not_configured_cannot_be_sent(pipeline_app: PipelineApp, role: Role) -> None:
    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, _, store):
        with pytest.raises(LaunchError, match=rf"there is no {role}; add a \[{role}\] table"):
            await pipeline.launch(path, KIND, role)
        assert await store.probes.in_flight() == []


async def test_the_neighbour_is_sent_from_the_senders_address_unsigned_and_found_again(
    pipeline_app: PipelineApp,
) -> None:
    route = ScriptedRoute(mailbox=pipeline_app.maildir)
    path, plan = (
        watched(route, pipeline_app.mailbox),
        Config.model_validate({"neighbour": {"address": "probe@near.example"}}),
    )
    async with pipeline_app.service(path) as (pipeline, heard, store):
        neighbours = PipelineConfig(path)
        neighbours.identities = plan.identities
        await pipeline.configure(neighbours)  # type: ignore[arg-type]
        probe = await pipeline.launch(path, KIND, Role.NEIGHBOUR)
        assert (await heard.verdict()).startswith("inbox")
        record = await store.probes.record(probe.id)
    assert record
    assert (record.probe.role, record.probe.source_ip) == (Role.NEIGHBOUR, "104.130.122.50")
    (message,) = route.sent
    assert message.mail_from.startswith("probe+")
    assert message.mail_from.endswith("@near.example")
    assert b"<probe@near.example>" in message.content
    assert b"DKIM-Signature" not in message.content


async def _until(true):
    """Wait for something that no event tells."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def _ticking(pipeline, pipeline_app, true):
    """Tick as the clock does, until it is so."""
    async with asyncio.timeout(10):
        while not true():
            pipeline.tick(pipeline_app.clock())
            await asyncio.sleep(0.005)


# -- a store that fails -----------------------------------------------------------------------------------------------


class Refusing:
    """A mailbox that takes a while to refuse us, as a login that times out does."""

    via = key = "refusing"
    received = local = None

    @property
    def visited(self) -> "Refusing":
        return self

    @asynccontextmanager
    async def open(self, outside: Outside) -> AsyncIterator[MailboxSession]:
        await asyncio.sleep(0.05)
        raise MailboxError("login: no answer in time")
        yield


async def test_a_last_look_while_the_store_is_full_is_made_again(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.sources.mailboxes.BACKOFF_SECONDS", (0.02,))
    monkeypatch.setattr("monitor.probing.pipeline.ATTEMPT_SLACK", timedelta(milliseconds=50))
    path = watched(ScriptedRoute(), Refusing())
    async with pipeline_app.service(path) as (pipeline, heard, store):
        await pipeline.launch(path, KIND)
        await heard.evidence(FailedLook)
        pipeline_app.clock.pass_(minutes=61)
        await pipeline.launch(path, Kind.PASSWORD_RESET)  # so that there is news to be stored
        learn, refused = store.probes.learn, 0

        async def full(probe_id: str, news: Sequence[Evidence], *rest: object, **more: object) -> None:
            nonlocal refused
            if any(isinstance(seen, FailedLook) for seen in news):
                refused += 1
                raise StoreError("store: the disk is full")
            await learn(probe_id, news, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(store.probes, "learn", full)
        await _ticking(pipeline, pipeline_app, lambda: refused >= 5)
        monkeypatch.setattr(store.probes, "learn", learn)
        await _ticking(pipeline, pipeline_app, lambda: bool(heard.verdicts))
        assert await heard.verdict() == "unknown - unproven"
        assert heard.verdicts[0].verdict.because == "we could not look: login: no answer in time"
        assert not pipeline.busy(Check("acme", "hq", KIND))


async def test_an_arrival_while_the_store_is_full_is_learned_later_and_not_booked_on_the_mailbox(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.sources.mailboxes.BACKOFF_SECONDS", (0.02,))
    path = watched(ScriptedRoute(mailbox=pipeline_app.maildir), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, store):
        learn, refused = store.probes.learn, 0

        async def full(probe_id: str, news: Sequence[Evidence], *rest: object, **more: object) -> None:
            nonlocal refused
            if any(isinstance(seen, Arrival) for seen in news):
                refused += 1
                raise StoreError("store: the disk is full")
            await learn(probe_id, news, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(store.probes, "learn", full)
        probe = await pipeline.launch(path, KIND)
        await _until(lambda: refused >= 3)
        assert pipeline_app.maildir.files()  # what is not stored is not deleted
        monkeypatch.setattr(store.probes, "learn", learn)
        assert await heard.verdict() == "inbox - real"
        await _until(lambda: not pipeline_app.maildir.files())
        record = await store.probes.record(probe.id)
        assert record is not None
        assert not any(isinstance(seen, FailedLook) for seen in record.evidence)
        assert pipeline.watchers[path.mailbox_key].failures == 0


async def test_a_message_that_we_stumble_over_hides_no_other(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(sighting: Sighting, key: bytes, domain: str) -> Recognised | None:
        if "stumble" in sighting.headers:
            raise RuntimeError("a bug")
        return recognise(sighting, key, domain)

    monkeypatch.setattr("monitor.probing.arrivals.recognise", stumbles)
    route = ScriptedRoute()
    path = watched(route, pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, heard, _):
        await pipeline.launch(path, KIND)
        await heard.evidence(Dialogue)
        stone = pipeline_app.maildir.deliver(b"X: stumble\r\n" + route.sent[0].content)
        pipeline_app.maildir.deliver(route.sent[0].content)
        assert await heard.verdict() == "inbox - real"
        await _until(lambda: pipeline_app.maildir.files() == {stone})


async def test_a_leader_that_was_replaced_writes_no_traceback_for_each_probe(
    pipeline_app: PipelineApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = asyncio.Event()

    async def replaced(*_: object, **__: object) -> None:
        refused.set()
        raise ReplacedError("another one leads")

    path = watched(ScriptedRoute(), pipeline_app.mailbox)
    async with pipeline_app.service(path) as (pipeline, _, store):
        monkeypatch.setattr(store.probes, "learn", replaced)
        with capture_logs() as lines:
            await pipeline.launch(path, KIND)
            await asyncio.wait_for(refused.wait(), 10)
            await pipeline.idle()
    assert not [line for line in lines if line.get("exc_info")]
