"""The configured mail systems beside the MX of the companies' domains. Steps for the wrong product help nobody."""

import asyncio
from collections.abc import AsyncIterator

from monitor.config.mail_domains import mail_domains
from monitor.config.simulated import simulates_dns
from monitor.doctor.observation import Observation, Premises
from monitor.doctor.side_by_side import side_by_side
from probes.display import counted, listed, one_line
from probes.mailsystems.signs import chain_sentence, check_chain, signs_of_mx
from probes.resolver import Unresolved
from probes.standing.fact import State

MAX_SENTENCE_CHARS = 300
MAX_NAMED = 5  # domains
SUBJECT = "mail systems"
CORRECT = "correct mail_systems of the company, or leave it if mail enters elsewhere"


async def mail_systems(premises: Premises) -> AsyncIterator[Observation]:
    """Compare each company's first mail system with the MX of its domains."""
    config = premises.config
    if simulates_dns(config):
        yield Observation(SUBJECT, State.NONE, "DNS is simulated, because every company is")
        return
    unknown, agreed = [], 0
    async for finding in side_by_side(_compared(premises, *each) for each in mail_domains(config)):
        if finding.state is State.UNKNOWN:
            unknown.append(finding.subject)
        elif finding.state is State.GOOD:
            agreed += 1
        else:
            yield finding
    if agreed:
        seen = f"the MX of {counted(agreed, 'domain')} speaks against no configured mail system"
        yield Observation(SUBJECT, State.GOOD, seen)
    if unknown:
        seen = f"the MX of {listed(sorted(unknown), MAX_NAMED)} is not known"
        yield Observation(SUBJECT, State.UNKNOWN, seen, "mailpath check-config --online says why")


async def _compared(premises: Premises, company: str, domain: str) -> Observation:
    try:
        async with asyncio.timeout(premises.timeout):
            hosts = await premises.outside.resolver.mail_hosts(domain, timeout=premises.timeout)
    except TimeoutError:
        return Observation(domain, State.UNKNOWN, "no answer in time")
    if isinstance(hosts, Unresolved):
        return Observation(domain, State.UNKNOWN, hosts.text)
    doubt = check_chain(premises.config.companies[company].chain, signs_of_mx(host.name for host in hosts))
    if doubt is None:
        return Observation(domain, State.GOOD, "")
    return Observation(
        f"{SUBJECT} of {company}", State.WEAK, one_line(chain_sentence(doubt), MAX_SENTENCE_CHARS), CORRECT
    )
