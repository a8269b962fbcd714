"""Diagnoses on real Postfix by XCLIENT: six kinds of faults, none at all, and greylisting in front of one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.diagnosing.begin import loss_history
from monitor.diagnosing.diagnoser import Diagnoser
from monitor.diagnosing.preparing import DiagnosisRequest, prepare
from monitor.store import Store
from probes.diagnosis.conclude import Conclusion, DiagnosisResult, How
from probes.diagnosis.factors import Factor
from tests.lab.companies import SENDER_DOMAIN, TRUSTED, Company
from tests.lab.config import company, head, path
from tests.lab.lab import Lab
from tests.lab.lab import lab as lab_up
from tests.lab.network import SENDER_IP
from tests.lab.postgrey import PORT as GREYLIST_PORT
from tests.support.gateway_rules import sets_of

pytestmark = pytest.mark.usefixtures("inside")

SECONDS = 100.0
NO_CHECKS = {"receive_override_options": "no_header_body_checks"}


def _if(key: str, answer: str) -> str:
    return f"inline:{{ {{{key} = {answer}}} }}"


def _at_rcpt(*checks: str) -> dict[str, str]:
    return NO_CHECKS | {"smtpd_recipient_restrictions": ", ".join(("reject_unlisted_recipient", *checks))}


SENDER_LIST = f"check_sender_access {_if(SENDER_DOMAIN, '554 5.7.1 This sender is not wanted')}"
PORTS = {
    2601: _at_rcpt(f"check_client_access {_if(SENDER_IP, '554 5.7.1 Your address is blocked')}"),
    2602: _at_rcpt(SENDER_LIST),
    2603: _at_rcpt(f"check_helo_access {_if(SENDER_DOMAIN, '554 5.7.1 Bad greeting')}"),
    2604: _at_rcpt(f"check_client_access {_if(SENDER_IP, 'by_domain')}"),
    2605: _at_rcpt(),
    2606: _at_rcpt(f"check_policy_service inet:127.0.0.1:{GREYLIST_PORT}", SENDER_LIST),
}
HEADERS = TRUSTED | {
    "header_checks": f"regexp:{{ {{/^From:.*@{SENDER_DOMAIN}/ REJECT 5.7.1 Message refused}} }}",
    "smtpd_restriction_classes": "by_domain",
    "by_domain": f"check_sender_access {_if(SENDER_DOMAIN, '554 5.7.1 Refused by local policy')}",
}
BODIES = TRUSTED | {"body_checks": "regexp:{ {/Thank you for creating/ REJECT 5.7.1 Message refused} }"}
COMPANIES = (Company("diagnosed", 61, HEADERS, ports=PORTS, greylist=1), Company("worded", 62, BODIES))

FAULTS: dict[str, tuple[str, int, How | None, set[frozenset[Factor]]]] = {
    "client": ("diagnosed", 2601, How.ALONE, {frozenset({Factor.IP})}),
    "envelope": ("diagnosed", 2602, How.ALONE, {frozenset({Factor.ENVELOPE})}),
    "helo": ("diagnosed", 2603, How.ALONE, {frozenset({Factor.HELO})}),
    "both": ("diagnosed", 2604, How.TOGETHER, {frozenset({Factor.IP, Factor.ENVELOPE})}),
    "from": ("diagnosed", 25, How.ALONE, {frozenset({Factor.FROM})}),
    "text": ("worded", 25, How.ALONE, {frozenset({Factor.CONTENT})}),
    "greylisted": ("diagnosed", 2606, How.ALONE, {frozenset({Factor.ENVELOPE})}),
    "nothing": ("diagnosed", 2605, None, set()),
}


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """These companies and no others."""
    with lab_up(COMPANIES) as built:
        yield built


def config_of(lab: Lab, folder: Path) -> Config:
    """A path for each fault, to one mailbox of each company."""
    text = head("1h") + '\n[diagnosis]\nspacing = "10ms"\n'
    for name in ("diagnosed", "worded"):
        site = lab[name]
        paths = {
            key: path(lab, site, route=f'{{ via = "xclient", host = "{site.namespace.address}", port = {port} }}')
            for key, (whose, port, _, _) in FAULTS.items()
            if whose == name
        }
        text += company(site, "", paths)
    file = folder / "config.toml"
    file.write_text(text)
    return read_config(file)


async def test_real_servers_are_read_right(lab: Lab, tmp_path: Path) -> None:
    config = config_of(lab, tmp_path)
    async with (
        Store.open(config.store.url) as store,
        pipeline_of(config, store, lambda event: diagnoser.on_event(event), owns_orphans=False) as pipeline,
    ):
        diagnoser = Diagnoser(store, lambda: pipeline, lambda: config, utc_now, "test")

        async def conclude(key: str) -> Conclusion:
            path = next(each for each in config.paths() if each.path == key)
            past = await loss_history(store, path, config)
            diagnosis = prepare(config, DiagnosisRequest(path, path.kinds[0]), past, "ann", utc_now())
            assert await store.diagnoses.begin(diagnosis, "test")
            return await diagnoser.run(diagnosis)

        works = {key: asyncio.create_task(conclude(key)) for key in FAULTS}
        async with asyncio.timeout(SECONDS):
            while not all(work.done() for work in works.values()):
                pipeline.tick(utc_now())
                await asyncio.wait(works.values(), timeout=0.1)
        found = {key: work.result() for key, work in works.items()}
        refusals = [
            record.verdict.answer
            for path in config.paths()
            if path.path == "greylisted"
            for each in await store.diagnoses.of_path(path.company, path.path)
            for record in await store.diagnoses.arms(each.diagnosis)
            if record.verdict and record.verdict.answer
        ]
    for key, (_, _, how, sets) in FAULTS.items():
        print(key, found[key].probes, found[key].result, found[key].how)
        assert (found[key].how, sets_of(found[key])) == (how, sets), found[key]
    assert found["nothing"].result is DiagnosisResult.NOT_REPRODUCED
    assert refusals
    assert all(answer.code == 554 for answer in refusals), "a deferral is no answer"
