"""`mailpath serve` as a process of its own, and what it leaves in its store."""

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

from monitor.store import ProbeRecord, Store
from tests.lab.network import US
from tests.lab.processes import Daemon, listens, tail

SECONDS = 60.0  # an end for every wait; on a quiet machine the longest takes 20
PORT = 8025
METRICS = 9108  # of its own: these companies are real ones
COMMAND = ("env", "-u", "PYTHONDONTWRITEBYTECODE", sys.executable, "-m", "monitor")  # so that it is compiled once


class Service(Daemon):
    """The service in our namespace, to be started, killed and started again on the same files."""

    def __init__(self, folder: Path, config: str) -> None:
        self._store = f"sqlite:///{folder}/mailpath.db"
        file = folder / "config.toml"
        file.write_text(f'{config}\n[web]\nmetrics_listen = "127.0.0.1:{METRICS}"\n')
        command = (*COMMAND, "serve", "--config", str(file))
        super().__init__("mailpath", command, folder / "log", listens(US.inode, PORT, METRICS), SECONDS)

    def wait_for(self, path: str, seen: Callable[[ProbeRecord], object], seconds: float = SECONDS) -> ProbeRecord:
        """The first probe of "company/path", once it is as `seen` wants it."""
        return asyncio.run(self._wait_for(path, seen, seconds))

    async def _wait_for(self, path: str, seen: Callable[[ProbeRecord], object], seconds: float) -> ProbeRecord:
        record: ProbeRecord | None = None
        async with Store.open(self._store) as store:
            try:
                async with asyncio.timeout(seconds):
                    while True:
                        record = await _first(store, path)
                        if record and seen(record):
                            return record
                        await asyncio.sleep(0.05)
            except TimeoutError:
                raise AssertionError(f"{path} does not come so far: {record}\n{tail(self.log)}") from None

    def gauge(self, name: str) -> float | None:
        """A metric without labels on /metrics; None where it is absent."""
        with urlopen(f"http://127.0.0.1:{METRICS}/metrics", timeout=SECONDS) as answer:
            found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        return float(found[1]) if found else None

    def metrics(self, name: str) -> list[tuple[dict[str, str], float]]:
        """The lines of one family on /metrics: labels and value."""
        with urlopen(f"http://127.0.0.1:{METRICS}/metrics", timeout=SECONDS) as answer:
            lines = re.findall(rf"^{name}{{(.*)}} (\S+)$", answer.read().decode(), re.MULTILINE)
        return [(dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value)) for labels, value in lines]

    def of_paths(self, name: str) -> dict[str, float]:
        """One family, by "company/path"."""
        return {f"{labels['company']}/{labels['path']}": value for labels, value in self.metrics(name)}

    def outcomes(self) -> dict[str, str]:
        """The current outcome of each path that is sent one kind of mail, by "company/path"."""
        return {
            f"{each['company']}/{each['path']}": each["outcome"] for each, _ in self.metrics("mailpath_path_outcome")
        }


async def _first(store: Store, path: str) -> ProbeRecord | None:
    company, _, key = path.partition("/")
    listed = await store.probes.recent(company, key)
    return await store.probes.record(listed[-1].probe_id) if listed else None
