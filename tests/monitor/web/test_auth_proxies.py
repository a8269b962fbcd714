"""Proxies that are trusted, and what they say of the clients for whom they ask."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.auth_app import open_auth_app


@pytest.mark.parametrize("said", ["", "unknown", "198.51.100.7, unknown", "192.0.2.9"])
async def test_a_trusted_proxy_that_names_nobody_is_told_of_and_makes_its_clients_no_single_one(
    tmp_path: Path, said: str
) -> None:
    web = {"trusted_proxies": ["127.0.0.1", "192.0.2.9"]}
    async with open_auth_app(tmp_path, web=web) as auth_app:
        headers = {"X_Forwarded_For": said} if said else {}
        with capture_logs() as lines:
            await auth_app.person("ann")
            for number in range(40):
                assert (await auth_app.browser(**headers).sign_in(f"name{number}", "wrong wrong wrong")).status == 403
        assert (await auth_app.browser(**headers).sign_in("ann")).status == 303
    (line,) = [line for line in lines if line["event"] == "a trusted proxy does not say for whom it asks"]
    assert line["address"] == "127.0.0.1"
    assert "X-Forwarded-For" in line["remedy"]


@pytest.mark.parametrize("said", ["198.51.100.1:{}", "[2001:db8::1]:{}", '"198.51.100.1:{}"'])
async def test_the_port_that_some_proxies_name_makes_no_other_client(tmp_path: Path, said: str) -> None:
    """Microsoft's Application Gateway names it, and each connection has another."""
    async with open_auth_app(tmp_path, web={"trusted_proxies": ["127.0.0.1"]}) as auth_app:
        for number in range(20):
            browser = auth_app.browser(X_Forwarded_For=said.format(4000 + number))
            assert (await browser.sign_in(f"name{number}", "wrong wrong wrong")).status == 403
        assert (await auth_app.browser(X_Forwarded_For=said.format(5000)).sign_in("x", "wrong wrong")).status == 429
