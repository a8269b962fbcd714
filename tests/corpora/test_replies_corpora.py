"""The corpora of refusals are read as well as demanded, and so is what was held out when the weights were learnt."""

from itertools import islice

import pytest

from tests.corpora import learn
from tests.corpora import scores_replies as scores
from tests.corpora.examples import corpora, families

pytestmark = pytest.mark.skipif(not scores.CORPORA.is_dir(), reason="the shared corpora are not here")


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("sisimai", 0.97),
        ("bounces", 0.97),
        ("zonemta", 0.97),
        ("postalsys_labels", 0.96),
        ("mautic", 0.97),
        ("greylists", 1.0),
        ("kumomta", 1.0),
        ("fragments", 0.95),
        ("providers", 0.90),
    ],
)
def test_the_share_that_is_read_right(name, share) -> None:
    result = scores.score(name)
    print(result.table())
    assert result.share >= share, result.wrong


def test_codes_waits_and_blocklists_are_found() -> None:
    result = scores.postalsys()
    print(result.table())
    assert result.share >= 0.97, result.wrong


@pytest.mark.timeout(600)  # learns the weights once for each fold
def test_what_was_held_out_is_read_nearly_as_well() -> None:
    """Two of the five folds, since each learns for a quarter of a minute; `python -m tests.corpora.learn` reads all."""
    examples = corpora()
    parts = learn.folds(examples)
    first_half = sum(part < learn.FOLDS // 2 for part in parts)
    answers = list(islice(learn.held_out(examples, learn.own_lessons(), parts), first_half))
    print("\n".join(learn.report(answers)))
    real = [answer for answer in answers if answer.example.corpus in ("sisimai-replies", "sisimai-bounces")]
    assert sum(answer.right for answer in real) >= 0.86 * len(real)  # without the phrases that only they hold
    assert sum(answer.accuses for answer in real) <= 0.01 * len(real)
    assert learn.calibration(real) <= 0.05


def test_variants_of_one_text_are_never_learnt_and_examined() -> None:
    examples = corpora()
    kin, parts = families(examples), learn.folds(examples)
    assert len(set(kin)) > 500
    assert all(len({part for part, mine in zip(parts, kin, strict=True) if mine == family}) == 1 for family in set(kin))
