"""`mailpath explain`: show stored probes. Reads only the store."""

import json
import sys

from monitor.cli import show
from monitor.cli.exits import Exit
from monitor.cli.text import console
from monitor.config import Config
from monitor.output.json import record_json
from monitor.output.text import explanation
from monitor.store import Store

NEWEST_PROBES = 20


async def explain(config: Config, probe_id: str, *, as_json: bool) -> Exit:
    """Print everything stored about one probe, or the newest probes of a company or path."""
    paths = [path for path in config.paths() if probe_id in (path.company, path.key)]
    async with Store.open(config.store.url) as store:
        if paths:
            for path in paths:
                show.newest(path, await store.probes.recent(path.company, path.path, NEWEST_PROBES), as_json=as_json)
            return Exit.OK
        ids = await store.probes.find(probe_id.lower())
        record = await store.probes.record(ids[0]) if len(ids) == 1 else None
    if record is None:
        several = (
            f"several probes begin or end with {probe_id!r}: {', '.join(ids)}" if ids else f"no probe {probe_id!r}"
        )
        print(several, file=sys.stderr)
        return Exit.COULD_NOT_TELL
    if as_json:
        print(json.dumps(record_json(record), ensure_ascii=False))
        return Exit.OK
    out = console()
    for line in explanation(record):
        out.print(line)
    return Exit.OK
