"""The words that a reply's meaning depends on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.reading.replies.literals import Literals
from probes.reading.replies.memory import KEPT, Memory
from probes.reading.replies.phrases import PHRASES
from probes.reading.replies.quoted import quoted_address
from probes.reading.replies.words import Vocabulary, divided, fold, stem


def words(text: str, *, known: str = "") -> str:
    return " ".join(Vocabulary(known.split()).words(fold(text)))


@pytest.mark.parametrize(
    "forms",
    [
        "exceed exceeds exceeded exceeding",
        "block blocks blocked blocking",
        "ban bans banned banning",
        "policy policies",
        "reject rejects rejected rejecting rejection",
        "require requires required",
        "temporary temporarily",
    ],
)
def test_the_forms_of_a_word_are_one(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1


@pytest.mark.parametrize("pair", ["policy police", "list lost", "user use", "bad bed", "this the", "access axes"])
def test_different_words_stay_different(pair: str) -> None:
    first, second = pair.split()
    assert stem(first) != stem(second)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a@b.example>: Recipient rejected", "@ recipient reject"),
        ('"a b"@c.example unknown', "@ unknown"),
        ("host mx.firm.example[192.0.2.1] said", "host ~ # said"),
        ("your IP 2001:db8::1 is bad", "your ip # bad"),
        ("see https://firm.example/help?ip=192.0.2.1 now", "see ~ now"),
        ("550 5.1.1 no such user", "no such user"),
        ("550-5.7.1 no\n550 5.7.1 relaying", "no relai"),
        ("550-550-550-5.1.1 no", "no"),
        ("user doesn't exist", "user not exist"),
        ("cannot be delivered", "not deliver"),
        ("e-mail, email, E-Mails", "mail mail mail"),
        ("Mailbox full. Try later!", "mailbox full . try later ."),
        ("user_unknown", "user unknown"),
        ("é Über naïve", "e uber naiv"),
        ("", ""),
        (". ! ? …", ""),
    ],
)
def test_a_text_is_reduced_to_its_words(text: str, expected: str) -> None:
    assert words(text) == expected


def test_two_sentences_without_a_space_are_no_host_name() -> None:
    assert words("access denied.please call") == "access ~ call"
    assert words("access denied.contact us", known="denied contact") == "access deni . contact . us"


def test_reading_one_text_does_not_change_the_reading_of_another() -> None:
    vocabulary = Vocabulary()
    before = vocabulary.words("mailbox full")
    for number in range(10_000):
        vocabulary.words(f"word{number} other{number}")
    assert vocabulary.words("mailbox full") == before


def test_what_is_kept_of_texts_has_a_bound_and_begins_anew_when_it_is_full() -> None:
    memory = Memory(len)
    for number in range(3 * KEPT):
        assert memory[f"{number}"] == len(f"{number}")
    assert f"{3 * KEPT - 1}" in memory
    assert len(memory) <= KEPT
    assert memory["x" * 1000] == 1000
    assert "x" * 1000 not in memory


@given(st.text())
def test_any_text_is_reduced(text: str) -> None:
    assert all(PHRASES.vocabulary.words(fold(text)))


def test_the_written_form_of_each_word_is_known() -> None:
    spelled = PHRASES.vocabulary.spelled("Your messages were rejected. Rejecting")
    assert spelled == {"your": "Your", "messag": "messages", "reject": "rejected"}


@pytest.mark.parametrize(
    ("text", "word", "written"),
    [
        ("Das Postfach ist voll", "mailbox", "Postfach"),
        ("(Überfüllt)", "uberfullt", "Überfüllt"),
        ("邮箱已满", "full", "已满"),
        ("user_unknown", "unknown", "unknown"),
        ("mx.firm.example said", "said", "said"),
        ("You can’t", "not", "t"),
    ],
)
def test_a_word_is_written_in_the_letters_of_its_text(text: str, word: str, written: str) -> None:
    assert PHRASES.vocabulary.spelled(text)[word] == written


FIXED = {
    "vendors": ["gmx.", "gmail", ".prod.outlook.com", "(as16012"],
    "lists": ["spamhaus", "spamhaus.org/zen", "bl:", "mail spike"],
}
TABLES = Literals(FIXED, divided)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from mail.gmx.net", {"vendors": [0]}),
        ("x.prod.outlook.com", {"vendors": [2]}),
        ("www.spamhaus.org/zen", {"lists": [0, 1]}),
        ("gmail and spamhaus", {"vendors": [1], "lists": [0]}),
        ("nospamhaus", {}),  # not a word's beginning
        ("bl: x", {"lists": [2]}),
        ("mail spikes", {"lists": [3]}),  # of several words; the last may go on
        ("mail  spike", {}),
        ("hotmail spike", {}),
        ("x (as16012611)", {"vendors": [3]}),
        ("x as16012611", {}),
        ("", {}),
    ],
)
def test_fixed_texts_of_several_tables_are_found_at_once(text: str, expected: dict[str, list[int]]) -> None:
    assert TABLES.found(text, divided(text)) == expected


@given(st.text(alphabet="gmailxk.spamhaus/zenorg:( "))
def test_the_search_at_once_finds_what_a_search_for_each_would(text: str) -> None:
    single = {
        name: [number for number, one in enumerate(table) if re.search(rf"(?<![a-z0-9]){re.escape(one)}", text)]
        for name, table in FIXED.items()
    }
    found = TABLES.found(text, divided(text))
    for name, numbers in single.items():
        assert set(numbers) <= set(found.get(name, []))


@pytest.mark.parametrize(
    ("text", "address"),
    [("550 <a@b.example> unknown", "a@b.example"), ("write to abuse@b.example", None), ("no address", None)],
)
def test_the_address_that_a_reply_is_about(text: str, address: str | None) -> None:
    assert quoted_address(text) == address
