"""To a gateway of the company that allows us to act as the sender's client (Postfix, XCLIENT_README)."""

from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import Field

from probes.answer import Stage
from probes.evidence import Dialogue, Step
from probes.message import Message
from probes.routes.dialogue import Act, SmtpDialogue, SmtpRoute, Stop, Transcript, converse
from probes.routes.envelope import xtext
from probes.routes.mta_tls import MtaTls
from probes.sender import Identity
from probes.settings import Host, Port

MAX_COMMAND = 512  # characters with CRLF; longer ones are to be split
NEEDED = frozenset({"NAME", "ADDR"})  # with ADDR alone the gateway would go on believing our own name
NOT_UNDERSTOOD = frozenset({500, 501, 502, 503, 504})


class XclientRoute(SmtpRoute, MtaTls):
    """A gateway that trusts this machine to state the client by XCLIENT. These fields are the config keys."""

    via: Literal["xclient"] = "xclient"
    host: Host = Field(description="The gateway.")
    port: Port = Field(25, description="Its listener that allows XCLIENT from this machine.")

    def destination(self, recipient: str) -> str:
        """See `Route`."""
        return self.host

    def withholds(self, identity: Identity) -> str:
        """See `Route`. The gateway trusts us with any client."""
        return ""

    async def _talk(self, message: Message, record: Transcript, acts: Sequence[Act]) -> Dialogue:
        opening = (
            SmtpDialogue.connect,
            SmtpDialogue.banner,
            SmtpDialogue.hello,
            self.encrypt,
            self._assert_client,
            SmtpDialogue.hello,
        )
        return await converse(record, message, await record.find(self.host, self.port), (*opening, *acts))

    async def _assert_client(self, talk: SmtpDialogue) -> Stop:
        """Become the sender's client, or say what the gateway lacks. 220 restarts the dialogue."""
        offered = frozenset(talk.offered.get("XCLIENT", "").split())
        if not offered >= NEEDED:
            return talk.withhold(Stage.XCLIENT, self._remedy(talk, "does not offer XCLIENT with NAME and ADDR to us"))
        for line in commands(talk.identity, offered):
            if (stop := await talk.say(Stage.XCLIENT, line)) is not None:
                return self._weigh(talk, stop)
        return None

    def _weigh(self, talk: SmtpDialogue, stop: Step) -> Step:
        """Judge a refusal: it is the answer to the sender's client, and so a result; unless it is about us or the
        command."""
        if stop.fault is not None or stop.code is None or stop.code < 500:
            return stop
        about_us = stop.code == 550 and talk.identity.source_ip not in stop.text  # a refused client is named
        if about_us or stop.code in NOT_UNDERSTOOD:
            return talk.withhold(Stage.XCLIENT, self._remedy(talk, "did not let us speak as another client"))
        return stop

    def _remedy(self, talk: SmtpDialogue, what: str) -> str:
        return (
            f"{self.host} {what}; on the gateway, give a listener of its own, which only we can reach, the option"
            f" smtpd_authorized_xclient_hosts={talk.wire.local_ip}"
        )


def commands(identity: Identity, offered: Collection[str]) -> list[str]:
    """Build XCLIENT with the attributes the gateway offers: HELO and PROTO first, NAME and ADDR last, because after
    them we may have lost the right; on two lines if one would be too long."""
    address = identity.source_ip
    first = [("PROTO", "ESMTP"), ("HELO", identity.helo)]
    last = [("NAME", identity.ptr), ("ADDR", f"IPV6:{address}" if ":" in address else address)]
    before, after = (
        " ".join(f"{key}={xtext(value)}" for key, value in part if key in offered) for part in (first, last)
    )
    whole = " ".join(part for part in ("XCLIENT", before, after) if part)
    return [whole] if len(whole) + 2 <= MAX_COMMAND else [f"XCLIENT {before}", f"XCLIENT {after}"]
