"""Disk: bytes of a probe whose mail has the headers of Exchange Online, whole and when its evidence is deleted."""

import asyncio
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import zstandard

from monitor.store import Store
from probes.answer import Stage
from probes.evidence import Arrival, Attempt, Dialogue, Folder, Handover, Look, Marker, Step
from probes.verdict import Grade, Outcome, Verdict
from tests.bench.figures import Figure, Finding
from tests.bench.loopback_service import bench_folder
from tests.bench.round_trip import Step as BenchStep
from tests.support.headers import exchange_headers
from tests.support.store_samples import T0, probe

GROUP = "Disk"
LEARN_FROM = 200  # probes, before the rest is stored
AT_ONCE = 100  # probes that are stored at the same time
KEPT_DAYS, ROWS_DAYS, EVIDENCE_DAYS = 90, 30, 2  # as by default
GOOD = Verdict(Outcome.INBOX, None, Grade.REAL, "arrived in INBOX 3 s after it was sent")
STAGES = (Stage.LOOKUP, Stage.CONNECT, Stage.BANNER, Stage.EHLO, Stage.STARTTLS, Stage.EHLO, Stage.MAIL, Stage.RCPT)
HOST = "acme-example.mail.protection.outlook.com[192.0.2.1]:25"


@dataclass(frozen=True, slots=True)
class Plan:
    """So many probes."""

    probes: int
    steps: int = 3


FULL = Plan(probes=5000)
QUICK = Plan(probes=1200)


async def measure(plan: Plan, step: BenchStep) -> list[Finding]:
    """They are stored as the pipeline does, and pruned as housekeeping does."""
    rng = Random(1)
    with bench_folder() as folder:
        file = Path(folder) / "mailpath.db"
        async with Store.open(f"sqlite:///{file}") as store:
            step("evidence")
            await _stored(store, rng, range(LEARN_FROM))
            assert await store.learn_packing(T0)
            before = _size(file)
            await _stored(store, rng, range(LEARN_FROM, plan.probes))
            whole = (_size(file) - before) / (plan.probes - LEARN_FROM)
            step("deleted")
            later = T0 + timedelta(days=365)
            began = time.perf_counter()
            deleted = await store.prune_routine(later, T0 - timedelta(days=1), later)
            took = time.perf_counter() - began
            rows = _size(file) / plan.probes
    step("packed")
    over = (EVIDENCE_DAYS * (whole - rows) + ROWS_DAYS * rows) / KEPT_DAYS
    return [
        Figure(GROUP, "a probe with Exchange Online headers: whole", "kB", (whole / 1000,)),
        Figure(GROUP, "a probe without its evidence", "kB", (rows / 1000,)),
        Figure(GROUP, f"of each probe over {KEPT_DAYS} days, none failing", "kB", (over / 1000,), "<= 6"),
        Figure(
            GROUP,
            f"of each probe over {KEPT_DAYS} days, one in ten failing",
            "kB",
            ((0.9 * over + 0.1 * whole) / 1000,),
            "<= 6",
        ),
        Figure(GROUP, "evidence deleted", "probes/s", (deleted / took,)),
        *_packing(rng),
    ]


async def _stored(store: Store, rng: Random, numbers: range) -> None:
    for start in range(numbers.start, numbers.stop, AT_ONCE):
        await asyncio.gather(
            *(
                _store(store, exchange_headers(rng), number)
                for number in range(start, min(start + AT_ONCE, numbers.stop))
            )
        )


async def _store(store: Store, headers: str, number: int) -> None:
    one = probe(number * 60.0, id=f"{number:0>16}")
    at = one.created_at
    steps = tuple(
        Step(stage, at, 0.04, HOST, 250, "2.1.0", "BN8NAM12FT012.mail.protection.outlook.com Ok") for stage in STAGES
    )
    arrived = Arrival(at, at, Folder.INBOX, "INBOX", headers, (Marker.HEADER, Marker.BODY))
    await store.probes.launch(one, "imap:outlook.office365.com:probe@acme.example", Attempt(at, 1))
    await store.probes.learn(
        one.id,
        [Dialogue(at, 1, Handover.ACCEPTED, steps, "104.130.122.50", "TLSv1.3"), Look(at, ("INBOX", "Junk Email"))],
        None,
        at,
        closed=False,
        delivery=None,
    )
    await store.probes.learn(
        one.id, [arrived], GOOD, at + timedelta(seconds=3), closed=True, delivery=timedelta(seconds=3)
    )


def _size(file: Path) -> int:
    """Bytes of what is in use."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        pages, free, size = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def _packing(rng: Random) -> list[Finding]:
    mails = [exchange_headers(rng).encode() for _ in range(400)]
    found: list[Finding] = []
    learnt = zstandard.train_dictionary(64 * 1024, [*mails[::2]], level=3)
    for name, dictionary in (("alone", None), ("with a dictionary", learnt)):
        packer = zstandard.ZstdCompressor(3, dict_data=dictionary)
        began = time.perf_counter()
        packed = [packer.compress(mail) for mail in mails[1::2]]
        took = (time.perf_counter() - began) / len(packed)
        size = sum(map(len, packed)) / len(packed)
        found.append(Figure(GROUP, f"packed {name}: size", "kB", (size / 1000,)))
        found.append(Figure(GROUP, f"packed {name}: time", "ms", (took * 1000,)))
    return found
