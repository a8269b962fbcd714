"""A company's domain by the same questions: which hosts accept its mail, and what do they demand of TLS?

An MTA-STS policy that does not fit, or a certificate that TLSA records do not name, stops every sender that checks.
"""

from collections.abc import Sequence

from probes.standing.asking import Asker, Subject
from probes.standing.fact import Fact, Question
from probes.standing.survey import survey

REACH = (Question.BOUNCES, Question.MTA_STS, Question.DANE, Question.TLS_RPT)
"""Those that are about mail to a domain. Of the sender's domain they say whether bounces come back."""


async def reach(domain: str, asker: Asker, questions: Sequence[Question] = REACH) -> Sequence[Fact]:
    """Read the facts about mail to a company's domain. `questions`: some of REACH."""
    return await survey(questions, Subject(domain, domain, "", ""), asker)
