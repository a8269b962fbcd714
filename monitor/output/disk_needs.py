"""The disk that the store will need for a configuration: arithmetic on sizes that `tests/bench/disk.py` measures."""

import shutil
from dataclasses import dataclass
from datetime import timedelta

from monitor.config import Config
from monitor.store import file_of

ROWS = 1_100.0  # bytes of a probe without its evidence: rows, indexes, signal, first attempt
EVIDENCE = 5_700.0  # bytes of the evidence of a mail with the headers of Exchange Online, packed
COUNTS = 250.0  # bytes of the counts of a check and hour
COUNTS_KEPT = 366  # days of counts by hour; those by day are few
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DiskNeeds:
    """Scheduled probes a day, and the bytes that they come to: if every mail reaches the inbox, and if none does."""

    probes_per_day: float
    least: float
    most: float


def disk_needs(config: Config) -> DiskNeeds:
    """Return what the store grows to. A path with cron counts with the most that it may send a day."""
    keep, probes, checks = config.store.keep, 0.0, 0
    for path in config.paths():
        wanted = len(path.kinds) * (DAY / path.every) if path.every else path.per_path_per_day
        probes += min(wanted, path.per_path_per_day)
        checks += len(path.kinds)
    counts = checks * 24 * COUNTS_KEPT * COUNTS
    rows, evidence = (min(days, keep) / DAY for days in (config.store.keep_verdicts, config.store.keep_all))
    return DiskNeeds(
        probes,
        counts + probes * (rows * ROWS + evidence * EVIDENCE),
        counts + probes * (keep / DAY) * (ROWS + EVIDENCE),
    )


def disk_sentence(needs: DiskNeeds) -> str:
    """Say what the store will need."""
    least, most = _size(needs.least), _size(needs.most)
    size = least if least == most else f"{least} if all mail reaches the inbox, and {most} if none does"
    return f"about {needs.probes_per_day:,.0f} probes a day; the store grows to about {size}"


def disk_warning(config: Config) -> str | None:
    """Warn if the disk of the store has less room than that."""
    file, needs = file_of(config.store.url), disk_needs(config)
    if file is None:
        return None
    try:
        free = shutil.disk_usage(file.parent).free + (file.stat().st_size if file.exists() else 0)
    except OSError:  # the store itself tells of a missing folder
        return None
    if free >= needs.most:
        return None
    how = "even if all mail reaches the inbox" if free < needs.least else "if no mail reaches the inbox"
    return (
        f"[store] url: the disk has {_size(free)} for the store, which will need about "
        f"{_size(needs.least if free < needs.least else needs.most)} {how}; use a larger disk, probe less often, or "
        "lower store.keep"
    )


def _size(size: float) -> str:
    if size < 0.995e9:
        return f"{size / 1e6:,.0f} MB"
    return f"{size / 1e9:,.1f} GB" if size < 9.95e9 else f"{size / 1e9:,.0f} GB"
