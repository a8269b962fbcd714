"""A remedy as an administrator carries it out on a server of the lab: its own lines and commands, read from the table.

Nothing of a remedy is written a second time here: only paths are mapped, from those of a Debian server to those of the
lab, and `systemctl` is a program that notes what it was asked, after which the test's own server is told to read again.
"""

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from probes.mailsystems.remedy import Language, ProofKind, Remedy, RemedyNames, Script, Step, filled_script
from probes.mailsystems.table import MAIL_SYSTEMS
from tests.lab.companies import SENDER_DOMAIN
from tests.lab.network import SENDER_IP

NAMES = RemedyNames(SENDER_DOMAIN, SENDER_IP, f"no-reply@{SENDER_DOMAIN}", "the server")
REMEDIES: Mapping[str, Remedy] = {each.key: each for row in MAIL_SYSTEMS.values() for each in row.remedies}
UNPACKED = "/opt/mailpath-lab/usr/sbin"  # servers that as packages would replace Postfix
_SYSTEMCTL = '#!/bin/sh\necho "$@" >>"$0.log"\n'


def shows(key: str, word: str, text: str) -> bool:
    """Test if a remedy says that this word is the mark of its effect, and the text of a product has it."""
    marks = [proof.expects for proof in REMEDIES[key].verify if proof.kind is ProofKind.MARK]
    return any(word in mark for mark in marks) and word in text


@dataclass
class Administrator:
    """Somebody at one server. `places` maps paths of a remedy to those here; `read_again` is done in place of
    `systemctl`; `variables` are for the commands; `beside`: what stands before each of them."""

    folder: Path
    places: Mapping[str, str]
    read_again: Callable[[], None] = lambda: None
    variables: Mapping[str, str] = field(default_factory=dict)
    beside: Callable[[], tuple[str, ...]] = lambda: ()

    def carry_out(self, key: str) -> None:
        """Do what a remedy says."""
        self._do(REMEDIES[key].steps)

    def look(self, key: str) -> str:
        """Do what it says to look at first. What the commands print."""
        scripts = [filled_script(step, NAMES) for step in REMEDIES[key].look_first if isinstance(step, Script)]
        assert scripts
        return "".join(self.run(script.text) for script in scripts)

    def remove_entry(self, key: str, file: Path, entry: str, then: str = "") -> str:
        """Do what a remedy says whose sentences have a person delete the line `entry` of `file`, and run the commands
        between them. `then`: a command that is in a sentence. What the commands print."""
        return self._edit(REMEDIES[key].steps, file, file.read_text().replace(f"{entry}\n", ""), then)

    def put_back(self, key: str, file: Path, text: str, then: str = "") -> None:
        """Take that back as it says: the file has its old text again."""
        self._edit(REMEDIES[key].undo, file, text, then)

    def _edit(self, steps: Iterable[Step], file: Path, text: str, then: str) -> str:
        assert text != file.read_text()
        printed = ""
        for step in steps:
            if isinstance(step, Script):
                printed += self.run(filled_script(step, NAMES).text)
            else:
                file.write_text(text)
                printed += self.run(then) if then else ""
        assert file.read_text() == text, "no step is a sentence"
        return printed

    def undo(self, key: str) -> None:
        """Take it back as it says."""
        self._do(REMEDIES[key].undo)

    def _do(self, steps: Iterable[Step]) -> None:
        scripts = [filled_script(step, NAMES) for step in steps if isinstance(step, Script)]
        assert scripts
        for script in scripts:
            if script.language is Language.CONFIG:
                self._append(script)
            else:
                assert script.language is Language.SHELL
                self.run(script.text)

    def _append(self, script: Script) -> None:
        file = Path(self._here(script.file))
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text() if file.exists() else ""
        file.write_text(before + self._here(script.text) + "\n")
        if script.then:
            self.run(script.then)

    def run(self, text: str) -> str:
        """Run commands. What they print."""
        programs = self.folder / "programs"
        programs.mkdir(parents=True, exist_ok=True)
        systemctl = programs / "systemctl"
        systemctl.write_text(_SYSTEMCTL)
        systemctl.chmod(0o755)
        log = programs / "systemctl.log"
        log.unlink(missing_ok=True)
        path = f"{programs}:{os.environ['PATH']}:/usr/sbin:/sbin:{UNPACKED}"
        done = subprocess.run(
            [*self.beside(), "sh", "-euc", self._here(text)],
            env={**os.environ, **self.variables, "PATH": path},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        if log.exists():
            self.read_again()
        return done.stdout

    def _here(self, text: str) -> str:
        for there, here in self.places.items():
            text = text.replace(there, here)
        return text
