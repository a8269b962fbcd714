"""Whom an incident names: real mail servers in bad weather, the whole service, and what people would be told.

Each fault that hits everybody must name the company's system or ourselves; the one that hits the sender alone, the
sender. What is asserted is the open incident as the store has it, and the notice as a channel would get it.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.incidents.incident import Incident, Nature, Scope
from monitor.store import Store
from probes.verdict import Cause
from tests.lab.companies import BAD_WEATHER
from tests.lab.lab import Lab, Site
from tests.lab.lab import lab as lab_up
from tests.lab.network import SENDER_IP, US
from tests.lab.processes import until
from tests.lab.service import Service
from tests.lab.weather import direct, firewall, line_cut, stopped, text_of, through_gateway

pytestmark = pytest.mark.usefixtures("inside")

SECONDS = 120.0
RULES = '\n[incidents]\nsettle = "1s"\ncontrol_every = "3s"\nreopen = "1s"\n'


@pytest.fixture(scope="module")
def lab(able: None) -> Iterator[Lab]:
    """The companies of BAD_WEATHER and no others."""
    with lab_up(BAD_WEATHER) as built:
        yield built


@contextmanager
def watching(folder: Path, text: str) -> Iterator[Callable[[], Sequence[Incident]]]:
    """The service at work; called, it tells the open incidents."""
    service = Service(folder, text + RULES)

    async def incidents() -> Sequence[Incident]:
        async with Store.open(f"sqlite:///{folder}/mailpath.db") as store:
            return await store.incidents.open()

    with US.entered():
        try:
            service.start()
            yield lambda: asyncio.run(incidents())
            assert service.stop() == 0
        finally:
            service.kill9()


def wait_for(true: Callable[[], bool], what: Callable[[], object]) -> None:
    """Until it is so; `what` is shown where it does not become so."""
    for _ in until(SECONDS, step=0.5):
        if true():
            return
    pytest.fail(f"it did not become so: {what()}")


def natures(incidents: Sequence[Incident]) -> dict[str, tuple[Nature, Scope]]:
    """By company: whose trouble it is, and how wide."""
    return {company: (each.nature, each.scope) for each in incidents for company in each.touches}


def test_broken_milters_and_dead_resolvers_are_the_companys_own_trouble(lab: Lab, tmp_path: Path) -> None:
    sites = [lab["broken-milter"], lab["dead-resolver"], lab["fair"]]
    theirs = (Nature.THEIR_SYSTEM, Scope.THEIR_SYSTEM)
    with watching(tmp_path, text_of(lab, direct(*sites), every="4s")) as incidents:
        wait_for(lambda: natures(incidents()) == {"broken-milter": theirs, "dead-resolver": theirs}, incidents)


def test_a_company_where_nobody_listens_is_not_the_senders_firewall(lab: Lab, tmp_path: Path) -> None:
    site = lab["two-mx"]
    with stopped(site), watching(tmp_path, text_of(lab, direct(site, lab["fair"]), every="4s")) as incidents:
        wait_for(lambda: natures(incidents()) == {"two-mx": (Nature.THEIR_SYSTEM, Scope.THEIR_SYSTEM)}, incidents)
        assert incidents()[0].cause is not Cause.FIREWALL


def test_a_firewall_against_the_sender_alone_names_it(lab: Lab, tmp_path: Path) -> None:
    site = lab["two-mx"]
    shut = firewall(site, f"ip saddr {SENDER_IP} tcp dport 25 reject with tcp reset")
    with shut, watching(tmp_path, text_of(lab, direct(site, lab["fair"]), every="4s")) as incidents:
        wait_for(lambda: natures(incidents()) == {"two-mx": (Nature.MAIL, Scope.COMPANY)}, incidents)
        wait_for(lambda: [each.cause for each in incidents()] == [Cause.FIREWALL], incidents)


def test_a_gateway_that_is_stopped_is_the_companys_while_others_answer(lab: Lab, tmp_path: Path) -> None:
    routes = through_gateway(lab["gate"]) | direct(lab["fair"])
    with stopped(lab["gate"]), watching(tmp_path, text_of(lab, routes, every="4s")) as incidents:
        wait_for(lambda: natures(incidents()) == {"gate": (Nature.THEIR_SYSTEM, Scope.THEIR_SYSTEM)}, incidents)


def test_our_own_line_that_is_cut_is_ours_and_ends_quietly(lab: Lab, tmp_path: Path) -> None:
    sites: list[Site] = [lab["two-mx"], lab["broken-tls"], lab["fair"]]
    seen: set[Nature] = set()

    def natures_seen(incidents: Callable[[], Sequence[Incident]]) -> Sequence[Incident]:
        now = incidents()
        seen.update(each.nature for each in now)
        return now

    with watching(tmp_path, text_of(lab, direct(*sites), every="4s")) as incidents:
        with line_cut():
            wait_for(lambda: {each.scope for each in natures_seen(incidents)} == {Scope.OURSELVES}, incidents)
            assert seen == {Nature.OURS}
        wait_for(lambda: not natures_seen(incidents), incidents)
        assert seen == {Nature.OURS}
