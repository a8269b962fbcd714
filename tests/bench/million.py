"""A store that holds a great many finished probes with their verdicts, as after weeks of work.

Written straight into the tables, in one go: half a minute for a million, where the service would take days.
"""

import asyncio
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from monitor.measures.delivery_bounds import DELIVERY_BOUNDS_SECONDS
from monitor.store import Store
from monitor.store.columns import instant, moment
from monitor.store.delivery_counts import BEYOND
from monitor.store.tables import current_verdicts, daily_results, evidence, hourly_results, probes, verdicts
from probes.answer import Stage
from probes.evidence import Arrival, Attempt, Dialogue, Evidence, Folder, Handover, Marker, Step, encode
from probes.kinds import Kind
from probes.sender import Role
from probes.verdict import Cause, Grade, Outcome, Verdict

SECOND, MINUTE = 10**6, 60 * 10**6
KINDS = tuple(Kind)
_Counts = dict[tuple[Any, ...], Counter[str]]
"""Probes by the bound of their delivery time, "" without one; for each row of a table of counts."""

CONTROL_EVERY = 7  # every so many probes one is the control's
HOST = "mx.acme.example[192.0.2.1]:25"
LIST = f"rejected at RCPT TO by {HOST}: 554 5.7.1 Client host [104.130.122.50] is on our list"
GOOD = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived in INBOX 3 s after it was sent")
SHARES = (  # of a thousand probes; what is left is GOOD
    (30, Verdict(Outcome.SPAM, Cause.CONTENT, Grade.REAL, "arrived in Junk 3 s after it was sent")),
    (12, Verdict(Outcome.BLOCKED, Cause.IP_BLOCKED, Grade.REAL, LIST)),
    (8, Verdict(Outcome.LATE, None, Grade.REAL, "arrived in INBOX 11 min after it was sent")),
    (5, Verdict(Outcome.MISSING, Cause.UNCLEAR, Grade.UNPROVEN, "accepted, and not seen in an hour")),
    (3, Verdict(Outcome.DEFERRED, Cause.GREYLISTED, Grade.REAL, "451 4.7.1 still greylisted when the code died")),
    (2, Verdict(Outcome.UNKNOWN, None, Grade.UNPROVEN, "the mailbox could not be looked at")),
)
RARE = Verdict(Outcome.QUARANTINED, Cause.REPUTATION, Grade.REAL, "kept in quarantine by the company's gateway")
RARE_EVERY = 100_000  # probes
HEADERS = (
    "Received: from account.trimble.com (account.trimble.com [104.130.122.50]) by mx.acme.example with ESMTPS\r\n"
    "Authentication-Results: mx.acme.example; spf=pass smtp.mailfrom=account.trimble.com; dkim=pass; dmarc=pass\r\n"
    "From: no-reply@account.trimble.com\r\nSubject: Your verification code\r\n"
)
DRAW = [verdict for share, verdict in SHARES for _ in range(share)]
DRAW += [GOOD] * (1000 - len(DRAW))


@dataclass(frozen=True, slots=True)
class _Filled:
    """One probe as it stands in the tables, and what else is to be said of it."""

    row: tuple[Any, ...]
    verdict: Verdict
    judged_at: int
    delivery: int | None

    @property
    def line(self) -> tuple[Any, ...]:
        """Company, path, kind and role."""
        return self.row[1:5]


def paths_of(number: int) -> list[tuple[str, str]]:
    """So many companies with one path each, named as those of `loopback_service.BenchCompanies`."""
    return [(f"c{each}", "hq") for each in range(number)]


