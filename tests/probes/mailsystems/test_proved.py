"""Every remedy of a product that can be installed is carried out on the real one by the lab, or says why not."""

import ast
from pathlib import Path

from probes.mailsystems.remedy import Certainty
from probes.mailsystems.system import RunBy
from probes.mailsystems.table import MAIL_SYSTEMS
from tests.lab.proved import IN_DEBIAN, NOT_CARRIED_OUT, NOT_IN_DEBIAN

LAB = Path(__file__).parents[2] / "lab"
WITH_REMEDIES = {key for key, row in MAIL_SYSTEMS.items() if row.run_by is RunBy.COMPANY and row.remedies}
REMEDIES = {remedy.key: remedy for row in MAIL_SYSTEMS.values() for remedy in row.remedies}
INSTALLED = {remedy.key for key in IN_DEBIAN for remedy in MAIL_SYSTEMS[key].remedies}


CARRIES_OUT = {"carry_out", "remove_entry", "parametrize"}  # the last for a test that carries out several


def carried_out() -> set[str]:
    """The keys of the remedies that an administrator carries out in the tests of the lab."""
    trees = (ast.parse(file.read_text()) for file in LAB.glob("test_*.py"))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    doing = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in CARRIES_OUT)
    words = (node.value for call in doing for node in ast.walk(call) if isinstance(node, ast.Constant))
    return {word for word in words if isinstance(word, str) and word in REMEDIES}


def test_a_product_that_companies_run_is_installed_or_says_why_not() -> None:
    assert not IN_DEBIAN.keys() & NOT_IN_DEBIAN.keys()
    assert IN_DEBIAN.keys() | NOT_IN_DEBIAN.keys() == WITH_REMEDIES


def test_what_is_in_debian_is_installed_for_the_lab() -> None:
    words = (LAB / "install.sh").read_text().replace(":", " ").replace('"', " ").split()
    assert set(IN_DEBIAN.values()) <= set(words)


def test_a_remedy_of_an_installed_product_is_carried_out_or_says_why_not() -> None:
    assert not carried_out() & NOT_CARRIED_OUT.keys()
    assert carried_out() | NOT_CARRIED_OUT.keys() == INSTALLED


def test_what_is_called_tested_is_carried_out() -> None:
    called = {
        key
        for key, remedy in REMEDIES.items()
        if any(source.certainty is Certainty.TESTED for source in remedy.sources)
    }
    assert called == carried_out()
