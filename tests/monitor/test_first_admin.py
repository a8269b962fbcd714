"""The file with the first admin's link: whatever is in its way, the service starts, and says what to do."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.first_admin import NAME, announce_first_link
from tests.support.auth_app import PASSWORD, open_auth_app

LINK = "https://mailpath.example/invitation?key=K"


def store_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'mailpath.db'}"


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    announce_first_link(LINK, store_in(tmp_path))
    file = tmp_path / NAME
    assert file.read_text() == f"{LINK}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    announce_first_link(None, store_in(tmp_path))
    assert not file.exists()


def test_with_a_database_server_it_is_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which a service may write to, unlike the folder around it."""
    monkeypatch.chdir(tmp_path)
    announce_first_link(LINK, "postgresql://mailpath@postgres/mailpath")
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("link", [LINK, None], ids=["a link", "none"])
def test_what_cannot_be_deleted_is_told_of(tmp_path: Path, link: str | None) -> None:
    (tmp_path / NAME).mkdir()
    with capture_logs() as logs:
        announce_first_link(link, store_in(tmp_path))
    assert len(logs) == (2 if link else 1)
    assert all(str(tmp_path / NAME) in line["remedy"] for line in logs)
    assert "key=K" not in str(logs)


def test_on_a_full_disk_no_half_of_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = os.open

    def opened(path: Path, flags: int, mode: int) -> int:
        os.close(make(path, flags, mode))
        return make("/dev/full", os.O_WRONLY)

    monkeypatch.setattr("monitor.first_admin.os.open", opened)
    with capture_logs() as logs:
        announce_first_link(LINK, store_in(tmp_path))
    assert [line["reason"] for line in logs] == ["No space left on device"]
    assert "mailpath person link admin" in logs[0]["remedy"]
    assert not (tmp_path / NAME).exists()


async def test_whoever_set_the_password_gets_in_all_the_same(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    async with open_auth_app(tmp_path, store={"url": store_in(tmp_path)}) as auth_app:
        with capture_logs() as logs:
            assert await (await auth_app.person("admin", password=PASSWORD)).whoami()
    assert [str(tmp_path / NAME) in line["remedy"] for line in logs if "remedy" in line] == [True]
