"""The tables hold together, and no input breaks or slows the reader."""

import ast
import inspect
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.answer import Stage
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
from probes.reading.replies.normalise import fold
from probes.reading.replies.table import PhraseTable

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


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_phrase_of_a_table_is_found_by_it(module) -> None:
    for name, rows in vars(module).items():
        if not name.isupper():
            continue
        for origin, causes in rows.items():
            for cause, block in causes.items():
                alone = PhraseTable({origin: {cause: block}})
                for phrase in filter(None, (part.strip() for line in block.splitlines() for part in line.split(" / "))):
                    said = phrase.replace("…", "kitten").replace("*", "")
                    found = alone.first(fold(said))
                    assert found is not None, phrase
                    assert found.cause is cause


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
