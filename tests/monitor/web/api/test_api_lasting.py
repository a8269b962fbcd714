"""Streams and exports: they end with the rights of their caller, leave room for others, and tell nothing of them."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientError, ClientResponse

from monitor.actions.people import Access
from monitor.actions.rate_limit import Limit, TooManyError
from monitor.people.person import Rights
from monitor.web.headers import HEADERS
from tests.support.api_app import API, ApiApp, Program

SECONDS = 20.0


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.auth.recheck.RECHECK_SECONDS", 0.1)
    monkeypatch.setattr("monitor.web.api.events.LOOK", 0.02)


async def _ends(response: ClientResponse) -> None:
    async with asyncio.timeout(SECONDS):
        try:
            while await response.content.readany():
                pass
        except ClientError:
            pass


# ---- The caller is asked again --------------------------------------------------------------------------------------


async def _revoke(access: Access) -> None:
    await access.revoke("reader")


async def _narrow(access: Access) -> None:
    [token] = [token for token in await access.tokens() if token.name == "reader"]
    await access.store.people.put_token(replace(token, companies=("bolt",)))


async def _weaken(access: Access) -> None:
    [token] = [token for token in await access.tokens() if token.name == "reader"]
    await access.store.people.put_token(replace(token, rights=Rights.VIEWER))


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("change", [_revoke, _narrow, _weaken])
async def test_a_stream_ends_with_the_rights_of_its_token(
    api_app: ApiApp, change: Callable[[Access], Coroutine[Any, Any, None]]
) -> None:
    program = await api_app.program(Rights.OPERATOR, name="reader")
    other = await api_app.program(Rights.OPERATOR, name="other")
    async with program.follow("/events") as stream, other.follow("/events") as undisturbed:
        await stream.take(1)
        await undisturbed.take(1)
        await change(Access(api_app.store, api_app.pipeline_app.clock, "root", "command"))
        await _ends(stream.response)
        made = await api_app.probe()
        assert [event["probe"] for event in await undisturbed.take(1)] == [made]


@pytest.mark.usefixtures("soon")
async def test_so_does_the_stream_of_a_probe(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR, name="reader")
    sent = (await program.post("/probes", {"company": "acme", "path": "hq"})).facts["probes"][0]["probe"]
    api_app.routes["acme/hq"].answers = []
    async with program.follow(f"/probes/{sent}/events") as stream:
        await stream.take(1)
        await _revoke(Access(api_app.store, api_app.pipeline_app.clock, "root", "command"))
        await _ends(stream.response)


@pytest.mark.usefixtures("soon")
async def test_an_export_is_broken_off_with_the_rights_of_its_token(
    api_app: ApiApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.web.api.export.PAGE_PROBES", 1)
    monkeypatch.setattr("monitor.web.api.export.REST_PER_READ", 1e6)  # the second page does not come while this lasts
    program = await api_app.program(Rights.VIEWER, name="reader")
    for _ in range(3):
        await api_app.probe()
    plain = {**program.known, "Accept-Encoding": "identity"}  # a compressed page waits for more to compress
    async with api_app.http.get(f"{api_app.url}{API}/export/probes.csv", headers=plain) as response:
        await response.content.readany()
        await _revoke(Access(api_app.store, api_app.pipeline_app.clock, "root", "command"))
        with pytest.raises(ClientError):
            async with asyncio.timeout(SECONDS):
                await response.content.read()


# ---- Shares ---------------------------------------------------------------------------------------------------------


async def test_one_caller_has_two_exports_at_a_time(api_app: ApiApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.web.api.export.PAGE_PROBES", 1)
    monkeypatch.setattr("monitor.web.api.export.REST_PER_READ", 1e6)
    program, other = await api_app.program(Rights.VIEWER, ("acme",)), await api_app.program(Rights.VIEWER)
    for _ in range(3):
        await api_app.probe()
    url = f"{api_app.url}{API}/export/probes.csv"
    async with AsyncExitStack() as exports:
        for _ in range(2):
            response = await exports.enter_async_context(api_app.http.get(url, headers=program.known))
            assert response.status == 200
        refused = await program.get("/export/probes.jsonl")
        assert refused.wrong == "429"
        assert int(refused.headers["Retry-After"]) > 0
        response = await exports.enter_async_context(api_app.http.get(url, headers=other.known))
        assert response.status == 200


async def test_a_share_is_free_again_when_its_export_has_ended(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.VIEWER)
    for _ in range(5):
        assert (await program.get("/export/probes.csv")).status == 200


# ---- Headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/events"),
        ("GET", "/export/probes.csv"),
        ("GET", "/export/probes.jsonl"),
        ("OPTIONS", "/probes"),
        ("DELETE", "/probes"),
        ("GET", "/nothing"),
        ("POST", "/probes"),
    ],
)
async def test_streams_exports_and_errors_have_the_headers_of_pages(api_app: ApiApp, method: str, path: str) -> None:
    program = await api_app.program(Rights.OPERATOR)
    async with api_app.http.request(method, api_app.url + API + path, headers=program.known) as response:
        for name, value in HEADERS.items():
            assert response.headers[name] == value, name
        assert response.headers["Cache-Control"] == "no-store"


# ---- What the ids of events tell ------------------------------------------------------------------------------------


async def _ids(program: Program, api_app: ApiApp, others: int) -> list[str]:
    """The ids of a bound caller's events, with so many verdicts of another company between any two."""
    ids = []
    async with program.follow("/events?only=verdict") as stream:
        await stream.take(1)
        for _ in range(3):
            for _ in range(others):
                await api_app.probe(company="acme")
            await api_app.probe(company="bolt")
            await stream.take(1)
            ids.append(stream.last)
    return ids


