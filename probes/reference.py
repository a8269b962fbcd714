"""Test our own connection with a reference: an outside mail host that has no reason to refuse us.

One TCP connection from the source IP, the greeting, QUIT. Any greeting counts, because a refusal comes from outside
too; a connection without one does not, because firewalls in between accept those. Results that say nothing about our
connection (a name that does not exist, a host that is this machine) are neither yes nor no.
"""

import asyncio
from dataclasses import dataclass

from probes.answer import Fault
from probes.resolver import Resolver, Unresolved
from probes.routes.reply import Reply, WireFault
from probes.routes.wire import connect, has_local_address
from probes.settings import Endpoint

SMTP_PORT = 25
MAX_ADDRESSES = 3  # of one reference


@dataclass(frozen=True, slots=True)
class ReferenceResult:
    """Result for one reference, "host:port". `reached` is None if it says nothing about our connection."""

    reference: str
    reached: bool | None
    text: str


async def ask(reference: Endpoint, source: str, resolver: Resolver, *, timeout: float) -> ReferenceResult:
    """Ask the configured host from the address `source`, within `timeout` seconds."""
    until = asyncio.get_running_loop().time() + timeout
    found = await resolver.addresses(reference.host, timeout=timeout / 2)
    if isinstance(found, Unresolved):
        return _not_found(str(reference), found)
    places = [(str(reference), address) for address in _of_family(found, source)]
    if not places:
        return ReferenceResult(str(reference), None, f"it has no address that {source} could reach")
    return await _knock(places, reference.port, source, until)


async def ask_mail_hosts(domain: str, source: str, resolver: Resolver, *, timeout: float) -> ReferenceResult:
    """Ask the MX hosts of a domain that we send from. A domain without MX may have only a web server, and its MX may be
    this very machine: neither says anything."""
    until = asyncio.get_running_loop().time() + timeout
    found = await resolver.mail_hosts(domain, timeout=timeout / 2)
    if isinstance(found, Unresolved):
        return _not_found(f"the MX of {domain}", found)
    places = [
        (f"{host.name}:{SMTP_PORT}", address)
        for host in found
        for address in _of_family(host.addresses, source)
        if host.name != domain and not has_local_address(address)
    ]
    if not places:
        return ReferenceResult(f"the MX of {domain}", None, "there is no such host outside this machine")
    return await _knock(places, SMTP_PORT, source, until)


async def _knock(places: list[tuple[str, str]], port: int, source: str, until: float) -> ReferenceResult:
    """Connect to these (name, address) at once. One greeting is enough; else the first result counts."""
    at_once = [_greeting(name, address, port, source, until) for name, address in places[:MAX_ADDRESSES]]
    answers = await asyncio.gather(*at_once)
    return next((answer for answer in answers if answer.reached), answers[0])


async def _greeting(name: str, address: str, port: int, source: str, until: float) -> ReferenceResult:
    wire = await connect(address, port, until, source=source)
    if isinstance(wire, WireFault):
        return ReferenceResult(name, False, wire.text)
    try:
        heard = await wire.reply(until)
        wire.write(b"QUIT\r\n")
    finally:
        wire.drop()
    if isinstance(heard, Reply):
        return ReferenceResult(name, True, f"{heard.code} {heard.text}")
    return ReferenceResult(name, False, heard.text)


def _not_found(reference: str, found: Unresolved) -> ReferenceResult:
    """Judge a failed lookup: unresponsive name servers are part of our connection; a name that does not exist is a
    mistake."""
    return ReferenceResult(reference, None if found.fault is Fault.DOMAIN_UNKNOWN else False, found.text)


def _of_family(addresses: tuple[str, ...], source: str) -> list[str]:
    return [address for address in addresses if (":" in address) == (":" in source)]
