"""Metrics of several processes on one store: who leads, and who owns which mailboxes. Pure."""

from collections.abc import Callable, Iterator

from monitor.output.metric_family import MetricFamily, Row
from monitor.output.snapshot import Snapshot


def _known(value: Callable[[Snapshot], int | None]) -> Callable[[Snapshot], Iterator[Row]]:
    """Return the row of a metric that some processes do not have."""

    def rows(snapshot: Snapshot) -> Iterator[Row]:
        if (known := value(snapshot)) is not None:
            yield (), known

    return rows


OWNERSHIP_FAMILIES: tuple[MetricFamily[Snapshot], ...] = (
    MetricFamily(
        "mailpath_leads",
        "gauge",
        "1 in the process that applies the incident rules.",
        (),
        _known(lambda now: int(now.leads)),
    ),
    MetricFamily(
        "mailpath_buckets_owned",
        "gauge",
        "Buckets of mailboxes that this process owns, of 512; only in processes that send.",
        (),
        _known(lambda now: now.owned),
    ),
    MetricFamily(
        "mailpath_buckets_without_owner",
        "gauge",
        "Buckets of mailboxes that no process owns; only in the process that applies the incident rules.",
        (),
        _known(lambda now: now.ownerless),
    ),
    MetricFamily(
        "mailpath_turns_refused_total",
        "counter",
        "Scheduled probes not sent, because another process had claimed their turn or owned their mailbox.",
        (),
        _known(lambda now: now.refused_turns),
    ),
)
