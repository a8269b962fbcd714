"""When to probe. Times are minutes after midnight of a Monday, unless said otherwise."""

import itertools
import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.config import WatchedPath
from monitor.probing.caps import Caps
from monitor.probing.schedule import STALE, Schedule, Timetable
from probes.kinds import Kind

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Toward:
    """As much of a route as the schedule knows."""

    via: str = "direct"
    host: str = ""

    def destination(self, recipient: str) -> str:
        return self.host or recipient.rpartition("@")[2]


def path(name: str = "acme", **facts: Any) -> WatchedPath:
    settings: dict[str, Any] = {
        "company": name,
        "company_name": name,
        "mail_systems": ("postfix",),
        "path": "hq",
        "to": f"probe@{name}.test",
        "route": Toward(),
        "mailbox": None,
        "kinds": (Kind.VERIFICATION,),
        "every": timedelta(minutes=10),
        "cron": None,
        "jitter": 0.0,
        "code_life": timedelta(minutes=10),
        "give_up": timedelta(hours=1),
        "retry": (timedelta(minutes=10),),
        "per_path_per_day": 1500,
        "timeout": timedelta(seconds=60),
    }
    return WatchedPath(**(settings | facts))


def schedule(
    *paths: WatchedPath, per_host: int = 10_000, sent: Any = None, busy: Any = None, now: Any = MIDNIGHT
) -> Schedule:
    caps = Caps(per_host, sent or {}, now)
    return Schedule(paths, caps, now, busy=busy or (lambda *_: False), rng=random.Random(7))


def run(
    plan: Schedule, minutes: float, start: datetime = MIDNIGHT, step: timedelta = SECOND
) -> list[tuple[datetime, Any]]:
    """What is launched, ticking every `step`."""
    launched, now = [], start
    while now < start + timedelta(minutes=minutes):
        launched += [(now, order) for order in plan.due(now)]
        now += step
    return launched


def test_each_kind_once_in_the_interval_spread_over_it() -> None:
    kinds = tuple(Kind)
    launched = run(schedule(path(kinds=kinds)), 60)
    assert Counter(order.kind for _, order in launched) == dict.fromkeys(kinds, 6)
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(launched)]
    assert {round(gap / timedelta(minutes=1)) for gap in gaps} == {2}


def test_many_paths_spread_over_the_interval() -> None:
    launched = run(schedule(*(path(f"c{n}") for n in range(600))), 10.05)
    per_minute = Counter(int((at - MIDNIGHT) / timedelta(minutes=1)) for at, _ in launched)
    assert len({order.path.company for _, order in launched}) == 600
    assert max(per_minute.values()) < 100  # 60 would be perfect


def test_a_restart_neither_moves_nor_makes_up() -> None:
    whole = [at for at, _ in run(schedule(path()), 60)]
    later = MIDNIGHT + timedelta(minutes=25)
    restarted = [at for at, _ in run(schedule(path(), now=later), 35, start=later)]
    assert restarted == [at for at in whole if at >= later]


def test_jitter_moves_a_probe_but_loses_none() -> None:
    launched = run(schedule(path(jitter=0.5)), 100)
    gaps = {b - a for (a, _), (b, _) in itertools.pairwise(launched)}
    assert len(launched) in (9, 10)
    assert len(gaps) > 5
    assert timedelta(minutes=4) < min(gaps)
    assert max(gaps) < timedelta(minutes=16)


def test_no_burst_after_a_sleep() -> None:
    plan = schedule(*(path(f"c{n}") for n in range(100)))
    run(plan, 10)
    awake = MIDNIGHT + timedelta(hours=9)
    assert len(list(plan.due(awake))) <= 10  # those due in the last moments, not a hundred times fifty
    assert plan.skipped["late"] >= 90
    assert plan.lag > STALE
    assert len(run(plan, 10, start=awake + SECOND)) >= 95


