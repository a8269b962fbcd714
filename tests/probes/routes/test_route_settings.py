"""The config keys of routes: what is taken, what is not, and what is said then."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.route_traits import ROUTE_TRAITS, traits_of
from probes.routes.direct import DirectRoute
from probes.routes.proxy import ProxyRoute
from probes.routes.relay import RelayRoute
from probes.routes.table import ROUTES, RouteSettings
from probes.routes.xclient import XclientRoute
from probes.verdict import Grade
from tests.support.certificates import Authority

ROUTE: TypeAdapter[Any] = TypeAdapter(RouteSettings)
RELAY = {"via": "relay", "host": "smtp.relay.example", "user": "u", "password": {"env": "RELAY_PASSWORD"}}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_PASSWORD", "s3cret")


@pytest.mark.parametrize(
    ("table", "kind", "defaults"),
    [
        ({"via": "direct"}, DirectRoute, {"host": None, "port": 25, "tls": "opportunistic", "ca_file": None}),
        ({"via": "direct", "host": "mx.acme.example", "port": 2525, "tls": "require"}, DirectRoute, {"port": 2525}),
        (RELAY, RelayRoute, {"port": 587, "tls": "starttls"}),
        (RELAY | {"host": "localhost", "tls": "none"}, RelayRoute, {"tls": "none"}),
        (RELAY | {"host": "127.0.0.9", "tls": "none"}, RelayRoute, {"tls": "none"}),
        (RELAY | {"host": "::1", "tls": "none"}, RelayRoute, {"tls": "none"}),
        ({"via": "xclient", "host": "192.0.2.10"}, XclientRoute, {"port": 25, "tls": "opportunistic"}),
        ({"via": "proxy", "host": "192.0.2.10", "port": 10526}, ProxyRoute, {"version": 2}),
        ({"via": "proxy", "host": "192.0.2.10", "port": 10526, "version": 1}, ProxyRoute, {"version": 1}),
    ],
)
def test_a_route(table: dict[str, Any], kind: type, defaults: dict[str, Any]) -> None:
    route = ROUTE.validate_python(table)
    assert type(route) is kind is ROUTES[table["via"]]
    assert {key: getattr(route, key) for key in defaults} == defaults


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        ({"via": "carrier-pigeon"}, (), "'direct', 'relay', 'xclient', 'proxy'"),
        ({"host": "192.0.2.10"}, (), "via"),
        ({"via": "direct", "hst": "mx"}, ("direct", "hst"), "Extra inputs"),
        ({"via": "direct", "port": 0}, ("direct", "port"), "direct.port"),
        ({"via": "direct", "tls": "maybe"}, ("direct", "tls"), "'opportunistic', 'require' or 'none'"),
        ({"via": "xclient"}, ("xclient", "host"), "required"),
        ({"via": "proxy", "host": "192.0.2.10"}, ("proxy", "port"), "required"),
        ({"via": "proxy", "host": "192.0.2.10", "port": 26, "version": 3}, ("proxy", "version"), "1 or 2"),
        (RELAY | {"tls": "none"}, ("relay",), "would send the password in clear to smtp.relay.example"),
        (RELAY | {"host": "localhost.example", "tls": "none"}, ("relay",), "in clear"),
        (RELAY | {"password": "s3cret"}, ("relay", "password"), "must be a reference"),
        ({k: v for k, v in RELAY.items() if k != "password"}, ("relay", "password"), "required"),
        (RELAY | {"ca_file": "nowhere.pem"}, ("relay", "ca_file"), "nowhere.pem: No such file or directory"),
    ],
)
def test_no_route(table: dict[str, Any], key: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ROUTE.validate_python(table)
    (error,) = refused.value.errors()
    assert error["loc"] == key
    assert says in str(refused.value)


def test_a_file_of_trusted_certificates_is_read_with_the_configuration(authority: Authority, tmp_path: Path) -> None:
    table = {"via": "direct", "tls": "require", "ca_file": "ca.pem"}
    (tmp_path / "ca.pem").write_bytes(authority.file.read_bytes())
    route = ROUTE.validate_python(table, context={"folder": tmp_path})
    assert isinstance(route, DirectRoute)
    assert route.ca_file == tmp_path / "ca.pem"
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ValidationError, match="holds no certificate in PEM form"):
        ROUTE.validate_python(table, context={"folder": tmp_path})


def test_a_password_is_never_shown() -> None:
    assert "s3cret" not in repr(ROUTE.validate_python(RELAY))


def test_every_kind_of_route_has_its_traits_and_no_other_has() -> None:
    assert ROUTES.keys() == ROUTE_TRAITS.keys()


def test_of_a_kind_that_this_version_does_not_know_a_probe_proves_nothing() -> None:
    assert traits_of("pigeon").best_grade is Grade.UNPROVEN
