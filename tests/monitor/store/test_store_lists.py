"""Lists of probes, page by page: nothing is lost and nothing comes twice, whatever is asked and whatever happens."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from monitor.store import Cursor, ProbeFilter, ProbeRow, Store, StoreError, list_reads
from probes.kinds import Kind
from probes.probe import Probe, ProbePurpose
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict
from tests.support.store_samples import BLOCKED, FIRST, INBOX, SPAM, T0, at, probe

ALL = ProbeFilter(None)
COMPANIES = ("acme", "bolt", "corp")


@dataclass(frozen=True)
class Known:
    """A probe that is stored, and its latest verdict."""

    probe: Probe
    verdict: Verdict | None


async def stored(store: Store, one: Probe, *said: Verdict) -> Known:
    await store.probes.launch(one, "", FIRST)
    for verdict in said:
        await store.probes.learn(one.id, (), verdict, at(5000), closed=True, delivery=timedelta(seconds=3))
    return Known(one, said[-1] if said else None)


async def crowd(store: Store) -> list[Known]:
    """Many probes of all sorts, newest first; some were launched in the same microsecond."""
    chance = random.Random(5)
    made = [
        stored(
            store,
            probe(
                chance.randrange(40),
                id=f"r{chance.getrandbits(40):010x}",
                company=chance.choice(COMPANIES),
                path=chance.choice(("hq", "dc")),
                kind=chance.choice((Kind.VERIFICATION, Kind.INVITATION)),
                role=chance.choice((Role.SENDER, Role.SENDER, Role.CONTROL)),
            ),
            *chance.choices((INBOX, SPAM, BLOCKED), k=chance.randrange(3)),
        )
        for _ in range(120)
    ]
    found = await asyncio.gather(*made)
    return sorted(found, key=lambda known: (known.probe.created_at, known.probe.id), reverse=True)


async def leafed(store: Store, wanted: ProbeFilter, most: int = 7, cursor: Cursor | None = None) -> list[ProbeRow]:
    """All pages."""
    rows: list[ProbeRow] = []
    for _ in range(1000):
        page = await store.probes.page(wanted, cursor, most)
        assert len(page.probes) <= most
        rows += page.probes
        if page.next is None:
            return rows
        assert cursor is None or (page.next.created_at, page.next.probe_id) < (cursor.created_at, cursor.probe_id)
        cursor = page.next
    raise AssertionError("there is no end")


def ids(rows: list[ProbeRow]) -> list[str]:
    return [row.probe_id for row in rows]


async def test_a_probe_is_listed_with_all_that_a_list_shows(store: Store) -> None:
    await stored(store, probe(3, id="a", via="xclient", role=Role.CONTROL), SPAM, BLOCKED)
    await stored(store, probe(2, id="b", company="bolt", path="dc", kind=Kind.INVITATION))
    page = await store.probes.page(ALL, None, 5)
    assert page.next is None
    told = ("a", "acme", "hq", Kind.VERIFICATION, Role.CONTROL, "xclient", at(3), at(5000), BLOCKED, at(5000))
    assert page.probes == (
        ProbeRow(*told, timedelta(seconds=3)),
        ProbeRow("b", "bolt", "dc", Kind.INVITATION, Role.SENDER, "direct", at(2), None, None, None, None),
    )


async def test_an_empty_store_has_one_empty_page(store: Store) -> None:
    for wanted in (ALL, ProbeFilter(("acme",)), ProbeFilter(()), ProbeFilter(None, outcome=Outcome.SPAM)):
        page = await store.probes.page(wanted, None, 5)
        assert (page.probes, page.next) == ((), None)


def sees(*companies: str) -> Callable[[Known], bool]:
    return lambda known: known.probe.company in companies


WANTED: list[tuple[ProbeFilter, Callable[[Known], bool]]] = [
    (ALL, lambda _: True),
    (ProbeFilter(COMPANIES), lambda _: True),
    (ProbeFilter(("acme", "corp")), sees("acme", "corp")),
    (ProbeFilter(("acme", "acme", "nobody")), sees("acme")),
    (ProbeFilter(()), sees()),  # bound to no company is not bound to none
    (ProbeFilter(None, "bolt"), sees("bolt")),
    (ProbeFilter(("bolt", "acme"), "bolt"), sees("bolt")),
    (ProbeFilter(("acme",), "bolt"), sees()),
    (ProbeFilter((), "bolt"), sees()),
    (ProbeFilter(None, "bolt", "dc"), lambda known: sees("bolt")(known) and known.probe.path == "dc"),
    (ProbeFilter(("acme", "bolt"), path="dc"), lambda known: sees("acme", "bolt")(known) and known.probe.path == "dc"),
    (ProbeFilter(None, path="dc"), lambda known: known.probe.path == "dc"),
    (ProbeFilter(None, kind=Kind.INVITATION), lambda known: known.probe.kind is Kind.INVITATION),
    (ProbeFilter(None, kind=Kind.ADDRESS_CHANGE), sees()),
    (ProbeFilter(None, role=Role.CONTROL), lambda known: known.probe.role is Role.CONTROL),
    (ProbeFilter(None, outcome=Outcome.SPAM), lambda known: known.verdict == SPAM),
    (ProbeFilter(None, outcome=Outcome.LATE), sees()),
    (ProbeFilter(None, "acme", outcome=Outcome.INBOX), lambda known: sees("acme")(known) and known.verdict == INBOX),
    (
        ProbeFilter(("acme", "bolt"), outcome=Outcome.INBOX),
        lambda known: sees("acme", "bolt")(known) and known.verdict == INBOX,
    ),
    (
        ProbeFilter(None, "acme", "hq", Kind.INVITATION, Role.SENDER, Outcome.BLOCKED),
        lambda known: (
            (known.probe.company, known.probe.path, known.probe.kind, known.probe.role, known.verdict)
            == ("acme", "hq", Kind.INVITATION, Role.SENDER, BLOCKED)
        ),
    ),
    (ProbeFilter(None, since=at(10), until=at(20)), lambda known: at(10) <= known.probe.created_at < at(20)),
    (ProbeFilter(None, since=at(20), until=at(10)), sees()),
    (
        ProbeFilter(("acme", "corp"), role=Role.CONTROL, since=at(10), until=at(20)),
        lambda known: (
            sees("acme", "corp")(known)
            and known.probe.role is Role.CONTROL
            and at(10) <= known.probe.created_at < at(20)
        ),
    ),
]


@pytest.mark.parametrize(
    ("through", "few"),
    [
        (list_reads.LOOK_THROUGH, list_reads.MAX_COMPANIES_ONE_BY_ONE),
        (5, list_reads.MAX_COMPANIES_ONE_BY_ONE),  # pages are short, and some are empty
        (5, 1),  # few companies are many
        (0, 0),
    ],
)
async def test_the_pages_together_are_what_is_wanted(
    store: Store, monkeypatch: pytest.MonkeyPatch, through: int, few: int
) -> None:
    monkeypatch.setattr(list_reads, "LOOK_THROUGH", through)
    monkeypatch.setattr(list_reads, "MAX_COMPANIES_ONE_BY_ONE", few)
    known = await crowd(store)
    for wanted, belongs in WANTED:
        for most in (3, 500):
            found = await leafed(store, wanted, most)
            assert ids(found) == [each.probe.id for each in known if belongs(each)], (wanted, most)


async def test_a_list_goes_on_from_any_place(store: Store) -> None:
    known = await crowd(store)
    for number in (0, 17, 119):
        here = known[number].probe
        after = await leafed(store, ALL, cursor=Cursor(here.created_at, here.id))
        assert ids(after) == [each.probe.id for each in known[number + 1 :]]
    assert await leafed(store, ALL, cursor=Cursor(at(-1), "")) == []
    assert await leafed(store, ProbeFilter(None, until=at(20)), cursor=Cursor(at(39), "")) == await leafed(
        store, ProbeFilter(None, until=at(20))
    )


@pytest.mark.parametrize(
    "wanted", [ALL, ProbeFilter(("acme", "bolt")), ProbeFilter(None, kind=Kind.VERIFICATION), ProbeFilter(None, "acme")]
)
async def test_what_comes_meanwhile_moves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, wanted: ProbeFilter
) -> None:
    monkeypatch.setattr(list_reads, "LOOK_THROUGH", 10)
    await crowd(store)
    before = await leafed(store, wanted)
    assert len(before) > 40
    seen: list[ProbeRow] = []
    page = await store.probes.page(wanted, None, 6)
    while page.next:
        seen += page.probes
        await asyncio.gather(*(stored(store, probe(100 + len(seen)), INBOX) for _ in range(8)))
        page = await store.probes.page(wanted, page.next, 6)
    assert [*seen, *page.probes] == before
    assert len(await leafed(store, wanted)) > len(before)


async def test_what_is_forgotten_meanwhile_hides_nothing_else(store: Store) -> None:
    made = [await stored(store, probe(number, id=f"f{number}"), INBOX) for number in range(9)]
    page = await store.probes.page(ALL, None, 3)
    assert page.next
    assert page.next.probe_id == "f6"
    assert await store.prune(at(6000)) == 9
    await asyncio.gather(*(stored(store, each.probe, INBOX) for each in made if each.probe.id != "f6"))
    assert ids(await leafed(store, ALL, cursor=page.next)) == ["f5", "f4", "f3", "f2", "f1", "f0"]


async def test_an_amended_verdict_is_found_by_its_new_outcome_only(store: Store) -> None:
    await stored(store, probe(id="a"), SPAM)
    await asyncio.gather(
        *(store.probes.learn("a", (), verdict, T0, closed=True, delivery=None) for verdict in (BLOCKED, SPAM, INBOX))
    )
    found = {outcome: ids(await leafed(store, ProbeFilter(None, outcome=outcome))) for outcome in Outcome}
    assert {outcome for outcome, names in found.items() if names} == {Outcome.INBOX}
    assert await store.probes.counts(T0, None) == {("acme", Outcome.INBOX): 1}


async def test_a_page_looks_no_further_than_in_its_busiest_company(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would look through all of it, where another company has been silent for long."""
    monkeypatch.setattr(list_reads, "LOOK_THROUGH", 10)
    busy = (stored(store, probe(100 + number, company="acme")) for number in range(30))
    silent = (stored(store, probe(number, company="bolt")) for number in range(30))
    await asyncio.gather(*busy, *silent)
    page = await store.probes.page(ProbeFilter(("acme", "bolt"), kind=Kind.INVITATION), None, 5)
    assert (page.probes, page.next) == ((), Cursor(at(124), ""))