def test_never_two_of_a_kind_on_a_path() -> None:
    on_its_way: set[tuple[str, str, Kind]] = set()
    plan = schedule(path(), busy=lambda check: check in on_its_way)
    on_its_way.add(("acme", "hq", Kind.VERIFICATION))
    assert run(plan, 30) == []
    on_its_way.clear()
    assert len(run(plan, 30, start=MIDNIGHT + timedelta(minutes=30))) == 3
    assert plan.skipped["busy"] == 3


def test_the_cap_of_a_host_puts_off_but_loses_none() -> None:
    behind_one_host = [path(f"c{n}", route=Toward(host="gateway.test"), every=timedelta(minutes=30)) for n in range(60)]
    launched = run(schedule(*behind_one_host, per_host=4), 45)
    times = [at for at, _ in launched]
    assert all(b - a >= timedelta(minutes=1) for a, b in zip(times, times[4:], strict=False))
    assert len({order.path.company for _, order in launched}) == 60


def test_the_cap_of_a_path_holds_for_the_day_and_counts_what_was_sent_before() -> None:
    plan = schedule(path(per_path_per_day=10), sent={("acme", "hq"): 7})
    assert len(run(plan, 24 * 60, step=10 * SECOND)) == 3
    assert len(run(plan, 24 * 60, start=MIDNIGHT + timedelta(days=1), step=10 * SECOND)) == 10


@pytest.mark.parametrize(
    ("cron", "after", "first"),
    [
        ("*/15 6-20 * * mon-fri", 0, 6 * 60),
        ("*/15 6-20 * * mon-fri", 6 * 60 + 2, 6 * 60 + 15),
        ("*/15 6-20 * * mon-fri", 21 * 60, (24 + 6) * 60),
        ("*/15 6-20 * * mon-fri", (4 * 24 + 21) * 60, (7 * 24 + 6) * 60),  # Friday night to Monday morning
    ],
)
def test_cron_times_are_utc_and_spread_within_their_minute(cron, after, first) -> None:
    table = Timetable(path(every=None, cron=cron), Kind.VERIFICATION)
    at = table.after(MIDNIGHT + timedelta(minutes=after), random.Random(7))
    assert MIDNIGHT + timedelta(minutes=first) <= at < MIDNIGHT + timedelta(minutes=first + 1)


def test_cron_fires_each_time_once() -> None:
    launched = run(schedule(path(every=None, cron="*/15 * * * *")), 180)
    assert len(launched) == 12


# --- a clock that is set


def pace(plan: Schedule, steps: list[tuple[float, float]]) -> list[float]:
    """Minutes that really passed at each launch, where (minutes, step): so long it goes on, then the clock is set by
    `step` minutes."""
    launched, passed, wall = [], 0.0, MIDNIGHT
    for minutes, step in steps:
        for _ in range(round(minutes * 60)):
            launched += [passed for _ in plan.due(wall)]
            passed, wall = passed + 1 / 60, wall + SECOND
        moved = timedelta(minutes=step)
        wall += moved
        plan.clock_was_set(moved, wall)
    return launched


@pytest.mark.parametrize("step", [-1440 * 400, -120, -7, -1, 1, 7, 120, 1440 * 400])
def test_every_ten_minutes_is_every_ten_minutes_whatever_the_clock_is_set_to(step: float) -> None:
    launched = pace(schedule(path()), [(35, step), (60, -step), (60, 0)])
    gaps = [later - earlier for earlier, later in itertools.pairwise(launched)]
    assert 9 <= min(gaps) <= max(gaps) < 20
    assert launched[-1] > 140


@pytest.mark.parametrize("step", [-120, 120])
def test_a_step_makes_no_burst(step: float) -> None:
    plan = schedule(*(path(f"c{n}") for n in range(100)))
    launched = pace(plan, [(35, step), (30, 0)])
    busiest = max(sum(minute <= at < minute + 1 for at in launched) for minute in range(65))
    assert busiest <= 25
    assert len(launched) >= 500


