"""Remedies that companies have carried out: whether one lapses, has lapsed, or lets forged mail in."""

import asyncio
from collections.abc import AsyncIterator

from monitor.doctor.observation import Observation, Premises
from monitor.output.remedy_names import names_for
from monitor.remedying.applied import WORKS, AppliedRemedy, RemedyState
from monitor.remedying.lapse import by_last_result, state_at
from monitor.remedying.words import headline, next_step, title_of
from monitor.store import StoreError, file_of
from monitor.store.checkup import remedies_in
from probes.display import counted
from probes.mailsystems.remedy import fill
from probes.standing.fact import State

STATES = {
    RemedyState.TOO_WIDE: State.BAD,
    RemedyState.LAPSED: State.WEAK,
    RemedyState.LAPSES_SOON: State.WEAK,
}
"""The states that somebody has to act on; of the others no finding is made."""


async def remedies(premises: Premises) -> AsyncIterator[Observation]:
    """Look at the remedies in the store. Without one, or in an older one, there is nothing to find."""
    url, now = premises.config.store.url, premises.outside.now()
    file = file_of(url)
    if file is not None and not file.exists():
        yield Observation("remedies", State.NONE, "there is no store yet")
        return
    try:
        found = await asyncio.to_thread(remedies_in, url)
    except StoreError as error:
        yield Observation("remedies", State.UNKNOWN, str(error))
        return
    if found is None:
        yield Observation("remedies", State.UNKNOWN, "the store is of an older release")
        return
    found = [by_last_result(each) for each in found]
    acting = [each for each in found if state_at(each, now) in STATES]
    for applied in acting:
        yield _to_act_on(premises, applied)
    works = sum(state_at(each, now) in WORKS for each in found)
    if not acting:
        yield Observation(
            "remedies", State.GOOD if works else State.NONE, f"{counted(works, 'remedy', 'remedies')} in force"
        )


def _to_act_on(premises: Premises, applied: AppliedRemedy) -> Observation:
    names, now = names_for(premises.config, applied.system), premises.outside.now()
    seen = f"{fill(title_of(applied), names)}: {headline(applied, now)}".rstrip(".")
    page = f"{premises.config.web.base_url}/remedies?company={applied.company}"
    return Observation(applied.company, STATES[state_at(applied, now)], seen, f"{next_step(applied, (), now)} {page}")
