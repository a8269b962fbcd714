"""`python -m tests.alerts_run [--keep FOLDER]`: a quarter of an hour of everything, and who heard of what.

The twelve companies of config.toml, whose mail systems are processes of their own; the real service; a real Prometheus
with all rules; one Alertmanager that gets both what Mailpath posts and the alerts of the rules, and one that gets the
rules alone. Meanwhile one company fails and recovers, the service is killed and restarted, and one receiver is dead for
ten minutes. Prints a table of who should have heard of what, and exits with 1 if anybody heard anything else.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.alerts_run.expected import Row, compared
from tests.alerts_run.recorder import Recorder, recording
from tests.alerts_run.setup import Processes, running

MINUTES = 16.0
DOWN_SECONDS = 20.0
Step = tuple[float, str, Callable[[], object]]


def timeline(processes: Processes, people: Recorder) -> list[Step]:
    """Minutes from the beginning, what happens, and how."""

    def killed() -> None:
        processes.service.kill9()
        time.sleep(DOWN_SECONDS)
        processes.service.start()

    return [
        (1.0, "a receiver dies", lambda: people.dead.add("/dead")),
        (4.0, "one more company blocks the sender", lambda: processes.flip("blocks_ip")),
        (6.25, "kill -9 of the service, which is down for 20 s", killed),
        (8.0, "that company takes mail again", lambda: processes.flip("inbox")),
        (11.0, "the receiver is back", people.dead.clear),
        (12.5, "the service is restarted", processes.service.restart),
        (MINUTES, "the end", lambda: None),
    ]


def run(folder: Path, group_interval: str, end_delay: str) -> list[Row]:
    """All of it. Returns what is expected beside what was heard."""
    with recording() as people, running(folder, people.url, group_interval, end_delay) as processes:
        people.began = time.monotonic()
        for minutes, what, act in timeline(processes, people):
            while time.monotonic() < people.began + 60 * minutes:
                time.sleep(0.2)
            print(f"{minutes:5.2f} min: {what}", file=sys.stderr, flush=True)
            act()
        (folder / "heard.txt").write_text(
            "\n".join(f"{each.seconds:6.1f} {each.path} {each.said}" for each in people.messages)
        )
        return compared(people)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.alerts_run", description=__doc__)
    parser.add_argument("--keep", type=Path, help="an empty folder to work in, which is kept")
    parser.add_argument("--group-interval", default="10s", help="Alertmanager's; the shipped one is 5m")
    parser.add_argument("--end-delay", default="", help="of the channel to Alertmanager; the default is Mailpath's")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="mailpath-alerts-", ignore_cleanup_errors=True) as name:
        rows = run(given.keep or Path(name), given.group_interval, given.end_delay)
    table = Table("who", "of what", "expected", "heard", "")
    for row in rows:
        table.add_row(row.who, row.about, row.expected, row.heard, "" if row.right else "WRONG")
    Console(width=150).print(table)
    wrong = sum(not row.right for row in rows)
    print(f"{len(rows)} rows, {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    _main()
