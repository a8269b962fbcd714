"""The help desk sees what the sender's mail service knows of the address, and nothing of other companies' addresses."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.triage.facts import SenderLog
from probes.traced import Suppression, SuppressionReason
from tests.monitor.web.test_page_triage import ACME, NAME, check, facts_of, now_there
from tests.support.pages_app import COMPANIES, INBOX, PagesApp, open_pages_app

LISTED = SenderLog(suppressed=Suppression(SuppressionReason.BOUNCED, "550 5.1.1 no such user"))


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path, companies=COMPANIES | {"acme": ACME}) as pages_app:
        yield pages_app


@pytest.fixture
def asked(pages_app: PagesApp) -> list[str]:
    """The addresses that the service was asked about."""
    addresses: list[str] = []

    async def sender_log(address: str, _seconds: float) -> SenderLog:
        addresses.append(address)
        return LISTED

    object.__setattr__(pages_app.backend, "sender_log", sender_log)
    return addresses


async def test_a_suppressed_address_is_said_first(pages_app: PagesApp, asked: list[str]) -> None:
    now_there(pages_app, INBOX)
    shown = await check(await pages_app.viewer(), f"{NAME}@acme.example")
    assert "no longer sends to this address" in shown.text
    assert "The log of the sender’s mail service shows it." in shown.text
    assert "Tests show it." not in shown.text
    assert "from which mail came back: 550 5.1.1 no such user." in shown.text
    assert asked == [f"{NAME}@acme.example"]
    facts = await facts_of(pages_app, await pages_app.token("program"), f"{NAME}@acme.example")
    assert (facts["place"], facts["certainty"], facts["problem"]) == ("suppressed", "shown", True)
    assert NAME not in json.dumps(facts)


async def test_whoever_is_bound_learns_nothing_of_other_addresses(pages_app: PagesApp, asked: list[str]) -> None:
    now_there(pages_app, INBOX)
    bound = await pages_app.viewer("bolt")
    shown = await check(bound, f"{NAME}@acme.example")
    assert "no longer sends" not in shown.text
    assert asked == []
    await check(bound, f"{NAME}@bolt.example")
    assert asked == [f"{NAME}@bolt.example"]


async def test_a_wrong_address_is_not_asked_about(pages_app: PagesApp, asked: list[str]) -> None:
    await check(await pages_app.viewer(), f"{NAME}@acme,example")
    assert asked == []
