"""The doctor's line about real mail: whether the probes stand for it."""

from datetime import timedelta

import pytest

from monitor.clock import utc_now
from monitor.doctor import real_mail
from monitor.doctor.observation import Observation
from monitor.output.real_comparison import window_of
from monitor.store import Store
from probes.evidence import Attempt
from probes.standing.fact import State
from probes.traced import TraceFate
from probes.verdict import Verdict
from tests.monitor.doctor.conftest import House
from tests.support.pages_app import BLOCKED, INBOX, probe_of

COMPANY = """
[companies.acme]
mail_system = "m365"
[companies.acme.paths.hq]
to = "probe@acme.example"
route = { via = "direct" }
mailbox = { via = "maildir", path = "acme" }
"""
COUNTED = f"""
[real]
[sender]
trace = {{ via = "mailgun", account = "identity" }}
[accounts.identity]
provider = "mailgun"
domain = "account.trimble.com"
key = {{ env = "MAILGUN_KEY" }}
{COMPANY}"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUN_KEY", "5ecret")


async def examined(
    house: House, fate: TraceFate | None, verdict: Verdict = INBOX, config: str = COUNTED
) -> Observation:
    """The finding after three hours with ten probes each; five mails of each hour had this fate, None: there was
    none."""
    async with house(config) as premises:
        since = window_of(utc_now())
        async with Store.open(premises.config.store.url) as store:
            for hour in (since + number * timedelta(hours=1) for number in range(3)):
                for minute in range(10):
                    made = probe_of("acme", hour + timedelta(minutes=minute))
                    await store.probes.launch(made, "box", Attempt(made.created_at, 1))
                    await store.probes.learn(made.id, (), verdict, made.created_at, closed=True, delivery=None)
                if fate:
                    cause = "" if fate is TraceFate.DELIVERED else "ip_listed"
                    await store.real_mail.add({("acme", hour, fate, cause): 5}, "here")
        [found] = [each async for each in real_mail.real_mail(premises)]
    return found


@pytest.mark.parametrize(
    ("fate", "verdict", "seen", "means"),
    [
        (TraceFate.REFUSED, INBOX, "took 30 probes and refused 15 real messages", "something else than people's mail"),
        (TraceFate.DELIVERED, BLOCKED, "took 15 real messages and refused 30 probes", "own path is probably broken"),
    ],
)
async def test_a_mismatch_is_found(house: House, fate: TraceFate, verdict: Verdict, seen: str, means: str) -> None:
    found = await examined(house, fate, verdict)
    assert (found.subject, found.state) == ("acme", State.WEAK)
    assert found.seen == f"In 3 of 3 hours with both, the company's server {seen}"
    assert means in found.advice
    assert found.advice.endswith("/companies/acme#real-mail")


async def test_where_they_agree_nothing_speaks_against_the_probes(house: House) -> None:
    found = await examined(house, TraceFate.DELIVERED)
    assert (found.state, found.seen, found.advice) == (
        State.GOOD,
        "nothing speaks against the probes at 1 company",
        "",
    )


async def test_where_nothing_was_counted_nothing_is_found(house: House) -> None:
    found = await examined(house, None)
    assert (found.state, found.seen) == (State.NONE, "no real mail was counted in the last 24 h")
    found = await examined(house, TraceFate.REFUSED, config=COMPANY)
    assert (found.state, found.seen) == (State.NONE, "not counted: [real] is not set")


async def test_before_there_is_a_store(house: House) -> None:
    async with house(COUNTED) as premises:
        [found] = [each async for each in real_mail.real_mail(premises)]
    assert (found.state, found.seen) == (State.NONE, "there is no store yet")
