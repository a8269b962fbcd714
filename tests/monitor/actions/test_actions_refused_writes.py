"""A store that refuses a write of what people do: it is done and stands in the audit log, or neither."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from monitor.actions.mutes import end
from monitor.actions.people import Access
from monitor.people.person import Rights, SignInSession
from monitor.store import ProbeFilter, Store, StoreDownError
from tests.support.api_app import open_api_app
from tests.support.incident_samples import mute
from tests.support.pipeline_app import Clock, PipelineApp
from tests.support.refusing_store import Refusal, Refusals, refusals
from tests.support.store_samples import at

__all__ = ["refusals"]
Action = Callable[[Access], Coroutine[Any, Any, object]]


async def adds(access: Access) -> object:
    return await access.add("eve", Rights.VIEWER, None)


async def changes(access: Access) -> object:
    await access.change("ann", Rights.ADMIN, None)
    return None


async def disables(access: Access) -> object:
    await access.disable("ann")
    return None


async def links(access: Access) -> object:
    return await access.link("ann")


async def makes_a_token(access: Access) -> object:
    return await access.add_token("robot", Rights.VIEWER, None, None)


async def revokes(access: Access) -> object:
    return await access.revoke("old")


ACTIONS = (adds, changes, disables, links, makes_a_token, revokes)
SAID: dict[Action, list[str]] = {
    adds: ["person added", "link created"],
    changes: ["person changed"],
    disables: ["person disabled"],
    links: ["link created"],
    makes_a_token: ["token created"],
    revokes: ["token revoked"],
}


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("action", ACTIONS)
async def test_what_is_done_stands_in_the_audit_log_and_nothing_else_does(
    tmp_path: Path, refusals: Refusals, action: Action, nth: int, how: Refusal
) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        clock = Clock()
        access = Access(store, clock, "root", "command")
        await access.add("root", Rights.ADMIN, None)
        await access.add("ann", Rights.VIEWER, None)
        await access.add_token("old", Rights.VIEWER, None, None)
        now = clock()
        await store.people.put_session(SignInSession("digest", "ann", "form", now, now, now))
        before = len(await store.people.audit_log(None, 100))

        async def state() -> list[object]:
            people, tokens = await store.people.all(), await store.people.tokens()
            return [*people, *tokens, await store.people.session("digest")]

        untouched = await state()
        refusals.refuse(nth, how)
        try:
            await action(access)
        except StoreDownError:
            assert refusals.refused
        log = await store.people.audit_log(None, 100)
        noted = [entry.what for _, entry in reversed(log)][before:]
        assert noted == SAID[action][: len(noted)]
        if action is not links:
            assert (await state() == untouched) == (noted == []), noted
        if refusals.refused is None:
            assert noted == SAID[action]


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", [1, 2])
async def test_a_mute_that_ended_stands_in_the_audit_log(
    tmp_path: Path, refusals: Refusals, nth: int, how: Refusal
) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        made = mute()
        await store.incidents.add_mute(made)
        refusals.refuse(nth, how)
        with suppress(StoreDownError):
            await end(store, made, "ann", "session", at(1))
        [kept] = await store.incidents.mutes()
        assert (kept.ended_by == "ann") == (not refusals.refused or how is Refusal.WRITTEN)
        assert [entry.who for _, entry in await store.people.audit_log(None, 5)] == [kept.ended_by] * bool(
            kept.ended_at
        )


@pytest.mark.parametrize("how", Refusal)
@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_each_probe_that_was_sent_by_hand_stands_in_the_audit_log(
    pipeline_app: PipelineApp, refusals: Refusals, nth: int, how: Refusal
) -> None:
    async with open_api_app(pipeline_app) as api_app:
        program = await api_app.program(Rights.OPERATOR)
        refusals.refuse(nth, how, "LAUNCH", "NOTE")
        reply = await program.post("/probes", {"company": "acme"})
        assert reply.status == (503 if refusals.refused else 202)
        found = await api_app.store.probes.page(ProbeFilter(companies=None), None, 100)  # one may be over already
        stored = [row.probe_id for row in found.probes]
        log = [entry for _, entry in await api_app.store.people.audit_log(None, 100) if entry.what == "probe sent"]
        assert sorted(entry.about.split()[-1] for entry in log) == sorted(stored)
