"""However the service ends, none of its parts goes on over a store that is being closed."""

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest

from monitor.app import service
from monitor.config import read_config
from monitor.oncall.engine import IncidentEngine
from tests.bench.loopback_service import free_port

LASTING = {"incidents", "delivery", "network", "follow signals", "tick", "lease", "accept", "close idle connections"}
CONFIG = """\
[store]
url = "sqlite:///mailpath.db"
[web]
listen = "127.0.0.1:{web}"
[companies.acme]
mail_system = "postfix"
[companies.acme.paths.hq]
to = "probe@acme.example"
route = {{ via = "xclient", host = "127.0.0.1", port = 9 }}
mailbox = {{ via = "maildir", path = "mail" }}
"""


def at_work() -> set[str]:
    """The tasks that last, of those that there are."""
    return {task.get_name() for task in asyncio.all_tasks()} & LASTING


@pytest.mark.parametrize("ends", [RuntimeError("a bug"), asyncio.CancelledError(), None])
async def test_all_parts_are_stopped_however_it_ends(tmp_path: Path, ends: BaseException | None) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG.format(web=free_port()))
    with pytest.raises(type(ends)) if ends else nullcontext():
        async with service(file, read_config(file)):
            assert at_work() == LASTING
            if ends:
                raise ends
    assert at_work() == set()


async def test_one_part_that_cannot_be_stopped_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, close = tmp_path / "config.toml", IncidentEngine.close
    file.write_text(CONFIG.format(web=free_port()))

    async def fails(engine: IncidentEngine) -> None:
        await close(engine)
        raise RuntimeError("a bug in its end")

    monkeypatch.setattr(IncidentEngine, "close", fails)
    with pytest.raises(RuntimeError, match="a bug in its end"):
        async with service(file, read_config(file)):
            pass
    assert at_work() == set()
