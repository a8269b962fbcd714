"""The servers that other tests lean on come up, stay themselves, and go away."""

import http.client
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.lab.processes import NotReadyError
from tests.support import prometheus_servers as servers
from tests.support.prometheus_servers import alertmanager, prometheus

PROMETHEUS_YML = "global: {scrape_interval: 1s}\n"
ALERTMANAGER_YML = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

pytestmark = pytest.mark.usefixtures("able")


def ask(url: str, path: str, method: str = "GET") -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(("server", "config"), [(prometheus, PROMETHEUS_YML), (alertmanager, ALERTMANAGER_YML)])
def test_a_server_takes_work_and_is_gone_afterwards(server, config: str, tmp_path: Path) -> None:
    with server(config, tmp_path) as url:
        assert ask(url, "/-/ready") == 200
        assert ask(url, "/-/reload", "POST") == 200
    with pytest.raises(ConnectionRefusedError):
        ask(url, "/-/ready")


@pytest.mark.parametrize(("server", "name"), [(prometheus, "prometheus"), (alertmanager, "alertmanager")])
def test_a_server_that_refuses_its_configuration_says_why(server, name: str, tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="not_a_key"), server("not_a_key: 1\n", tmp_path):
        pass
    assert "not_a_key" in (tmp_path / f"{name}.log").read_text()


@pytest.mark.parametrize(("server", "config"), [(prometheus, PROMETHEUS_YML), (alertmanager, ALERTMANAGER_YML)])
def test_a_port_that_somebody_took_meanwhile_is_left_to_them(
    server, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = servers.free_port
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken: int = somebody.getsockname()[1]
        ports = iter((taken, taken, choose()))
        monkeypatch.setattr(servers, "free_port", lambda: next(ports))
        with server(config, tmp_path) as url:
            assert urlsplit(url).port != taken
            assert ask(url, "/-/ready") == 200


@pytest.mark.parametrize("server", [prometheus, alertmanager])
def test_two_at_once_do_not_disturb_each_other(server, tmp_path: Path) -> None:
    config = PROMETHEUS_YML if server is prometheus else ALERTMANAGER_YML
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with server(config, folders[0]) as one, server(config, folders[1]) as two:
        assert one != two
        assert (ask(one, "/-/ready"), ask(two, "/-/ready")) == (200, 200)