async def fill(file: Path, number: int, paths: Sequence[tuple[str, str]], until: datetime, span: timedelta) -> None:
    """Make a store of so many finished probes, spread evenly over the paths and over `span`, the last one at `until`.

    The newest of each line has evidence; it is the present one. The same numbers make the same store.
    """
    async with Store.open(f"sqlite:///{file}") as store:
        await store.key()
    await asyncio.to_thread(_fill, file, number, paths, instant(until), span // timedelta(microseconds=1))


def _fill(file: Path, number: int, paths: Sequence[tuple[str, str]], until: int, span: int) -> None:
    newest: dict[tuple[Any, ...], _Filled] = {}
    counts: tuple[_Counts, _Counts] = {}, {}
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000", "foreign_keys = OFF"):
            connection.execute(f"PRAGMA {setting}").close()
        connection.execute("BEGIN")
        made = _probes(number, paths, until, span)
        while batch := list(islice(made, 50_000)):
            _insert(connection, probes, (each.row for each in batch))
            _insert(connection, verdicts, ((None, each.row[0], each.judged_at, *_said(each)) for each in batch))
            newest |= {each.line: each for each in batch}
            for each in batch:
                _count(each, counts)
        for table, by_label in zip((hourly_results, daily_results), counts, strict=True):
            _insert(
                connection, table, ((*label, sum(times.values()), _json(times)) for label, times in by_label.items())
            )
        _insert(
            connection,
            current_verdicts,
            ((*each.line, each.row[0], each.row[9], each.judged_at, *_said(each)) for each in newest.values()),
        )
        _insert(connection, evidence, (row for each in newest.values() for row in _evidence(each)))
        connection.execute(
            "INSERT INTO signals (id, source, at, verdict) SELECT id, 'probe', at, id FROM verdicts ORDER BY id"
        ).close()
        connection.execute("COMMIT")


def _count(filled: _Filled, counts: tuple[_Counts, _Counts]) -> None:
    """Count a probe by hour and by day, as the store does when its verdict is written."""
    company, path, kind, role = filled.line
    if role != Role.SENDER:
        return
    verdict, born = filled.verdict, filled.row[9]
    bound = "" if filled.delivery is None else _bound(filled.delivery / SECOND)
    for span, by_label in zip((60 * MINUTE, 24 * 60 * MINUTE), counts, strict=True):
        label = (
            born - born % span,
            company,
            path,
            kind,
            verdict.grade.value,
            verdict.outcome.value,
            verdict.cause or "",
        )
        times = by_label.setdefault(label, Counter())
        times[bound] += 1


def _bound(seconds: float) -> str:
    return next((f"{bound:g}" for bound in DELIVERY_BOUNDS_SECONDS if seconds <= bound), BEYOND)


def _json(times: Counter[str]) -> str | None:
    delivered = {bound: count for bound, count in times.items() if bound}
    return json.dumps(delivered) if delivered else None


def _insert(connection: sqlite3.Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    places = ", ".join("?" * len(table.c))
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    connection.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", rows)


def _probes(number: int, paths: Sequence[tuple[str, str]], until: int, span: int) -> Iterator[_Filled]:
    chance = random.Random(number)
    gap = span // number
    begin = until - gap * (number - 1)
    for each in range(number):
        company, path = paths[each % len(paths)]
        kind = KINDS[(each // len(paths)) % len(KINDS)]
        role = Role.CONTROL if each % CONTROL_EVERY == 0 else Role.SENDER
        verdict = RARE if each % RARE_EVERY == RARE_EVERY // 2 else DRAW[int(chance.random() * 1000)]
        delivery = _delivery(verdict.outcome, chance)
        born = begin + gap * each
        judged_at = born + (delivery or MINUTE)
        row = (
            *(f"{chance.getrandbits(64):016x}", company, path, kind.value, role.value, "direct"),
            *(f"probe@{company}.example", "104.130.122.50", f"maildir:{company}"),
            *(born, born + 10 * MINUTE, born + 60 * MINUTE, "600000000", judged_at, verdict.outcome.value),
            *("control" if role is Role.CONTROL else "scheduled", None, None),
        )
        yield _Filled(row, verdict, judged_at, delivery)


def _delivery(outcome: Outcome, chance: random.Random) -> int | None:
    match outcome:
        case Outcome.INBOX | Outcome.SPAM:
            return int(SECOND * (0.5 + 10 * chance.random()))
        case Outcome.LATE:
            return 11 * MINUTE
        case _:
            return None


def _said(filled: _Filled) -> tuple[Any, ...]:
    verdict = filled.verdict
    return verdict.outcome.value, verdict.cause, verdict.grade.value, verdict.because, None, None, filled.delivery


def _evidence(filled: _Filled) -> Iterator[tuple[Any, ...]]:
    probe_id = filled.row[0]
    for each in _seen(filled):
        yield None, probe_id, instant(each.at), each.type, each.once, encode(each)


def _seen(filled: _Filled) -> Iterator[Evidence]:
    born = moment(filled.row[9])
    yield Attempt(born, 1)
    yield _dialogue(born, filled.verdict.outcome)
    if filled.delivery is not None:
        at = born + timedelta(microseconds=filled.delivery)
        junk = filled.verdict.outcome is Outcome.SPAM
        folder, name = (Folder.JUNK, "Junk") if junk else (Folder.INBOX, "INBOX")
        yield Arrival(at, at, folder, name, HEADERS, (Marker.HEADER, Marker.BODY))


def _dialogue(born: datetime, outcome: Outcome) -> Dialogue:
    accepted = Step(Stage.END_OF_DATA, born, 0.1, HOST, 250, "2.0.0", "2.0.0 Ok: queued")
    handover, last = {
        Outcome.BLOCKED: (
            Handover.REFUSED,
            Step(Stage.RCPT, born, 0.1, HOST, 554, "5.7.1", "Client host [104.130.122.50] is on our list"),
        ),
        Outcome.DEFERRED: (Handover.DEFERRED, Step(Stage.RCPT, born, 0.1, HOST, 451, "4.7.1", "greylisted")),
    }.get(outcome, (Handover.ACCEPTED, accepted))
    banner = Step(Stage.BANNER, born, 0.05, HOST, 220, None, "mx.acme.example ESMTP")
    return Dialogue(born + timedelta(seconds=0.2), 1, handover, (banner, last), "104.130.122.50", "TLSv1.3")
