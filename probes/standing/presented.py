"""The certificates that a mail host shows: connect, EHLO, STARTTLS, and leave. No mail is sent."""

import asyncio

from probes.resolver import Unresolved
from probes.routes.reply import Reply, WireFault, extensions
from probes.routes.wire import SmtpWire, connect
from probes.standing.asking import Asker
from probes.tls import client_context

SHOW_TIMEOUT = 15.0  # seconds for one host
MAX_TRIED = 2  # addresses of one host


async def presented(host: str, asker: Asker) -> tuple[bytes, ...] | str:
    """Return the certificates that the host shows, its own first, in DER; or why it showed none."""
    addresses = await asker.addresses(host)
    if isinstance(addresses, Unresolved):
        return addresses.text
    until = asyncio.get_running_loop().time() + SHOW_TIMEOUT
    found: tuple[bytes, ...] | str = ""
    for address in addresses[:MAX_TRIED]:
        wire = await connect(address, asker.smtp_port, until)
        if isinstance(wire, WireFault):
            found = f"no connection to {address} port {asker.smtp_port}: {wire.text}"
            continue
        try:
            return await _shown(wire, host, until)
        finally:
            wire.drop()
    return found


async def _shown(wire: SmtpWire, host: str, until: float) -> tuple[bytes, ...] | str:
    literal = f"IPv6:{wire.local_ip}" if ":" in wire.local_ip else wire.local_ip
    said = await wire.reply(until)
    for command in (f"EHLO [{literal}]", "STARTTLS"):  # an address literal: this machine may have no name
        if not isinstance(said, Reply) or said.code // 100 != 2:
            return _trouble(said)
        if command == "STARTTLS" and "STARTTLS" not in extensions(said):
            return "it offers us no STARTTLS"  # or a firewall between us hides the offer
        wire.write(f"{command}\r\n".encode())
        said = await wire.reply(until)
    if not isinstance(said, Reply) or said.code // 100 != 2:
        return _trouble(said)
    wire.discard()
    fault = await wire.encrypt(client_context(verify=False), host, until)
    return fault.text if fault else wire.certificates


def _trouble(said: Reply | WireFault) -> str:
    return said.text if isinstance(said, WireFault) else f"it says {said.code} {said.text}"
