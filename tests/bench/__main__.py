"""`make bench`, `python -m tests.bench [--quick | --long] [--only NAME] [--json FILE]`: measure, and show one table.

Each run is kept below $XDG_STATE_HOME/mailpath-bench, and compared with the last one of the same machine.
"""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import (
    api_mailboxes,
    cloud_detection,
    cloud_mailboxes,
    detection,
    diagnosis,
    disk,
    help_desk,
    history,
    incidents,
    many_paths,
    monitoring,
    pages,
    peers,
    reading,
    remedies,
    round_trip,
    scrape,
    service_level,
    standing,
    start_up,
)
from tests.bench.figures import Finding, Remark, as_json, show
from tests.bench.loopback_service import log_to_nowhere
from tests.bench.round_trip import Step

LONGEST = 420.0  # seconds for all of it
LONG_SECONDS = 900.0  # for that with --long
PAPER = 140  # columns where there is no terminal


@dataclass(frozen=True, slots=True)
class Part:
    """One measurement, whole and quick."""

    measure: Callable[[Any, Step], Awaitable[list[Finding]]]
    full: Any
    quick: Any


PARTS: dict[str, Part] = {
    "round-trip": Part(round_trip.measure, round_trip.FULL, round_trip.QUICK),
    "detection": Part(detection.measure, detection.FULL, detection.QUICK),
    "diagnosis": Part(diagnosis.measure, diagnosis.FULL, diagnosis.QUICK),
    "start-up": Part(start_up.measure, start_up.FULL, start_up.QUICK),
    "peers": Part(peers.measure, peers.FULL, peers.QUICK),
    "reading": Part(reading.measure, reading.FULL, reading.QUICK),
    "help-desk": Part(help_desk.measure, help_desk.FULL, help_desk.QUICK),
    "api-mailboxes": Part(api_mailboxes.measure_apis, api_mailboxes.API_FULL, api_mailboxes.API_QUICK),
    "cloud-detection": Part(
        cloud_detection.measure_detection, cloud_detection.DETECTION_FULL, cloud_detection.DETECTION_QUICK
    ),
    "cloud-mailboxes": Part(cloud_mailboxes.measure, cloud_mailboxes.FULL, cloud_mailboxes.QUICK),
    "remedies": Part(remedies.measure, remedies.FULL, remedies.QUICK),
    "incidents": Part(incidents.measure, incidents.FULL, incidents.QUICK),
    "disk": Part(disk.measure, disk.FULL, disk.QUICK),
    "scrape": Part(scrape.measure, scrape.FULL, scrape.QUICK),
    "service-level": Part(service_level.measure, service_level.FULL, service_level.QUICK),
    "standing": Part(standing.measure, standing.FULL, standing.QUICK),
    "monitoring": Part(monitoring.measure, monitoring.FULL, monitoring.QUICK),
    "pages": Part(pages.measure, pages.FULL, pages.QUICK),
    "many-paths": Part(many_paths.measure, many_paths.FULL, many_paths.QUICK),
}


async def _measure(plans: dict[str, Any], longest: float) -> list[Finding]:
    task_itself = asyncio.current_task()
    assert task_itself is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task_itself.cancel)  # so that nothing is left behind
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    found: list[Finding] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=sum(plan.steps for plan in plans.values()))

        def step(what: str) -> None:
            progress.update(task, advance=1, description=what)

        try:
            async with asyncio.timeout(longest) as limit:
                for name, plan in plans.items():
                    found += await PARTS[name].measure(plan, step)
        except TimeoutError:
            if not limit.expired():
                raise
            found.append(Remark("Not measured", f"stopped after {longest:.0f} s; the rest is missing"))
    return found


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the parts and measure nothing")
    parser.add_argument("--quick", action="store_true", help="less than 40 seconds, and rougher")
    parser.add_argument("--long", action="store_true", help="alone: ten thousand paths on schedule for ten minutes")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be given several times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="compare with this run, written with --json")
    given = parser.parse_args()
    if given.list:
        print("\n".join(_parts()))
        return
    try:
        past = history.read(given.compare) if given.compare else history.last(given.quick, history.folder())
    except (OSError, ValueError) as error:
        parser.error(str(error))
    log_to_nowhere()
    began = time.perf_counter()
    try:
        found = asyncio.run(_measure(_plans(given), LONG_SECONDS if given.long else LONGEST))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    seconds = time.perf_counter() - began
    out = Console() if sys.stdout.isatty() else Console(width=PAPER)
    show(found, seconds, out, history.changes(found, past) or None)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    text = as_json(found, seconds, at)
    if not given.long:
        history.keep(text, at, given.quick, history.folder())
    if given.json:
        given.json.write_text(text)


def _plans(given: argparse.Namespace) -> dict[str, Any]:
    """Return how each wanted part is measured."""
    if given.long:
        return {"many-paths": many_paths.LONG}
    return {name: PARTS[name].quick if given.quick else PARTS[name].full for name in given.only or PARTS}


def _parts() -> list[str]:
    """Each part with what it measures: the first line of its module."""
    about = {name: sys.modules[part.measure.__module__].__doc__ or "" for name, part in PARTS.items()}
    return [f"{name:17}{text.splitlines()[0]}" for name, text in about.items()]


if __name__ == "__main__":
    _main()
