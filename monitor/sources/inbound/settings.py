"""The `[inbound]` table of the configuration."""

from typing import Annotated

from pydantic import AfterValidator, Field

from monitor.certificate import CertificateFiles
from probes.settings import Address, Count, Domain, Endpoint, Host, Listen, Settings, shown

MIN_SIZE_OCTETS = 65_536  # octets: what every server must take (RFC 5321, section 4.5.3.1.7)
MAX_SIZE_OCTETS = 50_000_000
MAX_ADDRESSES = 100


def _size(octets: int) -> int:
    if not MIN_SIZE_OCTETS <= octets <= MAX_SIZE_OCTETS:
        raise ValueError(f"must be from {MIN_SIZE_OCTETS} to {MAX_SIZE_OCTETS} octets, not {shown(octets)}")
    return octets


Addresses = Annotated[tuple[Address, ...], Field(max_length=MAX_ADDRESSES)]


class InboundSettings(Settings):
    """[inbound]: the SMTP listener for bounces and forwarded copies. Off without this table."""

    listen: Listen = Field(Endpoint("127.0.0.1", 2525), description="Address and port of the SMTP server.")
    domain: Domain = Field(
        description="Domain with this listener as MX; bounces are accepted at its addresses that carry a token."
    )
    hostname: Host = Field(default_factory=lambda said: said["domain"], description="Host name in the SMTP greeting.")
    bounces: Addresses = Field((), description="Addresses that accept bounces without a token in the address.")
    reports: Addresses = Field(
        (), description="Addresses that accept DMARC and TLS reports; needs `mailpath[reports]`."
    )
    tls: CertificateFiles | None = Field(None, description="Certificate and key, to offer STARTTLS.")
    size_limit: Annotated[Count, AfterValidator(_size)] = Field(
        10_000_000, description="Maximum message size, in octets."
    )
    connections_per_client: Count = Field(10, description="Maximum simultaneous connections of one client.")
    messages_per_minute: Count = Field(120, description="Maximum messages of one client per minute.")
