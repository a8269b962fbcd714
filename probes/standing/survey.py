"""Asks the questions, each a file of this package and a row of READERS. Start here.

A resolver that denies the public DNS (a closed network, a proxy in front of it) would make everything "missing", and a
dead one would make everybody wait for every question: it is looked at first, once for all questions, and if it is of no
use, nothing is known. What is bad by our resolver is asked again of the domain's own name servers: a fact is bad only
if both say so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from probes.resolver import Unresolved
from probes.standing.alignment import read_alignment
from probes.standing.asking import Asker, Reader, Subject
from probes.standing.bimi import read_bimi
from probes.standing.blocklists import ask_lists, fact_of
from probes.standing.dane import read_dane
from probes.standing.dkim_keys import read_dkim_keys
from probes.standing.dmarc import read_dmarc
from probes.standing.dmarc_reports import read_dmarc_reports
from probes.standing.dnssec import read_dnssec
from probes.standing.fact import Assessment, Fact, Question, State, Why
from probes.standing.helo import read_helo
from probes.standing.helo_spf import read_helo_spf
from probes.standing.mail_hosts import read_bounces
from probes.standing.mta_sts import read_mta_sts
from probes.standing.reverse import read_ptr
from probes.standing.spf import read_spf
from probes.standing.tls_rpt import read_tls_rpt


async def _read_blocklists(subject: Subject, asker: Asker) -> Sequence[Fact]:
    domains = (subject.domain, subject.bounce_domain, subject.helo)
    answers = await ask_lists(asker.resolver, (subject.source_ip,), domains, asker.now(), access=asker.lists)
    return [fact_of(answer) for answer in answers]


READERS: dict[Question, Reader] = {
    Question.SPF: read_spf,
    Question.DKIM: read_dkim_keys,
    Question.DMARC: read_dmarc,
    Question.ALIGNMENT: read_alignment,
    Question.DMARC_REPORTS: read_dmarc_reports,
    Question.PTR: read_ptr,
    Question.HELO: read_helo,
    Question.HELO_SPF: read_helo_spf,
    Question.BOUNCES: read_bounces,
    Question.MTA_STS: read_mta_sts,
    Question.TLS_RPT: read_tls_rpt,
    Question.DANE: read_dane,
    Question.DNSSEC: read_dnssec,
    Question.BIMI: read_bimi,
    Question.BLOCKLIST: _read_blocklists,
}


TESTED_OTHERWISE = frozenset({Question.BLOCKLIST, Question.DANE})
"""A blocklist is tested against itself; an answer that is signed, as those of DANE that can accuse are, needs no second
opinion."""
NEEDS_AGREEMENT = frozenset({Why.DMARC_MISSING})  # absences that are not bad, and yet said of the sender


async def survey(questions: Sequence[Question], subject: Subject, asker: Asker) -> list[Fact]:
    """Answer the questions, all at once; the facts are in their order."""
    if unusable := await resolver_trouble(subject.domain, asker):
        return [asker.fact(question, subject.domain, unusable) for question in questions]
    answers = await asyncio.gather(*(answer(question, subject, asker) for question in questions))
    return [fact for facts in answers for fact in facts]


async def resolver_trouble(domain: str, asker: Asker) -> Assessment | None:
    """Look whether our resolver gives usable answers; None if it does, else what is known of any question, which is
    nothing. It is blind if it denies the top-level domain. It is silent if it answers none of three questions, which
    concern different zones, so that no zone's own trouble is taken for it."""
    top = domain.rpartition(".")[2]
    shared = asker.renewed(authoritative=False)
    found, *others = await asyncio.gather(
        *(shared.lookup(*each) for each in ((top, "NS"), (".", "NS"), (domain, "SOA")))
    )
    if isinstance(found, Unresolved):
        silent = all(isinstance(each, Unresolved) for each in others)
        return Assessment(State.UNKNOWN, Why.RESOLVER_SILENT, named=(found.text,)) if silent else None
    if found.records:
        return None
    text = f'the name server says that there is no top-level domain "{top}", so it does not know the public DNS'
    return Assessment(State.UNKNOWN, Why.RESOLVER_BLIND, named=(text,))


async def answer(question: Question, subject: Subject, asker: Asker) -> Sequence[Fact]:
    """Answer one question, of a resolver that was looked at."""
    read = READERS[question]
    facts = await read(subject, asker.renewed(authoritative=False))
    if not any(map(_accuses, facts)):
        return facts
    again = {fact.subject: fact for fact in await read(subject, asker.renewed(authoritative=True))}
    return [_agreed(fact, again.get(fact.subject)) for fact in facts]


def _accuses(fact: Fact) -> bool:
    """Test if the zone's own name servers have to agree."""
    return fact.question not in TESTED_OTHERWISE and (fact.state is State.BAD or fact.why in NEEDS_AGREEMENT)


def _agreed(fact: Fact, authority: Fact | None) -> Fact:
    """Return the fact if it accuses nobody, or if the domain's own name servers agree; else it is not known."""
    if not _accuses(fact):
        return fact
    if authority is None or authority.state is State.UNKNOWN:
        said = authority.named[:1] if authority else ()
        return replace(fact, state=State.UNKNOWN, why=Why.SERVERS_SILENT, named=said or ("no answer",))
    if not _accuses(authority):
        return replace(fact, state=State.UNKNOWN, why=Why.SERVERS_DISAGREE, named=())
    return replace(fact, servers=tuple(dict.fromkeys((*fact.servers, *authority.servers))))
