"""A name server on loopback that tells what a table says."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], list[str] | str]
"""(name, type) -> records; or "SERVFAIL", "REFUSED", "SILENCE", "GARBAGE", "TRUNCATED". A name that is nowhere does
not exist."""

TWO_HOSTS: Records = {
    ("acme.example", "MX"): ["20 mx2.acme.example.", "10 mx1.acme.example."],
    ("mx1.acme.example", "A"): ["127.0.0.11"],
    ("mx2.acme.example", "A"): ["127.0.0.12"],
}


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Answers over UDP, and keeps what it was asked."""

    records: Records
    asked: list[tuple[str, str]] = field(default_factory=list)
    where: str = ""
    validates: bool = False  # set the AD bit

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # by what it can do; not by its class

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        found = self.records.get((name, kind), [])
        if found == "SILENCE":
            return
        if found == "GARBAGE":
            self._transport.sendto(b"\xff" * 40, addr)
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if self.validates:
            answer.flags |= dns.flags.AD
        name, found = self._follow(answer, name, kind)
        if found == "TRUNCATED":
            answer.flags |= dns.flags.TC  # and nobody listens on TCP
        elif isinstance(found, str):
            answer.set_rcode(dns.rcode.from_text(found))
        elif found:
            answer.answer.append(dns.rrset.from_text(f"{name.rstrip('.')}.", 60, "IN", kind, *found))
        else:
            if not any(name == known for known, _ in self.records):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            for zone, record in ((zone, self.records[zone, of]) for zone, of in self.records if of == "SOA"):
                if name.endswith(zone):
                    answer.authority.append(dns.rrset.from_text(f"{zone}.", 3600, "IN", "SOA", *record))
        self._transport.sendto(answer.to_wire(max_size=65535), addr)

    def _follow(self, answer: dns.message.Message, name: str, kind: str) -> tuple[str, list[str] | str]:
        """Add the aliases that lead on from `name`; return the last name and its records."""
        for _ in range(20):
            alias = self.records.get((name, "CNAME"))
            if kind == "CNAME" or not isinstance(alias, list):
                break
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias))
            name = alias[0].rstrip(".").lower()
        return name, self.records.get((name, kind), [])


@asynccontextmanager
async def name_server(records: Records) -> AsyncIterator[NameServer]:
    """It runs while the block lasts; `where` is its address for a resolver."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: NameServer(records), ("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    server.where = f"{host}:{port}"
    try:
        yield server
    finally:
        transport.close()
