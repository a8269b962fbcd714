"""What `store.url` may be."""

from pathlib import Path

import pytest

from monitor.store.address import CREDENTIALS_ELSEWHERE, store_address

HERE = Path("/etc/mailpath")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("sqlite:///mailpath.db", "sqlite:////etc/mailpath/mailpath.db"),
        ("sqlite:////var/lib/mailpath.db", "sqlite:////var/lib/mailpath.db"),
        ("postgresql://mailpath@db.example/mailpath", "postgresql://mailpath@db.example/mailpath"),
        (
            "postgresql://mailpath@db.example:5433/mailpath?sslmode=verify-full&passfile=/etc/mailpath/pgpass",
            "postgresql://mailpath@db.example:5433/mailpath?sslmode=verify-full&passfile=/etc/mailpath/pgpass",
        ),
        ("postgresql:///mailpath?host=/run/postgresql", "postgresql:///mailpath?host=/run/postgresql"),
    ],
)
def test_a_file_or_a_database(url: str, address: str) -> None:
    assert store_address(url, HERE) == address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mailpath.db", "must be a file like"),
        ("mysql://h/d", "must be a file like"),
        ("sqlite://", "must be a file like"),
        ("sqlite:///:memory:", "must be a file like"),
        ("postgresql://mailpath:secret@h/d", CREDENTIALS_ELSEWHERE),
        ("postgresql://mailpath@h/d?password=secret", CREDENTIALS_ELSEWHERE),
        ("postgresql://mailpath@h", "must name one database"),
        ("postgresql://mailpath@h/", "must name one database"),
        ("postgresql://mailpath@h/a/b", "must name one database"),
        ("postgresql://mailpath@h/d\n", "must name one database"),
    ],
)
def test_nothing_else(url: str, said: str) -> None:
    with pytest.raises(ValueError, match="") as error:
        store_address(url, HERE)
    assert said in str(error.value)
    assert "secret" not in str(error.value)


def test_without_its_driver_the_configuration_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.address.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="extra postgres"):
        store_address("postgresql://mailpath@h/d", HERE)
