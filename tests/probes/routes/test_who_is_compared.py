"""Whom the sender is compared with, by what the route can carry."""

import pytest

from probes.routes import Route, comparison
from probes.routes.table import ROUTES
from probes.sender import Identity, Role

OURS, ALSO_OURS, NOT_OURS = "127.0.0.5", "127.0.0.6", "198.51.100.7"
RELAY: dict[str, object] = {"host": "localhost", "tls": "none", "user": "u"}
SETTINGS: dict[str, dict[str, object]] = {
    "direct": {},
    "relay": RELAY,
    "xclient": {"host": "gate.example"},
    "proxy": {"host": "gate.example", "port": 26},
}


def route(via: str) -> Route:
    settings = SETTINGS[via] | ({"password": {"env": "PW"}} if via == "relay" else {})
    return ROUTES[via].model_validate({"via": via, **settings})  # type: ignore[attr-defined, no-any-return]


def identity(role: Role, source_ip: str) -> Identity:
    return Identity(role, f"p@{role}.example", source_ip, "h", "[UNAVAILABLE]", f"p@{role}.example")


SENDER, NEIGHBOUR = identity(Role.SENDER, OURS), identity(Role.NEIGHBOUR, OURS)
HERE, ELSEWHERE = identity(Role.CONTROL, ALSO_OURS), identity(Role.CONTROL, NOT_OURS)


@pytest.mark.parametrize(
    ("via", "others", "chosen"),
    [
        ("xclient", [HERE, NEIGHBOUR], Role.CONTROL),
        ("xclient", [ELSEWHERE, NEIGHBOUR], Role.CONTROL),  # the gateway believes any address
        ("proxy", [ELSEWHERE], Role.CONTROL),
        ("proxy", [NEIGHBOUR], Role.NEIGHBOUR),
        ("proxy", [], None),
        ("direct", [HERE, NEIGHBOUR], Role.CONTROL),
        ("direct", [ELSEWHERE, NEIGHBOUR], Role.NEIGHBOUR),
        ("direct", [ELSEWHERE], None),
        ("direct", [], None),
        ("relay", [HERE, NEIGHBOUR], Role.NEIGHBOUR),
        ("relay", [HERE], None),
    ],
)
def test_the_control_tells_most_and_the_neighbour_goes_where_it_cannot(
    monkeypatch: pytest.MonkeyPatch, via: str, others: list[Identity], chosen: Role | None
) -> None:
    monkeypatch.setenv("PW", "secret")
    assert comparison(route(via), {each.role: each for each in (SENDER, *others)}) is chosen
