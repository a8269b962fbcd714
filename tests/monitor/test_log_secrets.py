"""The log of what went wrong: it says where, and shows nothing of what was there."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from time import perf_counter

import pytest
from pydantic import SecretStr

from monitor import logs
from monitor.config.secret_values import secret_values
from monitor.repeated import Repeated

GOES_WRONG = """
import structlog
from monitor import logs
logs.set_up("info", "{form}")
def sign_in(password):
    raise ValueError("it went wrong")
try:
    sign_in("four words in" + " a row")
except ValueError:
    structlog.get_logger("web").exception("request failed")
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_values_of_variables(form: str) -> None:
    command = (sys.executable, "-c", GOES_WRONG.format(form=form))
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stderr
    assert "it went wrong" in said
    assert "in sign_in" in said
    assert "four words in a row" not in said


GOES_ON = """
import io, sys
import structlog
from monitor import logs
logs.set_up("info", "json")
log = structlog.get_logger("pipeline")
log.info("one")
log.exception("two")
sys.stderr = io.StringIO()
log.info("three")
log.info("four")
lines = sys.stderr.getvalue()
sys.stderr.close()
log.info("five")
print(lines)
"""


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    with open("/dev/full", "w") as full:
        command = (sys.executable, "-c", GOES_ON)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, timeout=30, check=False)
    three, four = map(json.loads, done.stdout.split("\n")[:2])
    assert (three["event"], three["lines_lost"]) == ("three", 2)
    assert four["event"] == "four"
    assert "lines_lost" not in four


# ---- What libraries and the event loop say ---------------------------------------------------------------------------

LIBRARIES = """
import asyncio, logging
from monitor import logs
logs.set_up("info", "json")
for number in range(1000):
    logging.getLogger("aiohttp.server").error("Error handling request from %s", number, exc_info=ValueError("odd"))
async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.LoopErrors())
    for _ in range(1000):
        error = OSError(24, "Too many open files")
        loop.call_exception_handler({"message": "socket.accept() out of system resource", "exception": error})
asyncio.run(main())
"""


def test_what_others_log_again_and_again_is_a_line_of_json() -> None:
    command = (sys.executable, "-c", LIBRARIES)
    said = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stderr
    first, second = map(json.loads, said.splitlines())
    assert (first["logger"], first["level"]) == ("aiohttp.server", "error")
    assert "ValueError: odd" in first["exception"]
    assert (second["logger"], second["reason"]) == ("asyncio", "Too many open files")
    assert second["event"] == "socket.accept() out of system resource"
    assert "exception" not in second


def test_a_storm_is_told_once_and_then_by_its_number() -> None:
    waiting: list[Callable[[], None]] = []
    told: list[tuple[str, dict[str, object]]] = []
    repeated = Repeated(later=lambda _, act: waiting.append(act))

    def say(event: str, **facts: object) -> None:
        told.append((event, facts))

    for _ in range(500):
        repeated.tell("x", say, "it happened", reason="x", exc_info=ValueError())
    repeated.tell("y", say, "it happened", reason="y")
    assert [facts["reason"] for _, facts in told] == ["x", "y"]
    for act in list(waiting):
        act()
    assert told[2:] == [("it happened", {"reason": "x", "more": 499, "seconds": 60})]
    waiting[-1]()
    repeated.tell("x", say, "it happened", reason="x")
    assert len(told) == 4, "after a minute of peace it is told at once again"


# ---- Secrets --------------------------------------------------------------------------------------------------------


