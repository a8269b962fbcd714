"""A reference: a mail host outside that has no reason to refuse us. What it answers is about our own way out.

One TCP connection from the source IP, the greeting, QUIT. Any greeting counts, because a refusal comes from outside
too; a connection without one does not, because firewalls on the way make those. What tells nothing of our way out (a
name that does not exist, a host that is this machine) is neither yes nor no.
"""

import asyncio
from dataclasses import dataclass

from probes.evidence import Fault
from probes.resolver import Resolver, Unresolved
from probes.routes.reply import Reply, Trouble
from probes.routes.wire import bears, connect
from probes.settings import Endpoint

SMTP_PORT = 25


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking one reference, "host:port". `reached` is None where it tells nothing of our way out."""

    reference: str
    reached: bool | None
    text: str


async def ask(reference: Endpoint, source: str, resolver: Resolver, *, timeout: float) -> Answer:
    """Ask the host that the configuration names, from the address `source`; over within `timeout` seconds."""
    until = asyncio.get_running_loop().time() + timeout
    found = await resolver.addresses(reference.host, timeout=timeout / 2)
    if isinstance(found, Unresolved):
        return _not_found(str(reference), found)
    return await _knock(str(reference), _of_family(found, source), reference.port, source, until)


async def ask_mail_host(domain: str, source: str, resolver: Resolver, *, timeout: float) -> Answer:
    """Ask the best MX host of a domain that we send from. A domain without MX may have a web server only, and its MX
    may be this very machine: neither tells anything."""
    until = asyncio.get_running_loop().time() + timeout
    found = await resolver.mail_hosts(domain, timeout=timeout / 2)
    if isinstance(found, Unresolved):
        return _not_found(f"the MX of {domain}", found)
    outside = [
        (host.name, [address for address in _of_family(host.addresses, source) if not bears(address)])
        for host in found
        if host.name != domain
    ]
    for name, addresses in outside:
        if addresses:
            return await _knock(f"{name}:{SMTP_PORT}", addresses, SMTP_PORT, source, until)
    return Answer(f"the MX of {domain}", None, "there is no such host outside this machine")


async def _knock(reference: str, addresses: list[str], port: int, source: str, until: float) -> Answer:
    if not addresses:
        return Answer(reference, None, f"it has no address that {source} could reach")
    wire = await connect(addresses[0], port, until, source=source)
    if isinstance(wire, Trouble):
        return Answer(reference, False, wire.text)
    try:
        heard = await wire.reply(until)
        wire.write(b"QUIT\r\n")
    finally:
        wire.drop()
    if isinstance(heard, Reply):
        return Answer(reference, True, f"{heard.code} {heard.text}")
    return Answer(reference, False, heard.text)


def _not_found(reference: str, found: Unresolved) -> Answer:
    """Name servers that do not answer are part of our way out; a name that does not exist is somebody's mistake."""
    return Answer(reference, None if found.fault is Fault.DOMAIN_UNKNOWN else False, found.text)


def _of_family(addresses: tuple[str, ...], source: str) -> list[str]:
    return [address for address in addresses if (":" in address) == (":" in source)]
