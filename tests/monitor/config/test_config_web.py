"""What the configuration may say of pages, API and metrics."""

from pathlib import Path
from typing import Any

import pytest

from monitor.config import ConfigErrors, read_config


def web(folder: Path, text: str) -> Any:
    """The [web] of a configuration with these lines in it."""
    (folder / "config.toml").write_text(f"[web]\n{text}\n")
    return read_config(folder / "config.toml").web


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:8025"),
        ('listen = "[::1]:80"', "http://[::1]:80"),
        ('url = "https://mailpath.example/"', "https://mailpath.example"),
        ('url = "https://watch.example:8443"', "https://watch.example:8443"),
    ],
)
def test_where_people_reach_it(tmp_path: Path, text: str, url: str) -> None:
    assert web(tmp_path, text).base_url == url


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('url = "mailpath.example"', 'web.url: must be a URL like "https://mailpath.example", not "mailpath.example"'),
        ('url = "https://a b"', 'web.url: must be a URL like "https://mailpath.example", not "https://a b"'),
        ('url = "javascript:alert(1)"', "web.url: must be a URL like"),
        ('url = "https://mailpath.example/below"', "web.url: must be a URL like"),  # not below a path
        ('url = "https://me:secret@mailpath.example"', "web.url: must be a URL like"),
        ('trusted_proxies = ["proxy.example"]', "web.trusted_proxies: must be an IP address like"),
        ('metrics_listen = "9108"', 'web.metrics_listen: must be an address and a port like "127.0.0.1:8025"'),
        ('tls = { certificate = "nothing.pem" }', "web.tls: cannot be used: "),
        ("port = 80", "web.port: unknown key; expected one of"),
    ],
)
def test_what_is_wrong_with_it(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigErrors) as wrong:
        web(tmp_path, text)
    (error,) = wrong.value.errors
    assert str(error).startswith(f"config.toml:2: {problem}")
