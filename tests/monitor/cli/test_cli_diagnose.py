"""`mailpath diagnose` against simulated companies."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service_process import Folder, folder

MORE = """
[control]
address = "check@control.example"
source_ip = "198.51.100.7"
[diagnosis]
spacing = "10ms"
[companies.cedar.diagnosis]
within = "off"
"""


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """Three companies, and no service."""
    path: Path = tmp_path_factory.mktemp("diagnose")
    companies = {"birch": "blocks_ip", "cedar": "blocks_domain", "oak": "inbox"}
    with folder(path, companies, more=MORE, apart=True) as here:
        here.sandbox()
        yield here


def test_a_dry_run_shows_what_would_be_sent(at: Folder) -> None:
    done = at.run("diagnose", "birch/hq", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  1  the sender's mail" in done.stdout
    assert "Nothing was sent." in done.stdout
    assert "cannot be tested: the DKIM signature, the kind of mail and the size: the same in both mails" in done.stdout
    assert not at.probes()


def test_the_factor_is_named_in_the_last_line(at: Folder) -> None:
    done = at.run("diagnose", "birch/hq", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    first, *arms, last = map(json.loads, done.stdout.splitlines())
    assert (first["event"], first["compared_with"], first["path"]) == ("diagnosis", "control", "hq")
    assert {arm["event"] for arm in arms} == {"arm"}
    assert [arm["arm"] for arm in arms] == list(range(1, len(arms) + 1))
    assert (last["event"], last["sets"], last["cause"]) == ("conclusion", [["ip"]], "ip_blocked")
    assert last["sentence"] == "It is the IP address alone."
    assert last["probes"] == len(arms)


def test_nothing_wrong_is_not_reproduced(at: Folder) -> None:
    done = at.run("diagnose", "oak/hq")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("The sender's mail passes now")


def test_a_company_may_forbid_it_and_errors_name_the_remedy(at: Folder) -> None:
    done = at.run("diagnose", "cedar/hq")
    assert done.returncode == 3
    assert done.stderr == (
        'cedar/hq: a diagnosis by a route via "xclient" needs diagnosis.within = "gateway", and here it is "off"\n'
    )
    done = at.run("diagnose", "birch/hg")
    assert (done.returncode, done.stderr) == (2, "no path 'birch/hg'; did you mean birch/hq?\n")
    done = at.run("diagnose", "birch/hq", "--factor", "ip,form")
    assert (done.returncode, done.stderr) == (2, "--factor: no factor 'form'; did you mean from?\n")
