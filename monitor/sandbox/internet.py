"""The make-believe internet: one mail system for each path of a make-believe company."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from monitor.sandbox.settings import Behaviour, SandboxSettings
from probes.sender import Identity


class SandboxError(Exception):
    """The make-believe internet cannot be built. Its text is one line for people: what, and what to change."""


@dataclass(frozen=True, slots=True)
class MakeBelieve:
    """One make-believe mail system and the mailbox behind it: what the configuration says of one path.

    `name` is "company/path", `domain` that of the path's recipient, `junk` the folder's name inside `maildir`, for
    example ".Junk". A `port` of 0 means any free one.
    """

    name: str
    behaviour: Behaviour
    host: str
    port: int
    via: Literal["xclient", "proxy"]
    maildir: Path
    junk: str
    domain: str


@asynccontextmanager
async def internet(
    systems: Sequence[MakeBelieve], sender: Identity, settings: SandboxSettings
) -> AsyncIterator[Mapping[str, int]]:
    """Prepare the mailboxes and listen until the end of the block. Yields the port of each system, by its name.

    Raises SandboxError when a port is taken, an address is not loopback or a mailbox cannot be prepared.
    """
    yield {}
