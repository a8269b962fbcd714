"""Several `mailpath serve` with standing on one store: the leader reads, and a takeover doubles nothing. Real processes
that are really killed, between the two readings that confirm a change."""

import asyncio
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.standing.drift import Drift
from monitor.store import Store
from probes.standing.profile import Profile, ProfileItem, ProfileKey
from tests.support.hasty_standing import EVERY, HASTY
from tests.support.service_process import Folder, Process, folder

WAITS = "standing by: process"
DOMAIN = "account.trimble.com"
OLD_MX = "mx.old.example"


async def moved_meanwhile(store: Path) -> None:
    """Store a profile as if the mail hosts had been others: the first reading differs, and the second confirms it."""
    known = {ProfileKey(ProfileItem.MX, DOMAIN): frozenset({OLD_MX})}
    async with Store.open(f"sqlite:///{store}") as opened:
        await opened.standing.begin(simulated=True)
        await opened.standing.keep_drift(Drift(Profile(datetime.now(UTC) - timedelta(minutes=1), known), {}), ())


def differs(at: Folder) -> bool:
    """Whether a first reading differs from the known profile."""
    rows = at.asked("SELECT value FROM facts WHERE name = 'standing_drift'")
    return bool(rows and rows[0][0] and json.loads(rows[0][0])["differs"])


def changes(at: Folder) -> list[tuple[str, str]]:
    return [(item, old) for item, old in at.asked("SELECT item, old FROM standing_changes")]


def newest_reading(at: Folder) -> int:
    return int(at.asked("SELECT coalesce(max(seen_at), 0) FROM standing_facts")[0][0])


def leads(at: Folder, process: Process) -> bool:
    """Whether this process holds the lease."""
    rows = at.asked("SELECT holder FROM leases")
    return bool(rows and rows[0][0] and f'"pid": {process.process.pid}' in rows[0][0])


def read_later(at: Folder, before: int) -> None:
    """Wait for another reading."""
    at.until(lambda: newest_reading(at) > before)


def taken_over(at: Folder, dead: Process, waiting: Process) -> None:
    """Kill one, and wait until the other has read several times."""
    dead.send(signal.SIGKILL)
    dead.process.wait(10)
    at.until(lambda: leads(at, waiting))
    for _ in range(3):
        read_later(at, newest_reading(at))


def opened(at: Folder) -> list[tuple[str, int]]:
    """How often each incident was opened."""
    return at.asked("SELECT incident, count(*) FROM history WHERE turn = 'opened' GROUP BY incident")


def test_a_takeover_between_two_readings_doubles_no_change_no_fact_and_no_incident(tmp_path: Path) -> None:
    asyncio.run(moved_meanwhile(tmp_path / "mailpath.db"))
    with folder(tmp_path, {"birch": "inbox"}, program=HASTY, standing=EVERY) as at:
        first = at.serve()
        at.until(lambda: differs(at))
        second = at.serve()
        at.until(lambda: second.said(WAITS))
        facts = "SELECT question, subject, since FROM standing_facts WHERE current"
        at.until(lambda: len(at.asked(facts)) > 30)
        taken_over(at, first, second)
        at.until(lambda: changes(at))
        listing = "SELECT count(*) FROM incidents WHERE json_extract(data, '$.nature') = 'standing'"
        at.until(lambda: at.asked(listing) == [(2,)])  # the change, and a minor list that the sandbox's address is on

        third = at.serve()
        at.until(lambda: third.said(WAITS))
        before, subjects = at.asked(facts), at.asked("SELECT count(DISTINCT question || subject) FROM standing_facts")
        taken_over(at, second, third)

        assert [item for item, _ in changes(at)] == ["mx"]
        assert OLD_MX in changes(at)[0][1]
        assert {count for _, count in opened(at)} == {1}
        assert at.asked(listing) == [(2,)]
        assert {*at.asked(facts)} >= {*before}, "equal readings go on, whoever makes them"
        assert at.asked(
            "SELECT count(*) FROM (SELECT DISTINCT question, subject FROM standing_facts WHERE current)"
        ) == (subjects), "one row of each subject is the present one"
        assert third.end() == 0
