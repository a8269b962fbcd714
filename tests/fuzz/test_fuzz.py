"""A small part of the fuzz, with the other tests: a few thousand broken inputs, bounded in CPU time."""

import pytest

from tests.fuzz import seeds
from tests.fuzz.mutate import LARGEST, broken
from tests.fuzz.readers import READERS
from tests.fuzz.run import fuzz

INPUTS = 3000  # of all readers together
SECONDS = 2.0  # of CPU time for one: more than in the whole fuzz, for a core that is shared takes longer for the same


@pytest.mark.parametrize("name", READERS)
def test_no_broken_input_is_raised_at_or_takes_long(name: str) -> None:
    if name == "report":
        pytest.importorskip("parsedmarc")
    result = fuzz(name, round(INPUTS * READERS[name].share), "suite", most_seconds=SECONDS)
    assert result.good, result.faults
    assert result.inputs


def test_all_readers_have_their_share() -> None:
    assert sum(reader.share for reader in READERS.values()) == pytest.approx(1)


def test_an_input_is_broken_in_the_same_way_again() -> None:
    first = [broken(seeds.mails_back(), f"1/bounce/{number}") for number in range(50)]
    assert first == [broken(seeds.mails_back(), f"1/bounce/{number}") for number in range(50)]
    assert len(set(first)) > 40
    assert max(map(len, first)) <= LARGEST


def test_what_raises_is_told_with_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(data: bytes) -> None:
        raise ValueError(len(data))

    monkeypatch.setitem(READERS, "answer", READERS["answer"].__class__(falls, seeds.answers, 1.0))
    result = fuzz("answer", 3, "x")
    assert not result.good
    assert result.faults[0].startswith("x/answer/0: raised ValueError")
