"""`check-config --online`: what the companies' own domains publish that stops mail, whether their MX belongs to the
configured mail systems, and whether each account and trace answers, as warnings."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from monitor.config import Config
from monitor.config.mail_domains import mail_domains
from monitor.config.simulated import simulates_dns
from monitor.doctor.accounts import accounts
from monitor.doctor.observation import Premises
from monitor.probing.outside import outside_beside_service, outside_of
from probes.display import one_line
from probes.mailsystems.signs import chain_sentence, check_chain, signs_of_mx
from probes.resolver import Unresolved
from probes.standing.asking import Asker
from probes.standing.fact import Fact, Question, State, Why
from probes.standing.reach import reach
from probes.standing.survey import resolver_trouble
from probes.standing.words import COMPANY_QUESTIONS, sentence

AT_ONCE = 8  # domains
MX_SECONDS = 20.0
ACCOUNT_SECONDS = 20.0
SAID = (State.BAD, State.WEAK, State.UNKNOWN)
"""A warning each. What is unknown may be our own fault, and then nothing is known of the others either."""


def simulation(config: Config) -> tuple[str, ...]:
    """Return a warning if DNS is simulated: what it says is not what the companies' domains publish."""
    if not simulates_dns(config):
        return ()
    return (
        "DNS is simulated, because every company is: nothing was asked of the real DNS, and nothing is known of real "
        "domains. With the first real company, or [dns] nameservers, DNS is asked.",
    )


async def account_warnings(file: Path, config: Config) -> list[str]:
    """Return a warning for each account that gives no token and each trace that cannot be asked: one question each, as
    the doctor's. A refresh token that is replaced by it is kept for the service."""
    if not config.accounts:
        return []
    async with outside_beside_service(config) as outside:
        premises = Premises(config, file, (), outside, ACCOUNT_SECONDS)
        return [f"{each.subject}: {each.seen}" async for each in accounts(premises) if each.state is State.BAD]


async def online_warnings(config: Config) -> list[str]:
    """Return a warning for each fact that may stop mail to a company, in the order of the companies."""
    wanted = mail_domains(config)
    room = asyncio.Semaphore(AT_ONCE)
    async with outside_of(config) as outside:
        asker = Asker(outside.resolver, outside.http, outside.now, config.standing.validating)

        for _, domain in wanted[:1]:
            if unusable := await resolver_trouble(domain, asker):
                said = sentence(asker.fact(Question.BOUNCES, domain, unusable))
                return [f"nothing is known of the companies' domains: {said}; see [dns] nameservers"]

        async def read(domain: str) -> Sequence[Fact]:
            async with room:
                return await reach(domain, asker)

        async def doubt(company: str, domain: str) -> list[str]:
            async with room:
                hosts = await outside.resolver.mail_hosts(domain, timeout=MX_SECONDS)
            signs = () if isinstance(hosts, Unresolved) else signs_of_mx(host.name for host in hosts)
            found = check_chain(config.companies[company].chain, signs)
            return [f"{company}: {one_line(chain_sentence(found), 300)}"] if found else []

        doubts = await asyncio.gather(*(doubt(*each) for each in wanted))
        found = await asyncio.gather(*(read(domain) for _, domain in wanted))
    return [line for lines in doubts for line in lines] + [
        f"{company}: {COMPANY_QUESTIONS[fact.question].label} of {one_line(fact.subject, 100)}: {sentence(fact)}"
        for (company, _), facts in zip(wanted, found, strict=True)
        for fact in facts
        if fact.state in SAID and fact.why is not Why.AD_NOT_TRUSTED  # a setting of ours, and said by `standing`
    ]
