"""Caps hold for every purpose: a probe by hand counts, and is counted, like any other."""

from pathlib import Path

from tests.support.service_process import folder

ONE_A_DAY = """
[companies.birch]
cap = { per_path_per_day = 1 }
"""


def test_a_probe_by_hand_counts_for_the_day(tmp_path: Path) -> None:
    with folder(tmp_path, {"birch": "inbox"}, more=ONE_A_DAY, apart=True) as at:
        at.sandbox()
        assert at.run("probe", "birch").returncode == 0
        done = at.run("probe", "birch")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "birch/hq: no more probes are sent there today, see probes.cap\n"
        service = at.serve()
        at.until(lambda: 'mailpath_schedule_skipped_total{reason="cap"} 1' in at.get("/metrics")[1])
        assert len(at.probes()) == 1
        assert service.end() == 0