async def test_many_of_one_moment_have_an_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a page looks through, and none of them is wanted."""
    monkeypatch.setattr(list_reads, "LOOK_THROUGH", 4)
    await asyncio.gather(*(stored(store, probe()) for _ in range(30)))
    await stored(store, probe(-5, id="old", kind=Kind.INVITATION))
    assert ids(await leafed(store, ProbeFilter(None, kind=Kind.INVITATION))) == ["old"]
    assert len(await leafed(store, ProbeFilter(None, kind=Kind.VERIFICATION), 2)) == 30


@pytest.mark.parametrize("bad", ["\udcff", "\0", "'; DROP TABLE probes --", "%", "*", "x" * 100_000, "\U0010ffff"])
async def test_hostile_questions_find_nothing(store: Store, bad: str) -> None:
    await stored(store, probe(id="a"), SPAM)
    for wanted in (
        ProbeFilter(None, bad),
        ProbeFilter(None, path=bad),
        ProbeFilter((bad,)),
        ProbeFilter((bad,), "acme"),
        ProbeFilter(tuple(f"{bad}{number}" for number in range(list_reads.MAX_COMPANIES_ONE_BY_ONE + 1))),
        ProbeFilter(None, "acme", bad, outcome=Outcome.SPAM),
    ):
        assert await leafed(store, wanted) == []
    assert ids(await leafed(store, ALL, cursor=Cursor(at(1), bad))) == ["a"]
    assert await store.probes.history_of_company(bad, T0) == []
    assert await store.probes.counts(T0, [bad]) == {}


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    naive = T0.replace(tzinfo=None)
    for ask in (
        store.probes.page(replace(ALL, since=naive), None, 5),
        store.probes.page(ALL, Cursor(naive, ""), 5),
        store.probes.counts(naive, None),
    ):
        with pytest.raises(StoreError, match="without a zone"):
            await ask


# --- of one company, and of all


async def test_the_history_of_a_company_is_the_senders_oldest_first(store: Store) -> None:
    known = await crowd(store)
    ours = [each for each in known if each.probe.company == "bolt" and each.probe.role is Role.SENDER]
    history = await store.probes.history_of_company("bolt", at(10))
    assert sorted(ids(history)) == sorted(each.probe.id for each in ours if each.probe.created_at >= at(10))
    assert [row.launched_at for row in history] == sorted(row.launched_at for row in history)
    rows = {row.probe_id: row for row in await leafed(store, ALL)}
    assert history == [rows[each.probe_id] for each in history]


async def test_what_varies_the_mail_on_purpose_is_no_history_of_the_senders_mail(store: Store) -> None:
    for purpose in ProbePurpose:
        await stored(store, probe(1, id=purpose, purpose=purpose), INBOX)
    usual = {ProbePurpose.SCHEDULED, ProbePurpose.MANUAL, ProbePurpose.CONTROL}
    assert set(ids(await store.probes.history_of_company("acme", T0))) == usual
    inbox = ProbeFilter(None, "acme", role=Role.SENDER, outcome=Outcome.INBOX)
    assert set(ids(await leafed(store, replace(inbox, usual=True)))) == usual
    assert {row.purpose for row in await leafed(store, inbox)} == set(ProbePurpose)


async def test_what_somebody_asked_for_is_listed_newest_first(store: Store) -> None:
    for number, purpose in enumerate(ProbePurpose):
        await stored(store, probe(number, id=purpose, purpose=purpose), INBOX)
    await stored(store, probe(9, id="bolt", company="bolt", purpose=ProbePurpose.MANUAL))
    asked_for = [ProbePurpose.REMEDY, ProbePurpose.DIAGNOSIS, ProbePurpose.MANUAL]
    assert ids(await store.probes.by_hand_of_company("acme", T0, 9)) == asked_for
    assert ids(await store.probes.by_hand_of_company("acme", T0, 2)) == asked_for[:2]
    assert ids(await store.probes.by_hand_of_company("acme", at(3), 9)) == asked_for[:2]
    assert await store.probes.by_hand_of_company("nobody", T0, 9) == []


async def test_of_a_long_history_the_newest_are_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_reads, "MAX_OF_COMPANY", 3)
    for number in range(5):
        await stored(store, probe(number, id=f"h{number}"))
    assert ids(await store.probes.history_of_company("acme", T0)) == ["h2", "h3", "h4"]


async def test_outcomes_are_counted_by_company(store: Store) -> None:
    late = Verdict(Outcome.LATE, Cause.GREYLISTED, Grade.REAL, "late")
    for seconds, company, role, said in (
        (1, "acme", Role.SENDER, [INBOX]),
        (2, "acme", Role.SENDER, [SPAM, INBOX]),  # the latest verdict counts
        (3, "acme", Role.SENDER, [BLOCKED]),
        (4, "acme", Role.CONTROL, [BLOCKED]),  # not the sender's
        (5, "acme", Role.SENDER, []),  # not known yet
        (0, "bolt", Role.SENDER, [INBOX]),
        (6, "bolt", Role.SENDER, [late]),
    ):
        await stored(store, probe(seconds, company=company, role=role), *said)
    acme = {("acme", Outcome.INBOX): 2, ("acme", Outcome.BLOCKED): 1}
    assert await store.probes.counts(at(1), None) == acme | {("bolt", Outcome.LATE): 1}
    assert await store.probes.counts(at(0), ("bolt",)) == {("bolt", Outcome.INBOX): 1, ("bolt", Outcome.LATE): 1}
    assert await store.probes.counts(at(1), ["acme", "nobody"]) == acme
    assert await store.probes.counts(at(2), ("acme",)) == {("acme", Outcome.INBOX): 1, ("acme", Outcome.BLOCKED): 1}
    assert await store.probes.counts(at(0), ()) == {}
    assert await store.probes.counts(at(7), None) == {}
