"""The ways back: every mailbox is opened, and the way of bounces to [inbound] is followed."""

import asyncio
from collections.abc import AsyncIterator

from monitor.config import WatchedPath
from monitor.doctor.observation import Observation, Premises
from monitor.doctor.side_by_side import side_by_side
from probes.display import one_line
from probes.mailboxes import MailboxError, VisitedMailbox
from probes.resolver import MailHost, Unresolved
from probes.routes.reply import Reply, WireFault
from probes.routes.wire import connect
from probes.standing.fact import State

MX_TRIED = 2  # hosts
MX_PORT = 25
MAX_GREETING_CHARS = 80
FROM_OUTSIDE = (
    "try it from outside: some networks cannot reach their own public address; port 25 must lead to inbound.listen"
)


async def mailboxes(premises: Premises) -> AsyncIterator[Observation]:
    """Open each mailbox and list its folders; nothing is read or deleted."""
    paths = premises.config.paths()
    places = {path.visited.key: (path, path.visited) for path in paths if path.visited}
    async for finding in side_by_side(open_mailbox(premises, path, mailbox) for path, mailbox in places.values()):
        yield finding


async def open_mailbox(premises: Premises, path: WatchedPath, mailbox: VisitedMailbox) -> Observation:
    """Open the mailbox of one path."""
    return premises.of_path(path, await _opened(premises, f"mailbox of {path.company}/{path.path}", mailbox))


async def _opened(premises: Premises, subject: str, mailbox: VisitedMailbox) -> Observation:
    try:
        async with asyncio.timeout(premises.timeout), mailbox.open(premises.outside) as session:
            return Observation(subject, State.GOOD, f"opened; looks in {', '.join(session.folders)}")
    except MailboxError as error:
        return Observation(subject, State.BAD, str(error), "until it can be opened, the verdicts there are unknown")
    except TimeoutError:
        seen = f"not opened within {premises.timeout:.0f} s"
        return Observation(subject, State.BAD, seen, "check the host, and the firewall between it and this machine")


async def inbound(premises: Premises) -> AsyncIterator[Observation]:
    """Follow the way of a bounce: the MX of the domain of [inbound], and who greets there."""
    settings = premises.config.inbound
    if settings is None:
        return
    found = await premises.outside.resolver.mail_hosts(settings.domain, timeout=premises.timeout)
    subject = f"bounces to {settings.domain}"
    if isinstance(found, Unresolved):
        advice = f"publish an MX record of {settings.domain} that names the host of `mailpath serve`"
        yield Observation(subject, State.BAD, found.text, advice)
        return
    for host in found[:MX_TRIED]:
        yield await _greeted(premises, subject, host, settings.hostname)


async def _greeted(premises: Premises, subject: str, host: MailHost, hostname: str) -> Observation:
    until = asyncio.get_running_loop().time() + premises.timeout
    for address in host.addresses[:1]:
        wire = await connect(address, MX_PORT, until)
        if isinstance(wire, WireFault):
            return Observation(subject, State.UNKNOWN, f"{host.name}: {wire.text}", FROM_OUTSIDE)
        try:
            heard = await wire.reply(until)
        finally:
            wire.drop()
        if not isinstance(heard, Reply):
            return Observation(subject, State.UNKNOWN, f"{host.name}: {heard.text}", FROM_OUTSIDE)
        if hostname.lower() in heard.text.lower():
            return Observation(subject, State.GOOD, f"{host.name} greets as {hostname}")
        seen = f"{host.name} greets with {one_line(heard.text, MAX_GREETING_CHARS)!r}, not as {hostname}"
        advice = "if that host passes mail on to [inbound], all is well; else correct the MX record or inbound.hostname"
        return Observation(subject, State.WEAK, seen, advice)
    return Observation(subject, State.BAD, f"{host.name} has no address", "correct the MX record")


async def channels(premises: Premises) -> AsyncIterator[Observation]:
    """Name the channels of notices."""
    names = ", ".join(premises.config.channels)
    if names:
        yield Observation("channels", State.GOOD, f"{names}; try each with `mailpath channel test NAME`")
    else:
        yield Observation(
            "channels", State.WEAK, "nobody is notified of incidents", "add a channel: docs/guide/channels.md"
        )
