"""The tables hold together, and no input breaks or slows the reader."""

import ast
import inspect
import time
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.answer import Stage
from probes.outcome import Cause
from probes.reading.facts import ReplyFacts
from probes.reading.replies import (
    carriers,
    gateways,
    languages,
    messages,
    read_reply,
    recipients,
    senders,
    systems,
    webmail,
)
from probes.reading.replies.phrases import PHRASES
from probes.reading.replies.table import Phrase, PhraseIndex, PhraseKind, PhraseSource, telling
from probes.reading.replies.words import fold, without_advice

MODULES = (webmail, carriers, gateways, senders, recipients, messages, systems, languages)
WORDS = sorted(
    {
        word
        for module in MODULES
        for name, rows in vars(module).items()
        if name.isupper()
        for causes in rows.values()
        for block in causes.values()
        for word in block.replace("…", " ").replace("*", "").split()
    }
)
BABBLE = st.lists(
    st.sampled_from(
        [*WORDS, "550", "5.7.1", "450-4.2.0", "a@b.test", "zen.spamhaus.org", "\n", "[192.0.2.1]", "'", "("]
    ),
    max_size=60,
).map(" ".join)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_origin_stands_once_and_names_its_source(module) -> None:
    written = [
        tuple(argument.value for argument in node.args if isinstance(argument, ast.Constant))
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PhraseSource"
    ]
    kept = [origin for name, rows in vars(module).items() if name.isupper() for origin in rows]
    assert len(written) == len(kept)  # a second one would replace the first in silence
    assert all(origin.source for origin in kept)


def found_in(text: str, index: PhraseIndex = PHRASES, conditions: frozenset[str] = frozenset()) -> list[Phrase]:
    folded = fold(text)
    return [
        hit.phrase for hit in telling(index.hits(without_advice(index.vocabulary.words(folded)), folded, conditions))
    ]


@pytest.mark.parametrize("phrase", PHRASES.phrases, ids=lambda phrase: f"{phrase.cause}: {phrase.text}")
def test_every_phrase_is_found_where_it_is_said(phrase: Phrase) -> None:
    written = phrase.text.split()[len(phrase.conditions) :]
    said = " ".join(written).strip("… ").replace("…", "kitten").replace("*", "")
    folded = fold(said)
    words = without_advice(PHRASES.vocabulary.words(folded))
    hits = PHRASES.hits(words, folded, frozenset(phrase.conditions))
    assert phrase in [hit.phrase for hit in hits]


def test_no_words_mean_two_things_of_the_same_kind() -> None:
    means: dict[object, set[Cause]] = defaultdict(set)
    for phrase in PHRASES.phrases:
        means[phrase.kind, phrase.conditions, phrase.parts].add(phrase.cause)
    assert [words for words, causes in means.items() if len(causes) > 1] == []


def index_of(**causes: str) -> PhraseIndex:
    rows = {PhraseSource("", "a test"): {Cause(name): block for name, block in causes.items()}}
    return PhraseIndex([(PhraseKind.STATED, rows)])


@pytest.mark.parametrize(
    "text",
    [
        "mailbox is full",
        "The mailbox was full.",
        "MAILBOX FULL",
        "Sorry, this mailbox has been full",
        "mailboxes full",
        "your <a@b.example> mailbox, full",
    ],
)
def test_one_row_covers_all_forms_of_a_statement(text: str) -> None:
    assert [phrase.text for phrase in found_in(text, index_of(mailbox_full="mailbox is full"))] == ["mailbox is full"]


@pytest.mark.parametrize("text", ["mailbox. Full story", "mailbox not full", "full mailbox", "mailbox fullness"])
def test_other_statements_are_not_covered(text: str) -> None:
    assert found_in(text, index_of(mailbox_full="mailbox is full")) == []


def test_a_gap_is_short() -> None:
    index = index_of(mailbox_disabled="account … disabled")
    assert found_in("account of the former employee is disabled", index)
    assert not found_in("account " + "word " * 20 + "disabled", index)


def test_a_condition_is_a_stage_or_a_code() -> None:
    index = index_of(domain_blocked="[mail] 553 … not exist")
    assert found_in("does not exist", index, frozenset({"[mail]", "553"}))
    assert not found_in("does not exist", index, frozenset({"[rcpt]", "553"}))
    assert not found_in("does not exist", index, frozenset({"[mail]", "550"}))


def test_a_longer_phrase_explains_the_words_of_a_shorter_one() -> None:
    index = index_of(ip_blocked="blocked", content="message blocked", domain_blocked="domain … blocked")
    assert [phrase.cause for phrase in found_in("message blocked", index)] == [Cause.CONTENT]
    assert [phrase.cause for phrase in found_in("blocked. message blocked", index)] == [Cause.IP_BLOCKED, Cause.CONTENT]
    both = [phrase.cause for phrase in found_in("domain is now blocked", index)]
    assert both == [Cause.DOMAIN_BLOCKED, Cause.IP_BLOCKED]  # words around a gap explain nothing between them


def test_a_phrase_that_loses_its_words_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match=r"'you are the' of 'a test' is reduced to 0 of its words"):
        index_of(policy="you are the")
    with pytest.raises(ValueError, match=r"'may be forged' of 'a test' is reduced to 1 of its words"):
        index_of(policy="may be forged")


@given(st.one_of(st.text(), BABBLE), st.sampled_from([None, *Stage]), st.sampled_from([None, 0, 450, 550]))
def test_any_text_is_read(text, stage, code) -> None:
    facts = read_reply(text, stage=stage, code=code)
    assert isinstance(facts, ReplyFacts)
    assert facts.retry_after is None or facts.retry_after.total_seconds() > 0


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "a.",
        "a@",
        " ",
        "550 ",
        "550-",
        "5.1.1 ",
        "'5.1.1 ",
        ":",
        "a:",
        "again ",
        "listed in ",
        "sender ",
        "1.2.3.4 ",
        *("http://", "é", "宛先", "\ud800", "\0", "-", "a-", "user unknow ", "retry 1 ", "error 55"),
    ],
)
def test_a_megabyte_takes_a_blink(part) -> None:
    text = part * (2**20 // len(part))
    started = time.thread_time()
    read_reply(text)
    assert time.thread_time() - started < 1
