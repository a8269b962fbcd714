"""A DNS blocklist: rbldnsd with one zone, whose list can change while it runs."""

import os
import signal
from collections.abc import Iterable
from pathlib import Path
from shutil import chown

from tests.lab.network import Namespace
from tests.lab.processes import Daemon, listens

ZONE = "dnsbl.test"


class Blocklist(Daemon):
    """The server, and what it lists."""

    def __init__(self, namespace: Namespace, folder: Path, addresses: Iterable[str]) -> None:
        folder.mkdir(parents=True)
        chown(folder, "rbldns", "rbldns")
        self._file = folder / "listed"
        command = [*namespace.command, "/usr/sbin/rbldnsd", "-n", "-u", "rbldns", "-w", str(folder), "-c", "1s"]
        command += ["-t", "1", "-b", f"{namespace.address}/53", f"{ZONE}:ip4set:{self._file.name}"]
        super().__init__("rbldnsd", command, folder / "rbldnsd.log", listens(namespace.inode, 53, protocol="udp"))
        self.write(addresses)

    def write(self, addresses: Iterable[str]) -> None:
        """List these addresses and no others; the running server sees it at once."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text("\n".join([":127.0.0.2:Listed: see https://dnsbl.test/", "127.0.0.2", *addresses]) + "\n")
        os.replace(fresh, self._file)
        if pid := self.pid:
            os.kill(pid, signal.SIGHUP)  # look now
