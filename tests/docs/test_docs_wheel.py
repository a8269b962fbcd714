"""The wheel has the documentation inside, and what is in it is found there."""

import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.documentation import PAGES, ROOT

WITHOUT_NETWORK = ("Network connectivity is disabled", "Failed to fetch", "dns error", "not found in the cache")
SHOW = """
from monitor.web.docs import DOCS, RUNBOOKS, documents, folder_of
print(folder_of(DOCS))
print(*documents(DOCS), sep="\\n")
assert "cause-address" in documents(RUNBOOKS)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built by the tool that builds releases. Its build backend comes from the package index, or uv's cache of it."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).parent / "uv"
    for more in (["--offline"], []):
        command: list[str | Path] = [uv, "build", "--quiet", "--wheel", "--out-dir", folder, *more, ROOT]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        if done.returncode == 0:
            return next(folder.glob("*.whl"))
    if any(sign in done.stderr for sign in WITHOUT_NETWORK):
        pytest.skip("no network to get the build backend by")
    pytest.fail(done.stderr)


def test_the_wheel_is_configured_to_have_them() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert built["force-include"] == {"docs": "monitor/docs"}


def test_every_page_and_the_files_for_deployment_are_in_the_wheel(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    found = {name for name in names if name.startswith("monitor/docs/")}
    deployment = [file for file in (ROOT / "docs" / "deploy").rglob("*") if file.is_file()]
    assert found == {f"monitor/{file.relative_to(ROOT).as_posix()}" for file in (*PAGES, *deployment)}
    for folder in ("monitor/web/templates", "monitor/web/static", "monitor/store/migrations"):
        files = {
            f"{file.relative_to(ROOT)}" for file in (ROOT / folder).rglob("*.*") if "__pycache__" not in file.parts
        }
        assert files
        assert files <= names


def test_what_is_installed_finds_them(wheel: Path, tmp_path: Path) -> None:
    """Unpacked, as an installer does it; the source tree is not there."""
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    show = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}){SHOW}"]
    done = subprocess.run(show, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr
    folder, *names = done.stdout.split()
    assert folder == str(tmp_path / "monitor" / "docs")
    assert set(names) == {file.relative_to(ROOT / "docs").with_suffix("").as_posix() for file in PAGES}
