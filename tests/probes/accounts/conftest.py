"""What the tests of accounts share: a clock that they set, an authorization server that goes by it, and HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from probes.http import HttpSession
from tests.support.authorization_server import AuthorizationServer, OAuthClient, authorization_server


@dataclass
class SetClock:
    """A clock that stands still until it is set."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **time: float) -> None:
        self.at += timedelta(**time)


@pytest.fixture
def clock() -> SetClock:
    """Ours."""
    return SetClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
async def http() -> AsyncIterator[HttpSession]:
    """The HTTP client of the service."""
    async with HttpSession() as session:
        yield session


@pytest.fixture
async def server(clock: SetClock) -> AsyncIterator[AuthorizationServer]:
    """It has the client "probe" with a secret."""
    async with authorization_server(clock) as running:
        running.clients["probe"] = OAuthClient(user="probe@acme.example", secret="5ecret+/&=word")
        yield running
