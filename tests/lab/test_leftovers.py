"""The lab leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.lab import lab as lab_module
from tests.lab import network
from tests.lab.network import US
from tests.lab.processes import title, until

pytestmark = pytest.mark.usefixtures("able")

WAITING = """
import asyncio
import os
from pathlib import Path


async def test_it_waits(inside: None) -> None:
    Path(os.environ["LAB_IS_UP"]).touch()
    await asyncio.sleep(60)
"""
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
    files = [lab_module.FOLDER, *network.PER_NAMESPACE.glob(network.PREFIX + "*")]
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
    with lab_module.lab() as lab:
        with US.entered():
            ours = subprocess.Popen(["sleep", "60"])  # a test's own child that it forgot
        pids, run_folders = servers(), lab_module.run_folders()
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
    orphans, run_folders = servers(), lab_module.run_folders()
    assert len(orphans) > 12
    with lab_module.lab():
        assert living(orphans) == set()
    assert leftovers(run_folders) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("times", [1, 3])
def test_a_test_run_that_is_ended_takes_its_lab_down(how: signal.Signals, times: int, tmp_path: Path) -> None:
    here = Path(__file__).parent
    test, up = here / f"test_waiting_{tmp_path.name}.py", tmp_path / "up"
    test.write_text(WAITING)
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
        with subprocess.Popen(
            command, cwd=here.parent.parent, env=os.environ | {"LAB_IS_UP": str(up)}, stdout=subprocess.PIPE
        ) as run:
            assert any(up.exists() for _ in until(60)), "the lab did not come up"
            pids, run_folders = servers(), lab_module.run_folders()
            for _ in range(times):  # one who waits is impatient
                run.send_signal(how)
                time.sleep(0.3)
            run.communicate(timeout=60)
    finally:
        test.unlink()
    assert run.returncode == pytest.ExitCode.INTERRUPTED
    assert len(pids) > 12
    assert living(pids) == set()
    assert leftovers(run_folders) == []
