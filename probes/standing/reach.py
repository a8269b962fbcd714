"""A company's domain by the same questions: which hosts accept its mail, and what do they demand of TLS?

An MTA-STS policy that does not fit, or a certificate that TLSA records do not name, stops every sender that checks.
"""

import asyncio
from collections.abc import Sequence

from probes.standing.asking import Asker, Subject
from probes.standing.fact import Fact, Question, State
from probes.standing.survey import answer, survey

REACH = (Question.BOUNCES, Question.MTA_STS, Question.DANE, Question.TLS_RPT)
"""Those that are about mail to a domain. Of the sender's domain they say whether bounces come back."""


async def reach(domain: str, asker: Asker, questions: Sequence[Question] = REACH) -> Sequence[Fact]:
    """Read the facts about mail to a company's domain. `questions`: some of REACH."""
    return await survey(questions, Subject(domain, domain, "", ""), asker)


async def stopping(domain: str, asker: Asker, seconds: float) -> Sequence[Fact]:
    """Read what stops mail to a domain, for somebody who waits: the bad facts that are known after so many seconds."""
    subject = Subject(domain, domain, "", "")
    tasks = [asyncio.ensure_future(answer(question, subject, asker)) for question in REACH]
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [fact for task in tasks if task in done for fact in task.result() if fact.state is State.BAD]
