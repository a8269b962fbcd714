"""`mailpath migrate-store`: copy a store, with progress, and say what to do next."""

import asyncio
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.errors import UserError
from monitor.store import StoreError
from monitor.store.address import store_address
from monitor.store.copying import CopiedTable, copy_store
from monitor.store.dialect import file_of


class StoreCopyError(UserError):
    """The store cannot be copied from there, or to there."""


async def copy(source: str, target: str, here: Path) -> Exit:
    """Copy the store at the first address to the second; a relative file starts `here`. Raises StoreCopyError."""
    try:
        source, target = store_address(source, here), store_address(target, here)
    except ValueError as error:
        raise StoreCopyError(f"an address {error}") from None
    if file_of(source) is None or file_of(target):
        raise StoreCopyError("a store is copied from SQLite to PostgreSQL; a file of SQLite is copied as a file")
    try:
        tables = await asyncio.to_thread(_with_progress, source, target)
    except StoreError as error:
        raise StoreCopyError(str(error)) from None
    out = console()
    out.print(f"copied and compared: {sum(each.rows for each in tables):,} rows in {len(tables)} tables")
    out.print(f'now set [bold]store.url = "{escape(target)}"[/] and start Mailpath; the old store stays as it is')
    return Exit.OK


def _with_progress(source: str, target: str) -> list[CopiedTable]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def step(table: str, there: int, rows: int) -> None:
            if table not in shown:
                shown[table] = progress.add_task(table, total=rows)
            progress.update(shown[table], completed=there)

        return [*copy_store(source, target, step)]