@pytest.mark.usefixtures("soon")
async def test_ids_of_a_bound_caller_tell_nothing_of_others(api_app: ApiApp) -> None:
    bound = await api_app.program(Rights.VIEWER, ("bolt",))
    quiet, busy = await _ids(bound, api_app, 0), await _ids(bound, api_app, 5)
    assert len({*quiet, *busy}) == 6
    assert {len(each) for each in (*quiet, *busy)} == {48}
    last = str(await api_app.store.probes.last_signal())
    assert not [each for each in (*quiet, *busy) if last in each and each.isdigit()]
    begun = {each[:12] for each in (*quiet, *busy)}
    assert len(begun) == 6, "they are not in an order"


@pytest.mark.usefixtures("soon")
async def test_a_bound_caller_goes_on_where_it_was(api_app: ApiApp) -> None:
    bound = await api_app.program(Rights.VIEWER, ("bolt",))
    async with bound.follow("/events?only=verdict") as stream:
        await stream.take(1)
        await api_app.probe(company="bolt")
        await stream.take(1)
    await api_app.probe(company="acme")
    missed = await api_app.probe(company="bolt")
    async with bound.follow("/events?only=verdict", last=stream.last) as again:
        assert [event.get("probe") for event in await again.take(2)] == [None, missed]


@pytest.mark.usefixtures("soon")
async def test_a_number_is_no_id_of_a_bound_callers_nor_is_anothers(api_app: ApiApp) -> None:
    """With a number of the store it could find out which numbers its own verdicts have."""
    bound, other = (
        await api_app.program(Rights.VIEWER, ("bolt",)),
        await api_app.program(Rights.VIEWER, ("bolt", "acme")),
    )
    await api_app.probe(company="bolt")
    async with other.follow("/events") as stream:
        await stream.take(1)
    for last in ("0.00000000.0", stream.last):
        async with bound.follow("/events?only=verdict", last=last) as again:
            await again.take(1)
            news = await api_app.probe(company="bolt")
            assert [event["probe"] for event in await again.take(1)] == [news]


async def test_the_audit_log_of_a_bound_admin_has_no_numbers(api_app: ApiApp) -> None:
    root, bound = await api_app.program(Rights.ADMIN), await api_app.program(Rights.ADMIN, ("bolt",))
    for _ in range(3):
        assert (await bound.post("/probes", {"company": "bolt"})).status == 202
        assert (await root.post("/probes", {"company": "acme"})).status == 202
        api_app.pipeline_app.clock.pass_(hours=1)
    first = await bound.facts("/audit?most=2")
    rest = await bound.facts(f"/audit?most=2&cursor={first['next']}")
    assert [entry["number"] for entry in (*first["entries"], *rest["entries"])] == [None] * 3
    assert not first["next"].isdigit()
    for guessed in ("1", "999", first["next"][::-1]):
        assert (await bound.get(f"/audit?cursor={guessed}")).wrong == "400 cursor"
    whole = await root.facts("/audit?most=2")
    assert (await root.facts(f"/audit?cursor={whole['next']}"))["entries"]


# ---- Probes by hand -------------------------------------------------------------------------------------------------


async def test_what_is_not_sent_is_not_counted(api_app: ApiApp) -> None:
    """One path of the company is full, so nothing is sent: neither the person nor the other path has used anything."""
    program = await api_app.program(Rights.OPERATOR)
    most = api_app.backend.config().web.manual.per_path_per_hour
    api_app.full.add("acme/cloud")
    for _ in range(most + 5):
        assert (await program.post("/probes", {"company": "acme"})).status == 429
    assert api_app.given_back == ["acme/hq"] * (most + 5)
    api_app.full.clear()
    assert (await program.post("/probes", {"company": "acme"})).status == 202


async def test_what_a_person_sent_counts_after_a_restart(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.OPERATOR)
    assert (await program.post("/probes", {"company": "acme", "path": "hq"})).status == 202
    api_app.backend.manual.forget()  # as it is after a start
    api_app.pipeline_app.clock.pass_(minutes=10)
    await program.post("/probes", {"company": "acme", "path": "hq"})
    waits = [wait_of(api_app, ("person", "token operator-0", "operator-0"), most) for most in (1, 2, 3)]
    assert waits == [60, 50, None], "one of now, one of ten minutes ago, and no more"


def wait_of(api_app: ApiApp, key: tuple[str, ...], most: int) -> int | None:
    """In how many minutes one more may be sent, if at most so many may be in an hour; None: now."""
    try:
        api_app.backend.manual.check([Limit(key, 1, most, "")], api_app.pipeline_app.clock())
    except TooManyError as error:
        return round(error.retry_after / timedelta(minutes=1))
    return None


async def test_what_was_sent_on_a_path_counts_after_a_restart_whoever_sent_it(api_app: ApiApp) -> None:
    most = api_app.backend.config().web.manual.per_path_per_hour
    for number in range(most):
        program = await api_app.program(Rights.OPERATOR, name=f"program-{number}")
        assert (await program.post("/probes", {"company": "acme", "path": "hq"})).status == 202
    api_app.backend.manual.forget()  # as it is after a start
    program = await api_app.program(Rights.OPERATOR, name="another")
    assert (await program.post("/probes", {"company": "acme", "path": "hq"})).status == 429
    assert (await program.post("/probes", {"company": "acme", "path": "cloud"})).status == 202
    api_app.pipeline_app.clock.pass_(hours=1)
    assert (await program.post("/probes", {"company": "acme", "path": "hq"})).status == 202
