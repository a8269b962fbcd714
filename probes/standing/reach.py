"""A company's domain by the same questions: which hosts accept its mail, and what do they demand of TLS?

An MTA-STS policy that does not fit, or a certificate that TLSA records do not name, stops every sender that checks.
"""

import asyncio
from collections.abc import Sequence

from probes.answer import Fault
from probes.resolver import MailHosts, Unresolved
from probes.standing.asking import Asker, Subject
from probes.standing.fact import Fact, Question, State
from probes.standing.survey import answer, resolver_trouble, survey

REACH = (Question.BOUNCES, Question.MTA_STS, Question.DANE, Question.TLS_RPT)
"""Those that are about mail to a domain. Of the sender's domain they say whether bounces come back."""


async def reach(domain: str, asker: Asker, questions: Sequence[Question] = REACH) -> Sequence[Fact]:
    """Read the facts about mail to a company's domain. `questions`: some of REACH."""
    return await survey(questions, Subject(domain, domain, "", ""), asker)


async def mail_hosts(domain: str, known: str, asker: Asker, seconds: float) -> MailHosts | Unresolved:
    """Return the hosts that accept mail for a domain. That there are none is believed only of a resolver that knows the
    public DNS, where `known` is: a closed network would deny everybody's domain."""
    found = await asker.resolver.mail_hosts(domain, timeout=seconds)
    if not isinstance(found, Unresolved) or found.fault is not Fault.DOMAIN_UNKNOWN:
        return found
    trouble = await resolver_trouble(known, asker)
    return Unresolved(Fault.LOOKUP_FAILED, ", ".join(trouble.named)) if trouble else found


async def stopping(domain: str, asker: Asker, seconds: float) -> Sequence[Fact]:
    """Read what stops mail to a domain, for somebody who waits: the bad facts that are known after so many seconds."""
    subject = Subject(domain, domain, "", "")
    tasks = [asyncio.ensure_future(answer(question, subject, asker)) for question in REACH]
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [fact for task in tasks if task in done for fact in task.result() if fact.state is State.BAD]
