"""What a start does without: modules that are slow to import, and work that can wait until somebody asks for it."""

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.app import service
from monitor.config import read_config
from monitor.process import COLLECTING
from monitor.web.api import routing

SLOW = ["alembic", "apprise", "parsedmarc", "prometheus_client", "sqlalchemy.dialects.postgresql"]
EXTERNAL = ["sqlalchemy", "aiohttp", "pydantic", "jinja2", "dns", "structlog", "rich"]


@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("monitor.cli.main", [*SLOW, *EXTERNAL, "monitor.config", "monitor.store"]),
        ("monitor.cli.run", SLOW),
    ],
)
def test_what_can_wait_is_not_imported(module: str, without: list[str]) -> None:
    code = f"import sys, {module}; print(*[name for name in {without} if name in sys.modules])"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_the_document_of_the_api_is_made_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*_: Any) -> None:
        raise AssertionError("made at the start")

    monkeypatch.setattr(routing, "document", made)
    assert routing.routes()


async def test_the_service_collects_once_it_is_ready(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[web]\nlisten = "127.0.0.1:0"\n')
    config = read_config(file)
    before = gc.get_threshold()
    gc.disable()  # as `mailpath serve` does
    try:
        async with service(file, config):
            assert gc.isenabled()
            assert gc.get_threshold() == COLLECTING
    finally:
        gc.enable()
        gc.set_threshold(*before)
