"""Probe now: what is meant by what is typed, limits, and a real form on a real server over a real store."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.actions.rate_limit import Allowance, Limit, TooManyError
from monitor.config import Config, WatchedPath
from monitor.people.person import AuditEntry
from monitor.web.pages.probe_now import ProbeForm, ProbeRequest, order_of, place_of
from probes.kinds import Kind
from probes.sender import Role
from tests.support.pages_app import CONFIG, INBOX, START, PagesApp, accepted, but, open_pages_app, path_settings, post


@pytest.fixture
async def pages_app(tmp_path: Path) -> AsyncIterator[PagesApp]:
    async with open_pages_app(tmp_path) as pages_app:
        yield pages_app


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[WatchedPath, ...]:
    return Config.model_validate(CONFIG, context={"folder": tmp_path_factory.mktemp("x")}).paths()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("acme", ("acme", "")),
        ("acme/hq", ("acme", "hq")),
        ("Acme Steel", ("acme", "")),
        ("ACME STEEL", ("acme", "")),
        ("", "choose a company"),
        ("acme/", "Did you mean acme"),
        ("acme/hw", "Did you mean acme/hq?"),
        ("acmee", "Did you mean Acme Steel (acme)?"),
        ("Bolt Bilders", "Did you mean Bolt Builders (bolt)?"),
        ("zzz", "There are: acme, bolt."),
        ("<script>", "There are: acme, bolt."),
    ],
)
def test_what_is_typed_is_a_company_or_a_path_or_a_question(
    typed: str, meant: tuple[str, str] | str, paths: tuple[WatchedPath, ...]
) -> None:
    found = place_of(typed, paths)
    assert meant in found if isinstance(meant, str) else found == meant


@pytest.mark.parametrize(
    ("wish", "wrong"),
    [
        (ProbeForm("acme", ()), {"kind"}),
        (ProbeForm("acme", ("letter",)), {"kind"}),
        (ProbeForm("acme", ("verification", "letter")), {"kind"}),
        (ProbeForm("acme", ("verification",), "me"), {"as"}),
        (ProbeForm("", (), "me"), {"where", "kind", "as"}),
    ],
)
def test_all_that_is_wrong_is_told_at_once(wish: ProbeForm, wrong: set[str], paths: tuple[WatchedPath, ...]) -> None:
    told = order_of(wish, paths)
    assert isinstance(told, dict)
    assert set(told) == wrong


def test_a_wish_is_an_order(paths: tuple[WatchedPath, ...]) -> None:
    wish = ProbeForm("acme/hq", ("invitation", "verification", "invitation"), "control")
    assert order_of(wish, paths) == ProbeRequest("acme", "hq", (Kind.INVITATION, Kind.VERIFICATION), Role.CONTROL)


@pytest.mark.parametrize(
    ("minutes", "wanted", "most", "wait"),
    [
        ([], 1, 1, None),
        ([0], 1, 1, 60),
        ([0], 1, 2, None),
        ([0, 10], 1, 2, 45),  # at minute 15; the first is an hour old at minute 60
        ([0, 10], 2, 2, 55),
        ([], 2, 1, 60),  # never: but nobody waits longer than an hour
    ],
)
def test_what_is_sent_by_hand_has_its_limit_in_an_hour(
    minutes: list[int], wanted: int, most: int, wait: int | None
) -> None:
    allowance = Allowance()
    for minute in minutes:
        allowance.count([Limit(("ann",), 1, 100, "")], START + timedelta(minutes=minute))
    now = START + timedelta(minutes=15 if len(minutes) > 1 else 0)
    if wait is None:
        allowance.check([Limit(("ann",), wanted, most, "")], now)
        return
    with pytest.raises(TooManyError) as told:
        allowance.check([Limit(("ann",), wanted, most, "too many")], now)
    assert told.value.retry_after == timedelta(minutes=wait)


def test_what_one_limit_forbids_counts_for_no_other() -> None:
    allowance = Allowance()
    with pytest.raises(TooManyError):
        allowance.check([Limit(("ann",), 1, 1, ""), Limit(("acme/hq",), 1, 0, "")], START)
    allowance.check([Limit(("ann",), 1, 1, "")], START)


async def test_what_another_process_sent_counts_too(pages_app: PagesApp) -> None:
    """A command on the server writes the same audit log; nothing else tells this process of it."""
    operator, now = await pages_app.operator(), pages_app.backend.now()
    assert (await post(operator, "/probe-now", where="acme/hq", kind="invitation", as_="sender")).status == 303
    most = pages_app.backend.config().web.manual.per_path_per_hour
    for number in range(most - 1):
        entry = AuditEntry(now, "root", "command", "probe sent", f"acme/hq, probe {number}", "acme", "hq")
        await pages_app.store.people.note(entry)
    refused = await post(operator, "/probe-now", where="acme/hq", kind="invitation", as_="sender")
    assert (refused.status, "by hand at most" in refused.text) == (429, True)
    assert (await post(operator, "/probe-now", where="acme/cloud", kind="invitation", as_="sender")).status == 303


def test_a_probe_that_was_not_sent_is_uncounted_and_one_that_is_in_the_log_counts_once() -> None:
    allowance, limit = Allowance(), Limit(("ann",), 1, 2, "")
    allowance.count([limit], START)
    allowance.noted([limit])
    allowance.count([limit], START)
    with pytest.raises(TooManyError):
        allowance.check([limit], START)
    allowance.give_back([limit])
    allowance.begin_recall()
    allowance.recall([(("ann",), START)])
    allowance.check([limit], START)
    allowance.count([limit], START)
    with pytest.raises(TooManyError):
        allowance.check([limit], START)


async def test_one_probe_is_sent_and_its_page_is_where_it_leads(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    answer = await post(operator, "/probe-now", where="acme/hq", kind="invitation", as_="sender")
    (probe,) = pages_app.sent
    assert (answer.status, answer.way) == (303, f"/probes/{probe.id}")
    assert (probe.company, probe.path, probe.kind, probe.role) == ("acme", "hq", Kind.INVITATION, Role.SENDER)
    assert (await operator.get(answer.way)).status == 200


async def test_it_is_written_into_the_audit_log(pages_app: PagesApp) -> None:
    await post(await pages_app.operator(), "/probe-now", where="acme/hq", kind="invitation", as_="control")
    entry = (await pages_app.audit_entries())[-1]
    assert (entry.who, entry.way, entry.what, entry.company) == ("op", "session", "probe sent", "acme")
    assert entry.about == f"acme/hq invitation as control, probe {pages_app.sent[0].id}"


async def test_several_lead_to_a_page_with_all_of_them(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    answer = await post(operator, "/probe-now", where="acme", kind=["verification", "invitation"], as_="sender")
    assert len(pages_app.sent) == 4
    page = (await operator.get(answer.way)).text
    assert all(f"/probes/{probe.id}" in page for probe in pages_app.sent)
    assert "4 still in flight" in page


async def test_the_page_of_several_shows_only_what_is_theirs(pages_app: PagesApp) -> None:
    ours, theirs = await pages_app.probe(accepted(), verdict=INBOX), await pages_app.probe(accepted(), company="bolt")
    viewer = await pages_app.viewer("acme")
    page = (await viewer.get(f"/probe-now/sent?probes={ours}.{theirs}.nonsense")).text
    assert ours in page
    assert theirs not in page.replace(f"{ours}.{theirs}", "")
    assert (await viewer.get(f"/probe-now/sent?probes={theirs}")).status == 404
    assert (await viewer.get("/probe-now/sent")).status == 404


async def test_a_viewer_can_neither_see_the_form_nor_send(pages_app: PagesApp) -> None:
    viewer = await pages_app.viewer()
    caller_form = re.search('name="form" value="([^"]+)"', (await viewer.get("/")).text)
    assert caller_form
    said = {"form": caller_form[1], "where": "acme/hq", "kind": "invitation", "as": "sender"}
    assert (await viewer.get("/probe-now")).status == 403
    assert (await viewer.post("/probe-now", said)).status == 403
    assert not pages_app.sent


async def test_without_the_secret_of_the_form_nothing_is_sent(pages_app: PagesApp) -> None:
    operator = await pages_app.operator()
    answer = await operator.post("/probe-now", {"where": "acme/hq", "kind": "invitation", "as": "sender"})
    assert answer.status == 403
    assert not pages_app.sent


async def test_another_company_is_as_one_that_never_was(pages_app: PagesApp) -> None:
    operator = await pages_app.operator("acme")
    foreign = await post(operator, "/probe-now", where="bolt/hq", kind="verification", as_="sender")
    never = await post(operator, "/probe-now", where="nope/hq", kind="verification", as_="sender")
    assert (foreign.status, never.status) == (422, 422)
    assert but(foreign.text, "bolt") == but(never.text, "nope")
    assert not pages_app.sent
    page = (await operator.get("/probe-now?where=bolt")).text
    assert "Bolt" not in page
    assert "bolt.example" not in page


async def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_stays(pages_app: PagesApp) -> None:
    answer = await post(await pages_app.operator(), "/probe-now", where='acmee"><script>', as_="control")
    assert answer.status == 422
    assert "Choose at least one message type" in answer.text
    assert "acmee&#34;&gt;&lt;script&gt;" in answer.text
    assert 'value="control" checked' in answer.text
    assert "Nothing was sent" in answer.text


async def test_one_person_cannot_become_a_spammer_by_clicking(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"web": {"manual": {"per_person_per_hour": 3, "per_path_per_hour": 2}}}
    async with open_pages_app(tmp_path, **limits) as pages_app:
        operator, said = await pages_app.operator(), {"kind": "verification", "as_": "sender"}
        assert [(await post(operator, "/probe-now", where="acme/hq", **said)).status for _ in range(3)] == [
            303,
            303,
            429,
        ]
        answer = await post(operator, "/probe-now", where="acme", **said)
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 3000
        assert "at most" in answer.text
        assert (await post(operator, "/probe-now", where="bolt/hq", **said)).status == 303
        assert (await post(operator, "/probe-now", where="acme/cloud", **said)).status == 429
        assert len(pages_app.sent) == 3
        pages_app.clock.pass_(hours=1)
        operator = pages_app.browser()
        await operator.sign_in("op")
        assert (await post(operator, "/probe-now", where="acme/cloud", **said)).status == 303


async def test_what_the_path_does_not_admit_is_not_sent(pages_app: PagesApp) -> None:
    object.__setattr__(pages_app.backend, "admits", lambda _: False)
    answer = await post(await pages_app.operator(), "/probe-now", where="acme/hq", kind="verification", as_="sender")
    assert (answer.status, pages_app.sent) == (429, [])
    assert "probes.cap" in answer.text


RELAY = {"via": "relay", "host": "relay.example", "user": "u", "password": {"env": "RELAY"}}


@pytest.mark.parametrize(
    "config",
    [{"control": None}, {"companies": {"acme": {"paths": {"hq": path_settings("acme", 25, route=RELAY)}}}}],
    ids=["there is none", "a relay speaks for the sender alone"],
)
async def test_a_control_that_cannot_speak_is_not_sent(
    config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY", "hunter2hunter2")
    async with open_pages_app(tmp_path, **config) as pages_app:
        answer = await post(
            await pages_app.operator(), "/probe-now", where="acme/hq", kind="verification", as_="control"
        )
        assert (answer.status, pages_app.sent) == (422, [])
        assert 'id="as-wrong"' in answer.text


async def test_the_neighbour_goes_where_the_control_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY", "hunter2hunter2")
    paths = {"acme": {"paths": {"hq": path_settings("acme", 25, route=RELAY)}}}
    async with open_pages_app(tmp_path, companies=paths, neighbour={"address": "probe@near.example"}) as pages_app:
        operator = await pages_app.operator()
        form = (await operator.get("/probe-now")).text
        assert "Neighbour: Another domain of ours from the sender&#39;s IP address, for comparison." in form
        answer = await post(operator, "/probe-now", where="acme/hq", kind="verification", as_="neighbour")
        (probe,) = pages_app.sent
        shown = (await operator.get(f"/probes/{probe.id}")).text
    assert (answer.status, probe.role) == (303, Role.NEIGHBOUR)
    assert "<strong>as the neighbour</strong>" in shown


async def test_without_a_path_the_page_says_what_to_do(tmp_path: Path) -> None:
    async with open_pages_app(tmp_path, companies={}) as pages_app:
        assert (
            "Add a company with a path to the configuration"
            in (await (await pages_app.operator()).get("/probe-now")).text
        )
