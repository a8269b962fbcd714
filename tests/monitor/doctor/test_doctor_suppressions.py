"""Addresses of paths on the suppression lists of the sender's mail service, before the doctor."""

from collections.abc import AsyncIterator

import pytest

from monitor.doctor.observation import Observation
from monitor.doctor.suppressions import MOST, suppressions
from probes.standing.fact import State
from tests.clouds.fake_mailgun import KEY, FakeMailgun, failing, fake_mailgun
from tests.monitor.doctor.conftest import House

SENDER = """
[sender]
trace = {{ via = "mailgun", account = "identity" }}
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = {{ env = "MAILGUN_KEY" }}
url = "{url}"
"""
RELAYED = """
[companies.c{n}.paths.hq]
to = "probe{n}@acme.example"
route = {{ via = "relay", host = "127.0.0.9", tls = "none", user = "u", password = {{ env = "MAILGUN_KEY" }} }}
mailbox = {{ via = "maildir", path = "mail{n}" }}
"""
AT_THE_GATEWAY = """
[companies.gate.paths.hq]
to = "probe@gate.example"
route = { via = "xclient", host = "127.0.0.9" }
mailbox = { via = "maildir", path = "gate" }
"""


@pytest.fixture
async def mailgun(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeMailgun]:
    monkeypatch.setenv("MAILGUN_KEY", KEY)
    async with fake_mailgun() as running:
        yield running


async def found(house: House, text: str) -> list[Observation]:
    async with house(text) as premises:
        return [each async for each in suppressions(premises)]


async def test_the_address_of_a_relay_path_is_looked_up(house: House, mailgun: FakeMailgun) -> None:
    entry = {"code": "550", "error": "5.7.1 <b>no</b>\nmail", "created_at": "Fri, 21 Oct 2026 11:02:55 UTC"}
    mailgun.lists["bounces"] = {"probe1@acme.example": entry, "probe@gate.example": entry}
    text = SENDER.format(url=mailgun.url) + RELAYED.format(n=1) + RELAYED.format(n=2) + AT_THE_GATEWAY
    suppressed, rest = await found(house, text)
    assert (suppressed.subject, suppressed.state) == ("suppression of probe1@acme.example", State.BAD)
    assert "mail to it came back: 550 5.7.1" in suppressed.seen
    assert "since Fri, 21 Oct 2026" in suppressed.seen
    assert "\n" not in suppressed.seen
    assert "first repair what made mail to it bounce" in suppressed.advice
    assert (rest.state, rest.seen) == (State.GOOD, "the sender's mail service suppresses none of 1 address of paths")
    assert not [path for path in mailgun.paths if "gate.example" in path]


async def test_what_could_not_be_asked_is_unknown_and_said_once(house: House, mailgun: FakeMailgun) -> None:
    mailgun.moods.extend(failing(401) for _ in range(9))
    (unknown,) = await found(house, SENDER.format(url=mailgun.url) + RELAYED.format(n=1) + RELAYED.format(n=2))
    assert unknown.state is State.UNKNOWN
    assert "2 addresses could not be asked about: account identity: " in unknown.seen
    assert KEY not in unknown.seen


async def test_a_thousand_paths_do_not_spend_the_budget(house: House, mailgun: FakeMailgun) -> None:
    paths = "".join(RELAYED.format(n=n) for n in range(MOST + 3))
    (finding,) = await found(house, SENDER.format(url=mailgun.url) + paths)
    assert finding.seen.endswith(f"suppresses none of {MOST} addresses of paths; 3 addresses not tried")
    assert len(mailgun.paths) == 4 * MOST


@pytest.mark.parametrize("text", ["", RELAYED.format(n=1)])
async def test_without_a_log_of_the_sender_there_is_nothing_to_say(
    house: House, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAILGUN_KEY", KEY)
    assert await found(house, text) == []
