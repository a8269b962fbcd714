"""From the sender's own IP address to the company's MX hosts, like the real mail."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Literal, assert_never

from pydantic import Field

from probes.answer import Fault, Stage
from probes.evidence import Dialogue
from probes.message import Message
from probes.resolver import MailHost, Unresolved, is_address
from probes.routes.dialogue import Act, SmtpDialogue, SmtpRoute, Stop, Target, Transcript, converse
from probes.routes.mta_tls import MtaTls
from probes.routes.reply import WireFault
from probes.routes.wire import has_local_address
from probes.sender import Identity, Role
from probes.settings import Host, Port

MAX_TARGETS = 5  # addresses tried in one attempt; Postfix: smtp_mx_address_limit


class DirectRoute(SmtpRoute, MtaTls):
    """Sends only from a socket bound to the source IP. `host` replaces the MX records of the recipient's domain."""

    via: Literal["direct"] = "direct"
    host: Host | None = Field(None, description="Where to connect, instead of the MX hosts of the recipient's domain.")
    port: Port = Field(25, description="Its port.")

    def destination(self, recipient: str) -> str:
        """See `Route`."""
        return self.host or recipient.rpartition("@")[2]

    def withholds(self, identity: Identity) -> str:
        """See `Route`. From any other IP address the mail would be spoofed."""
        return "" if has_local_address(identity.source_ip) else _not_ours(identity)

    async def _talk(self, message: Message, record: Transcript, acts: Sequence[Act]) -> Dialogue:
        if why := self.withholds(message.identity):
            return record.dialogue(record.withhold(Stage.CONNECT, Fault.UNREACHABLE, why))
        targets = await self._targets(record, message)
        opening = (_connect, SmtpDialogue.banner, SmtpDialogue.hello, self.encrypt)
        return await converse(record, message, targets, (*opening, *acts))

    async def _targets(self, record: Transcript, message: Message) -> list[Target]:
        """Return the targets, best first: only addresses of the source IP's family. None: the last step says why."""
        source = message.identity.source_ip
        if self.host:
            found = await record.find(self.host, self.port)
        else:
            found = await self._mail_targets(record, message.rcpt_to.rpartition("@")[2])
        family = [target for target in found if (":" in target.address) == (":" in source)]
        if found and not family:
            asked = found[0].name if self.host else ", ".join(sorted({target.name for target in found}))
            text = f"{asked} has no address that {source} could reach: IPv4 and IPv6 do not meet"
            record.keep(Stage.CONNECT, record.time(), WireFault(Fault.UNREACHABLE, text))
        return family[:MAX_TARGETS]

    async def _mail_targets(self, record: Transcript, domain: str) -> list[Target]:
        if (literal := domain.strip("[]")) != domain and is_address(literal.removeprefix("ipv6:")):
            return [Target(domain, literal.removeprefix("ipv6:"), self.port)]
        began = record.time()
        found = await record.outside.resolver.mail_hosts(domain, timeout=record.left / 2)
        if isinstance(found, Unresolved):
            record.keep(Stage.LOOKUP, began, WireFault(found.fault, found.text), host=domain)
            return []
        record.keep(Stage.LOOKUP, began, None, host=domain, text="\n".join(map(_shown, found)))
        return [Target(host.name, address, self.port) for host in found for address in host.addresses]


async def _connect(talk: SmtpDialogue) -> Stop:
    """Connect from the source IP, or not at all."""
    source = talk.identity.source_ip
    if (stop := await talk.connect(source)) is not None:
        return stop
    if not _same(talk.wire.local_ip, source):
        text = (
            f"the connection would leave from {talk.wire.local_ip}, not from {source}: from there it would be spoofed"
        )
        return talk.withhold(Stage.CONNECT, text, Fault.UNREACHABLE)
    return None


def _same(local: str, source: str) -> bool:
    return local == source or (local != "" and ip_address(local) == ip_address(source))


def _shown(host: MailHost) -> str:
    return f"{host.name} {', '.join(host.addresses) or 'has no address'}"


def _not_ours(identity: Identity) -> str:
    missing = f"this machine does not bear {identity.source_ip}"
    match identity.role:
        case Role.SENDER | Role.NEIGHBOUR:
            return (
                f"{missing}, and from any other address the mail would be spoofed; run on the host that bears it, or"
                ' use a route via "relay", "xclient" or "proxy"'
            )
        case Role.CONTROL:
            return (
                f"{missing}, the control's address; give this machine a second address and name it in"
                " control.source_ip, or compare with a [neighbour]"
            )
        case _:
            assert_never(identity.role)
