"""Diagnoses through the pipeline: within its caps, one at a time, and whole after a crash."""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import WatchedPath
from monitor.diagnosing.preparing import DiagnosisRequest, NotAllowedError, prepare, still_fits
from monitor.probing.caps import Caps
from monitor.store import Store
from probes.answer import Stage
from probes.diagnosis.conclude import Conclusion, DiagnosisResult, How, NoFactor
from probes.diagnosis.factors import Factor
from probes.diagnosis.within import Within
from probes.kinds import Kind
from probes.message import Message
from tests.support.diagnosing_app import (
    CONFIG,
    PropertyGateway,
    config_for_every_factor,
    diagnoser_at,
    diagnosis_of,
    path_to,
)
from tests.support.gateway_rules import sets_of
from tests.support.pipeline_app import PipelineApp

SENDER_IP = CONFIG.sender.source_ip
SECONDS = 30.0


@pytest.fixture
def app(tmp_path: Path) -> PipelineApp:
    return PipelineApp(tmp_path)


def gateway(path: WatchedPath) -> PropertyGateway:
    assert isinstance(path.route, PropertyGateway)
    return path.route


def from_its_address(message: Message) -> bool:
    return message.identity.source_ip == SENDER_IP


def both(message: Message) -> bool:
    return from_its_address(message) and message.mail_from.endswith("@account.trimble.com")


async def run(app: PipelineApp, stops, config=CONFIG, stage=None, **facts) -> tuple[Conclusion, PropertyGateway]:
    path = path_to(app, stops, **facts)
    gateway(path).stage = stage
    async with diagnoser_at(app, path, config) as (diagnoser, _, store), asyncio.timeout(SECONDS):
        diagnosis = diagnosis_of(app, path, config)
        assert await store.diagnoses.begin(diagnosis, "test")
        return await diagnoser.run(diagnosis), gateway(path)


@pytest.mark.parametrize(
    ("stops", "how", "sets"),
    [
        (from_its_address, How.ALONE, {frozenset({Factor.IP})}),
        (both, How.TOGETHER, {frozenset({Factor.IP, Factor.ENVELOPE})}),
    ],
)
async def test_the_property_that_is_stopped_is_found(app: PipelineApp, stops, how, sets) -> None:
    conclusion, route = await run(app, stops)
    assert (conclusion.result, conclusion.how, sets_of(conclusion)) == (DiagnosisResult.TOLD, how, sets)
    assert conclusion.probes == len(route.sent)


def bodies(message: Message) -> bytes:
    return message.content.partition(b"\r\n\r\n")[2]


GATEWAYS: dict[Factor, Callable[[Message], bool]] = {
    Factor.IP: from_its_address,
    Factor.HELO: lambda message: message.identity.helo == "account.trimble.com",
    Factor.ENVELOPE: lambda message: message.mail_from.endswith("@account.trimble.com"),
    Factor.FROM: lambda message: b"From: Trimble Identity <no-reply@account.trimble.com>" in message.content,
    Factor.AUTHENTICATION: lambda message: message.content.startswith(b"DKIM-Signature:"),
    Factor.CONTENT: lambda message: b"Trimble" in bodies(message),
    Factor.LINKS: lambda message: b"https://account.trimble.com/" in bodies(message),
    Factor.SIZE: lambda message: len(message.content) > 20_000,
}
"""What a gateway sees of each factor in the mail itself. Of the kind it sees the text."""


@pytest.mark.parametrize("factor", GATEWAYS)
async def test_every_factor_is_varied_in_the_mail_itself(app: PipelineApp, factor: Factor) -> None:
    kinds = (Kind.VERIFICATION, Kind.PASSWORD_RESET)
    conclusion, route = await run(app, GATEWAYS[factor], config_for_every_factor(), Stage.END_OF_DATA, kinds=kinds)
    assert (conclusion.how, sets_of(conclusion)) == (How.ALONE, {frozenset({factor})})
    assert conclusion.untested == ()
    sent = [GATEWAYS[factor](message) for message in route.sent]
    assert True in sent
    assert False in sent


async def test_the_text_of_one_kind_is_its_text_and_its_kind(app: PipelineApp) -> None:
    kinds = (Kind.VERIFICATION, Kind.PASSWORD_RESET)
    stops = GATEWAYS[Factor.CONTENT]

    def stops_verification(message: Message) -> bool:
        return stops(message) and b"Subject: Verify" in message.content

    found, _ = await run(app, stops_verification, stage=Stage.END_OF_DATA, kinds=kinds)
    assert (found.how, sets_of(found)) == (How.TOGETHER, {frozenset({Factor.CONTENT, Factor.KIND})})


async def test_arms_are_mixtures_of_both_mails(app: PipelineApp) -> None:
    _, route = await run(app, both)
    mixed = next(m for m in route.sent if m.identity.source_ip == SENDER_IP and m.mail_from.endswith("control.example"))
    assert b"From: Delivery Check <check@control.example>" in mixed.content
    assert b"https://control.example/" in mixed.content
    assert b"account.trimble.com" not in mixed.content


