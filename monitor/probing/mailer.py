"""Composes the messages of probes as the configuration says, and hands them to routes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitor.config import Config, WatchedPath
from probes.diagnosis.arm import Arm, mixed
from probes.evidence import Dialogue, Step
from probes.message import Message, compose, message_id
from probes.outside import Outside
from probes.probe import Probe
from probes.routes import Route
from probes.sender import Identity, Role


class Mailer:
    """Sends as the identities of a configuration; `key` signs tokens."""

    def __init__(self, outside: Outside, key: bytes) -> None:
        self._outside, self._key = outside, key
        self._identities: Mapping[Role, Identity] = {}
        self._signer: Any = None
        self._size = 0  # of the sender's real mail, in octets

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        self._identities = config.identities()
        self._signer = config.sender.dkim.signer(config.sender.domain) if config.sender.dkim else None
        self._size = config.sender.size or 0

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses that probes are from, in lower case."""
        return frozenset(identity.address.lower() for identity in self._identities.values())

    def identity(self, role: Role, arm: Arm | None) -> Identity | None:
        """Return the identity that a probe is sent as; None if it is not configured any more."""
        if arm is None:
            return self._identities.get(role)
        other = self._identities.get(arm.other)
        return mixed(arm, self._identities[Role.SENDER], other) if other else None

    def message_id(self, probe: Probe) -> str | None:
        """Return the Message-ID of a probe; None if its identity is not configured any more."""
        identity = self.identity(probe.role, probe.arm)
        return message_id(probe, identity, self._key) if identity else None

    async def send(
        self, probe: Probe, path: WatchedPath, number: int, now: Callable[[], datetime], note: Callable[[Step], None]
    ) -> Dialogue:
        """Hand a probe over by the route of its path, in this attempt. `now`: in the probe's time. `note`: of each
        step."""
        identity = self.identity(probe.role, probe.arm) or self._identities[probe.role]
        outside, timeout = replace(self._outside, now=now), path.timeout.total_seconds()
        return await path.route.send(self._composed(probe, identity), number, outside, timeout=timeout, note=note)

    async def ask_filter(self, probe: Probe, path: WatchedPath, content_filter: Route) -> Dialogue:
        """Ask the company's filter about a message."""
        message, timeout = self._composed(probe, self._identities[probe.role]), path.timeout.total_seconds()
        return await content_filter.send(message, 1, self._outside, timeout=timeout, note=lambda _: None)

    def _composed(self, probe: Probe, identity: Identity) -> Message:
        return compose(probe, identity, self._key, self._signer, self._size)
