"""A verdict is stored with what it rests on, and its sentence is rendered from that."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from monitor.store import ProbeFilter, Store, rows
from monitor.store.statements import SqlStatement
from probes.answer import Answer, Stage
from probes.details import Detail, InJunk, encode
from probes.sentences import sentence
from probes.verdict import Verdict
from tests.monitor.store.test_store_schema import older
from tests.support.detail_samples import EVERY_DETAIL, JUNK, TOOK, verdict_on
from tests.support.store_samples import BLOCKED, FIRST, SPAM, T0, probe

IN_JUNK = InJunk(JUNK, TOOK, "X-Spam: yes")


async def told(store: Store) -> list[Verdict | None]:
    """The verdict on probe "a", wherever the store tells it with its detail."""
    record = await store.probes.record("a")
    (present,), (signal,) = await store.probes.current(), await store.probes.signals(0)
    (recent,) = await store.probes.recent("acme", "hq")
    assert record
    return [record.verdict, present.verdict, signal.verdict, recent.verdict]


async def judged(store: Store, verdict: Verdict) -> None:
    await store.probes.launch(probe(id="a"), "", FIRST)
    await store.probes.learn("a", (), verdict, T0, closed=True, delivery=None)


@pytest.mark.parametrize("detail", EVERY_DETAIL, ids=lambda detail: detail.type)
async def test_a_verdict_comes_back_with_its_detail_and_the_sentence_of_then(store: Store, detail: Detail) -> None:
    verdict = verdict_on(detail, sentence(detail))
    await judged(store, verdict)
    for read in await told(store):
        assert read == verdict  # with its sentence
        assert read.detail == detail
    page = await store.probes.page(ProbeFilter(None), None, 1)
    assert [row.verdict for row in page.probes] == [verdict]  # lists read the sentence alone


async def test_the_sentence_is_rendered_from_the_detail(store: Store) -> None:
    """So that all of them are in the words of this release, whichever judged."""
    await judged(store, verdict_on(IN_JUNK, "words of an older release"))
    assert {read and read.because for read in await told(store)} == {sentence(IN_JUNK)}


async def test_a_verdict_without_detail_keeps_its_sentence(store: Store) -> None:
    await judged(store, SPAM)
    assert {(read and read.because, read and read.detail) for read in await told(store)} == {(SPAM.because, None)}


async def test_a_detail_of_a_newer_release_leaves_the_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "encode_detail", lambda detail: encode(detail).replace("in_junk", "of_tomorrow"))
    async with Store.open(url) as store:
        await judged(store, verdict_on(IN_JUNK, "words of tomorrow"))
    async with Store.open(url) as store:
        assert {(read and read.because, read and read.detail) for read in await told(store)} == {
            ("words of tomorrow", None)
        }


DAMAGED = ('{"stage": "of_tomorrow"}', '{"stage": "rcpt", "code":', "null", "[]", "")


@pytest.mark.parametrize("stored", DAMAGED)
async def test_an_answer_or_detail_that_cannot_be_read_takes_nothing_else_with_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    monkeypatch.setattr(rows, "encode_answer", lambda _: stored)
    monkeypatch.setattr(rows, "encode_detail", lambda _: stored)
    answered = replace(verdict_on(IN_JUNK, "words of then"), answer=Answer(Stage.RCPT, 550, "5.7.1", "no"))
    await judged(store, answered)
    for read in await told(store):
        assert read == replace(answered, answer=None)
        assert read.detail is None
    page = await store.probes.page(ProbeFilter(None), None, 1)
    assert [row.verdict for row in page.probes] == [replace(answered, answer=None)]


async def test_hostile_text_in_a_detail_is_stored_in_a_form_that_can_be_read(store: Store) -> None:
    hostile = InJunk(JUNK, TOOK, "X-Spam: \udcff\0 NO'; DROP TABLE verdicts --")
    await judged(store, verdict_on(hostile, sentence(hostile)))
    for read in await told(store):
        assert read
        assert isinstance(read.detail, InJunk)
        assert read.detail.header == "X-Spam: ?\N{REPLACEMENT CHARACTER} NO'; DROP TABLE verdicts --"
        assert "\udcff" not in read.because


def test_a_detail_is_encoded_once_for_both_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Mock(side_effect=encode)
    monkeypatch.setattr(rows, "encode_detail", encoder)
    written = dict(rows.judged("a", verdict_on(IN_JUNK, ""), T0, None))
    assert encoder.call_count == 1
    assert written[SqlStatement.JUDGE]["detail"] is written[SqlStatement.SHOW]["detail"]


async def test_a_store_from_before_verdicts_had_details_keeps_their_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'mailpath.db'}") as store:
        await judged(store, verdict_on(IN_JUNK, "words of an older release"))
    file = await older(tmp_path / "mailpath.db", "0008", monkeypatch)
    with closing(sqlite3.connect(file)) as connection:
        assert "detail" not in [row[1] for row in connection.execute("PRAGMA table_info(verdicts)")]
    async with Store.open(f"sqlite:///{file}") as store:
        assert {(read and read.because, read and read.detail) for read in await told(store)} == {
            ("words of an older release", None)
        }
        await store.probes.learn("a", (), verdict_on(IN_JUNK, sentence(IN_JUNK)), T0, closed=True, delivery=None)
        record = await store.probes.record("a")
        assert record
        assert record.verdict
        assert record.verdict.detail == IN_JUNK
        assert await store.prune(T0 + timedelta(hours=1)) == 1
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM verdicts").fetchall() == [(0,)]


def test_a_later_look_is_no_new_verdict() -> None:
    """What differs in the detail alone, such as the time of a look that found nothing either, nobody reads."""
    assert verdict_on(IN_JUNK, "so it is") == verdict_on(InJunk(JUNK, TOOK * 2, "X-Spam: yes"), "so it is")
    assert BLOCKED != SPAM
