"""What is kept for how long: a routine probe loses its evidence first, then its verdict; all else stays."""

from datetime import datetime, timedelta

import pytest

from monitor.store import Store
from probes.evidence import Attempt, Bounce, Evidence, MailKind
from probes.kinds import Kind
from probes.probe import Probe, ProbePurpose
from probes.sender import Role
from probes.verdict import Cause, Verdict
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import (
    ARRIVED,
    BLOCKED,
    DEFERRED,
    FIRST,
    INBOX,
    LOOKED,
    REFUSED,
    SECOND,
    SPAM,
    T0,
    at,
    probe,
)

LATER = T0 + timedelta(days=3)
NEVER = T0 - timedelta(days=1)
MINUTE = 60
REPORT = Bounce(
    at(9), MailKind.DELAY, "probe@acme.example", "delayed", "4.2.0", "still trying", Cause.UNCLEAR, permanent=False
)


async def judged(store: Store, minute: float, verdict: Verdict, *evidence: Evidence, **other: object) -> Probe:
    """A closed probe of this minute."""
    one = probe(minute * MINUTE, **other)
    await store.probes.launch(one, "maildir:/var/mail/probe", Attempt(one.created_at, 1))
    news = evidence or (REFUSED, LOOKED, ARRIVED)
    await store.probes.learn(
        one.id, news, verdict, at(minute * MINUTE + 5), closed=True, delivery=timedelta(seconds=2.5)
    )
    return one


async def whole(store: Store, *, of: Probe) -> bool:
    record = await store.probes.record(of.id)
    assert record
    assert len(record.evidence) == 1 if record.evidence_deleted_at else len(record.evidence) > 1
    return record.evidence_deleted_at is None


async def pruned(store: Store, evidence: datetime = LATER, verdicts: datetime = NEVER) -> int:
    return await store.prune_routine(evidence, verdicts, LATER)


async def test_a_mail_that_reached_the_inbox_as_the_one_before_did_is_no_news(store: Store) -> None:
    first, dull, newest = [await judged(store, minute, INBOX) for minute in (0, 15, 30)]
    assert await pruned(store) == 1
    assert [await whole(store, of=each) for each in (first, dull, newest)] == [True, False, True]


async def test_what_stays_of_it_is_its_verdict_and_the_times(store: Store) -> None:
    for minute in (0, 15, 30):
        last = await judged(store, minute, INBOX, id=f"p{minute}")
    before = await store.probes.record("p15")
    await pruned(store)
    record = await store.probes.record("p15")
    assert last
    assert before
    assert record
    assert record.evidence == before.evidence[:1]
    assert record.evidence_deleted_at == LATER
    assert (record.verdict, record.judged_at, record.closed_at, record.delivery) == (
        before.verdict,
        before.judged_at,
        before.closed_at,
        timedelta(seconds=2.5),
    )


@pytest.mark.parametrize("verdict", [SPAM, BLOCKED], ids=lambda verdict: str(verdict.outcome))
async def test_a_failure_and_the_end_of_it_are_news(store: Store, verdict: Verdict) -> None:
    """The first good probe after a failure shows how it ended."""
    good, bad, ends, dull, _ = [
        await judged(store, 15 * number, each) for number, each in enumerate((INBOX, verdict, INBOX, INBOX, INBOX))
    ]
    assert await pruned(store) == 1
    assert [await whole(store, of=each) for each in (good, bad, ends, dull)] == [True, True, True, False]


@pytest.mark.parametrize(
    "other",
    [
        {"purpose": ProbePurpose.MANUAL},
        {"purpose": ProbePurpose.DIAGNOSIS},
        {"purpose": ProbePurpose.CONTROL, "role": Role.CONTROL},
    ],
    ids=["manual", "diagnosis", "control"],
)
async def test_what_was_not_sent_on_schedule_as_the_sender_is_kept(store: Store, other: dict[str, object]) -> None:
    for minute in (0, 15, 30):
        await judged(store, minute, INBOX)
    asked_for = [await judged(store, minute, INBOX, **other) for minute in (16, 17, 18)]
    await pruned(store)
    assert [await whole(store, of=each) for each in asked_for] == [True, True, True]


