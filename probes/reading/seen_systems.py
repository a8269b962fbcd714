"""The mail systems that a message went through at its receiver, by the headers that they wrote. Pure.

Only what was stamped on the receiver's side counts: the outbound gateways of senders leave the same headers.
"""

import re

from probes.mailsystems.signs import SignKind, SystemSign, system_of_header, system_of_software
from probes.mailsystems.table import system_at
from probes.reading.headers import receiver_side

MAX_SIGNS = 50
_WRITER = re.compile(r"\bby\s+(\S+)(.*?)(?:\bfor\s+<|;|$)", re.IGNORECASE | re.DOTALL)


def seen_systems(data: bytes | str, *, relayed: bool | None = None) -> tuple[SystemSign, ...]:
    """Return the systems of the receiver, each once with its first sign, the outermost first. `relayed`: as in
    `read_message`. Never raises."""
    found: dict[str, SystemSign] = {}
    for field in reversed(receiver_side(data, relayed=relayed)):
        for sign in _signs(field.name, field.value):
            found.setdefault(sign.system, sign)
        if len(found) >= MAX_SIGNS:
            break
    return tuple(found.values())


def _signs(name: str, value: str) -> list[SystemSign]:
    if name != "received":
        system = system_of_header(name)
        return [SystemSign(system, SignKind.HEADER, name)] if system else []
    written = _WRITER.search(value[:2000])
    if not written:
        return []
    host, rest = written[1].lower(), written[2].strip()
    if system := system_at(host):  # a vendor's own servers name software too, which others run as well
        return [SystemSign(system, SignKind.HOST, host)]
    system = system_of_software(rest)
    return [SystemSign(system, SignKind.SOFTWARE, rest[:100])] if system else []
