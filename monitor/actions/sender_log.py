"""The log of the sender's own mail service about an address that the help desk asks about. Nothing of it is kept."""

import asyncio
from datetime import timedelta

from monitor.config import Config
from monitor.triage.facts import SenderLog
from probes.outside import Outside
from probes.traces import TraceError
from probes.traces.table import sent_mail_log

LOOKED_BACK = timedelta(hours=24)
NO_ANSWER = "it did not answer in time"


async def sender_log(config: Config, address: str, outside: Outside, seconds: float) -> SenderLog | None:
    """Return what its log says of the address, for at most so long; None where no such log is configured."""
    log = sent_mail_log(config.sender.trace)
    if log is None:
        return None
    try:
        async with asyncio.timeout(seconds):
            found = await log.about(address, outside.now() - LOOKED_BACK, outside)
    except TraceError as error:
        return SenderLog(failed=str(error))
    except TimeoutError:
        return SenderLog(failed=NO_ANSWER)
    return SenderLog(found.rows, found.suppressed)
