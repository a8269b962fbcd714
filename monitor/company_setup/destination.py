"""The place where the file of a company belongs, and whether Mailpath can write it there."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

FOLDER = "companies"
PATTERN = f"{FOLDER}/*.toml"
_WILD = "*?["
_KEY = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Destination:
    """A file that does not exist yet. `name`: relative to the folder of the main file; `pattern`: that of `include`
    which finds it, "" if none does; `trouble`: why Mailpath cannot write it, "" if it can."""

    main: Path
    name: str
    pattern: str
    trouble: str = ""

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.main.parent / self.name

    @property
    def writable(self) -> bool:
        """True if Mailpath can write it, and reads it then."""
        return not self.trouble


def destination(main: Path, include: Sequence[str], key: str) -> Destination:
    """Return the place for the file of this company; for a key that none can have, one that stays inside. Blocks."""
    key = key if _KEY.fullmatch(key) else "KEY"
    for pattern in include:
        folder, _, last = pattern.rpartition("/")
        if any(mark in folder for mark in _WILD) or not fnmatchcase(f"{key}.toml", last) or not set(last) & {*_WILD}:
            continue
        name = f"{folder}/{key}.toml" if folder else f"{key}.toml"
        return Destination(main, name, pattern, _trouble(main.parent / folder))
    missing = f"{main.name} includes no folder for companies"
    return Destination(main, f"{FOLDER}/{key}.toml", "", missing)


def _trouble(folder: Path) -> str:
    if not folder.is_dir():
        return f"the folder {folder} does not exist"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"Mailpath may not write to the folder {folder}"
    return ""
