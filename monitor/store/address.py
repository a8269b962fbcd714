"""The address of a store as it is configured. Raises ValueError for one that cannot be used."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from monitor.store.sqlite import address as sqlite_address

SQLITE = "sqlite:///"
POSTGRESQL = "postgresql://"
CREDENTIALS_ELSEWHERE = (
    "must not contain a password; put it into a password file, and name that in PGPASSFILE or at the end: "
    "?passfile=/etc/mailpath/pgpass"
)
NO_DRIVER = "needs the driver of PostgreSQL: install mailpath with the extra postgres, as in mailpath[postgres]"


def store_address(url: str, folder: Path) -> str:
    """Return the address; a relative file of SQLite starts at this folder."""
    if url.startswith(POSTGRESQL):
        return _server_address(url)
    if not url.startswith(SQLITE):
        raise ValueError(
            'must be a file like "sqlite:///mailpath.db", or a database like "postgresql://mailpath@db.example/mailpath"'
        )
    return sqlite_address(url, folder)


def _server_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is not None or "password=" in parts.query:
        raise ValueError(CREDENTIALS_ELSEWHERE)
    if not parts.path.strip("/") or "/" in parts.path[1:] or parts.fragment or not url.isprintable():
        raise ValueError('must name one database, like "postgresql://mailpath@db.example/mailpath"')
    if find_spec("psycopg") is None:
        raise ValueError(NO_DRIVER)
    return url