@pytest.fixture
def configured() -> Iterator[None]:
    logs.hide(secret_values({"a": SecretStr('hunter"2\\'), "b": [SecretStr("https://x.example/T0KENT0KENT0KEN?a=1")]}))
    yield
    logs.hide(())


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("token mailpath_AbCdEfGhIjKlMnOpQrSt", "token mailpath_[secret]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [secret]"),
        ("sent Bearer abcdefghijklmnop1234", "sent Bearer [secret]"),
        ("GET /invitation?key=abc&x=1 HTTP/1.1", "GET /invitation?key=[secret]&x=1 HTTP/1.1"),
        ("GET /status/AbCdEfGhIjKlMnOpQr-_x/feed", "GET /status/[secret]/feed"),
        ("GET /api/v1/status/short", "GET /api/v1/status/short"),
        ("Cookie: mailpath=abc; other=1", "Cookie: [secret]"),
        ("a cookie __Host-mailpath=abc", "a cookie __Host-mailpath=[secret]"),
        ("pagerduty://user:pass@host", "pagerduty://user:[secret]@host"),
        ('the password hunter"2\\ is wrong', "the password [secret] is wrong"),
        (json.dumps({"event": 'hunter"2\\'}), '{"event": "[secret]"}'),
        ("POST /T0KENT0KENT0KEN failed", "POST /[secret] failed"),
        ("https://T0KEN@host/x", "https://[secret]@host/x"),
        ("AUTH PLAIN AGFubgBzZWNyZXQ=", "AUTH PLAIN [secret]"),
        ("250-AUTH PLAIN LOGIN XOAUTH2", "250-AUTH PLAIN LOGIN XOAUTH2"),
        ("AUTH PLAIN mechanism is off", "AUTH PLAIN mechanism is off"),
        ('Cookie: a=1; b="2"; c=3', "Cookie: [secret]"),
        (str({"Cookie": "a=1; b=2", "x": 1}), "{'Cookie': '[secret]', 'x': 1}"),
        (json.dumps({"Cookie": "a=1; b=2", "x": 1}), '{"Cookie": "[secret]", "x": 1}'),
        (repr('hunter"2\\'), "'[secret]'"),
        (repr(b'hunter"2\\'), "b'[secret]'"),
        (json.dumps({"event": repr('hunter"2\\')}), """{"event": "'[secret]'"}"""),
        ("GET /x?p=hunter%222%5C HTTP/1.1", "GET /x?p=[secret] HTTP/1.1"),
        ("535 5.7.139 Basic authentication is disabled", "535 5.7.139 Basic authentication is disabled"),
        ("550 see https://postmaster.example/?id=7", "550 see https://postmaster.example/?id=7"),
        ("a key is missing: companies.acme", "a key is missing: companies.acme"),
        ("mailpath explain 3f9a", "mailpath explain 3f9a"),
    ],
)
def test_secrets_are_taken_out_and_nothing_else(said: str, written: str) -> None:
    assert logs.without_secrets(said) == written


@pytest.mark.parametrize("text", ["a-", "a://", "a://b:", "://", "cookie=", 'cookie="', "auth plain "])
def test_no_text_takes_long(text: str) -> None:
    began = perf_counter()
    logs.without_secrets(text * 30_000)
    assert perf_counter() - began < 3


def test_the_path_and_query_of_a_url_are_secret_too() -> None:
    logs.hide(["https://hooks.example/abc/def?k=x", "http://[no-host", "half a \ud800 character"])
    try:
        assert logs.without_secrets("POST /abc/def?k=x failed") == "POST [secret] failed"
    finally:
        logs.hide(())


@pytest.mark.parametrize("header", [{"Cookie": "a=1; b=2"}, {"Cookie": 'a="1"; b=2'}, {"cookie": "mailpath=x", "y": 1}])
def test_cookies_in_a_dict_leave_json_and_no_cookie(header: dict[str, object]) -> None:
    said = logs.without_secrets(json.dumps({"event": str(header), "n": 1}))
    assert json.loads(said)["n"] == 1
    assert "b=2" not in said
    assert "mailpath=x" not in said


def test_a_line_without_its_secrets_is_still_json() -> None:
    line = json.dumps({"event": "x", "header": "Cookie: mailpath=abc", "after": "Authorization: Bearer abc", "n": 1})
    assert json.loads(logs.without_secrets(line))["n"] == 1