@pytest.mark.parametrize("cut", [1, 3, 6, 9])
async def test_a_diagnosis_that_was_killed_goes_on_where_it_was(app: PipelineApp, cut: int) -> None:
    path = path_to(app, both, timeout=timedelta(seconds=1), retry=(timedelta(seconds=0.01),))
    diagnosis = diagnosis_of(app, path)
    async with diagnoser_at(app, path) as (diagnoser, _, store):
        assert await store.diagnoses.begin(diagnosis, "test")
        work = asyncio.create_task(diagnoser.run(diagnosis))
        async with asyncio.timeout(SECONDS):
            while len(gateway(path).sent) < cut:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    app.clock.pass_(seconds=30)  # an attempt that was cut short is waited for no longer
    async with diagnoser_at(app, path) as (diagnoser, _, store), asyncio.timeout(SECONDS):
        left = [record.diagnosis for record in await store.diagnoses.running()]
        assert left == [diagnosis]
        conclusion = await diagnoser.run(left[0])
        arms = await store.diagnoses.arms(diagnosis)
        assert await store.diagnoses.running() == []
        assert (await store.diagnoses.of_path("acme", "hq"))[0].conclusion == conclusion
    assert sets_of(conclusion) == {frozenset({Factor.IP, Factor.ENVELOPE})}
    assert conclusion.probes == len(arms)
    assert len(gateway(path).sent) <= len(arms) <= len(gateway(path).sent) + 1, "no arm was sent twice"


async def test_a_full_day_ends_it(app: PipelineApp) -> None:
    path = path_to(app, from_its_address, per_path_per_day=4)
    async with diagnoser_at(app, path) as (diagnoser, pipeline, store), asyncio.timeout(SECONDS):
        pipeline.caps = Caps(1000, {}, app.clock())
        diagnosis = diagnosis_of(app, path)
        await store.diagnoses.begin(diagnosis, "test")
        conclusion = await diagnoser.run(diagnosis)
    assert (conclusion.result, conclusion.why) == (DiagnosisResult.NOT_TOLD_APART, NoFactor.CAP)
    assert len(gateway(path).sent) == 4


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        (lambda path: path, True),
        (lambda path: dataclasses.replace(path, diagnosis=Within.OFF), False),
        (lambda path: dataclasses.replace(path, kinds=(Kind.INVITATION,)), False),
        (lambda path: dataclasses.replace(path, kinds=(Kind.VERIFICATION, Kind.INVITATION)), False),
    ],
)
async def test_it_ends_when_its_path_is_configured_otherwise_meanwhile(
    app: PipelineApp, changed: Callable[[WatchedPath], WatchedPath], fits: bool
) -> None:
    path = path_to(app, from_its_address)
    diagnosis = diagnosis_of(app, path)
    later = changed(path)
    assert still_fits(CONFIG, diagnosis, later) is fits
    async with diagnoser_at(app, later) as (diagnoser, _, store), asyncio.timeout(SECONDS):
        await store.diagnoses.begin(diagnosis, "test")
        conclusion = await diagnoser.run(diagnosis)
    assert (conclusion.why is NoFactor.RECONFIGURED) is not fits
    assert (len(gateway(path).sent) > 0) is fits


def test_of_some_properties_the_others_are_one_and_still_fit(app: PipelineApp) -> None:
    path = path_to(app, from_its_address)
    diagnosis = prepare(CONFIG, DiagnosisRequest(path, Kind.VERIFICATION, (Factor.IP,)), (), "test", app.clock())
    assert still_fits(CONFIG, diagnosis, path)


async def test_one_runs_on_a_path_at_a_time(app: PipelineApp) -> None:
    path = path_to(app, from_its_address)
    async with Store.open(app.url) as store:
        first, second = diagnosis_of(app, path), diagnosis_of(app, path)
        assert await store.diagnoses.begin(first, "test")
        assert not await store.diagnoses.begin(second, "test")
        assert await store.diagnoses.end(first.id, Conclusion(DiagnosisResult.VOID, NoFactor.NO_RESULT), app.clock())
        assert not await store.diagnoses.end(first.id, Conclusion(DiagnosisResult.TOLD), app.clock())
        assert await store.diagnoses.begin(second, "test")


async def test_arms_are_no_signals_and_block_no_scheduled_probe(app: PipelineApp) -> None:
    path = path_to(app, from_its_address)
    async with diagnoser_at(app, path) as (diagnoser, pipeline, store), asyncio.timeout(SECONDS):
        diagnosis = diagnosis_of(app, path)
        await store.diagnoses.begin(diagnosis, "test")
        conclusion = asyncio.create_task(diagnoser.run(diagnosis))
        while not gateway(path).sent:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not pipeline.busy(path.check(path.kinds[0]))
        await conclusion
        assert await store.probes.current() == []
        assert await store.probes.last_signal() == 0


def test_a_route_over_the_internet_needs_leave(app: PipelineApp) -> None:
    path = path_to(app, from_its_address)
    gateway(path).via = "direct"
    with pytest.raises(NotAllowedError, match=r'needs diagnosis\.within = "open", and here it is "gateway"'):
        prepare(CONFIG, DiagnosisRequest(path, path.kinds[0]), (), "ann", app.clock())