@pytest.mark.parametrize(
    ("cron", "step", "launches"),  # in minutes; the clock is set 13 hours after midnight
    [
        ("0 12 * * *", -120, [720]),  # noon comes again, the probe does not
        ("0 12 * * *", 120, [720]),
        ("0 9,17 * * *", -30, [540, 1050]),  # five o'clock comes half an hour later
        ("0 14 * * *", -120, [960]),
        ("0 * * * *", -90, [*range(0, 840, 60), *range(870, 1200, 60)]),  # every hour is every hour
    ],
)
def test_a_cron_time_that_comes_again_is_not_used_again(cron: str, step: float, launches: list[float]) -> None:
    plan = schedule(path(every=None, cron=cron))
    launched = pace(plan, [(13 * 60 + 5, step), (6 * 60, 0)])
    assert [round(at / 30) * 30 for at in launched] == [at for at in launches if at < 19 * 60]


def test_a_reload_forgets_nothing_of_it() -> None:
    plan = schedule(path(every=None, cron="0 12 * * *"))
    noon = MIDNIGHT + timedelta(hours=12)
    assert len(run(plan, 5, start=noon)) == 1
    caps = Caps(10, {}, noon)
    again = Schedule([path(every=None, cron="0 12 * * *")], caps, noon, busy=lambda *_: False, before=plan)
    again.clock_was_set(timedelta(hours=-1), noon - timedelta(minutes=55))
    assert run(again, 70, start=noon - timedelta(minutes=55)) == []


# --- a start, perhaps after another process


@pytest.mark.parametrize(
    ("facts", "seconds", "due"),
    [
        ({"every": timedelta(minutes=10)}, 20, 10),  # who had that turn may have missed it
        ({"every": timedelta(minutes=10)}, 29, 1),
        ({"every": timedelta(minutes=10)}, 40, None),  # too long ago
        ({"every": timedelta(seconds=60)}, 20, 4),
        ({"every": timedelta(seconds=60)}, 28, None),  # the next one is not far
        ({"every": None, "cron": "*/10 * * * *"}, 20, 10),
    ],
)
def test_turns_of_the_last_moments_are_caught_up(facts: dict[str, Any], seconds: int, due: int | None) -> None:
    """At the same distances, not all at once; and once."""
    (_, first), *_ = run(schedule(path(**facts)), 11)
    now = first.due + seconds * SECOND
    plan = Schedule([path(**facts)], Caps(10_000, {}, now), now, busy=lambda _: False, catch_up=lambda _: True)
    again = [(round((each.due - now) / SECOND), each.slot) for _, each in run(plan, 0.5, now)]
    assert again == ([] if due is None else [(due, first.slot)])


def test_where_nobody_was_before_nothing_is_caught_up() -> None:
    (_, first), *_ = run(schedule(path()), 11)
    now = first.due + 20 * SECOND
    plan = Schedule([path()], Caps(10_000, {}, now), now, busy=lambda _: False)
    assert run(plan, 0.5, now) == []


def test_a_slot_is_the_time_without_jitter_so_that_all_processes_have_the_same() -> None:
    facts: dict[str, Any] = {"jitter": 0.5, "kinds": tuple(Kind)[:2]}
    launched = [run(schedule(path(**facts)), 60), run(schedule(path(**facts), path("other")), 60)]
    slots = [{(each.kind, each.slot) for _, each in some if each.path.company == "acme"} for some in launched]
    assert slots[0] == slots[1]
    assert len(slots[0]) == 12
    assert any(each.due != each.slot for _, each in launched[0])
    assert all(timedelta(0) <= each.due - each.slot < timedelta(minutes=2.5) for _, each in launched[0])


# --- a reload


def reloaded(plan: Schedule, *paths: WatchedPath, now: datetime) -> Schedule:
    return Schedule(paths, Caps(10_000, {}, now), now, busy=lambda *_: False, before=plan)


