"""The lists of suppressed addresses at the sender's own mail service: whether one holds the address of a path, before a
probe meets it. Only mail over a `relay` goes through that service."""

import asyncio
from collections.abc import AsyncIterator

from monitor.doctor.observation import Observation, Premises
from monitor.doctor.side_by_side import side_by_side
from probes.display import counted, one_line
from probes.standing.fact import State
from probes.traced import SuppressionReason
from probes.traces import SentMailLog, TraceError
from probes.traces.table import sent_mail_log

SUBJECT = "suppressions"
MOST = 50  # addresses of a round: each takes up to four requests of the account's budget, which the service needs too
MAX_ENTRY_CHARS = 300
REPAIR = (
    "first repair what made mail to it bounce, at the company's gateway; then delete the entry at the sender's mail"
    " service. In the other order the next bounce brings it back"
)
RELEASE = "delete the entry at the sender's mail service"
REASONS = {
    SuppressionReason.BOUNCED: ("mail to it came back", REPAIR),
    SuppressionReason.COMPLAINED: ("mail to it was reported as spam", f"find out who reported it; then {RELEASE}"),
    SuppressionReason.UNSUBSCRIBED: ("it was unsubscribed", f"{RELEASE}; a filter that opens links may do that again"),
}
LATER = "until it can be asked, a probe finds out"


async def suppressions(premises: Premises) -> AsyncIterator[Observation]:
    """Ask about the address of each path whose mail goes through the sender's service."""
    config = premises.config
    log = sent_mail_log(config.sender.trace)
    if log is None:
        return
    addresses = sorted({path.to for path in config.paths() if config.sender.trace in path.traces})
    clear, unknown = 0, []
    async for finding in side_by_side(_asked(premises, log, address) for address in addresses[:MOST]):
        if finding.state is State.GOOD:
            clear += 1
        elif finding.state is State.UNKNOWN:
            unknown.append(finding.seen)
        else:
            yield finding
    if clear:
        left = len(addresses) - MOST
        untried = f"; {counted(left, 'address', 'addresses')} not tried" if left > 0 else ""
        seen = f"the sender's mail service suppresses none of {counted(clear, 'address', 'addresses')} of paths"
        yield Observation(SUBJECT, State.GOOD, f"{seen}{untried}")
    if unknown:
        seen = f"{counted(len(unknown), 'address', 'addresses')} could not be asked about: {unknown[0]}"
        yield Observation(SUBJECT, State.UNKNOWN, seen, LATER)


async def _asked(premises: Premises, log: SentMailLog, address: str) -> Observation:
    subject = f"suppression of {address}"
    try:
        async with asyncio.timeout(premises.timeout):
            found = await log.about(address, premises.outside.now(), premises.outside)
    except TraceError as error:
        return Observation(subject, State.UNKNOWN, str(error), LATER)
    except TimeoutError:
        return Observation(subject, State.UNKNOWN, f"no answer within {premises.timeout:.0f} s", LATER)
    if found.suppressed is None:
        return Observation(subject, State.GOOD, "on no list")
    entry = f": {one_line(found.suppressed.entry, MAX_ENTRY_CHARS)}" if found.suppressed.entry else ""
    why, advice = REASONS[found.suppressed.reason]
    return Observation(subject, State.BAD, f"the sender's mail service sends nothing there: {why}{entry}", advice)
