"""`make fuzz`, `python -m tests.fuzz [--inputs N] [--seed TEXT] [--only READER] [--json FILE]`: break, feed, and show.

Exit code 1 when a reader raised, or took more than its share. A label such as "1/bounce/77" names an input: `--show`
writes it to standard output.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.fuzz import seeds
from tests.fuzz.mutate import broken
from tests.fuzz.readers import READERS
from tests.fuzz.run import MEMORY, SECONDS, fuzz

INPUTS = 60_000
LONGEST = 3600.0  # seconds for one reader
PAPER = 120  # columns where there is no terminal


def main() -> int:
    """Run what the command line says; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS, help=f"of all readers together; {INPUTS} unless said")
    parser.add_argument("--seed", default="1", help="other seeds break the inputs in other ways")
    parser.add_argument("--only", action="append", choices=READERS, help="this reader; may be given several times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--show", metavar="LABEL", help="write one input to standard output, and do nothing else")
    parser.add_argument("--alone", choices=READERS, help=argparse.SUPPRESS)  # one reader, in this process
    given = parser.parse_args()
    if given.show:
        sys.stdout.buffer.write(_input(given.show))
        return 0
    if given.alone:
        print(json.dumps(fuzz(given.alone, given.inputs, given.seed, huge=True).facts()))
        return 0
    results = [_apart(name, given.inputs, given.seed) for name in given.only or READERS]
    _show(results, Console() if sys.stdout.isatty() else Console(width=PAPER))
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0 if all(each["good"] for each in results) else 1


def _input(label: str) -> bytes:
    reader = label.split("/")[1] if label.count("/") == 2 else ""
    return broken(READERS[reader].seeds(), label) if reader in READERS else seeds.hostile()[label]()


def _apart(name: str, inputs: int, seed: str) -> dict[str, Any]:
    """In a process of its own, so that its memory is its own."""
    count = str(max(1, round(inputs * READERS[name].share)))
    command = [sys.executable, "-m", "tests.fuzz", "--alone", name, "--inputs", count, "--seed", seed]
    ended = subprocess.run(command, stdout=subprocess.PIPE, timeout=LONGEST, check=False)
    if ended.returncode:
        return {"reader": name, "inputs": 0, "good": False, "faults": [f"ended with {ended.returncode}"]}
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def _show(results: list[dict[str, Any]], out: Console) -> None:
    title = f"Broken inputs; wanted: at most {SECONDS:g} s of CPU time each, and {MEMORY >> 20} MB"
    table = Table(title=title, title_justify="left", pad_edge=False)
    for column in ("reader", "inputs", "CPU s", "worst s", "MB more", "faults", "worst input"):
        table.add_column(column, justify="left" if column in ("reader", "worst input") else "right")
    for each in results:
        figures = (f"{each.get('seconds', 0):.1f}", f"{each.get('worst', 0):.3f}", f"{each.get('memory', 0) / 1e6:.0f}")
        label = each.get("worst_input", "")
        table.add_row(each["reader"], f"{each['inputs']:,}", *figures, str(len(each["faults"])), label)
    table.add_row("all", f"{sum(each['inputs'] for each in results):,}")
    out.print(table)
    for each in results:
        for fault in each["faults"]:
            out.print(f"{each['reader']}: {fault}", markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