def hour(plan: Schedule, start: datetime) -> list[tuple[str, Kind, datetime]]:
    return [(order.path.key, order.kind, order.due) for _, order in run(plan, 60, start=start)]


@pytest.mark.parametrize("minute", [0.0, 3.1, 9.9])
def test_a_reload_moves_only_the_probes_of_the_paths_that_change(minute: float) -> None:
    """With jitter: drawn again, a turn would come sooner, later, or not at all."""
    others = [path(f"c{n}", jitter=0.5, kinds=tuple(Kind)) for n in range(50)]
    now = MIDNIGHT + timedelta(minutes=minute)
    untouched, plan = (schedule(*others, path("acme")) for _ in range(2))
    for each in (untouched, plan):
        run(each, minute)
    again = reloaded(plan, *others, path("acme", every=timedelta(minutes=7)), path("new"), now=now)
    first = {(key, kind): due for key, kind, due in reversed(hour(again, now)) if key not in ("acme/hq", "new/hq")}
    assert first == {(key, kind): due for key, kind, due in reversed(hour(untouched, now)) if key != "acme/hq"}


def test_what_is_due_when_the_reload_comes_is_sent() -> None:
    plan = schedule(path())
    due = hour(plan, MIDNIGHT)[0][2]
    plan = schedule(path())
    again = reloaded(plan, path(to="other@acme.test"), now=due + SECOND)
    assert [(order.path.to, order.due) for order in again.due(due + SECOND)] == [("other@acme.test", due)]


def test_a_path_with_other_times_is_planned_anew_and_one_that_is_gone_is_not() -> None:
    plan = schedule(path(), path("gone"))
    again = reloaded(plan, path(every=timedelta(minutes=20)), now=MIDNIGHT)
    assert hour(again, MIDNIGHT) == hour(schedule(path(every=timedelta(minutes=20))), MIDNIGHT)


def test_skipped_turns_are_counted_on_over_a_reload() -> None:
    plan = schedule(path(), busy=lambda *_: True)
    run(plan, 10)
    assert plan.skipped["busy"] == reloaded(plan, path(), now=MIDNIGHT).skipped["busy"] == 1


# --- what cannot be stored is not sent


def test_what_falls_into_a_time_without_a_store_is_left_out() -> None:
    plan = schedule(*(path(f"c{n}") for n in range(100)))
    for second in range(300):
        assert list(plan.due(MIDNIGHT + second * SECOND, stored=False)) == []
    later = MIDNIGHT + timedelta(minutes=5)
    assert len(list(plan.due(later))) <= 2, "no burst"
    assert plan.skipped["store"] >= 35
    assert len(run(plan, 10, start=later)) >= 95


# --- caps that outlive the schedule


def test_a_host_has_its_cap_also_after_a_restart() -> None:
    times = [MIDNIGHT - 30 * SECOND, MIDNIGHT - 10 * SECOND]
    caps = Caps(2, {}, MIDNIGHT, {"acme.test": times})
    assert caps.free_at("acme.test", MIDNIGHT) == MIDNIGHT + 30 * SECOND
    assert caps.free_at("other.test", MIDNIGHT) == MIDNIGHT


def test_a_repeated_attempt_counts_for_the_host_and_not_for_the_day() -> None:
    caps = Caps(2, {}, MIDNIGHT)
    one = path(per_path_per_day=1)
    caps.count_message(one, MIDNIGHT)
    assert not caps.full(one, MIDNIGHT)
    caps.count(one, MIDNIGHT)
    assert caps.full(one, MIDNIGHT)
    assert caps.free_at("acme.test", MIDNIGHT) == MIDNIGHT + 60 * SECOND


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_neither_opens_nor_shuts_a_host(hours: int) -> None:
    caps, step = Caps(1, {}, MIDNIGHT), timedelta(hours=hours)
    caps.count_message(path(), MIDNIGHT)
    caps.clock_was_set(step)
    now = MIDNIGHT + step + 10 * SECOND
    assert caps.free_at("acme.test", now) == now + 50 * SECOND
