"""Results as files: CSV for spreadsheets, JSON lines for programs. They are written as they are read, page by page."""

import asyncio
import csv
import io
import json
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from time import monotonic

import structlog
from aiohttp import web

from monitor.actions.rate_limit import TooManyError
from monitor.output.json import row_json
from monitor.store import Cursor, ProbeRow, StoreError
from monitor.web.api.fields import NoBody
from monitor.web.api.operation import Call
from monitor.web.api.probes import Filter, known
from monitor.web.auth import while_allowed
from monitor.web.caller_view import CallerView
from monitor.web.compression import compress_stream
from monitor.web.rejections import Rejection

PAGE_PROBES = 500  # probes in one read and one write
COLUMNS = (
    *("probe", "company", "path", "kind", "as", "via", "created_at", "closed_at", "judged_at"),
    *("outcome", "cause", "grade", "delivery_seconds", "because"),
)
REST_PER_READ = 1.0  # so many times as long as a page took to be read
FORMULA = ("=", "+", "-", "@")
BREAKS = ("\t", "\r", "\n")
CSV, LINES = "text/csv", "application/x-ndjson"
OLD_LINES = "application/jsonl"  # sent to whoever asks for it by this name, as it was called before

log = structlog.get_logger("web")

Write = Callable[[Sequence[ProbeRow]], str]


async def as_csv(call: Call[Filter, NoBody]) -> web.StreamResponse:
    """With a line of names on top. What a spreadsheet would take for a formula is quoted: it may be other people's."""
    return await _written(call, "probes.csv", CSV, _csv, ",".join(COLUMNS) + "\r\n")


async def as_lines(call: Call[Filter, NoBody]) -> web.StreamResponse:
    """An object a line, as in the list."""
    accepted = call.request.headers.get("Accept", "")
    media = OLD_LINES if OLD_LINES in accepted and LINES not in accepted else LINES
    return await _written(call, "probes.jsonl", media, _lines, "")


async def _written(call: Call[Filter, NoBody], name: str, media: str, write: Write, head: str) -> web.StreamResponse:
    """Raises NotThereError, TooManyError."""
    await known(call.view, call.query)
    backend = call.view.backend
    try:
        with backend.exports.taken(call.view.caller):
            async with while_allowed(call.request):
                return await _sent(call, name, media, write, head)
    except TooManyError:
        backend.rejections.add(Rejection.EXPORTS)
        raise


async def _sent(call: Call[Filter, NoBody], name: str, media: str, write: Write, head: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.charset = media, "utf-8"
    if call.request.method == "HEAD":
        await response.prepare(call.request)
        return response
    response.enable_chunked_encoding()
    compress_stream(call.request, response)
    await response.prepare(call.request)
    try:
        await response.write(head.encode())
        async for rows in pages(call.view, call.query):
            await response.write(write(rows).encode("utf-8", "replace"))
        await response.write_eof()
    except ConnectionError:  # who asked is gone
        pass
    except StoreError as error:  # nobody must take it for all there is
        log.error("export aborted", reason=str(error))
        if call.request.transport:
            call.request.transport.abort()
    return response


async def pages(view: CallerView, asked: Filter) -> AsyncIterator[Sequence[ProbeRow]]:
    """All that is asked for, page by page; one page of all exports is read at a time, and the store rests between two
    of one export, so that the pages of others and the probes do not wait."""
    cursor: Cursor | None = None
    while True:
        async with view.backend.export_turn:
            began = monotonic()
            page = await view.probes(asked.wanted(), cursor, PAGE_PROBES)
            took = monotonic() - began
        if page.probes:
            yield page.probes
        if page.next is None:
            return
        cursor = page.next
        await asyncio.sleep(REST_PER_READ * took)


def _lines(rows: Sequence[ProbeRow]) -> str:
    return "".join(json.dumps(row_json(row), ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: Sequence[ProbeRow]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        facts = row_json(row)
        values = {**facts, **(facts["verdict"] or {})}
        writer.writerow([csv_cell(values.get(column)) for column in COLUMNS])
    return text.getvalue()


def csv_cell(value: object) -> str:
    """A value as a cell that no spreadsheet takes for a formula."""
    if isinstance(value, float):
        return str(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(BREAKS) or _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet could take it for one: what does not show before it is no protection, nor its wide form."""
    first = next((each for each in text if each.isprintable() and not each.isspace()), "")
    return unicodedata.normalize("NFKC", first).startswith(FORMULA)
