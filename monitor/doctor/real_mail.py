"""Real mail beside the probes: whether what the probes say holds for people's mail."""

import asyncio
from collections.abc import AsyncIterator

from monitor.config.real_plan import counted_companies
from monitor.doctor.observation import Observation, Premises
from monitor.output.real_comparison import RealComparison, compared, window_of
from monitor.store import StoreError, file_of
from monitor.store.checkup import real_mail_in
from probes.display import counted
from probes.standing.fact import State


async def real_mail(premises: Premises) -> AsyncIterator[Observation]:
    """Compare the last day's real mail with the probes of each company."""
    url, companies = premises.config.store.url, counted_companies(premises.config)
    file, since = file_of(url), window_of(premises.outside.now())
    if not companies or (file is not None and not file.exists()):
        why = "there is no store yet" if companies else "not counted: [real] is not set"
        yield Observation("real mail", State.NONE, why)
        return
    try:
        found = await asyncio.to_thread(real_mail_in, url, sorted(companies), since)
    except StoreError as error:
        yield Observation("real mail", State.UNKNOWN, str(error))
        return
    if found is None:
        yield Observation("real mail", State.UNKNOWN, "the store is of an older release")
        return
    results = {company: compared(real, probes, since) for company, (real, probes) in found.items() if real}
    for company, result in results.items():
        if result.mismatch:
            yield _differs(premises, company, result)
    if not any(result.mismatch for result in results.values()):
        seen = f"nothing speaks against the probes at {counted(len(results), 'company', 'companies')}"
        none = "no real mail was counted in the last 24 h"
        yield Observation("real mail", State.GOOD if results else State.NONE, seen if results else none)


def _differs(premises: Premises, company: str, result: RealComparison) -> Observation:
    assert result.mismatch
    page = f"{premises.config.web.base_url}/companies/{company}#real-mail"
    return Observation(company, State.WEAK, result.mismatch.said, f"{result.mismatch.means} {page}")
