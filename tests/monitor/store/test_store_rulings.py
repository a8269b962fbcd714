"""Verdicts in the order in which they were stored, and what was known of a line at one of them."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from pydantic import TypeAdapter

from monitor.incidents.signal import Signal
from monitor.store import Store, reads
from probes.check import Check
from probes.kinds import Kind
from probes.sender import Role
from probes.settings import Key
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.pipeline_app import watched
from tests.support.store_samples import BLOCKED, FIRST, INBOX, SPAM, T0, at, probe

LINE = Check("acme", "hq", Kind.VERIFICATION)


async def judged(store: Store, name: str, verdict: Verdict = SPAM, seconds: float = 0, **other: object) -> None:
    """The probe of that name is judged; it is launched where it was not yet, so long after T0."""
    if await store.probes.record(name) is None:
        await store.probes.launch(probe(seconds, id=name, **other), "", FIRST)
    await store.probes.learn(name, (), verdict, at(seconds + 30), closed=True, delivery=None)


async def number_of(store: Store, nth: int) -> int:
    """The number of the nth signal; with 0 that before all, and past the last one that of the last one."""
    numbers = [0, *(each.number for each in await store.probes.signals(0))]
    return numbers[min(nth, len(numbers) - 1)]


def names(signals: Sequence[Signal]) -> str:
    return " ".join(signal.probe_id + "!" * signal.amends for signal in signals)


async def test_a_verdict_comes_with_all_that_the_rules_need(store: Store) -> None:
    await judged(store, "a", BLOCKED, 60, kind=Kind.INVITATION, role=Role.CONTROL)
    assert await store.probes.signals(0) == [
        Signal(await number_of(store, 1), "a", "acme", "hq", Kind.INVITATION, Role.CONTROL, at(60), at(90), BLOCKED)
    ]


async def test_verdicts_come_in_the_order_in_which_they_were_stored(store: Store) -> None:
    for name in ("b", "a", "b", "c", "a"):
        await judged(store, name)
    assert names(await store.probes.signals(0)) == "b a b! c a!"
    numbers = [signal.number for signal in await store.probes.signals(0)]
    assert numbers == sorted({*numbers})
    assert names(await store.probes.signals(numbers[1])) == "b! c a!"
    assert names(await store.probes.signals(numbers[1], most=2)) == "b! c"
    assert await store.probes.signals(numbers[4]) == []
    assert await store.probes.last_signal() == numbers[4]


async def test_as_many_verdicts_follow_a_number(store: Store) -> None:
    for name in ("a", "b", "c"):
        await judged(store, name)
    assert names(await store.probes.signals(await store.probes.signal_before(2))) == "b c"
    assert [await store.probes.signal_before(many) for many in (3, 4, 99)] == [0, 0, 0]


async def test_a_signal_tells_what_the_verdict_on_its_probe_was_before(store: Store) -> None:
    outcomes = [(Outcome.UNKNOWN, None), (Outcome.DEFERRED, Cause.GREYLISTED), (Outcome.LATE, Cause.GREYLISTED)]
    for outcome, cause in outcomes:
        await judged(store, "b")
        await judged(store, "a", Verdict(outcome, cause, Grade.REAL, "because"))
    signals = [each for each in await store.probes.signals(0) if each.probe_id == "a"]
    assert [each.before for each in signals] == [None, *outcomes[:-1]]


async def test_without_verdicts_there_is_no_ruling(store: Store) -> None:
    await store.probes.launch(probe(), "", FIRST)
    assert await store.probes.signals(0) == []
    assert await store.probes.last_signal() == 0
    assert await store.probes.history(LINE, Role.SENDER, 10, 5) == []


async def test_a_number_is_never_used_again(url: str) -> None:
    """Else the rules, which saw it, would overlook the new verdict."""
    async with Store.open(url) as store:
        for name in ("a", "b", "c"):
            await judged(store, name)
        last = await store.probes.last_signal()
        assert await store.prune(at(1000)) == 3
        assert await store.probes.last_signal() == 0
    async with Store.open(url) as store:
        await judged(store, "d")
        assert names(await store.probes.signals(last)) == "d"


@pytest.mark.parametrize(
    ("upto", "most", "known"),
    [
        (3, 9, "a b c"),
        (3, 2, "b c"),
        (3, 1, "c"),
        (2, 9, "a b"),  # as it was then
        (4, 9, "a! b c"),  # the latest verdict of each
        (5, 9, "a! b c d"),  # what was launched last comes last
        (6, 9, "a! b c! d"),
        (6, 2, "c! d"),
        (0, 9, ""),
    ],
)
async def test_the_last_of_a_line_are_those_that_were_known_then(
    store: Store, upto: int, most: int, known: str
) -> None:
    for name, seconds in (("a", 0), ("b", 60), ("c", 120)):
        await judged(store, name, seconds=seconds)
    await judged(store, "a", INBOX)
    await store.probes.launch(probe(180, id="d"), "", FIRST)
    await store.probes.launch(probe(240, id="nothing known"), "", FIRST)
    await judged(store, "d")
    await judged(store, "c", INBOX)
    then = await number_of(store, upto)
    assert names(await store.probes.history(LINE, Role.SENDER, then, most)) == known


async def test_a_line_is_one_company_path_kind_and_role(store: Store) -> None:
    await judged(store, "ours")
    others: list[dict[str, Any]] = [
        {"company": "other"},
        {"path": "other"},
        {"kind": Kind.INVITATION},
        {"role": Role.CONTROL},
    ]
    for number, other in enumerate(others):
        await judged(store, f"other{number}", **other)
    last = await store.probes.last_signal()
    assert names(await store.probes.history(LINE, Role.SENDER, last, 9)) == "ours"
    assert names(await store.probes.history(LINE, Role.CONTROL, last, 9)) == "other3"


async def test_a_late_verdict_on_an_old_probe_does_not_make_it_new(store: Store) -> None:
    await store.probes.launch(probe(0, id="old"), "", FIRST)
    await judged(store, "new", seconds=60)
    await judged(store, "old", seconds=0)
    last = await store.probes.last_signal()
    assert names(await store.probes.history(LINE, Role.SENDER, last, 9)) == "old new"
    assert names(await store.probes.history(LINE, Role.SENDER, last, 1)) == "new"


async def test_a_clock_that_was_set_back_turns_no_order_around(store: Store) -> None:
    """The newest probe has the earliest time, and is the newest all the same."""
    for name, seconds in (("a", 7200), ("b", 7260), ("c", 0), ("d", 60)):
        await judged(store, name, seconds=seconds)
    last = await store.probes.last_signal()
    assert names(await store.probes.history(LINE, Role.SENDER, last, 9)) == "a b c d"
    assert names(await store.probes.history(LINE, Role.SENDER, last, 2)) == "c d"
    [present] = await store.probes.current()
    assert present.probe_id == "d"


async def test_what_is_learned_late_of_a_probe_from_the_future_is_not_the_present(store: Store) -> None:
    await judged(store, "future", seconds=7200)
    await judged(store, "now", INBOX)
    await store.probes.learn("future", (), BLOCKED, at(60), closed=True, delivery=None)
    [present] = await store.probes.current()
    assert (present.probe_id, present.verdict) == ("now", INBOX)
    await judged(store, "next", SPAM, 900)
    assert [each.probe_id for each in await store.probes.current()] == ["next"]


async def test_a_present_whose_probe_is_forgotten_gives_way(store: Store) -> None:
    await judged(store, "future", seconds=7200)
    assert await store.prune(at(9000)) == 1
    assert [each.probe_id for each in await store.probes.current()] == ["future"]
    await judged(store, "now", INBOX)
    assert [each.probe_id for each in await store.probes.current()] == ["now"]


async def test_what_lies_far_behind_is_not_looked_for(store: Store) -> None:
    """So that a kind that is probed no more does not cost the reading of its whole path, each time."""
    await judged(store, "silent", kind=Kind.INVITATION)
    line = Check("acme", "hq", Kind.INVITATION)
    await asyncio.gather(*(store.probes.launch(probe(number), "", FIRST) for number in range(1, reads.LOOK_BACK + 1)))
    last = await store.probes.last_signal()
    assert names(await store.probes.history(line, Role.SENDER, last, 9)) == "silent"
    await store.probes.launch(probe(5000), "", FIRST)
    assert await store.probes.history(line, Role.SENDER, last, 9) == []


@pytest.mark.parametrize("seed", range(4))
async def test_many_lines_at_once_are_read_as_one_by_one(store: Store, seed: int) -> None:
    rng, kinds = Random(seed), tuple(Kind)[:3]
    checks = [Check(f"c{company}", path, kind) for company in range(25) for path in ("hq", "lab") for kind in kinds]
    sent: list[str] = []
    for number in range(250):  # the clock is set back now and then, and some are judged again, late or not at all
        company, path, kind = rng.choice(checks[:90])
        seconds, role = number * 60 - rng.choice((0, 0, 0, 3600)), rng.choice((Role.SENDER, Role.SENDER, Role.CONTROL))
        sent.append(f"p{number}")
        made = probe(seconds, id=sent[-1], company=company, path=path, kind=kind, role=role)
        await store.probes.launch(made, "", FIRST)
        if rng.random() < 0.8:
            again = rng.choice(sent[-20:])
            await store.probes.learn(
                again, (), rng.choice((SPAM, BLOCKED, INBOX)), at(seconds + 30), closed=True, delivery=None
            )
    await store.prune_routine(at(3600), at(0), at(20_000))
    last = await store.probes.last_signal()
    half = await number_of(store, len(sent) // 3)
    asked = ((last, 40, Role.SENDER), (half, 2, Role.SENDER), (last, 3, Role.CONTROL), (0, 9, Role.SENDER))
    for upto, most, who in asked:
        rng.shuffle(checks)
        found = await store.probes.histories(checks, who, upto, most)
        assert list(found) == checks
        assert found == {check: await store.probes.history(check, who, upto, most) for check in checks}
    assert max(map(len, (await store.probes.histories(checks, Role.SENDER, last, 40)).values())) > 2
    assert await store.probes.histories([], Role.SENDER, last, 9) == {}


async def test_hostile_text_in_a_verdict_is_legible(store: Store) -> None:
    await judged(store, "a", Verdict(SPAM.outcome, SPAM.cause, SPAM.grade, "x\udcff\0"))
    [signal] = await store.probes.signals(0)
    assert signal.verdict.because == "x?\N{REPLACEMENT CHARACTER}"
    assert signal.launched_at == T0


async def test_what_is_kept_of_verdicts_names_companies_by_the_words_of_the_configuration(store: Store) -> None:
    """Each row brings words of its own, and a process keeps what it knows of tens of thousands."""
    path = watched(None, None, company=TypeAdapter(Key).validate_python("ac" + "me"))
    await judged(store, "a")
    await judged(store, "b")
    first, second = await store.probes.signals(0)
    (present,) = await store.probes.current()
    assert path.company is first.company is second.company is present.company
    assert first.path is second.path is present.path
