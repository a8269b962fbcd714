"""The corpora of refusals are read as well as demanded, and the reader is fast enough."""

import time
from itertools import islice

import pytest
import scores_replies as scores

from probes.reading.replies import read_reply

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
def test_the_share_that_is_read_right(score, share):
    result = score()
    print(result.table())
    assert result.share >= share, result.wrong


def test_three_thousand_replies_a_second():
    texts = [row["text"] for row in islice(scores.rows("sisimai-replies/replies.tsv"), 200)]
    best = min(_seconds(texts) for _ in range(5))
    assert len(texts) / best >= 3000


def _seconds(texts: list[str]) -> float:
    started = time.thread_time()
    for text in texts:
        read_reply(text)
    return time.thread_time() - started
