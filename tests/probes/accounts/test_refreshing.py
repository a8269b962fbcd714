"""A refresh token that the provider replaces: what is kept, what is sealed, and what several processes do with it."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from socket import gethostname

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.accounts import AccessToken, NotKeptError
from probes.accounts.answers import TokenRefusal
from probes.accounts.faults import AccountFault
from probes.accounts.refreshing import Answer, MemoryKeeper, RefreshToken, RequestMark, opened, sealed
from tests.probes.accounts.conftest import SetClock

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


class Provider:
    """Accepts each refresh token once, and ends the consent when one is used again (RFC 9700, section 4.14)."""

    def __init__(self, clock: SetClock) -> None:
        self.clock, self.valid, self.ended = clock, "r0", False
        self.asked = list[str]()
        self.faults = list[AccountFault]()

    async def ask(self, refresh: str) -> Answer:
        self.asked.append(refresh or "r0")
        await asyncio.sleep(0)
        if self.faults:
            return TokenRefusal(self.faults.pop(0))
        if self.asked[-1] != self.valid or self.ended:
            self.ended = True
            return TokenRefusal(AccountFault.REVOKED, "invalid_grant")
        self.valid = f"r{len(self.asked)}"
        at = self.clock()
        return AccessToken("t0ken", at, at + timedelta(hours=1), self.valid)


class FullKeeper(MemoryKeeper):
    """It can be made to keep nothing."""

    full = False

    async def keep(self, name: str, value: str) -> None:
        if self.full:
            raise NotKeptError("store: the disk is full")
        await super().keep(name, value)


@pytest.fixture
def provider(clock: SetClock) -> Provider:
    """Its consent was given just now."""
    return Provider(clock)


@pytest.fixture
def keeper() -> FullKeeper:
    """Shared by all processes."""
    return FullKeeper()


Process = Callable[..., RefreshToken]


@pytest.fixture
def process(clock: SetClock, keeper: FullKeeper) -> Process:
    """Makes the refresh token as a new process has it; those before live on, unless it is known otherwise."""
    return lambda configured="r0", lives=lambda _: True: RefreshToken("acme", lambda: configured, keeper, clock, lives)


def fault(answer: Answer) -> AccountFault | None:
    return answer.fault if isinstance(answer, TokenRefusal) else None


async def test_each_is_used_once_over_all_restarts(provider: Provider, process: Process) -> None:
    for _ in range(3):
        token = process()
        assert fault(await token.use(provider.ask)) is None
        assert fault(await token.use(provider.ask)) is None
    assert provider.asked == ["r0", "r1", "r2", "r3", "r4", "r5"]


async def test_mailboxes_and_traces_of_one_process_take_turns(provider: Provider, process: Process) -> None:
    token = process(lives=lambda _: False)  # nobody else waits: a process knows its own marks
    answers = await asyncio.gather(*(token.use(provider.ask) for _ in range(5)))
    assert {fault(each) for each in answers} == {None}


async def test_two_processes_take_turns(provider: Provider, process: Process) -> None:
    """The service and the doctor beside it."""
    answers = await asyncio.gather(process().use(provider.ask), process().use(provider.ask))
    assert {fault(each) for each in answers} == {None}
    assert provider.asked == ["r0", "r1"]


async def test_another_configured_token_takes_the_place_of_all_kept(provider: Provider, process: Process) -> None:
    await process().use(provider.ask)
    provider.valid = "r0"
    assert fault(await process("another").use(provider.ask)) is None


@pytest.mark.parametrize(
    ("faults", "then"),
    [
        ([AccountFault.UNREACHABLE], AccountFault.REFRESH_LOST),  # an answer may have been on its way
        ([AccountFault.UNREACHABLE, AccountFault.BUSY], AccountFault.REFRESH_LOST),
        ([AccountFault.BUSY], AccountFault.REVOKED),  # that was an answer: nothing is lost
        ([], AccountFault.REVOKED),
        ([AccountFault.MISSING_SECRET], AccountFault.REVOKED),
    ],
)
async def test_lost_is_said_only_of_what_may_be_lost(
    provider: Provider, process: Process, faults: list[AccountFault], then: AccountFault
) -> None:
    await process().use(provider.ask)
    provider.faults = [*faults]
    for each in faults:
        assert fault(await process().use(provider.ask)) is each
    provider.ended = True  # the consent is revoked
    assert fault(await process().use(provider.ask)) is then
    assert fault(await process().use(provider.ask)) is then  # and no other story the next time


async def test_after_a_refusal_the_configured_one_is_tried(provider: Provider, process: Process) -> None:
    """Its file may hold a new one; and an old one does no harm any more."""
    await process().use(provider.ask)
    provider.ended = True
    await process().use(provider.ask)
    await process().use(provider.ask)
    assert provider.asked == ["r0", "r1", "r0"]


async def test_an_answer_ends_the_doubt(provider: Provider, process: Process) -> None:
    provider.faults = [AccountFault.UNREACHABLE]
    await process().use(provider.ask)
    assert fault(await process().use(provider.ask)) is None
    provider.ended = True
    assert fault(await process().use(provider.ask)) is AccountFault.REVOKED


async def test_nothing_is_asked_that_could_not_be_kept(
    provider: Provider, process: Process, keeper: FullKeeper
) -> None:
    keeper.full = True
    answer = await process().use(provider.ask)
    assert answer == TokenRefusal(AccountFault.NOT_KEPT, "store: the disk is full")
    assert provider.asked == []


async def test_a_store_that_fails_after_the_answer(provider: Provider, process: Process, keeper: FullKeeper) -> None:
    """The access token is good, and the refresh token is kept as soon as that works."""

    async def fills_up(refresh: str) -> Answer:
        answer = await provider.ask(refresh)
        keeper.full = True
        return answer

    token = process(lives=lambda _: False)
    assert fault(await token.use(fills_up)) is None
    assert fault(await token.use(provider.ask)) is AccountFault.NOT_KEPT
    keeper.full = False
    assert fault(await token.use(provider.ask)) is None
    assert provider.asked == ["r0", "r1"]
    assert fault(await process().use(provider.ask)) is None


@pytest.mark.parametrize(
    ("lives", "seconds"),
    [(False, 0), (True, 26), (True, -3600)],  # it is known to be dead; long ago; or the clock was set back
)
async def test_nobody_waits_for_one_that_died_in_a_request(
    provider: Provider, process: Process, clock: SetClock, lives: bool, seconds: int
) -> None:
    async def dies(_: str) -> Answer:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await process().use(dies)
    clock.forward(seconds=seconds)
    async with asyncio.timeout(1):
        assert fault(await process(lives=lambda _: lives).use(provider.ask)) is None


def test_who_lives() -> None:
    now = datetime.now(UTC)
    assert RequestMark("elsewhere", 1, now).lives  # as far as we know
    assert RequestMark(gethostname(), 1, now).lives
    assert not RequestMark(gethostname(), os.getpid(), now).lives  # it had this id before us
    assert not RequestMark(gethostname(), 2**22 + 1, now).lives
    assert not RequestMark("elsewhere", 1, now).holds(now + timedelta(seconds=25))


@given(st.text(max_size=60))
def test_any_text_is_a_mark_or_none(kept: str) -> None:
    mark = RequestMark.read(kept)
    assert (mark is None) == (not kept)
    if mark:
        assert RequestMark.read(str(mark)) == mark


@given(TEXT, TEXT, TEXT)
def test_what_is_sealed_is_read_by_the_configured_token_alone(token: str, configured: str, account: str) -> None:
    kept = sealed(token, configured, account)
    assert opened(kept, configured, account) == token
    assert not opened(kept, configured + "x", account)
    assert not opened(kept, configured, account + "x")
    assert not opened(kept[:-4] + "AAAA", configured, account) or kept.endswith("AAAA")


@given(st.text(max_size=60))
def test_what_was_never_sealed_is_nothing(kept: str) -> None:
    assert opened(kept, "r0", "acme") == ""
