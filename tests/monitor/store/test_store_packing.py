"""Evidence in fewer bytes: what is stored packed comes back whole, whatever the dictionary of its time was."""

from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import insert, literal, select

from monitor.store import Store, StoreError
from monitor.store.columns import PACKED, PackedText
from monitor.store.database import connect, writing
from monitor.store.tables import evidence
from probes.evidence import Arrival
from tests.support.headers import exchange_headers
from tests.support.store_by_hand import StoreByHand
from tests.support.store_samples import ARRIVED, FIRST, T0, at, probe


def arrival(rng: Random) -> Arrival:
    return replace(ARRIVED, headers=exchange_headers(rng))


async def stored(store: Store, *arrivals: Arrival) -> list[str]:
    ids = []
    for number, each in enumerate(arrivals):
        one = probe(number)
        await store.probes.launch(one, "maildir:/var/mail/probe", FIRST)
        await store.probes.add(one.id, each)
        ids.append(one.id)
    return ids


def bytes_of(url: str, probe_id: str) -> int:
    asked = f"SELECT data FROM evidence WHERE type = 'arrival' AND probe_id = '{probe_id}'"
    [(data,)] = StoreByHand(url).ask(asked)
    return len(data)


async def read_back(store: Store, probe_id: str) -> Arrival:
    record = await store.probes.record(probe_id)
    assert record
    found = record.evidence[1]
    assert isinstance(found, Arrival)
    return found


async def test_a_dictionary_of_earlier_mails_saves_half_and_all_stays_readable(url: str) -> None:
    rng = Random(7)
    arrivals = [arrival(rng) for _ in range(120)]
    async with Store.open(url) as store:
        ids = await stored(store, *arrivals)
        assert await store.learn_packing(T0)
        after = arrival(rng)
        [newest] = await stored(store, after)
        assert bytes_of(url, ids[0]) < 0.8 * len(arrivals[0].headers)
        assert bytes_of(url, newest) < 0.9 * bytes_of(url, ids[0])
        assert await read_back(store, ids[0]) == arrivals[0]
    async with Store.open(url) as store:  # another process: it reads the dictionary from the store
        assert await read_back(store, newest) == after
        [later] = await stored(store, after)
        assert bytes_of(url, later) == bytes_of(url, newest)


async def test_nothing_is_learnt_from_too_little_or_where_it_brings_too_little(store: Store) -> None:
    rng = Random(7)
    await stored(store, *(arrival(rng) for _ in range(99)))
    assert not await store.learn_packing(T0)
    await stored(store, *(arrival(rng) for _ in range(101)))
    assert await store.learn_packing(T0)
    assert not await store.learn_packing(at(60))  # the same mails: nothing better


async def test_mail_in_other_words_is_learnt_anew_and_the_old_stays_readable(store: Store) -> None:
    rng = Random(7)
    old = [arrival(rng) for _ in range(120)]
    ids = await stored(store, *old)
    assert await store.learn_packing(T0)
    words = [f"X-Gateway-{number}: {f'{number:064x}' * 3}\r\n" for number in range(60)]
    new = [replace(ARRIVED, headers="".join(words) + f"Message-ID: <{number}>\r\n") for number in range(420)]
    others = await stored(store, *new)
    assert await store.learn_packing(at(60))
    newest = await stored(store, new[0])
    assert [await read_back(store, each) for each in (ids[0], others[0], newest[0])] == [old[0], new[0], new[0]]


async def test_short_evidence_stays_text(store: Store, by_hand: StoreByHand) -> None:
    """Whoever opens the store by hand can read it."""
    [one] = await stored(store, ARRIVED)
    [(data,)] = by_hand.ask(f"SELECT data FROM evidence WHERE type = 'arrival' AND probe_id = '{one}'")
    assert data[:1] in ("{", b"{")


async def test_hostile_headers_come_back_as_they_were(store: Store) -> None:
    """Half characters and NUL are replaced before, as in all text."""
    evil = replace(ARRIVED, headers="X: \ud800\x00 \x01\r\n" * 500)
    [one] = await stored(store, evil)
    assert (await read_back(store, one)).headers == "X: ?\N{REPLACEMENT CHARACTER} \x01\r\n" * 500


async def test_packed_evidence_without_its_dictionary_is_an_error_that_says_so(store: Store, url: str) -> None:
    [one] = await stored(store, replace(ARRIVED, headers="Subject: long\r\n" * 100))
    lost = PACKED + (9).to_bytes(4, "big") + b"\xff\xff"
    of_probe = select(evidence.c.probe_id, evidence.c.at, evidence.c.type, literal(lost, PackedText())).where(
        evidence.c.type == "arrival"
    )
    with writing(connect(url)) as connection:
        connection.execute(insert(evidence).from_select(["probe_id", "at", "type", "data"], of_probe))
    with pytest.raises(StoreError, match="needs dictionary 9, which is missing"):
        await store.probes.record(one)


async def test_dictionaries_are_never_changed_or_deleted(store: Store, by_hand: StoreByHand) -> None:
    rng = Random(7)
    await stored(store, *(arrival(rng) for _ in range(120)))
    await store.learn_packing(T0)
    for statement in ("DELETE FROM evidence_dictionaries", "UPDATE evidence_dictionaries SET made_at = 0"):
        by_hand.refuses(statement, "a dictionary is never")
