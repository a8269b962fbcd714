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


HOURLY = """
[web.manual]
per_person_per_hour = 2
per_path_per_hour = 1
"""


def test_a_probe_by_hand_has_the_hourly_limits_of_the_page(tmp_path: Path) -> None:
    """Each command is a process of its own: what others sent is in the audit log of the store."""
    with folder(tmp_path, {"birch": "inbox", "cedar": "inbox", "oak": "inbox"}, more=HOURLY, apart=True) as at:
        at.sandbox()
        assert at.run("probe", "birch").returncode == 0
        again = at.run("probe", "birch")
        assert (again.returncode, again.stdout) == (2, "")
        assert again.stderr.startswith(
            "birch/hq: by hand at most 1 probes are sent there in an hour; try again in 59 min"
        )
        assert again.stderr.endswith("or raise the limits of [web.manual]\n")
        assert at.run("probe", "cedar").returncode == 0
        another = at.run("probe", "oak")
        assert another.returncode == 2
        assert another.stderr.startswith("by hand one person sends at most 2 probes in an hour; try again in ")
        assert len(at.probes()) == 2
