"""Exports: all that is asked for, safe for spreadsheets, written as it is read."""

import asyncio
import csv
import io
import json
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientPayloadError

from monitor.people.person import Rights
from monitor.store import ProbePage, StoreError
from monitor.web.api.export import csv_cell
from probes.verdict import Grade, Outcome, Verdict
from tests.support.api_app import API, ApiApp

HOSTILE = Verdict(Outcome.BLOCKED, None, Grade.REAL, '=HYPERLINK("http://x";"a")\r\n@SUM(A1), "quoted"')
MANY = 10_000


async def test_csv_has_a_line_for_each_probe(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.VIEWER)
    older, newer = await api_app.probe(ago=timedelta(hours=2)), await api_app.probe(company="bolt")
    reply = await program.get("/export/probes.csv")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="probes.csv"'
    rows = list(csv.DictReader(io.StringIO(reply.text, newline="")))
    assert [row["probe"] for row in rows] == [newer, older]
    assert (rows[0]["company"], rows[0]["outcome"], rows[0]["delivery_seconds"]) == ("bolt", "inbox", "2.0")


async def test_no_cell_is_a_formula(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.VIEWER)
    await api_app.probe(verdict=HOSTILE)
    [row] = csv.DictReader(io.StringIO((await program.get("/export/probes.csv")).text, newline=""))
    assert row["because"] == f"'{HOSTILE.because}"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u200b=", "＝", "\ufeff+"])
def test_whatever_a_spreadsheet_could_take_for_a_formula_is_quoted(begin: str) -> None:
    assert csv_cell(f"{begin}1+1") == f"'{begin}1+1"


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (2.5, "2.5"), (-1.0, "-1.0"), ("plain", "plain"), ("a=b", "a=b")]
)
def test_what_is_harmless_stays(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


async def test_lines_are_the_objects_of_the_list(api_app: ApiApp) -> None:
    program = await api_app.program(Rights.VIEWER)
    for _ in range(3):
        await api_app.probe(verdict=HOSTILE)
    reply = await program.get("/export/probes.jsonl")
    assert reply.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    before = await program.get("/export/probes.jsonl", Accept="application/jsonl")
    assert before.headers["Content-Type"] == "application/jsonl; charset=utf-8", "the old name, for who asks for it"
    assert [json.loads(line) for line in reply.text.splitlines()] == (await program.facts("/probes"))["probes"]


@pytest.mark.parametrize("name", ["csv", "jsonl"])
async def test_the_filters_are_those_of_the_list(api_app: ApiApp, name: str) -> None:
    program = await api_app.program(Rights.VIEWER)
    await api_app.probe()
    mine = await api_app.probe(company="bolt")
    text = (await program.get(f"/export/probes.{name}?company=bolt&outcome=inbox")).text
    assert mine in text
    assert "acme" not in text
    assert (await program.get(f"/export/probes.{name}?most=5")).wrong == "400 most"
    assert (await program.get(f"/export/probes.{name}?company=nobody")).wrong == "404"


async def test_a_file_that_was_broken_off_is_not_taken_for_whole(
    api_app: ApiApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await api_app.program(Rights.VIEWER)
    for _ in range(3):
        await api_app.probe()
    monkeypatch.setattr("monitor.web.api.export.PAGE_PROBES", 1)
    page, asked = api_app.store.probes.page, []

    async def fail(*args: Any) -> ProbePage:
        asked.append(args)
        if len(asked) == 3:
            raise StoreError("the disk does not read")
        return await page(*args)

    monkeypatch.setattr(api_app.store.probes, "page", fail)
    with pytest.raises((ClientPayloadError, ClientConnectionError)):
        await program.get("/export/probes.csv")


async def test_ten_thousand_are_written_as_they_are_read(api_app: ApiApp) -> None:
    """What is held of them at one time is a small part of what is written."""
    program = await api_app.program(Rights.VIEWER)
    words = Verdict(Outcome.BLOCKED, None, Grade.REAL, "x" * 1000)
    for number in range(0, MANY, 500):
        ago = [timedelta(seconds=number + each) for each in range(500)]
        await asyncio.gather(*(api_app.probe(verdict=words, ago=each) for each in ago))
    tracemalloc.start()
    octets, lines = 0, 0
    async with api_app.http.get(f"{api_app.url}{API}/export/probes.jsonl", headers=program.known) as response:
        async for chunk in response.content.iter_chunked(65536):
            octets += len(chunk)
            lines += chunk.count(b"\n")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines == MANY
    assert octets > 10_000_000
    assert most < octets / 2
