"""The log of what went wrong: it says where, and shows nothing of what was there."""

import subprocess
import sys

import pytest

GOES_WRONG = """
import structlog
from monitor import logs
logs.set_up("info", "{form}")
def sign_in(password):
    raise ValueError("it went wrong")
try:
    sign_in("four words in" + " a row")
except ValueError:
    structlog.get_logger("web").exception("a request went wrong")
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_values_of_variables(form: str) -> None:
    command = (sys.executable, "-c", GOES_WRONG.format(form=form))
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stderr
    assert "it went wrong" in said
    assert "in sign_in" in said
    assert "four words in a row" not in said
