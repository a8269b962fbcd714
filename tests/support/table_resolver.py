"""A resolver that knows what a table says, and can change its mind. The zone's own name servers say the same, unless
they are given a table of their own."""

from collections.abc import Mapping

from probes.answer import Fault
from probes.resolver import Addresses, DnsAnswer, MailHosts, Unresolved

Table = Mapping[tuple[str, str], list[str]]


class TableResolver:
    """`fails`: names that get no answer; `asked`: every question so far."""

    def __init__(self, table: Table, authority: Table | None = None) -> None:
        self.table: dict[tuple[str, str], list[str]] = dict(table)
        self.authority = authority
        self.fails: set[str] = set()
        self.asked: list[tuple[str, str]] = []

    async def lookup(
        self, name: str, kind: str, *, timeout: float, authoritative: bool = False
    ) -> DnsAnswer | Unresolved:
        self.asked.append((name, kind))
        if name in self.fails:
            return Unresolved(Fault.LOOKUP_FAILED, f"{name}: timed out")
        table = self.authority if authoritative and self.authority is not None else self.table
        records = tuple(table.get((name, kind), ()))
        return DnsAnswer(records, exists=any(name == known for known, _ in table), ttl=60, server="192.0.2.53")

    async def mail_hosts(self, domain: str, *, timeout: float) -> MailHosts | Unresolved:
        raise NotImplementedError

    async def addresses(self, name: str, *, timeout: float) -> Addresses | Unresolved:
        raise NotImplementedError
