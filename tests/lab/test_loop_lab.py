"""Closing the loop on real Postfix: "we have changed it" too early, a remedy that works, one that is too wide, one on a
route that cannot send the forged twin; and a service that is killed between the change and the end of its test.

The company refuses the sender's domain, whoever writes it. The remedy is carried out by its own lines and commands.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.actions.remedies import RemedyWorker
from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.incidents.incident import Incident
from monitor.probing.pipeline import Pipeline
from monitor.proving.preparing import RemedyChange, offered
from monitor.proving.service import RemedyTests
from monitor.remedying.applied import OTHER_CHANGE, AppliedRemedy, RemedyState, TwinFinding, TwinUntested, joint_state
from monitor.remedying.lapse import state_at
from monitor.remedying.words import lines_of
from monitor.store import ProbeRecord, Store
from probes.evidence import Attempt
from probes.probe import ProbePurpose
from probes.verdict import Cause
from tests.lab.applied import Administrator
from tests.lab.companies import SENDER_DOMAIN, TRUSTED, Company
from tests.lab.config import company, head, path
from tests.lab.lab import FOLDER, Lab, Site
from tests.lab.lab import lab as lab_up
from tests.lab.network import CONTROL_IP, SENDER_IP, US
from tests.lab.processes import until
from tests.lab.service import COMMAND, Service
from tests.support.incident_samples import failure, incident

pytestmark = pytest.mark.usefixtures("inside")

SECONDS = 90.0
CLASS = "postfix-restriction-class"
SLOW = "m365-allow-domain"  # acts within minutes: time to kill the service
PLAIN = "reject_unlisted_recipient"
REFUSES = f"{PLAIN}, check_sender_access inline:{{ {{{SENDER_DOMAIN} = 554 5.7.1 Refused by local policy}} }}"
LOOP = Company("loop", 81, TRUSTED | {"smtpd_recipient_restrictions": REFUSES, "max_use": "1"})
KILLED = Company("killed", 82, TRUSTED | {"smtpd_recipient_restrictions": REFUSES, "max_use": "1"})


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """These companies and no others."""
    with lab_up((LOOP, KILLED)) as built:
        yield built


def administrator(site: Site) -> Administrator:
    """Whoever runs the Postfix of this company."""
    conf = FOLDER / site.company.name / "postfix" / "conf"
    return Administrator(conf.parent, {"/etc/postfix/": f"{conf}/"}, variables={"MAIL_CONFIG": str(conf)})


def reconfigure(site: Site, restrictions: str) -> None:
    """Set the checks of the company's server."""
    conf = FOLDER / site.company.name / "postfix" / "conf"
    for command in (["postconf", "-e", f"smtpd_recipient_restrictions = {restrictions}"], ["postfix", "reload"]):
        done = subprocess.run(
            command,
            env={"MAIL_CONFIG": str(conf), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr


def gateway(site: Site) -> str:
    """The route to its gateway."""
    return f'{{ via = "xclient", host = "{site.namespace.address}" }}'


def config_of(lab: Lab, name: str, folder: Path) -> Config:
    """Its path by the gateway, and one that goes to its MX."""
    site = lab[name]
    paths = {
        "hq": path(lab, site, route=gateway(site)),
        "mx": path(lab, site, route=f'{{ via = "direct", host = "{site.namespace.address}" }}'),
    }
    file = folder / "config.toml"
    file.write_text(head("1h") + '\n[diagnosis]\nspacing = "10ms"\n' + company(site, "", paths))
    return read_config(file)


@dataclass
class Loop:
    """The company, Mailpath's parts that test its remedies, and its IT."""

    worker: RemedyWorker
    tests: RemedyTests
    pipeline: Pipeline
    incident: Incident

    async def changed(self, remedy: str) -> AppliedRemedy:
        """ "We have changed it": the record with the result of its test."""
        applied = await self.worker.changed(RemedyChange(self.incident, "loop", remedy))
        async with asyncio.timeout(SECONDS):
            while applied.awaited:
                await self.tests.look()
                self.pipeline.tick(utc_now())
                await asyncio.sleep(0.1)
                applied = await self.worker.store.remedies.one(applied.id) or applied
        return applied


@asynccontextmanager
async def loop_at(lab: Lab, folder: Path, *paths: str) -> AsyncIterator[Loop]:
    """Mailpath with an incident on these paths."""
    config = config_of(lab, "loop", folder)
    failures = tuple(
        failure(company="loop", path=each, kind=config.paths()[0].kinds[0], cause=Cause.POLICY) for each in paths
    )
    found = incident(companies=("loop",), touches=("loop",), company="loop", mail_system="postfix", failures=failures)
    parts: list[RemedyTests] = []
    async with (
        Store.open(config.store.url) as store,
        pipeline_of(config, store, lambda event: parts[0].on_event(event), owns_orphans=False) as pipeline,
    ):
        await store.incidents.advance(0, [found], [], [])
        tests = RemedyTests(store, lambda: pipeline, utc_now, pause=lambda seconds: asyncio.sleep(min(seconds, 0.2)))
        tests.configure(config)
        parts.append(tests)
        worker = RemedyWorker(store, lambda: config, utc_now, "ann", "session")
        try:
            yield Loop(worker, tests, pipeline, found)
        finally:
            await tests.close()


async def test_too_early_then_proven_then_too_wide(lab: Lab, tmp_path: Path) -> None:
    site, admin = lab["loop"], administrator(lab["loop"])
    async with loop_at(lab, tmp_path, "hq") as loop:
        early = await loop.changed(CLASS)
        print([said for _, said in lines_of(early)])
        assert state_at(early, utc_now()) is RemedyState.NO_EFFECT
        assert (early.proofs[0].cause, early.proofs[0].twin) == (Cause.POLICY, TwinFinding.STOPPED)
        records = await loop.worker.store.remedies.of_company("loop")
        assert CLASS not in [each.key for each in offered(loop.incident, "loop", ("postfix",), records)]
        await loop.worker.undone(early)

        admin.carry_out(CLASS)
        proven = await loop.changed(CLASS)
        print([said for _, said in lines_of(proven)])
        assert state_at(proven, utc_now()) is RemedyState.PROVEN
        admin.undo(CLASS)
        await loop.worker.undone(proven)
        undone = await loop.changed(OTHER_CHANGE)
        assert state_at(undone, utc_now()) is RemedyState.NO_EFFECT, "the undo brings the refusal back"

        reconfigure(site, f"{PLAIN}, check_sender_access inline:{{ {{{SENDER_DOMAIN} = OK}} }}, {REFUSES}")
        wide = await loop.changed(OTHER_CHANGE)
        print([said for _, said in lines_of(wide)])
        assert state_at(wide, utc_now()) is RemedyState.TOO_WIDE
        assert "What was changed is not known" in " ".join(said for _, said in lines_of(wide))
        reconfigure(site, REFUSES)
        assert await loop.worker.store.probes.last_signal() == 0, "tests are no results"


async def test_where_the_twin_would_be_a_forgery_it_is_never_proven(lab: Lab, tmp_path: Path) -> None:
    site = lab["loop"]
    reconfigure(site, PLAIN)
    try:
        async with loop_at(lab, tmp_path, "mx") as loop:
            found = await loop.changed(CLASS)
    finally:
        reconfigure(site, REFUSES)
    (proof,) = found.proofs
    assert state_at(found, utc_now()) is RemedyState.ARRIVES, proof
    assert (proof.twin, proof.untested) == (TwinFinding.NOT_TESTED, TwinUntested.ROUTE)
    assert "Not tested whether forged mail is refused" in next(said for _, said in lines_of(found))


# ---- The service, killed ---------------------------------------------------------------------------------------------


def mailpath(folder: Path, *args: str) -> str:
    """Run a command beside the service."""
    command = [*COMMAND, *args, "--config", str(folder / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


async def in_store(folder: Path) -> tuple[AppliedRemedy, list[ProbeRecord]]:
    """The newest record in the store, and all probes that tested it."""
    async with Store.open(f"sqlite:///{folder}/mailpath.db") as store:
        applied = (await store.remedies.every())[0]
        listed = await store.probes.recent("killed", "hq")
        found = [await store.probes.record(each.probe_id) for each in listed]
        return applied, [each for each in found if each and each.probe.purpose is ProbePurpose.REMEDY]


def test_a_service_that_is_killed_loses_nothing_and_sends_nothing_twice(lab: Lab, tmp_path: Path) -> None:
    site = lab["killed"]
    text = head("3s") + '\n[diagnosis]\nspacing = "1s"\n[incidents]\nsettle = "1s"\n'
    service = Service(tmp_path, text + company(site, "", {"hq": path(lab, site, route=gateway(site))}))
    with US.entered():
        try:
            service.start()
            for _ in until(SECONDS, step=0.5):
                if "killed" in mailpath(tmp_path, "incidents", "--json", "--company", "killed"):
                    break
            assert SLOW in mailpath(tmp_path, "remedy", "changed", "killed", "--remedy", SLOW, "--by", "ann", "--json")
            service.kill9()  # between the change and its test
            first, probes = asyncio.run(in_store(tmp_path))
            assert (first.remedy, first.awaited, probes) == (SLOW, True, [])
            assert first.test_at - first.changed_at > timedelta(minutes=1)

            administrator(site).carry_out(CLASS)
            service.start()
            assert "being tested" in mailpath(tmp_path, "remedy", "test", first.id[:10], "--by", "ann")
            for _ in until(SECONDS, step=0.1):
                _, probes = asyncio.run(in_store(tmp_path))
                if len(probes) >= 2:
                    break
            service.kill9()  # in the middle of the test
            before, _ = asyncio.run(in_store(tmp_path))
            service.start()
            for _ in until(SECONDS, step=0.5):
                after, probes = asyncio.run(in_store(tmp_path))
                if after.proofs:
                    break
        finally:
            service.kill9()
    assert before.awaited
    assert (after.id, joint_state(after.proofs)) == (first.id, RemedyState.PROVEN), after.proofs
    assert (after.awaited, after.test_at) == (True, first.acts_at), "tested again once the mail system had its time"
    assert after.proofs[0].probes == len(probes)
    attempts = [sum(isinstance(seen, Attempt) for seen in each.evidence) for each in probes]
    assert attempts == [1] * len(probes), "no mail was sent twice"
    assert {each.probe.source_ip for each in probes} == {SENDER_IP, CONTROL_IP}, "the sender and its twin"
    assert "It is tested at" in mailpath(tmp_path, "remedy", "list", "killed")
