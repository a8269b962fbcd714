"""The simulated companies of a configuration: what [sandbox] names, as the sandbox wants it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from monitor.config import Config, WatchedPath
from monitor.sandbox.internet import SimulatedSystem, internet
from monitor.sandbox.nameserver import sandbox_dns
from probes.route_traits import kinds_that_assert, traits_of


@asynccontextmanager
async def sandbox_of(config: Config) -> AsyncIterator[None]:
    """Run the simulated mail systems of [sandbox], if configured."""
    companies = config.sandbox.companies
    systems = [system_of(config, path) for path in config.paths() if path.company in companies]
    async with internet(systems, config.sender.identity(), config.sandbox):
        yield


def simulates_dns(config: Config) -> bool:
    """Test if DNS is simulated: not if a company is real, or if name servers are configured."""
    simulated = config.sandbox.companies
    return bool(simulated) and not set(config.companies) - set(simulated) and not config.dns.nameservers


@asynccontextmanager
async def simulated_dns(config: Config) -> AsyncIterator[int | None]:
    """Run a name server for the sender and the simulated companies; yields its port on 127.0.0.1, None if DNS is not
    simulated."""
    if not simulates_dns(config):
        yield None
        return
    domains = dict.fromkeys(path.to.rpartition("@")[2] for path in config.paths())
    async with sandbox_dns(config.sender.identity(), domains) as port:
        yield port


def make_folders(config: Config) -> None:
    """Create the parent folders of sandbox mailboxes: with the default configuration the store is in them too."""
    for path in config.paths():
        if path.company in config.sandbox.companies and path.mailbox and path.mailbox.local:
            with suppress(OSError):  # the sandbox reports it
                path.mailbox.local.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def system_of(config: Config, path: WatchedPath) -> SimulatedSystem:
    """Return the simulated mail system of this path."""
    route, maildir = path.route, path.mailbox.local if path.mailbox else None
    if not traits_of(route.via).asserts_client or route.host is None or maildir is None:
        raise TypeError(f"{path.key}: a sandbox path must be {kinds_that_assert()} and end in a maildir")
    return SimulatedSystem(
        name=path.key,
        behaviour=config.sandbox.companies[path.company],
        host=route.host,
        port=route.port,
        via=route.via,
        maildir=maildir.path,
        junk=maildir.junk,
        domain=path.to.rpartition("@")[2],
    )
