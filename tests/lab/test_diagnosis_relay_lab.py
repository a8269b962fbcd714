"""Diagnoses through the sender's own mail service and with the neighbour, to companies with real Postfix: what a relay
can separate is separated, and what both senders share is said to be shared. Nothing is returned here: all that is known
of a refused mail is that it does not arrive."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app import pipeline_of
from monitor.clock import utc_now
from monitor.config import Config, read_config
from monitor.diagnosing.begin import prepared
from monitor.diagnosing.diagnoser import Diagnoser
from monitor.diagnosing.preparing import DiagnosisRequest
from monitor.store import Store
from probes.diagnosis.conclude import Conclusion, How, NoFactor, cause_of
from probes.diagnosis.factors import Factor, Untested
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome
from tests.lab.companies import RELAY, SENDER_DOMAIN, Company, records_of
from tests.lab.config import company, head, path
from tests.lab.lab import Lab
from tests.lab.lab import lab as lab_up
from tests.lab.network import SENDER_IP, US
from tests.lab.relay import MAILER, Relay, relay
from tests.support.gateway_rules import sets_of

SECONDS = 400.0
PACE = 'code_life = "6s"\ngive_up = "7s"'  # what the company refuses to the service is never seen
IDENTITY = frozenset({Factor.ENVELOPE, Factor.FROM})


def _if(key: str, answer: str) -> str:
    return f"inline:{{ {{{key} = {answer}}} }}"


def _at_rcpt(check: str) -> dict[str, str]:
    return {"smtpd_recipient_restrictions": f"reject_unlisted_recipient, {check}"}


BY_CLIENT = f"check_client_access {_if(SENDER_IP, '554 5.7.1 Your address is blocked')}"
BOTH = {
    "smtpd_restriction_classes": "by_domain",
    "by_domain": f"check_sender_access {_if(SENDER_DOMAIN, '554 5.7.1 Refused by local policy')}",
}
BODY = "regexp:{{ {{/{}/ REJECT 5.7.1 Message refused}} }}"
FAULTS: dict[str, tuple[Company, How | None, set[frozenset[Factor]], NoFactor | None]] = {
    "client": (Company("client", 71, _at_rcpt(BY_CLIENT)), None, set(), NoFactor.NEIGHBOUR_STOPPED),
    "helo": (
        Company("helo", 72, _at_rcpt(f"check_helo_access {_if(RELAY, '554 5.7.1 Bad greeting')}")),
        None,
        set(),
        NoFactor.NEIGHBOUR_STOPPED,
    ),
    "envelope": (
        Company("envelope", 73, _at_rcpt(f"check_sender_access {_if(SENDER_DOMAIN, '554 5.7.1 Not wanted')}")),
        How.ALONE,
        {IDENTITY},
        None,
    ),
    "from": (
        Company(
            "from", 74, {"header_checks": f"regexp:{{ {{/^From:.*@{SENDER_DOMAIN}/ REJECT 5.7.1 Message refused}} }}"}
        ),
        How.ALONE,
        {IDENTITY},
        None,
    ),
    "both": (
        Company("both", 75, BOTH | _at_rcpt(f"check_client_access {_if(SENDER_IP, 'by_domain')}")),
        How.ALONE,
        {IDENTITY},
        None,
    ),
    "content": (
        Company("content", 76, {"body_checks": BODY.format("Thank you for creating")}),
        How.ALONE,
        {frozenset({Factor.CONTENT})},
        None,
    ),
    "links": (
        Company("links", 77, {"body_checks": BODY.format(f"https:..{SENDER_DOMAIN}")}),
        How.ALONE,
        {frozenset({Factor.LINKS})},
        None,
    ),
    "nothing": (Company("nothing", 78), None, set(), NoFactor.SENDER_PASSES),
}


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """These companies and no others."""
    companies = tuple(fault[0] for fault in FAULTS.values())
    with lab_up(companies, [record for each in companies for record in records_of(each)]) as built:
        yield built


@pytest.fixture(scope="module")
def service(lab: Lab) -> Iterator[Relay]:
    """The sender's mail service."""
    with relay() as running:
        yield running


def config_of(lab: Lab, service: Relay, folder: Path) -> Config:
    """A path by the relay to each company."""
    route = (
        f'{{ via = "relay", host = "{RELAY}", ca_file = "{service.certificate}", '
        f'user = "{MAILER}", password = {{ file = "{service.passwords[MAILER]}" }} }}'
    )
    text = head("1h") + '\n[diagnosis]\nwithin = "open"\n'
    for name, (whose, *_) in FAULTS.items():
        site = lab[whose.name]
        text += company(site, PACE, {name: path(lab, site, route=route)})
    file = folder / "config.toml"
    file.write_text(text)
    return read_config(file)


async def at_once(_seconds: float) -> None:
    """Wait a moment instead of a minute: nobody's filter learns here."""
    await asyncio.sleep(0.01)


async def conclusions(config: Config) -> tuple[dict[str, Conclusion], set[Grade], set[Role]]:
    """Diagnose all paths at once; the conclusions, the grades of what arrived, and who was compared with."""
    async with (
        Store.open(config.store.url) as store,
        pipeline_of(config, store, lambda event: diagnoser.on_event(event), owns_orphans=False) as pipeline,
    ):
        diagnoser = Diagnoser(store, lambda: pipeline, lambda: config, utc_now, "test", pause=at_once)
        others: set[Role] = set()

        async def conclude(key: str) -> Conclusion:
            path = next(each for each in config.paths() if each.path == key)
            diagnosis = await prepared(store, config, DiagnosisRequest(path, path.kinds[0]), "ann", utc_now())
            others.add(diagnosis.other)
            assert await store.diagnoses.begin(diagnosis, "test")
            return await diagnoser.run(diagnosis)

        works = {key: asyncio.create_task(conclude(key)) for key in FAULTS}
        async with asyncio.timeout(SECONDS):
            while not all(work.done() for work in works.values()):
                pipeline.tick(utc_now())
                await asyncio.wait(works.values(), timeout=0.1)
        graded = {
            record.verdict.grade
            for path in config.paths()
            for each in await store.diagnoses.of_path(path.company, path.path)
            for record in await store.diagnoses.arms(each.diagnosis)
            if record.verdict and record.verdict.outcome is Outcome.INBOX
        }
        return {key: work.result() for key, work in works.items()}, graded, others


@pytest.mark.timeout(SECONDS + 60)
def test_a_relay_separates_the_domain_from_what_the_neighbour_shares(lab: Lab, service: Relay, tmp_path: Path) -> None:
    config = config_of(lab, service, tmp_path)
    with US.entered():
        found, graded, others = asyncio.run(conclusions(config))
    for key, (_, how, sets, why) in FAULTS.items():
        print(key, found[key].probes, found[key].result, found[key].how, found[key].why)
        assert (found[key].how, sets_of(found[key]), found[key].why) == (how, sets, why), (key, found[key])
    assert others == {Role.NEIGHBOUR}
    assert graded == {Grade.REAL}, "the company saw the mail come from the source IP"
    for key in ("envelope", "from", "both"):
        assert cause_of(found[key], Cause.UNCLEAR) is Cause.DOMAIN_BLOCKED
        assert dict(found[key].untested)[Factor.IP] is Untested.SAME
    assert cause_of(found["client"], Cause.IP_BLOCKED) is None
