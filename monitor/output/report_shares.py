"""The share of the sender's mail that passes DMARC, as receivers reported it lately: for the metrics."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from monitor.store import StoreError
from monitor.store.reports import ReportStore
from probes.reading.reports import ReportKind
from probes.standing.reports import window_start


class ReportShares:
    """Reads the shares now and then. `pass_ratio`: from 0 to 1 by source; a source without messages has none."""

    def __init__(self, store: ReportStore, now: Callable[[], datetime]) -> None:
        self._store, self._now = store, now
        self.pass_ratio: dict[str, float] = {}

    async def read(self) -> None:
        """Read the shares of the days that the rule looks at. What the store does not tell stays as it was."""
        with suppress(StoreError):  # of which the service tells
            shares = await self._store.shares(ReportKind.AGGREGATE, window_start(self._now()))
            passed, messages = Counter[str](), Counter[str]()
            for each in shares:
                passed[each.source.value] += each.passed
                messages[each.source.value] += each.passed + each.failed
            self.pass_ratio = {source: passed[source] / count for source, count in messages.items() if count}
