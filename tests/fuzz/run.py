"""One reader, so many broken inputs: what it took, and what went wrong."""

import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz import seeds
from tests.fuzz.mutate import broken
from tests.fuzz.readers import READERS, Reader

SECONDS = 0.3  # of CPU time for one input
MEMORY = 200 << 20  # octets that one input may take
HANGS = 10.0  # seconds of CPU time, after which an input is given up
MAX_FAULTS = 20  # told


class HangsError(BaseException):
    """No reader may catch this."""


@dataclass(slots=True)
class Result:
    """`worst` seconds of CPU time were taken by `worst_input`; `faults` say which input did what."""

    reader: str
    inputs: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    worst_input: str = ""
    memory: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was raised, and all was within bounds."""
        return not self.faults

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "good": self.good}


def fuzz(name: str, inputs: int, seed: str, *, most_seconds: float = SECONDS, huge: bool = False) -> Result:
    """Feed a reader; `huge`: also with the hostile mails of many megabytes that the tests construct."""
    reader, result = READERS[name], Result(name)
    given = chain(_hostile(reader) if huge else (), _broken(reader, inputs, f"{seed}/{name}"))
    _take(reader, ("as it is", reader.seeds()[0]))  # what is loaded or compiled at the first call is no input's fault
    for label, data in given:
        taken = _take(reader, (label, data))
        result.inputs += 1
        result.seconds += taken.seconds
        result.memory = max(result.memory, taken.memory)
        if taken.seconds > result.worst:
            result.worst, result.worst_input = taken.seconds, label
        fault = taken.fault or _beyond(taken, most_seconds)
        if fault and len(result.faults) < MAX_FAULTS:
            result.faults.append(f"{label}: {fault}")
    return result


def _beyond(taken: "_Taken", most_seconds: float) -> str:
    if taken.seconds > most_seconds:
        return f"{taken.seconds:.2f} s of CPU time"
    return f"{taken.memory >> 20} MB of memory" if taken.memory > MEMORY else ""


@dataclass(frozen=True, slots=True)
class _Taken:
    seconds: float
    memory: int
    fault: str


def _take(reader: Reader, given: tuple[str, bytes]) -> _Taken:
    before = _memory(new=True)
    previous = signal.signal(signal.SIGVTALRM, _hangs)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
    began, fault = time.process_time(), ""
    try:
        reader.read(given[1])
    except HangsError:
        fault = f"not done after {HANGS:g} s"
    except Exception as error:
        fault = f"raised {error!r}"[:300]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)
    return _Taken(time.process_time() - began, max(0, _memory() - before), fault)


def _hangs(_: int, __: FrameType | None) -> None:
    raise HangsError


def _broken(reader: Reader, inputs: int, seed: str) -> Iterator[tuple[str, bytes]]:
    for number in range(inputs):
        label = f"{seed}/{number}"
        yield label, broken(reader.seeds(), label)


def _hostile(reader: Reader) -> Iterator[tuple[str, bytes]]:
    for name, make in seeds.hostile().items() if reader.mails else ():
        yield name, make()


def _memory(*, new: bool = False) -> int:
    """The most octets that this process had in memory, since the last `new` of Linux; 0 on other systems."""
    try:
        if new:
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_bytes()
    except OSError:
        return 0
    return int(status.partition(b"VmHWM:")[2].split()[0]) << 10
