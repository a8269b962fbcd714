"""Print paths and probes, one per line."""

import json
from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from monitor.cli.text import console
from monitor.config import WatchedPath
from monitor.output.json import listed_json, path_json
from monitor.output.text import verdict_line
from monitor.store import ListedProbe
from probes.labels import KINDS, ROLES
from probes.sender import Role
from probes.settings import duration_text


def table_of(paths: Iterable[WatchedPath]) -> None:
    """Print the paths as a table."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("PATH", "COMPANY", "RECIPIENT", "ROUTE", "MAILBOX", "KINDS", "SCHEDULE"):
        table.add_column(column, no_wrap=True)
    for path in paths:
        facts = path_json(path)
        schedule = f"every {duration_text(path.every)}" if path.every else f"cron {path.cron}"
        kinds = ",".join(facts["kinds"]) if len(path.kinds) < 5 else "all five"
        row = (path.key, path.company_name, path.to, facts["route"], facts["mailbox"], kinds, schedule)
        table.add_row(*map(escape, row))
    out = console()
    out.width = 500 if not out.is_terminal else out.width
    out.print(table)


def newest(path: WatchedPath, probes: Iterable[ListedProbe], *, as_json: bool) -> None:
    """Print the newest probes of a path, one per line."""
    out = console()
    for probe in probes:
        if as_json:
            print(json.dumps(listed_json(path, probe), ensure_ascii=False))
        else:
            result = verdict_line(probe.verdict) if probe.verdict else "in flight"
            when = f"{probe.launched_at:%Y-%m-%d %H:%M:%S}"
            what = KINDS[probe.kind].label
            if probe.role is not Role.SENDER:  # sent as somebody else, for comparison: its result is not the sender's
                what += f", as {ROLES[probe.role].label}"
            out.print(f"{when}  [dim]{probe.probe_id}[/]  {path.key}  {what}  {result}", overflow="ignore")
