"""To a listener of the company that takes the client's address from a PROXY header (HAProxy, proxy-protocol.txt)."""

import ipaddress
import struct
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from probes.answer import Fault, Stage
from probes.evidence import Dialogue
from probes.message import Message
from probes.routes.dialogue import Act, SmtpDialogue, SmtpRoute, Stop, Transcript, converse
from probes.routes.mta_tls import MtaTls
from probes.routes.reply import Reply, WireFault, extensions
from probes.routes.wire import Heard
from probes.sender import Identity
from probes.settings import Host, Port

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"  # of version 2: no server can take it for a command and go on
VERSION_2_PROXY = 0x21
FAMILY = {4: 0x11, 6: 0x21}  # TCP over IPv4, over IPv6
SECOND_ANSWER_SECONDS = 2.0

NOT_A_COMMAND = frozenset({221, 500, 502, 503})  # 221 answers the QUIT in the signature
SPOKEN_TOO_SOON = (
    "synchronization error",
    "pregreet",
    "before greeting",
    "protocol error",
)  # Exim, Sendmail, postscreen


class ProxyRoute(SmtpRoute, MtaTls):
    """A listener that trusts a PROXY header from this machine. Never the public port, so `port` has no default."""

    via: Literal["proxy"] = "proxy"
    host: Host = Field(description="The gateway.")
    port: Port = Field(description="Its listener that expects a PROXY header.")
    version: Literal[1, 2] = Field(2, description="Version of the PROXY header: 1 is text, 2 is binary.")

    def destination(self, recipient: str) -> str:
        """See `Route`."""
        return self.host

    def withholds(self, identity: Identity) -> str:
        """See `Route`. The gateway trusts us with any client."""
        return ""

    async def _talk(self, message: Message, record: Transcript, acts: Sequence[Act]) -> Dialogue:
        source = message.identity.source_ip
        found = await record.find(self.host, self.port)
        targets = [target for target in found if (":" in target.address) == (":" in source)]
        if found and not targets:
            text = f"{self.host} has no address of the family of {source}: a PROXY header has both of one"
            record.keep(Stage.CONNECT, record.time(), WireFault(Fault.UNREACHABLE, text))
        opening = (SmtpDialogue.connect, self._header, self._banner, self._hello, self.encrypt)
        return await converse(record, message, targets, (*opening, *acts))

    async def _header(self, talk: SmtpDialogue) -> Stop:
        """Send the header before anything else; it has no reply."""
        began = talk.record.time()
        asserted, target = talk.identity.source_ip, talk.target
        talk.wire.write(header(self.version, asserted, talk.wire.local_port, target.address, target.port))
        return talk.keep(Stage.PROXY, began, None, text=f"as {asserted}")

    async def _banner(self, talk: SmtpDialogue) -> Stop:
        """Read the greeting. One that complains about early talking comes from a listener without PROXY support."""
        stop = await talk.banner()
        if stop is not None and any(phrase in stop.text.lower() for phrase in SPOKEN_TOO_SOON):
            return talk.withhold(Stage.PROXY, self._remedy())
        return stop

    async def _hello(self, talk: SmtpDialogue) -> Stop:
        """Send EHLO. Replies come in order, so a refusal of the header precedes the reply to EHLO and is found here,
        before MAIL."""
        began = talk.record.time()
        if (early := talk.wire.heard()) is not None and isinstance(early, Reply):
            return self._refused(talk, began, early)
        heard = await talk.ask(f"EHLO {talk.identity.helo}")
        if isinstance(heard, Reply) and not 250 <= heard.code < 400 and await _answers_the_header(talk, heard):
            return self._refused(talk, began, heard)
        talk.offered = extensions(heard) if isinstance(heard, Reply) else {}
        if (stop := talk.keep(Stage.EHLO, began, heard)) is not None:
            return stop
        return self._greeted(talk, heard)

    def _greeted(self, talk: SmtpDialogue, heard: Heard) -> Stop:
        """Check the client address in the greeting of many servers: it must not be our own."""
        own = talk.wire.local_ip
        if (
            isinstance(heard, Reply)
            and own != talk.identity.source_ip
            and f"[{own}]" in heard.lines[0].partition(" ")[2]
        ):
            return talk.withhold(Stage.PROXY, f"the listener greets us as {own}. {self._remedy()}")
        return None

    def _refused(self, talk: SmtpDialogue, began: float, heard: Reply) -> Stop:
        talk.keep(Stage.PROXY, began, heard)
        return talk.withhold(Stage.PROXY, self._remedy())

    def _remedy(self) -> str:
        return (
            f"{self.host}:{self.port} does not take a PROXY header, so the mail would come from us; name a listener"
            " that takes one (Postfix: smtpd_upstream_proxy_protocol = haproxy; Exim: hosts_proxy), for us alone"
        )


async def _answers_the_header(talk: SmtpDialogue, heard: Reply) -> bool:
    """Test if this reply to EHLO really refuses the header: the reply to EHLO follows, or it can be nothing else."""
    second = await talk.wire.reply(min(talk.until, talk.record.time() + SECOND_ANSWER_SECONDS))
    return isinstance(second, Reply) or heard.code in NOT_A_COMMAND


def header(version: Literal[1, 2], source: str, source_port: int, target: str, port: int) -> bytes:
    """Build the header that states: a TCP client at `source` connects to `target`. Both have the same address
    family."""
    source_ip, target_ip = ipaddress.ip_address(source), ipaddress.ip_address(target)
    if version == 1:
        return f"PROXY TCP{source_ip.version} {source_ip} {target_ip} {source_port} {port}\r\n".encode()
    addresses = source_ip.packed + target_ip.packed + struct.pack("!HH", source_port, port)
    return SIGNATURE + struct.pack("!BBH", VERSION_2_PROXY, FAMILY[source_ip.version], len(addresses)) + addresses
