"""Identify a server that brings us a bounce: its address, and a name that DNS confirms."""

from dataclasses import replace

from probes.reading.bounce_origin import (
    BounceOrigin,
    Receiver,
    SmtpClient,
    is_among,
    is_loopback,
    names_to_confirm,
    tie_of_host,
)
from probes.reading.facts import BounceFacts
from probes.resolver import Resolver, Unresolved

CONFIRM_SECONDS = 5.0  # seconds for the DNS to tell the addresses of one name


async def origin_of(client: SmtpClient, facts: BounceFacts, receiver: Receiver, resolver: Resolver) -> BounceOrigin:
    """Return the origin of a bounce. DNS is asked only for a name that would prove more."""
    origin = BounceOrigin(client.ip, to_envelope=client.to_envelope, null_sender=client.null_sender)
    if is_loopback(client.ip):
        return origin
    for name in names_to_confirm(client.helo, facts.reporting_mta):
        named = replace(origin, name=name)
        if tie_of_host(named, receiver) > tie_of_host(origin, receiver):
            found = await resolver.addresses(name, timeout=CONFIRM_SECONDS)
            if not isinstance(found, Unresolved) and is_among(client.ip, found):
                origin = named
    return origin
