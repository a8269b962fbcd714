"""What holds of incidents in every world: random outages, verdicts that come late, restarts and mutes."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import groupby, pairwise
from random import Random

import pytest

from monitor.incidents.incident import Resolution
from monitor.notices.notice import NoticeKind
from tests.support.outage_simulation import CHANNELS, Outage, turns

HOURS = 10
CALM = HOURS * 60  # minutes; after that all is well
MIXED = "bdcsf?"
BEGIN = {NoticeKind.OPENED, NoticeKind.WIDENED}
END = {NoticeKind.RESOLVED, NoticeKind.MERGED}


class Weather:
    """Outages at random, of one company, of a mail system or of all; and now and then a probe of its own mind."""

    def __init__(self, seed: int, companies: int, letters: str) -> None:
        self.rng = Random(seed)
        self.noise = {
            (number, quarter): self.rng.choice(letters + "i")
            for number in range(companies)
            for quarter in range(4 * HOURS)
            if self.rng.random() < 0.05
        }
        self.spells = [self._spell(companies, letters) for _ in range(self.rng.randint(2, 7))]

    def _spell(self, companies: int, letters: str) -> tuple[set[int], float, float, str]:
        everybody = range(companies)
        hit = self.rng.choice([everybody, everybody[:: self.rng.randint(2, 4)], [self.rng.choice(everybody)]])
        begins = self.rng.uniform(0, CALM)
        return set(hit), begins, begins + self.rng.uniform(10, 200), self.rng.choice(letters)

    def __call__(self, number: int, minute: float) -> str:
        if minute >= CALM:
            return "i"
        if letter := self.noise.get((number, int(minute / 15))):
            return letter
        found = [letter for hit, begins, ends, letter in self.spells if number in hit and begins <= minute < ends]
        return found[-1] if found else "i"


def lived(seed: int, letters: str) -> Outage:
    """A world from its beginning to its end, with restarts and mutes; the laws are looked at each minute."""
    weather = Weather(seed, 12, letters)
    rng = Random(seed)
    outage = Outage(12, weather, systems=rng.choice([1, 3, 12]))
    muted = {minute for start in range(0, CALM, 120) if rng.random() < 0.3 for minute in range(start, start + 60)}

    def mute(outage: Outage) -> None:
        silent = int((outage.day.now - outage.start).total_seconds() / 60) in muted
        outage.day.incidents = {
            name: replace(each, muted_by=("m",) if silent and each.open else ())
            for name, each in outage.day.incidents.items()
        }

    outage.mute = mute
    for minute in range(1, CALM + 600, 5):
        outage.run(minute)
        if rng.random() < 0.1:
            outage.day.restart()
        look_at(outage, one_reason=letters != MIXED)
    return outage


def look_at(outage: Outage, *, one_reason: bool) -> None:
    """No check is in two incidents. Where all fails for one reason, a company that a wide one touched has none of its
    own beside it."""
    held = Counter(failure.key for each in outage.day.open for failure in each.failures)
    assert not [check for check, number in held.items() if number > 1], turns(outage)
    wide = [each for each in outage.day.open if each.wide and one_reason]
    alone = [each for each in outage.day.open if each.company]
    beside = [(one.id, each.id) for one in alone for each in wide if one.nature is each.nature]
    mine = {each.id: each for each in outage.day.open}
    for one, other in beside:
        assert mine[one].company not in mine[other].companies, turns(outage)


@pytest.mark.parametrize("letters", ["d", "b", "db", "d?", MIXED])
@pytest.mark.parametrize("seed", range(4))
def test_whoever_was_told_of_the_beginning_is_told_of_one_end(seed: int, letters: str) -> None:
    outage = lived(seed, letters)
    assert outage.day.open == [], turns(outage)
    heard: defaultdict[tuple[str, str], list[NoticeKind]] = defaultdict(list)
    for _, channel, notice in outage.told:
        heard[channel, notice.incident].append(notice.news)
    folded = {each.id for each in outage.day.incidents.values() if each.ending is Resolution.MERGED}
    for (channel, incident), news in heard.items():
        turns_of_it = [key for key, _ in groupby(each in END for each in news)]
        assert news[0] in BEGIN
        assert sum(each in END for each in news) == turns_of_it.count(True), "no end is told twice"
        assert turns_of_it[-1] or (incident in folded and not CHANNELS[channel]), turns(outage)
        assert all(each not in BEGIN or before in END for before, each in pairwise(news) if each is NoticeKind.OPENED)


@pytest.mark.parametrize("seed", range(4))
def test_what_was_taken_in_never_comes_back(seed: int) -> None:
    outage = Outage(12, Weather(seed, 12, "db"), systems=3)
    over: set[str] = set()
    for minute in range(1, CALM, 10):
        outage.run(minute)
        assert not over & {each.id for each in outage.day.open}
        over |= {each.id for each in outage.day.incidents.values() if each.ending is Resolution.MERGED}
