"""Greylisting: postgrey, with a delay of seconds where others have minutes."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.lab.network import Namespace
from tests.lab.processes import Daemon, listens

PORT = 10023


class Postgrey(Daemon):
    """The policy server on 127.0.0.1:10023 of its namespace. Its memory is fresh."""

    def __init__(self, namespace: Namespace, folder: Path, delay: int, exempt: Iterable[str]) -> None:
        """Whoever comes for the first time is put off for `delay` seconds, but not the addresses in `exempt`."""
        folder.mkdir(parents=True)
        self._memory = folder / "memory"
        self._forget()
        clients, recipients = folder / "clients", folder / "recipients"
        clients.write_text("".join(f"{each}\n" for each in exempt))
        recipients.write_text("")
        command = [*namespace.command, "/usr/sbin/postgrey", f"--inet=127.0.0.1:{PORT}", f"--dbdir={self._memory}"]
        command += [f"--delay={delay}", f"--whitelist-clients={clients}", f"--whitelist-recipients={recipients}"]
        command += ["--auto-whitelist-clients=0", "--hostname=greylist"]
        super().__init__("postgrey", command, folder / "postgrey.log", listens(namespace.inode, PORT))

    def forget(self) -> None:
        """Start anew, with nobody known. It remembers for 35 days, and not by a probe's +tag."""
        self.stop()
        self._forget()
        self.start()

    def _forget(self) -> None:
        shutil.rmtree(self._memory, ignore_errors=True)
        self._memory.mkdir()
        shutil.chown(self._memory, "postgrey", "postgrey")
