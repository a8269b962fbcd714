"""The corpora of refusals are read as well as demanded."""

import pytest

from tests.corpora import scores_replies as scores

pytestmark = pytest.mark.skipif(not scores.CORPORA.is_dir(), reason="the shared corpora are not here")


@pytest.mark.parametrize(
    ("score", "share"),
    [
        (scores.sisimai, 0.96),
        (scores.bounces, 0.96),
        (scores.zonemta, 0.97),
        (scores.postalsys, 0.96),
        (scores.mautic, 0.92),
        (scores.greylists, 1.0),
        (scores.kumomta, 1.0),
        (scores.fragments, 0.92),
        (scores.providers, 0.92),
    ],
)
def test_the_share_that_is_read_right(score, share) -> None:
    result = score()
    print(result.table())
    assert result.share >= share, result.wrong
