"""The measurement of standing, in small: all questions are asked and answered. Never how fast."""

from tests.bench import standing
from tests.bench.figures import Figure


async def test_all_questions_are_asked_and_answered() -> None:
    found = await standing.measure(standing.Plan(rounds=1, senders=2), lambda _: None)
    figures = {each.name: each for each in found if isinstance(each, Figure)}
    assert figures["questions to DNS in one full reading"].median >= 60
    assert all(figure.median > 0 for figure in figures.values())
    assert [figure.target for figure in figures.values() if figure.target] == [
        *("<= 2, for 60 questions", "<= 1", "< 50", "< 50"),
    ]
