"""`mailpath migrate-store` and its options."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.common import finish

Source = Annotated[str, typer.Argument(metavar="FROM", help="The store in SQLite, as in sqlite:///mailpath.db.")]
Target = Annotated[
    str,
    typer.Argument(metavar="TO", help="An empty database, as in postgresql://mailpath@db.example/mailpath."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate-store")(migrate_store)


def migrate_store(source: Source, target: Target) -> None:
    """Copy a store from SQLite to PostgreSQL, with Mailpath stopped; interrupted, it goes on. Exit 0: done. 2: not."""
    from monitor.cli import store_copy

    finish(store_copy.copy(source, target, Path.cwd()))
