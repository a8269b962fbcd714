"""The name server of the sandbox: answers from `zones` over UDP on loopback, as resolver and as authority."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from monitor.sandbox.zones import Records, records_of
from probes.sender import Identity

TTL = 60  # seconds
MAX_ANSWER_BYTES = 1232  # what no network cuts; the largest record, a DKIM key, has 450


@asynccontextmanager
async def sandbox_dns(sender: Identity, companies: Iterable[str]) -> AsyncIterator[int]:
    """Answer while the block lasts. Yields the port on 127.0.0.1. `companies`: their domains."""
    records = records_of(sender, companies)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(records), ("127.0.0.1", 0))
    try:
        yield cast("tuple[str, int]", transport.get_extra_info("sockname"))[1]
    finally:
        transport.close()


class _Server(asyncio.DatagramProtocol):
    def __init__(self, records: Records) -> None:
        self._records = records

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if answer := answer_to(data, self._records):
            self._transport.sendto(answer, addr)


def answer_to(data: bytes, records: Records) -> bytes:
    """Return the answer to a query; b"" if it is none."""
    try:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
    except (dns.exception.DNSException, IndexError, ValueError):
        return b""
    answer.flags |= dns.flags.AA
    name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
    found = records.get((name, kind)) or records.get((f"*.{name.partition('.')[2]}", kind))
    if found:
        answer.answer.append(dns.rrset.from_text(question.name, TTL, "IN", kind, *found))
        return answer.to_wire(max_size=MAX_ANSWER_BYTES)
    if not _exists(name, records):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    if zone := _zone_of(name, records):  # for how long it is missing (RFC 2308, section 3)
        answer.authority.append(dns.rrset.from_text(f"{zone}.", TTL, "IN", "SOA", *records[zone, "SOA"]))
    return answer.to_wire(max_size=MAX_ANSWER_BYTES)


def _exists(name: str, records: Records) -> bool:
    """Test if there is such a name, or one below it (RFC 8020)."""
    return any(known == name or known.endswith(f".{name}") for known, _ in records)


def _zone_of(name: str, records: Records) -> str:
    """Return the nearest zone that holds a name, "" if there is none."""
    labels = name.split(".")
    parents = (".".join(labels[place:]) for place in range(len(labels)))
    return next((parent for parent in parents if (parent, "SOA") in records), "")
