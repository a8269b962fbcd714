"""Authenticated submission to the sender's own mail service, which may send for the domain."""

import base64
import ipaddress
from collections.abc import Sequence
from typing import Literal, Self, assert_never

from pydantic import Field, SecretStr, model_validator

from probes.answer import Fault, Stage
from probes.evidence import Dialogue
from probes.message import Message
from probes.routes.dialogue import Act, SmtpDialogue, SmtpRoute, Stop, Transcript, converse
from probes.routes.reply import Reply, WireFault
from probes.routes.wire import Heard
from probes.sender import Identity, Role
from probes.settings import Host, Port, Secret, Settings
from probes.tls import CaFile


class RelayRoute(SmtpRoute, Settings):
    """The sender's own mail service. Nothing is sent without successful authentication. TLS is always verified; "none"
    is only for a relay on this machine, because the password is sent in clear text."""

    via: Literal["relay"] = "relay"
    host: Host = Field(description="The sender's own mail service.")
    port: Port = Field(587, description="Its submission port.")
    tls: Literal["starttls", "implicit", "none"] = Field("starttls", description="`none`: only to this machine.")
    ca_file: CaFile | None = Field(None, description="CA certificates to trust instead of the system's.")
    user: str = Field(min_length=1, max_length=255, description="The account's name.")
    password: Secret = Field(description="The account's password.")

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Self:
        if self.tls == "none" and not _is_loopback(self.host):
            raise ValueError(
                f'tls = "none" would send the password in clear to {self.host}; must be "starttls" or "implicit"'
            )
        return self

    def destination(self, recipient: str) -> str:
        """See `Route`."""
        return self.host

    def withholds(self, identity: Identity) -> str:
        """See `Route`. The account may send for the sender and for its neighbour: configuring them states so."""
        match identity.role:
            case Role.SENDER | Role.NEIGHBOUR:
                return ""
            case Role.CONTROL:
                return (
                    "a relay sends for its own sender only; compare with the control on another path to this mailbox,"
                    " or with a [neighbour], a domain that the same account may send for"
                )
            case _:
                assert_never(identity.role)

    async def _talk(self, message: Message, record: Transcript, acts: Sequence[Act]) -> Dialogue:
        if why := self.withholds(message.identity):
            return record.dialogue(record.withhold(Stage.LOOKUP, Fault.NOT_OFFERED, why, host=self.host))
        return await converse(record, message, await record.find(self.host, self.port), (*self._opening(), *acts))

    def _opening(self) -> tuple[Act, ...]:
        match self.tls:
            case "implicit":
                return (
                    SmtpDialogue.connect,
                    self._from_the_start,
                    SmtpDialogue.banner,
                    SmtpDialogue.hello,
                    self._authenticate,
                )
            case "starttls":
                return (
                    SmtpDialogue.connect,
                    SmtpDialogue.banner,
                    SmtpDialogue.hello,
                    self._upgrade,
                    self._authenticate,
                )
            case "none":
                return (SmtpDialogue.connect, SmtpDialogue.banner, SmtpDialogue.hello, self._authenticate)

    async def _from_the_start(self, talk: SmtpDialogue) -> Stop:
        return await talk.implicit_tls(self.ca_file)

    async def _upgrade(self, talk: SmtpDialogue) -> Stop:
        return await talk.starttls(verify=True, must=True, ca_file=self.ca_file)

    async def _authenticate(self, talk: SmtpDialogue) -> Stop:
        """AUTH PLAIN or LOGIN (RFC 4954). Only success lets us send; the secret is never recorded."""
        offered = talk.offered.get("AUTH", "").split()
        mechanism = next((known for known in ("PLAIN", "LOGIN") if known in offered), None)
        if mechanism is None:
            has = f"only AUTH {' '.join(offered)}" if offered else "no AUTH"
            return talk.withhold(Stage.AUTH, f"{self.host} offers {has}; {self._need} by AUTH PLAIN or LOGIN")
        began = talk.record.time()
        words = _words(mechanism, self.user, self.password)
        heard = await _exchange(talk, words)
        stop = talk.keep(Stage.AUTH, began, _without_secrets(heard, [*words, self.password.get_secret_value()]))
        if stop is None or stop.fault is not None or (stop.code or 0) < 500:
            return stop
        return talk.withhold(Stage.AUTH, f"{self.host} does not take this user and password; {self._need}")

    @property
    def _need(self) -> str:
        return f"mail of the sender leaves only by a relay that has let {self.user} in"


async def _exchange(talk: SmtpDialogue, words: list[str]) -> Heard:
    """Send the words one by one as long as the server asks for more. 334 after the last is no success."""
    heard = await talk.ask(words[0])
    for word in words[1:]:
        if not isinstance(heard, Reply) or heard.code != 334:
            break
        heard = await talk.ask(word)
    return heard


def _words(mechanism: str, user: str, password: SecretStr) -> list[str]:
    secret = password.get_secret_value()
    if mechanism == "PLAIN":
        return ["AUTH PLAIN " + _base64(f"\0{user}\0{secret}")]
    return ["AUTH LOGIN", _base64(user), _base64(secret)]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _without_secrets(heard: Heard, words: list[str]) -> Heard:
    """Remove the secret from a reply: a server may echo it."""
    if isinstance(heard, WireFault):
        return heard
    secrets = {part for word in words for part in word.split() if part not in ("AUTH", "PLAIN", "LOGIN")}
    lines = heard.lines
    for secret in secrets:
        lines = tuple(line.replace(secret, "[secret]") for line in lines)
    return Reply(heard.code, heard.enhanced, lines)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
