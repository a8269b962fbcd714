"""What stops mail to a company's domain, for somebody who waits."""

import time
from datetime import UTC, datetime

import pytest

from probes.answer import Fault
from probes.http import HttpReply
from probes.resolver import DnsResolver, Unresolved
from probes.standing.asking import Asker
from probes.standing.fact import Question
from probes.standing.reach import mail_hosts, stopping
from tests.support.nameserver import Records, name_server

ZONE: Records = {
    ("example", "NS"): ["ns.example."],
    ("acme.example", "NS"): ["ns.example."],
    ("ns.example", "A"): ["127.0.0.1"],
    ("acme.example", "MX"): ["10 mx.acme.example."],
    ("mx.acme.example", "A"): ["192.0.2.1"],
    ("_mta-sts.acme.example", "TXT"): ['"v=STSv1; id=1"'],
    ("mta-sts.acme.example", "A"): ["192.0.2.2"],
}
POLICY = b"version: STSv1\nmode: enforce\nmx: other.acme.example\nmax_age: 86400\n"


class Pages:
    """HTTPS with one policy."""

    async def fetch(self, *_: object, **__: object) -> HttpReply:
        return HttpReply(200, POLICY, content_type="text/plain")


async def found(records: Records, seconds: float = 2) -> list[Question]:
    async with name_server(records) as dns:
        resolver = DnsResolver([dns.where], authority_port=int(dns.where.rpartition(":")[2]))
        asker = Asker(resolver, Pages(), lambda: datetime.now(UTC))  # type: ignore[arg-type]
        return [fact.question for fact in await stopping("acme.example", asker, seconds)]


@pytest.mark.parametrize(
    ("changes", "questions"),
    [
        ({}, [Question.MTA_STS]),  # which does not allow the MX host
        ({("_mta-sts.acme.example", "TXT"): []}, []),
        ({("acme.example", "MX"): ["0 ."]}, [Question.BOUNCES]),
        ({("_mta-sts.acme.example", "TXT"): "SERVFAIL"}, []),  # not known, so nothing stops anybody
    ],
)
async def test_what_is_bad_is_told(changes: Records, questions: list[Question]) -> None:
    assert await found({**ZONE, **changes}) == questions


@pytest.mark.parametrize(
    ("changes", "domain", "fault"),
    [
        ({}, "acme.example", None),
        ({}, "gone.example", Fault.DOMAIN_UNKNOWN),
        ({}, "jane.exmaple", Fault.DOMAIN_UNKNOWN),  # a misspelled ending denies nobody's domain
        ({("example", "NS"): []}, "gone.example", Fault.LOOKUP_FAILED),  # it does not know the public DNS
        ({("example", "NS"): [], ("acme.example", "NS"): []}, "acme.example", None),  # what it knows is believed
    ],
)
async def test_a_domain_is_denied_only_by_a_resolver_that_knows_the_public_dns(
    changes: Records, domain: str, fault: Fault | None
) -> None:
    async with name_server({**ZONE, **changes}) as dns:
        asker = Asker(DnsResolver([dns.where]), Pages(), lambda: datetime.now(UTC))  # type: ignore[arg-type]
        hosts = await mail_hosts(domain, "account.example", asker, 2)
    assert (hosts.fault if isinstance(hosts, Unresolved) else None) is fault


async def test_nobody_waits_for_what_does_not_answer() -> None:
    began = time.monotonic()
    silent: Records = {**ZONE, ("_25._tcp.mx.acme.example", "TLSA"): "SILENCE"}
    assert await found(silent, seconds=1) == [Question.MTA_STS]
    assert time.monotonic() - began < 3