async def test_each_kind_of_mail_has_its_own_past(store: Store) -> None:
    """Invitations were blocked before: the good one is news, though codes arrive all the time."""
    await judged(store, 0, INBOX)
    await judged(store, 1, BLOCKED, kind=Kind.INVITATION)
    codes, invitation = await judged(store, 15, INBOX), await judged(store, 16, INBOX, kind=Kind.INVITATION)
    await judged(store, 30, INBOX)
    await judged(store, 31, INBOX, kind=Kind.INVITATION)
    await pruned(store)
    assert [await whole(store, of=each) for each in (codes, invitation)] == [False, True]


async def test_a_verdict_that_was_amended_is_news(store: Store) -> None:
    await judged(store, 0, INBOX)
    amended = await judged(store, 15, BLOCKED)
    await store.probes.learn(amended.id, (), INBOX, at(1000), closed=True, delivery=None)
    await judged(store, 30, INBOX)
    await pruned(store)
    assert await whole(store, of=amended)


async def test_a_mail_that_was_deferred_first_did_not_arrive_at_once(store: Store) -> None:
    """Greylisting that was passed in time shows only in the transcript."""
    await judged(store, 0, INBOX)
    deferred = await judged(store, 15, INBOX, SECOND, DEFERRED, ARRIVED)
    await judged(store, 30, INBOX)
    await pruned(store)
    assert await whole(store, of=deferred)


async def test_a_probe_that_somebody_reported_on_is_kept(store: Store) -> None:
    await judged(store, 0, INBOX)
    reported = await judged(store, 15, INBOX, ARRIVED, REPORT)
    await judged(store, 30, INBOX)
    await pruned(store)
    assert await whole(store, of=reported)


async def test_nothing_is_deleted_of_what_is_young_or_in_flight(store: Store) -> None:
    await judged(store, 0, INBOX)
    young = await judged(store, 15, INBOX)
    flying = probe(16 * MINUTE)
    await store.probes.launch(flying, "", FIRST)
    await judged(store, 30, INBOX)
    assert await pruned(store, evidence=at(15 * MINUTE)) == 0
    await pruned(store)
    assert not await whole(store, of=young)
    assert [record.probe.id for record in await store.probes.in_flight()] == [flying.id]


async def test_it_goes_on_where_it_was_and_looks_at_nothing_twice(store: Store) -> None:
    for minute in range(0, 300, 2):  # more than are looked at in one write
        await judged(store, minute, INBOX, id=f"p{minute:03}")
    assert await pruned(store, evidence=at(101 * MINUTE)) == 50
    assert await pruned(store, evidence=at(101 * MINUTE)) == 0
    assert await pruned(store) == 98  # 150 but for the first and the newest


async def test_probes_without_news_leave_before_the_others(store: Store) -> None:
    kept = [await judged(store, 0, INBOX), await judged(store, 1, BLOCKED, kind=Kind.INVITATION)]
    dull = [await judged(store, minute, INBOX) for minute in (15, 30)]
    newest = await judged(store, 45, INBOX)
    assert await pruned(store, verdicts=at(31 * MINUTE)) == 4
    assert [await store.probes.record(each.id) for each in dull] == [None, None]
    for each in (*kept, newest):
        assert await whole(store, of=each)


async def test_the_order_of_launch_outlives_the_evidence(store: Store) -> None:
    """A probe that was launched later stays the current one, whatever its clock said."""
    for minute in (0, 15, 30):
        await judged(store, minute, INBOX, id=f"p{minute}")
    await pruned(store)
    assert [each.probe_id for each in await store.probes.current()] == ["p30"]


async def test_the_database_itself_refuses_to_delete_needed_evidence(store: Store, by_hand: StoreByHand) -> None:
    one = await judged(store, 0, INBOX)
    of_probe = f"DELETE FROM evidence WHERE probe_id = '{one.id}'"
    by_hand.refuses(of_probe, "evidence is deleted only with its probe")
    by_hand.change(f"UPDATE probes SET evidence_deleted_at = 1 WHERE id = '{one.id}'")
    by_hand.refuses(f"UPDATE probes SET evidence_deleted_at = 2 WHERE id = '{one.id}'", "of a probe is deleted once")
    by_hand.refuses(f"{of_probe} AND once = 'attempt:1'", "evidence is deleted only with its probe")
    assert by_hand.change(f"{of_probe} AND once = 'arrival'") == 1
    flying = probe(60)
    await store.probes.launch(flying, "", FIRST)
    by_hand.refuses(f"UPDATE probes SET evidence_deleted_at = 1 WHERE id = '{flying.id}'", "when it is closed")
