"""Run one mail system for each path of a simulated company while a block lasts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from ipaddress import ip_address

import structlog

from monitor.errors import UserError
from monitor.sandbox.mailsystem import SandboxMailSystem, SimulatedSystem, utc_now
from monitor.sandbox.settings import SandboxSettings
from monitor.sandbox.smtp import SandboxConversation
from probes.sender import Identity

__all__ = ["SandboxError", "SimulatedSystem", "internet"]

log = structlog.get_logger(__name__)


class SandboxError(UserError):
    """The simulated mail systems cannot be started. The text is one line: the problem and the remedy."""


@asynccontextmanager
async def internet(
    systems: Sequence[SimulatedSystem],
    sender: Identity,
    settings: SandboxSettings,
    *,
    now: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Mapping[str, int]]:
    """Prepare the mailboxes and listen until the end of the block. Yields the port of each system by name.

    `sender` is the identity that the behaviours apply to; other identities get through where a behaviour is about the
    sender. Raises SandboxError if a port is taken, an address is not loopback or a mailbox cannot be prepared. At the
    end every connection is reset and no task is left.
    """
    ports: dict[str, int] = {}
    async with AsyncExitStack() as house:
        for plan in systems:
            mail_system = SandboxMailSystem(plan, sender, settings, now=now)
            house.push_async_callback(mail_system.close)
            _prepare(mail_system, plan)
            ports[plan.name] = await _open(mail_system, plan, house)
            log.info(
                "sandbox mail system started", path=plan.name, behaviour=plan.behaviour.value, port=ports[plan.name]
            )
        yield ports


def _prepare(mail_system: SandboxMailSystem, plan: SimulatedSystem) -> None:
    try:
        mail_system.prepare()
    except OSError as error:
        raise SandboxError(f"{plan.name}: the mailbox {plan.maildir} cannot be prepared: {error}") from error


async def _open(mail_system: SandboxMailSystem, plan: SimulatedSystem, house: AsyncExitStack) -> int:
    """Listen until `house` is closed. Returns the port."""
    if not _loopback(plan.host):
        raise SandboxError(f"{plan.name}: a sandbox mail system must listen on a loopback address, not {plan.host}")
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: SandboxConversation(mail_system), plan.host, plan.port
        )
    except OSError as error:
        raise SandboxError(
            f"{plan.name}: cannot listen on {plan.host}:{plan.port}: {error.strerror}; "
            "is another sandbox running, or is the port used twice?"
        ) from error
    house.callback(server.close)
    port: int = server.sockets[0].getsockname()[1]
    return port


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
