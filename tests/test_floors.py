"""The layers of the project: what may import what, and what the project says of itself."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for folder in ("probes", "monitor") for path in (ROOT / folder).rglob("*.py"))
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_imports_go_down_only() -> None:
    found = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    "library",
    [
        "apscheduler",
        "prometheus_client",
        "sqlalchemy",
        "imapclient",
        "dns",
        "aiohttp",
        "aiosmtpd",
        "apprise",
        "spftrace",
    ],
)
def test_a_library_has_its_home(library) -> None:
    homes = {
        "apscheduler": ("monitor/clock.py", "monitor/probing/schedule.py", "monitor/config/pace.py"),
        "prometheus_client": ("monitor/output/process_metrics.py",),
        "sqlalchemy": ("monitor/store/",),
        "imapclient": ("probes/mailboxes/",),
        "dns": ("probes/resolver.py", "monitor/sandbox/nameserver.py"),
        "aiohttp": ("monitor/web/", "probes/http.py"),
        "aiosmtpd": ("monitor/sandbox/", "monitor/sources/inbound/smtp.py"),
        "apprise": ("monitor/channels/services.py",),
        "spftrace": ("probes/standing/spf_engine.py",),
    }
    importing = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(
            line.strip().startswith((f"import {library}", f"from {library}")) for line in path.read_text().split("\n")
        )
    ]
    assert importing
    assert [path for path in importing if not path.startswith(homes[library])] == []


LONG_TABLES = {  # functions whose body is one table, and what a released migration did
    "monitor/web/api/operations.py": {"operations"},
    "monitor/web/api/access_operations.py": {"access_operations"},
    "monitor/web/api/remedies.py": {"remedy_operations"},
    "monitor/store/statements.py": {"statements"},
    "monitor/store/migrations/versions/r0001_first.py": {"upgrade"},
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_can_be_seen_as_a_whole(path: Path) -> None:
    functions = (each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, FUNCTION))
    long = {each.name for each in functions if (each.end_lineno or 0) - each.lineno >= 50}
    assert long == LONG_TABLES.get(str(path.relative_to(ROOT)), set())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_can_be_read_in_one_sitting(path) -> None:
    assert len(path.read_text().splitlines()) <= 420
