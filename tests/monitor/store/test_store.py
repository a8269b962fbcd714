"""What the store promises, whatever the database."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from monitor.store import ListedProbe, NoSuchProbeError, Present, ProbeRecord, Store, StoreError
from probes.evidence import Arrival, Attempt, Evidence, FailedLook, Folder
from probes.kinds import Kind
from probes.probe import Probe
from probes.sender import Role
from probes.verdict import Grade, Outcome, Verdict
from tests.support.store_samples import (
    ARRIVED,
    BLOCKED,
    COPY,
    CUT_SHORT,
    DEFERRED,
    EVERY_EVIDENCE,
    FIRST,
    INBOX,
    LOOKED,
    NOT_LOOKED,
    REFUSED,
    SECOND,
    SPAM,
    T0,
    at,
    probe,
)


async def launched(store: Store, seconds: float = 0, **other: object) -> Probe:
    new = probe(seconds, **other)
    await store.probes.launch(new, "maildir:/var/mail/probe", FIRST)
    return new


async def recorded(store: Store, one: Probe) -> ProbeRecord:
    record = await store.probes.record(one.id)
    assert record
    return record


async def judged(store: Store, one: Probe, verdict: Verdict, seconds: float, *, closed: bool = True) -> None:
    await store.probes.learn(one.id, (), verdict, at(seconds), closed=closed, delivery=timedelta(seconds=2.5))


# --- what is stored comes back


async def test_a_probe_comes_back_as_it_was_launched(store: Store) -> None:
    new = await launched(store, company="ümläut", recipient="o'hara@acme.example", kind=Kind.INVITATION)
    assert await store.probes.record(new.id) == ProbeRecord(new, "maildir:/var/mail/probe", (FIRST,), None, None, None)


async def test_evidence_comes_back_in_the_order_in_which_it_was_stored(store: Store) -> None:
    new = await launched(store)
    for seen in EVERY_EVIDENCE:
        assert await store.probes.add(new.id, seen)
    await store.probes.add(new.id, LOOKED, NOT_LOOKED, LOOKED)
    record = await recorded(store, new)
    assert record.evidence == (FIRST, *EVERY_EVIDENCE, LOOKED, NOT_LOOKED, LOOKED)


async def test_everything_survives_closing_and_opening(url: str) -> None:
    async with Store.open(url) as store:
        new = await launched(store)
        await store.probes.add(new.id, *EVERY_EVIDENCE)
        await judged(store, new, BLOCKED, 9, closed=False)
        before = (
            await store.probes.record(new.id),
            await store.probes.in_flight(),
            await store.probes.current(),
            await store.key(),
        )
    async with Store.open(url) as store:
        assert before == (
            await store.probes.record(new.id),
            await store.probes.in_flight(),
            await store.probes.current(),
            await store.key(),
        )


async def test_times_of_any_zone_come_back_in_utc(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))
    new = await launched(store, created_at=T0.astimezone(tokyo))
    record = await recorded(store, new)
    assert record.probe.created_at == T0
    assert record.probe.created_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="without a zone"):
        await launched(store, created_at=datetime(2026, 1, 1))  # noqa: DTZ001


async def test_hostile_text_is_stored_in_a_form_that_can_be_read(store: Store) -> None:
    new = await launched(store)
    seen = Arrival(T0, T0, Folder.INBOX, "INBOX", "Subject: \udcff\0\ud800\r\n\U0001f4a9", ())
    assert await store.probes.add(new.id, seen, FailedLook(T0, "\udc80 NO'; DROP TABLE probes --"))
    await store.probes.learn(
        new.id, (), Verdict(Outcome.SPAM, None, Grade.REAL, "x\udcff\0"), T0, closed=True, delivery=None
    )
    record = await recorded(store, new)
    assert record.verdict == Verdict(Outcome.SPAM, None, Grade.REAL, "x?\N{REPLACEMENT CHARACTER}")
    _, arrival, look = record.evidence
    assert isinstance(arrival, Arrival)
    assert arrival.headers.endswith("\r\n\U0001f4a9")
    assert look == FailedLook(T0, "? NO'; DROP TABLE probes --")
    assert await store.probes.record("\udcff\0") is None
    assert await store.probes.find("\udcff\0") == []


# --- once


@pytest.mark.parametrize(
    ("there", "added", "new"),
    [
        ([], [FIRST], False),  # launched with it
        ([], [SECOND], True),
        ([SECOND], [SECOND], False),
        ([], [REFUSED], True),
        ([REFUSED], [DEFERRED], True),  # of another attempt
        ([REFUSED], [CUT_SHORT], False),  # an attempt has one end
        ([CUT_SHORT], [REFUSED], False),
        ([], [ARRIVED], True),
        ([ARRIVED], [COPY], False),
        ([LOOKED], [LOOKED], True),  # as often as it happens
        ([NOT_LOOKED], [NOT_LOOKED], True),
        ([], [LOOKED, LOOKED], True),
        ([], [ARRIVED, COPY], False),
        ([ARRIVED], [COPY, LOOKED], False),
        ([ARRIVED], [], True),
    ],
)
async def test_what_happens_once_is_stored_once(
    store: Store, there: list[Evidence], added: list[Evidence], new: bool
) -> None:
    one, other = await launched(store), await launched(store)
    await store.probes.add(one.id, *there)
    assert await store.probes.add(one.id, *added) is new
    assert await store.probes.add(other.id, ARRIVED) is True, "another probe has nothing to do with it"
    record = await recorded(store, one)
    named = [seen.once for seen in record.evidence if seen.once]
    assert len(named) == len(set(named))
    assert sum(seen.once is None for seen in record.evidence) == sum(seen.once is None for seen in (*there, *added))


async def test_of_many_at_the_same_moment_one_was_first(store: Store) -> None:
    probes = [await launched(store) for _ in range(5)]
    told = await asyncio.gather(*(store.probes.add(one.id, ARRIVED) for _ in range(20) for one in probes))
    assert told == [True] * 5 + [False] * 95


# --- verdicts


async def test_the_latest_verdict_counts(store: Store) -> None:
    one = await launched(store)
    await judged(store, one, SPAM, 10, closed=False)
    await judged(store, one, BLOCKED, 20, closed=False)
    record = await recorded(store, one)
    assert (record.verdict, record.judged_at, record.closed_at) == (BLOCKED, at(20), None)


async def test_an_amended_probe_stays_closed(store: Store) -> None:
    one = await launched(store)
    await judged(store, one, SPAM, 10)
    await judged(store, one, INBOX, 20, closed=False)
    await judged(store, one, BLOCKED, 30)
    record = await recorded(store, one)
    assert (record.verdict, record.judged_at, record.closed_at) == (BLOCKED, at(30), at(10))


async def test_closing_leaves_the_verdict_as_it_is(store: Store) -> None:
    one, never_judged = await launched(store), await launched(store)
    await judged(store, one, SPAM, 10, closed=False)
    await store.probes.learn(one.id, (), None, at(30), closed=True, delivery=None)
    await store.probes.learn(one.id, (), None, at(40), closed=True, delivery=None)
    await store.probes.learn(never_judged.id, (), None, at(30), closed=True, delivery=None)
    record = await recorded(store, one)
    assert (record.verdict, record.closed_at) == (SPAM, at(30))
    assert await store.probes.in_flight() == []
    assert len(await store.probes.current()) == 1


async def test_in_flight_is_what_is_not_closed_with_all_that_was_seen(store: Store) -> None:
    young, old, closed = await launched(store, 30), await launched(store, 10), await launched(store, 20)
    await store.probes.add(old.id, REFUSED)
    await judged(store, old, BLOCKED, 40, closed=False)
    await judged(store, closed, INBOX, 40)
    records = await store.probes.in_flight()
    assert [record.probe for record in records] == [old, young]
    assert [record.evidence for record in records] == [(FIRST, REFUSED), (FIRST,)]
    assert records == [await store.probes.record(old.id), await store.probes.record(young.id)]


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        ([(1, INBOX)], (1, INBOX)),
        ([(1, INBOX), (2, SPAM)], (2, SPAM)),
        ([(2, SPAM), (1, INBOX)], (2, SPAM)),  # an older probe, judged late, says nothing of now
        ([(1, INBOX), (1, BLOCKED)], (1, BLOCKED)),  # amended
        ([(1, INBOX), (2, SPAM), (1, BLOCKED)], (2, SPAM)),
        ([(1, INBOX), (2, SPAM), (2, INBOX)], (2, INBOX)),
    ],
)
async def test_the_present_verdict_is_that_of_the_newest_probe(
    store: Store, verdicts: list[tuple[int, Verdict]], shown: tuple[int, Verdict]
) -> None:
    probes = {number: await launched(store, number) for number in (1, 2)}
    for seconds, (number, verdict) in enumerate(verdicts, 100):
        await judged(store, probes[number], verdict, seconds)
    number, verdict = shown
    last = max(seconds for seconds, said in enumerate(verdicts, 100) if said == shown)
    assert await store.probes.current() == [
        Present(
            *("acme", "hq", Kind.VERIFICATION, Role.SENDER, probes[number].id, at(number)),
            *(verdict, at(last), timedelta(seconds=2.5)),
        )
    ]


async def test_each_company_path_kind_and_role_has_its_own_present_verdict(store: Store) -> None:
    lines: list[dict[str, Any]] = [
        {"company": "acme", "path": "hq"},
        {"company": "acme", "path": "dc"},
        {"company": "hq", "path": "acme"},
        {"kind": Kind.INVITATION},
        {"role": Role.CONTROL},
    ]
    probes = [await launched(store, **line) for line in lines]
    await asyncio.gather(*(judged(store, one, INBOX, 10) for one in probes))
    assert {now.probe_id for now in await store.probes.current()} == {one.id for one in probes}


# --- questions


async def test_recent_are_the_newest_of_one_path(store: Store) -> None:
    old, new, middle = [await launched(store, seconds) for seconds in (1, 3, 2)]
    await launched(store, path="dc")
    await judged(store, old, SPAM, 10)
    await judged(store, old, INBOX, 11)
    assert [listed.probe_id for listed in await store.probes.recent("acme", "hq")] == [new.id, middle.id, old.id]
    assert [listed.probe_id for listed in await store.probes.recent("acme", "hq", 2)] == [new.id, middle.id]
    assert (await store.probes.recent("acme", "hq"))[2] == ListedProbe(
        *(old.id, old.kind, old.role, at(1), at(10)),
        *(INBOX, at(11), timedelta(seconds=2.5)),
    )


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("ab", ["ab", "ab1", "ab2"]),
        ("ab1", ["ab1"]),
        ("a", ["ab", "ab1", "ab2", "ac"]),
        ("", ["ab", "ab1", "ab2", "ac", "é_%"]),
        ("é", ["é_%"]),
        ("A", []),
        ("a_", []),
        ("c", ["ac"]),  # begins none, ends one
        ("b1", ["ab1"]),
        ("%", ["é_%"]),
        ("_", []),
    ],
)
async def test_a_probe_is_found_by_how_its_id_begins_or_ends(store: Store, part: str, found: list[str]) -> None:
    for name in ("ac", "ab2", "ab", "ab1", "é_%"):
        await launched(store, id=name)
    assert await store.probes.find(part) == found


async def test_at_most_ten_are_found(store: Store) -> None:
    await asyncio.gather(*(launched(store, id=f"x{number:02d}") for number in range(12)))
    assert await store.probes.find("x") == [f"x{number:02d}" for number in range(10)]


async def test_launches_are_counted_by_path_since_a_moment(store: Store) -> None:
    await launched(store, 9)
    await launched(store, 10)
    await judged(store, await launched(store, 11, role=Role.CONTROL), INBOX, 12)
    await launched(store, 12, path="dc")
    assert await store.probes.launched_since(at(10)) == {("acme", "hq"): 2, ("acme", "dc"): 1}
    assert await store.probes.launched_since(at(13)) == {}


async def test_the_key_is_made_once(store: Store, url: str) -> None:
    keys = await asyncio.gather(*(store.key() for _ in range(5)))
    async with Store.open(url) as beside:
        keys.append(await beside.key())
    assert len(keys[0]) == 32
    assert len(set(keys)) == 1


# --- forgetting


async def test_what_was_closed_long_ago_is_forgotten(store: Store) -> None:
    old, young, open_still = [await launched(store, seconds) for seconds in (1, 2, 0)]
    await store.probes.add(old.id, *EVERY_EVIDENCE)
    await judged(store, old, SPAM, 10)
    await judged(store, young, INBOX, 20)
    await judged(store, open_still, INBOX, 5, closed=False)
    present = await store.probes.current()
    assert await store.prune(at(20)) == 1
    assert await store.probes.record(old.id) is None
    assert await store.probes.record(young.id)
    assert await store.probes.record(open_still.id)
    assert await store.probes.current() == present
    assert await store.prune(at(20)) == 0


async def test_much_is_forgotten_while_others_write(store: Store) -> None:
    probes = await asyncio.gather(*(launched(store) for _ in range(450)))
    await asyncio.gather(*(judged(store, one, INBOX, 1) for one in probes))
    forgetting = asyncio.create_task(store.prune(at(10)))
    written = 0
    while not forgetting.done():
        await launched(store)
        written += 1
    assert forgetting.result() == 450
    assert written > 1
    assert len(await store.probes.in_flight()) == written


async def test_a_present_verdict_outlives_its_probe_and_gives_way_to_a_newer_one(store: Store) -> None:
    await judged(store, await launched(store, 1), SPAM, 2)
    await store.prune(at(100))
    new = await launched(store, 200)
    await judged(store, new, INBOX, 201)
    assert [now.probe_id for now in await store.probes.current()] == [new.id]


# --- what goes wrong


async def test_evidence_of_a_probe_that_is_not_there_is_refused_and_harms_no_other(store: Store) -> None:
    one = await launched(store)
    told = await asyncio.gather(
        store.probes.add(one.id, SECOND),
        store.probes.add("nobody", ARRIVED),
        store.probes.add(one.id, ARRIVED),
        store.probes.learn("nobody", (), SPAM, T0, closed=True, delivery=None),
        store.probes.launch(one, "", FIRST),
        *(launched(store) for _ in range(40)),
        store.probes.add(one.id, REFUSED),
        return_exceptions=True,
    )
    assert [type(result) for result in told[:5]] == [bool, NoSuchProbeError, bool, NoSuchProbeError, StoreError]
    assert [result for result in told[5:] if isinstance(result, Exception)] == []
    record = await recorded(store, one)
    assert record.evidence == (FIRST, SECOND, ARRIVED, REFUSED)


async def test_a_launch_is_whole_or_not_at_all(store: Store) -> None:
    one = probe()
    with pytest.raises(StoreError):
        await store.probes.launch(one, "", Attempt(datetime(2026, 1, 1), 1))  # noqa: DTZ001
    assert await store.probes.record(one.id) is None


async def test_who_is_cancelled_while_waiting_has_written_all_the_same(store: Store) -> None:
    one = await launched(store)
    writing = [asyncio.create_task(store.probes.add(one.id, LOOKED)) for _ in range(20)]
    await asyncio.sleep(0)  # each of them has handed its write over
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    await store.probes.add(one.id, SECOND)  # comes after them
    record = await recorded(store, one)
    assert record.evidence == (FIRST, *[LOOKED] * 20, SECOND)


async def test_closing_waits_for_what_is_being_written(url: str) -> None:
    async with Store.open(url) as store:
        one = await launched(store)
        writing = [asyncio.create_task(store.probes.add(one.id, LOOKED)) for _ in range(100)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*writing) == [True] * 100
    for late in (store.probes.add(one.id, ARRIVED), store.probes.record(one.id)):
        with pytest.raises(StoreError, match="closed"):
            await late
    async with Store.open(url) as again:
        record = await recorded(again, one)
    assert len(record.evidence) == 101


async def test_reads_and_writes_are_timed_whether_they_work_or_fail(store: Store) -> None:
    before = {operation: sum(each.frozen().counts) for operation, each in store.seconds.items()}
    await store.probes.launch(probe(), "", FIRST)
    with pytest.raises(NoSuchProbeError):
        await store.probes.add("never launched", SECOND)
    await store.probes.record(probe().id)
    grown = {operation: sum(each.frozen().counts) - before[operation] for operation, each in store.seconds.items()}
    assert grown == {"read": 1, "write": 2}
    assert all(0 < each.frozen().total < 60 for each in store.seconds.values())
