"""The lab leaves nothing behind, however it ends."""

import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.lab import lab as house
from tests.lab import network
from tests.lab.network import US
from tests.lab.processes import title

pytestmark = pytest.mark.usefixtures("able")

CRASHING = """
import signal
from tests.lab.lab import lab
with lab():
    print("up", flush=True)
    signal.pause()
"""


def leftovers(run_folders: Iterable[Path]) -> list[str]:
    """What there is of a lab on this machine: names, mounts, firewall rules, files."""
    rules = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if network.PREFIX in line]
    files = [house.FOLDER, *network.PER_NAMESPACE.glob(network.PREFIX + "*")]
    found = [str(each) for each in (*files, *run_folders) if each.exists()]
    return [*network.namespaces(), *mounts, *found, *(line for line in rules.splitlines() if "inet lab" in line)]


def living(pids: set[int]) -> set[int]:
    """Those that still run."""
    return {pid for pid in pids if title(pid)}


def servers() -> set[int]:
    """Every process in a namespace of the lab."""
    return {
        pid for name in network.namespaces() for pid in network.Namespace(name.removeprefix(network.PREFIX), "").pids()
    }


def test_after_the_lab_nothing_is_left() -> None:
    with house.lab() as lab:
        with US.entered():
            ours = subprocess.Popen(["sleep", "60"])  # a test's own child that it forgot
        pids, run_folders = servers(), house.run_folders()
        assert ours.pid in pids
        assert {site.postfix.pid for site in lab.sites.values()} < pids
        assert leftovers(run_folders)
        assert len(run_folders) == len(lab.sites)
    assert living(pids) == set()
    assert leftovers(run_folders) == []


def test_a_lab_whose_maker_was_killed_is_removed_by_the_next() -> None:
    with subprocess.Popen([sys.executable, "-c", CRASHING], stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout
        assert maker.stdout.readline() == "up\n"
        maker.send_signal(signal.SIGKILL)
    orphans, run_folders = servers(), house.run_folders()
    assert len(orphans) > 12
    with house.lab():
        assert living(orphans) == set()
    assert leftovers(run_folders) == []
